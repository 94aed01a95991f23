//! What the announcements of other families have in common: TXT records,
//! hardware addresses, and the ids made of them.

use std::collections::BTreeMap;

use protocol::{PROTOCOL_MAJOR, mdns::Announcement};
use sanitize::bounds;

use crate::{Endpoint, Family, TxtError};

/// The longest form of a hardware address: 12 digits and 5 separators.
const MAC_LENGTH: usize = 17;

/// A TXT record. Keys are case-insensitive, and of several entries with one key
/// the first one counts (RFC 6763, section 6.4).
pub(crate) struct Txt<'a>(BTreeMap<String, &'a str>);

impl<'a> Txt<'a> {
    pub(crate) fn new(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut found = BTreeMap::new();
        for (key, value) in pairs {
            found.entry(key.to_ascii_lowercase()).or_insert(value);
        }
        Self(found)
    }

    /// The value of a key in lower case, unless it is empty.
    pub(crate) fn get(&self, key: &str) -> Option<&'a str> {
        self.0.get(key).copied().filter(|value| !value.is_empty())
    }

    /// The hardware address in a key, as [`mac`].
    ///
    /// # Errors
    /// If it is missing or is not one.
    pub(crate) fn mac(&self, key: &'static str) -> Result<String, TxtError> {
        let found = self.get(key).ok_or(TxtError::Missing(key))?;
        mac(found).ok_or_else(|| TxtError::Unexpected {
            key,
            found: bounds::name(found),
        })
    }
}

/// An announcement without a version and a model.
pub(crate) fn announcement(family: Family, id: String, name: &str) -> Announcement {
    let path = match family.endpoint() {
        Endpoint::WebSocket { path, .. } => path,
        Endpoint::Tcp | Endpoint::Broker => "",
    };
    Announcement {
        id,
        mac: String::new(),
        friendly_name: bounds::name(name),
        version: String::new(),
        platform: family.as_str().to_owned(),
        board: String::new(),
        proto: PROTOCOL_MAJOR,
        path: path.to_owned(),
        api_encryption: None,
    }
}

/// A hardware address as `aa:bb:cc:dd:ee:ff`, of 12 hexadecimal digits with or
/// without separators; `None` if it is not one.
pub(crate) fn mac(text: &str) -> Option<String> {
    if text.len() > MAC_LENGTH {
        return None;
    }
    let digits: String = text
        .chars()
        .filter(|letter| !matches!(letter, ':' | '-'))
        .map(|letter| letter.to_ascii_lowercase())
        .collect();
    let valid = digits.len() == 12 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    valid.then(|| {
        let pairs = digits.as_bytes().chunks(2).map(String::from_utf8_lossy);
        pairs.collect::<Vec<_>>().join(":")
    })
}

/// The id of a board that has none but its hardware address, as [`mac`].
pub(crate) fn board_id(family: Family, mac: &str) -> String {
    format!("{}-{}", family.as_str(), mac.replace(':', ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hardware_addresses_have_one_form() {
        for text in [
            "AABBCC00EEFF",
            "aabbcc00eeff",
            "aa:bb:cc:00:ee:ff",
            "AA-BB-CC-00-EE-FF",
        ] {
            assert_eq!(mac(text).as_deref(), Some("aa:bb:cc:00:ee:ff"), "{text}");
        }
        for text in [
            "",
            "aabbcc00eef",
            "aabbcc00eefff",
            "aabbcc00eefg",
            "äabbcc00eef",
        ] {
            assert_eq!(mac(text), None, "{text}");
        }
        assert_eq!(
            board_id(Family::Wled, "aa:bb:cc:00:ee:ff"),
            "wled-aabbcc00eeff"
        );
    }

    #[test]
    fn the_first_entry_of_a_key_counts() {
        let txt = Txt::new([("MAC", "aabbcc00eeff"), ("mac", "001122334455"), ("v", "")]);
        assert_eq!(txt.mac("mac").as_deref(), Ok("aa:bb:cc:00:ee:ff"));
        assert_eq!(txt.get("v"), None);
        assert_eq!(txt.mac("id"), Err(TxtError::Missing("id")));
    }
}
