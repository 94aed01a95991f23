//! Shortens what other programs send before it is kept: a peer must not be able
//! to make memory grow.

use crate::names;

/// The longest text that is kept, in bytes.
const MAX_TEXT: usize = 512;

/// Cuts a text at 512 bytes; an ellipsis marks the cut.
pub fn text(mut text: String) -> String {
    if text.len() > MAX_TEXT {
        text.truncate(text.floor_char_boundary(MAX_TEXT));
        text.push('…');
    }
    text
}

/// A name that is safe to show, at most 512 bytes long.
pub fn name(name: &str) -> String {
    text(names::shown(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_cut_between_characters() {
        let long = "ä".repeat(300);
        let cut = text(long);
        assert_eq!(
            (cut.len(), cut.ends_with("ä…")),
            (512 + '…'.len_utf8(), true)
        );
        assert_eq!(text("short".to_owned()), "short");
        assert_eq!(name(" a \u{202e} b "), "a \u{fffd} b");
    }
}
