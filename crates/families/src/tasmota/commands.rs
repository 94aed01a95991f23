//! Commands of `docs/protocol.md` as messages to a board, and what confirms
//! them.

use protocol::{
    Code, ComponentKey, Kind, Request, RpcError, State,
    method::{self, CoverSet, LightSet, NumberSet, SetName, SwitchSet, Target, TextSet},
};
use serde_json::Value;

use crate::light::check_light;

use super::{
    components::{self, PERIOD, SPEEDS},
    config::Config,
};

/// What is sent for a command, and what confirms it.
#[derive(Debug)]
pub(super) struct Command {
    /// The end of the topic.
    pub(super) topic: String,
    pub(super) payload: String,
    pub(super) effect: Effect,
}

/// What confirms a command.
#[derive(Debug)]
pub(super) enum Effect {
    /// The component has one of these states.
    State(ComponentKey, Vec<State>),
    /// The board answers with this field.
    Answer(&'static str),
}

/// Translates a command; `None` if Tasmota has no such.
///
/// # Errors
/// If the board lacks the component, or a parameter is not accepted.
pub(super) fn translate(
    request: &Request,
    config: &Config,
    has: impl Fn(&ComponentKey) -> bool,
    state: impl Fn(&ComponentKey) -> Option<State>,
) -> Result<Option<Command>, RpcError> {
    let of = |kind: Kind| {
        let key = ComponentKey::new(kind, request.decode::<Target>()?.id);
        match has(&key) {
            true => Ok(key),
            false => Err(not_found(&key)),
        }
    };
    let command = match request.method.as_str() {
        method::SWITCH_SET => {
            let key = of(Kind::Switch)?;
            switch(config, key, request.decode::<SwitchSet>()?.on)
        }
        method::SWITCH_TOGGLE => {
            let key = of(Kind::Switch)?;
            let on = state(&key).and_then(|state| state.on());
            switch(config, key, !on.unwrap_or(false))
        }
        method::LIGHT_SET => {
            let key = of(Kind::Light)?;
            let set = request.decode::<LightSet>()?;
            check_light(&set)?;
            let light = components::light(config, key.id).ok_or_else(|| not_found(&key))?;
            let change = light.set(&set, config, state(&key).as_ref())?;
            let effect = Effect::State(key, vec![change.wanted]);
            backlog(change.commands, effect)
        }
        method::COVER_OPEN => cover(of(Kind::Cover)?, "ShutterOpen", &["opening", "open"]),
        method::COVER_CLOSE => cover(of(Kind::Cover)?, "ShutterClose", &["closing", "closed"]),
        method::COVER_STOP => {
            let key = of(Kind::Cover)?;
            cover(key, "ShutterStop", &["stopped", "open", "closed"])
        }
        method::COVER_SET => {
            let key = of(Kind::Cover)?;
            let position = request.decode::<CoverSet>()?.position;
            cover_to(config, key, position, &state)?
        }
        method::NUMBER_SET => {
            let key = of(Kind::Number)?;
            telemetry_period(key, request.decode::<NumberSet>()?.value)?
        }
        method::SELECT_SET => {
            let key = of(Kind::Select)?;
            fan_speed(key, &request.decode::<TextSet>()?.value)?
        }
        method::UPDATE_INSTALL => {
            of(Kind::Update)?;
            answered("Upgrade", "1")
        }
        method::DEVICE_REBOOT => answered("Restart", "1"),
        method::DEVICE_SET_NAME => answered("DeviceName", &name(request)?),
        _ => return Ok(None),
    };
    Ok(Some(command))
}

fn switch(config: &Config, key: ComponentKey, on: bool) -> Command {
    Command {
        topic: format!("POWER{}", key.id + 1),
        payload: config.power(on).to_owned(),
        effect: Effect::State(key, vec![State::new().with("on", on)]),
    }
}

/// Several commands in one message. A fade is only for the command after it.
fn backlog(mut commands: Vec<(String, String)>, effect: Effect) -> Command {
    let (topic, payload) = match (commands.len(), commands.pop()) {
        (1, Some(only)) => only,
        (_, last) => {
            commands.extend(last);
            let lines: Vec<_> = commands
                .iter()
                .map(|(command, argument)| format!("NoDelay;{command} {argument}"))
                .collect();
            ("Backlog".to_owned(), lines.join(";"))
        }
    };
    Command {
        topic,
        payload,
        effect,
    }
}

fn cover(key: ComponentKey, command: &str, states: &[&str]) -> Command {
    let states = states
        .iter()
        .map(|state| State::new().with("state", *state));
    Command {
        topic: format!("{command}{}", key.id + 1),
        payload: String::new(),
        effect: Effect::State(key, states.collect()),
    }
}

fn cover_to(
    config: &Config,
    key: ComponentKey,
    position: u8,
    state: impl Fn(&ComponentKey) -> Option<State>,
) -> Result<Command, RpcError> {
    if position > 100 {
        return Err(out_of_range("position must be 0 to 100"));
    }
    let mut wanted = vec![State::new().with("position", position)];
    match state(&key).and_then(|state| state.position()) {
        Some(now) if now < position => wanted.push(State::new().with("state", "opening")),
        Some(now) if now > position => wanted.push(State::new().with("state", "closing")),
        _ => {}
    }
    let theirs = match config.is_inverted(key.id) {
        true => 100 - position,
        false => position,
    };
    Ok(Command {
        topic: format!("ShutterPosition{}", key.id + 1),
        payload: theirs.to_string(),
        effect: Effect::State(key, wanted),
    })
}

fn telemetry_period(key: ComponentKey, value: f64) -> Result<Command, RpcError> {
    let [least, most] = PERIOD.map(f64::from);
    let value = value.round();
    // NaN is neither.
    if value != 0.0 && !(least..=most).contains(&value) {
        let message = format!("value must be 0, which is never, or {least} to {most}");
        return Err(out_of_range(message));
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "0 to 3600"
    )]
    let seconds = value as u32;
    Ok(Command {
        topic: "TelePeriod".to_owned(),
        payload: seconds.to_string(),
        effect: Effect::State(key, vec![State::new().with("value", seconds)]),
    })
}

