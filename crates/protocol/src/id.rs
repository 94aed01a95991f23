//! Board ids: the only place that decides whether a text is one.

use serde::{Deserialize, Deserializer, de::Error};

use alloc::{borrow::Cow, borrow::ToOwned, string::String};

/// Maximum length of an id in bytes: it is also the board's host name, and an
/// mDNS label holds 63 (RFC 1035, section 2.3.4).
const LONGEST: usize = 63;

/// A text is not a valid board id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a board id: 1 to {LONGEST} lowercase letters, digits and hyphens")]
pub struct BoardIdError;

/// Validates a text from outside as a board id. Ids are compared byte for byte,
/// so an invalid text is refused and never normalized: `SB-1` is not `sb-1`.
///
/// # Errors
/// If the text is not a valid id (docs/protocol.md, "Finding a board").
pub fn board_id(text: &str) -> Result<&str, BoardIdError> {
    let plain = text
        .bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    match plain && (1..=LONGEST).contains(&text.len()) {
        true => Ok(text),
        false => Err(BoardIdError),
    }
}

/// [`board_id`] for serde.
pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = Cow::<str>::deserialize(deserializer)?;
    board_id(&text).map(str::to_owned).map_err(Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_lowercase_and_never_normalized() {
        for id in ["sb-7e7291", "a", "0", "-", &"x".repeat(63)] {
            assert_eq!(board_id(id), Ok(id));
        }
        for text in [
            "",
            "SB-7E7291",
            "sb-7E7291",
            " sb-1",
            "sb-1 ",
            "sb_1",
            "sb.1",
            "sb-1\n",
            "sb-\u{430}",
            "\u{ff53}b-1",
            &"x".repeat(64),
        ] {
            assert_eq!(board_id(text), Err(BoardIdError), "{text:?}");
        }
    }
}
