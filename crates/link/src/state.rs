//! The state of a link and its problems, the outcome of a command, the origin
//! of a change. Plain data.

use std::time::Duration;

use families::Family;
use protocol::{RpcError, Source};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use web_time::{Instant, SystemTime};

use super::socket::Ending;

/// How long to wait after the peer at a board's address rejected the key of
/// this computer, or was not locked. It may have been another peer.
pub(crate) const AFTER_REFUSAL: Duration = Duration::from_secs(60);

/// How long to wait if a board states that it is locked and there is no key, or
/// that it speaks another version. That is most likely true, but any peer can
/// state it, so the board is retried.
pub(crate) const SELDOM: Duration = Duration::from_secs(600);

/// One time on two scales: the one that deadlines use, and the one of values
/// and events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// Never jumps.
    pub instant: Instant,
    /// Steady too: it starts at the system time and does not jump when that is
    /// set (`fleet::Clock`).
    pub wall: SystemTime,
}

/// The state of a link. A board that is announced is not necessarily online;
/// one that is `Connected` is.
#[derive(Debug, Clone, PartialEq)]
pub enum LinkState {
    /// Announced by mDNS; no link is wanted, or none was tried yet.
    Announced,
    /// Opening the socket, or subscribing.
    Connecting,
    /// Subscribed; something was heard within
    /// [`protocol::limits::STALE_AFTER`].
    Connected,
    /// Subscribed, but silent for longer than that.
    Stale,
    /// No link.
    Unreachable {
        /// Why the last attempt failed, or the last link ended.
        problem: LinkProblem,
        /// When it is retried; `None` if there is no point until something
        /// changes.
        retry_at: Option<Instant>,
    },
}

impl LinkState {
    /// Whether commands reach the board.
    pub fn is_up(&self) -> bool {
        matches!(self, Self::Connected | Self::Stale)
    }
}

/// Why there is no link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum LinkProblem {
    /// The host refused or cannot be reached; the system's message.
    #[error("cannot connect: {0}")]
    Connect(String),
    /// It is only announced, at an address on no network of this computer: an
    /// announcement is not enough to connect there.
    #[error(
        "its address {0} is on no network of this computer; if that is your board, add it by \
         that address"
    )]
    Elsewhere(String),
    /// Neither opened nor refused within [`protocol::limits::CONNECT_TIMEOUT`].
    #[error("no answer within 10 s")]
    ConnectTimeout,
    /// HTTP 503.
    #[error("the board is full: all of its client slots are in use")]
    AllSlotsTaken,
    /// Another major version, named.
    #[error(
        "speaks protocol {theirs}; this program speaks {}",
        protocol::PROTOCOL_MAJOR
    )]
    UnsupportedVersion {
        /// The board's major, or what it said.
        theirs: String,
    },
    /// The keys of this computer are still being loaded.
    #[error("waiting for the keychain")]
    KeysPending,
    /// It is locked, and this computer has no key for it.
    #[error("is locked, and this computer has no key for it")]
    Locked,
    /// This computer has a key for it that could not be read, so nothing is
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
    /// It is locked, and rejected the key.
    #[error("is locked, and rejects the key that this computer has for it")]
    WrongKey,
    /// It answered in plain text although a key is held for it.
    #[error(
        "is open although this computer has a key for {board}: the board was erased, or another \
         device answers in its place"
    )]
    NotLocked {
        /// The board's id.
        board: String,
    },
    /// The socket is open, a key is held, and no hello arrived: an open board
    /// waits for a request.
    #[error(
        "does not start a handshake although this computer has a key for it: the board was \
         erased, or another device answers in its place"
    )]
    NoHello,
    /// At another address than before, the board is locked although it was
    /// open, or the other way round. An announcement alone can lead there.
    #[error(
        "was {} when this computer last connected to it, and what answers at its new address is \
         {}. If you did not change that, another device answers in its place. Connect again to \
         accept it",
        if *.locked { "open" } else { "locked" }, if *.locked { "locked" } else { "open" }
    )]
    LockChanged {
        /// Whether it is locked now.
        locked: bool,
    },
    /// A message failed authentication.
    #[error("sent a message that was not encrypted with its key, or was altered in transit")]
    NotAuthentic,
    /// The broker, or the bridge, through which it is reached says that it is
    /// not there.
    #[error("the broker reports it offline")]
    ReportedOffline,
    /// The broker through which it is reached cannot be used, and why.
    #[error("no connection through its broker: {0}")]
    Broker(String),
    /// There is no connection to the server that keeps it, and why.
    #[error("no connection to the server: {0}")]
    Server(String),
    /// The socket ended.
    #[error("the connection was closed")]
    Closed,
    /// Silent for [`protocol::limits::CLIENT_DROPS_AFTER`].
    #[error("silent for 45 s")]
    Silent,
    /// It is not a Switchboard board, or violates the protocol.
    #[error("is not a Switchboard board, or violates the protocol: {0}")]
    NotABoard(String),
    /// It is no board of the family that was expected, or violates its
    /// protocol.
    #[error("is not {} as this program knows it: {why}", family.title())]
    NotThatFamily {
        /// The family.
        family: Family,
        /// What is wrong.
        why: String,
    },
    /// It announced that it restarts.
    #[error("restarting")]
    Rebooting,
    /// It connects to this program, and its own address is not known; why its
    /// last connection ended, empty if that is not known.
    #[error("waiting for it to connect{}{}", if .0.is_empty() { "" } else { ": " }, .0)]
    AwaitingInbound(String),
    /// It connects to this program, which no longer listens.
    #[error("it connects to this computer, which no longer listens")]
    NotListening,
    /// It states the id of another board, whose link works.
    #[error("two boards claim the id {id}: the connected one, at {by}, keeps it")]
    IdTaken {
        /// The id.
        id: String,
        /// The address of the connected board.
        by: String,
    },
    /// The address that mDNS gave belongs to another board by now.
    #[error("another board, {found}, answers there instead of {expected}")]
    AnotherBoard {
        /// The id of the expected board.
        expected: String,
        /// The id of the one that answers.
        found: String,
    },
}