fn fan_speed(key: ComponentKey, wanted: &str) -> Result<Command, RpcError> {
    let number = SPEEDS.iter().position(|speed| *speed == wanted);
    let number = number.ok_or_else(|| {
        let message = format!("value must be one of: {}", SPEEDS.join(", "));
        out_of_range(message)
    })?;
    Ok(Command {
        topic: "FanSpeed".to_owned(),
        payload: number.to_string(),
        effect: Effect::State(key, vec![State::new().with("value", wanted)]),
    })
}

/// A command that the board answers with a field of its name.
fn answered(command: &'static str, payload: &str) -> Command {
    Command {
        topic: command.to_owned(),
        payload: payload.to_owned(),
        effect: Effect::Answer(command),
    }
}

fn name(request: &Request) -> Result<String, RpcError> {
    let given = request.params.get("name").and_then(Value::as_str);
    let fits = given.is_some_and(|name| {
        !name.trim().is_empty()
            && name.len() <= protocol::limits::NAME
            && !name.chars().any(char::is_control)
    });
    match fits {
        true => Ok(request.decode::<SetName>()?.name),
        false => Err(RpcError::new(
            Code::InvalidParams,
            "bad_params",
            "name must be 1 to 63 bytes without control characters",
        )),
    }
}

fn not_found(key: &ComponentKey) -> RpcError {
    let message = format!("this board has no {key}");
    RpcError::new(Code::NotFound, "not_found", message)
}

fn out_of_range(message: impl Into<String>) -> RpcError {
    RpcError::new(Code::InvalidParams, "out_of_range", message)
}
