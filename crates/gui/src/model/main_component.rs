//! Decides which component stands for its board in a list, and says what the
//! board is doing in a few words.

use std::sync::Arc;

use protocol::{Descriptor, Kind};

use fleet::{BoardView, ComponentView};

/// The component that stands for the board: the first light, otherwise the
/// first switch, otherwise the first cover, otherwise the most telling reading.
/// Diagnostics and settings never do.
pub(crate) fn main_component(board: &BoardView) -> Option<&Arc<ComponentView>> {
    let ranked = board
        .components
        .iter()
        .filter_map(|view| Some((rank(&view.descriptor)?, view)));
    ranked.min_by_key(|(rank, _)| *rank).map(|(_, view)| view)
}

/// The main component, if it can be switched on and off.
pub(crate) fn main_switch(board: &BoardView) -> Option<&Arc<ComponentView>> {
    let first = |kind: Kind| {
        let is = move |view: &&Arc<ComponentView>| {
            view.descriptor.kind == kind && view.descriptor.entity_category.is_none()
        };
        board.components.iter().find(is)
    };
    first(Kind::Light).or_else(|| first(Kind::Switch))
}

/// The components that [`activity`] reads.
pub(crate) fn telling(board: &BoardView) -> Vec<&Arc<ComponentView>> {
    let Some(main) = main_component(board) else {
        return Vec::new();
    };
    let mut telling = vec![main];
    match main.descriptor.kind {
        Kind::Light | Kind::Switch => {
            telling.extend(alike(board, main));
            if telling.len() == 1 {
                telling.extend(companion(board, main));
            }
        }
        _ => telling.extend(companion(board, main)),
    }
    telling
}

/// What a board is doing: `On · 60 %`, `On · 113 W`, `22.5 °C · 48 %`; with
/// several lights or switches also how many are on: `Outlet 1: off · 2 of 4
/// on`. `None` if no component says.
pub(crate) fn activity(board: &BoardView) -> Option<String> {
    let telling = telling(board);
    let (main, others) = telling.split_first()?;
    let state = text::brief(main)?;
    let is_switch =
        |view: &ComponentView| matches!(view.descriptor.kind, Kind::Light | Kind::Switch);
    match others {
        [] => Some(state),
        [other, ..] if is_switch(main) && is_switch(other) => {
            let on = telling
                .iter()
                .filter(|view| text::on(view) == Some(true))
                .count();
            Some(format!(
                "{}: {} · {on} of {} on",
                text::plain(label(main)),
                lower(&state),
                telling.len()
            ))
        }
        [other, ..] => match text::brief(other) {
            Some(more) => Some(format!("{state} · {more}")),
            None => Some(state),
        },
    }
}

/// The name of a component; without one, its kind.
fn label(view: &ComponentView) -> &str {
    match view.descriptor.name.as_str() {
        "" if view.descriptor.kind == Kind::Light => "Light",
        "" => "Switch",
        name => name,
    }
}

fn lower(state: &str) -> String {
    state.to_lowercase()
}

/// The other components of the main one's kind.
fn alike<'a>(
    board: &'a BoardView,
    main: &'a ComponentView,
) -> impl Iterator<Item = &'a Arc<ComponentView>> {
    board.components.iter().filter(|view| {
        view.descriptor.kind == main.descriptor.kind
            && view.descriptor.entity_category.is_none()
            && view.descriptor.key != main.descriptor.key
    })
}

/// A reading that belongs to the main component: the power of a switch, the
/// humidity with a temperature.
fn companion<'a>(board: &'a BoardView, main: &ComponentView) -> Option<&'a Arc<ComponentView>> {
    let class = match (
        &main.descriptor.kind,
        main.descriptor.device_class.as_deref(),
    ) {
        (Kind::Switch, _) => "power",
        (Kind::Sensor, Some("temperature")) => "humidity",
        _ => return None,
    };
    board.components.iter().find(|view| {
        view.descriptor.kind == Kind::Sensor
            && view.descriptor.entity_category.is_none()
            && view.descriptor.device_class.as_deref() == Some(class)
    })
}

/// How telling a component is, the most telling first.
fn rank(descriptor: &Descriptor) -> Option<u8> {
    if descriptor.entity_category.is_some() {
        return None;
    }
    let class = descriptor.device_class.as_deref().unwrap_or_default();
    Some(match &descriptor.kind {
        Kind::Light => 0,
        Kind::Switch => 1,
        Kind::Cover => 2,
        Kind::BinarySensor if !class.is_empty() && class != "connectivity" => 3,
        Kind::Sensor => match class {
            "power" => 4,
            "temperature" => 5,
            "humidity" | "moisture" => 6,
            "carbon_dioxide" | "pm25" | "volatile_organic_compounds" => 7,
            "illuminance" => 8,
            "pressure" | "atmospheric_pressure" => 9,
            "current" | "voltage" | "energy" => 10,
            "distance" | "speed" | "weight" => 11,
            "battery" => 30,
            _ => 20,
        },
        Kind::BinarySensor => 21,
        Kind::Number => 22,
        Kind::Select => 23,
        Kind::Text => 24,
        Kind::TextSensor => 25,
        Kind::Button | Kind::Event | Kind::Update | Kind::Unknown(_) => return None,
    })
}
