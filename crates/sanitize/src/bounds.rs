//! Bounds what a board can make this program keep. What a real board sends fits
//! with room to spare: its whole snapshot is one message of at most
//! [`protocol::limits::MESSAGE_OUT_OF_BOARD`].

use protocol::{Descriptor, DeviceInfo, Object, RpcError, State, Unreadable};
use serde_json::Value;

use crate::names;

/// Components of one board.
pub const COMPONENTS: usize = 512;

/// The state of one component, or the fields of a newer board in one object, in
/// bytes of JSON, roughly.
const OBJECT: usize = 4 * 1024;

/// A text that is shown, in bytes.
const TEXT: usize = 512;

/// Cuts a text where it is longer than what is shown.
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

/// A name as it is shown.
pub fn name(name: &str) -> String {
    text(names::shown(name))
}

/// Whether a state is small enough to be kept.
pub fn fits(state: &State) -> bool {
    object_size(&state.0) <= OBJECT
}

/// Cuts what a board says of a value that cannot be read.
pub fn unreadable(value: Unreadable) -> Unreadable {
    Unreadable {
        field: text(value.field),
        found: text(value.found),
        ..value
    }
}

/// Cuts what a board says of itself.
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

/// Cuts what a board says of a component.
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
    descriptor.caps.effects.truncate(64);
    descriptor.caps.effects = descriptor.caps.effects.into_iter().map(text).collect();
    descriptor.caps.extra = object(descriptor.caps.extra);
    descriptor.extra = object(descriptor.extra);
    descriptor
}

/// Cuts an error of a board.
pub fn error(mut error: RpcError) -> RpcError {
    error.message = text(error.message);
    error.data.reason = text(error.data.reason);
    error.data.extra = object(error.data.extra);
    error
}

/// Leaves the fields of a newer board out where they are too much.
fn object(object: Object) -> Object {
    if object_size(&object) > OBJECT {
        Object::new()
    } else {
        object
    }
}

fn object_size<'a>(object: impl IntoIterator<Item = (&'a String, &'a Value)>) -> usize {
    object
        .into_iter()
        .map(|(name, value)| name.len() + size(value) + 4)
        .sum()
}

/// Recursion is bounded: `serde_json` reads no deeper than 128.
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
    fn a_state_larger_than_any_message_of_a_board_is_not_kept() {
        assert!(fits(&State::new().with("value", "x".repeat(255))));
        assert!(!fits(&State::new().with("value", "x".repeat(5_000))));
    }
}
