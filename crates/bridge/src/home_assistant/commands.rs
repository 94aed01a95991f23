//! Home Assistant's commands as methods of ours. Only those that it cannot
//! write in our own form; the others are `Set` of their components.

use fleet::BoardView;
use protocol::{ComponentKey, Kind, Object, Quoted, method};
use serde_json::Value;

use super::light;

/// A command of Home Assistant.
#[derive(Debug, Clone, PartialEq)]
pub struct Command {
    /// The method.
    pub method: &'static str,
    /// Its parameters.
    pub params: Object,
}

/// Why a command of Home Assistant is not sent to the board.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The board does not have the component.
    #[error("the board has no {0}")]
    NoComponent(ComponentKey),
    /// A component of this kind has no commands in Home Assistant's form.
    #[error(
        "a {kind} takes no command here; publish the fields of its Set method to \
         {component}/set"
    )]
    NoCommands {
        /// The component.
        component: ComponentKey,
        /// Its kind.
        kind: Kind,
    },
    /// The payload is not one of the words that the component takes.
    #[error("expected {accepted}; got {}", Quoted(.found))]
    Word {
        /// What it takes.
        accepted: &'static str,
        /// What arrived.
        found: String,
    },
    /// The payload is no JSON object.
    #[error("expected a JSON object, as in {{\"state\":\"ON\"}}; got {}", Quoted(.0))]
    NotAnObject(String),
    /// A field is not known.
    #[error("{} is not a field; accepted: {accepted}", Quoted(.field))]
    Unknown {
        /// The field.
        field: String,
        /// The known ones.
        accepted: &'static str,
    },
    /// A field has a wrong value.
    #[error("{field} must be {accepted}; got {}", Quoted(.found))]
    Unreadable {
        /// The field.
        field: String,
        /// What it must be.
        accepted: &'static str,
        /// What arrived.
        found: String,
    },
}

/// The method that Home Assistant's payload on `BOARD/KIND:ID/ha/set` stands
/// for. Nothing is checked that the board checks itself.
///
/// # Errors
/// The board lacks the component, or the payload cannot be read.
pub fn command(
    view: &BoardView,
    component: &ComponentKey,
    payload: &[u8],
) -> Result<Command, Refusal> {
    if view.component(component).is_none() {
        return Err(Refusal::NoComponent(component.clone()));
    }
    let text = String::from_utf8_lossy(payload);
    let word = |accepted, words: &[(&str, &'static str)]| {
        let known = words.iter().find(|(word, _)| *word == text);
        let (_, method) = known.ok_or_else(|| Refusal::Word {
            accepted,
            found: sanitize::bounds::name(&text),
        })?;
        let params = Object::from_iter([("id".to_owned(), component.id.into())]);
        Ok(Command { method, params })
    };
    match component.kind {
        Kind::Light => {
            let Ok(Value::Object(fields)) = serde_json::from_slice(payload) else {
                return Err(Refusal::NotAnObject(sanitize::bounds::name(&text)));
            };
            let set = light::command(component.id, &fields)?;
            let params = match serde_json::to_value(&set) {
                Ok(Value::Object(params)) => params,
                _ => Object::new(),
            };
            Ok(Command {
                method: method::LIGHT_SET,
                params,
            })
        }
        Kind::Cover => word(
            "OPEN, CLOSE or STOP",
            &[
                ("OPEN", method::COVER_OPEN),
                ("CLOSE", method::COVER_CLOSE),
                ("STOP", method::COVER_STOP),
            ],
        ),
        Kind::Button => word("press", &[("press", method::BUTTON_PRESS)]),
        Kind::Update => word("install", &[("install", method::UPDATE_INSTALL)]),
        _ => Err(Refusal::NoCommands {
            component: component.clone(),
            kind: component.kind.clone(),
        }),
    }
}

pub(super) fn unreadable(field: &str, accepted: &'static str, found: &Value) -> Refusal {
    Refusal::Unreadable {
        field: field.to_owned(),
        accepted,
        found: sanitize::bounds::name(&found.to_string()),
    }
}
