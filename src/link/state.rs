//! How a link is and why it is not, what came of a command, who caused a
//! change. Plain data: nothing here decides.

use std::time::{Duration, Instant, SystemTime};

use protocol::{RpcError, Source};
use serde_json::Value;

use net::backoff::{AFTER_REFUSAL, SELDOM};

/// One time on two scales: the one that deadlines use, and the one of values
/// and events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Now {
    /// Never jumps.
    pub instant: Instant,
    /// Steady too: it begins as the system's clock says and does not jump when
    /// that is set (`fleet::Clock`).
    pub wall: SystemTime,
}

/// How a link is. What is announced is not yet alive; only `Connected` is.
#[derive(Debug, Clone, PartialEq)]
pub enum LinkState {
    /// Heard of by mDNS; no link is wanted or none has been tried.
    Announced,
    /// On the way: opening the socket, or subscribing.
    Connecting,
    /// Subscribed; something was heard within
    /// [`protocol::limits::STALE_AFTER`].
    Connected,
    /// Subscribed, but silent: nothing was heard since then.
    Stale,
    /// No link.
    Unreachable {
        /// Why the last attempt or the last link ended.
        problem: LinkProblem,
        /// When it is tried again; `None` where trying is pointless until
        /// something changes.
        retry_at: Option<Instant>,
    },
}

/// Why there is no link.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LinkProblem {
    /// The host refused or cannot be reached, in the words of the system.
    #[error("cannot connect: {0}")]
    Connect(String),
    /// It is only announced, and on no network of this computer: an
    /// announcement is not enough to go there.
    #[error(
        "its address {0} is on no network of this computer; if your board is there, add it by \
             that address"
    )]
    Elsewhere(String),
    /// Neither opened nor refused within [`protocol::limits::CONNECT_TIMEOUT`].
    #[error("no answer within 10 s")]
    ConnectTimeout,
    /// HTTP 503.
    #[error("all places for controllers are taken")]
    AllPlacesTaken,
    /// Another major version, named.
    #[error(
        "speaks protocol {theirs}; this program speaks {}",
        protocol::PROTOCOL_MAJOR
    )]
    UnsupportedVersion {
        /// The board's major, or what it said.
        theirs: String,
    },
    /// The keychain has not yet said which keys this computer has.
    #[error("waits for the keychain to say which keys this computer has")]
    KeysAwaited,
    /// It speaks only encrypted.
    #[error("is locked, and this computer has no key for it")]
    Locked,
    /// This computer has a key for it that could not be had, so that nothing is
    /// sent to it.
    #[error(
        "is known to be locked, and its key could not be read ({why}); nothing is sent to it in \
             plain text"
    )]
    KeyUnavailable {
        /// The board's id.
        board: String,
        /// Why not.
        why: String,
    },
    /// It speaks only encrypted, and refused the key.
    #[error("is locked, and does not accept the key that this computer has for it")]
    WrongKey,
    /// It spoke in plain text although a key is held for it.
    #[error(
        "says that it is open, and this computer has a key for {board}: it was erased, or \
             something else answers in its place"
    )]
    NotLocked {
        /// The board's id.
        board: String,
    },
    /// The socket is open, a key is held, and nothing is said: so behaves an
    /// open board, which waits to be asked.
    #[error(
        "does not greet as a locked board does, and this computer has a key for it: it was \
             erased, or something else answers in its place"
    )]
    NoGreeting,
    /// At another address than before, the board says that it is locked
    /// although it was open, or the other way round. An announcement alone can
    /// lead there.
    #[error(
        "was {} when this computer last spoke with it, and what answers at another address now \
             says that it is {}. If you did not change \
         that, something else answers in its place. Connect again to accept it",
        if *.locked { "open" } else { "locked" }, if *.locked { "locked" } else { "open" }
    )]
    LockChanged {
        /// What it says now.
        locked: bool,
    },
    /// What it sent was not made with the key.
    #[error("sent something that was not made with its key, or was changed on its way")]
    NotAuthentic,
    /// The socket ended.
    #[error("the connection was closed")]
    Closed,
    /// Silent for [`protocol::limits::CLIENT_DROPS_AFTER`].
    #[error("silent for 45 s")]
    Silent,
    /// It answered something that is no Switchboard board, or broke the
    /// protocol.
    #[error("does not speak as a Switchboard board: {0}")]
    NotABoard(String),
    /// It said that it restarts.
    #[error("restarting")]
    Rebooting,
    /// It calls, and nobody knows where it can be connected to; why its last
    /// call ended, empty where that is not known.
    #[error("waiting for it to call{}{}", if .0.is_empty() { "" } else { ": " }, .0)]
    AwaitsCall(String),
    /// It calls, and this program does not listen.
    #[error("it calls this computer, which listens no more")]
    NotListening,
    /// It says an id that another board has whose link works.
    #[error("two boards claim the id {id}: the one that is connected, at {by}, keeps it")]
    IdTaken {
        /// The id.
        id: String,
        /// Where the board is that is connected.
        by: String,
    },
    /// The address that mDNS gave belongs to another board by now.
    #[error("another board, {found}, answers there instead of {expected}")]
    AnotherBoard {
        /// The id of the board that is meant.
        expected: String,
        /// The id of the one that answers.
        found: String,
    },
}

