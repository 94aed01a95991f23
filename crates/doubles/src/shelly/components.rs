//! The components of a Shelly with their configuration and first status, as the
//! device reports them.

use serde_json::{Map, Value, json};

/// A component: its key, configuration and status.
pub(crate) struct Component {
    pub(crate) key: String,
    pub(crate) config: Value,
    pub(crate) status: Value,
    /// Added by the user, so that it is listed by `Shelly.GetComponents`.
    pub(crate) dynamic: bool,
}

pub(crate) fn everything() -> Vec<Component> {
    let alarm = |kind, name| {
        plain(
            kind,
            0,
            json!({ "name": name }),
            json!({ "alarm": false, "mute": false }),
        )
    };
    let mut components = vec![
        switch(0),
        switch(1),
        light(),
        color("rgb", false),
        color("rgbw", true),
        cct(),
        cover(),
        input(0, "switch"),
        input(1, "button"),
        plain(
            "pm1",
            0,
            json!({ "name": null }),
            json!({
                "voltage": 230.1, "current": 0.52, "apower": 118.4, "freq": 50.0,
                "aenergy": {
                    "total": 4321.5, "by_minute": [1973.0, 1970.0, 1968.0], "minute_ts": 0,
                },
                "ret_aenergy": { "total": 0.0, "by_minute": [0.0, 0.0, 0.0], "minute_ts": 0 },
            }),
        ),
        em(),
        plain(
            "em1",
            0,
            json!({ "name": "Heat pump" }),
            json!({
                "current": 2.1, "voltage": 229.8, "act_power": 472.0, "aprt_power": 483.1,
                "pf": 0.98, "freq": 50.0, "calibration": "factory",
            }),
        ),
        temperature(100, 19.8),
        humidity(100, 51.0),
        plain(
            "illuminance",
            0,
            json!({ "name": null }),
            json!({
                "lux": 340, "illumination": "bright",
            }),
        ),
        battery(96),
        alarm("smoke", "Smoke"),
        alarm("flood", "Cellar"),
    ];
    components.extend(virtual_components());
    components
}

fn virtual_components() -> Vec<Component> {
    let added = |kind: &str, config: Value, status: Value| Component {
        dynamic: true,
        ..plain(kind, 200, config, status)
    };
    vec![
        added(
            "boolean",
            json!({
                "name": "Holiday", "persisted": true, "default_value": false,
                "meta": { "ui": { "view": "toggle", "titles": ["Off", "On"] }, "cloud": [] },
            }),
            json!({ "value": false, "source": "sys" }),
        ),
        added(
            "number",
            json!({
                "name": "Target", "min": 5.0, "max": 30.0, "default_value": 20.0, "persisted": true,
                "meta": { "ui": { "view": "slider", "unit": "°C", "step": 0.5 }, "cloud": [] },
            }),
            json!({ "value": 20.5, "source": "sys" }),
        ),
        added(
            "text",
            json!({
                "name": "Message", "max_len": 100, "default_value": "", "persisted": false,
                "meta": { "ui": { "view": "field" }, "cloud": [] },
            }),
            json!({ "value": "Good morning", "source": "sys" }),
        ),
        added(
            "enum",
            json!({
                "name": "Program", "options": ["eco", "comfort", "away"], "default_value": "eco",
                "persisted": true,
                "meta": { "ui": { "view": "dropdown", "titles": {
                    "eco": "Eco", "comfort": "Comfort", "away": "Away",
                } }, "cloud": [] },
            }),
            json!({ "value": "eco", "source": "sys" }),
        ),
        added(
            "button",
            json!({
                "name": "Chime", "meta": { "ui": { "view": "button" }, "cloud": [] },
            }),
            json!({}),
        ),
    ]
}

/// A component with its id in both objects.
fn plain(kind: &str, id: u16, config: Value, status: Value) -> Component {
    let with_id = |mut value: Value| {
        value["id"] = json!(id);
        value
    };
    Component {
        key: format!("{kind}:{id}"),
        config: with_id(config),
        status: with_id(status),
        dynamic: false,
    }
}

fn warmth(celsius: f64) -> Value {
    json!({ "tC": celsius, "tF": fahrenheit(celsius) })
}

pub(crate) fn fahrenheit(celsius: f64) -> f64 {
    ((celsius * 1.8 + 32.0) * 10.0).round() / 10.0
}

/// What a metered output reports besides its state.
fn metered(mut status: Value) -> Value {
    for (name, value) in [
        ("apower", json!(0.0)),
        ("voltage", json!(230.4)),
        ("freq", json!(50.0)),
        ("current", json!(0.0)),
        ("pf", json!(0.0)),
        (
            "aenergy",
            json!({
                "total": 1234.567, "by_minute": [0.0, 0.0, 0.0], "minute_ts": 0,
            }),
        ),
        ("temperature", warmth(41.2)),
    ] {
        status[name] = value;
    }
    status
}

pub(crate) fn switch(id: u16) -> Component {
    plain(
        "switch",
        id,
        json!({
            "name": null, "in_mode": "follow", "initial_state": "restore_last",
            "auto_on": false, "auto_on_delay": 60.0, "auto_off": false, "auto_off_delay": 60.0,
            "power_limit": 2800, "voltage_limit": 280, "current_limit": 10.0,
        }),
        metered(json!({ "source": "init", "output": false })),
    )
}

pub(crate) fn input(id: u16, kind: &str) -> Component {
    let state = if kind == "button" {
        json!(null)
    } else {
        json!(false)
    };
    plain(
        "input",
        id,
        json!({
            "name": null, "type": kind, "enable": true, "invert": false, "factory_reset": false,
        }),
        json!({ "state": state }),
    )
}

