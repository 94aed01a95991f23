//! Whether a board that requires signatures may run an image.

use crate::{KeyId, PublicKey, Sha256, Trailer, version::is_older};

/// What an image is made for. Both have lowercase letters, digits and hyphens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target<'a> {
    /// The chip, at most 16 bytes.
    pub chip: &'a str,
    /// The board, at most 32 bytes.
    pub board: &'a str,
}

/// What a board requires of an image.
#[derive(Debug, Clone, Copy)]
pub struct Requirement<'a> {
    /// The key that must have signed it.
    pub key: PublicKey,
    /// What it must be made for.
    pub target: Target<'a>,
    /// The running version, which it must not be older than; `None` if any
    /// version is allowed.
    pub running: Option<&'a str>,
}

/// Why an image is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It has no trailer.
    #[error("the image is not signed; `switchboard sign` signs one")]
    Unsigned,
    /// It is signed with another key.
    #[error("the image is signed with key {signed}, not with {expected}, the key of this board")]
    WrongKey {
        /// The id in the trailer.
        signed: KeyId,
        /// The id of the board's key.
        expected: KeyId,
    },
    /// The trailer is malformed, the image was changed, or the signature was
    /// made with another key.
    #[error("the signature does not fit the image: one of them was changed or is incomplete")]
    BadSignature,
    /// It is for another chip.
    #[error("the signed image is for another chip")]
    WrongChip,
    /// It is for another board with the same chip.
    #[error("the signed image is for another board")]
    WrongBoard,
    /// It is older than the running one.
    #[error("the signed image is older than the running one")]
    Older,
}

impl Refusal {
    /// The reason for programs, as docs/protocol.md lists it.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Unsigned => "unsigned",
            Self::WrongKey { .. } => "wrong_key",
            Self::BadSignature => "bad_signature",
            Self::WrongChip | Self::WrongBoard => "wrong_board",
            Self::Older => "older",
        }
    }
}

impl Requirement<'_> {
    /// Checks a file of `size` bytes by its last [`Trailer::LEN`] bytes.
    /// Without the SHA-256 of the image, which leaves out the trailer, the
    /// signature itself is not checked.
    ///
    /// # Errors
    /// Any [`Refusal`].
    pub fn check(
        &self,
        end: &[u8],
        size: u32,
        image_sha256: Option<&Sha256>,
    ) -> Result<Trailer, Refusal> {
        let trailer = match Trailer::read(end) {
            Some(trailer) => trailer,
            None if Trailer::is_marked(end) => return Err(Refusal::BadSignature),
            None => return Err(Refusal::Unsigned),
        };
        if let Some(sha256) = image_sha256 {
            // Nothing that the trailer says counts until then.
            trailer.verify(&self.key, sha256)?;
        } else if trailer.key_id() != self.key.id() {
            return Err(Refusal::WrongKey {
                signed: trailer.key_id(),
                expected: self.key.id(),
            });
        }
        if Some(trailer.length()) != size.checked_sub(TRAILER) {
            return Err(Refusal::BadSignature);
        }
        if trailer.chip() != self.target.chip {
            return Err(Refusal::WrongChip);
        }
        if trailer.board() != self.target.board {
            return Err(Refusal::WrongBoard);
        }
        match self.running {
            Some(running) if is_older(trailer.version(), running) => Err(Refusal::Older),
            _ => Ok(trailer),
        }
    }
}

/// [`Trailer::LEN`] as the type of sizes.
pub(crate) const TRAILER: u32 = 164;
const _: () = assert!(TRAILER as usize == Trailer::LEN);
