//! Firmware images: what the header of an ESP image says, and the trailer that
//! signs an image of any board. Decides whether a board that requires
//! signatures may run an image. Reads no file and no flash.
//!
//! A signed file is the image followed by a [`Trailer`], which boot loaders
//! ignore. docs/protocol.md, "Signed images", specifies it.
#![no_std]

#[cfg(any(test, feature = "sign"))]
extern crate alloc;

#[cfg(feature = "build")]
extern crate std;

#[cfg(feature = "build")]
mod build;
pub mod esp;
mod hex;
mod key;
mod requirement;
#[cfg(feature = "sign")]
mod sign;
mod trailer;
mod version;

#[cfg(feature = "build")]
pub use build::compile_in_signing_key;
pub use key::{KeyId, PublicKey};
pub use requirement::{Refusal, Requirement, Target};
#[cfg(feature = "sign")]
pub use sign::{KeyFileError, SignError, SigningKey, sign};
pub use trailer::Trailer;
pub use version::{VIRTUAL, is_older, version_in};

/// SHA-256 of an image without its trailer.
pub type Sha256 = [u8; 32];

/// The text of the public test key, test-key/test-signing.pub. Its private half
/// is public too: never build it into a board that matters.
#[cfg(feature = "test-key")]
pub const TEST_KEY: &str = include_str!("../test-key/test-signing.pub");

/// The text of the private test key, test-key/test-signing.key.
#[cfg(all(feature = "test-key", feature = "sign"))]
pub const TEST_SIGNING_KEY: &str = include_str!("../test-key/test-signing.key");
