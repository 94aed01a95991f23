//! The components of a board as entities of Home Assistant. Only what Home
//! Assistant accepts: an entity with one wrong value would be refused as a
//! whole.

use fleet::{BoardView, ComponentView};
use protocol::{Descriptor, EntityCategory, Kind, Object, limits, method};
use serde_json::{Value, json};

use super::{
    classes, light,
    names::{Candidate, names},
};
use crate::Context;

/// `None` means unknown to Home Assistant. A field that is missing counts as
/// unknown too.
const ON: &str = "{{ {true: 'ON', false: 'OFF'}.get(value_json.get('on'), 'None') }}";

/// See [`ON`].
const VALUE: &str = "{{ value_json.get('value') }}";

/// See [`ON`]. A state of Home Assistant has at most 255 characters.
const LINE: &str = "{{ (value_json.get('value') | string)[:255] }}";

/// The events of a button that does not list its own.
const BUTTON_EVENTS: [&str; 3] = ["press", "double_press", "long_press"];

/// The smallest step that Home Assistant accepts.
const SMALLEST_STEP: f64 = 1e-3;

/// An entity.
pub(super) struct Entity {
    /// Its key in the discovery payload: `light_0`.
    pub(super) key: String,
    /// Its configuration.
    pub(super) config: Object,
}

/// An entity without its name.
struct Draft<'a> {
    entity: Entity,
    platform: &'static str,
    name: &'a str,
    suffix: &'static str,
    kind: &'a str,
    id: u16,
}

/// The entities of a board, in the order of its components.
pub(super) fn entities(view: &BoardView, ctx: &Context) -> Vec<Entity> {
    let Some(board) = view.id.as_deref() else {
        return Vec::new();
    };
    let mut drafts = Vec::new();
    for component in &view.components {
        of_component(board, component, ctx, &mut drafts);
    }
    of_board(board, view, ctx, &mut drafts);
    let candidates: Vec<_> = drafts
        .iter()
        .map(|draft| Candidate {
            platform: draft.platform,
            name: draft.name,
            suffix: draft.suffix,
            kind: draft.kind,
            id: draft.id,
        })
        .collect();
    let names = names(&view.name, &candidates);
    drafts
        .into_iter()
        .zip(names)
        .map(|(mut draft, name)| {
            draft.entity.config.insert("name".to_owned(), name);
            draft.entity
        })
        .collect()
}

/// The buttons that every board has.
fn of_board<'a>(board: &str, view: &'a BoardView, ctx: &Context, drafts: &mut Vec<Draft<'a>>) {
    let buttons = [
        (
            "identify",
            method::DEVICE_IDENTIFY,
            "Identify",
            "diagnostic",
        ),
        ("restart", method::DEVICE_REBOOT, "Restart", "config"),
    ];
    for (key, method, name, category) in buttons {
        if view.lacks(method) {
            continue;
        }
        let config = json!({
            "command_topic": ctx.board_topic(board, "$command"),
            "payload_press": json!({ "method": method }).to_string(),
            "device_class": key,
            "entity_category": category,
        });
        drafts.push(draft(board, key, "button", name, "", (key, 0), config));
    }
}

