//! How a WLED board announces itself: the instance is its name in the network,
//! and the TXT record has nothing but `mac`.

use protocol::{PROTOCOL_MAJOR, mdns::Announcement};
use sanitize::bounds;

use crate::{Endpoint, Family, TxtError};

use super::{
    components::{board_id, with_colons},
    report,
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
    // RFC 6763, section 6.4: keys are case-insensitive, and the first one
    // counts.
    let found = pairs
        .into_iter()
        .find(|(key, _)| key.eq_ignore_ascii_case(MAC));
    let (_, found) = found.ok_or(TxtError::Missing(MAC))?;
    let mac = report::mac(found).ok_or_else(|| TxtError::Unexpected {
        key: MAC,
        found: bounds::text(found.to_owned()),
    })?;
    let path = match Family::Wled.endpoint() {
        Endpoint::WebSocket { path, .. } => path,
        Endpoint::Tcp => "",
    };
    Ok(Announcement {
        id: board_id(&mac),
        mac: with_colons(&mac),
        friendly_name: bounds::name(instance),
        version: String::new(),
        platform: Family::Wled.as_str().to_owned(),
        board: String::new(),
        proto: PROTOCOL_MAJOR,
        path: path.to_owned(),
        api_encryption: None,
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
            assert_eq!((read.path.as_str(), read.proto), ("/ws", PROTOCOL_MAJOR));
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
        for found in [
            "",
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
