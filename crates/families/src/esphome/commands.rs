//! Commands of `docs/protocol.md` as messages to a board, and how it is known
//! that they were carried out.

use protocol::{
    Code, Request, RpcError, State, limits,
    method::{self, CoverSet, LightSet, NumberSet, SwitchSet, TextSet},
};
use serde_json::Value;

use super::{
    entity::{Detail, Entity},
    messages,
    text::{decimal, exact},
    wire::Message,
};
use crate::light::check_light;

/// A message that carries out a command.
#[derive(Debug)]
pub(super) struct Command {
    pub(super) message: u32,
    pub(super) payload: Vec<u8>,
    pub(super) effect: Effect,
}

/// How it is known that a command was carried out: ESPHome answers none.
#[derive(Debug, PartialEq)]
pub(super) enum Effect {
    /// The board reports one of these states.
    Reports(Vec<State>),
    /// Nothing is reported. The board carries out what it receives in order, so
    /// it has done so once it answers a ping that was sent after it.
    Processed,
}

/// The kind of component that a method commands; `None` if it is no command of
/// a component, or boards with ESPHome have no such.
pub(super) fn commanded(method: &str) -> Option<&'static str> {
    Some(match method {
        method::SWITCH_SET | method::SWITCH_TOGGLE => "switch",
        method::LIGHT_SET => "light",
        method::NUMBER_SET => "number",
        method::SELECT_SET => "select",
        method::TEXT_SET => "text",
        method::BUTTON_PRESS => "button",
        method::COVER_OPEN | method::COVER_CLOSE | method::COVER_STOP | method::COVER_SET => {
            "cover"
        }
        "Lock.Lock" | "Lock.Unlock" | "Lock.Open" => "lock",
        method::UPDATE_INSTALL => "update",
        _ => return None,
    })
}

/// Translates a command for an entity of the kind that it commands. `state` is
/// what the board reported last.
///
/// # Errors
/// If a parameter is missing or not accepted.
pub(super) fn command(
    entity: &Entity,
    state: Option<&State>,
    request: &Request,
) -> Result<Command, RpcError> {
    let message = Message::new().fixed(1, entity.key);
    match (request.method.as_str(), &entity.detail) {
        (method::SWITCH_SET, _) => Ok(switch(entity, message, request.decode::<SwitchSet>()?.on)),
        (method::SWITCH_TOGGLE, _) => {
            let on = state.and_then(State::on).unwrap_or(false);
            Ok(switch(entity, message, !on))
        }
        (method::LIGHT_SET, Detail::Light(light)) => {
            let set = request.decode::<LightSet>()?;
            check_light(&set)?;
            check_effect(&set, state)?;
            let (message, wanted) = light.set(message, &set)?;
            Ok(reporting(entity, messages::LIGHT_COMMAND, message, wanted))
        }
        (method::NUMBER_SET, Detail::Number { min, max, step, .. }) => {
            let value = request.decode::<NumberSet>()?.value;
            let value = within(value, [*min, *max, *step])?;
            let wanted = State::new().with("value", decimal(value));
            let message = message.float(2, value);
            Ok(reporting(entity, messages::NUMBER_COMMAND, message, wanted))
        }
        (method::SELECT_SET, Detail::Select { options }) => {
            let value = request.decode::<TextSet>()?.value;
            if !options.contains(&value) {
                return Err(out_of_range(format!(
                    "value must be one of: {}",
                    options.join(", ")
                )));
            }
            let message = message.text(2, &value);
            let wanted = State::new().with("value", value);
            Ok(reporting(entity, messages::SELECT_COMMAND, message, wanted))
        }
        (method::TEXT_SET, Detail::Text { least, most }) => {
            let value = request.decode::<TextSet>()?.value;
            check_text(&value, *least, *most)?;
            let message = message.text(2, &value);
            let wanted = State::new().with("value", value);
            Ok(reporting(entity, messages::TEXT_COMMAND, message, wanted))
        }
        (method::BUTTON_PRESS, _) => press(entity, request),
        (method::COVER_SET, Detail::Cover { position: true, .. }) => {
            cover_to(entity, message, state, request)
        }
        (
            method::COVER_OPEN | method::COVER_CLOSE | method::COVER_STOP,
            Detail::Cover { stop, .. },
        ) => cover(entity, message, *stop, request),
        (_, Detail::Lock { open }) => lock(entity, message, *open, request),
        (method::UPDATE_INSTALL, _) => {
            let started = State::new().with("in_progress", true);
            let message = message.number(2, 1);
            Ok(reporting(
                entity,
                messages::UPDATE_COMMAND,
                message,
                started,
            ))
        }
        (method, _) => Err(RpcError::new(
            Code::InvalidParams,
            "not_supported",
            format!("this {} does not support {method}", entity.layout.kind),
        )),
    }
}

/// Presses a button.
pub(super) fn press(entity: &Entity, request: &Request) -> Result<Command, RpcError> {
    match request.params.get("event").map(Value::as_str) {
        None | Some(Some("press")) => {}
        Some(_) => {
            return Err(RpcError::new(
                Code::InvalidParams,
                "not_supported",
                "event must be press: ESPHome cannot press a button in another way",
            ));
        }
    }
    let message = Message::new().fixed(1, entity.key);
    Ok(finished(
        entity,
        messages::BUTTON_COMMAND,
        message,
        Effect::Processed,
    ))
}

fn switch(entity: &Entity, message: Message, on: bool) -> Command {
    let wanted = State::new().with("on", on);
    let message = message.flag(2, on);
    reporting(entity, messages::SWITCH_COMMAND, message, wanted)
}

