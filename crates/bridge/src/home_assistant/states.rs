//! States in Home Assistant's own shape, where a template on the component's
//! own state does not suffice: lights and updates.

use fleet::{BoardView, ComponentView};
use protocol::{ComponentKey, Kind, Object, State};
use serde_json::Value;

use super::{Message, light};
use crate::Context;

/// The states of a board that Home Assistant reads from topics of its own,
/// retained like those of the components.
pub fn states(view: &BoardView, ctx: &Context) -> Vec<Message> {
    view.components
        .iter()
        .filter_map(|component| of(view, component, ctx))
        .collect()
}

/// The one of a component; `None` if Home Assistant reads the component's own
/// topic.
pub fn state(view: &BoardView, component: &ComponentKey, ctx: &Context) -> Option<Message> {
    of(view, view.component(component)?, ctx)
}

/// Whether a component has such a state.
pub(super) fn has_own(component: &ComponentView) -> bool {
    matches!(component.descriptor.kind, Kind::Light | Kind::Update)
}

pub(super) fn of(view: &BoardView, component: &ComponentView, ctx: &Context) -> Option<Message> {
    let descriptor = &component.descriptor;
    let fields = match &descriptor.kind {
        Kind::Light => light::state(descriptor, &component.reported),
        Kind::Update => update(&component.reported),
        _ => return None,
    };
    let topic = ctx.component_topic(view.id.as_deref()?, &descriptor.key);
    Some(Message {
        topic: format!("{topic}/ha"),
        payload: Value::Object(fields).to_string(),
    })
}

/// Home Assistant accepts no other fields, and no `null` except as a
/// percentage.
fn update(state: &State) -> Object {
    let mut fields = Object::new();
    let mut put = |key: &str, value: Value| drop(fields.insert(key.to_owned(), value));
    if let Some(installed) = state.installed_version() {
        put("installed_version", installed.into());
        // Without a latest version Home Assistant shows the state as unknown.
        let latest = state.latest_version().unwrap_or(installed);
        put("latest_version", latest.into());
    }
    let running = state.in_progress().unwrap_or(false);
    let percentage = state.update_percentage().filter(|_| running);
    put(
        "update_percentage",
        percentage.map_or(Value::Null, Value::from),
    );
    put("in_progress", running.into());
    fields
}
