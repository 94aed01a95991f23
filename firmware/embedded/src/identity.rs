//! A board's identity before it is given a name, from the unique address of its
//! network card.

use alloc::{format, string::String};

/// The board's permanent id, also in its announcement and as its host name:
/// `sb-` and the last three bytes of the address, which the vendor assigns.
pub fn id([.., a, b, c]: [u8; 6]) -> String {
    format!("sb-{a:02x}{b:02x}{c:02x}")
}

/// The address in the usual notation: `aa:bb:cc:dd:ee:ff`.
pub fn mac(address: [u8; 6]) -> String {
    address.map(|byte| format!("{byte:02x}")).join(":")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_is_made_of_the_last_bytes_of_the_address() {
        let address = [0x52, 0x54, 0x00, 0x0a, 0x01, 0xff];
        assert_eq!(id(address), "sb-0a01ff");
        assert_eq!(mac(address), "52:54:00:0a:01:ff");
    }
}
