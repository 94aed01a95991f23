//! Requests that a board's components and the board itself understand, with
//! parameters to start from.

use disk::documents::{settable, state_of};
use protocol::{Descriptor, Kind, Object, State, method};
use serde_json::{Value, json};

use crate::model::pin::component_name;
use fleet::{BoardView, ComponentView};

/// A suggested request.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Suggestion {
    pub(super) method: String,
    /// Initial parameters.
    pub(super) params: Option<Value>,
    /// What it does or applies to.
    pub(super) about: String,
}

impl Suggestion {
    fn new(method: &str, params: Option<Value>, about: &str) -> Self {
        Self {
            method: method.to_owned(),
            params,
            about: about.to_owned(),
        }
    }

    /// Its text in the list, which is also searched.
    pub(super) fn words(&self) -> String {
        format!("{}  {}", self.method, self.about)
    }
}

/// Suggestions for a board: for each component, and for the board itself.
pub(super) fn suggestions(board: &BoardView) -> Vec<Suggestion> {
    let mut suggestions = Vec::new();
    for view in &board.components {
        let name = component_name(board, view);
        for (method, params) in of_component(view) {
            suggestions.push(Suggestion::new(method, Some(params), &name));
        }
    }
    let of_board = [
        (method::DEVICE_GET_INFO, None, "information about the board"),
        (
            method::DEVICE_GET_COMPONENTS,
            Some(json!({"offset": 0})),
            "its components",
        ),
        (
            method::DEVICE_GET_STATUS,
            None,
            "the state of all components",
        ),
        (method::DEVICE_IDENTIFY, None, "identify the board"),
        (
            method::DEVICE_SET_NAME,
            Some(json!({"name": *board.name})),
            "rename the board",
        ),
        (method::DEVICE_REBOOT, None, "restart the board"),
        (
            method::LOG_SUBSCRIBE,
            Some(json!({"level": "info"})),
            "receive its log",
        ),
        (method::SYS_PING, None, "check that it responds"),
    ];
    let of_board = of_board
        .into_iter()
        .map(|(method, params, about)| Suggestion::new(method, params, about));
    suggestions.extend(of_board);
    suggestions
}

fn of_component(view: &ComponentView) -> Vec<(&'static str, Value)> {
    let Descriptor { key, .. } = view.descriptor.as_ref();
    let id = key.id;
    let set = || {
        let mut params = Object::from_iter([("id".to_owned(), json!(id))]);
        // The current state, as a starting point.
        let state = state_of(&key.kind, &view.shown()).unwrap_or_else(|| {
            settable(&key.kind)
                .iter()
                .take(1)
                .fold(State::new(), |state, field| state.with(field, Value::Null))
        });
        params.extend(state.0);
        Value::Object(params)
    };
    match key.kind {
        Kind::Light => vec![(method::LIGHT_SET, set())],
        Kind::Switch => vec![
            (method::SWITCH_SET, set()),
            (method::SWITCH_TOGGLE, json!({"id": id})),
        ],
        Kind::Cover => {
            let target = || json!({"id": id});
            let mut requests = vec![
                (method::COVER_OPEN, target()),
                (method::COVER_CLOSE, target()),
                (method::COVER_STOP, target()),
            ];
            if view.descriptor.caps.position {
                requests.push((method::COVER_SET, set()));
            }
            requests
        }
        Kind::Number => vec![(method::NUMBER_SET, set())],
        Kind::Select => vec![(method::SELECT_SET, set())],
        Kind::Text => vec![(method::TEXT_SET, set())],
        Kind::Button => vec![(method::BUTTON_PRESS, json!({"id": id}))],
        Kind::Update if view.descriptor.can_install => {
            vec![(method::UPDATE_INSTALL, json!({"id": id}))]
        }
        Kind::Update => vec![(method::OTA_ABORT, json!({"id": id}))],
        _ => Vec::new(),
    }
}
