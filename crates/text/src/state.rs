//! Formats connection states, component states and firmware updates.

use std::time::Duration;

use protocol::{Descriptor, Kind, State};
use serde_json::Value;

use super::{bytes, length, plain, quantity};
use fleet::{BoardView, CredentialKind, Family, LinkProblem, LinkState, Origin, UpdateState};

/// The source of a change.
pub fn origin(origin: &Origin) -> String {
    match origin {
        Origin::ThisProgram => "you".to_owned(),
        Origin::OtherController(number) => format!("client {number}"),
        Origin::Person(name) => plain(name),
        Origin::Physical => "at the board".to_owned(),
        Origin::Board => "by the board".to_owned(),
        Origin::Unknown => "unknown source".to_owned(),
    }
}

/// The source of a component's change. A sensor's value is measured, whatever
/// the board reports.
pub fn cause(kind: &Kind, who: &Origin) -> String {
    match (kind, who) {
        (_, Origin::ThisProgram | Origin::OtherController(_) | Origin::Person(_)) => origin(who),
        (Kind::Sensor | Kind::BinarySensor, _) => "measured".to_owned(),
        _ => origin(who),
    }
}

/// One word for a connection state.
pub fn link(state: &LinkState) -> &'static str {
    match state {
        LinkState::Announced => "announced",
        LinkState::Connecting => "connecting",
        LinkState::Connected => "connected",
        LinkState::Stale => "stale",
        LinkState::Unreachable {
            problem: LinkProblem::Locked | LinkProblem::WrongKey,
            ..
        } => "locked",
        LinkState::Unreachable {
            problem: LinkProblem::AwaitingInbound(_),
            ..
        } => "waiting",
        LinkState::Unreachable { .. } => "unreachable",
    }
}

/// A board's connection state, and whether the connection is inbound.
pub fn link_of(board: &BoardView) -> String {
    match board.inbound_from {
        Some(_) => format!("{}, inbound", link(&board.link)),
        None => link(&board.link).to_owned(),
    }
}

/// A notice that another peer claims a board's id.
pub fn also_claimed(address: &str) -> String {
    format!("another device at {} claims the same id", plain(address))
}

/// Why there is no connection, as a clause about the board.
pub fn problem(problem: &LinkProblem) -> String {
    let text = plain(&problem.to_string());
    match problem {
        LinkProblem::UnsupportedVersion { .. } | LinkProblem::NotABoard(_) => format!("it {text}"),
        about_keys if about_keys.is_about_keys() => format!("it {text}"),
        _ => text,
    }
}

/// The same for a board of any family: not each is locked and has a key.
pub fn problem_of(board: &BoardView, problem: &LinkProblem) -> String {
    problem_for(board.family, problem)
}

pub(crate) fn problem_for(family: Family, problem: &LinkProblem) -> String {
    match problem.is_about_keys() && !family.is_ours() {
        true => format!("it {}", plain(&problem.of_family(family))),
        false => self::problem(problem),
    }
}

/// That a board of another family asks for a password or a key, or rejects the
/// one that this computer has, as a clause about the board.
pub fn credential(board: &BoardView) -> Option<&'static str> {
    let LinkState::Unreachable { problem, .. } = &board.link else {
        return None;
    };
    Some(match (CredentialKind::of(board.family)?, problem) {
        (CredentialKind::Password, LinkProblem::Locked) => "asks for a password",
        (CredentialKind::Password, LinkProblem::WrongKey) => "rejects the password",
        (CredentialKind::NoiseKey, LinkProblem::Locked) => "needs its encryption key",
        (CredentialKind::NoiseKey, LinkProblem::WrongKey) => "rejects the encryption key",
        _ => return None,
    })
}

