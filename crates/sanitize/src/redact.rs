//! Removes secrets from text that is shown, logged or saved: keys of boards,
//! and passwords and tokens in addresses. Each is replaced by `…`.
//!
//! A secret in the path of an address cannot be distinguished from any other
//! path, and stays.

use std::{borrow::Cow, ops::Range, sync::LazyLock};

use memchr::{memchr3, memmem::Finder};

/// The prefix of every key.
const KEY: &str = "switchboard-key:";

/// The replacement for a secret.
pub const MARK: &str = "…";

/// A parameter whose name contains one of these is a secret, such as
/// `access_token` and `api_key`.
const SECRET: [&str; 11] = [
    "token",
    "secret",
    "passw",
    "pwd",
    "key",
    "credential",
    "signature",
    "session",
    "jwt",
    "bearer",
    "ticket",
];

/// Names that are secrets on their own, but not within others (`author`,
/// `design`, `encode`).
const WHOLE: [&str; 6] = ["auth", "authorization", "sig", "code", "sid", "pass"];

/// The text without its secrets.
pub fn redacted(text: &str) -> Cow<'_, str> {
    if !may_have_secrets(text.as_bytes()) {
        return Cow::Borrowed(text);
    }
    let mut secrets: Vec<Range<usize>> = Vec::new();
    secrets.extend(keys(text));
    secrets.extend(users(text));
    secrets.extend(parameters(text));
    if secrets.is_empty() {
        return Cow::Borrowed(text);
    }
    secrets.sort_by_key(|secret| secret.start);
    let mut shown = String::with_capacity(text.len());
    let mut at = 0;
    for Range { start, end } in secrets {
        if start >= at {
            shown.push_str(text.get(at..start).unwrap_or_default());
            shown.push_str(MARK);
        }
        at = at.max(end);
    }
    shown.push_str(text.get(at..).unwrap_or_default());
    Cow::Owned(shown)
}

/// Whether anything in a text can be a secret. Every message is searched, and
/// hardly any has one.
fn may_have_secrets(text: &[u8]) -> bool {
    static KEYS: LazyLock<Finder<'_>> = LazyLock::new(|| Finder::new(KEY));
    static ADDRESSES: LazyLock<Finder<'_>> = LazyLock::new(|| Finder::new("://"));
    memchr3(b'?', b'&', b';', text).is_some()
        || ADDRESSES.find(text).is_some()
        || KEYS.find(text).is_some()
}

/// The rest of a key after its prefix.
fn keys(text: &str) -> impl Iterator<Item = Range<usize>> {
    text.match_indices(KEY).map(|(at, _)| {
        let start = at + KEY.len();
        start..end(text, start, |c| {
            c.is_whitespace() || matches!(c, '"' | '\'' | '\\')
        })
    })
}

/// User names and passwords before the host of an address (RFC 3986, 3.2.1).
fn users(text: &str) -> impl Iterator<Item = Range<usize>> {
    text.match_indices("://").filter_map(|(at, scheme)| {
        let start = at + scheme.len();
        let authority =
            text.get(start..end(text, start, |c| is_over(c) || matches!(c, '/' | '?' | '#')))?;
        authority.rfind('@').map(|length| start..start + length)
    })
}

/// The values of parameters whose names indicate secrets.
fn parameters(text: &str) -> impl Iterator<Item = Range<usize>> {
    text.match_indices(['?', '&', ';']).filter_map(|(at, _)| {
        let rest = text.get(at + 1..)?;
        let length = rest.find('=')?;
        let start = at + 1 + length + 1;
        let end = end(text, start, |c| is_over(c) || matches!(c, '&' | ';' | '#'));
        (end > start && is_secret(rest.get(..length)?)).then_some(start..end)
    })
}

/// Whether a value with this name is a secret.
fn is_secret(name: &str) -> bool {
    if name.len() > 100 || name.contains(|c: char| is_over(c) || matches!(c, '?' | '&' | ';')) {
        return false;
    }
    let name = unescaped(name).to_ascii_lowercase();
    WHOLE.contains(&&*name) || SECRET.iter().any(|secret| name.contains(secret))
}

/// A name without its percent-encoding.
fn unescaped(name: &str) -> String {
    let mut bytes = Vec::with_capacity(name.len());
    let mut rest = name.as_bytes();
    while let Some((first, more)) = rest.split_first() {
        let byte = (*first == b'%')
            .then(|| {
                more.get(..2).and_then(|digits| {
                    u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
                })
            })
            .flatten();
        rest = if byte.is_some() {
            more.get(2..).unwrap_or_default()
        } else {
            more
        };
        bytes.push(byte.unwrap_or(*first));
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Characters that end an address.
fn is_over(c: char) -> bool {
    c.is_whitespace() || c.is_control() || matches!(c, '"' | '\'' | '\\' | '<' | '>' | '`')
}

fn end(text: &str, start: usize, is_end: impl Fn(char) -> bool) -> usize {
    text.get(start..)
        .and_then(|rest| rest.find(is_end))
        .map_or(text.len(), |length| start + length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_not_shown_wherever_it_stands() {
        assert_eq!(
            redacted(r#"{"key":"switchboard-key:1:sb-1:5f3a91c2:view:AAECAw","role":"view"}"#),
            r#"{"key":"switchboard-key:…","role":"view"}"#
        );
        assert_eq!(
            redacted("two: switchboard-key:1:a switchboard-key:1:b"),
            "two: switchboard-key:… switchboard-key:…"
        );
        assert_eq!(redacted("{}"), "{}");
    }

    #[test]
    fn passwords_and_tokens_of_addresses_are_not_shown() {
        for (text, shown) in [
            ("ws://a/ws?token=abc", "ws://a/ws?token=…"),
            (
                "ws://a/ws?streams=x@y&Access_Token=a.b-c&z=1",
                "ws://a/ws?streams=x@y&Access_Token=…&z=1",
            ),
            ("ws://a/?%74oken=abc and more", "ws://a/?%74oken=… and more"),
            ("ws://a/?api_key=1;sig=2#x", "ws://a/?api_key=…;sig=…#x"),
            ("wss://me:pa@ss@host/x@y", "wss://…@host/x@y"),
            (
                r#"{"url":"ws://h/p?auth=abc"}"#,
                r#"{"url":"ws://h/p?auth=…"}"#,
            ),
            ("GET /rpc?token=abc HTTP/1.1", "GET /rpc?token=… HTTP/1.1"),
            ("ws://t@a/?key=switchboard-key:1:b", "ws://…@a/?key=…"),
            ("ws://a/?author=me&monkeys=1", "ws://a/?author=me&monkeys=…"),
            ("ws://a/?token=", "ws://a/?token="),
            ("is it a=b? yes = no", "is it a=b? yes = no"),
        ] {
            assert_eq!(redacted(text), shown);
            assert_eq!(redacted(shown), shown, "once more changes nothing");
        }
    }
}
