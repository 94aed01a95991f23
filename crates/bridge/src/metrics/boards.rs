//! Which metrics there are, and where their values come from. A value that is
//! not known, or that was last reported over a link that is down, is left out:
//! Prometheus then shows a gap, not an old value.

use std::{borrow::Cow, time::UNIX_EPOCH};

use fleet::{BoardView, ComponentView};
use protocol::Kind;

use super::{
    COMPONENTS, Counters, cause,
    text::{Families, Family, Kind as Type, Labels},
    units,
};
use crate::Context;

const BRIDGE: Family = Family::new(Type::Info, "switchboard_bridge", "", "The bridge.");
const SHOWN: Family = Family::new(
    Type::Gauge,
    "switchboard_boards",
    "",
    "Boards with metrics.",
);
const OMITTED: Family = Family::new(
    Type::Gauge,
    "switchboard_boards_omitted",
    "",
    "Boards without metrics because there are too many.",
);
const COMPONENTS_OMITTED: Family = Family::new(
    Type::Gauge,
    "switchboard_components_omitted",
    "",
    "Components without metrics because their boards have too many.",
);
const MISSED: Family = Family::new(
    Type::Counter,
    "switchboard_log_entries_missed",
    "",
    "Entries of the log that were dropped before they were counted.",
);
const BOARD: Family = Family::new(
    Type::Info,
    "switchboard_board",
    "",
    "A board: its name, family, model, platform and firmware version.",
);
const COMPONENT: Family = Family::new(
    Type::Info,
    "switchboard_component",
    "",
    "A component: its name, kind, device class and unit.",
);
const UP: Family = Family::new(
    Type::Gauge,
    "switchboard_link_up",
    "",
    "1 if commands reach the board, 0 if not.",
);
const LINK_STATE: Family = Family::new(
    Type::StateSet,
    "switchboard_link_state",
    "",
    "The state of the link.",
);
const LOSSES: Family = Family::new(
    Type::Counter,
    "switchboard_link_losses",
    "",
    "How often the link was lost and had to be established again, by cause.",
);
const PINGS: Family = Family::new(
    Type::Counter,
    "switchboard_pings_unanswered",
    "",
    "Pings that the board did not answer in time.",
);
const ROUND_TRIP: Family = Family::new(
    Type::Summary,
    "switchboard_round_trip_seconds",
    "seconds",
    "Round trips of pings and commands; quantiles within 9 %.",
);
const BOOT: Family = Family::new(
    Type::Gauge,
    "switchboard_board_boot_time_seconds",
    "seconds",
    "When the board booted, in Unix time.",
);
const COMMANDS: Family = Family::new(
    Type::Counter,
    "switchboard_commands",
    "",
    "Commands that this bridge sent or should have sent, by outcome.",
);
const COMMAND_DURATION: Family = Family::new(
    Type::Summary,
    "switchboard_command_duration_seconds",
    "seconds",
    "From a command to its confirmation.",
);
const SENSOR: Family = Family::new(
    Type::Gauge,
    "switchboard_sensor_value",
    "",
    "A sensor without a known device class, in its own unit.",
);
const NUMBER: Family = Family::new(
    Type::Gauge,
    "switchboard_number_value",
    "",
    "A number, in its own unit.",
);
const SWITCH: Family = Family::new(
    Type::Gauge,
    "switchboard_switch_on",
    "",
    "1 if on, 0 if off.",
);
const BINARY: Family = Family::new(
    Type::Gauge,
    "switchboard_binary_sensor_on",
    "",
    "1 if on, 0 if off.",
);
const LIGHT: Family = Family::new(
    Type::Gauge,
    "switchboard_light_on",
    "",
    "1 if on, 0 if off.",
);
const BRIGHTNESS: Family = Family::new(
    Type::Gauge,
    "switchboard_light_brightness_ratio",
    "ratio",
    "The brightness of a light, from 0 to 1, also while it is off.",
);
const COVER: Family = Family::new(
    Type::Gauge,
    "switchboard_cover_position_ratio",
    "ratio",
    "The position of a cover, from 0 (closed) to 1 (open).",
);
const UPDATE: Family = Family::new(
    Type::Gauge,
    "switchboard_update_available",
    "",
    "1 if the board can install a newer version, 0 if not.",
);

