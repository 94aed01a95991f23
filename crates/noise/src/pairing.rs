//! How a controller without a key is given one: NN, which keeps a listener out,
//! and a code of six digits that people compare, which keeps out whoever stands
//! between. Each side draws a number; the controller's is told only after the
//! board's, and was committed to before, so that who stands between cannot look
//! for numbers that make both codes alike: one guess in a million.

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

/// What people compare: six digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Code(u32);

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:03} {:03}", self.0 / 1_000, self.0 % 1_000)
    }
}

/// A controller that asked.
#[derive(Debug)]
pub struct Asking {
    state: HandshakeState,
    nonce: [u8; NONCE],
}

/// A controller that was answered: the code to show, and the channel on which
/// the number is to be told first, and the key comes then.
#[derive(Debug)]
pub struct Revealed {
    /// For the person.
    pub code: Code,
    /// What is to be sent, sealed by the channel already.
    pub reveal: alloc::vec::Vec<u8>,
    /// For what comes.
    pub channel: Channel,
}

impl Asking {
    /// Asks for a key. `random` is 48 fresh bytes from a cryptographic source.
    ///
    /// # Errors
    /// None in practice; [`NoiseError::Unexpected`] where a handshake cannot be
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

    /// Takes the board's answer.
    ///
    /// # Errors
    /// [`NoiseError::NotAuthentic`] where it was changed on its way.
    pub fn answered(mut self, answer: &PairAnswer) -> Result<Revealed, NoiseError> {
        read(&mut self.state, &answer.message)?;
        let code = code(&self.state, &self.nonce, &answer.nonce);
        let mut channel = Channel::of(self.state)?;
        let reveal = channel.seal(&self.nonce)?;
        Ok(Revealed {
            code,
            reveal,
            channel,
        })
    }
}

/// A board that answered a controller's question.
#[derive(Debug)]
pub struct Pairing {
    hash: [u8; 32],
    commitment: [u8; COMMITMENT],
    nonce: [u8; NONCE],
    channel: Channel,
}

/// A board that knows the code.
#[derive(Debug)]
pub struct Confirmed {
    /// For the person.
    pub code: Code,
    /// For the key, once the person at the board said yes.
    pub channel: Channel,
}

impl Pairing {
    /// Answers a controller that asks. `random` is 48 fresh bytes from a
    /// cryptographic source.
    ///
    /// # Errors
    /// [`NoiseError::NotAuthentic`] where the offer is broken.
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

    /// Takes the number that the controller committed to.
    ///
    /// # Errors
    /// [`NoiseError::NotAuthentic`] where it is another.
    pub fn revealed(mut self, sealed: &[u8]) -> Result<Confirmed, NoiseError> {
        let nonce = self.channel.open(sealed)?;
        if !bool::from(commitment(&nonce).ct_eq(&self.commitment)) {
            return Err(NoiseError::NotAuthentic);
        }
        Ok(Confirmed {
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
    // SHA-256: the hash of the handshake has 32 bytes.
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
    // Below a million: it fits.
    Code(u32::try_from(number % 1_000_000).unwrap_or_default())
}
