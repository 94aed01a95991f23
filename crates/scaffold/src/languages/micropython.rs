//! Projects in MicroPython.

use super::bindings;
use crate::{Component, Kind, Project, template::Values};

/// The class of a kind of component in `switchboard.py`.
const fn class(kind: Kind) -> &'static str {
    match kind {
        Kind::Switch => "Switch",
        Kind::Light => "Light",
        Kind::Button => "Button",
        Kind::Sensor => "Sensor",
        Kind::BinarySensor => "BinarySensor",
        Kind::TextSensor => "TextSensor",
        Kind::Number => "Number",
        Kind::Select => "Select",
        Kind::Text => "Text",
        Kind::Cover => "Cover",
        Kind::Event => "Event",
    }
}

/// What placeholders of this language stand for.
pub(super) fn values(project: &Project, values: Values) -> Values {
    let mut imports: Vec<_> = project
        .components
        .iter()
        .map(|component| class(component.kind))
        .chain(["Board"])
        .collect();
    imports.sort_unstable();
    imports.dedup();
    let identifiers: Vec<_> = project
        .components
        .iter()
        .map(Component::identifier)
        .collect();
    values
        .with("typed", typed(&project.components))
        .with("imports", imports.join(", "))
        .with("identifiers", identifiers.join(", "))
}

/// A sentence about what can be typed into the board's terminal, in a paragraph
/// of its own; empty if that is nothing.
fn typed(components: &[Component]) -> String {
    let first = |kind: Kind| components.iter().find(|one| one.kind == kind);
    match (first(Kind::Button), first(Kind::Event)) {
        (Some(button), _) => format!("Type `{}` to press the button.", button.key()),
        (None, Some(event)) => format!("Type `{}` to trigger the event.", event.key()),
        (None, None) => String::new(),
    }
}

/// What placeholders of this language stand for in the part of a component.
pub(super) fn component_values(project: &Project, one: &Component, values: Values) -> Values {
    let mut about = String::new();
    if !one.class.name.is_empty() {
        about.push_str(&format!(", device_class={:?}", one.class.name));
    }
    if one.kind == Kind::Sensor {
        if !one.class.unit.is_empty() {
            about.push_str(&format!(", unit=\"{}\"", one.class.unit));
        }
        about.push_str(&format!(", decimals={}", one.class.decimals));
    }
    let bindings = bindings(&project.components);
    let bound = bindings.iter().find(|(button, _)| *button == one);
    let toggle = bound.map_or_else(String::new, |(_, target)| {
        let target = target.identifier();
        format!("if event == \"press\":\n    {target}.on = not {target}.on")
    });
    values.with("about", about).with("toggle", toggle)
}
