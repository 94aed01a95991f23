//! Lays changes over a known status. Objects are merged deeply, `null` removes
//! a field, and everything else replaces: the result equals what
//! `Shelly.GetStatus` would answer, except that fields without a value are
//! absent.

use std::collections::BTreeMap;

use protocol::Object;
use serde_json::Value;

use super::source::Source;

/// The most memory for the status or the configuration of one component, in
/// approximate bytes. Those of a Pro 4PM take up to 1.5 KiB.
const COMPONENT: usize = 16 * 1024;

/// What a value takes, apart from a text, in approximate bytes: itself, and its
/// share of the object or the list that it is in.
const VALUE: usize = 48;

/// The most components in one status.
const COMPONENTS: usize = 256;

/// Lays a change over what is known. Recursion is bounded: `serde_json` parses
/// at most 128 levels.
pub(super) fn merge(known: &mut Object, change: Object) {
    for (field, value) in change {
        match value {
            Value::Null => drop(known.remove(&field)),
            Value::Object(change) => {
                let known = known.entry(field).or_insert_with(|| Object::new().into());
                if !known.is_object() {
                    *known = Object::new().into();
                }
                if let Value::Object(known) = known {
                    merge(known, change);
                }
            }
            value => drop(known.insert(field, value)),
        }
    }
}

/// The status or the configuration of all components.
pub(super) type Components = BTreeMap<Source, Object>;

/// Merges one component; whether it is known then. One that becomes too large
/// is forgotten, and too many are not kept.
pub(super) fn merge_component(known: &mut Components, source: Source, change: Object) -> bool {
    if !known.contains_key(&source) && known.len() >= COMPONENTS {
        return false;
    }
    let component = known.entry(source).or_default();
    merge(component, change);
    let fits = size(component) <= COMPONENT;
    if !fits {
        known.remove(&source);
    }
    fits
}

fn size(object: &Object) -> usize {
    let fields = object.iter();
    fields
        .map(|(name, value)| name.len() + value_size(value))
        .sum()
}

fn value_size(value: &Value) -> usize {
    let inside = match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
        Value::String(text) => text.len(),
        Value::Array(parts) => parts.iter().map(value_size).sum(),
        Value::Object(fields) => size(fields),
    };
    VALUE + inside
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::shelly::source::Type;

    fn object(value: Value) -> Object {
        match value {
            Value::Object(object) => object,
            other => unreachable!("{other}"),
        }
    }

    #[test]
    fn objects_merge_deeply_null_removes_and_lists_are_replaced() {
        for (known, change, merged) in [
            (json!({}), json!({ "a": 1 }), json!({ "a": 1 })),
            (json!({ "a": 1 }), json!({ "a": null }), json!({})),
            (json!({}), json!({ "a": null }), json!({})),
            (
                json!({ "aenergy": { "total": 1.5, "by_minute": [1, 2, 3] }, "output": true }),
                json!({ "aenergy": { "by_minute": [0] }, "errors": ["overtemp"] }),
                json!({
                    "aenergy": { "total": 1.5, "by_minute": [0] },
                    "output": true, "errors": ["overtemp"],
                }),
            ),
            (
                json!({ "a": { "b": { "c": 1, "d": 2 } } }),
                json!({ "a": { "b": { "c": null } } }),
                json!({ "a": { "b": { "d": 2 } } }),
            ),
            (
                json!({ "a": 1 }),
                json!({ "a": { "b": 2 } }),
                json!({ "a": { "b": 2 } }),
            ),
            (
                json!({ "a": { "b": 2 } }),
                json!({ "a": 1 }),
                json!({ "a": 1 }),
            ),
        ] {
            let mut result = object(known.clone());
            merge(&mut result, object(change.clone()));
            assert_eq!(Value::Object(result), merged, "{known} and {change}");
        }
    }

    #[test]
    fn what_a_board_can_make_this_program_store_is_bounded() {
        let mut known = Components::new();
        let switch = |id| Source {
            kind: Type::Switch,
            id,
        };
        for number in 0..5_000 {
            let field = object(json!({ number.to_string(): "x".repeat(100) }));
            merge_component(&mut known, switch(0), field);
            assert!(known.values().all(|component| size(component) <= COMPONENT));
        }
        for id in 0..5_000 {
            let kept = merge_component(&mut known, switch(id), Object::new());
            assert_eq!(kept, known.contains_key(&switch(id)));
        }
        assert!(known.len() <= COMPONENTS);
    }
}
