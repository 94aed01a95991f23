//! Whether what a board says of itself has the form that docs/protocol.md gives
//! it. Pure: values in, what is wrong out.

use std::collections::BTreeMap;

use protocol::{ComponentKey, PROTOCOL_MAJOR, State};
use serde_json::{Map, Value};

/// What is wrong, if anything.
pub(super) type Judged = Result<(), String>;

fn that(holds: bool, why: impl FnOnce() -> String) -> Judged {
    if holds { Ok(()) } else { Err(why()) }
}

fn text<'a>(value: &'a Value, field: &str) -> Result<&'a str, String> {
    value[field]
        .as_str()
        .ok_or_else(|| format!("{field} is no text: {}", value[field]))
}

fn whole(value: &Value, field: &str) -> Result<u64, String> {
    value[field]
        .as_u64()
        .ok_or_else(|| format!("{field} is no whole number: {}", value[field]))
}

/// An `epoch`: eight hexadecimal digits.
pub(super) fn epoch(value: &Value) -> Result<&str, String> {
    let epoch = text(value, "epoch")?;
    let digits = epoch.len() == 8
        && epoch
            .bytes()
            .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    that(digits, || {
        format!("epoch is not eight hexadecimal digits: {epoch:?}")
    })?;
    Ok(epoch)
}

/// A board's id, as in its announcement.
pub(super) fn id(id: &str) -> Judged {
    that(protocol::board_id(id).is_ok(), || {
        format!("an id has 1 to 63 lower-case letters, digits and hyphens: {id:?}")
    })
}

/// The result of `Device.GetInfo`.
pub(super) fn info(info: &Value) -> Judged {
    id(text(info, "id")?)?;
    let name = text(info, "name")?;
    that((1..=63).contains(&name.len()), || {
        format!("a name has 1 to 63 bytes: {name:?}")
    })?;
    let mac = text(info, "mac")?;
    let pairs: Vec<_> = mac.split(':').collect();
    let is_pair = |pair: &&str| {
        pair.len() == 2
            && pair
                .bytes()
                .all(|b| b.is_ascii_hexdigit() && !b.is_ascii_uppercase())
    };
    that(pairs.len() == 6 && pairs.iter().all(is_pair), || {
        format!("mac is not aa:bb:cc:dd:ee:ff: {mac:?}")
    })?;
    for field in ["version", "platform", "board"] {
        that(!text(info, field)?.is_empty(), || {
            format!("{field} is empty")
        })?;
    }
    let major = whole(info, "proto")?;
    that(major == u64::from(PROTOCOL_MAJOR), || {
        format!("proto is {major}, not {PROTOCOL_MAJOR}")
    })?;
    let features = info["features"]
        .as_array()
        .ok_or_else(|| format!("features is no list: {}", info["features"]))?;
    that(features.iter().all(Value::is_string), || {
        "features are words".to_owned()
    })?;
    epoch(info)?;
    whole(info, "uptime_ms").map(drop)
}

/// Whether a board says that it has a feature.
pub(super) fn has(info: &Value, feature: &str) -> bool {
    info["features"]
        .as_array()
        .is_some_and(|features| features.iter().any(|word| word == feature))
}

/// One description in the result of `Device.GetComponents`.
pub(super) fn description(description: &Value) -> Judged {
    let key: ComponentKey = text(description, "key")?
        .parse()
        .map_err(|e: protocol::KeyError| e.to_string())?;
    let kind = text(description, "kind")?;
    that(kind == key.kind.as_str(), || {
        format!("the kind of {key} is said to be {kind:?}")
    })?;
    that(!text(description, "name")?.is_empty(), || {
        format!("{key} has no name")
    })?;
    let object = description
        .as_object()
        .ok_or("a description is an object")?;
    for field in [
        "device_class",
        "unit_of_measurement",
        "state_class",
        "entity_category",
        "icon",
    ] {
        let said = object.get(field).is_none_or(Value::is_string);
        that(said, || {
            format!("{field} of {key} is no text; where it says nothing it is left out")
        })?;
    }
    let digits = object
        .get("accuracy_decimals")
        .is_none_or(|digits| digits.as_u64().is_some_and(|digits| digits < 256));
    that(digits, || {
        format!("accuracy_decimals of {key} is no whole number")
    })?;
    let Some(caps) = object.get("caps") else {
        return Ok(());
    };
    that(caps.is_object(), || format!("caps of {key} is no object"))?;
    let whites = caps
        .get("ct_k")
        .is_none_or(|range| match range.as_array().map(Vec::as_slice) {
            Some([warmest, coldest]) => warmest
                .as_u64()
                .zip(coldest.as_u64())
                .is_some_and(|(warm, cold)| warm <= cold),
            _ => false,
        });
    that(whites, || {
        format!("ct_k in the caps of {key} is not [warmest, coldest] in kelvin")
    })?;
    let flag = |name: &str| caps.get(name).is_none_or(Value::is_boolean);
    that(flag("brightness") && flag("rgb"), || {
        format!("brightness and rgb in the caps of {key} are true or false")
    })?;
    let effects = caps.get("effects").is_none_or(|list| {
        list.as_array()
            .is_some_and(|list| list.iter().all(Value::is_string))
    });
    that(effects, || {
        format!("effects in the caps of {key} are a list of words")
    })
}

