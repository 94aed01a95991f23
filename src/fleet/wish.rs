//! Turns what a person wants into the method of the component's kind. Knows no
//! session and sends nothing.

use protocol::{Code, ComponentKey, Kind, Object, RpcError, State, method};
use serde_json::json;

use super::BoardView;
use crate::link::commands::{Command, Ticket};

/// Fields of a `Set` that are no state: how, not what.
const HOW: [&str; 1] = ["transition_ms"];

/// What a person wants of a board.
#[derive(Debug)]
pub(super) enum Wish {
    /// Fields as they shall be.
    Set(ComponentKey, State),
    /// The opposite of what is shown.
    Toggle(ComponentKey),
    /// A button pressed from afar.
    Press(ComponentKey),
    /// Any method.
    Call(String, Object),
}

impl Wish {
    /// The command for it.
    ///
    /// # Errors
    /// Where the component's kind has no such command: refused here, as the
    /// board would.
    pub(super) fn command(
        self,
        ticket: Ticket,
        board: &BoardView,
    ) -> Result<Command, Box<(Command, RpcError)>> {
        let blank = |component: Option<ComponentKey>| Command {
            ticket,
            component,
            method: String::new(),
            params: Object::new(),
            wanted: None,
            replaceable: false,
        };
        match self {
            Self::Set(key, change) => {
                let method = match key.kind {
                    Kind::Switch => method::SWITCH_SET,
                    Kind::Light => method::LIGHT_SET,
                    Kind::Number => method::NUMBER_SET,
                    Kind::Select => method::SELECT_SET,
                    Kind::Text => method::TEXT_SET,
                    _ => return Err(impossible(blank(Some(key)), "set")),
                };
                let mut params = Object::from(change.0.clone());
                params.insert("id".to_owned(), json!(key.id));
                let mut wanted = change;
                wanted.0.retain(|field, _| !HOW.contains(&field));
                let wanted = Some(wanted);
                Ok(Command {
                    method: method.to_owned(),
                    params,
                    wanted,
                    replaceable: true,
                    ..blank(Some(key))
                })
            }
            Self::Toggle(key) => {
                let shown = board
                    .components
                    .iter()
                    .find(|component| component.descriptor.key == key);
                let on = shown.and_then(|component| component.shown().on());
                let opposite = !on.unwrap_or(false);
                let mut params = target(&key);
                let (method, wanted) = match key.kind {
                    // What an unknown switch becomes only the board knows.
                    Kind::Switch => (
                        method::SWITCH_TOGGLE,
                        on.map(|on| State::new().with("on", !on)),
                    ),
                    Kind::Light => {
                        params.insert("on".to_owned(), json!(opposite));
                        (method::LIGHT_SET, Some(State::new().with("on", opposite)))
                    }
                    _ => return Err(impossible(blank(Some(key)), "toggled")),
                };
                Ok(Command {
                    method: method.to_owned(),
                    params,
                    wanted,
                    ..blank(Some(key))
                })
            }
            Self::Press(key) => match key.kind {
                Kind::Button => {
                    let params = target(&key);
                    Ok(Command {
                        method: method::BUTTON_PRESS.to_owned(),
                        params,
                        ..blank(Some(key))
                    })
                }
                _ => Err(impossible(blank(Some(key)), "pressed")),
            },
            Self::Call(method, params) => {
                let component = component_of(&method, &params);
                Ok(Command {
                    method,
                    params,
                    ..blank(component)
                })
            }
        }
    }
}

fn target(key: &ComponentKey) -> Object {
    Object::from_iter([("id".to_owned(), json!(key.id))])
}

/// A call of `Light.Set` with `id` 0 keeps its order among the other commands
/// of `light:0`.
fn component_of(method: &str, params: &Object) -> Option<ComponentKey> {
    let kind = match method.split_once('.')?.0 {
        "Switch" => Kind::Switch,
        "Light" => Kind::Light,
        "Number" => Kind::Number,
        "Select" => Kind::Select,
        "Text" => Kind::Text,
        "Button" => Kind::Button,
        _ => return None,
    };
    let id = params
        .get("id")?
        .as_u64()
        .and_then(|id| u16::try_from(id).ok())?;
    Some(ComponentKey::new(kind, id))
}

fn impossible(mut command: Command, done: &str) -> Box<(Command, RpcError)> {
    let kind = command
        .component
        .as_ref()
        .map(|key| key.kind.to_string())
        .unwrap_or_default();
    command.method = format!("({done})");
    let message = format!("a {kind} cannot be {done}");
    Box::new((
        command,
        RpcError::new(Code::MethodNotFound, "no_such_command", message),
    ))
}