fn of_component<'a>(
    board: &str,
    component: &'a ComponentView,
    ctx: &Context,
    drafts: &mut Vec<Draft<'a>>,
) {
    let descriptor = &*component.descriptor;
    let state = &component.reported;
    let topic = ctx.component_topic(board, &descriptor.key);
    let (set, ha, ha_set) = (
        format!("{topic}/set"),
        format!("{topic}/ha"),
        format!("{topic}/ha/set"),
    );
    let mut add = |extra: &'static str, platform, suffix, mut config: Value| {
        if let Some(config) = config.as_object_mut() {
            common(descriptor, platform, config);
        }
        let key = match extra {
            "" => format!("{}_{}", descriptor.kind, descriptor.key.id),
            extra => format!("{}_{}_{extra}", descriptor.kind, descriptor.key.id),
        };
        let of = (descriptor.kind.as_str(), descriptor.key.id);
        drafts.push(draft(
            board,
            &key,
            platform,
            &descriptor.name,
            suffix,
            of,
            config,
        ));
    };
    match &descriptor.kind {
        Kind::Switch => add(
            "",
            "switch",
            "",
            json!({
                "state_topic": topic, "value_template": ON, "state_on": "ON", "state_off": "OFF",
                "command_topic": set, "payload_on": r#"{"on":true}"#,
                "payload_off": r#"{"on":false}"#,
            }),
        ),
        Kind::BinarySensor => add(
            "",
            "binary_sensor",
            "",
            json!({ "state_topic": topic, "value_template": ON }),
        ),
        Kind::Light => {
            let mut config = light::config(&descriptor.caps);
            config.insert("state_topic".to_owned(), ha.into());
            config.insert("command_topic".to_owned(), ha_set.into());
            add("", "light", "", Value::Object(config));
            // Home Assistant knows a white channel only of lights with color.
            if descriptor.caps.white && !descriptor.caps.rgb {
                add(
                    "white",
                    "number",
                    "white",
                    json!({
                        "state_topic": topic, "value_template": "{{ value_json.get('white') }}",
                        "command_topic": set, "command_template": r#"{"white":{{ value }}}"#,
                        "min": 0, "max": 255, "step": 1,
                    }),
                );
            }
            if !descriptor.caps.palettes.is_empty() {
                add(
                    "palette",
                    "select",
                    "palette",
                    json!({
                        "state_topic": topic, "value_template": "{{ value_json.get('palette') }}",
                        "command_topic": set,
                        "command_template": r#"{"palette":{{ value | to_json }}}"#,
                        "options": descriptor.caps.palettes,
                    }),
                );
            }
        }
        Kind::Cover => {
            let mut config = json!({
                "state_topic": topic, "value_template": "{{ value_json.get('state') }}",
                "position_topic": topic,
                // Empty is ignored; "None" would be reported as an error.
                "position_template":
                    "{{ value_json.position if value_json.get('position') is number else '' }}",
                "command_topic": ha_set,
            });
            if descriptor.caps.position {
                config["set_position_topic"] = set.into();
                config["set_position_template"] = r#"{"position":{{ position }}}"#.into();
            }
            add("", "cover", "", config);
        }
        Kind::Sensor => add(
            "",
            "sensor",
            "",
            json!({ "state_topic": topic, "value_template": VALUE }),
        ),
        Kind::TextSensor => add(
            "",
            "sensor",
            "",
            json!({ "state_topic": topic, "value_template": LINE }),
        ),
        Kind::Number => {
            // Until the range is known, and of a board that states none.
            let Some([min, max, step]) = state.range().filter(|[min, max, _]| min < max) else {
                return;
            };
            add(
                "",
                "number",
                "",
                json!({
                    "state_topic": topic, "value_template": VALUE, "command_topic": set,
                    "command_template": r#"{"value":{{ value }}}"#,
                    "min": min, "max": max, "step": step.max(SMALLEST_STEP),
                }),
            );
        }
        Kind::Select => {
            let options: Vec<&str> = state.options().collect();
            if options.is_empty() {
                return;
            }
            add(
                "",
                "select",
                "",
                json!({
                    "state_topic": topic, "value_template": VALUE, "command_topic": set,
                    "command_template": r#"{"value":{{ value | to_json }}}"#, "options": options,
                }),
            );
        }
        Kind::Text => add(
            "",
            "text",
            "",
            json!({
                "state_topic": topic, "value_template": LINE, "command_topic": set,
                "command_template": r#"{"value":{{ value | to_json }}}"#,
                "min": 0, "max": limits::TEXT_VALUE,
            }),
        ),
        Kind::Button => {
            add(
                "",
                "button",
                "",
                json!({ "command_topic": ha_set, "payload_press": "press" }),
            );
            add(
                "event",
                "event",
                "",
                event(descriptor, &topic, &BUTTON_EVENTS),
            );
        }
        Kind::Event => add("", "event", "", event(descriptor, &topic, &[])),
        Kind::Update => {
            let mut config = json!({ "state_topic": ha });
            if descriptor.can_install {
                config["command_topic"] = ha_set.into();
                config["payload_install"] = "install".into();
            }
            add("", "update", "", config);
        }
        // Home Assistant has no platform for it.
        Kind::Unknown(_) => {}
    }
}

