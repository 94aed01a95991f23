//! Digest authentication with SHA-256 (RFC 7616): inside a frame, and in HTTP.
//! The user is always `admin`.

use std::fmt::Write;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::nonces::{Firmware, Nonces, Verdict};

/// The only user.
const USER: &str = "admin";
/// What a frame has instead of a method and a URI.
const FRAME: &str = "dummy_method:dummy_uri";

/// What a client presents.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Presented {
    nonce: Value,
    /// As a number, and as it is hashed.
    count: Option<u64>,
    count_text: String,
    cnonce: String,
    realm: String,
    username: String,
    response: String,
    /// Hashed as HA2.
    subject: String,
}

impl Presented {
    /// From the `auth` of a frame. `nc` may be a text.
    pub(crate) fn in_frame(auth: &Value) -> Option<Self> {
        let text = |name: &str| Some(auth.get(name)?.as_str()?.to_owned());
        let nonce = auth.get("nonce")?.clone();
        let count_text = plain(auth.get("nc")?)?;
        Some(Self {
            nonce,
            count: count_text.parse().ok(),
            count_text,
            cnonce: auth.get("cnonce").and_then(plain)?,
            realm: text("realm")?,
            username: text("username")?,
            response: text("response")?,
            subject: FRAME.to_owned(),
        })
    }

    /// From the header `Authorization` of a request. The count is hexadecimal.
    pub(crate) fn in_header(
        header: &str,
        method: &str,
        target: &str,
        firmware: Firmware,
    ) -> Option<Self> {
        let fields = fields(header.strip_prefix("Digest ")?);
        let text = |name: &str| {
            let (_, value) = fields.iter().find(|(found, _)| found == name)?;
            Some(value.clone())
        };
        let nonce = text("nonce")?;
        let count_text = text("nc")?;
        if text("uri")? != target {
            return None;
        }
        Some(Self {
            nonce: match firmware {
                Firmware::V1 => json!(nonce.parse::<u64>().ok()?),
                Firmware::V2 => json!(nonce),
            },
            count: u64::from_str_radix(&count_text, 16).ok(),
            count_text,
            cnonce: text("cnonce")?,
            realm: text("realm")?,
            username: text("username")?,
            response: text("response")?,
            subject: format!("{method}:{target}"),
        })
    }

    fn is_correct(&self, realm: &str, password: &str) -> bool {
        let Some(nonce) = plain(&self.nonce) else {
            return false;
        };
        let expected = response(
            realm,
            password,
            &nonce,
            &self.count_text,
            &self.cnonce,
            &self.subject,
        );
        self.realm == realm && self.username == USER && self.response == expected
    }
}

/// The response of a client that knows the password.
fn response(
    realm: &str,
    password: &str,
    nonce: &str,
    count: &str,
    cnonce: &str,
    subject: &str,
) -> String {
    let ha1 = hash(&format!("{USER}:{realm}:{password}"));
    let ha2 = hash(subject);
    hash(&format!("{ha1}:{nonce}:{count}:{cnonce}:auth:{ha2}"))
}

/// Whether a request is allowed on a device with this password.
pub(crate) fn judge(
    nonces: &mut Nonces,
    now: std::time::Duration,
    realm: &str,
    password: &str,
    presented: Option<&Presented>,
) -> Verdict {
    match presented {
        None => nonces.ask(now),
        Some(presented) => nonces.present(
            now,
            &presented.nonce,
            presented.count,
            presented.is_correct(realm, password),
        ),
    }
}

/// The challenge in a frame: an object written as a text.
pub(crate) fn challenge(realm: &str, nonce: &Value, stale: bool) -> String {
    let mut challenge = json!({
        "auth_type": "digest",
        "nonce": nonce,
        "nc": 1,
        "realm": realm,
        "algorithm": "SHA-256",
    });
    if stale {
        challenge["stale"] = json!(true);
    }
    challenge.to_string()
}

/// The challenge in the header `WWW-Authenticate`.
pub(crate) fn challenge_header(realm: &str, nonce: &Value, stale: bool) -> String {
    let nonce = plain(nonce).unwrap_or_default();
    let stale = if stale { ", stale=true" } else { "" };
    format!("Digest qop=\"auth\", realm=\"{realm}\", nonce=\"{nonce}\", algorithm=SHA-256{stale}")
}

/// A number or a text, as it is hashed.
fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn hash(text: &str) -> String {
    Sha256::digest(text.as_bytes())
        .iter()
        .fold(String::with_capacity(64), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        })
}

/// `name=value, name="value"`; a comma within quotation marks separates
/// nothing.
fn fields(text: &str) -> Vec<(String, String)> {
    let mut quoted = false;
    text.split(|letter| {
        if letter == '"' {
            quoted = !quoted;
        }
        letter == ',' && !quoted
    })
    .filter_map(|field| {
        let (name, value) = field.trim().split_once('=')?;
        Some((name.to_owned(), value.trim_matches('"').to_owned()))
    })
    .collect()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    const REALM: &str = "shellyplus2pm-aabbccddeeff";
    const CNONCE: &str = "MDEyMzQ1Njc4OWFiY2RlZg==";

    #[test]
    fn the_response_is_that_of_aioshelly() {
        // Computed with the formula of aioshelly 13 (Apache-2.0), for the
        // password `secret`; not recorded from a device.
        let number = response(REALM, "secret", "1725185413", "1", CNONCE, FRAME);
        assert_eq!(
            number,
            "15002883c8b07a2ac41bc4b29bf1c35608a0106abc28c4973c374944159c3cb7"
        );
        let text = response(
            REALM,
            "secret",
            "q1w2e3r4t5y6u7i8o9p0==",
            "2",
            CNONCE,
            FRAME,
        );
        assert_eq!(
            text,
            "7daca830c8608990879065ba83432ad38aeb22a775c9a3a89c6dfbec479975d9"
        );
    }

    #[test]
    fn a_frame_is_correct_only_with_the_password_the_realm_and_the_user() {
        let auth = json!({
            "realm": REALM,
            "username": "admin",
            "nonce": 1_725_185_413,
            "nc": "1",
            "cnonce": CNONCE,
            "response": "15002883c8b07a2ac41bc4b29bf1c35608a0106abc28c4973c374944159c3cb7",
            "algorithm": "SHA-256",
        });
        let presented = Presented::in_frame(&auth).unwrap();
        assert_eq!(presented.count, Some(1));
        assert!(presented.is_correct(REALM, "secret"));
        assert!(!presented.is_correct(REALM, "Secret"));
        assert!(!presented.is_correct("another", "secret"));
        let mut other = auth;
        other["username"] = json!("root");
        let other = Presented::in_frame(&other).unwrap();
        assert!(!other.is_correct(REALM, "secret"));
    }

    #[test]
    fn a_header_is_read_with_its_quotation_marks() {
        let header = "Digest username=\"admin\", realm=\"a,b\", nonce=\"xy==\", uri=\"/rpc?a=1\", \
                      qop=auth, nc=0000000a, cnonce=\"c\", response=\"r\", algorithm=SHA-256";
        let read = Presented::in_header(header, "GET", "/rpc?a=1", Firmware::V2).unwrap();
        assert_eq!(read.nonce, json!("xy=="));
        assert_eq!((read.realm.as_str(), read.count), ("a,b", Some(10)));
        assert_eq!(read.count_text, "0000000a");
        assert_eq!(read.subject, "GET:/rpc?a=1");
        assert_eq!(
            Presented::in_header(header, "GET", "/other", Firmware::V2),
            None
        );
    }
}
