//! The present state of every board: plain data to display, cheap to clone
//! because its parts are shared.

use std::{borrow::Cow, collections::BTreeSet, net::SocketAddr, sync::Arc, time::Duration};

use families::Family;
use protocol::{
    ComponentKey, Descriptor, DeviceInfo, Kind, Level, Object, RpcError, State, Unreadable,
    mdns::Announcement, method,
};
use web_time::{Instant, SystemTime};

use super::{
    broker::BrokerStatus, frames::Frames, history::History, preview::Preview,
    server_status::ServerStatus,
};
pub use link::{
    health::{End, Health, Span},
    state::{LinkProblem, LinkState, Origin, Outcome, ResyncCause, Trail},
    target::Via,
    update::{UpdateProblem, UpdateState},
};

use address::{Address, Candidates, ip_of};
use keys::{KeyId, Role};

/// Identifies a board within one run of the program, whether or not its id is
/// known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BoardKey(pub u32);

/// The status of discovery, of listening and of brokers.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FleetStatus {
    /// Why no board can be discovered by mDNS; `None` if discovery works.
    pub discovery_problem: Option<String>,
    /// Whether boards were heard that are not shown yet, because more about
    /// them has to arrive.
    pub resolving: bool,
    /// Whether boards can connect to this program.
    pub listening: Listening,
    /// The brokers from which boards are taken.
    pub brokers: Vec<BrokerStatus>,
    /// The server that keeps the fleet; `None` if this program does.
    pub server: Option<ServerStatus>,
}

/// Whether boards can connect to this program.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Listening {
    /// They cannot.
    #[default]
    Off,
    /// They can, at this address.
    At(SocketAddr),
    /// They should, and cannot.
    Failed {
        /// The address.
        address: SocketAddr,
        /// Why; the system's message.
        problem: String,
    },
}

/// A board.
#[derive(Debug, Clone)]
pub struct BoardView {
    /// Identifies it in every method of [`super::Fleet`].
    pub key: BoardKey,
    /// Its id, once announced or stated.
    pub id: Option<Arc<str>>,
    /// The family whose protocol it speaks, as far as known.
    pub family: Family,
    /// Its name if known, otherwise its address.
    pub name: Arc<str>,
    /// The address of the link, or the one that is tried first: `host:port`.
    pub address: Arc<str>,
    /// Every address at which it may be, the likeliest first: the announced
    /// ones, otherwise the typed one.
    pub addresses: Candidates,
    /// It was added by the user, not discovered.
    pub by_hand: bool,
    /// The address that the user typed last.
    pub given: Option<Address>,
    /// The broker through which it is reached, whose address `address` is
    /// then.
    pub via: Option<Arc<Via>>,
    /// The peer address of the link, if it is inbound.
    pub inbound_from: Option<SocketAddr>,
    /// It is known only from inbound connections: `address` is where the last
    /// one came from, without a port.
    pub inbound_only: bool,
    /// Other peers that claimed the id of this board while its own link worked,
    /// the newest last; at most [`BoardView::CLAIMS`].
    pub claims: Vec<IdClaim>,
    /// Its last announcement by mDNS, and when it arrived.
    pub announcement: Option<(Arc<Announcement>, Instant)>,
    /// Its response to `Device.GetInfo`.
    pub info: Option<Arc<DeviceInfo>>,
    /// Whether it is locked, as far as it stated; see [`BoardView::lock`].
    pub locked: Option<bool>,
    /// The key that this computer holds for it: its name and what it allows. A
    /// password (Shelly) and the key of an ESPHome board have the name zero and
    /// allow control.
    pub held: Option<(KeyId, Role)>,
    /// The state of the link.
    pub link: LinkState,
    /// When `link` last changed.
    pub link_since: Instant,
    /// The last round trip of `Sys.Ping` or a command.
    pub round_trip: Option<Duration>,
    /// Statistics of the link since this program first saw the board.
    pub health: Arc<Health>,
    /// When anything last arrived over the link.
    pub last_heard: Option<Instant>,
    /// When the board booted, estimated from its fastest pings.
    pub booted: Option<SystemTime>,
    /// The number that the board gave to this program.
    pub client: Option<u32>,
    /// Its components, in its own order.
    pub components: Vec<Arc<ComponentView>>,
    /// The progress of a firmware update by this program, or the outcome of the
    /// last one.
    pub update: Option<UpdateState>,
    /// What the LEDs of its light show, while that is followed.
    pub preview: Option<Arc<Preview>>,
    /// Optional methods that the board reported missing, for its present
    /// firmware. That is known only after they were called. See
    /// [`BoardView::lacks`].
    pub lacking: BTreeSet<Cow<'static, str>>,
    /// The traffic of its link; bounded, and shared with the I/O thread.
    pub frames: Arc<Frames>,
}