fn event(descriptor: &Descriptor, topic: &str, default: &[&str]) -> Value {
    let types = match descriptor.event_types.as_slice() {
        [] => json!(default),
        types => json!(types),
    };
    json!({
        "state_topic": format!("{topic}/event"),
        "value_template": "{{ {'event_type': value_json.event} | to_json }}",
        "event_types": types,
    })
}

/// What entities of every platform have in common.
fn common(descriptor: &Descriptor, platform: &'static str, config: &mut Object) {
    let mut put = |key: &str, value: Value| drop(config.insert(key.to_owned(), value));
    let read_only = matches!(platform, "sensor" | "binary_sensor" | "event" | "update");
    match descriptor.entity_category {
        // What cannot be set is no configuration: Home Assistant refuses it.
        Some(EntityCategory::Config) if !read_only => put("entity_category", "config".into()),
        Some(EntityCategory::Config | EntityCategory::Diagnostic) => {
            put("entity_category", "diagnostic".into());
        }
        Some(EntityCategory::Other) | None => {}
    }
    if let Some(icon) = descriptor.icon.as_deref().filter(|icon| is_icon(icon)) {
        put("icon", icon.into());
    }
    let unit = descriptor.unit_of_measurement.as_deref();
    let is_number = matches!(descriptor.kind, Kind::Sensor | Kind::Number);
    let class = descriptor.device_class.as_deref();
    let class = class.and_then(|class| classes::accepted(platform, class, unit));
    let class = match (platform, class) {
        ("update", None) => Some("firmware"),
        ("event", None) if descriptor.kind == Kind::Button => Some("button"),
        (_, class) => class,
    };
    if let Some(class) = class.filter(|_| is_number || !matches!(platform, "sensor" | "number")) {
        put("device_class", class.into());
    }
    if !is_number {
        return;
    }
    if let Some(unit) = unit {
        put("unit_of_measurement", unit.into());
    }
    if platform == "sensor" {
        let state_class = descriptor.state_class.as_deref();
        if let Some(state_class) = state_class.and_then(|it| classes::state_class(it, class)) {
            put("state_class", state_class.into());
        }
        if let Some(decimals) = descriptor.accuracy_decimals {
            put("suggested_display_precision", decimals.into());
        }
    }
}

/// An icon has a prefix and a name.
fn is_icon(text: &str) -> bool {
    text.split_once(':').is_some_and(|(prefix, name)| {
        let word = |text: &str| {
            !text.is_empty()
                && text
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        word(prefix) && word(name)
    })
}

fn draft<'a>(
    board: &str,
    key: &str,
    platform: &'static str,
    name: &'a str,
    suffix: &'static str,
    (kind, id): (&'a str, u16),
    config: Value,
) -> Draft<'a> {
    let mut fields = match config {
        Value::Object(fields) => fields,
        _ => Object::new(),
    };
    fields.insert("platform".to_owned(), platform.into());
    // Unique in all of Home Assistant's MQTT integration.
    fields.insert(
        "unique_id".to_owned(),
        format!("switchboard_{board}_{key}").into(),
    );
    fields.insert("qos".to_owned(), 1.into());
    Draft {
        entity: Entity {
            key: key.to_owned(),
            config: fields,
        },
        platform,
        name,
        suffix,
        kind,
        id,
    }
}
