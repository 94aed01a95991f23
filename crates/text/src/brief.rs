//! Formats what a component is doing in a few characters, for lists.

use protocol::{Kind, State};

use super::{plain, reading};
use fleet::ComponentView;

/// What a component is doing: `On · 60 %`, `113 W`, `Open`. Requested changes
/// count as done. `None` for kinds without a state to speak of.
pub fn brief(view: &ComponentView) -> Option<String> {
    let descriptor = &view.descriptor;
    let number = || field(view, |state| state.get("value")?.as_f64());
    match &descriptor.kind {
        Kind::Light => Some(match (on(view), field(view, State::brightness)) {
            (Some(true), Some(percent)) => format!("On · {percent} %"),
            (on, _) => on_word(on).to_owned(),
        }),
        Kind::Switch => Some(on_word(on(view)).to_owned()),
        Kind::BinarySensor => Some(binary(descriptor.device_class.as_deref(), on(view)).to_owned()),
        Kind::Sensor | Kind::Number => Some(match number() {
            Some(value) => reading(value, Some(descriptor)),
            None => typed(view).unwrap_or_else(|| "Unknown".to_owned()),
        }),
        Kind::Select | Kind::Text | Kind::TextSensor => {
            Some(typed(view).unwrap_or_else(|| "Unknown".to_owned()))
        }
        Kind::Cover => Some(cover(
            field(view, State::movement),
            field(view, State::position),
        )),
        Kind::Button | Kind::Event | Kind::Update | Kind::Unknown(_) => None,
    }
}

/// Whether a component is on, with requested changes counted as done.
pub fn on(view: &ComponentView) -> Option<bool> {
    field(view, State::on)
}

fn on_word(on: Option<bool>) -> &'static str {
    match on {
        Some(true) => "On",
        Some(false) => "Off",
        None => "Unknown",
    }
}

/// The state of a binary sensor, in Home Assistant's terms for its device class
/// where they are clearer than on and off.
pub fn binary(device_class: Option<&str>, on: Option<bool>) -> &'static str {
    let [off_word, on_word] = match device_class.unwrap_or_default() {
        "door" | "window" | "opening" | "garage_door" => ["Closed", "Open"],
        "motion" | "occupancy" | "smoke" | "gas" | "vibration" | "sound" => ["Clear", "Detected"],
        "moisture" => ["Dry", "Wet"],
        "connectivity" => ["Disconnected", "Connected"],
        "problem" => ["OK", "Problem"],
        _ => ["Off", "On"],
    };
    match on {
        Some(true) => on_word,
        Some(false) => off_word,
        None => "Unknown",
    }
}

/// What a cover is doing: `Open · 60 %`, `Closed`, `Opening`. The position
/// says more than the state: a cover that stopped half way is open.
pub fn cover(movement: Option<&str>, position: Option<u8>) -> String {
    let word = match (movement, position) {
        (Some("opening"), _) => "Opening",
        (Some("closing"), _) => "Closing",
        (_, Some(0)) => "Closed",
        (_, Some(_)) | (Some("open"), None) => "Open",
        (Some("closed"), None) => "Closed",
        (Some("stopped"), None) => "Stopped",
        (Some(other), None) => return plain(other),
        (None, None) => "Unknown",
    };
    match position {
        Some(percent @ 1..=99) => format!("{word} · {percent} %"),
        _ => word.to_owned(),
    }
}

/// A text that is not empty.
fn typed(view: &ComponentView) -> Option<String> {
    let text = field(view, |state| state.get("value")?.as_str())?;
    (!text.trim().is_empty()).then(|| plain(text))
}

/// A field, with the requested value before the reported one.
fn field<'a, T>(view: &'a ComponentView, read: impl Fn(&'a State) -> Option<T>) -> Option<T> {
    view.wanted
        .as_ref()
        .and_then(&read)
        .or_else(|| read(&view.reported))
}

#[cfg(test)]
mod tests {
    use super::cover;

    #[test]
    fn a_cover_reads_as_it_moves_and_where_it_is() {
        for (movement, position, words) in [
            (Some("open"), Some(100), "Open"),
            (Some("open"), Some(60), "Open · 60 %"),
            (Some("stopped"), Some(60), "Open · 60 %"),
            (Some("stopped"), Some(0), "Closed"),
            (Some("opening"), Some(30), "Opening · 30 %"),
            (Some("closing"), None, "Closing"),
            (Some("closed"), Some(0), "Closed"),
            (Some("closed"), None, "Closed"),
            (Some("stopped"), None, "Stopped"),
            (Some("jammed"), None, "jammed"),
            (None, Some(5), "Open · 5 %"),
            (None, None, "Unknown"),
        ] {
            assert_eq!(
                cover(movement, position),
                words,
                "{movement:?} {position:?}"
            );
        }
    }
}
