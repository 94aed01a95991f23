//! What the program believes about every board: plain data for faces to draw,
//! made cheap to copy by sharing.

use std::{
    collections::BTreeSet,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use protocol::{
    ComponentKey, Descriptor, DeviceInfo, Level, RpcError, State, Unreadable, mdns::Announcement,
};

use super::{frames::Frames, history::History};
pub use crate::link::{
    health::{End, Health, Span},
    state::{LinkProblem, LinkState, Origin, Outcome, ResyncCause},
    update::{UpdateProblem, UpdateState},
};
use address::ip_of;

use crate::{
    address::{Address, Candidates},
    keys::{KeyId, Role},
};

/// Names a board within one run of the program, before and after its id is
/// known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BoardKey(pub u32);

/// How discovery does.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FleetStatus {
    /// Why no board can be found by mDNS, where that is so.
    pub discovery_problem: Option<String>,
    /// Whether boards can call.
    pub listening: Listening,
}

/// Whether boards can call this program.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Listening {
    /// They cannot.
    #[default]
    Off,
    /// They can, at this address.
    At(SocketAddr),
    /// They were to, and cannot.
    Failed {
        /// Where.
        address: SocketAddr,
        /// Why, in the system's words.
        problem: String,
    },
}

/// A board.
#[derive(Debug, Clone)]
pub struct BoardView {
    /// Names it in every call.
    pub key: BoardKey,
    /// Its own id, once announced or asked.
    pub id: Option<String>,
    /// Its own name where known, otherwise its address.
    pub name: String,
    /// Where the link goes, or would be tried first: `host:port`.
    pub address: String,
    /// Every address at which it may be, the likeliest first: those that it
    /// announced, otherwise what a person typed.
    pub addresses: Candidates,
    /// It was added by hand, not found.
    pub by_hand: bool,
    /// The address that a person gave last.
    pub given: Option<Address>,
    /// Where the present link comes from, if the board made it.
    pub caller: Option<SocketAddr>,
    /// It has called, and nobody knows where it can be connected to: `address`
    /// has no port, and is where it called from.
    pub only_calls: bool,
    /// Where others were met that claim the id of this board while its own link
    /// worked, the newest last; at most [`BoardView::CLAIMS`].
    pub claims: Vec<IdClaim>,
    /// What it last said of itself by mDNS, and when.
    pub announcement: Option<(Arc<Announcement>, Instant)>,
    /// What it answered to `Device.GetInfo`.
    pub info: Option<Arc<DeviceInfo>>,
    /// Whether it is locked, as far as it said; see [`BoardView::lock`].
    pub locked: Option<bool>,
    /// The key that this computer holds for it: its name and what it allows.
    pub held: Option<(KeyId, Role)>,
    /// How the link is, and since when.
    pub link: LinkState,
    /// When `link` became what it is.
    pub link_since: Instant,
    /// The last round trip of `Sys.Ping` or a command.
    pub round_trip: Option<Duration>,
    /// How the link has been since this program knows the board.
    pub health: Arc<Health>,
    /// When anything was last heard over the link.
    pub last_heard: Option<Instant>,
    /// When the board booted, from its fastest pings.
    pub booted: Option<SystemTime>,
    /// The number that the board gave to this program.
    pub client: Option<u32>,
    /// What is on it, in its own order.
    pub components: Vec<Arc<ComponentView>>,
    /// How the update of its firmware by this program does, or what came of the
    /// last one.
    pub update: Option<UpdateState>,
    /// Methods that a board may do without and that this one answered to have
    /// not, as long as it is the same firmware; nothing else says so before one
    /// is called. See [`BoardView::lacks`].
    pub lacking: BTreeSet<&'static str>,
    /// What goes over its link; bounded, and shared with who adds to it.
    pub frames: Arc<Frames>,
}

/// Another peer that claims a board's id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdClaim {
    /// Where it was announced, was connected to, or connected from,
    /// `host:port`.
    pub address: String,
    /// When, in this computer's time.
    pub at: SystemTime,
}

/// Who may use a board, as far as this computer knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lock {
    /// It has said nothing yet.
    Unknown,
    /// Anyone on its network.
    Open,
    /// Who has a key, and this computer has one, which allows this.
    Unlocked(Role),
    /// Who has a key, and this computer has none.
    NoKey,
    /// Who has a key, and that of this computer was refused.
    WrongKey,
}

impl BoardView {
    /// Whether to show it in the next run too: boards that a person added, and
    /// of those that were found the ones that were connected or whose key this
    /// computer has, since anyone can announce others. Boards on this computer
    /// end with it, and a board that connects to us does so again.
    pub fn is_worth_remembering(&self) -> bool {
        let here = ip_of(&self.address).is_some_and(|ip| ip.is_loopback());
        let met = self.id.is_some() && (self.info.is_some() || self.held.is_some());
        !self.only_calls && (self.by_hand || (met && !here))
    }

    /// The address to remember: the one that a person gave, whatever was
    /// announced since.
    pub fn address_to_remember(&self) -> String {
        self.given
            .as_ref()
            .map_or_else(|| self.address.clone(), ToString::to_string)
    }

    /// Of so many others who claim the id of a board the person is told.
    pub const CLAIMS: usize = 4;

    /// Whether it is known to do without this method. That it does not lack it
    /// is no promise: it may not have been asked.
    pub fn lacks(&self, method: &str) -> bool {
        self.lacking.contains(method)
    }

