//! A board and its components, in parts: only those that changed are sent.

use std::time::Duration;

use fleet::{
    Bucket, CommandState, Health, LastEvent, LinkProblem, LinkState, Origin, Sample, UpdateState,
};
use protocol::{Descriptor, DeviceInfo, RpcError, State, mdns::Announcement};
use serde::{Deserialize, Serialize};
use web_time::Instant;

use super::{Ago, Board, Json, Time};

/// What changed of a board.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct BoardPart {
    /// The board.
    pub board: Board,
    /// Its identity and its link, if anything of that changed.
    pub head: Option<Box<Head>>,
    /// The last round trip.
    pub round_trip: Option<Duration>,
    /// When anything last arrived over its link.
    pub last_heard: Option<Ago>,
    /// Statistics of its link, if they changed and are shown.
    pub health: Option<Health>,
    /// Its components.
    pub components: Components,
    /// What its light shows, if that changed.
    pub preview: Option<Option<Preview>>,
    /// New frames of its link, if they are followed.
    pub frames: Vec<Frame>,
}

/// Which components follow.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Components {
    /// All of them, in the board's order: others are gone.
    All(Vec<ComponentPart>),
    /// Those that changed, with their place.
    Some(Vec<(u16, ComponentPart)>),
}

/// The identity and the link of a board: see [`fleet::BoardView`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[expect(missing_docs, reason = "as in BoardView")]
pub struct Head {
    pub id: Option<String>,
    pub family: String,
    pub name: String,
    pub address: String,
    /// Every address at which it may be, as texts.
    pub addresses: Vec<String>,
    pub by_hand: bool,
    pub given: Option<String>,
    /// The broker, and the site and the name of the bridge.
    pub via: Option<(String, Option<(String, String)>)>,
    pub inbound_from: Option<String>,
    pub inbound_only: bool,
    /// Addresses and times.
    pub claims: Vec<(String, Time)>,
    /// Its last announcement: the values of the TXT record, and its age.
    pub announcement: Option<(Announcement, Ago)>,
    pub info: Option<Json<DeviceInfo>>,
    pub locked: Option<bool>,
    /// The name of the server's key, and whether it allows control.
    pub held: Option<([u8; 4], bool)>,
    pub link: Link,
    pub link_since: Ago,
    pub booted: Option<Time>,
    pub client: Option<u32>,
    /// As JSON, because what a board refused with is.
    pub update: Option<Json<UpdateState>>,
    pub lacking: Vec<String>,
}

/// The state of a link: see [`LinkState`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[expect(missing_docs, reason = "as in LinkState")]
pub enum Link {
    Announced,
    Connecting,
    Connected,
    Stale,
    Unreachable {
        problem: LinkProblem,
        retry_at: Option<Ago>,
    },
}

/// A component.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ComponentPart {
    /// Its descriptor, if it changed.
    pub descriptor: Option<Json<Descriptor>>,
    /// What the board reported last.
    pub reported: Json<State>,
    /// What was requested and not reported yet.
    pub wanted: Option<Json<State>>,
    /// The state of the last command.
    pub command: Command,
    /// When it last changed, and who changed it.
    pub changed: Option<(Time, Origin)>,
    /// The last event of a button: name, time, origin.
    pub last_event: Option<(String, Time, Origin)>,
    /// What is kept of the time before, in place of everything that the window
    /// has; when it begins to show the board.
    pub past: Option<Past>,
    /// New values: times and values.
    pub samples: Vec<(Time, f64)>,
}

/// Values of the past: see [`fleet::History`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Past {
    /// The tiers, the finest and newest first.
    pub tiers: Vec<Vec<Bucket>>,
    /// The newest values.
    pub recent: Vec<(Time, f64)>,
}

/// What the LEDs of a light show: see [`fleet::Preview`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preview {
    /// How many LEDs a row has.
    pub columns: u16,
    /// Red, green and blue of each LED, row by row.
    pub colors: Vec<[u8; 3]>,
    /// When it arrived.
    pub at: Ago,
}

/// The state of a command: see [`CommandState`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[expect(missing_docs, reason = "as in CommandState")]
pub enum Command {
    Idle,
    Pending { since: Ago },
    Confirmed { took: Duration, at: Ago },
    Unconfirmed { at: Ago },
    Refused { error: Json<RpcError>, at: Ago },
}

/// A frame of a link: see [`fleet::WireFrame`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Frame {
    /// When.
    pub at: Time,
    /// To the board (0), from it (1), or an event of the link (2).
    pub way: u8,
    /// The size of its payload, in bytes.
    pub size: u32,
    /// Whether it was encrypted.
    pub encrypted: bool,
    /// What it contains.
    pub content: Content,
}

/// The content of a frame: see [`fleet::Content`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[expect(missing_docs, reason = "as in fleet::Content")]
pub enum Content {
    Text(String),
    Binary(Vec<u8>),
    Ping,
    Pong,
    Connect(String),
    Open,
    End(String),
}

impl Link {
    /// What is sent of a state at a time.
    pub fn new(state: &LinkState, now: Instant) -> Self {
        match state {
            LinkState::Announced => Self::Announced,
            LinkState::Connecting => Self::Connecting,
            LinkState::Connected => Self::Connected,
            LinkState::Stale => Self::Stale,
            LinkState::Unreachable { problem, retry_at } => Self::Unreachable {
                problem: problem.clone(),
                retry_at: retry_at.map(|at| Ago::of(at, now)),
            },
        }
    }

