//! The messages between a window and a server that keeps its fleet
//! (`docs/remote-protocol.md`): postcard, one message per binary WebSocket
//! message. What boards define as JSON stays JSON, as a text.

pub mod board;
pub mod event;
mod values;

pub use board::{BoardPart, Command, ComponentPart, Components, Head, Past};
pub use event::{Entry, Event, Result};
pub use values::{Ago, Json, Time, Token};

use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// The version of the messages. Another one is refused by name: windows in a
/// browser come from their server, others are updated with it.
pub const VERSION: u16 = 1;

/// The longest message of a window, in bytes.
pub const FROM_WINDOW: usize = 64 << 10;

/// The longest message of a server, in bytes.
pub const FROM_SERVER: usize = 4 << 20;

/// The most bytes of a firmware image in one message.
pub const IMAGE_PART: usize = 60 << 10;

/// The longest name of a person, in characters.
pub const NAME: usize = 40;

/// A board, by the number that the server gave it.
pub type Board = u32;

/// The first message of a window.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Hello {
    /// See [`VERSION`].
    pub version: u16,
    /// What the server knows the window by; empty if it has none.
    pub token: Token,
    /// The name of the person, for others to see.
    pub name: String,
}

/// What a window sends.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum FromWindow {
    /// First, and only then.
    Hello(Hello),
    /// What the window shows from now on: see [`fleet::Shown`].
    Shows(Shows),
    /// Sets fields of a component.
    Set {
        /// Answered by [`FromServer::Replies`].
        request: u64,
        /// Of the board.
        board: Board,
        /// The component: `light:0`.
        component: String,
        /// The fields.
        change: Json<protocol::State>,
    },
    /// Toggles a component.
    Toggle {
        /// As above.
        request: u64,
        /// Of the board.
        board: Board,
        /// The component.
        component: String,
    },
    /// Any method; a press or a trigger of a component too.
    Call {
        /// As above.
        request: u64,
        /// Of the board.
        board: Board,
        /// The component that it is for, if it is for one.
        component: Option<String>,
        /// The method.
        method: String,
        /// Its parameters.
        params: Json<protocol::Object>,
    },
    /// Adds a board by its address.
    Add {
        /// Answered by [`FromServer::Added`].
        request: u64,
        /// As the user typed it.
        address: String,
    },
    /// Connects to a board that is only announced.
    Connect(Board),
    /// Retries at once.
    RetryNow(Board),
    /// Follows the board's own log up to this level (0 to 4); `None`: no
    /// longer.
    FollowLog(Board, Option<u8>),
    /// Follows the live preview of a light.
    FollowPreview(Board, bool),
    /// Follows the traffic of a link.
    FollowFrames(Board, bool),
    /// A firmware image of this many bytes follows, for this board.
    Image(Board, u32),
    /// The next part of it; the update starts with the last one.
    ImagePart(Vec<u8>),
    /// Cancels the update of a board.
    CancelUpdate(Board),
    /// Ends a session.
    EndSession(u32),
    /// Lets a session control boards, or no longer.
    Grant(u32, bool),
    /// Shows a page to everyone.
    ShowPage(String),
}

/// What a window shows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shows {
    /// See [`fleet::Shown::boards`].
    pub boards: Vec<Board>,
    /// See [`fleet::Shown::round_trips`].
    pub round_trips: Vec<Board>,
    /// See [`fleet::Shown::parts`].
    pub parts: Vec<(Board, Vec<String>)>,
    /// See [`fleet::Shown::log`].
    pub log: bool,
    /// See [`fleet::Shown::news`].
    pub news: bool,
}

