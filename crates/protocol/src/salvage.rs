//! Reads as much as possible of a message from a board that is not quite JSON:
//! with `nan`, which C's `printf` writes for a failed sensor, a number too
//! large for a double, or a decimal comma. One such value must not make the
//! whole board unusable. For controllers only; a board refuses invalid JSON.

use alloc::{
    borrow::ToOwned,
    string::{String, ToString},
    vec::Vec,
};

use serde_json::Value;

use crate::{ComponentKey, limits};

/// Maximum number of values that are reported per message.
const MAX_REPORTED: usize = 16;

/// Maximum length of a reported value, in characters.
const EXCERPT: usize = 40;

/// A value that could not be read and counts as unknown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// The component that it belongs to, if any.
    pub component: Option<ComponentKey>,
    /// The field within the component, otherwise within the message: `value`,
    /// `params.seq`. Empty if it is the whole component.
    pub field: String,
    /// The text in its place.
    pub found: String,
}

/// Replaces each value that is not JSON with `null` and lists these values.
/// Returns `None` if the message is not an object either.
pub fn salvage(text: &str) -> Option<(String, Vec<Unreadable>)> {
    let text = text.trim_start_matches('\u{feff}').trim();
    parts(text, '{', '}')?;
    let mut salvage = Salvage {
        out: String::with_capacity(text.len()),
        path: Vec::new(),
        unreadable: Vec::new(),
    };
    salvage.value(text);
    Some((salvage.out, salvage.unreadable))
}

struct Salvage {
    out: String,
    /// The path to the current value.
    path: Vec<String>,
    unreadable: Vec<Unreadable>,
}

impl Salvage {
    fn value(&mut self, text: &str) {
        let text = text.trim();
        if serde_json::from_str::<Value>(text).is_ok() {
            self.out.push_str(text);
            return;
        }
        let deeper = self.path.len() < limits::NESTING;
        if let Some(members) = parts(text, '{', '}').filter(|_| deeper) {
            self.object(text, &members);
        } else if let Some(elements) = parts(text, '[', ']').filter(|_| deeper) {
            self.list(&elements);
        } else {
            self.out.push_str("null");
            self.note(text);
        }
    }

    fn object(&mut self, text: &str, members: &[&str]) {
        // In `{"value":21,5}` it is ambiguous which part belongs to which
        // value: a part of a number must not be taken for the number.
        let whole = members.iter().all(|member| named(member).is_some());
        if !whole {
            self.note(text);
        }
        self.out.push('{');
        let mut first = true;
        for (name, value) in members.iter().filter_map(|member| named(member)) {
            if !first {
                self.out.push(',');
            }
            first = false;
            self.out.push_str(&Value::String(name.clone()).to_string());
            self.out.push(':');
            if whole {
                self.path.push(name);
                self.value(value);
                self.path.pop();
            } else {
                self.out.push_str("null");
            }
        }
        self.out.push('}');
    }

    fn list(&mut self, elements: &[&str]) {
        self.out.push('[');
        for (at, element) in elements.iter().enumerate() {
            if at > 0 {
                self.out.push(',');
            }
            self.path
                .push(key(element).unwrap_or_else(|| at.to_string()));
            self.value(element);
            self.path.pop();
        }
        self.out.push(']');
    }

    fn note(&mut self, text: &str) {
        if self.unreadable.len() == MAX_REPORTED {
            return;
        }
        let component = self
            .path
            .iter()
            .enumerate()
            .find_map(|(at, name)| Some((at, name.parse().ok()?)));
        let (component, rest) = component.map_or((None, 0), |(at, key)| (Some(key), at + 1));
        let field = self.path.get(rest..).unwrap_or_default().join(".");
        let mut found: String = text.chars().take(EXCERPT).collect();
        if found.len() < text.len() {
            found.push('…');
        }
        self.unreadable.push(Unreadable {
            component,
            field,
            found,
        });
    }
}

/// Splits the text between these brackets at its commas; `None` if it is not
/// enclosed by them.
fn parts(text: &str, open: char, close: char) -> Option<Vec<&str>> {
    let inside = text.strip_prefix(open)?.strip_suffix(close)?;
    let (mut parts, mut begin, mut depth, mut in_string, mut escaped) =
        (Vec::new(), 0, 0_usize, false, false);
    for (at, byte) in inside.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.checked_sub(1)?,
            b',' if depth == 0 => {
                parts.push(inside.get(begin..at)?);
                begin = at + 1;
            }
            _ => {}
        }
    }
    if in_string || depth > 0 {
        return None;
    }
    // Nothing may follow the last comma.
    let last = inside.get(begin..)?;
    if !last.trim().is_empty() {
        parts.push(last);
    }
    Some(parts)
}

