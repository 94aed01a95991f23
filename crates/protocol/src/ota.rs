//! Parameters and results of the `Ota` methods, and how image bytes are encoded
//! in JSON. The board decides which method may follow which.

use alloc::{
    string::{String, ToString},
    vec::Vec,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// SHA-256 of an image (FIPS 180-4): 64 hexadecimal digits on the wire,
/// accepted in either case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest(pub [u8; 32]);

/// A text is not a [`Digest`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a SHA-256 of 64 hexadecimal digits")]
pub struct DigestError;

impl core::fmt::Display for Digest {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl core::str::FromStr for Digest {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Self, DigestError> {
        let digits: Option<Vec<u8>> = text
            .chars()
            .map(|digit| {
                digit
                    .to_digit(16)
                    .and_then(|digit| u8::try_from(digit).ok())
            })
            .collect();
        let digits = digits
            .filter(|digits| digits.len() == 64)
            .ok_or(DigestError)?;
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = pair.iter().fold(0, |byte, digit| byte << 4 | digit);
        }
        Ok(Self(bytes))
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(de::Error::custom)
    }
}

/// Begins an update, or resumes one of the same image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Begin {
    /// The image's length in bytes, from 1.
    pub size: u32,
    /// The digest of the whole file, with its trailer if it is signed.
    pub sha256: Digest,
    /// The version of the image, for display; 1 to 32 bytes of UTF-8
    /// ([`crate::limits::VERSION`]).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The trailer of a signed image, encoded with [`base64()`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
    /// The digest of a signed image without its trailer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_sha256: Option<Digest>,
}

/// Sets what a board requires of firmware.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetConfig {
    /// Whether it accepts only signed images. A locked board always does.
    pub require_signature: bool,
}

/// The result of `Ota.Begin`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Begun {
    /// Maximum number of raw bytes in one `Ota.Write`.
    pub chunk: usize,
    /// Where the next write begins: 0, or how much of the same image was
    /// written before.
    pub offset: u32,
}

/// Writes a part of the image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Write {
    /// Where it begins: the `offset` that was returned last.
    pub offset: u32,
    /// At least one byte, encoded with [`base64()`].
    pub data: String,
}

impl Write {
    /// A part of the image, encoded for sending.
    pub fn new(offset: u32, bytes: &[u8]) -> Self {
        Self {
            offset,
            data: base64(bytes),
        }
    }
}

/// The result of `Ota.Write`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Written {
    /// Where the next write begins.
    pub offset: u32,
}

/// Encodes bytes as text: RFC 4648, section 4, with padding.
pub fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Decodes a text encoded with [`base64()`].
///
/// # Errors
/// If the text is not valid base64; says what is wrong.
pub fn from_base64(text: &str) -> Result<Vec<u8>, String> {
    STANDARD.decode(text).map_err(|error| error.to_string())
}