/// The progress of an update, in one line.
pub fn update(state: &UpdateState) -> String {
    match state {
        UpdateState::Reading => "reading the image file".to_owned(),
        UpdateState::Sending { sent, size } => {
            format!(
                "{} %  {} of {}",
                state.percent().unwrap_or(0),
                bytes(f64::from(*sent)),
                bytes(f64::from(*size))
            )
        }
        UpdateState::Checking => "the board is verifying the image".to_owned(),
        UpdateState::Restarting => "the board is restarting with the new image".to_owned(),
        UpdateState::Done { before, after } => {
            let version =
                |version: &Option<String>| version.clone().unwrap_or_else(|| "unknown".to_owned());
            format!("firmware {} -> {}", version(before), version(after))
        }
        UpdateState::Failed(problem) => problem.to_string(),
    }
}

/// A name that can be typed without quotes: `desk-lamp` for `Desk lamp`.
pub fn slug(name: &str) -> String {
    let words = name
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect::<Vec<_>>().join("-")
}

/// What a state or a change says, with the unit and the precision that the
/// component describes: `On · 60 % · 3000 K`, `24.6 °C`. Fields of a light that
/// are off, such as the effect `none`, are left out if anything else is said.
pub fn fields(state: &State, descriptor: Option<&Descriptor>) -> String {
    if descriptor.is_none_or(|descriptor| descriptor.kind == Kind::Update)
        && let Some(firmware) = firmware(state)
    {
        return firmware;
    }
    if descriptor.is_some_and(|descriptor| descriptor.kind == Kind::Cover) {
        return cover_fields(state);
    }
    // The value comes before its limits.
    let (first, rest): (Vec<_>, Vec<_>) = state
        .0
        .iter()
        .partition(|(name, _)| matches!(*name, "on" | "value"));
    let (idle, telling): (Vec<_>, Vec<_>) = first
        .into_iter()
        .chain(rest)
        .partition(|(name, value)| is_idle(name, value));
    let said = if telling.is_empty() { idle } else { telling };
    said.into_iter()
        .map(|(name, value)| field(name, value, state, descriptor))
        .collect::<Vec<_>>()
        .join(" · ")
}

/// The state of a cover, or a change of it: `Opening · 60 %`, `60 %`.
fn cover_fields(state: &State) -> String {
    let known = |(name, value): (&str, &Value)| match (name, value) {
        ("state", Value::String(word)) => capitalized(&plain(word)),
        ("position", Value::Number(percent)) => format!("{percent} %"),
        (name, value) => field(name, value, state, None),
    };
    // The state comes before the position.
    let mut fields: Vec<_> = state.0.iter().collect();
    fields.sort_by_key(|(name, _)| *name != "state");
    let fields: Vec<String> = fields.into_iter().map(known).collect();
    fields.join(" · ")
}

/// A clause as the beginning of a sentence.
pub fn capitalized(word: &str) -> String {
    let mut chars = word.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => String::new(),
    }
}

/// The unit of what a component's history has: that of its value, or of the
/// position of a cover.
pub fn unit(descriptor: &Descriptor) -> Option<&str> {
    match descriptor.kind {
        Kind::Cover => Some("%"),
        _ => descriptor.unit_of_measurement.as_deref(),
    }
}

/// Whether this field of a light is off or unknown because another one is in
/// use, as the color is while the color temperature is shown.
fn is_idle(name: &str, value: &Value) -> bool {
    match name {
        "rgb" | "ct_k" | "white" | "palette" => value.is_null(),
        "effect" => value.is_null() || value == "none",
        // What is left of a brightness that is said too.
        "effective_brightness" => true,
        _ => false,
    }
}

fn field(name: &str, value: &Value, state: &State, descriptor: Option<&Descriptor>) -> String {
    match (name, value) {
        ("on", Value::Bool(on)) => if *on { "On" } else { "Off" }.to_owned(),
        ("on", Value::Null) => "Unknown".to_owned(),
        ("value", value) => measured(value, descriptor),
        ("rgb", _) if state.rgb().is_some() => {
            let [red, green, blue] = state.rgb().unwrap_or_default();
            format!("#{red:02x}{green:02x}{blue:02x}")
        }
        ("brightness", Value::Number(percent)) => format!("{percent} %"),
        ("ct_k", Value::Number(kelvin)) => format!("{kelvin} K"),
        ("effect", Value::String(effect)) if effect == "none" => "no effect".to_owned(),
        ("effect", Value::String(effect)) => plain(effect),
        ("transition_ms", Value::Number(ms)) => format!("fade {ms} ms"),
        ("options", Value::Array(_)) => format!(
            "of {}",
            state.options().map(plain).collect::<Vec<_>>().join(", ")
        ),
        (name, value) => {
            let value = match value {
                Value::Null => "unknown".to_owned(),
                Value::String(text) => plain(text),
                other => plain(&other.to_string()),
            };
            format!("{} {value}", label(name))
        }
    }
}