/// Splits a member into its name and the text of its value.
fn named(member: &str) -> Option<(String, &str)> {
    let member = member.trim();
    let mut escaped = false;
    let end = member
        .bytes()
        .enumerate()
        .skip(1)
        .find_map(|(at, byte)| match byte {
            _ if escaped => {
                escaped = false;
                None
            }
            b'\\' => {
                escaped = true;
                None
            }
            b'"' => Some(at),
            _ => None,
        })?;
    let name = serde_json::from_str(member.get(..=end)?).ok()?;
    let value = member.get(end + 1..)?.trim_start().strip_prefix(':')?;
    Some((name, value))
}

/// The key of the component that a list element describes.
fn key(element: &str) -> Option<String> {
    let members = parts(element.trim(), '{', '}')?;
    let members = members.iter().filter_map(|member| named(member));
    let key = members
        .filter(|(name, _)| name == "key" || name == "component")
        .map(|(_, value)| value.trim().to_owned());
    key.filter_map(|value| serde_json::from_str::<String>(&value).ok())
        .next()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Component, field and text.
    type Reported = (String, String, String);

    fn of(text: &str) -> Option<(String, Vec<Reported>)> {
        let (out, unreadable) = salvage(text)?;
        let told = unreadable.into_iter().map(|value| {
            (
                value
                    .component
                    .map_or_else(String::new, |key| key.to_string()),
                value.field,
                value.found,
            )
        });
        Some((out, told.collect()))
    }

    #[test]
    fn only_values_that_are_not_json_become_unknown() {
        for (value, found) in [
            ("nan", "nan"),
            ("-NaN", "-NaN"),
            ("Infinity", "Infinity"),
            ("1e999", "1e999"),
            ("+5", "+5"),
            (".5", ".5"),
            ("0x1F", "0x1F"),
            ("'a'", "'a'"),
            (r#""\ud800""#, r#""\ud800""#),
            ("", ""),
        ] {
            let text = [
                "{\"params\":{\"seq\":7,\"sensor:0\":{\"value\":",
                value,
                ",\"ok\":true},\"light:0\":{\"on\":true}}}",
            ];
            let expected =
                r#"{"params":{"seq":7,"sensor:0":{"value":null,"ok":true},"light:0":{"on":true}}}"#;
            let told = ("sensor:0".to_owned(), "value".to_owned(), found.to_owned());
            assert_eq!(
                of(&text.concat()),
                Some((expected.to_owned(), [told].into())),
                "{value}"
            );
        }
    }

    #[test]
    fn part_of_a_value_is_never_taken_for_the_value() {
        let told = |found: &str| [("sensor:0".to_owned(), String::new(), found.to_owned())].into();
        let text = r#"{"result":{"sensor:0":{"value":21,5},"switch:0":{"on":true}}}"#;
        let expected = r#"{"result":{"sensor:0":{"value":null},"switch:0":{"on":true}}}"#;
        assert_eq!(
            of(text),
            Some((expected.to_owned(), told(r#"{"value":21,5}"#)))
        );
        let text = r#"{"sensor:0":{"value":1 2}}"#;
        let unknown = [("sensor:0".to_owned(), "value".to_owned(), "1 2".to_owned())].into();
        assert_eq!(
            of(text),
            Some((r#"{"sensor:0":{"value":null}}"#.to_owned(), unknown))
        );
    }

    #[test]
    fn a_component_in_a_list_is_reported_by_its_key() {
        let text =
            r#"{"components":[{"key":"light:0"},{"key":"sensor:3","accuracy_decimals":nan}]}"#;
        let expected =
            r#"{"components":[{"key":"light:0"},{"key":"sensor:3","accuracy_decimals":null}]}"#;
        let told = [(
            "sensor:3".to_owned(),
            "accuracy_decimals".to_owned(),
            "nan".to_owned(),
        )]
        .into();
        assert_eq!(of(text), Some((expected.to_owned(), told)));
    }

    #[test]
    fn only_objects_are_salvaged_and_deep_nesting_is_not_followed() {
        for text in ["", "nan", "[nan]", "{", "{\"a\":1", "{\"a\":\"}", "}{"] {
            assert_eq!(of(text), None, "{text}");
        }
        let deep = ["{\"a\":".repeat(1_000), "nan".to_owned(), "}".repeat(1_000)].concat();
        let (out, told) = of(&deep).expect("an object");
        assert!(out.ends_with("null}}}}}}}}}}}}}}}}") && told.len() == 1);
        let many = ["{\"a\":[", &"nan,".repeat(1_000), "1]}"].concat();
        assert!(of(&many).is_some_and(|(_, told)| told.len() == MAX_REPORTED));
    }
}