pub(crate) fn light() -> Component {
    plain(
        "light",
        0,
        json!({
            "name": null, "initial_state": "restore_last", "auto_on": false, "auto_off": false,
            "transition_duration": 0.5, "min_brightness_on_toggle": 3, "night_mode": {
                "enable": false, "brightness": 50, "active_between": [],
            },
        }),
        metered(json!({ "source": "init", "output": false, "brightness": 50.0 })),
    )
}

pub(crate) fn color(kind: &str, white: bool) -> Component {
    let mut status = json!({
        "source": "init", "output": false, "brightness": 80.0, "rgb": [255, 120, 0],
    });
    if white {
        status["white"] = json!(40);
    }
    plain(
        kind,
        0,
        json!({
            "name": null, "initial_state": "restore_last", "transition_duration": 0.5,
        }),
        metered(status),
    )
}

fn cct() -> Component {
    plain(
        "cct",
        0,
        json!({
            "name": null, "initial_state": "restore_last", "transition_duration": 0.5,
            "ct_range": [2700, 6500],
        }),
        json!({ "source": "init", "output": false, "brightness": 70.0, "ct": 3000 }),
    )
}

pub(crate) fn cover() -> Component {
    let mut status = metered(json!({
        "source": "init", "state": "open", "current_pos": 100, "target_pos": null,
        "move_timeout": null, "move_started_at": null, "pos_control": true,
        "last_direction": "open",
    }));
    if let Some(fields) = status.as_object_mut() {
        fields.remove("output");
    }
    plain(
        "cover",
        0,
        json!({
            "name": null, "in_mode": "dual", "maxtime_open": 60.0, "maxtime_close": 60.0,
            "invert_directions": false, "slat": { "enable": false },
        }),
        status,
    )
}

fn em() -> Component {
    let mut status = Map::new();
    for (phase, volts, amperes) in [("a", 230.2, 1.1), ("b", 229.6, 0.4), ("c", 231.0, 2.3)] {
        let watts = (volts * amperes * 9.5_f64).round() / 10.0;
        for (name, value) in [
            ("voltage", volts),
            ("current", amperes),
            ("act_power", watts),
            ("aprt_power", watts * 1.05),
            ("pf", 0.95),
            ("freq", 50.0),
        ] {
            status.insert(format!("{phase}_{name}"), json!(value));
        }
    }
    status.insert("n_current".into(), json!(null));
    status.insert("total_current".into(), json!(3.8));
    status.insert("total_act_power".into(), json!(832.7));
    status.insert("total_aprt_power".into(), json!(874.3));
    status.insert("user_calibrated_phase".into(), json!([]));
    plain(
        "em",
        0,
        json!({ "name": "Mains", "ct_type": "120A" }),
        Value::Object(status),
    )
}

pub(crate) fn temperature(id: u16, celsius: f64) -> Component {
    plain(
        "temperature",
        id,
        json!({
            "name": null, "report_thr_C": 0.5, "offset_C": 0.0,
        }),
        warmth(celsius),
    )
}

pub(crate) fn humidity(id: u16, percent: f64) -> Component {
    plain(
        "humidity",
        id,
        json!({
            "name": null, "report_thr": 1.0, "offset": 0.0,
        }),
        json!({ "rh": percent }),
    )
}

/// The configuration and status of what every device has.
pub(crate) fn system(mac: &str, fw_id: &str, name: Option<&str>) -> Vec<Component> {
    let of = |key: &str, config, status| Component {
        key: key.to_owned(),
        config,
        status,
        dynamic: false,
    };
    vec![
        of(
            "sys",
            json!({
                "device": {
                    "name": name, "mac": mac, "fw_id": fw_id, "discoverable": true,
                    "eco_mode": false,
                },
                "location": { "tz": "Etc/UTC", "lat": 0.0, "lon": 0.0 },
                "debug": { "level": 2, "websocket": { "enable": false }, "udp": { "addr": null } },
                "ui_data": {}, "rpc_udp": { "dst_addr": null, "listen_port": null },
                "sntp": { "server": "time.example.com" }, "cfg_rev": 10,
            }),
            json!({
                "mac": mac, "restart_required": false, "time": "12:00", "unixtime": 1_790_000_000,
                "uptime": 0, "ram_size": 249_244, "ram_free": 150_064, "fs_size": 393_216,
                "fs_free": 122_880, "cfg_rev": 10, "kvs_rev": 0, "schedule_rev": 0,
                "webhook_rev": 0, "available_updates": {}, "reset_reason": 3,
            }),
        ),
        of(
            "wifi",
            json!({
                "ap": { "ssid": "Shelly", "is_open": true, "enable": false },
                "sta": {
                    "ssid": "Test network", "is_open": false, "enable": true, "ipv4mode": "dhcp",
                },
                "roam": { "rssi_thr": -80, "interval": 60 },
            }),
            json!({
                "sta_ip": "192.0.2.10", "status": "got ip", "ssid": "Test network", "rssi": -58,
            }),
        ),
        of(
            "ble",
            json!({ "enable": false, "rpc": { "enable": true } }),
            json!({}),
        ),
        of(
            "cloud",
            json!({ "enable": false, "server": null }),
            json!({ "connected": false }),
        ),
        of(
            "mqtt",
            json!({ "enable": false, "server": null }),
            json!({ "connected": false }),
        ),
        of(
            "ws",
            json!({
                "enable": false, "server": null, "ssl_ca": "ca.pem",
            }),
            json!({ "connected": false }),
        ),
    ]
}

pub(crate) fn battery(percent: u8) -> Component {
    let status = json!({
        "battery": { "V": 5.3, "percent": percent }, "external": { "present": false },
    });
    plain("devicepower", 0, json!({}), status)
}
