//! What happens on a channel, as data: messages both ways, pings, states and
//! ends, each with its times.

use std::{
    fmt,
    time::{Duration, SystemTime},
};

use super::cause::Cause;

/// Something that happened on a channel.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Counts what happens on one channel, from 0.
    pub number: u64,
    /// When, by the wall clock.
    pub at: SystemTime,
    /// When, since the channel was first opened, by a clock that is never set.
    pub offset: Duration,
    /// What.
    pub what: What,
}

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub enum What {
    /// A message.
    Message(Direction, Content),
    /// A ping went out or came in.
    Ping(Direction),
    /// A ping of ours was answered after this time.
    Pong(Duration),
    /// It is being opened.
    Connecting,
    /// It is open, with this subprotocol.
    Open(Option<String>),
    /// It ended, or could not be opened.
    End(Cause),
    /// It is tried again after this time.
    Waiting(Duration),
    /// So many entries are missing here.
    Missing(u64),
    /// Something of a recording that this program does not know, as it is
    /// there.
    Other(String),
}

/// Which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// It came.
    In,
    /// It was sent.
    Out,
}

/// What is in a message.
#[derive(Clone, PartialEq, Eq)]
pub enum Content {
    /// Text.
    Text(Box<str>),
    /// Bytes.
    Binary(Box<[u8]>),
}

impl Content {
    /// The number of its bytes.
    pub fn len(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Binary(bytes) => bytes.len(),
        }
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The text, where it is one.
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
    /// What it takes in memory, in bytes, nearly.
    pub fn size(&self) -> usize {
        let more = match &self.what {
            What::Message(_, content) => content.len(),
            What::Other(text) | What::Open(Some(text)) => text.len(),
            What::End(cause) => cause.to_string().len(),
            _ => 0,
        };
        size_of::<Self>() + more
    }

    /// The message, where it is one.
    pub fn message(&self) -> Option<(Direction, &Content)> {
        match &self.what {
            What::Message(way, content) => Some((*way, content)),
            _ => None,
        }
    }
}

/// Bytes as two hexadecimal digits each, without anything between.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble & 15)]);
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(*byte)])
        .collect()
}

/// Reads bytes that are written as two hexadecimal digits each; spaces and line
/// breaks between them are passed over.
///
/// # Errors
/// Where there is another character, or an odd number of digits.
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

/// Why a text is no bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HexError {
    /// Another character.
    #[error("{0:?} is no hexadecimal digit. Accepted: two digits a byte, for example 00 ff 7a")]
    Digit(char),
    /// Half a byte.
    #[error("half a byte is left over. Accepted: two digits a byte, for example 00 ff 7a")]
    Odd,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_two_digits_each_and_read_back() {
        assert_eq!(hex(&[0, 255, 0x7a]), "00ff7a");
        assert_eq!(from_hex("00 FF\n7a"), Ok(vec![0, 255, 0x7a]));
        assert_eq!(
            (from_hex("0"), from_hex("0g")),
            (Err(HexError::Odd), Err(HexError::Digit('g')))
        );
    }
}
