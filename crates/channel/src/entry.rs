//! The log of a channel: messages in both directions, pings, state changes and
//! ends, each with its time.

use std::{
    fmt,
    time::{Duration, SystemTime},
};

use super::cause::EndCause;

/// An entry in the log of a channel.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The number of the entry, from 0.
    pub number: u64,
    /// The wall-clock time.
    pub at: SystemTime,
    /// The time since the channel was first opened, by a monotonic clock.
    pub offset: Duration,
    /// What happened.
    pub kind: EntryKind,
}

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub enum EntryKind {
    /// A message.
    Message(Direction, Content),
    /// A ping was sent or received.
    Ping(Direction),
    /// One of our pings was answered, with this round trip.
    Pong(Duration),
    /// A connection is being opened.
    Connecting,
    /// The connection is open, with this subprotocol.
    Open(Option<String>),
    /// The connection ended or could not be opened.
    End(EndCause),
    /// The next attempt begins after this time.
    Waiting(Duration),
    /// This many entries are missing here.
    Missing(u64),
    /// A line of a recording that this program does not know, unchanged.
    Other(String),
}

/// The direction of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Received.
    In,
    /// Sent.
    Out,
}

/// The contents of a message.
#[derive(Clone, PartialEq, Eq)]
pub enum Content {
    /// Text.
    Text(Box<str>),
    /// Bytes.
    Binary(Box<[u8]>),
}

impl Content {
    /// The size in bytes.
    pub fn len(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Binary(bytes) => bytes.len(),
        }
    }

    /// Whether it has no bytes.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The text of a text message.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Binary(_) => None,
        }
    }
}

impl fmt::Debug for Content {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(
                formatter,
                "Text({:?})",
                text.chars().take(200).collect::<String>()
            ),
            Self::Binary(bytes) => write!(formatter, "Binary({} bytes)", bytes.len()),
        }
    }
}

impl Entry {
    /// The approximate size in memory, in bytes.
    pub fn size(&self) -> usize {
        let more = match &self.kind {
            EntryKind::Message(_, content) => content.len(),
            EntryKind::Other(text) | EntryKind::Open(Some(text)) => text.len(),
            EntryKind::End(cause) => cause.to_string().len(),
            _ => 0,
        };
        size_of::<Self>() + more
    }

    /// The message, if this is one.
    pub fn message(&self) -> Option<(Direction, &Content)> {
        match &self.kind {
            EntryKind::Message(way, content) => Some((*way, content)),
            _ => None,
        }
    }
}

/// Formats bytes as two hexadecimal digits each, without separators.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble & 15)]);
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(*byte)])
        .collect()
}

/// Parses bytes written as two hexadecimal digits each; whitespace is ignored.
///
/// # Errors
/// If there is another character, or an odd number of digits.
pub fn from_hex(text: &str) -> Result<Vec<u8>, HexError> {
    let digits: Vec<u8> = text
        .chars()
        .filter(|c| !c.is_whitespace())
        .map(|c| {
            c.to_digit(16)
                .and_then(|digit| u8::try_from(digit).ok())
                .ok_or(HexError::Digit(c))
        })
        .collect::<Result<_, _>>()?;
    if !digits.len().is_multiple_of(2) {
        return Err(HexError::Odd);
    }
    Ok(digits
        .chunks_exact(2)
        .map(|pair| pair[0] << 4 | pair[1])
        .collect())
}

/// Why a text cannot be parsed as bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HexError {
    /// A character is not a hexadecimal digit.
    #[error("{0:?} is not a hexadecimal digit. Write two digits per byte, for example 00 ff 7a")]
    Digit(char),
    /// A digit is left over.
    #[error("a digit is missing. Write two digits per byte, for example 00 ff 7a")]
    Odd,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_two_digits_each_and_round_trip() {
        assert_eq!(hex(&[0, 255, 0x7a]), "00ff7a");
        assert_eq!(from_hex("00 FF\n7a"), Ok(vec![0, 255, 0x7a]));
        assert_eq!(
            (from_hex("0"), from_hex("0g")),
            (Err(HexError::Odd), Err(HexError::Digit('g')))
        );
    }
}
