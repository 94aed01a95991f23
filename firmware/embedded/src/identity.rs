//! What a board is called before anybody has named it: from the address of its
//! network card, which no other board has.

use alloc::{format, string::String};

/// Names the board for ever, as its announcement and its host name have it:
/// `sb-` and the last three bytes of the address, which the maker of the card
/// counts up.
pub fn id([.., a, b, c]: [u8; 6]) -> String {
    format!("sb-{a:02x}{b:02x}{c:02x}")
}

/// The address as TXT records and people write it: `aa:bb:cc:dd:ee:ff`.
pub fn mac(address: [u8; 6]) -> String {
    address.map(|byte| format!("{byte:02x}")).join(":")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_board_is_named_by_the_end_of_its_address() {
        let address = [0x52, 0x54, 0x00, 0x0a, 0x01, 0xff];
        assert_eq!(id(address), "sb-0a01ff");
        assert_eq!(mac(address), "52:54:00:0a:01:ff");
    }
}
