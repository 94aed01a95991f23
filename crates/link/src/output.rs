//! What a session wants done and what it has found out.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use families::Family;
use protocol::{
    ComponentKey, Descriptor, DeviceInfo, Event, Level, Object, RpcError, State, Unreadable,
};

use web_time::{Instant, SystemTime};

use super::{
    commands::CommandId,
    socket::Priority,
    state::{LinkState, Origin, Outcome, ResyncCause, Trail},
    target::Destination,
    update::UpdateState,
};

/// What a session wants done.
#[derive(Debug)]
pub enum Output {
    /// Open a socket, and report its events with this attempt's number.
    Connect {
        /// Counts up.
        attempt: u64,
        /// Where it may go.
        to: Destination,
        /// Which family is expected there.
        family: Family,
        /// How urgent it is.
        priority: Priority,
    },
    /// Accept the connection of [`super::input::Input::Inbound`], and report
    /// its events with this attempt's number.
    Accept {
        /// Counts up.
        attempt: u64,
    },
    /// Close the connection of [`super::input::Input::Inbound`]: there already
    /// is a link, or none is possible.
    Decline,
    /// Send a message.
    Send(Frame),
    /// The message that arrived last decrypts to this, or says this, for the
    /// traffic view.
    Decrypted(String),
    /// Read this path of the board's web server, and report it as
    /// [`super::input::Input::Fetched`] with this attempt's number.
    Fetch {
        /// The present attempt.
        attempt: u64,
        /// With a leading slash.
        path: String,
    },
    /// Close the socket.
    Disconnect,
    /// Update what is known about the board.
    Report(Report),
}

/// A message to be sent. Only a connection, which knows whether it is
/// encrypted, and its handshake make one.
#[derive(Debug)]
pub struct Frame {
    payload: Payload,
    /// What an encrypted payload says, for the traffic view.
    plaintext: Option<String>,
}

pub use families::Payload;

impl Frame {
    pub(super) fn plain(text: String) -> Self {
        Self {
            payload: Payload::Text(text),
            plaintext: None,
        }
    }

    pub(super) fn sealed(sealed: Vec<u8>, text: String) -> Self {
        Self {
            payload: Payload::Binary(sealed),
            plaintext: Some(text),
        }
    }

    /// A message of a dialect, which decides itself whether it is encrypted.
    pub(super) fn translated(payload: Payload, shown: Option<String>) -> Self {
        Self {
            payload,
            plaintext: shown,
        }
    }

    pub(super) fn handshake(bytes: Vec<u8>) -> Self {
        Self {
            payload: Payload::Binary(bytes),
            plaintext: None,
        }
    }

    /// What is sent.
    pub fn payload(&self) -> &Payload {
        &self.payload
    }

    /// What is sent.
    pub fn into_payload(self) -> Payload {
        self.payload
    }

    /// What an encrypted message says; `None` if it is not encrypted.
    pub fn plaintext(&self) -> Option<&str> {
        self.plaintext.as_deref()
    }
}

/// Outputs that were not polled yet, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Outputs(VecDeque<Output>);

impl Outputs {
    pub(crate) fn push(&mut self, output: Output) {
        self.0.push_back(output);
    }

    pub(crate) fn report(&mut self, report: Report) {
        self.push(Output::Report(report));
    }

    pub(crate) fn pop(&mut self) -> Option<Output> {
        let next = self.0.pop_front();
        // A thousand links are idle most of the time.
        if self.0.is_empty() {
            self.0 = VecDeque::new();
        }
        next
    }
}

/// What a session has found out.
#[derive(Debug)]
pub enum Report {
    /// The state of the link.
    Link(LinkState),
    /// The board is locked, and this is its id: proven if its key is held,
    /// otherwise only stated.
    Locked(String),
    /// The board answers in plain text.
    Open,
    /// The board belongs to this family.
    Family(Family),
    /// A notification that only one family has, while it was asked for.
    Notification {
        /// Its name.
        method: String,
        /// Its parameters.
        params: serde_json::Value,
    },
    /// The link works: the board answered after
    /// [`super::input::Input::VerifyLink`].
    Verified,
    /// An inbound connection from here claimed the id of this board, whose own
    /// link works.
    IdClaimed(String),
    /// What the board is.
    Info(Box<DeviceInfo>),
    /// Its name was changed to this, by anyone.
    Renamed(String),
    /// Its components, all of them, in its order.
    Components(Vec<Descriptor>),
    /// The state of every component at one moment.
    Snapshot {
        /// The number that the board gave to this program, if stated.
        client: Option<u32>,
        /// Whole states.
        components: BTreeMap<ComponentKey, State>,
        /// When the board made it, in this computer's time.
        at: SystemTime,
    },
    /// State changed.
    Changed {
        /// What changed.
        components: BTreeMap<ComponentKey, State>,
        /// Who changed it.
        origin: Origin,
        /// When, in this computer's time.
        at: SystemTime,
        /// From the board's timestamp until now.
        delay: Option<Duration>,
    },
    /// Components sent events.
    Events {
        /// In this order.
        events: Vec<Event>,
        /// Who caused them.
        origin: Origin,
        /// When, in this computer's time.
        at: SystemTime,
        /// From the board's timestamp until now.
        delay: Option<Duration>,
    },
    /// New lines of the board's log.
    Log {
        /// Lines that the board dropped before these.
        lost: u64,
        /// When, in this computer's time, at which level, and the message.
        lines: Vec<(SystemTime, Level, String)>,
    },
    /// The board does not provide its log.
    NoLog(RpcError),
    /// The board sent a value that cannot be read; it counts as unknown.
    Unreadable(Unreadable),
    /// The whole state is requested again.
    Resync(ResyncCause),
    /// A request was answered.
    RoundTrip {
        /// From request to response.
        took: Duration,
        /// When the board booted, in this computer's time.
        booted: Option<SystemTime>,
    },
    /// The pending command of a component changed.
    Pending {
        /// Which component.
        component: ComponentKey,
        /// The requested state; `None` if none.
        wanted: Option<State>,
        /// Since when a command is pending; `None` if none is.
        since: Option<Instant>,
    },
    /// The state of the firmware update.
    Update(UpdateState),
    /// A command has an outcome. Every command has exactly one.
    CommandDone {
        /// Which command.
        id: CommandId,
        /// Its component.
        component: Option<ComponentKey>,
        /// Its method.
        method: String,
        /// Its parameters.
        params: Object,
        /// Its outcome.
        outcome: Outcome,
        /// When its parts happened.
        trail: Trail,
    },
}