/// The name of a field in a sentence.
fn label(name: &str) -> String {
    match name {
        "ct_k" => "color temperature".to_owned(),
        "rgb" => "color".to_owned(),
        other => plain(&other.replace('_', " ")),
    }
}

/// The state of an update component, or a change of it: `0.1.0`, `updating to
/// 0.2.0 43 %`. `None` for the state of another component.
fn firmware(state: &State) -> Option<String> {
    const FIELDS: [&str; 3] = ["installed_version", "in_progress", "update_percentage"];
    if !FIELDS.iter().any(|field| state.get(field).is_some()) {
        return None;
    }
    let mut parts: Vec<String> = state.installed_version().map(plain).into_iter().collect();
    match (state.in_progress(), state.latest_version()) {
        (Some(true), Some(version)) => parts.push(format!("updating to {}", plain(version))),
        (Some(true), None) => parts.push("updating".to_owned()),
        // A change may lack the installed version.
        (_, Some(latest)) if !parts.is_empty() && state.newer_version().is_some() => {
            parts.push(format!("({} is available)", plain(latest)));
        }
        (Some(false), _) if parts.is_empty() => parts.push("no update in progress".to_owned()),
        _ => {}
    }
    parts.extend(
        state
            .update_percentage()
            .map(|percent| format!("{percent} %")),
    );
    parts.extend(
        state
            .last_error()
            .map(|error| format!("(last update failed: {})", plain(error))),
    );
    Some(parts.join(" "))
}

fn measured(value: &Value, descriptor: Option<&Descriptor>) -> String {
    match value {
        Value::Null => "Unknown".to_owned(),
        Value::String(text) => format!("{:?}", plain(text)),
        other => other.as_f64().map_or_else(
            || plain(&other.to_string()),
            |number| reading(number, descriptor),
        ),
    }
}

/// A value with its component's unit and precision, scaled for reading: `24.6
/// °C`, `175 KiB` for a component that counts bytes, `2 d 4 h` for one that
/// counts seconds.
pub fn reading(value: f64, descriptor: Option<&Descriptor>) -> String {
    let Some(descriptor) = descriptor else {
        return quantity(value, None, None);
    };
    let unit = descriptor.unit_of_measurement.as_deref().map(plain);
    match unit.as_deref() {
        Some("B") if value >= 0.0 => bytes(value),
        Some("Wh") if value.abs() >= 1_000.0 => quantity(value / 1_000.0, Some(2), Some("kWh")),
        Some("s") if is_duration(descriptor) && (60.0..1e12).contains(&value) => {
            length(Duration::from_secs_f64(value))
        }
        unit => quantity(value, descriptor.accuracy_decimals, unit),
    }
}

