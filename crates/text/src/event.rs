//! Formats log entries and the outcomes of commands.

use std::time::Duration;

use protocol::{Descriptor, Unreadable};

use super::{also_claimed, cause, fields, link, origin, plain, problem, short, state::problem_for};
use fleet::{Family, LinkProblem, LinkState, LogEvent, Origin, Outcome, ResyncCause};

/// A log entry as columns.
pub struct Line {
    /// The component, or another subject such as `log` or `link`.
    pub subject: String,
    /// What happened.
    pub what: String,
    /// Who caused it.
    pub source: String,
    /// The delay of a push, or the duration of a command.
    pub timing: String,
}

impl Line {
    /// Without source and timing.
    fn about(subject: &str, what: String) -> Self {
        Self {
            subject: subject.to_owned(),
            what,
            source: String::new(),
            timing: String::new(),
        }
    }
}

/// A log entry of a board of this family as a line; `about` describes its
/// component, if that is known.
pub fn event(family: Family, event: &LogEvent, about: Option<&Descriptor>) -> Line {
    let delay = |late: &Option<Duration>| late.map(short).unwrap_or_default();
    match event {
        LogEvent::Changed {
            component,
            change,
            origin: who,
            delay: late,
        } => Line {
            subject: plain(&component.to_string()),
            what: fields(change, about),
            source: cause(&component.kind, who),
            timing: delay(late),
        },
        LogEvent::Event {
            component,
            event,
            origin: who,
            delay: late,
        } => Line {
            subject: plain(&component.to_string()),
            what: plain(&event.replace('_', " ")),
            source: origin(who),
            timing: delay(late),
        },
        LogEvent::Command {
            component,
            method,
            outcome,
            ..
        } => Line {
            subject: component
                .as_ref()
                .map_or_else(String::new, |component| plain(&component.to_string())),
            what: format!("{}: {}", plain(method), answer(outcome)),
            source: origin(&Origin::ThisProgram),
            timing: match outcome {
                Outcome::Done { took, .. } => short(*took),
                _ => String::new(),
            },
        },
        LogEvent::Log { level, message } => Line::about(&format!("log {level}"), plain(message)),
        LogEvent::LogLost(lines) => Line::about(
            "log",
            format!("{lines} lines lost: they arrived faster than they could be read"),
        ),
        LogEvent::NoLog(error) => {
            Line::about("log", format!("not available: {}", plain(&error.message)))
        }
        LogEvent::Link(state) => Line::about(
            "link",
            match state {
                LinkState::Unreachable {
                    problem: cause @ LinkProblem::AwaitingInbound(_),
                    ..
                } => problem(cause),
                LinkState::Unreachable { problem: cause, .. } => {
                    format!("unreachable: {}", problem_for(family, cause))
                }
                other => link(other).to_owned(),
            },
        ),
        LogEvent::Unreadable(Unreadable {
            component,
            field,
            found,
        }) => {
            let subject = component
                .as_ref()
                .map_or_else(|| "message".to_owned(), ToString::to_string);
            let field = if field.is_empty() {
                String::new()
            } else {
                format!("{}: ", plain(field))
            };
            Line::about(
                &subject,
                format!("{field}invalid, shown as unknown: {}", plain(found)),
            )
        }
        LogEvent::IdClaimed(address) => Line::about("id", also_claimed(address)),
        LogEvent::Resync(cause) => Line::about(
            "state",
            match cause {
                ResyncCause::OtherComponents => "resynchronized: the board's components changed",
                ResyncCause::NewEpoch => "resynchronized: the board was reset",
                ResyncCause::Gap => "resynchronized: a push was missed",
            }
            .to_owned(),
        ),
    }
}

/// The outcome of a command.
pub fn answer(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Done { .. } => "done".to_owned(),
        Outcome::Refused(error) => format!("refused: {}", plain(&error.message)),
        Outcome::Unconfirmed => "unconfirmed: no response within 5 s".to_owned(),
        Outcome::LinkLost => "unconfirmed: connection lost".to_owned(),
        Outcome::NotConnected => "not sent: not connected".to_owned(),
        Outcome::Superseded => "replaced by a newer command".to_owned(),
    }
}
