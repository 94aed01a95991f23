//! Checks that messages of a board have the form that docs/protocol.md
//! requires. Pure functions: values in, errors out.

use std::collections::BTreeMap;

use protocol::{ComponentKey, PROTOCOL_MAJOR, State};
use serde_json::{Map, Value};

/// What a cover can be doing.
const COVER_STATES: [&str; 5] = ["open", "opening", "closed", "closing", "stopped"];

/// What is wrong, if anything.
pub(super) type CheckResult = Result<(), String>;

fn ensure(holds: bool, why: impl FnOnce() -> String) -> CheckResult {
    if holds { Ok(()) } else { Err(why()) }
}

fn text<'a>(value: &'a Value, field: &str) -> Result<&'a str, String> {
    value[field]
        .as_str()
        .ok_or_else(|| format!("{field} is not a text: {}", value[field]))
}

fn whole(value: &Value, field: &str) -> Result<u64, String> {
    value[field]
        .as_u64()
        .ok_or_else(|| format!("{field} is not a whole number: {}", value[field]))
}

/// An `epoch`: eight hexadecimal digits.
pub(super) fn epoch(value: &Value) -> Result<&str, String> {
    let epoch = text(value, "epoch")?;
    let digits = epoch.len() == 8
        && epoch
            .bytes()
            .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    ensure(digits, || {
        format!("epoch is not eight hexadecimal digits: {epoch:?}")
    })?;
    Ok(epoch)
}

/// A board id.
pub(super) fn id(id: &str) -> CheckResult {
    ensure(protocol::board_id(id).is_ok(), || {
        format!("an id must have 1 to 63 lowercase letters, digits and hyphens: {id:?}")
    })
}

/// The result of `Device.GetInfo`.
pub(super) fn info(info: &Value) -> CheckResult {
    id(text(info, "id")?)?;
    let name = text(info, "name")?;
    ensure((1..=63).contains(&name.len()), || {
        format!("a name must have 1 to 63 bytes: {name:?}")
    })?;
    let mac = text(info, "mac")?;
    let pairs: Vec<_> = mac.split(':').collect();
    let is_pair = |pair: &&str| {
        pair.len() == 2
            && pair
                .bytes()
                .all(|b| b.is_ascii_hexdigit() && !b.is_ascii_uppercase())
    };
    ensure(pairs.len() == 6 && pairs.iter().all(is_pair), || {
        format!("mac must be like aa:bb:cc:dd:ee:ff: {mac:?}")
    })?;
    for field in ["version", "platform", "board"] {
        ensure(!text(info, field)?.is_empty(), || {
            format!("{field} is empty")
        })?;
    }
    let major = whole(info, "proto")?;
    ensure(major == u64::from(PROTOCOL_MAJOR), || {
        format!("proto is {major}, not {PROTOCOL_MAJOR}")
    })?;
    let features = info["features"]
        .as_array()
        .ok_or_else(|| format!("features is not an array: {}", info["features"]))?;
    ensure(features.iter().all(Value::is_string), || {
        "features must be words".to_owned()
    })?;
    epoch(info)?;
    whole(info, "uptime_ms").map(drop)
}

/// Whether a board reports a feature.
pub(super) fn has_feature(info: &Value, feature: &str) -> bool {
    info["features"]
        .as_array()
        .is_some_and(|features| features.iter().any(|word| word == feature))
}

/// A description in the result of `Device.GetComponents`.
pub(super) fn description(description: &Value) -> CheckResult {
    let key: ComponentKey = text(description, "key")?
        .parse()
        .map_err(|e: protocol::KeyError| e.to_string())?;
    let kind = text(description, "kind")?;
    ensure(kind == key.kind.as_str(), || {
        format!("the kind of {key} is {kind:?}")
    })?;
    ensure(!text(description, "name")?.is_empty(), || {
        format!("{key} has no name")
    })?;
    let object = description
        .as_object()
        .ok_or("a description must be an object")?;
    for field in [
        "device_class",
        "unit_of_measurement",
        "state_class",
        "entity_category",
        "icon",
    ] {
        let said = object.get(field).is_none_or(Value::is_string);
        ensure(said, || {
            format!("{field} of {key} is not a text; omit it if unknown")
        })?;
    }
    let digits = object
        .get("accuracy_decimals")
        .is_none_or(|digits| digits.as_u64().is_some_and(|digits| digits < 256));
    ensure(digits, || {
        format!("accuracy_decimals of {key} is not a whole number")
    })?;
    let words = |list: Option<&Value>| {
        list.is_none_or(|list| {
            list.as_array()
                .is_some_and(|list| list.iter().all(Value::is_string))
        })
    };
    ensure(words(object.get("event_types")), || {
        format!("event_types of {key} must be an array of words")
    })?;
    let installs = object.get("can_install").is_none_or(Value::is_boolean);
    ensure(installs, || {
        format!("can_install of {key} must be true or false")
    })?;
    let Some(caps) = object.get("caps") else {
        return Ok(());
    };
    ensure(caps.is_object(), || {
        format!("caps of {key} is not an object")
    })?;
    let whites = caps
        .get("ct_k")
        .is_none_or(|range| match range.as_array().map(Vec::as_slice) {
            Some([warmest, coldest]) => warmest
                .as_u64()
                .zip(coldest.as_u64())
                .is_some_and(|(warm, cold)| warm <= cold),
            _ => false,
        });
    ensure(whites, || {
        format!("ct_k in the caps of {key} must be [warmest, coldest] in kelvin")
    })?;
    let flag = |name: &str| caps.get(name).is_none_or(Value::is_boolean);
    for name in ["brightness", "rgb", "white", "position"] {
        ensure(flag(name), || {
            format!("{name} in the caps of {key} must be true or false")
        })?;
    }
    for name in ["effects", "palettes"] {
        ensure(words(caps.get(name)), || {
            format!("{name} in the caps of {key} must be an array of words")
        })?;
    }
    Ok(())
}