/// A snapshot beside the components that the board described.
pub(super) fn snapshot(snapshot: &Value, described: &BTreeMap<String, Value>) -> Judged {
    epoch(snapshot)?;
    whole(snapshot, "seq")?;
    whole(snapshot, "uptime_ms")?;
    let fields = snapshot.as_object().ok_or("a snapshot is an object")?;
    for (name, value) in fields {
        if name.parse::<ComponentKey>().is_ok() {
            that(described.contains_key(name), || {
                format!("{name} is in no description")
            })?;
            that(value.is_object(), || {
                format!("the state of {name} is no object")
            })?;
        }
    }
    for (key, description) in described {
        match (fields.get(key), description["kind"].as_str()) {
            (Some(_), Some("button")) => {
                return Err(format!("{key} is a button, which has no state"));
            }
            (None, Some("button")) => {}
            (None, _) => return Err(format!("the state of {key} is missing")),
            (Some(Value::Object(fields)), _) => state(key, description, fields, true)?,
            (Some(_), _) => {}
        }
    }
    Ok(())
}

/// The state of one component; a change has some of its fields, a snapshot all.
pub(super) fn state(
    key: &str,
    description: &Value,
    fields: &Map<String, Value>,
    whole: bool,
) -> Judged {
    let kind = description["kind"].as_str().unwrap_or_default();
    let caps = &description["caps"];
    let needed: &[&str] = match kind {
        "switch" | "binary_sensor" | "light" => &["on"],
        "sensor" | "text" => &["value"],
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
        (
            "effect",
            caps["effects"]
                .as_array()
                .is_some_and(|effects| !effects.is_empty()),
        ),
    ];
    let of_light = able
        .iter()
        .filter(|(_, able)| kind == "light" && *able)
        .map(|(field, _)| field);
    if whole {
        for field in needed.iter().chain(of_light) {
            that(fields.contains_key(*field), || {
                format!("{field} of {key} is missing; what is not known is null")
            })?;
        }
    }
    let state = State::from(fields.clone());
    for (field, value) in fields.iter().filter(|(_, value)| !value.is_null()) {
        let fits = match (kind, field.as_str()) {
            ("switch" | "binary_sensor" | "light", "on") | ("update", "in_progress") => {
                value.is_boolean()
            }
            ("sensor", "value") | ("number", "value" | "min" | "max" | "step") => value.is_number(),
            ("text" | "select", "value") | ("light", "effect") => value.is_string(),
            ("select", "options") => value
                .as_array()
                .is_some_and(|all| all.iter().all(Value::is_string)),
            ("light", "brightness") => value.as_u64().is_some_and(|percent| percent <= 100),
            ("light", "rgb") => state.rgb().is_some(),
            ("light", "ct_k") => state.ct_k().is_some(),
            ("update", "update_percentage") => value.as_u64().is_some_and(|percent| percent <= 100),
            _ => true,
        };
        that(fits, || format!("{field} of {key} cannot be {value}"))?;
    }
    within(key, kind, &state)?;
    let both = kind == "light" && state.rgb().is_some() && state.ct_k().is_some();
    that(!both, || {
        format!("{key} shows rgb and ct_k at once; the one that is not shown is null")
    })
}

/// A value within its own limits.
fn within(key: &str, kind: &str, state: &State) -> Judged {
    match (kind, state.range(), state.number(), state.text()) {
        ("number", Some([min, max, _]), Some(value), _) => {
            that(min <= value && value <= max, || {
                format!("the value of {key} is {value}, which is not from {min} to {max}")
            })
        }
        ("select", _, _, Some(value)) if state.get("options").is_some() => {
            that(state.options().any(|option| option == value), || {
                format!("the value of {key} is none of its options")
            })
        }
        _ => Ok(()),
    }
}

