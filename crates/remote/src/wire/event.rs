//! Entries of the log, and outcomes of commands.

use std::time::Duration;

use fleet::{LogEvent, Origin, Outcome, ResyncCause, Trail};
use protocol::{ComponentKey, Level, Object, RpcError, State, Unreadable};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use web_time::Instant;

use super::{Board, Json, Time, board::Link};

/// An entry of the log.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Entry {
    /// The system time of the server at which it happened.
    pub at: Time,
    /// The same on the steady scale.
    pub steady: Time,
    /// Its board.
    pub board: Board,
    /// The board's name at that time.
    pub board_name: String,
    /// What happened.
    pub event: Event,
}

/// What happened: see [`LogEvent`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[expect(missing_docs, reason = "as in LogEvent")]
pub enum Event {
    Changed {
        component: String,
        change: Json<State>,
        origin: Origin,
        delay: Option<Duration>,
    },
    Event {
        component: String,
        event: String,
        origin: Origin,
        delay: Option<Duration>,
    },
    Command {
        component: Option<String>,
        method: String,
        params: Json<Object>,
        outcome: Result,
        trail: Trail,
    },
    Log {
        level: u8,
        message: String,
    },
    LogLost(u64),
    NoLog(Json<RpcError>),
    Link(Link),
    Resync(ResyncCause),
    Unreadable {
        component: Option<String>,
        field: String,
        found: String,
    },
    IdClaimed(String),
}

/// The outcome of a command: see [`Outcome`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[expect(missing_docs, reason = "as in Outcome")]
pub enum Result {
    Done { result: Json<Value>, took: Duration },
    Refused(Json<RpcError>),
    Unconfirmed,
    LinkLost,
    NotConnected,
    Superseded,
}

impl From<&Outcome> for Result {
    fn from(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Done { result, took } => Self::Done {
                result: Json(result.clone()),
                took: *took,
            },
            Outcome::Refused(error) => Self::Refused(Json(error.clone())),
            Outcome::Unconfirmed => Self::Unconfirmed,
            Outcome::LinkLost => Self::LinkLost,
            Outcome::NotConnected => Self::NotConnected,
            Outcome::Superseded => Self::Superseded,
        }
    }
}

impl From<Result> for Outcome {
    fn from(outcome: Result) -> Self {
        match outcome {
            Result::Done { result, took } => Self::Done {
                result: result.0,
                took,
            },
            Result::Refused(error) => Self::Refused(error.0),
            Result::Unconfirmed => Self::Unconfirmed,
            Result::LinkLost => Self::LinkLost,
            Result::NotConnected => Self::NotConnected,
            Result::Superseded => Self::Superseded,
        }
    }
}

/// The number of a level: 0 is the most severe.
pub(crate) fn level_number(level: Level) -> u8 {
    let at = Level::ALL.iter().position(|one| *one == level);
    u8::try_from(at.unwrap_or_default()).unwrap_or_default()
}

/// The level with a number.
pub(crate) fn level(number: u8) -> Option<Level> {
    Level::ALL.get(usize::from(number)).copied()
}

impl Event {
    /// What is sent of an event at a time.
    pub fn new(event: &LogEvent, now: Instant) -> Self {
        match event {
            LogEvent::Changed {
                component,
                change,
                origin,
                delay,
            } => Self::Changed {
                component: component.to_string(),
                change: Json(change.clone()),
                origin: origin.clone(),
                delay: *delay,
            },
            LogEvent::Event {
                component,
                event,
                origin,
                delay,
            } => Self::Event {
                component: component.to_string(),
                event: event.clone(),
                origin: origin.clone(),
                delay: *delay,
            },
            LogEvent::Command {
                component,
                method,
                params,
                outcome,
                trail,
            } => Self::Command {
                component: component.as_ref().map(ToString::to_string),
                method: method.clone(),
                params: Json(params.clone()),
                outcome: outcome.into(),
                trail: **trail,
            },
            LogEvent::Log { level, message } => Self::Log {
                level: level_number(*level),
                message: message.clone(),
            },
            LogEvent::LogLost(count) => Self::LogLost(*count),
            LogEvent::NoLog(error) => Self::NoLog(Json(error.clone())),
            LogEvent::Link(state) => Self::Link(Link::new(state, now)),
            LogEvent::Resync(cause) => Self::Resync(*cause),
            LogEvent::Unreadable(value) => Self::Unreadable {
                component: value.component.as_ref().map(ToString::to_string),
                field: value.field.clone(),
                found: value.found.clone(),
            },
            LogEvent::IdClaimed(address) => Self::IdClaimed(address.clone()),
        }
    }

    /// The event; `None` if it names what is no component or no level.
    pub fn read(self, now: Instant) -> Option<LogEvent> {
        let optional = |component: Option<String>| {
            let parsed = component.map(|key| key.parse::<ComponentKey>());
            parsed.transpose().ok()
        };
        Some(match self {
            Self::Changed {
                component,
                change,
                origin,
                delay,
            } => LogEvent::Changed {
                component: component.parse().ok()?,
                change: change.0,
                origin,
                delay,
            },
            Self::Event {
                component,
                event,
                origin,
                delay,
            } => LogEvent::Event {
                component: component.parse().ok()?,
                event,
                origin,
                delay,
            },
            Self::Command {
                component,
                method,
                params,
                outcome,
                trail,
            } => LogEvent::Command {
                component: optional(component)?,
                method,
                params: params.0,
                outcome: outcome.into(),
                trail: Box::new(trail),
            },
            Self::Log {
                level: number,
                message,
            } => LogEvent::Log {
                level: level(number)?,
                message,
            },
            Self::LogLost(count) => LogEvent::LogLost(count),
            Self::NoLog(error) => LogEvent::NoLog(error.0),
            Self::Link(link) => LogEvent::Link(link.read(now)),
            Self::Resync(cause) => LogEvent::Resync(cause),
            Self::Unreadable {
                component,
                field,
                found,
            } => LogEvent::Unreadable(Unreadable {
                component: optional(component)?,
                field,
                found,
            }),
            Self::IdClaimed(address) => LogEvent::IdClaimed(address),
        })
    }
}

/// Who caused an event, for those that have someone.
pub(crate) fn sent_origin(event: &mut Event) -> Option<&mut Origin> {
    match event {
        Event::Changed { origin, .. } | Event::Event { origin, .. } => Some(origin),
        _ => None,
    }
}