/// Home Assistant's device class for lengths of time, such as an uptime.
fn is_duration(descriptor: &Descriptor) -> bool {
    descriptor.device_class.as_deref() == Some("duration")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_null_value_is_shown_as_unknown() {
        let state = State::new()
            .with("on", true)
            .with("value", Value::Null)
            .with("ct_k", Value::Null);
        assert_eq!(fields(&state, None), "On · Unknown");
        assert_eq!(
            fields(&State::new().with("ct_k", Value::Null), None),
            "color temperature unknown"
        );
    }

    #[test]
    fn a_state_has_the_units_and_the_precision_of_its_component() {
        let mut temperature = Descriptor::new(Kind::Sensor, 0, "Temperature");
        temperature.unit_of_measurement = Some("°C".to_owned());
        temperature.accuracy_decimals = Some(1);
        assert_eq!(
            fields(&State::new().with("value", 24), Some(&temperature)),
            "24.0 °C"
        );
        let light = State::new()
            .with("on", false)
            .with("brightness", 60)
            .with("rgb", vec![255, 80, 0]);
        assert_eq!(fields(&light, None), "Off · 60 % · #ff5000");
    }

    #[test]
    fn only_what_a_light_does_is_said() {
        let light = State::new()
            .with("on", false)
            .with("brightness", 60)
            .with("ct_k", 3000)
            .with("rgb", Value::Null)
            .with("effect", "none");
        assert_eq!(fields(&light, None), "Off · 60 % · 3000 K");
        let change = State::new().with("effect", "none");
        assert_eq!(fields(&change, None), "no effect");
    }

    #[test]
    fn a_cover_says_what_it_does_and_where_it_is() {
        let cover = Descriptor::new(Kind::Cover, 0, "Blind");
        let moving = State::new().with("state", "opening").with("position", 60);
        assert_eq!(fields(&moving, Some(&cover)), "Opening · 60 %");
        let set = State::new().with("position", 60);
        assert_eq!(fields(&set, Some(&cover)), "60 %");
        let lost = State::new()
            .with("state", "stopped")
            .with("position", Value::Null);
        assert_eq!(fields(&lost, Some(&cover)), "Stopped · position unknown");
        assert_eq!(unit(&cover), Some("%"));
    }

    #[test]
    fn white_and_palette_are_said() {
        let light = State::new()
            .with("on", true)
            .with("white", 128)
            .with("palette", "forest");
        assert_eq!(fields(&light, None), "On · palette forest · white 128");
    }

    #[test]
    fn readings_are_scaled_for_reading() {
        let mut memory = Descriptor::new(Kind::Sensor, 0, "Free memory");
        memory.unit_of_measurement = Some("B".to_owned());
        assert_eq!(reading(179_200.0, Some(&memory)), "175 KiB");
        let mut uptime = Descriptor::new(Kind::Sensor, 1, "Uptime");
        uptime.unit_of_measurement = Some("s".to_owned());
        assert_eq!(reading(187_300.0, Some(&uptime)), "187300 s");
        uptime.device_class = Some("duration".to_owned());
        assert_eq!(reading(187_300.0, Some(&uptime)), "2 d 4 h");
        assert_eq!(reading(12.0, Some(&uptime)), "12 s");
        let mut energy = Descriptor::new(Kind::Sensor, 2, "Energy");
        energy.unit_of_measurement = Some("Wh".to_owned());
        energy.accuracy_decimals = Some(1);
        assert_eq!(reading(999.9, Some(&energy)), "999.9 Wh");
        assert_eq!(reading(1_234.9, Some(&energy)), "1.23 kWh");
    }

    #[test]
    fn text_from_a_board_cannot_control_a_terminal() {
        assert_eq!(
            fields(&State::new().with("value", "a\u{1b}[2Jb"), None),
            "\"a\u{fffd}[2Jb\""
        );
    }

    #[test]
    fn the_state_of_firmware_is_short() {
        let firmware = State::new()
            .with("installed_version", "0.1.0")
            .with("latest_version", Value::Null);
        let idle = firmware
            .with("in_progress", false)
            .with("update_percentage", Value::Null)
            .with("last_error", Value::Null);
        assert_eq!(fields(&idle, None), "0.1.0");
        let newer = idle.clone().with("latest_version", "0.2.0");
        assert_eq!(fields(&newer, None), "0.1.0 (0.2.0 is available)");
        let mut updating = idle.clone();
        updating.merge(
            &State::new()
                .with("in_progress", true)
                .with("update_percentage", 43)
                .with("latest_version", "0.2.0"),
        );
        assert_eq!(fields(&updating, None), "0.1.0 updating to 0.2.0 43 %");
        assert_eq!(
            fields(&State::new().with("update_percentage", 44), None),
            "44 %"
        );
        let failed = idle.with("last_error", "aborted");
        assert_eq!(fields(&failed, None), "0.1.0 (last update failed: aborted)");
    }
}
