//! States as a board reports them. The fields of kinds that have no
//! counterpart here (fans, climate, ...) are called as in Home Assistant.

use protocol::State;
use serde_json::{Value, json};

use super::{
    entity::{Detail, Entity},
    text::{decimal, or_null, part},
    wire::Fields,
};

/// The state in a message about an entity.
pub(super) fn state(entity: &Entity, fields: Fields<'_>) -> State {
    if is_missing(entity.layout.kind, fields) {
        return entity.unknown_state().unwrap_or_default();
    }
    let mut state = match (entity.layout.kind, &entity.detail) {
        (_, Detail::Light(light)) => light.state(fields),
        (_, Detail::Cover { position, tilt, .. }) => {
            let with_tilt = entity.layout.kind == "cover" && *tilt;
            cover(entity.layout.kind, *position, with_tilt, fields)
        }
        (_, Detail::Fan { .. }) => fan(&entity.detail, fields),
        (kind, _) => other(kind, fields),
    };
    state.merge(&entity.fixed_state());
    state
}

/// Whether the board says that it has no state yet.
fn is_missing(kind: &str, fields: Fields<'_>) -> bool {
    let field = match kind {
        "switch" => 4,
        "binary_sensor" | "sensor" | "text_sensor" | "number" | "select" | "text" => 3,
        "date" | "time" | "datetime" | "update" => 2,
        "climate" => 17,
        "water_heater" => 9,
        _ => return false,
    };
    fields.flag(field)
}

fn other(kind: &str, fields: Fields<'_>) -> State {
    let value = |value: Value| State::new().with("value", value);
    match kind {
        "switch" | "binary_sensor" | "siren" => State::new().with("on", fields.flag(2)),
        "sensor" | "number" => value(decimal(fields.float(2))),
        "text_sensor" | "text" => value(sanitize::bounds::text(fields.text(2)).into()),
        "select" => value(or_null(fields.text(2))),
        "lock" => State::new().with("state", word(LOCK, fields.number(2))),
        "alarm_control_panel" => State::new().with("state", word(ALARM, fields.number(2))),
        "media_player" => State::new()
            .with("state", word(MEDIA, fields.number(2)))
            .with("volume_level", decimal(fields.float(3)))
            .with("is_volume_muted", fields.flag(4)),
        "climate" => climate(fields),
        "water_heater" => State::new()
            .with("mode", word(WATER_HEATER, fields.number(4)))
            .with("current_temperature", decimal(fields.float(2)))
            .with("temperature", decimal(fields.float(3))),
        "date" => value(json!(format!(
            "{:04}-{:02}-{:02}",
            fields.number(3),
            fields.number(4),
            fields.number(5)
        ))),
        "time" => value(json!(format!(
            "{:02}:{:02}:{:02}",
            fields.number(3),
            fields.number(4),
            fields.number(5)
        ))),
        "datetime" => State::new().with("epoch_seconds", fields.fixed(3)),
        "update" => update(fields),
        _ => State::new(),
    }
}

/// A cover, or a valve, which has other numbers. Between its ends, one that
/// does not move has stopped.
fn cover(kind: &str, has_position: bool, has_tilt: bool, fields: Fields<'_>) -> State {
    let (position, operation) = match kind {
        "cover" => (fields.float(3), fields.number(5)),
        _ => (fields.float(2), fields.number(3)),
    };
    let state = match operation {
        1 => json!("opening"),
        2 => json!("closing"),
        _ if position.is_nan() => Value::Null,
        _ if position <= 0.0 => json!("closed"),
        _ if position >= 1.0 => json!("open"),
        _ => json!("stopped"),
    };
    let percent = |number| part(number, 100).map_or(Value::Null, Value::from);
    // Without a sensor, the position is an assumption of the board.
    let shown = if has_position {
        percent(position)
    } else {
        Value::Null
    };
    let state = State::new().with("state", state).with("position", shown);
    match has_tilt {
        true => state.with("tilt", percent(fields.float(4))),
        false => state,
    }
}

