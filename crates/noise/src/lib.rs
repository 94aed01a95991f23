//! Locked links: what a controller and a board say to each other before and
//! while nobody else can read it, and keys as both name them.
//! `Noise_NNpsk0_25519_ChaChaPoly_SHA256` (Noise Protocol Framework,
//! revision 34) by the crate snow.
//!
//! Owns no socket, reads no clock and draws no random numbers: whoever calls
//! gives 32 fresh bytes from a cryptographic source for each handshake. The
//! frames are in docs/protocol.md, "Locked boards".
#![no_std]

extern crate alloc;

mod channel;
mod frame;
mod handshake;
mod key;
mod pairing;
mod suite;

pub use channel::{Channel, OVERHEAD};
pub use frame::{Answer, CHALLENGE, Hello, Offer, PairAnswer, PairOffer};
pub use handshake::{Initiator, respond};
pub use key::{Key, KeyId, KeyTextError, Psk, Role};
pub use pairing::{Asking, Code, Confirmed, Pairing, Revealed};

/// How an announcement says that a board is locked (`api_encryption`), and what
/// it speaks.
pub const SUITE: &str = "Noise_NNpsk0_25519_ChaChaPoly_SHA256";

/// Why a handshake or a message is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoiseError {
    /// The frame is none of those that may come now, or has another length.
    #[error("this is not the frame that is expected now")]
    Unexpected,
    /// A message that was not made with the key, was changed on its way, or
    /// came twice.
    #[error("the message was not made with this key, or was changed on its way")]
    NotAuthentic,
    /// A message longer than this link takes.
    #[error("the message is longer than {most} bytes")]
    TooLong {
        /// So many are taken.
        most: usize,
    },
    /// What was decrypted is not UTF-8.
    #[error("the message is not UTF-8")]
    NotText,
    /// The board speaks another major version.
    #[error("the board speaks version {0} of the wire")]
    OtherVersion(u8),
}
