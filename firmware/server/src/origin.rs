//! Where a web page comes from (RFC 6454), written so that two that are the
//! same origin are the same text.

use alloc::{
    format,
    string::{String, ToString},
};
use core::{fmt, str::FromStr};

/// An origin of web pages: `https://panel.example`, `http://192.168.1.5:8080`.
/// Scheme and host in lower case, without the port that the scheme has anyway
/// (RFC 6454, section 6.2). `null`, the origin of files and sandboxes, is
/// rejected: it says nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin(String);

/// A text is no origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAnOrigin;

impl FromStr for Origin {
    type Err = NotAnOrigin;

    fn from_str(text: &str) -> Result<Self, NotAnOrigin> {
        let (scheme, authority) = text.split_once("://").ok_or(NotAnOrigin)?;
        let is_scheme = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b));
        let (host, port) = split_port(authority).ok_or(NotAnOrigin)?;
        // Neither a path nor a query, nor anything that a browser would not
        // write there.
        let is_host = !host.is_empty()
            && host
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-._[]:".contains(&b));
        if !is_scheme || !is_host {
            return Err(NotAnOrigin);
        }
        let (scheme, host) = (scheme.to_ascii_lowercase(), host.to_ascii_lowercase());
        let usual = match scheme.as_str() {
            "http" => Some(80),
            "https" => Some(443),
            _ => None,
        };
        Ok(Self(match port.filter(|port| Some(*port) != usual) {
            Some(port) => format!("{scheme}://{host}:{port}"),
            None => format!("{scheme}://{host}"),
        }))
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for NotAnOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "an origin is a scheme, a host and, where it is not the usual one, a port: \
             http://192.168.1.5:8080",
        )
    }
}

impl core::error::Error for NotAnOrigin {}

/// Takes a host, an IPv6 address still in its brackets, and its port apart.
/// `None` if it is not one host and at most one port.
pub(crate) fn split_port(authority: &str) -> Option<(&str, Option<u16>)> {
    let end_of_host = match authority.strip_prefix('[') {
        Some(inner) => inner.find(']')? + 2,
        None => authority.find(':').unwrap_or(authority.len()),
    };
    let (host, rest) = authority.split_at_checked(end_of_host)?;
    match rest.strip_prefix(':') {
        None if rest.is_empty() => Some((host, None)),
        None => None,
        // RFC 3986, section 3.2.3: an empty port is the usual one.
        Some("") => Some((host, None)),
        Some(digits) if digits.bytes().all(|b| b.is_ascii_digit()) => {
            Some((host, Some(digits.parse().ok()?)))
        }
        Some(_) => None,
    }
}

/// For a sentence.
pub(crate) fn listed(origins: &[Origin]) -> String {
    let mut text = String::new();
    for origin in origins {
        if !text.is_empty() {
            text += ", ";
        }
        text += &origin.to_string();
    }
    text
}
