//! Translates commands into the methods of a Shelly.

use std::borrow::Cow;

use protocol::{Code, ComponentKey, Descriptor, Kind, Object, Request, RpcError, State, method};
use serde_json::{Value, json};

use super::{
    components::numbers,
    frames::Failure,
    source::{Source, Type},
};
use crate::{Shadow, light::check_light};

/// A request to the board that carries out a command.
#[derive(Debug, PartialEq)]
pub(super) struct Plan {
    pub(super) method: Cow<'static, str>,
    pub(super) params: Object,
    /// The component of theirs that it changes.
    pub(super) source: Option<Source>,
    /// The state that shows its effect; without fields, that of a toggle.
    pub(super) wanted: Option<(ComponentKey, State)>,
    /// Its answer is that of the request, unchanged.
    pub(super) is_native: bool,
}

/// The shortest fade that boards accept, in seconds.
const SHORTEST_FADE: f64 = 0.5;

/// How a command is carried out; `None` if Shellys have nothing like it.
///
/// # Errors
/// If a parameter is wrong, or the board cannot do it.
pub(super) fn plan(request: &Request, shadow: &Shadow) -> Result<Option<Plan>, RpcError> {
    let command = Command { request, shadow };
    let plan = match request.method.as_str() {
        method::SWITCH_SET => command.switch_set(),
        method::SWITCH_TOGGLE => command.switch_toggle(),
        method::LIGHT_SET => command.light_set(),
        method::NUMBER_SET => command.set(Kind::Number, "Number.Set"),
        method::TEXT_SET => command.set(Kind::Text, "Text.Set"),
        method::SELECT_SET => command.set(Kind::Select, "Enum.Set"),
        method::BUTTON_PRESS => command.press(),
        method::COVER_OPEN => command.cover("Cover.Open"),
        method::COVER_CLOSE => command.cover("Cover.Close"),
        method::COVER_STOP => command.cover("Cover.Stop"),
        method::COVER_SET => command.cover_set(),
        method::UPDATE_INSTALL => command.install(),
        method::DEVICE_REBOOT => Ok(whole("Shelly.Reboot", Object::new())),
        method::DEVICE_SET_NAME => command.set_name(),
        other => return Ok(native(other, &request.params)),
    };
    plan.map(Some)
}

/// The parts of `docs/protocol.md` that name no component. Shellys have none of
/// them.
const OURS: [&str; 8] = [
    "Device", "Sys", "Ota", "Keys", "Log", "Outbound", "Clients", "Update",
];

/// A method of Shellys, by its own name: it is passed on as it is.
fn native(method: &str, params: &Object) -> Option<Plan> {
    let (namespace, name) = method.split_once('.')?;
    let is_word = |text: &str| {
        !text.is_empty()
            && text.len() <= 64
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    // `Sys.GetStatus` is theirs, `Sys.Ping` is ours.
    let is_theirs = namespace == "Sys" || !OURS.contains(&namespace);
    (is_theirs && is_word(namespace) && is_word(name)).then(|| Plan {
        is_native: true,
        ..whole(method.to_owned(), params.clone())
    })
}

/// A command for the board as a whole.
fn whole(method: impl Into<Cow<'static, str>>, params: Object) -> Plan {
    Plan {
        method: method.into(),
        params,
        source: None,
        wanted: None,
        is_native: false,
    }
}

fn invalid(reason: &str, message: impl Into<String>) -> RpcError {
    RpcError::new(Code::InvalidParams, reason, message)
}

struct Command<'a> {
    request: &'a Request,
    shadow: &'a Shadow,
}

/// The component that a command is for.
struct Target<'a> {
    key: ComponentKey,
    source: Source,
    descriptor: &'a Descriptor,
}

impl Target<'_> {
    fn plan(self, method: &'static str, mut params: Object, wanted: Option<State>) -> Plan {
        params.insert("id".to_owned(), json!(self.source.id));
        Plan {
            source: Some(self.source),
            wanted: wanted.map(|state| (self.key, state)),
            ..whole(method, params)
        }
    }
}

