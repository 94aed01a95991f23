//! Exports boards and events as JSON: one object each, the same on the command
//! line and in files that the window saves. Times are in seconds since 1970,
//! durations in milliseconds.

use std::time::Duration;

use protocol::Unreadable;
use serde_json::{Value, json};
use web_time::SystemTime;

use fleet::{
    BoardView, Family, LinkState, Lock, LogEntry, LogEvent, Origin, ResyncCause, UpdateState,
};

fn link_value(link: &LinkState, family: Family) -> Value {
    match link {
        LinkState::Announced => json!({ "state": "announced" }),
        LinkState::Connecting => json!({ "state": "connecting" }),
        LinkState::Connected => json!({ "state": "connected" }),
        LinkState::Stale => json!({ "state": "stale" }),
        LinkState::Unreachable { problem, .. } => {
            json!({ "state": "unreachable", "problem": problem.of_family(family) })
        }
    }
}

/// A board and its components.
pub fn board(board: &BoardView) -> Value {
    let components: Vec<_> = board
        .components
        .iter()
        .map(
            |component| json!({ "descriptor": *component.descriptor, "state": component.reported }),
        )
        .collect();
    let announced = board.announcement.as_ref().map(|(announcement, _)| {
        let pairs = announcement
            .to_txt()
            .into_iter()
            .map(|(key, value)| (key.to_owned(), Value::String(value)));
        Value::Object(pairs.collect())
    });
    let claims: Vec<_> = board.claims.iter().map(|claim| &claim.address).collect();
    json!({
        "id": board.id.as_deref(),
        "name": *board.name,
        "family": board.family.as_str(),
        "address": *board.address,
        "addresses": board.addresses.texts(),
        "link": link_value(&board.link, board.family),
        "caller": board.inbound_from.map(|caller| caller.to_string()),
        "lock": lock(board.lock()),
        "id_claimed_by": claims,
        "round_trip_ms": board.round_trip.map(|took| took.as_secs_f64() * 1e3),
        "announcement": announced,
        "info": board.info.as_deref(),
        "components": components,
        "update": board.update.as_ref().map(update),
    })
}

/// Who may use a board; `null` if unknown.
fn lock(lock: Lock) -> Value {
    match lock {
        Lock::Unknown => Value::Null,
        Lock::Open => json!({ "state": "open" }),
        Lock::Unlocked(role) => json!({ "state": "locked", "role": role.word() }),
        Lock::NoKey => json!({ "state": "locked", "problem": "no_key" }),
        Lock::WrongKey => json!({ "state": "locked", "problem": "wrong_key" }),
    }
}

/// The progress of an update.
pub fn update(state: &UpdateState) -> Value {
    match state {
        UpdateState::Reading => json!({ "state": "reading" }),
        UpdateState::Sending { sent, size } => {
            json!({ "state": "sending", "sent": sent, "size": size, "percent": state.percent() })
        }
        UpdateState::Checking => json!({ "state": "checking" }),
        UpdateState::Restarting => json!({ "state": "restarting" }),
        UpdateState::Done { before, after } => {
            json!({ "state": "done", "before": before, "after": after })
        }
        UpdateState::Failed(problem) => {
            json!({ "state": "failed", "problem": problem.to_string() })
        }
    }
}

/// An event and the board it belongs to, if that is still known.
pub fn event(board: Option<&BoardView>, entry: &LogEntry) -> Value {
    let late_ms = |late: &Option<Duration>| late.map(|late| late.as_secs_f64() * 1e3);
    let mut line = match &entry.what {
        LogEvent::Changed {
            component,
            change,
            origin,
            delay: late,
        } => {
            json!({
                "what": "changed", "component": component, "change": change,
                "origin": origin_value(origin), "late_ms": late_ms(late),
            })
        }
        LogEvent::Event {
            component,
            event,
            origin,
            delay: late,
        } => {
            json!({
                "what": "event", "component": component, "event": event,
                "origin": origin_value(origin), "late_ms": late_ms(late),
            })
        }
        LogEvent::Log { level, message } => {
            json!({ "what": "log", "level": level, "message": message })
        }
        LogEvent::LogLost(lines) => json!({ "what": "log_lost", "lines": lines }),
        LogEvent::NoLog(error) => json!({ "what": "no_log", "error": error }),
        LogEvent::Unreadable(Unreadable {
            component,
            field,
            found,
        }) => {
            json!({ "what": "unreadable", "component": component, "field": field, "found": found })
        }
        LogEvent::IdClaimed(address) => json!({ "what": "id_claimed", "address": address }),
        LogEvent::Link(link) => {
            let family = board.map(|board| board.family).unwrap_or_default();
            json!({ "what": "link", "link": link_value(link, family) })
        }
        LogEvent::Resync(ResyncCause::NewEpoch) => {
            json!({ "what": "resync", "cause": "new_epoch" })
        }
        LogEvent::Resync(ResyncCause::OtherComponents) => {
            json!({ "what": "resync", "cause": "other_components" })
        }
        LogEvent::Resync(ResyncCause::Gap) => json!({ "what": "resync", "cause": "gap" }),
        LogEvent::Command {
            component, method, ..
        } => {
            json!({ "what": "command", "component": component, "method": method })
        }
    };
    if let Some(fields) = line.as_object_mut() {
        fields.insert("at".to_owned(), json!(unix_seconds(entry.at)));
        fields.insert("board".to_owned(), json!(&*entry.board_name));
        fields.insert(
            "id".to_owned(),
            json!(board.and_then(|board| board.id.as_deref())),
        );
    }
    line
}

fn origin_value(origin: &Origin) -> Value {
    match origin {
        Origin::ThisProgram => json!("this_program"),
        Origin::OtherController(number) => json!(format!("client:{number}")),
        Origin::Person(name) => json!(format!("person:{name}")),
        Origin::Physical => json!("physical"),
        Origin::Board => json!("board"),
        Origin::Unknown => Value::Null,
    }
}

/// Seconds since 1970.
fn unix_seconds(at: SystemTime) -> f64 {
    at.duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0.0, |since| since.as_secs_f64())
}
