//! Formats connection states, component states and firmware updates.

use protocol::{Descriptor, Kind, State};
use serde_json::Value;

use super::{bytes, plain, quantity};
use fleet::{BoardView, LinkProblem, LinkState, Origin, UpdateState};

/// The source of a change.
pub fn origin(origin: &Origin) -> String {
    match origin {
        Origin::ThisProgram => "this app".to_owned(),
        Origin::OtherController(number) => format!("another controller ({number})"),
        Origin::Physical => "at the board".to_owned(),
        Origin::Board => "by the board".to_owned(),
        Origin::Unknown => "unknown source".to_owned(),
    }
}

/// The source of a component's change. A sensor's value is measured, whatever
/// the board reports.
pub fn cause(kind: &Kind, who: &Origin) -> String {
    match (kind, who) {
        (_, Origin::ThisProgram | Origin::OtherController(_)) => origin(who),
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

/// The progress of an update, in one line.
pub fn update(state: &UpdateState) -> String {
    match state {
        UpdateState::Reading => "reading the image file".to_owned(),
        UpdateState::Sending { sent, size } => {
            format!(
                "{} %  {} of {}",
                state.percent().unwrap_or(0),
                bytes(u64::from(*sent)),
                bytes(u64::from(*size))
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

/// The fields of a state, with the unit and the precision that the component
/// describes: `on brightness=60%`, `24.6 °C`.
pub fn fields(state: &State, descriptor: Option<&Descriptor>) -> String {
    if descriptor.is_none_or(|descriptor| descriptor.kind == Kind::Update)
        && let Some(firmware) = firmware(state)
    {
        return firmware;
    }
    let field = |(name, value): (&String, &Value)| match (name.as_str(), value) {
        (name, Value::Null) if name != "value" => format!("{}=unknown", plain(name)),
        ("on", Value::Bool(on)) => if *on { "on" } else { "off" }.to_owned(),
        ("value", value) => measured(value, descriptor),
        ("rgb", value) => match state.rgb() {
            Some([red, green, blue]) => format!("rgb=#{red:02x}{green:02x}{blue:02x}"),
            None => format!("rgb={}", plain(&value.to_string())),
        },
        ("brightness", Value::Number(percent)) => format!("brightness={percent}%"),
        ("ct_k", Value::Number(kelvin)) => format!("{kelvin} K"),
        ("options", Value::Array(_)) => format!(
            "of {}",
            state.options().map(plain).collect::<Vec<_>>().join("|")
        ),
        (name, Value::String(text)) => format!("{}={}", plain(name), plain(text)),
        (name, value) => format!("{}={}", plain(name), plain(&value.to_string())),
    };
    // The value comes before its limits.
    let (first, rest): (Vec<_>, Vec<_>) = state
        .0
        .iter()
        .partition(|(name, _)| matches!(name.as_str(), "on" | "value"));
    first
        .into_iter()
        .chain(rest)
        .map(field)
        .collect::<Vec<_>>()
        .join(" ")
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
    let unit = descriptor
        .and_then(|descriptor| descriptor.unit_of_measurement.as_deref())
        .map(plain);
    let decimals = descriptor.and_then(|descriptor| descriptor.accuracy_decimals);
    match value {
        Value::Null => "unknown".to_owned(),
        Value::String(text) => format!("{:?}", plain(text)),
        other => other.as_f64().map_or_else(
            || plain(&other.to_string()),
            |n| quantity(n, decimals, unit.as_deref()),
        ),
    }
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
        assert_eq!(fields(&state, None), "on unknown ct_k=unknown");
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
        assert_eq!(fields(&light, None), "off brightness=60% rgb=#ff5000");
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