/// Another peer that claims a board's id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdClaim {
    /// Where it was announced, connected to, or connected from, `host:port`.
    pub address: String,
    /// When, in this computer's time.
    pub at: SystemTime,
}

/// Who can use a board, as far as this computer knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lock {
    /// It has stated nothing yet.
    Unknown,
    /// Anyone on its network.
    Open,
    /// Holders of a key; this computer has one with this role.
    Unlocked(Role),
    /// Holders of a key; this computer has none.
    NoKey,
    /// Holders of a key; that of this computer was rejected.
    WrongKey,
}

impl BoardView {
    /// A board that is known only by its addresses, since `now`.
    pub fn new(now: Instant, key: BoardKey, addresses: Candidates, by_hand: bool) -> Self {
        let address: Arc<str> = addresses.first().unwrap_or_default().into();
        Self {
            family: Family::default(),
            key,
            id: None,
            name: address.clone(),
            address,
            addresses,
            by_hand,
            given: None,
            via: None,
            inbound_from: None,
            inbound_only: false,
            claims: Vec::new(),
            announcement: None,
            info: None,
            locked: None,
            held: None,
            link: LinkState::Announced,
            link_since: now,
            round_trip: None,
            health: Arc::default(),
            last_heard: None,
            booted: None,
            client: None,
            components: Vec::new(),
            update: None,
            preview: None,
            lacking: BTreeSet::new(),
            frames: Arc::default(),
        }
    }

    /// The component with this key.
    pub fn component(&self, key: &ComponentKey) -> Option<&Arc<ComponentView>> {
        self.components
            .iter()
            .find(|view| view.descriptor.key == *key)
    }

    /// Whether to show it in the next run too: a board that the user added, or
    /// one that was connected or whose key this computer holds, because anyone
    /// can announce others. Boards on this computer end with it, and a board
    /// that connects to this program does so again.
    ///
    /// A board that is reached through a broker is found there again.
    pub fn is_worth_remembering(&self) -> bool {
        if self.via.is_some() && self.given.is_none() {
            return false;
        }
        let here = ip_of(&self.address).is_some_and(|ip| ip.is_loopback());
        let met = self.id.is_some() && (self.info.is_some() || self.held.is_some());
        !self.inbound_only && (self.by_hand || (met && !here))
    }

    /// The address to remember: the typed one, whatever was announced
    /// since.
    pub fn address_to_remember(&self) -> String {
        self.given
            .as_ref()
            .map_or_else(|| self.address.to_string(), ToString::to_string)
    }

    /// How many other claimants of a board's id are reported.
    pub const CLAIMS: usize = 4;

    /// Whether it is known to lack this method. `false` is no guarantee: the
    /// method may not have been called.
    pub fn lacks(&self, method: &str) -> bool {
        self.lacking.contains(method) || self.family.lacks(method).is_some()
    }