/// A snapshot, given the components that the board described.
pub(super) fn snapshot(snapshot: &Value, described: &BTreeMap<String, Value>) -> CheckResult {
    epoch(snapshot)?;
    whole(snapshot, "seq")?;
    whole(snapshot, "uptime_ms")?;
    let fields = snapshot.as_object().ok_or("a snapshot must be an object")?;
    for (name, value) in fields {
        if name.parse::<ComponentKey>().is_ok() {
            ensure(described.contains_key(name), || {
                format!("{name} has no description")
            })?;
            ensure(value.is_object(), || {
                format!("the state of {name} is not an object")
            })?;
        }
    }
    for (key, description) in described {
        match (fields.get(key), description["kind"].as_str()) {
            (Some(_), Some(kind @ ("button" | "event"))) => {
                return Err(format!("{key} is of kind {kind} and must have no state"));
            }
            (None, Some("button" | "event")) => {}
            (None, _) => return Err(format!("the state of {key} is missing")),
            (Some(Value::Object(fields)), _) => state(key, description, fields, true)?,
            (Some(_), _) => {}
        }
    }
    Ok(())
}

/// The state of a component, complete in a snapshot or partial in a push.
pub(super) fn state(
    key: &str,
    description: &Value,
    fields: &Map<String, Value>,
    whole: bool,
) -> CheckResult {
    let kind = description["kind"].as_str().unwrap_or_default();
    let caps = &description["caps"];
    let needed: &[&str] = match kind {
        "switch" | "binary_sensor" | "light" => &["on"],
        "sensor" | "text" | "text_sensor" => &["value"],
        "cover" => &["state", "position"],
        "number" => &["value", "min", "max", "step"],
        "select" => &["value", "options"],
        "update" => &[
            "installed_version",
            "latest_version",
            "in_progress",
            "update_percentage",
            "last_error",
        ],
        _ => &[],
    };
    let able: &[(&str, bool)] = &[
        ("brightness", caps["brightness"] == true),
        ("rgb", caps["rgb"] == true),
        ("ct_k", caps["ct_k"].is_array()),
        ("white", caps["white"] == true),
        ("effect", caps["effects"].get(0).is_some()),
        ("palette", caps["palettes"].get(0).is_some()),
    ];
    let of_light = able
        .iter()
        .filter(|(_, able)| kind == "light" && *able)
        .map(|(field, _)| field);
    if whole {
        for field in needed.iter().chain(of_light) {
            ensure(fields.contains_key(*field), || {
                format!("{field} of {key} is missing; it must be null if unknown")
            })?;
        }
    }
    let state = State::from(fields.clone());
    for (field, value) in fields.iter().filter(|(_, value)| !value.is_null()) {
        let fits = match (kind, field.as_str()) {
            ("switch" | "binary_sensor" | "light", "on")
            | ("update", "in_progress" | "signature_required" | "signed") => value.is_boolean(),
            ("update", "signing_key") => is_key_id(value),
            ("sensor", "value") | ("number", "value" | "min" | "max" | "step") => value.is_number(),
            ("text" | "text_sensor" | "select", "value") | ("light", "effect" | "palette") => {
                value.is_string()
            }
            ("light", "white") => value.as_u64().is_some_and(|white| white <= 255),
            ("cover", "state") => state
                .movement()
                .is_some_and(|word| COVER_STATES.contains(&word)),
            ("cover", "position") => value.as_u64().is_some_and(|percent| percent <= 100),
            ("select", "options") => value
                .as_array()
                .is_some_and(|all| all.iter().all(Value::is_string)),
            ("light", "brightness") => value.as_u64().is_some_and(|percent| percent <= 100),
            ("light", "rgb") => state.rgb().is_some(),
            ("light", "ct_k") => state.ct_k().is_some(),
            ("update", "update_percentage") => value.as_u64().is_some_and(|percent| percent <= 100),
            _ => true,
        };
        ensure(fits, || format!("{field} of {key} must not be {value}"))?;
    }
    within(key, kind, &state)?;
    let both = kind == "light" && state.rgb().is_some() && state.ct_k().is_some();
    ensure(!both, || {
        format!("{key} has both rgb and ct_k; the inactive one must be null")
    })
}