impl<'a> Command<'a> {
    fn param(&self, name: &str) -> Option<&'a Value> {
        self.request
            .params
            .get(name)
            .filter(|value| !value.is_null())
    }

    fn target(&self, kind: Kind) -> Result<Target<'a>, RpcError> {
        let id = self.param("id").and_then(Value::as_u64);
        let id = id.and_then(|id| u16::try_from(id).ok());
        let id = id.ok_or_else(|| invalid("bad_params", "id must be a component's number"))?;
        let key = ComponentKey::new(kind, id);
        let found = self.shadow.component(&key);
        match (found, numbers::source(&key.kind, id)) {
            (Some(descriptor), Some(source)) => Ok(Target {
                key,
                source,
                descriptor,
            }),
            _ => {
                let message = format!("the board has no {key}");
                Err(RpcError::new(Code::NotFound, "not_found", message))
            }
        }
    }

    fn switch_set(&self) -> Result<Plan, RpcError> {
        let target = self.target(Kind::Switch)?;
        let on = self.param("on").and_then(Value::as_bool);
        let on = on.ok_or_else(|| invalid("bad_params", "on must be true or false"))?;
        Ok(switch_to(target, on))
    }

    fn switch_toggle(&self) -> Result<Plan, RpcError> {
        let target = self.target(Kind::Switch)?;
        let on = self.shadow.state(&target.key).and_then(State::on);
        // Booleans cannot be toggled, and an unknown state becomes on.
        if target.source.kind == Type::Boolean || on.is_none() {
            return Ok(switch_to(target, !on.unwrap_or(false)));
        }
        let wanted = Some(State::new());
        Ok(target.plan("Switch.Toggle", Object::new(), wanted))
    }

    fn light_set(&self) -> Result<Plan, RpcError> {
        let target = self.target(Kind::Light)?;
        let change: method::LightSet = self.request.decode()?;
        check_light(&change)?;
        let LightChange { mut params, wanted } = LightChange::new(&change, &target)?;
        if let Some(transition_ms) = change.transition_ms {
            let seconds = (f64::from(transition_ms) / 1000.0).max(SHORTEST_FADE);
            params.insert("transition_duration".to_owned(), json!(seconds));
        }
        let method = match target.source.kind {
            Type::Rgb => "RGB.Set",
            Type::Rgbw => "RGBW.Set",
            Type::Cct => "CCT.Set",
            Type::Rgbcct => "RGBCCT.Set",
            _ => "Light.Set",
        };
        Ok(target.plan(method, params, Some(wanted)))
    }

    /// Sets `value` of a component that a user created.
    fn set(&self, kind: Kind, method: &'static str) -> Result<Plan, RpcError> {
        let numeric = kind == Kind::Number;
        let target = self.target(kind)?;
        let value = self.param("value").filter(|value| match numeric {
            true => value.is_number(),
            false => value.is_string(),
        });
        let expected = if numeric { "a number" } else { "a text" };
        let value =
            value.ok_or_else(|| invalid("bad_params", format!("value must be {expected}")))?;
        let params = Object::from_iter([("value".to_owned(), value.clone())]);
        let wanted = State::new().with("value", value.clone());
        Ok(target.plan(method, params, Some(wanted)))
    }

    fn press(&self) -> Result<Plan, RpcError> {
        let target = self.target(Kind::Button)?;
        let event = match self.param("event").map(Value::as_str) {
            None => "press",
            Some(Some(event)) => event,
            Some(None) => return Err(invalid("bad_params", "event must be a text")),
        };
        let event = press_to_push(event);
        let params = Object::from_iter([("event".to_owned(), json!(event))]);
        Ok(target.plan("Button.Trigger", params, None))
    }

    fn cover(&self, method: &'static str) -> Result<Plan, RpcError> {
        let target = self.target(Kind::Cover)?;
        Ok(target.plan(method, Object::new(), None))
    }

    fn cover_set(&self) -> Result<Plan, RpcError> {
        let target = self.target(Kind::Cover)?;
        let method::CoverSet { position, .. } = self.request.decode()?;
        if position > 100 {
            return Err(invalid("out_of_range", "position must be 0 to 100"));
        }
        if !target.descriptor.caps.position {
            let message = "this cover is not calibrated, so its position cannot be set";
            return Err(invalid("not_supported", message));
        }
        let params = Object::from_iter([("pos".to_owned(), json!(position))]);
        Ok(target.plan("Cover.GoToPosition", params, None))
    }

    fn install(&self) -> Result<Plan, RpcError> {
        self.target(Kind::Update)?;
        let params = Object::from_iter([("stage".to_owned(), json!("stable"))]);
        Ok(whole("Shelly.Update", params))
    }

    fn set_name(&self) -> Result<Plan, RpcError> {
        let name = self.param("name").and_then(Value::as_str);
        let name = name.filter(|name| {
            !name.is_empty()
                && name.len() <= protocol::limits::NAME
                && !name.chars().any(char::is_control)
        });
        let name = name.ok_or_else(|| invalid("bad_params", "name must be 1 to 63 bytes"))?;
        let params = json!({ "config": { "device": { "name": name } } });
        let params = match params {
            Value::Object(params) => params,
            _ => Object::new(),
        };
        Ok(whole("Sys.SetConfig", params))
    }
}