/// What concerns the bridge itself.
pub(super) fn bridge(families: &mut Families, counters: &Counters, ctx: &Context) {
    let labels = [
        ("site", ctx.site.as_str()),
        ("bridge", ctx.bridge.as_str()),
        ("version", ctx.version.as_str()),
    ];
    families.add(&BRIDGE, "_info", &labels, 1.0);
    let site = [("site", ctx.site.as_str())];
    families.add(&MISSED, "_total", &site, count(counters.missed_entries()));
}

/// How many boards and components are shown and left out.
pub(super) fn totals(
    families: &mut Families,
    shown: usize,
    omitted: usize,
    components_omitted: usize,
    ctx: &Context,
) {
    let site = [("site", ctx.site.as_str())];
    for (family, number) in [
        (&SHOWN, shown),
        (&OMITTED, omitted),
        (&COMPONENTS_OMITTED, components_omitted),
    ] {
        families.add(family, "", &site, count(number as u64));
    }
}

/// One board with its components.
pub(super) fn board(
    families: &mut Families,
    id: &str,
    view: &BoardView,
    counters: &Counters,
    ctx: &Context,
) {
    let base = [("site", ctx.site.as_str()), ("board", id)];
    let info = view.info.as_deref();
    let labels = [
        base[0],
        base[1],
        ("name", &*view.name),
        ("family", view.family.as_str()),
        ("model", info.map_or("", |info| &info.board)),
        ("platform", info.map_or("", |info| &info.platform)),
        ("version", info.map_or("", |info| &info.version)),
    ];
    families.add(&BOARD, "_info", &labels, 1.0);
    link(families, &base, view);
    counted(families, &base, view, counters);
    for component in view.components.iter().take(COMPONENTS) {
        let descriptor = &component.descriptor;
        let key = descriptor.key.to_string();
        let labels = [
            base[0],
            base[1],
            ("component", key.as_str()),
            ("name", descriptor.name.as_str()),
            ("kind", descriptor.kind.as_str()),
            (
                "device_class",
                descriptor.device_class.as_deref().unwrap_or_default(),
            ),
            (
                "unit",
                descriptor
                    .unit_of_measurement
                    .as_deref()
                    .unwrap_or_default(),
            ),
        ];
        families.add(&COMPONENT, "_info", &labels, 1.0);
        if view.link.is_up() {
            of_component(families, &[base[0], base[1], labels[2]], component);
        }
    }
}

fn link(families: &mut Families, base: &Labels<'_>, view: &BoardView) {
    families.add(&UP, "", base, flag(view.link.is_up()));
    let present = cause::link_state(&view.link);
    for state in cause::LINK_STATES {
        let labels = with(base, "switchboard_link_state", state);
        families.add(&LINK_STATE, "", &labels, flag(state == present));
    }
    let health = &view.health;
    for (quantile, share) in [("0.5", 0.5), ("0.95", 0.95), ("0.99", 0.99)] {
        if let Some(took) = health.quantile(share) {
            let labels = with(base, "quantile", quantile);
            families.add(&ROUND_TRIP, "", &labels, took.as_secs_f64());
        }
    }
    families.add(&ROUND_TRIP, "_count", base, count(health.count()));
    families.add(&PINGS, "_total", base, f64::from(health.missed()));
    if let Some(booted) = view
        .booted
        .and_then(|at| at.duration_since(UNIX_EPOCH).ok())
    {
        families.add(&BOOT, "", base, booted.as_secs_f64());
    }
}

