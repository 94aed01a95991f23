//! Projects in C and for Arduino.

use super::bindings;
use crate::{Component, Kind, Project, template::Values};

/// The default sizes of the C library (`switchboard.h`).
const TEXTS: usize = 2;
const MESSAGE_OUT: usize = 2048;

/// What placeholders of these languages stand for: the sizes of the library
/// that the components need.
pub(super) fn values(project: &Project, values: Values) -> Values {
    let of = |kinds: &[Kind]| {
        let all = project.components.iter();
        all.filter(|one| kinds.contains(&one.kind)).count()
    };
    let texts = of(&[Kind::Text, Kind::TextSensor]);
    // The longest state: every byte of a text may need an escape of two.
    let bytes = 256 + 560 * texts + 100 * (project.components.len() - texts);
    let message_out = if bytes > MESSAGE_OUT {
        4096
    } else {
        MESSAGE_OUT
    };
    values
        .with("texts", texts.max(TEXTS).to_string())
        .with("message_out", message_out.to_string())
}

/// What placeholders stand for in the part of a component, in addition.
pub(super) fn component_values(
    components: &[Component],
    component: &Component,
    values: Values,
) -> Values {
    let toggled = bindings(components)
        .into_iter()
        .find(|(button, _)| *button == component)
        .map(|(_, target)| target.key());
    values
        .with("class_or_null", or_null(component.class.name))
        .with("unit_or_null", or_null(component.class.unit))
        .with("toggles", or_null(&toggled.unwrap_or_default()))
}

/// A text as a literal of C; `NULL` for an empty one.
fn or_null(text: &str) -> String {
    if text.is_empty() {
        "NULL".to_owned()
    } else {
        format!("{text:?}")
    }
}