    /// Where to ask it something on a connection of its own: where the link
    /// goes, if there is one; otherwise wherever it may be.
    pub fn where_to_ask(&self) -> Candidates {
        match (&self.link, self.address.parse()) {
            (LinkState::Connected | LinkState::Stale, Ok(address)) if self.caller.is_none() => {
                Candidates::given(address)
            }
            _ => self.addresses.clone(),
        }
    }

    /// Who may use it. A board for which a key is held counts as locked,
    /// whatever is announced of it.
    pub fn lock(&self) -> Lock {
        match (&self.link, self.held, self.locked) {
            (
                LinkState::Unreachable {
                    problem: LinkProblem::WrongKey,
                    ..
                },
                ..,
            ) => Lock::WrongKey,
            (_, Some((_, role)), _) => Lock::Unlocked(role),
            (_, None, Some(true)) => Lock::NoKey,
            (_, None, Some(false)) => Lock::Open,
            (_, None, None) => Lock::Unknown,
        }
    }
}

/// A component of a board.
#[derive(Debug, Clone)]
pub struct ComponentView {
    /// How it describes itself; made up from the key while the board has not
    /// yet said.
    pub descriptor: Arc<Descriptor>,
    /// What the board reported last.
    pub reported: State,
    /// What this program asked for and the board has not yet reported; laid
    /// over `reported` where it is shown.
    pub wanted: Option<State>,
    /// How the last command does.
    pub command: CommandState,
    /// When the board changed it last, in this computer's time, and who did.
    /// Unknown after a mere snapshot.
    pub changed: Option<(SystemTime, Origin)>,
    /// The last event of a button.
    pub last_event: Option<Box<LastEvent>>,
    /// Numeric values over time (`on` as 0 and 1); bounded, and shared with who
    /// adds to it.
    pub history: Arc<History>,
}

impl ComponentView {
    /// What to show: what was reported, with what is wanted laid over it.
    pub fn shown(&self) -> State {
        let mut state = self.reported.clone();
        if let Some(wanted) = &self.wanted {
            state.merge(wanted);
        }
        state
    }
}

/// How a command does.
#[derive(Debug, Clone, PartialEq)]
pub enum CommandState {
    /// None was given, or it is long settled.
    Idle,
    /// Sent, or waiting for the one before.
    Pending {
        /// Since when.
        since: Instant,
    },
    /// The board has it, and its effect was seen.
    Confirmed {
        /// From click to confirmation.
        took: Duration,
        /// When.
        at: Instant,
    },
    /// No answer; the state shown is what the board reported last.
    Unconfirmed {
        /// When it was given up.
        at: Instant,
    },
    /// The board said no; the state is back to what it reported.
    Refused {
        /// Why.
        error: Box<RpcError>,
        /// When.
        at: Instant,
    },
}

/// An event of a button.
#[derive(Debug, Clone, PartialEq)]
pub struct LastEvent {
    /// `press`, `double_press`, `long_press`.
    pub name: String,
    /// In this computer's time.
    pub at: SystemTime,
    /// Who did it.
    pub origin: Origin,
}

/// One value at one time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    /// In this computer's time.
    pub at: SystemTime,
    /// In the component's unit; NaN where the value became unknown or the link
    /// was down.
    pub value: f64,
}

/// Something that happened, for the log.
#[derive(Debug, Clone, PartialEq)]
pub struct LogEntry {
    /// Counts from 0.
    pub number: u64,
    /// When it happened, as the clock of this computer showed it.
    pub at: SystemTime,
    /// The same on the scale of values, which never jumps: see
    /// [`super::Clock`].
    pub steady: SystemTime,
    /// Whose it is.
    pub board: BoardKey,
    /// The board's name then.
    pub board_name: Arc<str>,
    /// What it was.
    pub what: LogEvent,
}

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub enum LogEvent {
    /// A board pushed a change.
    Changed {
        /// Of what.
        component: ComponentKey,
        /// The fields that changed.
        change: State,
        /// Who caused it.
        origin: Origin,
        /// From the board's stamp to this computer, where clocks could be
        /// compared.
        late: Option<Duration>,
    },
    /// A board pushed an event.
    Event {
        /// Of what.
        component: ComponentKey,
        /// Its name.
        event: String,
        /// Who caused it.
        origin: Origin,
        /// From the board's stamp to this computer, where clocks could be
        /// compared.
        late: Option<Duration>,
    },
    /// A command of this program was answered, or not.
    Command {
        /// Of what, where it was for a component.
        component: Option<ComponentKey>,
        /// Which method.
        method: String,
        /// What came of it.
        outcome: Outcome,
    },
    /// A line of the board's own log, where that is followed.
    Log {
        /// How important it is.
        level: Level,
        /// For people.
        message: String,
    },
    /// So many lines of the board's log were forgotten before this program was
    /// ready for them.
    LogLost(u64),
    /// The board does not give its log, and why.
    NoLog(RpcError),
    /// The link became this.
    Link(LinkState),
    /// State was asked for anew, and why.
    Resync(ResyncCause),
    /// The board sent a value that cannot be read; it counts as unknown.
    Unreadable(Unreadable),
    /// Another peer claims the id of this board, whose link works and stays;
    /// where it was met, `host:port`.
    IdClaimed(String),
}
