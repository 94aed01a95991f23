//! The trailer of a signed file: its bytes, and what they say. Integers are
//! little endian, texts are padded with zeros.
//!
//! ```text
//! offset  bytes
//!      0      8  "SWBDSIG1"
//!      8      4  length of the image, without the trailer
//!     12      8  id of the key
//!     20     16  chip, ASCII
//!     36     32  board, ASCII
//!     68     32  version, UTF-8
//!    100     64  Ed25519 signature
//! ```
//!
//! The signature is over `"switchboard firmware 1\0"`, the SHA-256 of the image
//! without the trailer, and the first 100 bytes of the trailer.

use core::{fmt, ops::Range};

use ed25519_dalek::{Signature, VerifyingKey};

use crate::{KeyId, PublicKey, Refusal, Sha256};

pub(crate) const MAGIC: &[u8; 8] = b"SWBDSIG1";
pub(crate) const LENGTH: Range<usize> = 8..12;
pub(crate) const KEY_ID: Range<usize> = 12..20;
pub(crate) const CHIP: Range<usize> = 20..36;
pub(crate) const BOARD: Range<usize> = 36..68;
pub(crate) const VERSION: Range<usize> = 68..100;

/// What is signed of the trailer.
pub(crate) const HEAD: usize = 100;

/// Separates these signatures from any others by the same key.
const DOMAIN: &[u8; 23] = b"switchboard firmware 1\0";

/// The trailer of a signed file, well-formed but not necessarily signed by
/// anyone: see [`Self::verify`].
#[derive(Clone, PartialEq, Eq)]
pub struct Trailer {
    bytes: [u8; Self::LEN],
}

impl fmt::Debug for Trailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trailer")
            .field("length", &self.length())
            .field("key_id", &self.key_id())
            .field("chip", &self.chip())
            .field("board", &self.board())
            .field("version", &self.version())
            .finish_non_exhaustive()
    }
}

impl Trailer {
    /// The length of a trailer, in bytes.
    pub const LEN: usize = 164;

    /// The trailer at the end of these bytes, if there is a well-formed one.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let bytes = *bytes.last_chunk::<{ Self::LEN }>()?;
        let trailer = Self { bytes };
        let well_formed = trailer.bytes.starts_with(MAGIC)
            && is_name(trailer.field(CHIP))
            && is_name(trailer.field(BOARD))
            && is_version(trailer.field(VERSION));
        well_formed.then_some(trailer)
    }

    /// Whether these bytes end as a signed file does, even if the trailer is
    /// malformed.
    pub fn is_marked(bytes: &[u8]) -> bool {
        bytes
            .last_chunk::<{ Self::LEN }>()
            .is_some_and(|end| end.starts_with(MAGIC))
    }

    /// The trailer as it is stored.
    pub fn as_bytes(&self) -> &[u8; Self::LEN] {
        &self.bytes
    }

    /// The length of the image without the trailer, in bytes.
    pub fn length(&self) -> u32 {
        u32::from_le_bytes(self.array(LENGTH))
    }

    /// The id of the key that it claims to be signed with.
    pub fn key_id(&self) -> KeyId {
        KeyId(self.array(KEY_ID))
    }

    /// The chip that the image is for, for example `esp32c3`.
    pub fn chip(&self) -> &str {
        self.text(CHIP)
    }

    /// The board that the image is for, for example `esp32c3-devkitm-1`.
    pub fn board(&self) -> &str {
        self.text(BOARD)
    }

    /// The version of the image, 1 to 32 bytes without control characters.
    pub fn version(&self) -> &str {
        self.text(VERSION)
    }

    /// Verifies that this key has signed an image with this SHA-256, and what
    /// the trailer says of it. The length is for the caller to compare.
    ///
    /// # Errors
    /// [`Refusal::WrongKey`] and [`Refusal::BadSignature`].
    pub fn verify(&self, key: &PublicKey, image_sha256: &Sha256) -> Result<(), Refusal> {
        if self.key_id() != key.id() {
            return Err(Refusal::WrongKey {
                signed: self.key_id(),
                expected: key.id(),
            });
        }
        let signature = Signature::from_bytes(&self.array(HEAD..Self::LEN));
        VerifyingKey::from_bytes(&key.0)
            .and_then(|key| key.verify_strict(&signed(image_sha256, &self.bytes), &signature))
            .map_err(|_| Refusal::BadSignature)
    }

    #[cfg(feature = "sign")]
    pub(crate) fn of(bytes: [u8; Self::LEN]) -> Self {
        Self { bytes }
    }

    fn array<const N: usize>(&self, range: Range<usize>) -> [u8; N] {
        let mut array = [0; N];
        if let Some(bytes) = self.bytes.get(range)
            && bytes.len() == N
        {
            array.copy_from_slice(bytes);
        }
        array
    }

    /// A field up to its padding; empty if there is something after the
    /// padding.
    fn field(&self, range: Range<usize>) -> &[u8] {
        let field = self.bytes.get(range).unwrap_or_default();
        let end = field
            .iter()
            .position(|byte| *byte == 0)
            .unwrap_or(field.len());
        let (text, padding) = field.split_at(end);
        if padding.iter().all(|byte| *byte == 0) {
            text
        } else {
            &[]
        }
    }

    fn text(&self, range: Range<usize>) -> &str {
        core::str::from_utf8(self.field(range)).unwrap_or_default()
    }
}

/// What is signed: an image's SHA-256, and the start of its trailer.
pub(crate) fn signed(image_sha256: &Sha256, trailer: &[u8]) -> [u8; DOMAIN.len() + 32 + HEAD] {
    let mut message = [0; DOMAIN.len() + 32 + HEAD];
    let parts = DOMAIN.iter().chain(image_sha256).chain(trailer);
    for (byte, part) in message.iter_mut().zip(parts) {
        *byte = *part;
    }
    message
}

/// Whether these bytes name a chip or a board.
pub(crate) fn is_name(bytes: &[u8]) -> bool {
    let may_have = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'-';
    !bytes.is_empty() && bytes.iter().all(may_have)
}

/// Whether these bytes are a version.
pub(crate) fn is_version(bytes: &[u8]) -> bool {
    core::str::from_utf8(bytes)
        .is_ok_and(|text| !text.is_empty() && !text.chars().any(char::is_control))
}
