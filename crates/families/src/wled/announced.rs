//! How a WLED board announces itself: the instance is its name in the network,
//! and the TXT record has nothing but `mac`.

use protocol::mdns::Announcement;

use crate::{
    Family, TxtError,
    announced::{self, Txt, board_id},
};

const MAC: &str = "mac";

/// Reads an announcement.
///
/// # Errors
/// If `mac` is missing or is not a hardware address.
pub(crate) fn announcement<'a>(
    instance: &str,
    pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Result<Announcement, TxtError> {
    let mac = Txt::new(pairs).mac(MAC)?;
    Ok(Announcement {
        mac: mac.clone(),
        ..announced::announcement(Family::Wled, board_id(Family::Wled, &mac), instance)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_board_is_identified_by_its_hardware_address() {
        for mac in ["aabbccddeeff", "AABBCCDDEEFF", "aa:bb:cc:dd:ee:ff"] {
            let read = Family::Wled.announcement("wled-Kitchen", [("v", "1"), ("mac", mac)]);
            let read = read.expect("an announcement");
            assert_eq!(read.id, "wled-aabbccddeeff");
            assert_eq!(protocol::board_id(&read.id), Ok("wled-aabbccddeeff"));
            assert_eq!(read.mac, "aa:bb:cc:dd:ee:ff");
            assert_eq!(read.friendly_name, "wled-Kitchen");
            assert_eq!(
                (read.path.as_str(), read.proto),
                ("/ws", protocol::PROTOCOL_MAJOR)
            );
        }
    }

    #[test]
    fn without_a_hardware_address_it_is_no_announcement() {
        let read = |pairs: &[(&str, &str)]| {
            Family::Wled
                .announcement("wled", pairs.iter().copied())
                .map(|read| read.id)
        };
        assert_eq!(read(&[]), Err(TxtError::Missing("mac")));
        assert_eq!(read(&[("id", "x")]), Err(TxtError::Missing("mac")));
        assert_eq!(read(&[("mac", "")]), Err(TxtError::Missing("mac")));
        for found in [
            "aabbccddeef",
            "aabbccddeefg",
            "aabbccddeeff0",
            "äbbccddeeff",
        ] {
            let unexpected = TxtError::Unexpected {
                key: "mac",
                found: found.to_owned(),
            };
            assert_eq!(read(&[("mac", found)]), Err(unexpected));
        }
    }
}
