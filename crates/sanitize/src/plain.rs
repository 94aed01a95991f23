//! Escapes untrusted text before it is printed, so that it cannot control a
//! terminal or disguise other text. Escape sequences, C0 and C1 controls,
//! bidirectional controls, invisible characters and line separators become
//! U+FFFD in text and `\uXXXX` in JSON, which does not change its value.

use std::{
    borrow::Cow,
    io::{self, Write},
};

use serde::Serialize;
use serde_json::ser::Formatter;

use crate::names;

/// An untrusted text, escaped, on one line.
pub fn plain(text: &str) -> String {
    marked(text, |_| false).into_owned()
}

/// The same, but keeps line breaks, for multi-line output composed by this
/// program.
fn plain_lines(text: &str) -> Cow<'_, str> {
    marked(text, |c| c == '\n')
}

/// A text as a cell of a CSV file (RFC 4180). A text that a spreadsheet would
/// take as a formula gets an apostrophe in front (OWASP, "CSV Injection");
/// numbers stay numbers.
pub fn cell(text: &str) -> Cow<'_, str> {
    let is_number = text.parse().is_ok_and(f64::is_finite);
    // Some programs skip invisible characters before the sign.
    let first = names::seen(text)
        .find(|(c, safe)| *safe && !c.is_whitespace() && !breaks(*c))
        .map(|(c, _)| c);
    let signs = [
        '=', '+', '-', '@', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}',
    ];
    let is_formula =
        text.starts_with(['\t', '\r', '\n']) || first.is_some_and(|first| signs.contains(&first));
    if is_formula && !is_number {
        Cow::Owned(format!("'{text}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// JSON on one line, with the characters that [`plain`] replaces escaped.
pub fn json(value: &impl Serialize) -> String {
    let mut line = Vec::new();
    // All maps that this program prints have string keys, and writing to a
    // vector cannot fail.
    match write_json(&mut line, value) {
        Ok(()) => String::from_utf8(line).unwrap_or_default(),
        Err(error) => {
            log::error!("not written as JSON: {error}");
            "null".to_owned()
        }
    }
}

/// Escapes a JSON text without parsing it into values; `None` if it is not
/// JSON.
pub fn json_text(text: &str) -> Option<String> {
    serde_json::from_str::<serde::de::IgnoredAny>(text).ok()?;
    if is_printable(text) {
        return Some(text.to_owned());
    }
    let mut line = String::with_capacity(text.len());
    for (c, safe) in names::seen(text) {
        match c {
            // Unescaped, they can only be whitespace between tokens (RFC 8259,
            // section 2).
            '\t' | '\n' | '\r' => line.push(' '),
            c if safe && !breaks(c) => line.push(c),
            c => c
                .encode_utf16(&mut [0; 2])
                .iter()
                .for_each(|unit| line.push_str(&format!("\\u{unit:04x}"))),
        }
    }
    Some(line)
}

/// Writes JSON on one line, without a line break.
///
/// # Errors
/// If the writer fails.
pub fn write_json(out: impl Write, value: &impl Serialize) -> io::Result<()> {
    Ok(value.serialize(&mut serde_json::Serializer::with_formatter(out, Escaping))?)
}

fn marked(text: &str, stays: impl Fn(char) -> bool) -> Cow<'_, str> {
    if is_printable(text) {
        return Cow::Borrowed(text);
    }
    let mark = |(c, safe): (char, bool)| {
        if safe && !breaks(c) || stays(c) {
            c
        } else {
            '\u{fffd}'
        }
    };
    Cow::Owned(names::seen(text).map(mark).collect())
}

/// Whether it contains printable ASCII only.
fn is_printable(text: &str) -> bool {
    text.bytes().all(|b| matches!(b, b' '..=b'~'))
}

/// Controls and line separators (Unicode Standard, section 5.8).
fn breaks(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

/// Compact JSON with unsafe characters escaped; `serde_json` escapes only what
/// RFC 8259, section 7, requires.
struct Escaping;

impl Formatter for Escaping {
    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        out: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        if is_printable(fragment) {
            return out.write_all(fragment.as_bytes());
        }
        for (c, safe) in names::seen(fragment) {
            let mut units = [0; 2];
            if safe && !breaks(c) {
                write!(out, "{c}")?;
            } else {
                c.encode_utf16(&mut units)
                    .iter()
                    .try_for_each(|unit| write!(out, "\\u{unit:04x}"))?;
            }
        }
        Ok(())
    }
}

/// A writer that escapes everything as [`plain`] does, except for line
/// breaks.
#[derive(Debug)]
pub struct Plain<W> {
    out: W,
    /// The first bytes of an incomplete character.
    begun: Vec<u8>,
}

impl<W: Write> Plain<W> {
    /// A writer in front of `out`.
    pub const fn new(out: W) -> Self {
        Self {
            out,
            begun: Vec::new(),
        }
    }
}

impl<W: Write> Write for Plain<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut text = std::mem::take(&mut self.begun);
        text.extend_from_slice(bytes);
        let mut rest = text.as_slice();
        loop {
            match std::str::from_utf8(rest) {
                Ok(whole) => {
                    self.out.write_all(plain_lines(whole).as_bytes())?;
                    return Ok(bytes.len());
                }
                Err(error) => {
                    let (whole, broken) = rest.split_at(error.valid_up_to());
                    self.out
                        .write_all(plain_lines(&String::from_utf8_lossy(whole)).as_bytes())?;
                    let Some(length) = error.error_len() else {
                        self.begun = broken.to_vec();
                        return Ok(bytes.len());
                    };
                    self.out.write_all("\u{fffd}".as_bytes())?;
                    rest = broken.get(length..).unwrap_or_default();
                }
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// At least one character of each kind that is escaped.
    const HOSTILE: &str = "\u{1b}[2J\u{7}\u{8}\r\n\t\0\u{7f}\u{9b}31m\u{85}\u{200b}\u{200e}\u{200f}\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\
        \u{2028}\u{2029}\u{2060}\u{2066}\u{2067}\u{2068}\u{2069}\u{feff}\u{ad}\u{61c}\u{e0041}\u{e007f}";

    #[test]
    fn control_and_invisible_characters_are_replaced() {
        let printed = plain(HOSTILE);
        assert!(
            printed
                .chars()
                .all(|c| c == '\u{fffd}' || c.is_ascii_graphic()),
            "{printed:?}"
        );
        assert_eq!(printed.chars().count(), HOSTILE.chars().count());
        assert_eq!(
            plain("Desk lamp 24.6 °C ❤️‍🔥 電気"),
            "Desk lamp 24.6 °C ❤️‍🔥 電気"
        );
        assert_eq!(plain_lines("a\nb\u{1b}"), "a\nb\u{fffd}");
    }

    #[test]
    fn a_formula_is_neutralized_and_a_number_stays_a_number() {
        for text in [
            "=cmd|' /C calc'!A0",
            "+1+1",
            "-1+1",
            "@SUM(A1)",
            "\tx",
            "\r=1",
            "\n=1",
            " =1",
            "\u{feff}=1",
            "\u{200b}=1",
            "\u{ff1d}1",
            "-",
            "=",
            "-inf",
            "-5 °C",
        ] {
            assert_eq!(cell(text), format!("'{text}"), "{text:?}");
        }
        for text in [
            "",
            "Desk lamp",
            "-5",
            "+5.25",
            "-1.5e-9",
            "0",
            "a=b",
            "21.5 °C",
            "'=1",
        ] {
            assert_eq!(cell(text), text, "{text:?}");
        }
    }

    #[test]
    fn json_keeps_its_value_when_it_is_escaped() {
        let value = json!({ HOSTILE: [HOSTILE, "Büro 🚀", 1.5e-9, null] });
        let line = json(&value);
        assert!(
            line.chars()
                .all(|c| !c.is_control() && c != '\u{202e}' && c != '\u{200b}' && c != '\u{e0041}'),
            "{line}"
        );
        assert!(
            line.contains("\\u202e") && line.contains("\\udb40\\udc41") && line.contains("Büro 🚀"),
            "{line}"
        );
        assert_eq!(serde_json::from_str::<Value>(&line).expect("JSON"), value);
    }

    #[test]
    fn json_that_is_passed_on_keeps_its_value() {
        let text = "{\"a\":\t[\"\u{202e}\u{7f}\\u001b\",\r 1.50]}";
        let line = json_text(text).expect("JSON");
        assert_eq!(line, "{\"a\": [\"\\u202e\\u007f\\u001b\",  1.50]}");
        assert_eq!(json_text("{"), None);
    }

    #[test]
    fn a_character_may_be_written_in_several_parts() {
        let mut out = Vec::new();
        let mut plain = Plain::new(&mut out);
        for byte in "a\u{202e}ä🚀\n".bytes() {
            plain.write_all(&[byte]).expect("a vector");
        }
        plain.write_all(b"\xffz\x1b").expect("a vector");
        assert_eq!(
            String::from_utf8_lossy(&out),
            "a\u{fffd}ä🚀\n\u{fffd}z\u{fffd}"
        );
    }
}
