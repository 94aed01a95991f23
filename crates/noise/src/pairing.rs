//! Pairing: gives a key to a controller without one. NN keeps passive listeners
//! out, and a code of six digits that people compare keeps active attackers
//! out. Each side draws a random number. The controller commits to its number
//! and reveals it only after it has the board's, so an attacker cannot search
//! for numbers that make both codes equal: the chance is one in a million per
//! attempt.

use core::fmt;

use sha2::{Digest, Sha256};
use snow::HandshakeState;
use subtle::ConstantTimeEq;

use crate::{
    Channel, Hello, NoiseError, PairAnswer, PairOffer,
    frame::{COMMITMENT, NONCE},
    handshake::{read, write},
    suite::{End, handshake},
};

/// The code that people compare: six digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Code(u32);

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:03} {:03}", self.0 / 1_000, self.0 % 1_000)
    }
}

/// A controller that has requested a key.
#[derive(Debug)]
pub struct PairingInitiator {
    state: HandshakeState,
    nonce: [u8; NONCE],
}

/// A controller that has received the board's answer: it shows the code, and
/// the channel carries first its number and then the key.
#[derive(Debug)]
pub struct ControllerCode {
    /// The code to show.
    pub code: Code,
    /// The message to send, already encrypted.
    pub reveal: alloc::vec::Vec<u8>,
    /// The channel for the messages that follow.
    pub channel: Channel,
}

impl PairingInitiator {
    /// Requests a key. `random` is 48 new bytes from a cryptographic source.
    ///
    /// # Errors
    /// None in practice; [`NoiseError::Unexpected`] if the handshake cannot be
    /// built.
    pub fn new(hello: &Hello, random: [u8; 48]) -> Result<(Self, PairOffer), NoiseError> {
        let (ephemeral, nonce) = parts(random);
        let mut state = handshake(End::Controller, None, &hello.prologue(None), ephemeral)?;
        let message = write(&mut state)?;
        Ok((
            Self { state, nonce },
            PairOffer {
                commitment: commitment(&nonce),
                message,
            },
        ))
    }

    /// Processes the board's answer.
    ///
    /// # Errors
    /// [`NoiseError::NotAuthentic`] if it was altered.
    pub fn receive_answer(mut self, answer: &PairAnswer) -> Result<ControllerCode, NoiseError> {
        read(&mut self.state, &answer.message)?;
        let code = code(&self.state, &self.nonce, &answer.nonce);
        let mut channel = Channel::of(self.state)?;
        let reveal = channel.seal(&self.nonce)?;
        Ok(ControllerCode {
            code,
            reveal,
            channel,
        })
    }
}

/// A board that has answered a request for a key.
#[derive(Debug)]
pub struct Pairing {
    hash: [u8; 32],
    commitment: [u8; COMMITMENT],
    nonce: [u8; NONCE],
    channel: Channel,
}

/// A board that knows the code.
#[derive(Debug)]
pub struct BoardCode {
    /// The code to show.
    pub code: Code,
    /// The channel for the key, once the code was confirmed at the board.
    pub channel: Channel,
}

impl Pairing {
    /// Answers a request for a key. `random` is 48 new bytes from a
    /// cryptographic source.
    ///
    /// # Errors
    /// [`NoiseError::NotAuthentic`] if the offer is invalid.
    pub fn new(
        hello: &Hello,
        offer: &PairOffer,
        random: [u8; 48],
    ) -> Result<(Self, PairAnswer), NoiseError> {
        let (ephemeral, nonce) = parts(random);
        let mut state = handshake(End::Board, None, &hello.prologue(None), ephemeral)?;
        read(&mut state, &offer.message)?;
        let message = write(&mut state)?;
        let hash = hash(&state);
        let pairing = Self {
            hash,
            commitment: offer.commitment,
            nonce,
            channel: Channel::of(state)?,
        };
        Ok((pairing, PairAnswer { nonce, message }))
    }

    /// Processes the number that the controller committed to.
    ///
    /// # Errors
    /// [`NoiseError::NotAuthentic`] if it does not match the commitment.
    pub fn receive_reveal(mut self, sealed: &[u8]) -> Result<BoardCode, NoiseError> {
        let nonce = self.channel.open(sealed)?;
        if !bool::from(commitment(&nonce).ct_eq(&self.commitment)) {
            return Err(NoiseError::NotAuthentic);
        }
        Ok(BoardCode {
            code: code_of(&self.hash, &nonce, &self.nonce),
            channel: self.channel,
        })
    }
}

fn parts(random: [u8; 48]) -> ([u8; 32], [u8; NONCE]) {
    let (mut ephemeral, mut nonce) = ([0; 32], [0; NONCE]);
    ephemeral.copy_from_slice(&random[..32]);
    nonce.copy_from_slice(&random[32..]);
    (ephemeral, nonce)
}

fn commitment(nonce: &[u8]) -> [u8; COMMITMENT] {
    Sha256::new_with_prefix(b"switchboard pairing\0")
        .chain_update(nonce)
        .finalize()
        .into()
}

fn hash(state: &HandshakeState) -> [u8; 32] {
    let mut hash = [0; 32];
    // SHA-256: the handshake hash has 32 bytes.
    hash.copy_from_slice(&state.get_handshake_hash()[..32]);
    hash
}

fn code(state: &HandshakeState, controllers: &[u8], boards: &[u8]) -> Code {
    code_of(&hash(state), controllers, boards)
}

fn code_of(handshake: &[u8; 32], controllers: &[u8], boards: &[u8]) -> Code {
    let digest = Sha256::new_with_prefix(b"switchboard code\0")
        .chain_update(handshake)
        .chain_update(controllers)
        .chain_update(boards)
        .finalize();
    let number = digest
        .iter()
        .take(8)
        .fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    // Below a million, so it fits.
    Code(u32::try_from(number % 1_000_000).unwrap_or_default())
}
