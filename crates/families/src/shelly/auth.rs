//! The password of a Shelly: SHA-256 digests inside the frames. Since firmware
//! 2.0 a nonce is an opaque text, and `nc` counts its uses from 1.
//!
//! Source: shelly-api-docs.shelly.cloud, "Authentication", and the facts that
//! aioshelly (Apache-2.0) establishes.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::hex::hex;

/// The only user there is.
const USER: &str = "admin";

/// The hash of `dummy_method:dummy_uri`, which stands for method and URI in a
/// frame.
const HA2: &str = "6370ec69915103833b5222b368555393393f098bfbfbb59f47e0590af135f062";

/// The longest realm and nonce that are stored, in bytes.
const LONGEST: usize = 512;

/// What a board asks for in an error frame with code 401.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Challenge {
    realm: String,
    /// As it was received: a number before firmware 2.0, a text since.
    nonce: Value,
}

impl Challenge {
    /// Reads the message of the error: JSON within a text. `algorithm` may be
    /// missing.
    pub(super) fn parse(message: &str) -> Option<Self> {
        let fields: Value = serde_json::from_str(message).ok()?;
        let text = |name| fields.get(name).and_then(Value::as_str);
        if text("algorithm").is_some_and(|name| !name.eq_ignore_ascii_case("SHA-256")) {
            return None;
        }
        let realm = text("realm").filter(|realm| realm.len() <= LONGEST)?;
        let nonce = fields.get("nonce").filter(|nonce| match nonce {
            Value::Number(_) => true,
            Value::String(text) => !text.is_empty() && text.len() <= LONGEST,
            _ => false,
        })?;
        Some(Self {
            realm: realm.to_owned(),
            nonce: nonce.clone(),
        })
    }

    /// The nonce as it enters the digest: the whole text, padding included.
    fn nonce_text(&self) -> String {
        match &self.nonce {
            Value::String(text) => text.clone(),
            number => number.to_string(),
        }
    }
}

/// The nonce in use. Each has its own count.
#[derive(Debug)]
struct Held {
    challenge: Challenge,
    ha1: Zeroizing<String>,
    uses: u32,
}

/// The password, and the nonce that the board gave.
pub(super) struct Auth {
    password: Option<Zeroizing<String>>,
    random: [u8; 32],
    /// How many client nonces were made.
    made: u64,
    held: Option<Held>,
    generation: u64,
}

impl std::fmt::Debug for Auth {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Auth")
            .field("password", &self.password.as_ref().map(|_| "…"))
            .field("generation", &self.generation)
            .finish_non_exhaustive()
    }
}

impl Auth {
    pub(super) fn new(password: Option<Zeroizing<String>>, random: [u8; 32]) -> Self {
        Self {
            password,
            random,
            made: 0,
            held: None,
            generation: 0,
        }
    }

    pub(super) fn has_password(&self) -> bool {
        self.password.is_some()
    }

    /// Which nonce is held: a number that is never used twice, or `None`.
    pub(super) fn generation(&self) -> Option<u64> {
        self.held.as_ref().map(|_| self.generation)
    }

    /// Uses this nonce from now on.
    pub(super) fn adopt(&mut self, challenge: Challenge) {
        let Some(password) = &self.password else {
            return;
        };
        let credential =
            Zeroizing::new(format!("{USER}:{}:{}", challenge.realm, password.as_str()));
        let ha1 = Zeroizing::new(sha256(&credential));
        self.generation += 1;
        self.held = Some(Held {
            challenge,
            ha1,
            uses: 0,
        });
    }

    /// The board no longer accepts the nonce.
    pub(super) fn forget(&mut self) {
        self.held = None;
    }

    /// The `auth` of the next frame; `None` without a nonce.
    pub(super) fn next(&mut self) -> Option<Value> {
        let cnonce = self.client_nonce();
        let held = self.held.as_mut()?;
        held.uses = held.uses.saturating_add(1);
        Some(held.header(&cnonce))
    }

