//! Golden files of pushes and TXT records, and the values that they decode to.

use std::{collections::BTreeMap, error::Error};

use serde_json::{Value, json};
use switchboard_protocol::{
    ComponentKey, Epoch, Event, FromBoard, Level, LogLine, NotifyEvent, NotifyLog, NotifyStatus,
    Object, Source, State, mdns::Announcement,
};

use crate::object;

fn event(component: &str, name: &str) -> Result<Event, Box<dyn Error>> {
    Ok(Event {
        component: component.parse()?,
        event: name.into(),
        extra: Object::new(),
    })
}

fn happened(source: Option<Source>, events: Vec<Event>) -> FromBoard {
    FromBoard::Event(NotifyEvent {
        epoch: Epoch(0x5f3a_91c2),
        uptime_ms: 86_401_000,
        source,
        events,
    })
}

fn status(
    source: Option<Source>,
    states: &[(&str, Value)],
) -> Result<NotifyStatus, Box<dyn Error>> {
    let mut components: BTreeMap<ComponentKey, State> = BTreeMap::new();
    for (key, state) in states {
        components.insert(key.parse()?, State::from(object(state.clone())));
    }
    Ok(NotifyStatus {
        epoch: Epoch(0x5f3a_91c2),
        prev: 1041,
        seq: 1042,
        uptime_ms: 86_400_123,
        source,
        components,
    })
}

fn line(uptime_ms: u64, level: Level, message: &str) -> LogLine {
    LogLine {
        uptime_ms,
        level,
        message: message.into(),
    }
}

fn log(lost: u64, lines: Vec<LogLine>) -> FromBoard {
    FromBoard::Log(NotifyLog {
        epoch: Epoch(0x5f3a_91c2),
        uptime_ms: 86_401_000,
        lost,
        lines,
    })
}

