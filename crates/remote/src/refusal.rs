//! Why a server refuses a window, or ends its session.

use crate::wire::{FromServer, VERSION, encode};

/// Why a server refuses a window, or ends its session: the text is the reason
/// of the close frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A message cannot be read.
    #[error("sent a message that is not of this protocol")]
    NotAMessage,
    /// The window speaks another version.
    #[error("the server speaks version {VERSION} of its protocol: update the older of the two")]
    OtherVersion,
    /// A token is needed.
    #[error("the server needs a token: use the address that it printed")]
    NoToken,
    /// The token is not one of the server's.
    #[error("the server does not know this token: ask for the new address")]
    WrongToken,
    /// Too many wrong tokens were tried.
    #[error("too many wrong tokens from here: wait a minute")]
    TooManyAttempts,
    /// All sessions are taken.
    #[error("the server is full: all of its sessions are in use")]
    Full,
    /// Messages come faster than the server takes them.
    #[error("sent more messages than the server takes")]
    TooFast,
    /// A message is longer than the server takes.
    #[error("sent a message that is longer than the server takes")]
    TooLong,
    /// The window reads nothing, or has disappeared.
    #[error("did not answer for too long")]
    Silent,
    /// Someone ended the session.
    #[error("your session was ended by the person who runs this server")]
    Ended,
    /// The server ends.
    #[error("the server is being stopped")]
    Stopping,
}

impl Refusal {
    /// Every one of them.
    pub const ALL: [Self; 11] = [
        Self::NotAMessage,
        Self::OtherVersion,
        Self::NoToken,
        Self::WrongToken,
        Self::TooManyAttempts,
        Self::Full,
        Self::TooFast,
        Self::TooLong,
        Self::Silent,
        Self::Ended,
        Self::Stopping,
    ];

    /// The close code (RFC 6455, section 7.4): 1001 and 1009 where they fit,
    /// otherwise one of those for private use.
    pub const fn code(self) -> u16 {
        match self {
            Self::NotAMessage => 4400,
            Self::NoToken => 4401,
            Self::WrongToken => 4403,
            Self::OtherVersion => 4426,
            Self::TooManyAttempts => 4429,
            Self::Full => 4503,
            Self::TooFast => 4430,
            Self::TooLong => 1009,
            Self::Silent => 4408,
            Self::Ended => 4410,
            Self::Stopping => 1001,
        }
    }

    /// The last message to a window, before the close frame.
    pub fn message(self) -> Vec<u8> {
        encode(&FromServer::Refused(self.code(), self.to_string())).unwrap_or_default()
    }

    /// The one with this close code.
    pub fn of(code: u16) -> Option<Self> {
        Self::ALL.into_iter().find(|refusal| refusal.code() == code)
    }

    /// Whether another token is needed.
    pub const fn wants_token(self) -> bool {
        matches!(self, Self::NoToken | Self::WrongToken)
    }

    /// Whether there is no point in trying again until something changes.
    pub const fn is_final(self) -> bool {
        matches!(
            self,
            Self::OtherVersion | Self::NoToken | Self::WrongToken | Self::Ended
        )
    }
}