    /// Differs for each frame, and cannot be guessed.
    fn client_nonce(&mut self) -> String {
        self.made += 1;
        let digest = Sha256::new()
            .chain_update(self.random)
            .chain_update(self.made.to_be_bytes())
            .finalize();
        hex(digest.get(..16).unwrap_or_default())
    }
}

impl Held {
    fn header(&self, cnonce: &str) -> Value {
        let nonce = self.challenge.nonce_text();
        let (ha1, nc) = (self.ha1.as_str(), self.uses);
        json!({
            "realm": self.challenge.realm,
            "username": USER,
            "nonce": self.challenge.nonce,
            "nc": nc,
            "cnonce": cnonce,
            "response": sha256(&format!("{ha1}:{nonce}:{nc}:{cnonce}:auth:{HA2}")),
            "algorithm": "SHA-256",
        })
    }
}

fn sha256(text: &str) -> String {
    hex(&Sha256::digest(text))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn held(nonce: Value, uses: u32) -> Held {
        let mut auth = Auth::new(Some(Zeroizing::new("secret".to_owned())), [0; 32]);
        let mut message = json!({
            "auth_type": "digest", "nc": 1, "realm": "shellyplus2pm-aabbccddeeff",
            "algorithm": "SHA-256",
        });
        message["nonce"] = nonce;
        auth.adopt(Challenge::parse(&message.to_string()).unwrap());
        Held {
            uses,
            ..auth.held.unwrap()
        }
    }

    #[test]
    fn the_hash_of_the_dummy_request_is_the_documented_one() {
        assert_eq!(sha256("dummy_method:dummy_uri"), HA2);
    }

    /// Computed from aioshelly's formula (Apache-2.0), not by a device.
    #[test]
    fn a_response_is_computed_from_a_number_or_a_text_used_whole() {
        let cnonce = "MDEyMzQ1Njc4OWFiY2RlZg==";
        for (nonce, nc, response) in [
            (
                json!(1_725_185_413),
                1,
                "15002883c8b07a2ac41bc4b29bf1c35608a0106abc28c4973c374944159c3cb7",
            ),
            (
                json!("q1w2e3r4t5y6u7i8o9p0=="),
                2,
                "7daca830c8608990879065ba83432ad38aeb22a775c9a3a89c6dfbec479975d9",
            ),
        ] {
            let header = held(nonce.clone(), nc).header(cnonce);
            assert_eq!(header["response"], response);
            assert_eq!((&header["nonce"], &header["nc"]), (&nonce, &json!(nc)));
        }
    }

    #[test]
    fn each_nonce_is_counted_from_one() {
        let mut auth = Auth::new(Some(Zeroizing::new("secret".to_owned())), [7; 32]);
        assert_eq!(auth.next(), None);
        let challenge = |nonce: &str| {
            Challenge::parse(&json!({ "nonce": nonce, "realm": "r" }).to_string()).unwrap()
        };
        auth.adopt(challenge("one="));
        let (first, second) = (auth.next().unwrap(), auth.next().unwrap());
        assert_eq!((&first["nc"], &second["nc"]), (&json!(1), &json!(2)));
        assert_ne!(first["cnonce"], second["cnonce"]);
        auth.adopt(challenge("two=="));
        let next = auth.next().unwrap();
        assert_eq!((&next["nc"], &next["nonce"]), (&json!(1), &json!("two==")));
    }

    #[test]
    fn a_challenge_may_lack_the_algorithm_and_give_nc_as_a_text() {
        let wall_display = r#"{"auth_type":"digest","nonce":17,"nc":"1","realm":"r"}"#;
        assert!(Challenge::parse(wall_display).is_some());
        for refused in [
            "",
            "Unauthorized",
            "[]",
            r#"{"nonce":17}"#,
            r#"{"realm":"r"}"#,
            r#"{"realm":"r","nonce":null}"#,
            r#"{"realm":"r","nonce":[1]}"#,
            r#"{"realm":"r","nonce":""}"#,
            r#"{"realm":"r","nonce":1,"algorithm":"MD5"}"#,
        ] {
            assert_eq!(Challenge::parse(refused), None, "{refused}");
        }
    }
}
