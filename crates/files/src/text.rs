//! Decodes text files: UTF-8 with or without a byte order mark, or UTF-16 with
//! one.

use std::borrow::Cow;

/// Decodes text, without the byte order mark.
///
/// Windows PowerShell's `>` writes UTF-16 with a mark, and several editors put
/// one before UTF-8 (Unicode 16, section 23.8).
///
/// # Errors
/// If the bytes are neither.
pub fn text(bytes: &[u8]) -> Result<Cow<'_, str>, NotText> {
    match bytes {
        [0xef, 0xbb, 0xbf, rest @ ..] => utf8(rest, 3),
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        bytes => utf8(bytes, 0),
    }
}

/// Why bytes are not text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotText {
    /// The bytes are not UTF-8.
    Utf8 {
        /// The offset of the first invalid byte.
        at: usize,
    },
    /// The bytes begin with a UTF-16 mark but are not valid UTF-16.
    Utf16,
}

impl std::fmt::Display for NotText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Utf8 { at } => write!(f, "this is not UTF-8 text (byte {})", at + 1),
            Self::Utf16 => {
                f.write_str("this begins with a UTF-16 mark but is not UTF-16; save it as UTF-8")
            }
        }
    }
}

impl std::error::Error for NotText {}

fn utf8(bytes: &[u8], before: usize) -> Result<Cow<'_, str>, NotText> {
    std::str::from_utf8(bytes)
        .map(Cow::Borrowed)
        .map_err(|error| NotText::Utf8 {
            at: before + error.valid_up_to(),
        })
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<Cow<'static, str>, NotText> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    if !rest.is_empty() {
        return Err(NotText::Utf16);
    }
    char::decode_utf16(pairs.iter().map(|pair| unit(*pair)))
        .collect::<Result<String, _>>()
        .map(Cow::Owned)
        .map_err(|_| NotText::Utf16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_order_mark_is_not_part_of_the_text() {
        for bytes in [
            &b"a\xc3\xb6"[..],
            b"\xef\xbb\xbfa\xc3\xb6",
            b"\xff\xfea\0\xf6\0",
            b"\xfe\xff\0a\0\xf6",
        ] {
            assert_eq!(text(bytes).as_deref(), Ok("aö"), "{bytes:02x?}");
        }
        assert_eq!(text(b""), Ok(Cow::Borrowed("")));
    }

    #[test]
    fn invalid_text_is_refused_with_its_position() {
        assert_eq!(text(b"ab\xff"), Err(NotText::Utf8 { at: 2 }));
        assert_eq!(text(b"\xff\xfea"), Err(NotText::Utf16));
        assert_eq!(text(b"\xff\xfe\x00\xd8"), Err(NotText::Utf16));
    }
}
