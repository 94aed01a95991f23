//! How a Shelly announces itself: `_shelly._tcp` with its id as the name of the
//! instance and `gen`, `app` and `ver` in the TXT record.
//!
//! Source: shelly-api-docs.shelly.cloud, "mDNS" (gen), and the tests of several
//! clients (app, ver).

use protocol::mdns::{self, Announcement};

use crate::{
    Family, TxtError,
    announced::{self, Txt, mac},
};

/// The first generation that speaks JSON-RPC.
pub(super) const FIRST_GENERATION: u64 = 2;

/// Reads an announcement. The id is the instance's name in lower case; the
/// board confirms it when it is connected.
///
/// # Errors
/// If `gen` is missing or below 2, or the instance's name is not a board id.
pub(crate) fn read<'a>(
    instance: &str,
    pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Result<Announcement, TxtError> {
    let txt = Txt::new(pairs);
    let generation = txt.get("gen").ok_or(TxtError::Missing("gen"))?;
    if !generation
        .parse::<u64>()
        .is_ok_and(|generation| generation >= FIRST_GENERATION)
    {
        return Err(TxtError::Unexpected {
            key: "gen",
            found: generation.to_owned(),
        });
    }
    let id = instance.to_ascii_lowercase();
    protocol::board_id(&id).map_err(mdns::TxtError::BadId)?;
    let address = id.rsplit('-').next().and_then(mac);
    let text = |key: &str| txt.get(key).unwrap_or_default().to_owned();
    Ok(Announcement {
        mac: address.unwrap_or_default(),
        version: text("ver"),
        board: text("app"),
        ..announced::announcement(Family::Shelly, id.clone(), &id)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TXT: [(&str, &str); 3] = [("gen", "2"), ("app", "Plus1PM"), ("ver", "1.4.4")];

    #[test]
    fn the_instance_is_the_id_and_the_record_says_what_it_is() {
        let found = Family::Shelly.announcement("ShellyPlus1PM-A8032ABCDEF0", TXT);
        let expected = Announcement {
            id: "shellyplus1pm-a8032abcdef0".to_owned(),
            mac: "a8:03:2a:bc:de:f0".to_owned(),
            friendly_name: "shellyplus1pm-a8032abcdef0".to_owned(),
            version: "1.4.4".to_owned(),
            platform: "shelly".to_owned(),
            board: "Plus1PM".to_owned(),
            proto: protocol::PROTOCOL_MAJOR,
            path: "/rpc".to_owned(),
            api_encryption: None,
        };
        assert_eq!(found, Ok(expected));
        let found = read("shelly-x", [("GEN", "4"), ("gen", "1")]);
        assert!(found.is_ok_and(|found| found.mac.is_empty() && found.board.is_empty()));
    }

    #[test]
    fn generation_1_and_other_services_are_ignored_with_a_reason() {
        for (instance, pairs, reason) in [
            ("shelly1-a8032a", vec![], "the announcement lacks gen"),
            (
                "shelly1-a8032a",
                vec![("gen", "1")],
                "the announcement's gen is \"1\"",
            ),
            (
                "shelly1-a8032a",
                vec![("gen", "x")],
                "the announcement's gen is \"x\"",
            ),
            (
                "My Shelly",
                vec![("gen", "2")],
                "expected a board id: 1 to 63 lowercase letters, digits and hyphens",
            ),
        ] {
            let refused = read(instance, pairs).map_err(|error| error.to_string());
            assert_eq!(refused, Err(reason.to_owned()));
        }
    }
}
