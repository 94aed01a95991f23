//! Changes of a status: what differs, and laying it over what was known.

use serde_json::{Map, Value};

/// Lays a patch over a value; `null` is a value of its own.
pub(crate) fn merge(value: &mut Value, patch: &Value) {
    match (value, patch) {
        (Value::Object(fields), Value::Object(changes)) => {
            for (name, change) in changes {
                merge(fields.entry(name.clone()).or_insert(Value::Null), change);
            }
        }
        (value, patch) => *value = patch.clone(),
    }
}

/// What a patch changes; `None` if nothing.
pub(crate) fn difference(value: &Value, patch: &Value) -> Option<Value> {
    match (value, patch) {
        (Value::Object(fields), Value::Object(changes)) => {
            let mut delta = Map::new();
            for (name, change) in changes {
                match fields.get(name) {
                    Some(old) => {
                        if let Some(inner) = difference(old, change) {
                            delta.insert(name.clone(), inner);
                        }
                    }
                    None => {
                        delta.insert(name.clone(), change.clone());
                    }
                }
            }
            (!delta.is_empty()).then_some(Value::Object(delta))
        }
        (value, patch) => (value != patch).then(|| patch.clone()),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_delta_has_only_what_differs_and_gives_the_status_when_laid_over_it() {
        let old = json!({ "a": 1, "b": { "c": 2, "d": [1, 2] } });
        let patch = json!({ "a": 1, "b": { "c": 3, "d": [1, 2] }, "e": null });
        let delta = difference(&old, &patch).unwrap();
        assert_eq!(delta, json!({ "b": { "c": 3 }, "e": null }));
        let mut new = old;
        merge(&mut new, &delta);
        assert_eq!(
            new,
            json!({ "a": 1, "b": { "c": 3, "d": [1, 2] }, "e": null })
        );
        assert_eq!(difference(&new, &patch), None);
    }
}
