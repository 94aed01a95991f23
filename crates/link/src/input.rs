//! What a session is told.

use std::sync::Arc;

use address::Candidates;
use families::Family;
use keys::Keys;
use protocol::LogFilter;

use super::{
    commands::Command, session::InboundConnection, socket::SocketEvent, target::Via, update::Image,
};

/// What a session is told.
#[derive(Debug)]
pub enum Input {
    /// A link is wanted from now on.
    Connect,
    /// No link is wanted any more.
    Disconnect,
    /// Retry now instead of after the backoff.
    RetryNow,
    /// More addresses at which the board may be.
    Addresses(Candidates),
    /// The user typed this address: whichever board answers there is meant.
    TypedAddress(String),
    /// mDNS, or a broker, announced the board.
    Announced(Announced),
    /// The next attempt uses this announcement of the board instead of the
    /// previous one, which led to nothing.
    UseAnnouncement(Announced),
    /// The board had this id when an earlier run knew it.
    KnownId(String),
    /// Only the board with this id is meant: another one that answers at its
    /// address is not connected to.
    OnlyId(String),
    /// The board is of this family: the user said so, or an earlier run knew
    /// it.
    Family(Family),
    /// The answer to [`super::output::Output::Fetch`] of this attempt: the
    /// body, or the reason for its absence.
    Fetched {
        /// The attempt.
        attempt: u64,
        /// The path.
        path: String,
        /// The body.
        body: Result<String, String>,
    },
    /// The keys are still being loaded: until then no board is connected to.
    KeysPending,
    /// These keys are held from now on.
    Keys(Keys),
    /// The socket of this attempt reports something.
    Socket(u64, SocketEvent),
    /// A command for the board.
    Command(Command),
    /// These lines of the board's log are wanted from now on.
    FollowLog(LogFilter),
    /// Whether the live preview of the board's light is wanted from now on, if
    /// its family has one.
    FollowPreview(bool),
    /// A firmware update was requested; its image is being read. The number is
    /// that of [`Input::ImageRead`].
    UpdateRequested(u64),
    /// The image was read, or why it cannot be.
    ImageRead {
        /// The number of the update.
        update: u64,
        /// The image.
        image: Result<Image, String>,
        /// The running version, if known.
        running: Option<String>,
    },
    /// The update was canceled.
    CancelUpdate,
    /// A peer that states to be the board has connected to this program.
    Inbound(InboundConnection),
    /// Another peer claims to be the board, which is connected: verify that the
    /// link works, and report it as [`super::output::Report::Verified`].
    VerifyLink,
    /// The id that was stated on this connection belongs to a board to which
    /// another link works.
    IdTaken {
        /// The id.
        id: String,
        /// Where that link goes.
        by: String,
    },
    /// This program no longer accepts inbound connections.
    ListenerClosed,
    /// [`super::session::Session::next_deadline`] has passed.
    Tick,
}

/// What of an announcement matters to a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announced {
    /// The announced id: another board that answers there is not taken for this
    /// one.
    pub id: String,
    /// Where it is.
    pub addresses: Candidates,
    /// Its family.
    pub family: Family,
    /// The major protocol version.
    pub proto: u32,
    /// Whether it is locked.
    pub locked: bool,
    /// Set if it is reached through a broker, whose addresses these are.
    pub via: Option<Arc<Via>>,
}