/// Every file and the push that it decodes to.
pub(crate) fn all() -> Result<Vec<(&'static str, FromBoard)>, Box<dyn Error>> {
    let by_client = || Some(Source::Client(3));
    let by_hand = || Some(Source::Physical);
    let all_of_light = json!({ "on": true, "brightness": 100, "rgb": [255, 128, 0], "ct_k": 2700, "effect": "candle" });
    let several = NotifyStatus {
        prev: 1042,
        seq: 1050,
        uptime_ms: 86_400_999,
        ..status(
            None,
            &[
                ("switch:0", json!({ "on": true })),
                ("switch:1", json!({ "on": false })),
                ("sensor:0", json!({ "value": 1.25 })),
            ],
        )?
    };
    let nothing_left = NotifyStatus {
        epoch: Epoch(1),
        prev: 0,
        seq: 1,
        uptime_ms: 0,
        ..status(None, &[])?
    };
    let largest = NotifyStatus {
        epoch: Epoch(u32::MAX),
        prev: u64::MAX - 1,
        seq: u64::MAX,
        uptime_ms: u64::MAX,
        ..status(
            Some(Source::Client(u32::MAX)),
            &[("switch:65535", json!({ "on": true }))],
        )?
    };
    let unknown = [
        ("fan:0", json!({ "speed": 3, "blades": [1, 2] })),
        ("light:0", json!({ "on": true, "glow": { "hue": 0.5 } })),
    ];
    let turned = Event {
        extra: object(json!({ "steps": -3 })),
        ..event("dial:0", "turn")?
    };
    let erased = Event {
        extra: object(json!({ "factory_reset": true })),
        ..event("sys:0", "rebooting")?
    };
    let updating = json!({ "in_progress": true, "update_percentage": 43, "latest_version": "0.2.0", "last_error": null });
    let failed = json!({ "in_progress": false, "update_percentage": null, "latest_version": null,
        "last_error": "nothing came for 30 s" });
    let statuses = [
        (
            "status_update",
            status(by_client(), &[("update:0", updating)])?,
        ),
        (
            "status_update_failed",
            status(by_client(), &[("update:0", failed)])?,
        ),
        (
            "status_switch",
            status(by_client(), &[("switch:1", json!({ "on": true }))])?,
        ),
        (
            "status_binary_sensor",
            status(by_hand(), &[("binary_sensor:0", json!({ "on": false }))])?,
        ),
        (
            "status_light",
            status(
                by_client(),
                &[("light:0", json!({ "on": true, "brightness": 60 }))],
            )?,
        ),
        (
            "status_light_all_fields",
            status(Some(Source::Timer), &[("light:0", all_of_light)])?,
        ),
        (
            "status_sensor",
            status(by_hand(), &[("sensor:0", json!({ "value": 24.6 }))])?,
        ),
        (
            "status_sensor_unknown",
            status(by_hand(), &[("sensor:0", json!({ "value": null }))])?,
        ),
        (
            "status_number",
            status(
                Some(Source::Client(12)),
                &[(
                    "number:0",
                    json!({ "value": 21.5, "min": 5, "max": 30, "step": 0.5 }),
                )],
            )?,
        ),
        (
            "status_select",
            status(
                Some(Source::Boot),
                &[(
                    "select:0",
                    json!({ "value": "eco", "options": ["eco", "comfort"] }),
                )],
            )?,
        ),
        (
            "status_text",
            status(by_client(), &[("text:0", json!({ "value": "Grüße" }))])?,
        ),
        (
            "status_cover",
            status(
                by_hand(),
                &[("cover:0", json!({ "state": "opening", "position": 60 }))],
            )?,
        ),
        (
            "status_cover_unknown_position",
            status(
                Some(Source::Timer),
                &[("cover:0", json!({ "state": "stopped", "position": null }))],
            )?,
        ),
        (
            "status_text_sensor",
            status(
                Some(Source::Timer),
                &[("text_sensor:0", json!({ "value": "Grüße" }))],
            )?,
        ),
        (
            "status_light_white",
            status(
                by_client(),
                &[(
                    "light:0",
                    json!({ "on": true, "white": 128, "palette": "forest" }),
                )],
            )?,
        ),
        (
            "status_update_available",
            status(
                Some(Source::Timer),
                &[(
                    "update:0",
                    json!({ "installed_version": "1.4.2", "latest_version": "1.4.4" }),
                )],
            )?,
        ),
        ("status_several_without_source", several),
        ("status_nothing_left", nothing_left),
        (
            "status_unknown_kind_field_source",
            status(Some(Source::Unknown("schedule".into())), &unknown)?,
        ),
        ("status_largest_numbers", largest),
    ];
    let booted = line(
        12,
        Level::Info,
        "Switchboard 0.1.0 on esp32c3, reset by watchdog",
    );
    let mut all: Vec<_> = statuses
        .into_iter()
        .map(|(name, status)| (name, FromBoard::Status(status)))
        .collect();
    all.extend([
        (
            "event_press",
            happened(by_hand(), vec![event("button:0", "press")?]),
        ),
        (
            "event_double_press",
            happened(by_client(), vec![event("button:0", "double_press")?]),
        ),
        (
            "event_long_press",
            happened(by_hand(), vec![event("button:1", "long_press")?]),
        ),
        (
            "event_of_event_component",
            happened(by_hand(), vec![event("event:0", "triple_push")?]),
        ),
        ("event_factory_reset", happened(by_client(), vec![erased])),
        (
            "event_several_without_source",
            happened(
                None,
                vec![event("button:0", "press")?, event("button:1", "press")?],
            ),
        ),
        (
            "event_unknown_event_and_field",
            happened(by_hand(), vec![turned]),
        ),
        (
            "log_lines",
            log(
                0,
                vec![
                    booted,
                    line(
                        86_400_999,
                        Level::Warn,
                        "controller 3 reads too slowly and is let go",
                    ),
                ],
            ),
        ),
        (
            "log_after_a_loss",
            log(12, vec![line(86_400_999, Level::Error, "Überlauf")]),
        ),
        (
            "notification_unknown",
            FromBoard::Other {
                method: "NotifyTelemetry".into(),
                params: json!({ "rate_hz": 1000, "channels": ["a", "b"] }),
            },
        ),
    ]);
    Ok(all)
}

/// Every TXT record and the announcement that it decodes to.
pub(crate) fn announcements() -> [(&'static str, Announcement); 2] {
    let open = Announcement {
        id: "lamp-0a1b2c".into(),
        mac: "02:00:00:0a:1b:2c".into(),
        friendly_name: "Desk lamp".into(),
        version: "0.1.0".into(),
        platform: "virtual".into(),
        board: "lamp".into(),
        proto: 1,
        path: "/rpc".into(),
        api_encryption: None,
    };
    let encryption = Some("Noise_NNpsk0_25519_ChaChaPoly_SHA256".into());
    let locked = Announcement {
        api_encryption: encryption,
        ..open.clone()
    };
    [("txt_open", open), ("txt_locked", locked)]
}
