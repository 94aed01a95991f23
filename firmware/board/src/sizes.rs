//! Whether everything that a board may have to say fits into its messages,
//! reckoned from the worst values before it starts.

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

/// The longest `id` of a request, in bytes as JSON: an answer repeats it and
/// must still fit into its message.
pub(crate) const REQUEST_ID: usize = 64;

/// The longest reason of a reset, in bytes.
const REASON: usize = 32;

/// A number as long as an `f64` can be in JSON.
const LONGEST_NUMBER: f64 = -1.234_567_890_123_456_7e-308;

/// Refuses a plan of which some message would be larger than
/// [`MESSAGE_OUT_OF_BOARD`].
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
        answer(&json!(info(
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
            answer(&json!(page)),
        )?;
    }
    let components: BTreeMap<ComponentKey, State> = plan
        .components
        .iter()
        .filter(|component| component.descriptor.kind != Kind::Button)
        .map(|component| (component.descriptor.key.clone(), largest(component)))
        .collect();
    let snapshot = Snapshot {
        epoch: Epoch(u32::MAX),
        seq: u64::MAX,
        uptime_ms: u64::MAX,
        client: Some(u32::MAX),
        components: components.clone(),
    };
    fits("the state of all components", answer(&json!(snapshot)))?;
    let everything = NotifyStatus {
        epoch: Epoch(u32::MAX),
        prev: u64::MAX,
        seq: u64::MAX,
        uptime_ms: u64::MAX,
        source: Some(Source::Client(u32::MAX)),
        components,
    };
    fits(
        "a change of all components",
        notification(Push::Status(&everything)).len(),
    )
}

/// The feature of a board that can be updated.
pub(crate) const OTA: &str = "ota";

/// The feature of a board that is asked by `POST`: an open one.
pub(crate) const HTTP_RPC: &str = "http_rpc";

/// The feature of a board that takes samples: an open one.
pub(crate) const TELEMETRY: &str = "telemetry";

/// The feature of a board that has "Clients.List" and "Clients.Close".
const CLIENTS: &str = "clients";

/// The feature of a board that has keys: a locked one.
pub(crate) const KEYS: &str = "keys";

/// The feature of a board that can be told to call.
pub(crate) const OUTBOUND: &str = "outbound";

/// A reason in a board's own word; no known one is longer.
fn longest_reason() -> ResetReason {
    ResetReason::Unknown("x".repeat(REASON))
}

/// What a board that can do everything answers to `Device.GetInfo`.
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
        ]
        .map(str::to_owned)
        .into(),
        epoch,
        uptime_ms,
        reset_reason,
        extra: protocol::Object::new(),
    }
}

/// The length of an answer with this result and the longest id.
fn answer(result: &Value) -> usize {
    let without_id = Response {
        id: Some(Id::Number(0)),
        outcome: Ok(result.clone()),
    };
    without_id.to_json().len() - 1 + REQUEST_ID
}

/// The state of a component that needs the most bytes.
fn largest(component: &Component) -> State {
    let descriptor = &component.descriptor;
    if descriptor.kind == Kind::Update {
        return update::largest(component.state.clone());
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
            (_, "brightness") => json!(100),
            (_, "rgb") => json!([255, 255, 255]),
            (_, "ct_k") => json!(u16::MAX),
            (_, "effect") => longest_of(&mut descriptor.caps.effects.iter().map(String::as_str)),
            (Kind::Select, _) => longest_of(&mut component.state.options()),
            // Without control characters, an escape is two bytes for one at
            // most (RFC 8259, section 7).
            (Kind::Text, _) => json!("\"".repeat(limits::TEXT_VALUE)),
            _ => json!(LONGEST_NUMBER),
        };
        state.0.insert((*field).to_owned(), value);
    }
    if matches!(descriptor.kind, Kind::Unknown(_)) {
        let spare = rules::RAW_STATE.saturating_sub(text::json(&state).len());
        state.0.insert(String::new(), json!(" ".repeat(spare)));
    }
    state
}