/// What of a light is set, in the board's terms and in ours.
#[derive(Default)]
struct LightChange {
    params: Object,
    wanted: State,
}

impl LightChange {
    fn new(change: &method::LightSet, target: &Target<'_>) -> Result<Self, RpcError> {
        let caps = &target.descriptor.caps;
        let mut new = Self::default();
        if let Some(on) = change.on {
            new.set("on", "on", json!(on));
        }
        if let Some(brightness) = change.brightness {
            new.set("brightness", "brightness", json!(brightness));
        }
        let mut mode = None;
        if let Some(rgb) = change.rgb {
            supported(caps.rgb, "rgb")?;
            new.set("rgb", "rgb", json!(rgb));
            mode = Some("rgb");
        } else if let Some(kelvin) = change.ct_k {
            supported(caps.ct_k.is_some(), "ct_k")?;
            new.set("ct", "ct_k", json!(kelvin));
            mode = Some("cct");
        }
        if let Some(white) = change.white {
            supported(caps.white, "white")?;
            new.set("white", "white", json!(white));
        }
        supported(change.effect.is_none(), "effect")?;
        supported(change.palette.is_none(), "palette")?;
        if new.params.is_empty() {
            let message = "Light.Set needs at least one field";
            return Err(invalid("nothing_to_set", message));
        }
        if let (Type::Rgbcct, Some(mode)) = (target.source.kind, mode) {
            new.params.insert("mode".to_owned(), json!(mode));
        }
        Ok(new)
    }

    fn set(&mut self, theirs: &str, ours: &str, value: Value) {
        self.params.insert(theirs.to_owned(), value.clone());
        self.wanted.0.set(ours, value);
    }
}

fn switch_to(target: Target<'_>, on: bool) -> Plan {
    let (method, field) = match target.source.kind {
        Type::Boolean => ("Boolean.Set", "value"),
        _ => ("Switch.Set", "on"),
    };
    let params = Object::from_iter([(field.to_owned(), json!(on))]);
    target.plan(method, params, Some(State::new().with("on", on)))
}

/// A board ignores a parameter that it does not know, and answers as if it had
/// obeyed.
fn supported(supported: bool, field: &str) -> Result<(), RpcError> {
    match supported {
        true => Ok(()),
        false => Err(invalid(
            "not_supported",
            format!("this light has no {field}"),
        )),
    }
}

/// Our name of an event and theirs.
const PRESSES: [(&str, &str); 3] = [
    ("press", "single_push"),
    ("double_press", "double_push"),
    ("long_press", "long_push"),
];

fn press_to_push(event: &str) -> &str {
    let found = PRESSES.iter().find(|(press, _)| *press == event);
    found.map_or(event, |(_, push)| push)
}

/// Our name of an event of a button.
pub(super) fn push_to_press(event: &str) -> &str {
    let found = PRESSES.iter().find(|(_, push)| *push == event);
    found.map_or(event, |(press, _)| press)
}

/// A refusal of the board, in its own words.
///
/// Source of the codes: shelly-api-docs.shelly.cloud, "Common Errors".
pub(super) fn refusal(failure: &Failure) -> RpcError {
    let (code, reason) = match failure.code {
        -103 => (Code::InvalidParams, "invalid_argument"),
        -104 => (Code::Timeout, "deadline_exceeded"),
        -105 => (Code::NotFound, "not_found"),
        -108 => (Code::ResourceExhausted, "resource_exhausted"),
        -109 => (Code::FailedPrecondition, "failed_precondition"),
        -114 => (Code::Busy, "unavailable"),
        404 => (Code::MethodNotFound, "no_such_method"),
        other => {
            let code = i32::try_from(other).map_or(Code::InternalError, Code::Other);
            (code, "refused")
        }
    };
    let message = match failure.message.is_empty() {
        true => format!("the board answers with error {}", failure.code),
        false => failure.message.clone(),
    };
    RpcError::new(code, reason, message)
}