fn counted(families: &mut Families, base: &Labels<'_>, view: &BoardView, counters: &Counters) {
    // A series that begins at zero makes the first loss visible to `increase`.
    let losses = counters.of(view.key).map(|board| &board.losses);
    let of = |cause| losses.and_then(|losses| losses.get(cause)).copied();
    for cause in ["closed", "silent"] {
        let labels = with(base, "cause", cause);
        families.add(&LOSSES, "_total", &labels, count(of(cause).unwrap_or(0)));
    }
    for (cause, number) in losses.into_iter().flatten() {
        if !matches!(*cause, "closed" | "silent") {
            families.add(
                &LOSSES,
                "_total",
                &with(base, "cause", cause),
                count(*number),
            );
        }
    }
    let Some(board) = counters.of(view.key) else {
        return;
    };
    for (outcome, number) in &board.commands {
        let labels = with(base, "outcome", outcome);
        families.add(&COMMANDS, "_total", &labels, count(*number));
    }
    if let Some(confirmed) = board.commands.get("confirmed") {
        families.add(&COMMAND_DURATION, "_sum", base, board.took.as_secs_f64());
        families.add(&COMMAND_DURATION, "_count", base, count(*confirmed));
    }
}

fn of_component(families: &mut Families, labels: &Labels<'_>, component: &ComponentView) {
    let (descriptor, state) = (&component.descriptor, &component.reported);
    let mut on = |family: &Family| {
        if let Some(on) = state.on() {
            families.add(family, "", labels, flag(on));
        }
    };
    match &descriptor.kind {
        Kind::Switch => on(&SWITCH),
        Kind::BinarySensor => on(&BINARY),
        Kind::Light => {
            on(&LIGHT);
            if let Some(brightness) = state.brightness() {
                families.add(&BRIGHTNESS, "", labels, f64::from(brightness) / 100.0);
            }
        }
        Kind::Cover => {
            if let Some(position) = state.position() {
                families.add(&COVER, "", labels, f64::from(position) / 100.0);
            }
        }
        Kind::Update => {
            families.add(&UPDATE, "", labels, flag(state.newer_version().is_some()));
        }
        Kind::Number => {
            if let Some(value) = state.number() {
                families.add(&NUMBER, "", labels, value);
            }
        }
        Kind::Sensor => sensor(families, labels, component),
        Kind::Select
        | Kind::Text
        | Kind::TextSensor
        | Kind::Button
        | Kind::Event
        | Kind::Unknown(_) => {}
    }
}

/// A sensor, in the base unit of its device class. A meter that only increases
/// is a counter.
fn sensor(families: &mut Families, labels: &Labels<'_>, component: &ComponentView) {
    let descriptor = &component.descriptor;
    let Some(value) = component.reported.number() else {
        return;
    };
    let unit = descriptor.unit_of_measurement.as_deref();
    let class = descriptor.device_class.as_deref();
    let Some((class, conversion)) = class.and_then(|class| units::conversion(class, unit)) else {
        families.add(&SENSOR, "", labels, value);
        return;
    };
    let value = conversion.apply(value);
    let counter = descriptor.state_class.as_deref() == Some("total_increasing");
    let (kind, group, suffix) = match counter {
        true => (Type::Counter, "meter", "_total"),
        false => (Type::Gauge, "sensor", ""),
    };
    // A counter is never negative.
    if counter && value < 0.0 {
        return;
    }
    let name = match conversion.unit {
        "" => format!("switchboard_{group}_{class}"),
        unit => format!("switchboard_{group}_{class}_{unit}"),
    };
    let family = Family {
        name: Cow::Owned(name),
        kind,
        unit: conversion.unit,
        help: match counter {
            true => "Meters of this device class.",
            false => "Sensors of this device class.",
        }
        .into(),
    };
    families.add(&family, suffix, labels, value);
}

fn with<'a>(base: &Labels<'a>, name: &'a str, value: &'a str) -> Vec<(&'a str, &'a str)> {
    base.iter().copied().chain([(name, value)]).collect()
}

fn flag(on: bool) -> f64 {
    f64::from(u8::from(on))
}

#[expect(clippy::cast_precision_loss, reason = "Prometheus stores doubles")]
fn count(number: u64) -> f64 {
    number as f64
}
