//! The frames before a channel is encrypted: one WebSocket binary message each,
//! identified by its first byte. They have fixed lengths except for the board's
//! id; anything else is refused.

use alloc::{borrow::ToOwned, string::String, vec::Vec};

use protocol::{PROTOCOL_MAJOR, board_id};

use crate::{KeyId, NoiseError};

/// Size of the random challenge in a board's hello. Since it is part of the
/// prologue, a recorded message cannot be replayed in another handshake.
pub const CHALLENGE: usize = 16;

/// `e` (32 bytes) and the tag of an empty payload (16): both messages of
/// NNpsk0, and the second of NN.
const MESSAGE: usize = 48;

/// `e` alone: the first message of NN has no key with which to encrypt its
/// empty payload.
const BARE_MESSAGE: usize = 32;

/// Size of a SHA-256 hash.
pub(crate) const COMMITMENT: usize = 32;

/// Size of each random number that enters the code that people compare.
pub(crate) const NONCE: usize = 16;

const HELLO: u8 = 1;
const OFFER: u8 = 2;
const ANSWER: u8 = 3;
const PAIR_OFFER: u8 = 4;
const PAIR_ANSWER: u8 = 5;

/// Frame 01, the board's hello: its identity, and a challenge that makes this
/// handshake unique.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hello {
    /// The major version of the protocol.
    pub major: u8,
    /// New random bytes.
    pub challenge: [u8; CHALLENGE],
    /// The board's id.
    pub board: String,
}

/// Frame 02: the controller names its key and proves that it has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// The key's identifier.
    pub kid: KeyId,
    /// The first message of NNpsk0.
    pub message: [u8; MESSAGE],
}

/// Frame 03: the board proves that it has the key too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The second message of NNpsk0.
    pub message: [u8; MESSAGE],
}

/// Frame 04: a controller without a key requests one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PairOffer {
    /// The hash of a number that it reveals after it has received the board's.
    pub commitment: [u8; COMMITMENT],
    /// The first message of NN.
    pub message: [u8; BARE_MESSAGE],
}

/// Frame 05: the board answers a request for a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PairAnswer {
    /// The board's random number.
    pub nonce: [u8; NONCE],
    /// The second message of NN.
    pub message: [u8; MESSAGE],
}

impl Hello {
    /// A hello of this version.
    pub fn new(board: &str, challenge: [u8; CHALLENGE]) -> Self {
        // The major version is 1 and will fit into a byte for a long time.
        let major = u8::try_from(PROTOCOL_MAJOR).unwrap_or(u8::MAX);
        Self {
            major,
            challenge,
            board: board.to_owned(),
        }
    }

    /// Encodes the frame.
    pub fn to_bytes(&self) -> Vec<u8> {
        [
            &[HELLO, self.major],
            self.challenge.as_slice(),
            self.board.as_bytes(),
        ]
        .concat()
    }

    /// Decodes a frame.
    ///
    /// # Errors
    /// [`NoiseError::Unexpected`] if it is not a hello;
    /// [`NoiseError::OtherVersion`] if the board has another major version.
    pub fn from_bytes(frame: &[u8]) -> Result<Self, NoiseError> {
        let [HELLO, major, rest @ ..] = frame else {
            return Err(NoiseError::Unexpected);
        };
        if u32::from(*major) != PROTOCOL_MAJOR {
            return Err(NoiseError::OtherVersion(*major));
        }
        let (challenge, board) = rest.split_first_chunk().ok_or(NoiseError::Unexpected)?;
        let board = core::str::from_utf8(board).map_err(|_| NoiseError::Unexpected)?;
        let board = board_id(board).map_err(|_| NoiseError::Unexpected)?;
        Ok(Self {
            major: *major,
            challenge: *challenge,
            board: board.to_owned(),
        })
    }

    /// The handshake is bound to these values: version, key if there is one,
    /// challenge and board.
    pub(crate) fn prologue(&self, kid: Option<KeyId>) -> Vec<u8> {
        let kid = kid.map(|kid| kid.0);
        let kid = kid.as_ref().map_or(&[][..], |kid| kid.as_slice());
        [
            b"switchboard\0",
            &[self.major][..],
            kid,
            self.challenge.as_slice(),
            self.board.as_bytes(),
        ]
        .concat()
    }
}

impl Offer {
    /// Encodes the frame.
    pub fn to_bytes(&self) -> Vec<u8> {
        [&[OFFER], self.kid.0.as_slice(), self.message.as_slice()].concat()
    }

    /// Decodes a frame.
    ///
    /// # Errors
    /// [`NoiseError::Unexpected`] if it is not this frame.
    pub fn from_bytes(frame: &[u8]) -> Result<Self, NoiseError> {
        let [OFFER, rest @ ..] = frame else {
            return Err(NoiseError::Unexpected);
        };
        let (kid, message) = rest.split_first_chunk().ok_or(NoiseError::Unexpected)?;
        Ok(Self {
            kid: KeyId(*kid),
            message: exactly(message)?,
        })
    }
}

impl Answer {
    /// Encodes the frame.
    pub fn to_bytes(&self) -> Vec<u8> {
        [&[ANSWER], self.message.as_slice()].concat()
    }

    /// Decodes a frame.
    ///
    /// # Errors
    /// [`NoiseError::Unexpected`] if it is not this frame.
    pub fn from_bytes(frame: &[u8]) -> Result<Self, NoiseError> {
        let [ANSWER, message @ ..] = frame else {
            return Err(NoiseError::Unexpected);
        };
        Ok(Self {
            message: exactly(message)?,
        })
    }
}

impl PairOffer {
    /// Encodes the frame.
    pub fn to_bytes(&self) -> Vec<u8> {
        [
            &[PAIR_OFFER],
            self.commitment.as_slice(),
            self.message.as_slice(),
        ]
        .concat()
    }

    /// Decodes a frame.
    ///
    /// # Errors
    /// [`NoiseError::Unexpected`] if it is not this frame.
    pub fn from_bytes(frame: &[u8]) -> Result<Self, NoiseError> {
        let [PAIR_OFFER, rest @ ..] = frame else {
            return Err(NoiseError::Unexpected);
        };
        let (commitment, message) = rest.split_first_chunk().ok_or(NoiseError::Unexpected)?;
        Ok(Self {
            commitment: *commitment,
            message: exactly(message)?,
        })
    }
}

impl PairAnswer {
    /// Encodes the frame.
    pub fn to_bytes(&self) -> Vec<u8> {
        [
            &[PAIR_ANSWER],
            self.nonce.as_slice(),
            self.message.as_slice(),
        ]
        .concat()
    }

    /// Decodes a frame.
    ///
    /// # Errors
    /// [`NoiseError::Unexpected`] if it is not this frame.
    pub fn from_bytes(frame: &[u8]) -> Result<Self, NoiseError> {
        let [PAIR_ANSWER, rest @ ..] = frame else {
            return Err(NoiseError::Unexpected);
        };
        let (nonce, message) = rest.split_first_chunk().ok_or(NoiseError::Unexpected)?;
        Ok(Self {
            nonce: *nonce,
            message: exactly(message)?,
        })
    }
}

fn exactly<const N: usize>(bytes: &[u8]) -> Result<[u8; N], NoiseError> {
    bytes.try_into().map_err(|_| NoiseError::Unexpected)
}
