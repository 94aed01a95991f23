//! Tokens: passwords that people put into a URL.

use std::{fmt, str::FromStr};

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// The most bytes of a token.
const MOST: usize = 128;

/// A token of `LEAST` to 128 bytes. Not shown by `Debug`, and wiped from
/// memory.
#[derive(Clone)]
pub struct Token<const LEAST: usize>(Zeroizing<String>);

/// Why a text is not a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a token must have {LEAST} to {MOST} letters, digits, hyphens, dots, underscores and tildes"
)]
pub struct TokenError<const LEAST: usize>;

impl<const LEAST: usize> fmt::Debug for Token<LEAST> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

impl<const LEAST: usize> Token<LEAST> {
    /// The token itself, for its file and its URL.
    pub fn text(&self) -> &str {
        &self.0
    }

    /// Whether this is the token. Takes as long for a wrong one of the same
    /// length as for the right one.
    pub fn is(&self, given: &str) -> bool {
        self.0.as_bytes().ct_eq(given.as_bytes()).into()
    }
}

impl<const LEAST: usize> FromStr for Token<LEAST> {
    type Err = TokenError<LEAST>;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // The characters that need no escape in a URL (RFC 3986, section 2.3).
        let plain = text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b));
        if plain && (LEAST..=MOST).contains(&text.len()) {
            Ok(Self(Zeroizing::new(text.to_owned())))
        } else {
            Err(TokenError)
        }
    }
}
