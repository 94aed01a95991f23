//! NNpsk0: two messages, neither of which carries data. The first proves to the
//! board that the controller has the key, before the board reckons anything
//! costly; the second proves to the controller that the board has it. What
//! holds is what decrypts after that.

use snow::HandshakeState;

use crate::{
    Answer, Channel, Hello, Key, NoiseError, Offer, Psk,
    suite::{End, handshake},
};

/// A controller that made its offer.
#[derive(Debug)]
pub struct Initiator(HandshakeState);

impl Initiator {
    /// Answers a board's greeting with an offer. `ephemeral` is 32 fresh bytes
    /// from a cryptographic source.
    ///
    /// # Errors
    /// [`NoiseError::Unexpected`] where the greeting is another board's than
    /// the key's: nothing is offered to it.
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

    /// Takes the board's answer; from then on everything is encrypted.
    ///
    /// # Errors
    /// [`NoiseError::NotAuthentic`] where the board has another key.
    pub fn finish(mut self, answer: &Answer) -> Result<Channel, NoiseError> {
        read(&mut self.0, &answer.message)?;
        Channel::of(self.0)
    }
}

/// The board's side: checks an offer against the key that it names, and answers
/// it. Nothing may be acted on before the channel's first message has been
/// opened: only that one proves that the offer was made now.
///
/// # Errors
/// [`NoiseError::NotAuthentic`] where the offer was made with another key, for
/// another board or for another greeting.
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

/// Writes a message of a handshake, without a payload.
pub(crate) fn write<const N: usize>(state: &mut HandshakeState) -> Result<[u8; N], NoiseError> {
    // snow asks for room for a tag also where none is written.
    let mut message = [0; 64];
    let written = state
        .write_message(&[], &mut message)
        .map_err(|_| NoiseError::Unexpected)?;
    message
        .get(..written)
        .and_then(|message| message.try_into().ok())
        .ok_or(NoiseError::Unexpected)
}

/// Reads a message of a handshake, which may carry no payload.
pub(crate) fn read(state: &mut HandshakeState, message: &[u8]) -> Result<(), NoiseError> {
    let mut payload = [0; 64];
    match state.read_message(message, &mut payload) {
        Ok(0) => Ok(()),
        Ok(_) => Err(NoiseError::Unexpected),
        Err(_) => Err(NoiseError::NotAuthentic),
    }
}