/// The fields that the fan has.
fn fan(detail: &Detail, fields: Fields<'_>) -> State {
    let mut state = State::new().with("on", fields.flag(2));
    let Detail::Fan {
        oscillates,
        has_speed,
        has_direction,
        has_presets,
    } = detail
    else {
        return state;
    };
    let direction = word(&["forward", "reverse"], fields.number(5));
    for (name, has, value) in [
        ("oscillating", oscillates, fields.flag(3).into()),
        ("direction", has_direction, direction),
        ("speed_level", has_speed, fields.signed(6).into()),
        ("preset_mode", has_presets, or_null(fields.text(7))),
    ] {
        if *has {
            state = state.with(name, value);
        }
    }
    state
}

fn climate(fields: Fields<'_>) -> State {
    let custom_or = |custom: u32, words, number| match or_null(fields.text(custom)) {
        Value::Null => word(words, fields.number(number)),
        custom => custom,
    };
    State::new()
        .with("mode", word(CLIMATE_MODE, fields.number(2)))
        .with("action", word(CLIMATE_ACTION, fields.number(8)))
        .with("current_temperature", decimal(fields.float(3)))
        .with("temperature", decimal(fields.float(4)))
        .with("target_temp_low", decimal(fields.float(5)))
        .with("target_temp_high", decimal(fields.float(6)))
        .with("current_humidity", decimal(fields.float(14)))
        .with("humidity", decimal(fields.float(15)))
        .with("fan_mode", custom_or(11, CLIMATE_FAN, 9))
        .with("swing_mode", word(CLIMATE_SWING, fields.number(10)))
        .with("preset_mode", custom_or(13, CLIMATE_PRESET, 12))
}

fn update(fields: Fields<'_>) -> State {
    let progress = match fields.flag(4) {
        true => part(fields.float(5) / 100.0, 100).map_or(Value::Null, Value::from),
        false => Value::Null,
    };
    State::new()
        .with("installed_version", or_null(fields.text(6)))
        .with("latest_version", or_null(fields.text(7)))
        .with("in_progress", fields.flag(3))
        .with("update_percentage", progress)
        .with("title", or_null(fields.text(8)))
        .with("release_url", or_null(fields.text(10)))
}

/// A value of an enumeration; `null` for one that is unknown or not set.
fn word(words: &[&str], number: u64) -> Value {
    let at = usize::try_from(number).unwrap_or(usize::MAX);
    match words.get(at) {
        None | Some(&"") => Value::Null,
        Some(word) => json!(word),
    }
}

/// `LockState`.
const LOCK: &[&str] = &[
    "",
    "locked",
    "unlocked",
    "jammed",
    "locking",
    "unlocking",
    "opening",
    "open",
];

/// `AlarmControlPanelState`.
const ALARM: &[&str] = &[
    "disarmed",
    "armed_home",
    "armed_away",
    "armed_night",
    "armed_vacation",
    "armed_custom_bypass",
    "pending",
    "arming",
    "disarming",
    "triggered",
];

/// `MediaPlayerState`.
const MEDIA: &[&str] = &["", "idle", "playing", "paused", "announcing", "off", "on"];

/// `WaterHeaterMode`.
const WATER_HEATER: &[&str] = &[
    "off",
    "eco",
    "electric",
    "performance",
    "high_demand",
    "heat_pump",
    "gas",
];

/// `ClimateMode`.
const CLIMATE_MODE: &[&str] = &[
    "off",
    "heat_cool",
    "cool",
    "heat",
    "fan_only",
    "dry",
    "auto",
];

/// `ClimateAction`.
const CLIMATE_ACTION: &[&str] = &[
    "off",
    "",
    "cooling",
    "heating",
    "idle",
    "drying",
    "fan",
    "defrosting",
];

/// `ClimateFanMode`.
const CLIMATE_FAN: &[&str] = &[
    "on", "off", "auto", "low", "medium", "high", "middle", "focus", "diffuse", "quiet",
];

/// `ClimateSwingMode`.
const CLIMATE_SWING: &[&str] = &["off", "both", "vertical", "horizontal"];

/// `ClimatePreset`.
const CLIMATE_PRESET: &[&str] = &[
    "none", "home", "away", "boost", "comfort", "eco", "sleep", "activity",
];
