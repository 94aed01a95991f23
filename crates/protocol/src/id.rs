//! Board ids: the one place that decides whether a text is one.

use serde::{Deserialize, Deserializer, de::Error};

use alloc::{borrow::Cow, borrow::ToOwned, string::String};

/// The longest id in bytes: it is the board's host name as well, and an mDNS
/// label holds 63 (RFC 1035, section 2.3.4).
const LONGEST: usize = 63;

/// A text that is not the id of a board.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a board's id has 1 to {LONGEST} lower-case letters, digits and hyphens")]
pub struct BoardIdError;

/// Takes a text from outside as the id of a board. Two ids are the same only if
/// they are equal byte for byte, so a text that is not an id is refused instead
/// of being made one: `SB-1` is not `sb-1`.
///
/// # Errors
/// If it is not one (docs/protocol.md, "Finding a board").
pub fn board_id(text: &str) -> Result<&str, BoardIdError> {
    let plain = text
        .bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    match plain && (1..=LONGEST).contains(&text.len()) {
        true => Ok(text),
        false => Err(BoardIdError),
    }
}

/// For serde: the same, of a text in JSON.
pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = Cow::<str>::deserialize(deserializer)?;
    board_id(&text).map(str::to_owned).map_err(Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_lower_case_and_nothing_is_made_one() {
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
