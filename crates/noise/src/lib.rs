//! Locked boards: the handshake, the encrypted channel, pairing, and keys, for
//! both the controller and the board. `Noise_NNpsk0_25519_ChaChaPoly_SHA256`
//! (Noise Protocol Framework, revision 34), implemented with the crate snow.
//!
//! Owns no socket, reads no clock and generates no random numbers: the caller
//! provides 32 new bytes from a cryptographic source for each handshake. The
//! frames are specified in docs/protocol.md, "Locked boards".
#![no_std]

extern crate alloc;

mod channel;
mod frame;
mod handshake;
mod key;
mod pairing;
pub mod suite;

pub use channel::{Channel, OVERHEAD};
pub use frame::{Answer, CHALLENGE, Hello, Offer, PairAnswer, PairOffer};
pub use handshake::{Initiator, respond};
pub use key::{Key, KeyId, KeyTextError, Psk, Role};
pub use pairing::{BoardCode, Code, ControllerCode, Pairing, PairingInitiator};

/// The value of `api_encryption` in a locked board's announcement.
pub const SUITE: &str = "Noise_NNpsk0_25519_ChaChaPoly_SHA256";

/// Why a handshake or a message is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoiseError {
    /// Not a frame that is expected now, or of the wrong length.
    #[error("unexpected frame")]
    Unexpected,
    /// A message that was not made with the key, or was altered or repeated.
    #[error("the message was not made with this key, or was altered in transit")]
    NotAuthentic,
    /// A message longer than this channel accepts.
    #[error("the message is longer than {most} bytes")]
    TooLong {
        /// The maximum, in bytes.
        most: usize,
    },
    /// The decrypted message is not UTF-8.
    #[error("the message is not UTF-8")]
    NotText,
    /// The board uses another major version.
    #[error("the board uses version {0} of the protocol")]
    OtherVersion(u8),
}