/// What a server sends.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum FromServer {
    /// First: the window is accepted.
    Welcome(Welcome),
    /// Boards that changed, entries of the log, and more.
    Changes(Changes),
    /// Outcomes of commands, by request.
    Replies(Vec<(u64, Result)>),
    /// The number of a board that was added by its address, or why not.
    Added(u64, std::result::Result<Board, String>),
    /// Everyone who is connected, and what this window may do.
    Sessions {
        /// Everyone.
        all: Vec<Session>,
        /// Whether this window may command boards.
        control: bool,
    },
    /// Show this page.
    ShowPage(String),
    /// Nothing changed for a while.
    StillHere(Clocks),
    /// The server ends the connection: the code of the close frame that
    /// follows, and why. Programs cannot read a close frame everywhere.
    Refused(u16, String),
}

/// The server accepts a window.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Welcome {
    /// See [`VERSION`].
    pub version: u16,
    /// Another one if the server was started again: numbers of boards are then
    /// new.
    pub run: u64,
    /// This window's number among the sessions.
    pub number: u32,
    /// Whether it may end sessions and grant control.
    pub manages: bool,
    /// The clocks of the server.
    pub clocks: Clocks,
}

/// The clocks of the server at the moment of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clocks {
    /// The steady one, on whose scale values and events are.
    pub steady: Time,
    /// The system clock.
    pub system: Time,
}

/// What changed since the last message of this kind. The first ones contain
/// every board.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Changes {
    /// Boards, newest state only.
    pub boards: Vec<BoardPart>,
    /// Boards that were removed.
    pub forgotten: Vec<Board>,
    /// New entries of the log, oldest first.
    pub log: Vec<Entry>,
    /// How many entries were dropped before these.
    pub missed: u64,
    /// Discovery and brokers, if that changed.
    pub status: Option<Status>,
    /// Every board was sent since the connection began: any other one that the
    /// window still has is gone.
    pub complete: bool,
}

/// Discovery, listening and brokers of the server.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// See [`fleet::FleetStatus::discovery_problem`].
    pub discovery_problem: Option<String>,
    /// See [`fleet::FleetStatus::resolving`].
    pub resolving: bool,
    /// Where boards can connect to the server, or the address and why not.
    pub listening: Option<(String, Option<String>)>,
    /// The brokers: address, why it cannot be used, boards, refused topics.
    pub brokers: Vec<Broker>,
}

/// A broker of the server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Broker {
    /// Where it is.
    pub address: String,
    /// Connecting (`None`), connected, or failed with a problem and whether the
    /// login was refused.
    pub state: Option<std::result::Result<(), (String, bool)>>,
    /// How many boards were found on it.
    pub boards: u32,
    /// Topics that it refuses.
    pub refused: Vec<String>,
}

/// Someone who is connected to the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Identifies it while the server runs.
    pub number: u32,
    /// The name that the person gave.
    pub name: String,
    /// Where it connects from.
    pub address: String,
    /// Whether it may command boards.
    pub control: bool,
    /// Whether it may end sessions and grant control.
    pub manages: bool,
}

/// A message cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct WireError(String);

/// Writes a message.
///
/// # Errors
/// It contains what cannot be written; no message of this crate does.
pub fn encode<T: Serialize>(message: &T) -> std::result::Result<Vec<u8>, WireError> {
    postcard::to_stdvec(message).map_err(|error| WireError(error.to_string()))
}

/// How many bytes [`encode`] writes.
pub(crate) fn size<T: Serialize>(message: &T) -> usize {
    let size = postcard::ser_flavors::Size::default();
    postcard::serialize_with_flavor(message, size).unwrap_or_default()
}

/// Reads a message, all of it.
///
/// # Errors
/// It is not such a message, or is followed by more.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> std::result::Result<T, WireError> {
    let (message, rest) =
        postcard::take_from_bytes(bytes).map_err(|error| WireError(error.to_string()))?;
    match rest.len() {
        0 => Ok(message),
        more => Err(WireError(format!("{more} bytes follow the message"))),
    }
}

/// The version that a hello states, whatever follows it.
pub fn stated_version(bytes: &[u8]) -> Option<u16> {
    let ((0_u32, version), _) = postcard::take_from_bytes::<(u32, u16)>(bytes).ok()? else {
        return None;
    };
    Some(version)
}