impl LinkProblem {
    /// Whether waiting is of little use until something changes: another key,
    /// another announcement, a person who wants it tried. Where a peer said so,
    /// it is asked again now and then all the same: anyone can answer at an
    /// address, and announce anything.
    pub fn is_settled(&self) -> bool {
        matches!(
            self,
            Self::UnsupportedVersion { .. }
                | Self::KeysAwaited
                | Self::KeyUnavailable { .. }
                | Self::Locked
                | Self::WrongKey
                | Self::NotLocked { .. }
                | Self::LockChanged { .. }
                | Self::NotListening
        )
    }

    /// How long it is waited before the next attempt where that is of little
    /// use; `None` where it is of none.
    pub(crate) fn asked_again_after(&self) -> Option<Duration> {
        match self {
            Self::WrongKey | Self::NotLocked { .. } | Self::LockChanged { .. } => {
                Some(AFTER_REFUSAL)
            }
            Self::Locked | Self::UnsupportedVersion { .. } => Some(SELDOM),
            _ => None,
        }
    }

    /// Whether it is about the key of a locked board.
    pub fn is_about_keys(&self) -> bool {
        matches!(
            self,
            Self::KeyUnavailable { .. }
                | Self::Locked
                | Self::WrongKey
                | Self::NotLocked { .. }
                | Self::NoGreeting
                | Self::NotAuthentic
        )
    }
}

/// What came of a command.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// Done, and its effect is visible; after this long.
    Done {
        /// The board's result.
        result: Value,
        /// From the call to the confirmation.
        took: Duration,
    },
    /// The board said no.
    Refused(RpcError),
    /// No answer within [`protocol::limits::COMMAND_TIMEOUT`] of the click;
    /// whether it was carried out is not known.
    Unconfirmed,
    /// The link went down before the answer; whether it was carried out is not
    /// known. It is never sent again.
    LinkLost,
    /// Not sent: there is no link.
    NotConnected,
    /// Not sent: a newer command for the same component took its place.
    Superseded,
}

/// Why the whole state was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResyncCause {
    /// The board was reset.
    NewEpoch,
    /// A push was missed.
    Gap,
}

/// Who changed something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// This program.
    ThisProgram,
    /// Another controller, by its number.
    OtherController(u32),
    /// A hand at the board, or the world that its sensors see.
    ByHand,
    /// The board itself.
    Board,
    /// Several at once, or a source that this program does not know.
    Unknown,
}

impl Origin {
    /// Reads a source as the client with the number `own` sees it.
    pub(crate) fn of(source: Option<&Source>, own: Option<u32>) -> Self {
        match source {
            Some(Source::Client(number)) if Some(*number) == own => Self::ThisProgram,
            Some(Source::Client(number)) => Self::OtherController(*number),
            Some(Source::Physical) => Self::ByHand,
            Some(Source::Timer | Source::Boot) => Self::Board,
            Some(Source::Unknown(_)) | None => Self::Unknown,
        }
    }
}

/// How a socket ended, or why it never opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The host refused or cannot be reached.
    NoConnection(String),
    /// It is announced at these addresses, and no network of this computer has
    /// them.
    Elsewhere(Vec<String>),
    /// HTTP 503 (design: a fifth controller).
    AllPlacesTaken,
    /// The handshake failed over the subprotocol.
    OtherSubprotocol(String),
    /// HTTP 403.
    Forbidden(String),
    /// Another HTTP answer, or no HTTP at all.
    NotWebSocket(String),
    /// A close frame, or the end of the connection.
    Closed,
    /// It sends faster than this program reads, or breaks WebSocket.
    Misbehaved(String),
}

impl From<Ending> for LinkProblem {
    fn from(ending: Ending) -> Self {
        match ending {
            Ending::NoConnection(text) => Self::Connect(text),
            Ending::Elsewhere(addresses) => Self::Elsewhere(addresses.join(", ")),
            Ending::AllPlacesTaken => Self::AllPlacesTaken,
            Ending::OtherSubprotocol(theirs) => Self::UnsupportedVersion { theirs },
            Ending::Forbidden(text) | Ending::NotWebSocket(text) | Ending::Misbehaved(text) => {
                Self::NotABoard(text)
            }
            Ending::Closed => Self::Closed,
        }
    }
}