    /// The state.
    pub fn read(self, now: Instant) -> LinkState {
        match self {
            Self::Announced => LinkState::Announced,
            Self::Connecting => LinkState::Connecting,
            Self::Connected => LinkState::Connected,
            Self::Stale => LinkState::Stale,
            Self::Unreachable { problem, retry_at } => LinkState::Unreachable {
                problem,
                retry_at: retry_at.map(|at| at.before(now)),
            },
        }
    }
}
impl Command {
    /// What is sent of a state at a time.
    pub fn new(state: &CommandState, now: Instant) -> Self {
        let ago = |at: &Instant| Ago::of(*at, now);
        match state {
            CommandState::Idle => Self::Idle,
            CommandState::Pending { since } => Self::Pending { since: ago(since) },
            CommandState::Confirmed { took, at } => Self::Confirmed {
                took: *took,
                at: ago(at),
            },
            CommandState::Unconfirmed { at } => Self::Unconfirmed { at: ago(at) },
            CommandState::Refused { error, at } => Self::Refused {
                error: Json((**error).clone()),
                at: ago(at),
            },
        }
    }

    /// The state.
    pub fn read(self, now: Instant) -> CommandState {
        match self {
            Self::Idle => CommandState::Idle,
            Self::Pending { since } => CommandState::Pending {
                since: since.before(now),
            },
            Self::Confirmed { took, at } => CommandState::Confirmed {
                took,
                at: at.before(now),
            },
            Self::Unconfirmed { at } => CommandState::Unconfirmed { at: at.before(now) },
            Self::Refused { error, at } => CommandState::Refused {
                error: Box::new(error.0),
                at: at.before(now),
            },
        }
    }
}

impl Past {
    /// What a history has.
    pub fn of(history: &fleet::History) -> Self {
        Self {
            tiers: history.past(),
            recent: history.recent().into_iter().map(sent).collect(),
        }
    }

    /// The history.
    pub fn read(self) -> fleet::History {
        fleet::History::of(self.tiers, self.recent.into_iter().map(sample))
    }
}

/// A value as it is sent.
pub(crate) fn sent(sample: Sample) -> (Time, f64) {
    (sample.at.into(), sample.value)
}

/// A value that was sent.
pub(crate) fn sample((at, value): (Time, f64)) -> Sample {
    Sample {
        at: at.into(),
        value,
    }
}

/// The last event of a button, as it is sent.
pub(crate) fn sent_event(event: &LastEvent) -> (String, Time, Origin) {
    (event.name.clone(), event.at.into(), event.origin.clone())
}

impl Preview {
    /// What is sent of a preview at a time.
    pub fn new(preview: &fleet::Preview, now: Instant) -> Self {
        let columns = preview.rows().next().map_or(0, <[_]>::len);
        Self {
            columns: u16::try_from(columns).unwrap_or(u16::MAX),
            colors: preview.rows().flatten().copied().collect(),
            at: Ago::of(preview.at(), now),
        }
    }

    /// The preview; `None` without a color.
    pub fn read(self, now: Instant) -> Option<fleet::Preview> {
        fleet::Preview::new(
            self.colors,
            Some(usize::from(self.columns)),
            self.at.before(now),
        )
    }
}

impl From<&fleet::WireFrame> for Frame {
    fn from(frame: &fleet::WireFrame) -> Self {
        Self {
            at: frame.at.into(),
            way: match frame.way {
                fleet::Direction::Out => 0,
                fleet::Direction::In => 1,
                fleet::Direction::Link => 2,
            },
            size: u32::try_from(frame.size).unwrap_or(u32::MAX),
            encrypted: frame.encrypted,
            content: match &frame.content {
                fleet::Content::Text(text) => Content::Text(text.to_string()),
                fleet::Content::Binary(bytes) => Content::Binary(bytes.to_vec()),
                fleet::Content::Ping => Content::Ping,
                fleet::Content::Pong => Content::Pong,
                fleet::Content::Connect(to) => Content::Connect(to.to_string()),
                fleet::Content::Open => Content::Open,
                fleet::Content::End(why) => Content::End(why.to_string()),
            },
        }
    }
}

impl From<Frame> for fleet::WireFrame {
    fn from(frame: Frame) -> Self {
        Self {
            number: 0,
            at: frame.at.into(),
            way: match frame.way {
                0 => fleet::Direction::Out,
                1 => fleet::Direction::In,
                _ => fleet::Direction::Link,
            },
            size: usize::try_from(frame.size).unwrap_or(usize::MAX),
            encrypted: frame.encrypted,
            content: match frame.content {
                Content::Text(text) => fleet::Content::Text(text.into()),
                Content::Binary(bytes) => fleet::Content::Binary(bytes.into()),
                Content::Ping => fleet::Content::Ping,
                Content::Pong => fleet::Content::Pong,
                Content::Connect(to) => fleet::Content::Connect(to.into()),
                Content::Open => fleet::Content::Open,
                Content::End(why) => fleet::Content::End(why.into()),
            },
        }
    }
}