impl LinkProblem {
    /// Whether a retry is of little use until something changes: another key,
    /// another announcement, or the user's decision. If a peer caused it, it is
    /// retried occasionally all the same, because any peer can answer at an
    /// address.
    pub fn is_settled(&self) -> bool {
        matches!(
            self,
            Self::UnsupportedVersion { .. }
                | Self::KeysPending
                | Self::KeyUnavailable { .. }
                | Self::Locked
                | Self::WrongKey
                | Self::NotLocked { .. }
                | Self::LockChanged { .. }
                | Self::NotListening
                | Self::ReportedOffline
        )
    }

    /// How long to wait before a retry that is of little use; `None` if it is
    /// of no use at all.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::WrongKey | Self::NotLocked { .. } | Self::LockChanged { .. } => {
                Some(AFTER_REFUSAL)
            }
            Self::Locked | Self::UnsupportedVersion { .. } | Self::ReportedOffline => Some(SELDOM),
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
                | Self::NoHello
                | Self::NotAuthentic
        )
    }
}

/// The outcome of a command.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// Done, and its effect is visible.
    Done {
        /// The board's result.
        result: Value,
        /// From the click to the confirmation.
        took: Duration,
    },
    /// The board refused.
    Refused(RpcError),
    /// No response within [`protocol::limits::COMMAND_TIMEOUT`] of the click;
    /// whether it was carried out is unknown.
    Unconfirmed,
    /// The link went down before the response; whether it was carried out is
    /// unknown. It is never sent again.
    LinkLost,
    /// Not sent: there is no link.
    NotConnected,
    /// Not sent: a newer command for the same component replaced it.
    Superseded,
}

/// When the parts of a command happened, counted from the click. What did not
/// happen, or was not seen, is `None`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trail {
    /// The id of the request.
    pub request: Option<i64>,
    /// The request was sent.
    pub sent: Option<Duration>,
    /// The response arrived.
    pub answered: Option<Duration>,
    /// The push with the effect arrived.
    pub pushed: Option<Duration>,
    /// The number of that push.
    pub seq: Option<u64>,
}

/// Why the whole state was requested.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ResyncCause {
    /// The board has other components than before.
    OtherComponents,
    /// The board was reset.
    NewEpoch,
    /// A push was missed.
    Gap,
}

/// Who caused a change or an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Origin {
    /// This program.
    ThisProgram,
    /// Another controller, by its number.
    OtherController(u32),
    /// A person at another window of the same server, by the name that they
    /// gave.
    Person(String),
    /// Physical: someone at the board, or what its sensors measure.
    Physical,
    /// The board itself.
    Board,
    /// Several at once, or a source unknown to this program.
    Unknown,
}

impl Origin {
    /// The origin of a change, as seen by the client with the number `own`.
    pub(crate) fn of(source: Option<&Source>, own: Option<u32>) -> Self {
        match source {
            Some(Source::Client(number)) if Some(*number) == own => Self::ThisProgram,
            Some(Source::Client(number)) => Self::OtherController(*number),
            Some(Source::Physical) => Self::Physical,
            Some(Source::Timer | Source::Boot) => Self::Board,
            Some(Source::Unknown(_)) | None => Self::Unknown,
        }
    }
}

impl From<Ending> for LinkProblem {
    fn from(ending: Ending) -> Self {
        match ending {
            Ending::NoConnection(text) => Self::Connect(text),
            Ending::Elsewhere(addresses) => Self::Elsewhere(addresses.join(", ")),
            Ending::AllSlotsTaken => Self::AllSlotsTaken,
            Ending::OtherSubprotocol(theirs) => Self::UnsupportedVersion { theirs },
            Ending::Forbidden(text) | Ending::NotWebSocket(text) | Ending::Misbehaved(text) => {
                Self::NotABoard(text)
            }
            Ending::Broker(why) => Self::Broker(why),
            Ending::Closed => Self::Closed,
        }
    }
}