    /// Why it lacks this method, if its family is the reason.
    pub fn why_lacking(&self, method: &str) -> Option<&'static str> {
        self.family.lacks(method)
    }

    /// Whether the board reports this feature (`docs/protocol.md`,
    /// `Device.GetInfo`).
    pub fn has_feature(&self, feature: &str) -> bool {
        self.info
            .as_ref()
            .is_some_and(|info| info.features.iter().any(|known| known == feature))
    }

    /// Why the board cannot be reset to factory settings remotely.
    pub fn factory_reset_problem(&self) -> Option<&'static str> {
        if let Some(why) = self.why_lacking(method::DEVICE_FACTORY_RESET) {
            return Some(why);
        }
        if !self.has_feature("factory_reset") {
            return Some(
                "Its firmware cannot be reset remotely: update it, or hold its button for ten \
                 seconds",
            );
        }
        let mut states = self.components.iter().map(|component| &component.reported);
        let requires = states.any(|state| state.signature_required() == Some(true));
        (requires && self.locked == Some(false)).then_some(
            "An open board that requires signed firmware can be reset only at the board: hold its \
             button for ten seconds",
        )
    }

    /// The light that stands for all LEDs of the board, in families with a live
    /// preview: the last one, which is WLED's whole strip or its only segment.
    pub fn previewed(&self) -> Option<&ComponentKey> {
        let keys = self.components.iter().map(|view| &view.descriptor.key);
        keys.filter(|key| self.family.has_preview() && key.kind == Kind::Light)
            .max_by_key(|key| key.id)
    }

    /// The address of the web page that a board of another family has, as far
    /// as known: at the port of its link, or at one that it states.
    pub fn web_page(&self) -> Option<String> {
        if self.via.is_some() {
            // The broker's address is not the board's.
            let ip = self.info.as_ref()?.extra.get("ip")?.as_str()?;
            let ip: std::net::IpAddr = ip.parse().ok()?;
            return (!ip.is_unspecified()).then(|| format!("http://{ip}/"));
        }
        let (host, port) = self.address.rsplit_once(':')?;
        let port = match self.family {
            Family::Switchboard => return None,
            family if family.has_web_page() => port.to_owned(),
            _ => self
                .info
                .as_ref()?
                .extra
                .get("webserver_port")?
                .as_u64()?
                .to_string(),
        };
        self.page_at(host, &port)
    }

    /// The address of the page from which an open board of ours is controlled
    /// in a browser.
    pub fn control_page(&self) -> Option<String> {
        let (host, port) = self.address.rsplit_once(':')?;
        // Browsers have no interfaces in addresses.
        let open = self.lock() == Lock::Open && !host.contains('%');
        (self.family == Family::Switchboard && open && self.via.is_none())
            .then(|| self.page_at(host, port))?
    }

    /// The address of a page, unless the board accepts no connections.
    fn page_at(&self, host: &str, port: &str) -> Option<String> {
        (!self.inbound_only).then(|| match port {
            "80" => format!("http://{host}/"),
            port => format!("http://{host}:{port}/"),
        })
    }

    /// Where to connect for a separate request: the address of the link, if
    /// there is one; otherwise all addresses.
    pub fn where_to_ask(&self) -> Candidates {
        match (&self.link, self.address.parse()) {
            // Only the broker's address is known.
            _ if self.via.is_some() => Candidates::default(),
            (LinkState::Connected | LinkState::Stale, Ok(address))
                if self.inbound_from.is_none() =>
            {
                Candidates::given(address)
            }
            _ => self.addresses.clone(),
        }
    }

    /// Who can use it. A board whose key is held counts as locked, whatever is
    /// announced about it.
    pub fn lock(&self) -> Lock {
        match (&self.link, self.held, self.locked) {
            (
                LinkState::Unreachable {
                    problem: LinkProblem::WrongKey,
                    ..
                },
                ..,
            ) => Lock::WrongKey,
            // Unlike a key, a password that is not asked for protects nothing.
            (link, Some(_), Some(false)) if link.is_up() && self.family == Family::Shelly => {
                Lock::Open
            }
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
    /// Its descriptor; derived from the key until the board has sent it.
    pub descriptor: Arc<Descriptor>,
    /// The state that the board reported last.
    pub reported: State,
    /// The state that this program requested and the board has not reported
    /// yet; displayed on top of `reported`.
    pub wanted: Option<State>,
    /// The state of the last command.
    pub command: CommandState,
    /// When it last changed, in this computer's time, and who changed it.
    /// Unknown after a snapshot.
    pub changed: Option<(SystemTime, Origin)>,
    /// The last event of a button.
    pub last_event: Option<Box<LastEvent>>,
    /// Numeric values over time (`on` as 0 and 1); bounded, and shared with the
    /// I/O thread.
    pub history: Arc<History>,
}

impl ComponentView {
    /// The state to display: the reported one, with the requested one on top.
    pub fn shown(&self) -> State {
        let mut state = self.reported.clone();
        if let Some(wanted) = &self.wanted {
            state.merge(wanted);
        }
        state
    }
}

/// The state of a command.
#[derive(Debug, Clone, PartialEq)]
pub enum CommandState {
    /// None was given, or it is done.
    Idle,
    /// Sent, or queued behind another one.
    Pending {
        /// Since when.
        since: Instant,
    },
    /// The board accepted it, and its effect was seen.
    Confirmed {
        /// From the click to the confirmation.
        took: Duration,
        /// When.
        at: Instant,
    },
    /// No response; the displayed state is the last reported one.
    Unconfirmed {
        /// When it timed out.
        at: Instant,
    },
    /// The board refused; the displayed state is the last reported one.
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
    /// Who caused it.
    pub origin: Origin,
}

/// One value at one time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    /// In this computer's time.
    pub at: SystemTime,
    /// In the component's unit; NaN if the value became unknown or the link was
    /// down.
    pub value: f64,
}

