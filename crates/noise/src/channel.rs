//! The encrypted channel: every WebSocket binary message is one Noise transport
//! message, and carries one message of the protocol. Implicit counters ensure
//! that none is repeated, dropped or reordered.

use alloc::{string::String, vec, vec::Vec};
use core::fmt;

use snow::{HandshakeState, TransportState};

use crate::NoiseError;

/// Bytes that encryption adds to a message: the tag of ChaCha20-Poly1305 (RFC
/// 8439, section 2.8).
pub const OVERHEAD: usize = 16;

/// Noise's own limit of a message, in bytes (revision 34, section 3).
const MOST: usize = 65_535;

/// Encrypts outgoing and decrypts incoming messages.
pub struct Channel(TransportState);

impl fmt::Debug for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Channel(..)")
    }
}

impl Channel {
    pub(crate) fn of(state: HandshakeState) -> Result<Self, NoiseError> {
        state
            .into_transport_mode()
            .map(Self)
            .map_err(|_| NoiseError::Unexpected)
    }

    /// Encrypts a message. Messages must be sent in the order of the calls.
    ///
    /// # Errors
    /// [`NoiseError::TooLong`] if it exceeds 65,519 bytes.
    pub fn seal(&mut self, message: &[u8]) -> Result<Vec<u8>, NoiseError> {
        let most = MOST - OVERHEAD;
        if message.len() > most {
            return Err(NoiseError::TooLong { most });
        }
        let mut sealed = vec![0; message.len() + OVERHEAD];
        match self.0.write_message(message, &mut sealed) {
            Ok(written) => {
                sealed.truncate(written);
                Ok(sealed)
            }
            // 2^64 - 1 messages were sent.
            Err(_) => Err(NoiseError::Unexpected),
        }
    }

    /// Decrypts a message. After an error nothing more can be decrypted: the
    /// connection must be closed.
    ///
    /// # Errors
    /// [`NoiseError::NotAuthentic`] if it was altered, repeated or reordered,
    /// or if one before it was dropped.
    pub fn open(&mut self, sealed: &[u8]) -> Result<Vec<u8>, NoiseError> {
        if sealed.len() > MOST {
            return Err(NoiseError::TooLong { most: MOST });
        }
        let length = sealed
            .len()
            .checked_sub(OVERHEAD)
            .ok_or(NoiseError::NotAuthentic)?;
        let mut message = vec![0; length];
        match self.0.read_message(sealed, &mut message) {
            Ok(read) if read == length => Ok(message),
            Ok(_) | Err(_) => Err(NoiseError::NotAuthentic),
        }
    }

    /// Like [`Self::open`], for a text message.
    ///
    /// # Errors
    /// Like [`Self::open`], and [`NoiseError::NotText`] if it is not UTF-8.
    pub fn open_text(&mut self, sealed: &[u8]) -> Result<String, NoiseError> {
        String::from_utf8(self.open(sealed)?).map_err(|_| NoiseError::NotText)
    }
}
