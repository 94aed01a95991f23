//! Parses `KEY=VALUE` into a component's state. Whether a value is in range is
//! up to the board.

use disk::documents::settable;
use protocol::{ComponentKey, Kind, State};
use serde_json::{Value, json};

/// The change that the assignments describe.
///
/// # Errors
/// A message about the first invalid assignment.
pub(super) fn state(component: &ComponentKey, assignments: &[String]) -> Result<State, String> {
    assignments
        .iter()
        .try_fold(State::new(), |state, assignment| {
            let (field, text) = assignment
                .split_once('=')
                .filter(|(field, _)| !field.is_empty())
                .ok_or_else(|| {
                    format!("expected KEY=VALUE, for example on=true, not {assignment:?}")
                })?;
            // Boards ignore unknown fields, so a typo would look like success.
            let mut known = settable(&component.kind).to_vec();
            if component.kind == Kind::Light {
                known.push("transition_ms");
            }
            if !known.is_empty() && !known.contains(&field) {
                let (kind, known) = (&component.kind, known.join(", "));
                return Err(format!(
                    "a {kind} has no field {field:?}; available: {known} (`switchboard call` \
                     accepts any field)"
                ));
            }
            Ok(state.with(field, value(&component.kind, field, text)?))
        })
}

fn value(kind: &Kind, field: &str, text: &str) -> Result<Value, String> {
    match (kind, field) {
        (_, "on") => match text.to_ascii_lowercase().as_str() {
            "true" | "on" | "1" => Ok(json!(true)),
            "false" | "off" | "0" => Ok(json!(false)),
            _ => Err(format!("on must be true or false, not {text:?}")),
        },
        (_, "rgb") => rgb(text).ok_or_else(|| {
            format!(
                "rgb must be three numbers from 0 to 255, such as 255,80,0, or '#ff5000' in \
                 quotes, not {text:?}"
            )
        }),
        (_, "brightness" | "ct_k" | "white" | "transition_ms")
        | (Kind::Number, "value")
        | (Kind::Cover, "position") => number(field, text),
        (Kind::Text | Kind::Select, "value") | (_, "effect" | "palette") => Ok(json!(text)),
        _ => Ok(serde_json::from_str(text).unwrap_or_else(|_| json!(text))),
    }
}

fn number(field: &str, text: &str) -> Result<Value, String> {
    match serde_json::from_str(text) {
        Ok(number @ Value::Number(_)) => Ok(number),
        _ => Err(format!("{field} must be a number, not {text:?}")),
    }
}

fn rgb(text: &str) -> Option<Value> {
    if let Some(digits) = text.strip_prefix('#') {
        let number = u32::from_str_radix(digits, 16)
            .ok()
            .filter(|_| digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_hexdigit()))?;
        let [_, red, green, blue] = number.to_be_bytes();
        return Some(json!([red, green, blue]));
    }
    let parts = text
        .trim_start_matches('[')
        .trim_end_matches(']')
        .split(',');
    let parts: Option<Vec<u8>> = parts.map(|part| part.trim().parse().ok()).collect();
    parts
        .filter(|parts| parts.len() == 3)
        .map(|parts| json!(parts))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(kind: Kind, assignment: &str) -> Result<State, String> {
        state(&ComponentKey::new(kind, 0), &[assignment.to_owned()])
    }

    #[test]
    fn a_value_is_parsed_by_the_kind_of_component() {
        let light = |assignment| read(Kind::Light, assignment).expect(assignment);
        assert_eq!(light("on=true").on(), Some(true));
        assert_eq!(light("on=off").on(), Some(false));
        assert_eq!(light("brightness=40").brightness(), Some(40));
        assert_eq!(light("rgb=255,80,0").rgb(), Some([255, 80, 0]));
        assert_eq!(light("rgb=#ff5000").rgb(), Some([255, 80, 0]));
        assert_eq!(light("effect=12").effect(), Some("12"));
        assert_eq!(light("palette=12").palette(), Some("12"));
        assert_eq!(light("white=128").white(), Some(128));
        let cover = read(Kind::Cover, "position=60").expect("a position");
        assert_eq!(cover.position(), Some(60));
        assert_eq!(
            read(Kind::Text, "value=12").expect("a text").text(),
            Some("12")
        );
        assert_eq!(
            read(Kind::Number, "value=21.5").expect("a number").number(),
            Some(21.5)
        );
        assert_eq!(
            read(Kind::Text, "value=a=b").expect("a text").text(),
            Some("a=b")
        );
    }

    #[test]
    fn an_unknown_field_is_refused_and_the_known_ones_are_listed() {
        let error = read(Kind::Light, "brightnes=40").expect_err("a typo");
        assert!(
            error.contains("brightnes") && error.contains("on, brightness, rgb"),
            "{error}"
        );
        assert!(read(Kind::Switch, "value=1").is_err());
        assert!(read(Kind::Cover, "state=open").is_err());
        assert!(read(Kind::Cover, "position=half").is_err());
        assert!(
            read(Kind::Unknown("valve".into()), "open=true").is_ok(),
            "only the board knows its fields"
        );
    }

    #[test]
    fn an_invalid_value_is_refused_before_anything_is_sent() {
        for assignment in [
            "on",
            "=1",
            "on=maybe",
            "brightness=bright",
            "rgb=1,2",
            "rgb=#12345g",
            "rgb=#+12345",
        ] {
            assert!(read(Kind::Light, assignment).is_err(), "{assignment}");
        }
    }
}
