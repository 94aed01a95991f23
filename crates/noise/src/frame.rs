//! What is sent before a channel is secret: one WebSocket binary message each,
//! the first byte says which. Of fixed lengths but for the board's id; whatever
//! else comes is refused.

use alloc::{borrow::ToOwned, string::String, vec::Vec};

use protocol::{PROTOCOL_MAJOR, board_id};

use crate::{KeyId, NoiseError};

/// Random bytes of a board's greeting: with them in the prologue no recorded
/// message opens a second handshake.
pub const CHALLENGE: usize = 16;

/// `e` (32 bytes) and the tag of an empty payload (16): both messages of
/// NNpsk0, and the second of NN.
const MESSAGE: usize = 48;

/// `e` alone: the first message of NN has no key to encrypt its empty payload
/// with.
const BARE_MESSAGE: usize = 32;

/// SHA-256.
pub(crate) const COMMITMENT: usize = 32;

/// A number drawn for the code that people compare.
pub(crate) const NONCE: usize = 16;

const HELLO: u8 = 1;
const OFFER: u8 = 2;
const ANSWER: u8 = 3;
const PAIR_OFFER: u8 = 4;
const PAIR_ANSWER: u8 = 5;

/// The board greets: who it is, and what makes this handshake another than all
/// before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hello {
    /// The major version of the wire.
    pub major: u8,
    /// Fresh random bytes.
    pub challenge: [u8; CHALLENGE],
    /// The board's id.
    pub board: String,
}

/// The controller says which key it has, and proves that it has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// The key's name.
    pub kid: KeyId,
    /// The first message of NNpsk0.
    pub message: [u8; MESSAGE],
}

/// The board proves that it has it too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The second message of NNpsk0.
    pub message: [u8; MESSAGE],
}

/// A controller without a key asks for one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PairOffer {
    /// The hash of a number that it will tell once it knows the board's.
    pub commitment: [u8; COMMITMENT],
    /// The first message of NN.
    pub message: [u8; BARE_MESSAGE],
}

/// The board answers who asked for a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PairAnswer {
    /// The board's number.
    pub nonce: [u8; NONCE],
    /// The second message of NN.
    pub message: [u8; MESSAGE],
}

impl Hello {
    /// A greeting of this version.
    pub fn new(board: &str, challenge: [u8; CHALLENGE]) -> Self {
        // The major version is 1: it will fit a byte for long.
        let major = u8::try_from(PROTOCOL_MAJOR).unwrap_or(u8::MAX);
        Self {
            major,
            challenge,
            board: board.to_owned(),
        }
    }

    /// The frame.
    pub fn to_bytes(&self) -> Vec<u8> {
        [
            &[HELLO, self.major],
            self.challenge.as_slice(),
            self.board.as_bytes(),
        ]
        .concat()
    }

    /// Reads a frame.
    ///
    /// # Errors
    /// [`NoiseError::Unexpected`] where it is no greeting;
    /// [`NoiseError::OtherVersion`] of a board with another major version.
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

    /// What a handshake is bound to: version, challenge, board and, where there
    /// is one, key.
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
    /// The frame.
    pub fn to_bytes(&self) -> Vec<u8> {
        [&[OFFER], self.kid.0.as_slice(), self.message.as_slice()].concat()
    }

    /// Reads a frame.
    ///
    /// # Errors
    /// [`NoiseError::Unexpected`] where it is none.
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
    /// The frame.
    pub fn to_bytes(&self) -> Vec<u8> {
        [&[ANSWER], self.message.as_slice()].concat()
    }

    /// Reads a frame.
    ///
    /// # Errors
    /// [`NoiseError::Unexpected`] where it is none.
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
    /// The frame.
    pub fn to_bytes(&self) -> Vec<u8> {
        [
            &[PAIR_OFFER],
            self.commitment.as_slice(),
            self.message.as_slice(),
        ]
        .concat()
    }

    /// Reads a frame.
    ///
    /// # Errors
    /// [`NoiseError::Unexpected`] where it is none.
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
    /// The frame.
    pub fn to_bytes(&self) -> Vec<u8> {
        [
            &[PAIR_ANSWER],
            self.nonce.as_slice(),
            self.message.as_slice(),
        ]
        .concat()
    }

    /// Reads a frame.
    ///
    /// # Errors
    /// [`NoiseError::Unexpected`] where it is none.
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
