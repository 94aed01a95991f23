//! NNpsk0: two messages without payload. The first proves to the board that the
//! controller has the key, before the board performs an expensive computation.
//! The second proves to the controller that the board has it. Only messages
//! that decrypt after that are authentic.

use snow::HandshakeState;

use crate::{
    Answer, Channel, Hello, Key, NoiseError, Offer, Psk,
    suite::{End, handshake},
};

/// A controller that has sent its offer.
#[derive(Debug)]
pub struct Initiator(HandshakeState);

impl Initiator {
    /// Answers a board's hello with an offer. `ephemeral` is 32 new bytes from
    /// a cryptographic source.
    ///
    /// # Errors
    /// [`NoiseError::Unexpected`] if the hello is from another board than the
    /// key's; no offer is made then.
    pub fn new(hello: &Hello, key: &Key, ephemeral: [u8; 32]) -> Result<(Self, Offer), NoiseError> {
        if hello.board != key.board {
            return Err(NoiseError::Unexpected);
        }
        let mut state = handshake(
            End::Controller,
            Some(&key.psk),
            &hello.prologue(Some(key.kid)),
            ephemeral,
        )?;
        let message = write(&mut state)?;
        Ok((
            Self(state),
            Offer {
                kid: key.kid,
                message,
            },
        ))
    }

    /// Processes the board's answer and returns the encrypted channel.
    ///
    /// # Errors
    /// [`NoiseError::NotAuthentic`] if the board has another key.
    pub fn finish(mut self, answer: &Answer) -> Result<Channel, NoiseError> {
        read(&mut self.0, &answer.message)?;
        Channel::of(self.0)
    }
}

/// The board's side: verifies an offer against the key that it names, and
/// answers it. The caller must not act on anything until the first message on
/// the channel has been decrypted: only that proves that the offer was not
/// replayed.
///
/// # Errors
/// [`NoiseError::NotAuthentic`] if the offer was made with another key, for
/// another board or for another hello.
pub fn respond(
    hello: &Hello,
    offer: &Offer,
    psk: &Psk,
    ephemeral: [u8; 32],
) -> Result<(Channel, Answer), NoiseError> {
    let mut state = handshake(
        End::Board,
        Some(psk),
        &hello.prologue(Some(offer.kid)),
        ephemeral,
    )?;
    read(&mut state, &offer.message)?;
    let message = write(&mut state)?;
    Ok((Channel::of(state)?, Answer { message }))
}

/// Writes a handshake message without payload.
pub(crate) fn write<const N: usize>(state: &mut HandshakeState) -> Result<[u8; N], NoiseError> {
    // snow requires room for a tag even if none is written.
    let mut message = [0; 64];
    let written = state
        .write_message(&[], &mut message)
        .map_err(|_| NoiseError::Unexpected)?;
    message
        .get(..written)
        .and_then(|message| message.try_into().ok())
        .ok_or(NoiseError::Unexpected)
}

/// Reads a handshake message, which must have no payload.
pub(crate) fn read(state: &mut HandshakeState, message: &[u8]) -> Result<(), NoiseError> {
    let mut payload = [0; 64];
    match state.read_message(message, &mut payload) {
        Ok(0) => Ok(()),
        Ok(_) => Err(NoiseError::Unexpected),
        Err(_) => Err(NoiseError::NotAuthentic),
    }
}
