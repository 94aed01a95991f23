//! How an event reads in the window: what it is about, by the name that people
//! gave it, what happened, who did it, and how long it took.

use protocol::{ComponentKey, Descriptor, Object, State, method};

use crate::model::boards::Model;
use fleet::{BoardKey, LogEntry, LogEvent, Outcome};

/// An event as text.
#[derive(Debug, Default)]
pub(crate) struct EventText {
    /// The name of the component; empty if it is about the board.
    pub(crate) subject: String,
    /// The key of the component, unless the name is the key.
    pub(crate) key: String,
    /// What happened.
    pub(crate) what: String,
    /// Who did it.
    pub(crate) who: String,
    /// How long it took.
    pub(crate) timing: String,
}

impl EventText {
    /// The whole text, with the name of its board.
    pub(crate) fn in_one(&self, board: &str) -> String {
        let subject = match (self.subject.as_str(), self.key.as_str()) {
            (subject, "") => subject.to_owned(),
            (subject, key) => format!("{subject} ({key})"),
        };
        let told = [subject, self.what.clone()];
        let told = told.into_iter().filter(|part| !part.is_empty());
        let told = told.collect::<Vec<_>>().join(": ");
        [board, &told, &self.who, &self.timing]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join(", ")
    }
}

/// An event as text; `change` are the fields that it changed together with
/// others, or that the command was seen to change.
pub(crate) fn event_text(model: &Model, entry: &LogEntry, change: Option<&State>) -> EventText {
    let board = model.board(entry.board);
    let family = board.map(|board| board.family).unwrap_or_default();
    let line = text::event(family, &entry.what, None);
    let key = entry.what.component();
    let about = key.and_then(|key| descriptor(model, entry.board, key));
    let mut text = EventText {
        subject: line.subject,
        key: String::new(),
        what: line.what,
        who: line.source,
        timing: line.timing,
    };
    if let Some(about) = about.filter(|about| !about.name.is_empty()) {
        text.key = std::mem::replace(&mut text.subject, text::plain(&about.name));
    }
    match &entry.what {
        LogEvent::Changed { change: own, .. } => {
            text.what = text::fields(change.unwrap_or(own), about);
        }
        LogEvent::Command {
            method,
            params,
            outcome,
            ..
        } => {
            text.what = command(method, params, outcome, change, about);
            text.who = "you".to_owned();
        }
        LogEvent::Link(_) => text.subject = String::new(),
        _ => {}
    }
    if entry.what.is_own() {
        text.who = "you".to_owned();
    } else if let Some(own) = model.own_clients.of_event(entry) {
        text.who = own.to_owned();
    }
    text
}

/// What a command did, or should have done.
fn command(
    method: &str,
    params: &Object,
    outcome: &Outcome,
    effect: Option<&State>,
    about: Option<&Descriptor>,
) -> String {
    let mut set = State::from(params.clone());
    set.0.remove("transition_ms");
    let act = match method {
        method::BUTTON_PRESS => "press".to_owned(),
        method::SWITCH_TOGGLE => match effect {
            Some(effect) => text::fields(effect, about),
            None => "toggle".to_owned(),
        },
        method::DEVICE_IDENTIFY => "identify".to_owned(),
        method::DEVICE_REBOOT => "restart".to_owned(),
        method::DEVICE_FACTORY_RESET => "factory reset".to_owned(),
        method::DEVICE_SET_NAME => match params.get("name").and_then(|name| name.as_str()) {
            Some(name) => format!("renamed to {}", text::plain(name)),
            None => "renamed".to_owned(),
        },
        _ if !set.0.is_empty() => text::fields(&set, about),
        other => text::plain(other),
    };
    match outcome {
        Outcome::Done { .. } => act,
        other => format!("{act}: {}", text::answer(other)),
    }
}

/// The description of a component.
fn descriptor<'a>(model: &'a Model, board: BoardKey, key: &ComponentKey) -> Option<&'a Descriptor> {
    Some(&model.board(board)?.component(key)?.descriptor)
}
