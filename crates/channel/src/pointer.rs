//! Selects parts of JSON with a JSON Pointer (RFC 6901), `/a/0/b`, in which `*`
//! matches every element of an array or object.

use std::{fmt, str::FromStr};

use serde_json::Value;

/// A path into JSON.
///
/// A member that is itself named `*` cannot be selected alone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pointer(Vec<String>);

impl Pointer {
    /// The values at this path; empty if there are none.
    pub fn select<'a>(&self, value: &'a Value) -> Vec<&'a Value> {
        let mut found = vec![value];
        for part in &self.0 {
            found = found
                .into_iter()
                .flat_map(|value| -> Vec<&Value> {
                    match (value, part.as_str()) {
                        (Value::Array(elements), "*") => elements.iter().collect(),
                        (Value::Object(members), "*") => members.values().collect(),
                        (Value::Array(elements), at) => index(at)
                            .and_then(|at| elements.get(at))
                            .into_iter()
                            .collect(),
                        (Value::Object(members), name) => members.get(name).into_iter().collect(),
                        _ => Vec::new(),
                    }
                })
                .collect();
        }
        found
    }

    /// This path extended by one part.
    #[must_use]
    pub fn child(&self, part: &str) -> Self {
        let mut parts = self.0.clone();
        parts.push(part.to_owned());
        Self(parts)
    }

    /// Whether it selects the whole document.
    pub fn is_whole(&self) -> bool {
        self.0.is_empty()
    }
}

/// An array index; RFC 6901, 4 allows no leading zeros.
fn index(text: &str) -> Option<usize> {
    let plain = text == "0" || !text.starts_with('0');
    (plain && text.bytes().all(|byte| byte.is_ascii_digit()))
        .then(|| text.parse().ok())
        .flatten()
}

/// The number in a value, also if it is written as a string, as trading APIs
/// do.
pub fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text
            .trim()
            .parse()
            .ok()
            .filter(|number: &f64| number.is_finite()),
        Value::Bool(on) => Some(f64::from(u8::from(*on))),
        _ => None,
    }
}

impl FromStr for Pointer {
    type Err = PointerError;

    fn from_str(text: &str) -> Result<Self, PointerError> {
        if text.is_empty() {
            return Ok(Self::default());
        }
        let rest = text
            .strip_prefix('/')
            .ok_or_else(|| PointerError(text.to_owned()))?;
        let parts = rest.split('/').map(|part| {
            // RFC 6901, 3: `~` is followed by 0 or 1.
            let unescaped = part
                .split('~')
                .skip(1)
                .all(|after| after.starts_with(['0', '1']));
            unescaped.then(|| part.replace("~1", "/").replace("~0", "~"))
        });
        parts
            .collect::<Option<Vec<_>>>()
            .map(Self)
            .ok_or_else(|| PointerError(text.to_owned()))
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|part| {
            write!(formatter, "/{}", part.replace('~', "~0").replace('/', "~1"))
        })
    }
}

/// The text is not a pointer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not a path into JSON. Write names and indexes, each after a slash, and * for every \
         element, for example /data/0/price or /*/c"
)]
pub struct PointerError(String);

#[cfg(test)]
mod tests {
    use super::*;

    fn select(pointer: &str, json: &str) -> String {
        let value: Value = serde_json::from_str(json).expect("JSON");
        let found: Vec<String> = pointer
            .parse::<Pointer>()
            .expect("a pointer")
            .select(&value)
            .iter()
            .map(ToString::to_string)
            .collect();
        found.join(" ")
    }

    #[test]
    fn the_examples_of_rfc_6901_select_what_they_should() {
        let json = r#"{"foo":["bar","baz"],"":0,"a/b":1,"c%d":2,"e^f":3,"g|h":4,"i\\j":5,"k\"l":6," ":7,"m~n":8}"#;
        for (pointer, found) in [
            ("/foo", r#"["bar","baz"]"#),
            ("/foo/0", "\"bar\""),
            ("/", "0"),
            ("/a~1b", "1"),
            ("/c%d", "2"),
            ("/k\"l", "6"),
            ("/ ", "7"),
            ("/m~0n", "8"),
            ("/foo/01", ""),
            ("/foo/-", ""),
            ("/none", ""),
        ] {
            assert_eq!(select(pointer, json), found, "{pointer}");
        }
    }

    #[test]
    fn a_star_matches_every_element() {
        assert_eq!(
            select("/*/c", r#"[{"c":"1.5"},{"d":0},{"c":2}]"#),
            "\"1.5\" 2"
        );
        assert_eq!(select("/a/*", r#"{"a":{"x":1,"y":2}}"#), "1 2");
    }

    #[test]
    fn pointers_round_trip_and_invalid_ones_are_rejected() {
        for text in ["", "/a~1b/m~0n/0", "/*/c"] {
            assert_eq!(
                text.parse::<Pointer>().expect("a pointer").to_string(),
                text
            );
        }
        assert!(
            ["a", "$.a", "/a~2", "/~"]
                .iter()
                .all(|text| text.parse::<Pointer>().is_err())
        );
    }

    #[test]
    fn a_string_that_holds_a_number_is_a_number() {
        let values = [
            serde_json::json!(1.5),
            serde_json::json!("0.0025"),
            serde_json::json!(true),
            serde_json::json!("x"),
        ];
        assert_eq!(
            values.map(|value| number(&value)),
            [Some(1.5), Some(0.0025), Some(1.0), None]
        );
    }
}
