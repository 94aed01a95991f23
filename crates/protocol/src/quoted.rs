//! Texts inside messages, and messages of serde, without `Debug`: images of
//! chips are built with `-Zfmt-debug=none`, which makes `{:?}` print nothing.

use alloc::string::{String, ToString};
use core::fmt::{self, Display, Write};

/// A text in quotation marks, with control characters, quotation marks and
/// backslashes escaped as in Rust.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quoted<'a>(pub &'a str);

impl Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for c in self.0.chars() {
            if c == '\'' {
                f.write_char(c)?;
            } else {
                write!(f, "{}", c.escape_debug())?;
            }
        }
        f.write_char('"')
    }
}

/// What serde says of a value, without the text that was sent: serde writes it
/// with `Debug`, so that an image for a chip would lack it, and
/// `invalid type: string , expected u16` is left.
pub(crate) fn serde_message(error: &serde_json::Error) -> String {
    const SENT: &str = ": string ";
    let said = error.to_string();
    let Some((before, rest)) = said
        .starts_with("invalid ")
        .then(|| said.split_once(SENT))
        .flatten()
    else {
        return said;
    };
    let after = rest.strip_prefix('"').map_or(Some(rest), after_quotation);
    match after {
        Some(after) => [before, SENT.trim_end(), after].concat(),
        None => said,
    }
}

/// The rest behind the quotation mark that ends an escaped text.
fn after_quotation(text: &str) -> Option<&str> {
    let mut escaped = false;
    let end = text.find(|c| {
        let is_end = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        is_end
    })?;
    text.get(end + 1..)
}

#[cfg(test)]
mod tests {
    use serde_json::from_str;

    use super::*;

    #[test]
    fn quotes_as_debug_does() {
        for text in [
            "",
            "light:x",
            "it's",
            "a \"b\" \\ c",
            "line\nend\u{7}",
            "Küche ✓",
        ] {
            assert_eq!(Quoted(text).to_string(), alloc::format!("{text:?}"));
        }
    }

    fn message(json: &str) -> String {
        from_str::<(u16, bool)>(json).map_or_else(|error| serde_message(&error), |_| String::new())
    }

    #[test]
    fn the_text_that_was_sent_is_not_repeated() {
        let expected = "invalid type: string, expected u16 at line 1 column ";
        assert_eq!(message(r#"["seven",true]"#), [expected, "8"].concat());
        let sent = r#"["\", expected \"",true]"#;
        assert_eq!(message(sent), [expected, "18"].concat());
    }

    #[test]
    fn other_messages_are_kept() {
        assert_eq!(
            message("[70000,true]"),
            "invalid value: integer `70000`, expected u16 at line 1 column 6"
        );
        assert_eq!(
            from_str::<String>("7").map_err(|error| serde_message(&error)),
            Err("invalid type: integer `7`, expected a string at line 1 column 1".to_string())
        );
        assert_eq!(
            message("[7]"),
            "invalid length 1, expected a tuple of size 2 at line 1 column 3"
        );
        assert_eq!(message("["), "EOF while parsing a list at line 1 column 1");
    }
}