/// What of a push must hold for a receiver that has seen `seen` and is told of
/// these components.
pub(super) fn push(
    push: &Value,
    epoch_seen: &str,
    seen: u64,
    described: &BTreeMap<String, Value>,
) -> Result<u64, String> {
    that(push["method"] == "NotifyStatus", || {
        format!("it is no NotifyStatus but {}", push["method"])
    })?;
    that(push["jsonrpc"] == "2.0" && push.get("id").is_none(), || {
        "a push has jsonrpc and no id".to_owned()
    })?;
    let params = &push["params"];
    let said = epoch(params)?;
    that(said == epoch_seen, || {
        format!("epoch is {said}, after {epoch_seen}")
    })?;
    whole(params, "uptime_ms")?;
    let (prev, seq) = (whole(params, "prev")?, whole(params, "seq")?);
    that(prev == seen, || {
        format!("prev is {prev}; {seen} was sent last")
    })?;
    that(seq > prev, || {
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
        json!({"id": "lamp-1", "name": "Lamp", "mac": "02:00:00:0a:1b:2c", "version": "1", "platform": "x", "board": "y", "proto": 1,
               "features": [], "epoch": "5f3a91c2", "uptime_ms": 5})
    }

    fn described() -> BTreeMap<String, Value> {
        [
            json!({"key": "light:0", "kind": "light", "name": "Light", "caps": {"brightness": true, "rgb": true, "ct_k": [2200, 6500]}}),
            json!({"key": "button:0", "kind": "button", "name": "Button"}),
            json!({"key": "number:0", "kind": "number", "name": "Number"}),
        ]
        .into_iter()
        .map(|component| (component["key"].as_str().unwrap_or_default().to_owned(), component))
        .collect()
    }

    fn now() -> Value {
        json!({"epoch": "5f3a91c2", "seq": 4, "uptime_ms": 9, "client": 1,
               "light:0": {"on": null, "brightness": 60, "rgb": null, "ct_k": 3000},
               "number:0": {"value": 5, "min": 0, "max": 10, "step": 0.5}})
    }

    #[test]
    fn what_a_board_may_say_passes() {
        assert_eq!(info(&board()), Ok(()));
        assert_eq!(snapshot(&now(), &described()), Ok(()));
        for component in described().values() {
            assert_eq!(description(component), Ok(()));
        }
    }

    #[test]
    fn a_wrong_field_of_the_information_is_named() {
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
    fn a_wrong_snapshot_is_told() {
        for (at, wrong, told) in [
            ("/seq", json!("4"), "seq"),
            ("/light:0/on", json!("yes"), "on of light:0"),
            ("/light:0/brightness", json!(101), "brightness"),
            ("/light:0/rgb", json!([1, 2, 3]), "at once"),
            ("/light:0", json!(true), "no object"),
            ("/number:0/value", json!(11), "0 to 10"),
            ("/number:0", json!({"value": 5}), "missing"),
        ] {
            let mut wrongly = now();
            *wrongly.pointer_mut(at).expect(at) = wrong;
            assert!(
                snapshot(&wrongly, &described()).is_err_and(|why| why.contains(told)),
                "{at}"
            );
        }
        for (key, value, told) in [
            ("button:0", json!({}), "no state"),
            ("switch:0", json!({"on": true}), "no description"),
        ] {
            let mut wrongly = now();
            wrongly[key] = value;
            assert!(
                snapshot(&wrongly, &described()).is_err_and(|why| why.contains(told)),
                "{key}"
            );
        }
    }

    #[test]
    fn a_push_that_does_not_follow_is_told() {
        let fine = json!({"jsonrpc": "2.0", "method": "NotifyStatus", "params":
            {"epoch": "5f3a91c2", "prev": 4, "seq": 5, "uptime_ms": 10, "source": "client:2", "light:0": {"on": true}}});
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
    fn wrong_descriptions_are_told() {
        for wrong in [
            json!({"key": "light", "kind": "light", "name": "Light"}),
            json!({"key": "light:0", "kind": "switch", "name": "Light"}),
            json!({"key": "light:0", "kind": "light"}),
            json!({"key": "light:0", "kind": "light", "name": "Light", "icon": null}),
            json!({"key": "light:0", "kind": "light", "name": "Light", "caps": {"ct_k": [6500, 2200]}}),
            json!({"key": "light:0", "kind": "light", "name": "Light", "caps": {"effects": "none"}}),
        ] {
            assert!(description(&wrong).is_err(), "{wrong}");
        }
    }
}