/// Whether a value is the id of a signing key.
fn is_key_id(value: &Value) -> bool {
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    value
        .as_str()
        .is_some_and(|text| text.len() == 16 && text.bytes().all(is_digit))
}

/// Checks that a value is within its own limits.
fn within(key: &str, kind: &str, state: &State) -> CheckResult {
    match (kind, state.range(), state.number(), state.text()) {
        ("number", Some([min, max, _]), Some(value), _) => {
            ensure(min <= value && value <= max, || {
                format!("the value of {key} is {value}, which is outside {min} to {max}")
            })
        }
        ("select", _, _, Some(value)) if state.get("options").is_some() => {
            ensure(state.options().any(|option| option == value), || {
                format!("the value of {key} is not one of its options")
            })
        }
        _ => Ok(()),
    }
}

/// Checks a push for a receiver that has seen `seen` and knows these
/// components.
pub(super) fn push(
    push: &Value,
    epoch_seen: &str,
    seen: u64,
    described: &BTreeMap<String, Value>,
) -> Result<u64, String> {
    ensure(push["method"] == "NotifyStatus", || {
        format!("expected NotifyStatus, not {}", push["method"])
    })?;
    ensure(push["jsonrpc"] == "2.0" && push.get("id").is_none(), || {
        "a push must have jsonrpc and no id".to_owned()
    })?;
    let params = &push["params"];
    let said = epoch(params)?;
    ensure(said == epoch_seen, || {
        format!("epoch is {said}, but was {epoch_seen}")
    })?;
    whole(params, "uptime_ms")?;
    let (prev, seq) = (whole(params, "prev")?, whole(params, "seq")?);
    ensure(prev == seen, || {
        format!("prev is {prev}, but the last seq sent was {seen}")
    })?;
    ensure(seq > prev, || {
        format!("seq is {seq}, which does not follow {prev}")
    })?;
    for (name, value) in params.as_object().into_iter().flatten() {
        if let (Some(description), Some(fields)) = (described.get(name), value.as_object()) {
            state(name, description, fields, false)?;
        }
    }
    Ok(seq)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn board() -> Value {
        json!({"id": "lamp-1", "name": "Lamp", "mac": "02:00:00:0a:1b:2c", "version": "1",
            "platform": "x", "board": "y", "proto": 1,
               "features": [], "epoch": "5f3a91c2", "uptime_ms": 5})
    }

    fn described() -> BTreeMap<String, Value> {
        [
            json!({"key": "light:0", "kind": "light", "name": "Light",
                "caps": {"brightness": true, "rgb": true, "ct_k": [2200, 6500]}}),
            json!({"key": "button:0", "kind": "button", "name": "Button"}),
            json!({"key": "number:0", "kind": "number", "name": "Number"}),
            json!({"key": "light:1", "kind": "light", "name": "Strip",
                "caps": {"white": true, "palettes": ["forest"]}}),
            json!({"key": "cover:0", "kind": "cover", "name": "Blind",
                "caps": {"position": true}}),
            json!({"key": "event:0", "kind": "event", "name": "Bell", "event_types": ["push"]}),
            json!({"key": "text_sensor:0", "kind": "text_sensor", "name": "Address"}),
        ]
        .into_iter()
        .map(|component| {
            (
                component["key"].as_str().unwrap_or_default().to_owned(),
                component,
            )
        })
        .collect()
    }

    fn now() -> Value {
        json!({"epoch": "5f3a91c2", "seq": 4, "uptime_ms": 9, "client": 1,
               "light:0": {"on": null, "brightness": 60, "rgb": null, "ct_k": 3000},
               "light:1": {"on": true, "white": 128, "palette": "forest"},
               "cover:0": {"state": "stopped", "position": null},
               "text_sensor:0": {"value": "10.0.0.7"},
               "number:0": {"value": 5, "min": 0, "max": 10, "step": 0.5}})
    }

    #[test]
    fn valid_messages_pass() {
        assert_eq!(info(&board()), Ok(()));
        assert_eq!(snapshot(&now(), &described()), Ok(()));
        for component in described().values() {
            assert_eq!(description(component), Ok(()));
        }
    }

    #[test]
    fn an_invalid_field_of_the_device_information_is_named() {
        for (field, wrong) in [
            ("id", json!("Lamp 1")),
            ("name", json!("")),
            ("mac", json!("02-00-00-0a-1b-2c")),
            ("version", json!(1)),
            ("proto", json!("1")),
            ("proto", json!(2)),
            ("features", json!("ota")),
            ("epoch", json!("5F3A91C2")),
            ("uptime_ms", json!(1.5)),
        ] {
            let mut board = board();
            board[field] = wrong.clone();
            assert!(
                info(&board).is_err_and(|why| why.contains(field)
                    || why.contains("a name")
                    || why.contains("an id")),
                "{field} {wrong}"
            );
        }
    }

    #[test]
    fn an_invalid_snapshot_is_reported() {
        for (at, wrong, expected) in [
            ("/seq", json!("4"), "seq"),
            ("/light:0/on", json!("yes"), "on of light:0"),
            ("/light:0/brightness", json!(101), "brightness"),
            ("/light:0/rgb", json!([1, 2, 3]), "has both"),
            ("/light:0", json!(true), "not an object"),
            ("/light:1/white", json!(256), "white of light:1"),
            ("/light:1/palette", json!(3), "palette of light:1"),
            ("/light:1", json!({"on": true, "white": 0}), "palette"),
            ("/cover:0/state", json!("up"), "state of cover:0"),
            ("/cover:0/position", json!(101), "position of cover:0"),
            ("/cover:0", json!({"state": "open"}), "position"),
            ("/text_sensor:0/value", json!(7), "value of text_sensor:0"),
            ("/number:0/value", json!(11), "0 to 10"),
            ("/number:0", json!({"value": 5}), "missing"),
        ] {
            let mut wrongly = now();
            *wrongly.pointer_mut(at).expect(at) = wrong;
            assert!(
                snapshot(&wrongly, &described()).is_err_and(|why| why.contains(expected)),
                "{at}"
            );
        }
        for (key, value, expected) in [
            ("button:0", json!({}), "no state"),
            ("event:0", json!({}), "no state"),
            ("switch:0", json!({"on": true}), "no description"),
        ] {
            let mut wrongly = now();
            wrongly[key] = value;
            assert!(
                snapshot(&wrongly, &described()).is_err_and(|why| why.contains(expected)),
                "{key}"
            );
        }
    }

    #[test]
    fn a_push_out_of_sequence_is_reported() {
        let fine = json!({"jsonrpc": "2.0", "method": "NotifyStatus", "params":
            {"epoch": "5f3a91c2", "prev": 4, "seq": 5, "uptime_ms": 10, "source": "client:2",
                "light:0": {"on": true}}});
        assert_eq!(push(&fine, "5f3a91c2", 4, &described()), Ok(5));
        for (at, wrong) in [
            ("/method", json!("Notify")),
            ("/params/epoch", json!("00000000")),
            ("/params/prev", json!(3)),
            ("/params/seq", json!(4)),
            ("/params/uptime_ms", json!(null)),
            ("/params/light:0/on", json!(1)),
        ] {
            let mut wrongly = fine.clone();
            *wrongly.pointer_mut(at).expect(at) = wrong;
            assert!(push(&wrongly, "5f3a91c2", 4, &described()).is_err(), "{at}");
        }
    }

    #[test]
    fn invalid_descriptions_are_reported() {
        for wrong in [
            json!({"key": "light", "kind": "light", "name": "Light"}),
            json!({"key": "light:0", "kind": "switch", "name": "Light"}),
            json!({"key": "light:0", "kind": "light"}),
            json!({"key": "light:0", "kind": "light", "name": "Light", "icon": null}),
            json!({"key": "light:0", "kind": "light", "name": "Light",
                "caps": {"ct_k": [6500, 2200]}}),
            json!({"key": "light:0", "kind": "light", "name": "Light",
                "caps": {"effects": "none"}}),
            json!({"key": "light:0", "kind": "light", "name": "Light",
                "caps": {"palettes": [1]}}),
            json!({"key": "cover:0", "kind": "cover", "name": "Blind",
                "caps": {"position": 1}}),
            json!({"key": "event:0", "kind": "event", "name": "Bell", "event_types": "push"}),
            json!({"key": "update:0", "kind": "update", "name": "Firmware",
                "can_install": "yes"}),
        ] {
            assert!(description(&wrong).is_err(), "{wrong}");
        }
    }
}
