//! Merges settings that two programs of one user changed at the same time.
//! Compares JSON values and knows nothing about their meaning.

use serde_json::{Map, Value};

/// The value to write: `mine`, with everything that differs between `before`
/// and `theirs` where `mine` is unchanged.
pub(super) fn merged(before: &Value, mine: &Value, theirs: &Value) -> Value {
    match (before, mine, theirs) {
        _ if theirs == before || theirs == mine => mine.clone(),
        _ if mine == before => theirs.clone(),
        (before, Value::Object(mine), Value::Object(theirs)) => {
            let empty = Map::new();
            objects(before.as_object().unwrap_or(&empty), mine, theirs)
        }
        (before, Value::Array(mine), Value::Array(theirs)) => {
            lists(before.as_array().map_or(&[], Vec::as_slice), mine, theirs)
        }
        _ => mine.clone(),
    }
}

fn objects(
    before: &Map<String, Value>,
    mine: &Map<String, Value>,
    theirs: &Map<String, Value>,
) -> Value {
    let mut all = Map::new();
    let names = mine
        .keys()
        .chain(theirs.keys().filter(|name| !mine.contains_key(*name)));
    for name in names {
        let value = match (before.get(name), mine.get(name), theirs.get(name)) {
            (before, Some(mine), Some(theirs)) => {
                merged(before.unwrap_or(&Value::Null), mine, theirs)
            }
            // The other program removed it.
            (Some(before), Some(mine), None) if mine == before => continue,
            (_, Some(mine), None) => mine.clone(),
            // This program removed it.
            (Some(_), None, _) => continue,
            (None, None, Some(theirs)) => theirs.clone(),
            (None, None, None) => continue,
        };
        all.insert(name.clone(), value);
    }
    Value::Object(all)
}

/// `mine`, without what the other program removed, and with what it added. If
/// both contain the same entry, mine is used.
fn lists(before: &[Value], mine: &[Value], theirs: &[Value]) -> Value {
    let is_in = |list: &[Value], value: &Value| list.iter().any(|other| is_same(other, value));
    let kept = mine
        .iter()
        .filter(|value| is_in(theirs, value) || !before.contains(value));
    let added = theirs
        .iter()
        .filter(|value| !is_in(before, value) && !is_in(mine, value));
    // The other program changed it and this one did not.
    let newest = |value: &Value| match theirs.iter().find(|other| is_same(other, value)) {
        Some(other) if before.contains(value) => other.clone(),
        _ => value.clone(),
    };
    Value::Array(kept.map(newest).chain(added.cloned()).collect())
}

/// Whether two entries refer to the same thing: the same id, or otherwise the
/// same name and address.
fn is_same(one: &Value, other: &Value) -> bool {
    let text =
        |value: &Value, name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
    match (text(one, "id"), text(other, "id")) {
        (Some(one), Some(other)) => one == other,
        _ => {
            let named = |value: &Value| (text(value, "name"), text(value, "address"));
            one == other || (named(one) != (None, None) && named(one) == named(other))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_changes_of_both_are_kept() {
        let before = json!({
            "theme": "light", "zoom": 1, "notes": {"a": 1, "b": 1}, "gone": 1,
            "boards": [{"id": "1"}, {"id": "2"}],
        });
        let mine = json!({
            "theme": "dark", "zoom": 1, "notes": {"a": 2, "b": 1}, "gone": 1,
            "boards": [{"id": "1"}, {"id": "2"}, {"id": "3"}],
        });
        let theirs = json!({
            "theme": "light", "zoom": 2, "notes": {"b": 1, "c": 1},
            "boards": [{"id": "1", "at": "x"}, {"id": "4"}],
        });
        assert_eq!(
            merged(&before, &mine, &theirs),
            json!({
                "theme": "dark", "zoom": 2, "notes": {"a": 2, "b": 1, "c": 1},
                "boards": [{"id": "1", "at": "x"}, {"id": "3"}, {"id": "4"}],
            })
        );
    }

    #[test]
    fn the_last_to_write_wins_if_both_changed_the_same_value() {
        assert_eq!(
            merged(&json!({"a": 1}), &json!({"a": 2}), &json!({"a": 3})),
            json!({"a": 2})
        );
        let scenes = |fade: u32| json!([{"name": "Evening", "fade": fade}]);
        assert_eq!(merged(&json!([]), &scenes(1), &scenes(2)), scenes(1));
        assert_eq!(
            merged(&json!(null), &json!({"a": 1}), &json!(null)),
            json!({"a": 1})
        );
    }
}