/// A command after which the board reports a state.
fn reporting(entity: &Entity, number: u32, message: Message, wanted: State) -> Command {
    finished(entity, number, message, Effect::Reports(vec![wanted]))
}

/// Adds the device, which is field 2, 3, 5, 9 or 28 depending on the message.
fn finished(entity: &Entity, number: u32, message: Message, effect: Effect) -> Command {
    let field = match number {
        messages::BUTTON_COMMAND => 2,
        messages::LOCK_COMMAND => 5,
        messages::COVER_COMMAND => 9,
        messages::LIGHT_COMMAND => 28,
        _ => 3,
    };
    let message = match entity.device {
        0 => message,
        device => message.number(field, device.into()),
    };
    Command {
        message: number,
        payload: message.into_bytes(),
        effect,
    }
}

/// A cover that takes long to get somewhere confirms a command by moving there.
fn cover(
    entity: &Entity,
    message: Message,
    can_stop: bool,
    request: &Request,
) -> Result<Command, RpcError> {
    let states = |names: &[&str]| {
        let state = |name: &&str| State::new().with("state", *name);
        Effect::Reports(names.iter().map(state).collect())
    };
    let (message, effect) = match request.method.as_str() {
        method::COVER_OPEN => (
            message.flag(4, true).float(5, 1.0),
            states(&["opening", "open"]),
        ),
        method::COVER_CLOSE => (
            message.flag(4, true).float(5, 0.0),
            states(&["closing", "closed"]),
        ),
        _ if can_stop => (
            message.flag(8, true),
            states(&["stopped", "open", "closed"]),
        ),
        _ => {
            return Err(RpcError::new(
                Code::InvalidParams,
                "not_supported",
                "this cover cannot be stopped",
            ));
        }
    };
    Ok(finished(entity, messages::COVER_COMMAND, message, effect))
}

fn cover_to(
    entity: &Entity,
    message: Message,
    state: Option<&State>,
    request: &Request,
) -> Result<Command, RpcError> {
    let position = request.decode::<CoverSet>()?.position;
    if position > 100 {
        return Err(out_of_range("position must be 0 to 100"));
    }
    let before = state
        .and_then(|state| state.get("position"))
        .and_then(Value::as_u64);
    let mut wanted = vec![State::new().with("position", position)];
    match before.map(|before| before.cmp(&u64::from(position))) {
        Some(std::cmp::Ordering::Less) => wanted.push(State::new().with("state", "opening")),
        Some(std::cmp::Ordering::Greater) => wanted.push(State::new().with("state", "closing")),
        Some(std::cmp::Ordering::Equal) | None => {}
    }
    let message = message.flag(4, true).float(5, f32::from(position) / 100.0);
    let effect = Effect::Reports(wanted);
    Ok(finished(entity, messages::COVER_COMMAND, message, effect))
}

/// `LockCommand`: 0 unlocks, 1 locks, 2 opens.
fn lock(
    entity: &Entity,
    message: Message,
    can_open: bool,
    request: &Request,
) -> Result<Command, RpcError> {
    let (number, names) = match request.method.as_str() {
        "Lock.Unlock" => (0, ["unlocking", "unlocked"]),
        "Lock.Lock" => (1, ["locking", "locked"]),
        _ if can_open => (2, ["opening", "open"]),
        _ => {
            return Err(RpcError::new(
                Code::InvalidParams,
                "not_supported",
                "this lock cannot open the door",
            ));
        }
    };
    let mut message = message.number(2, number);
    if let Some(code) = request.params.get("code").and_then(Value::as_str) {
        message = message.flag(3, true).text(4, code);
    }
    let states = names.map(|name| State::new().with("state", name));
    let effect = Effect::Reports(states.to_vec());
    Ok(finished(entity, messages::LOCK_COMMAND, message, effect))
}

/// A light that is off ignores an effect.
fn check_effect(set: &LightSet, state: Option<&State>) -> Result<(), RpcError> {
    let on = set.on.or_else(|| state.and_then(State::on));
    match set.effect.as_deref() {
        Some(effect) if effect != NO_EFFECT && on == Some(false) => Err(RpcError::new(
            Code::FailedPrecondition,
            "light_is_off",
            "an effect needs the light to be on",
        )),
        _ => Ok(()),
    }
}

/// What ESPHome calls no effect.
const NO_EFFECT: &str = "None";

/// A value of a number, rounded to its step: the board does not round.
fn within(value: f64, range: [f32; 3]) -> Result<f32, RpcError> {
    let [min, max, step] = range.map(|number| exact(number).unwrap_or(0.0));
    if !(min..=max).contains(&value) {
        return Err(out_of_range(format!("value must be {min} to {max}")));
    }
    let rounded = match step > 0.0 {
        true => (min + ((value - min) / step).round() * step).min(max),
        false => value,
    };
    #[expect(
        clippy::cast_possible_truncation,
        reason = "ESPHome's numbers have this precision"
    )]
    Ok(rounded as f32)
}

/// The limits are in bytes, as the board counts.
fn check_text(value: &str, least: u64, most: u64) -> Result<(), RpcError> {
    let most = match most {
        0 => limits::TEXT_VALUE as u64,
        most => most.min(limits::TEXT_VALUE as u64),
    };
    let length = value.len() as u64;
    match (least..=most).contains(&length) && !value.chars().any(char::is_control) {
        true => Ok(()),
        false => Err(out_of_range(format!(
            "value must be {least} to {most} bytes without control characters"
        ))),
    }
}

fn out_of_range(message: impl Into<String>) -> RpcError {
    RpcError::new(Code::InvalidParams, "out_of_range", message)
}
