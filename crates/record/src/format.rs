//! The lines of a recording as types. `docs/recording.md` documents them; a
//! change that an older program would misread needs another [`FORMAT`].

use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime},
};

use fleet::{LinkState, Origin, ResyncCause};
use protocol::{ComponentKey, Descriptor, DeviceInfo, Level, Object, RpcError, State};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The version of the format.
pub const FORMAT: u32 = 1;

/// The first line of each file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// The version of the format: [`FORMAT`].
    pub switchboard_recording: u32,
    /// The program that wrote it, with its version.
    pub program: String,
    /// Identifies the recording session, which may have several files.
    pub session: String,
    /// When the session began, in seconds since 1970.
    pub started: f64,
    /// The number of the file, from 1.
    pub part: u32,
}

/// Any other line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The system time, in seconds since 1970.
    pub at: f64,
    /// Seconds since the session began, on a clock that never jumps.
    pub t: f64,
    /// The id of the board, or its address while its id is unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub board: Option<String>,
    /// What happened.
    #[serde(flatten)]
    pub what: Recorded,
}

/// What is recorded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Recorded {
    /// What a board is and the whole state of its components: at the beginning
    /// of each file, and when it changed.
    Board(Box<BoardRecord>),
    /// States that were not pushed: they were read after a gap or a reconnect.
    State {
        /// The whole state of each component.
        components: BTreeMap<ComponentKey, State>,
    },
    /// A push: the fields that changed.
    Push {
        /// By component.
        components: BTreeMap<ComponentKey, State>,
        /// Who caused it: see [`origin_text`].
        #[serde(default, skip_serializing_if = "Option::is_none")]
        origin: Option<String>,
        /// From the board's timestamp to the arrival, in milliseconds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        delay_ms: Option<f64>,
    },
    /// An event.
    Event {
        /// Its component.
        component: ComponentKey,
        /// Its name.
        event: String,
        /// Who caused it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        origin: Option<String>,
        /// From the board's timestamp to the arrival, in milliseconds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        delay_ms: Option<f64>,
    },
    /// A line of the board's log.
    Log {
        /// Its severity.
        level: Level,
        /// The text.
        message: String,
    },
    /// The board dropped lines of its log.
    LogLost {
        /// How many.
        lines: u64,
    },
    /// The board does not provide its log.
    NoLog {
        /// Why.
        error: RpcError,
    },
    /// A command of the recording program has an outcome.
    Command(Box<Command>),
    /// The state of the link changed.
    Link {
        /// The new state.
        link: Link,
    },
    /// The state was requested again.
    Resync {
        /// `new_epoch`, `other_components` or `gap`.
        cause: String,
    },
    /// The board sent a value that cannot be read.
    Unreadable {
        /// Its component.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        component: Option<ComponentKey>,
        /// The field.
        field: String,
        /// What was found.
        found: String,
    },
    /// Another peer claims the board's id.
    IdClaimed {
        /// Its address.
        address: String,
    },
    /// The board was removed, or is recorded under another name from now on.
    Forgotten,
    /// Entries were lost before they could be recorded: too many at once.
    Missed {
        /// How many.
        entries: u64,
    },
    /// Records are missing here: they could not be written.
    Gap {
        /// Why.
        reason: String,
        /// How many.
        records: u64,
        /// The `at` of the first one.
        from: f64,
        /// The `at` of the last one.
        to: f64,
    },
    /// The recording was stopped.
    End,
    /// Something that a newer program recorded.
    #[serde(other)]
    Unknown,
}

/// What a board is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BoardRecord {
    /// Its name.
    pub name: String,
    /// Its family, as in `switchboard show --json`.
    pub family: String,
    /// Its address, `host:port`.
    pub address: String,
    /// Whether only holders of a key can use it; absent if unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locked: Option<bool>,
    /// The state of its link.
    pub link: Link,
    /// What it says of itself; absent if it was never connected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub info: Option<Box<DeviceInfo>>,
    /// Its components in its own order.
    pub components: Vec<ComponentRecord>,
}

/// A component and its whole state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ComponentRecord {
    /// What it is.
    pub descriptor: Descriptor,
    /// Its state.
    pub state: State,
}

/// The state of a link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// `announced`, `connecting`, `connected`, `stale` or `unreachable`.
    pub state: String,
    /// Why it is unreachable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// A command and its outcome. Durations are in milliseconds from the click.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Command {
    /// The component, if it was for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub component: Option<ComponentKey>,
    /// The method.
    pub method: String,
    /// What was set; empty if it may contain a secret.
    #[serde(default, skip_serializing_if = "Object::is_empty")]
    pub params: Object,
    /// `done`, `refused`, `unconfirmed`, `link_lost`, `not_connected` or
    /// `superseded`.
    pub outcome: String,
    /// The result of a command for a component.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub result: Value,
    /// Why it was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<RpcError>,
    /// Until it was confirmed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub took_ms: Option<f64>,
    /// Until the request was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_ms: Option<f64>,
    /// Until the response arrived.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered_ms: Option<f64>,
    /// Until the push with the effect arrived.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pushed_ms: Option<f64>,
}

impl Link {
    /// The recorded form of a link's state.
    pub fn of(link: &LinkState, family: fleet::Family) -> Self {
        let (state, problem) = match link {
            LinkState::Announced => ("announced", None),
            LinkState::Connecting => ("connecting", None),
            LinkState::Connected => ("connected", None),
            LinkState::Stale => ("stale", None),
            LinkState::Unreachable { problem, .. } => {
                ("unreachable", Some(problem.of_family(family)))
            }
        };
        Self {
            state: state.to_owned(),
            problem,
        }
    }

    /// Whether commands reached the board.
    pub fn is_up(&self) -> bool {
        matches!(self.state.as_str(), "connected" | "stale")
    }
}

/// The recorded form of an origin: `this_program`, `client:3`, `physical`,
/// `board`; `None` if it is unknown.
pub fn origin_text(origin: &Origin) -> Option<String> {
    Some(match origin {
        Origin::ThisProgram => "this_program".to_owned(),
        Origin::OtherController(number) => format!("client:{number}"),
        Origin::Person(name) => format!("person:{name}"),
        Origin::Physical => "physical".to_owned(),
        Origin::Board => "board".to_owned(),
        Origin::Unknown => return None,
    })
}

/// The recorded form of why a state was requested again.
pub(crate) fn cause(cause: ResyncCause) -> &'static str {
    match cause {
        ResyncCause::NewEpoch => "new_epoch",
        ResyncCause::OtherComponents => "other_components",
        ResyncCause::Gap => "gap",
    }
}

/// Seconds since 1970, to the microsecond.
pub fn seconds(at: SystemTime) -> f64 {
    match at.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(since) => rounded(since.as_secs_f64()),
        Err(before) => -rounded(before.duration().as_secs_f64()),
    }
}

/// Rounds seconds to microseconds.
pub(crate) fn rounded(seconds: f64) -> f64 {
    (seconds * 1e6).round() / 1e6
}

/// Milliseconds, to the microsecond.
pub(crate) fn millis(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}
