//! Limits how much a board can make this program store. What real boards send
//! is far below: a whole snapshot is one message of at most
//! [`protocol::limits::MESSAGE_OUT_OF_BOARD`].

use protocol::{Descriptor, DeviceInfo, Object, RpcError, State, Unreadable};
use serde_json::Value;

use crate::names;

/// The most components of one board.
pub const COMPONENTS: usize = 512;

/// The largest state of one component, or set of unknown fields in one object,
/// in approximate bytes of JSON.
const OBJECT: usize = 4 * 1024;

/// The most effects and palettes of a light: as many as WLED can number.
const EFFECTS: usize = 256;

/// The most types of events of one component.
const EVENT_TYPES: usize = 64;

/// The longest text, in bytes.
const TEXT: usize = 512;

/// Truncates a text.
pub fn text(mut text: String) -> String {
    if text.len() > TEXT {
        let end = (0..=TEXT)
            .rev()
            .find(|end| text.is_char_boundary(*end))
            .unwrap_or(0);
        text.truncate(end);
        text.push('…');
    }
    text
}

/// A name, made safe to show and truncated.
pub fn name(name: &str) -> String {
    text(names::shown(name))
}

/// Whether a state is small enough to store.
pub fn fits(state: &State) -> bool {
    object_size(&state.0) <= OBJECT
}

/// Whether a state is small enough to store after a change; `false` if that
/// depends on how many fields they share.
pub fn fit_together(state: &State, change: &State) -> bool {
    object_size(&state.0) + object_size(&change.0) <= OBJECT
}

/// Truncates a report about an invalid value.
pub fn unreadable(value: Unreadable) -> Unreadable {
    Unreadable {
        field: text(value.field),
        found: text(value.found),
        ..value
    }
}

/// Truncates a board's information.
pub fn info(mut info: DeviceInfo) -> DeviceInfo {
    info.name = name(&info.name);
    for field in [
        &mut info.id,
        &mut info.mac,
        &mut info.version,
        &mut info.platform,
        &mut info.board,
    ] {
        *field = text(std::mem::take(field));
    }
    info.features.truncate(64);
    info.features = info.features.into_iter().map(text).collect();
    info.extra = object(info.extra);
    info
}

/// Truncates a component's description.
pub fn descriptor(mut descriptor: Descriptor) -> Descriptor {
    descriptor.name = name(&descriptor.name);
    for field in [
        &mut descriptor.device_class,
        &mut descriptor.unit_of_measurement,
        &mut descriptor.state_class,
        &mut descriptor.icon,
    ] {
        *field = field.take().map(text);
    }
    for (words, most) in [
        (&mut descriptor.caps.effects, EFFECTS),
        (&mut descriptor.caps.palettes, EFFECTS),
        (&mut descriptor.event_types, EVENT_TYPES),
    ] {
        words.truncate(most);
        *words = std::mem::take(words).into_iter().map(text).collect();
    }
    descriptor.caps.extra = object(descriptor.caps.extra);
    descriptor.extra = object(descriptor.extra);
    descriptor
}

/// Truncates an error from a board.
pub fn error(mut error: RpcError) -> RpcError {
    error.message = text(error.message);
    error.data.reason = text(error.data.reason);
    error.data.extra = object(error.data.extra);
    error
}

/// Removes unknown fields if they are too large.
fn object(object: Object) -> Object {
    if object_size(&object) > OBJECT {
        Object::new()
    } else {
        object
    }
}

fn object_size<'a, N: AsRef<str>>(object: impl IntoIterator<Item = (N, &'a Value)>) -> usize {
    object
        .into_iter()
        .map(|(name, value)| name.as_ref().len() + size(value) + 4)
        .sum()
}

/// Recursion is bounded: `serde_json` parses at most 128 levels.
fn size(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 8,
        Value::String(text) => text.len() + 2,
        Value::Array(parts) => parts.iter().map(|part| size(part) + 1).sum::<usize>() + 2,
        Value::Object(fields) => object_size(fields),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_between_characters() {
        let cut = text("ä".repeat(400));
        assert_eq!(cut.chars().count(), 257);
        assert!(cut.ends_with('…'));
        assert_eq!(text("short".into()), "short");
    }

    #[test]
    fn the_words_of_a_component_are_few_and_short() {
        let many = vec!["x".repeat(9_000); 1_000];
        let mut light = Descriptor::new(protocol::Kind::Light, 0, "Light");
        light.caps.effects = many.clone();
        light.caps.palettes = many.clone();
        light.event_types = many;
        let light = descriptor(light);
        for words in [
            &light.caps.effects,
            &light.caps.palettes,
            &light.event_types,
        ] {
            assert!(words.len() <= EFFECTS && words.iter().all(|word| word.len() < 600));
        }
    }

    #[test]
    fn a_state_larger_than_any_message_of_a_board_is_not_kept() {
        assert!(fits(&State::new().with("value", "x".repeat(255))));
        assert!(!fits(&State::new().with("value", "x".repeat(5_000))));
    }
}