/// An entry of the log.
#[derive(Debug, Clone, PartialEq)]
pub struct LogEntry {
    /// Counts from 0.
    pub number: u64,
    /// The system time at which it happened.
    pub at: SystemTime,
    /// The same on the scale of values, which never jumps: see
    /// [`super::Clock`].
    pub steady: SystemTime,
    /// Its board.
    pub board: BoardKey,
    /// The board's name at that time.
    pub board_name: Arc<str>,
    /// What happened.
    pub what: LogEvent,
}

/// An event of a board.
#[derive(Debug, Clone, PartialEq)]
pub enum LogEvent {
    /// A board pushed a change.
    Changed {
        /// The component.
        component: ComponentKey,
        /// The changed fields.
        change: State,
        /// Who caused it.
        origin: Origin,
        /// From the board's timestamp to the arrival; `None` if the clocks
        /// cannot be compared.
        delay: Option<Duration>,
    },
    /// A board pushed an event.
    Event {
        /// The component.
        component: ComponentKey,
        /// Its name.
        event: String,
        /// Who caused it.
        origin: Origin,
        /// From the board's timestamp to the arrival; `None` if the clocks
        /// cannot be compared.
        delay: Option<Duration>,
    },
    /// A command of this program has an outcome.
    Command {
        /// The component, if it was for one.
        component: Option<ComponentKey>,
        /// The method.
        method: String,
        /// What was set, if it was for a component, or the parameters of
        /// `Device.SetName`. Those of other methods may contain secrets.
        params: Object,
        /// The outcome.
        outcome: Outcome,
        /// When its parts happened.
        trail: Box<Trail>,
    },
    /// A line of the board's own log, if it is followed.
    Log {
        /// Its level.
        level: Level,
        /// The text.
        message: String,
    },
    /// This many lines of the board's log were dropped before this program
    /// received them.
    LogLost(u64),
    /// The board does not provide its log, and why.
    NoLog(RpcError),
    /// The state of the link changed.
    Link(LinkState),
    /// The state was resynchronized, and why.
    Resync(ResyncCause),
    /// The board sent a value that cannot be read; it counts as unknown.
    Unreadable(Unreadable),
    /// Another peer, at this address (`host:port`), claims the id of this
    /// board, whose own link works and stays.
    IdClaimed(String),
}

impl LogEvent {
    /// The component that it is about.
    pub fn component(&self) -> Option<&ComponentKey> {
        match self {
            Self::Changed { component, .. } | Self::Event { component, .. } => Some(component),
            Self::Command { component, .. } => component.as_ref(),
            Self::Unreadable(value) => value.component.as_ref(),
            _ => None,
        }
    }

    /// Whether a command of this program caused it.
    pub fn is_own(&self) -> bool {
        matches!(
            self,
            Self::Changed {
                origin: Origin::ThisProgram,
                ..
            } | Self::Event {
                origin: Origin::ThisProgram,
                ..
            }
        )
    }

    /// Whether it is a measured value or a line of a log, which keep coming,
    /// and not an event that is worth waking a window for.
    pub fn is_reading(&self) -> bool {
        match self {
            Self::Changed {
                component,
                origin,
                change,
                ..
            } => match &component.kind {
                Kind::Sensor | Kind::TextSensor => true,
                // Where a cover is while it moves.
                Kind::Cover => {
                    change.movement().is_none()
                        && matches!(origin, Origin::Board | Origin::Physical | Origin::Unknown)
                }
                // The progress of an update, or a kind of a newer version.
                Kind::Update | Kind::Unknown(_) => {
                    matches!(origin, Origin::Board | Origin::Physical | Origin::Unknown)
                }
                _ => false,
            },
            Self::Log { .. } => true,
            _ => false,
        }
    }
}
