//! Checks before the start that every message of a board fits, computed from
//! the largest values.

use alloc::{borrow::ToOwned, collections::BTreeMap, format, string::String, vec};

use protocol::{
    ComponentKey, ComponentsPage, DeviceInfo, Epoch, Id, Kind, NotifyStatus, ResetReason, Response,
    Snapshot, Source, State,
    limits::{self, MESSAGE_OUT_OF_BOARD},
};
use serde_json::{Value, json};

use crate::{
    Component, Identity, Plan, PlanError,
    outbox::{Push, notification},
    rules, text, update,
};

/// The longest `id` of a request, in bytes as JSON. The response repeats it and
/// must still fit into a message.
pub(crate) const MAX_REQUEST_ID: usize = 64;

/// The longest reset reason, in bytes.
const MAX_RESET_REASON: usize = 32;

/// The longest number that an `f64` can be in JSON.
const LONGEST_NUMBER: f64 = -1.234_567_890_123_456_7e-308;

/// Refuses a plan if a message could be larger than [`MESSAGE_OUT_OF_BOARD`].
pub(crate) fn check(plan: &Plan) -> Result<(), PlanError> {
    let fits = |what: &str, bytes: usize| {
        if bytes <= MESSAGE_OUT_OF_BOARD {
            return Ok(());
        }
        Err(PlanError(format!(
            "{what} may need {bytes} bytes; a message out of a board has at most \
                 {MESSAGE_OUT_OF_BOARD}"
        )))
    };
    fits(
        "Device.GetInfo",
        response_len(&json!(info(
            &plan.identity,
            Some(longest_reason()),
            Epoch(u32::MAX),
            u64::MAX
        ))),
    )?;
    for component in &plan.components {
        let page = ComponentsPage {
            offset: usize::MAX,
            total: usize::MAX,
            components: vec![component.descriptor.clone()],
        };
        fits(
            &format!("the description of {}", component.descriptor.key),
            response_len(&json!(page)),
        )?;
    }
    let components: BTreeMap<ComponentKey, State> = plan
        .components
        .iter()
        .filter(|component| rules::has_state(&component.descriptor.kind))
        .map(|component| (component.descriptor.key.clone(), largest_state(component)))
        .collect();
    let snapshot = Snapshot {
        epoch: Epoch(u32::MAX),
        seq: u64::MAX,
        uptime_ms: u64::MAX,
        client: Some(u32::MAX),
        components: components.clone(),
    };
    fits(
        "the state of all components",
        response_len(&json!(snapshot)),
    )?;
    let largest_change = NotifyStatus {
        epoch: Epoch(u32::MAX),
        prev: u64::MAX,
        seq: u64::MAX,
        uptime_ms: u64::MAX,
        source: Some(Source::Client(u32::MAX)),
        components,
    };
    fits(
        "a change of all components",
        notification(Push::Status(&largest_change)).len(),
    )
}

/// The feature of a board that can be updated.
pub(crate) const OTA: &str = "ota";

/// The feature of a board that serves `POST /rpc`: an open one.
pub(crate) const HTTP_RPC: &str = "http_rpc";

/// The feature of a board that takes samples: an open one.
pub(crate) const TELEMETRY: &str = "telemetry";

/// The feature of a board that has `Clients.List` and `Clients.Close`.
const CLIENTS: &str = "clients";

/// The feature of a board that has keys: a locked one.
pub(crate) const KEYS: &str = "keys";

/// The feature of a board that makes outbound connections.
pub(crate) const OUTBOUND: &str = "outbound";

/// The feature of a board that has `Device.FactoryReset`.
const FACTORY_RESET: &str = "factory_reset";

/// The longest reset reason. No known one is longer.
fn longest_reason() -> ResetReason {
    ResetReason::Unknown("x".repeat(MAX_RESET_REASON))
}

/// The result of `Device.GetInfo` of a board with all features.
pub(crate) fn info(
    identity: &Identity,
    reset_reason: Option<ResetReason>,
    epoch: Epoch,
    uptime_ms: u64,
) -> DeviceInfo {
    DeviceInfo {
        id: identity.id.clone(),
        name: identity.name.clone(),
        mac: identity.mac.clone(),
        version: identity.version.clone(),
        platform: identity.platform.clone(),
        board: identity.board.clone(),
        proto: protocol::PROTOCOL_MAJOR,
        features: [
            "transition",
            HTTP_RPC,
            "log",
            CLIENTS,
            TELEMETRY,
            OTA,
            KEYS,
            OUTBOUND,
            FACTORY_RESET,
        ]
        .map(str::to_owned)
        .into(),
        epoch,
        uptime_ms,
        reset_reason,
        extra: protocol::Object::new(),
    }
}

/// The length of a response with this result and the longest id.
fn response_len(result: &Value) -> usize {
    let without_id = Response {
        id: Some(Id::Number(0)),
        outcome: Ok(result.clone()),
    };
    without_id.to_json().len() - 1 + MAX_REQUEST_ID
}

/// The state of a component that needs the most bytes.
fn largest_state(component: &Component) -> State {
    let descriptor = &component.descriptor;
    if descriptor.kind == Kind::Update {
        return update::largest_state(component.state.clone());
    }
    let mut state = component.state.clone();
    for field in rules::fields(&descriptor.kind) {
        if state.get(field).is_none() {
            continue;
        }
        let longest_of = |words: &mut dyn Iterator<Item = &str>| {
            words
                .max_by_key(|word| text::json(word).len())
                .map_or(Value::Null, Value::from)
        };
        let value = match (&descriptor.kind, *field) {
            (_, "on") => json!(false),
            (_, "brightness" | "position") => json!(100),
            (_, "white") => json!(255),
            (_, "state") => json!("stopped"),
            (_, "rgb") => json!([255, 255, 255]),
            (_, "ct_k") => json!(u16::MAX),
            (_, "effect") => longest_of(&mut descriptor.caps.effects.iter().map(String::as_str)),
            (_, "palette") => longest_of(&mut descriptor.caps.palettes.iter().map(String::as_str)),
            (Kind::Select, _) => longest_of(&mut component.state.options()),
            // Without control characters, an escaped character takes at most
            // two bytes (RFC 8259, section 7).
            (Kind::Text | Kind::TextSensor, _) => json!("\"".repeat(limits::TEXT_VALUE)),
            _ => json!(LONGEST_NUMBER),
        };
        state.0.insert((*field).to_owned(), value);
    }
    if matches!(descriptor.kind, Kind::Unknown(_)) {
        let spare = rules::MAX_UNKNOWN_STATE.saturating_sub(text::json(&state).len());
        state.0.insert(String::new(), json!(" ".repeat(spare)));
    }
    state
}
