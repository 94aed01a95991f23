//! Golden files of results and errors, and the values that they decode to.

use std::{collections::BTreeMap, error::Error, fmt::Debug};

use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use switchboard_protocol::{
    Caps, Code, CommandResult, ComponentKey, ComponentsPage, Descriptor, DeviceInfo,
    EntityCategory, Epoch, Id, Kind, Level, LogFilter, Object, Pong, ResetReason, Response,
    RpcError, Snapshot, State,
    clients::{ClientEntry, ClientKind, ClientList},
    keys::{KeyAdded, KeyEntry, KeyList},
    method::LogSubscribe,
    ota::{Begun, Written},
    outbound::{Outbound, OutboundFailure, OutboundState},
};

use crate::{Outcome, object};

/// The only response that is not encoded as in its file: it gains an empty
/// reason.
pub(crate) const WITHOUT_DATA: &str = "error_without_data";

fn info() -> DeviceInfo {
    DeviceInfo {
        id: "lamp-0a1b2c".into(),
        name: "Desk lamp".into(),
        mac: "02:00:00:0a:1b:2c".into(),
        version: "0.1.0".into(),
        platform: "virtual".into(),
        board: "lamp".into(),
        proto: 1,
        features: vec!["transition".into(), "http_rpc".into()],
        epoch: Epoch(0x5f3a_91c2),
        uptime_ms: 86_400_123,
        reset_reason: None,
        extra: Object::new(),
    }
}

fn newer_info() -> DeviceInfo {
    DeviceInfo {
        features: vec![],
        extra: object(json!({ "firmware_date": "2027-01-02" })),
        ..info()
    }
}

fn reset_by(reason: ResetReason) -> DeviceInfo {
    DeviceInfo {
        reset_reason: Some(reason),
        ..info()
    }
}

fn logs() -> LogSubscribe {
    LogSubscribe {
        level: LogFilter::UpTo(Level::Debug),
    }
}

fn client(id: u32, kind: ClientKind, since_ms: u64, heard_ms: u64) -> ClientEntry {
    ClientEntry {
        id,
        kind,
        from: None,
        since_ms,
        heard_ms,
        pong_ms: None,
        queued: 0,
        queued_bytes: 0,
        lost: 0,
        memory: None,
        kid: None,
        key_name: None,
        role: None,
        you: false,
        extra: Object::new(),
    }
}

fn clients() -> ClientList {
    let controller = ClientEntry {
        from: Some("192.168.1.5:53211".into()),
        pong_ms: Some(86_350_000),
        queued: 2,
        queued_bytes: 310,
        memory: Some(6_526),
        kid: Some("5f3a91c2".into()),
        key_name: Some("Anna's laptop".into()),
        role: Some("control".into()),
        you: true,
        ..client(3, ClientKind::Rpc, 86_000_000, 86_400_100)
    };
    let samples = ClientEntry {
        from: Some("[fe80::1]:40000".into()),
        queued: 17,
        queued_bytes: 3_808,
        lost: 120,
        memory: Some(5_848),
        ..client(4, ClientKind::Telemetry, 86_300_000, 86_300_000)
    };
    let log = client(5, ClientKind::Log, 86_300_001, 86_300_001);
    let echo = client(6, ClientKind::Echo, 86_300_002, 86_300_002);
    let clients = vec![controller, samples, log, echo];
    ClientList {
        offset: 0,
        total: 4,
        uptime_ms: 86_400_123,
        others: 1,
        clients,
        extra: Object::new(),
    }
}

fn newer_clients() -> ClientList {
    let newer = ClientEntry {
        extra: object(json!({ "codec": "none" })),
        ..client(1, ClientKind::Unknown("video".into()), 1, 2)
    };
    let extra = object(json!({ "most": 12 }));
    ClientList {
        offset: 1,
        total: 2,
        uptime_ms: 5,
        others: 0,
        clients: vec![newer],
        extra,
    }
}

fn keys() -> KeyList {
    let entry = |kid: &str, name: &str, role: &str, yours| KeyEntry {
        kid: kid.into(),
        name: name.into(),
        role: role.into(),
        yours,
        extra: Object::new(),
    };
    KeyList {
        keys: vec![
            entry("5f3a91c2", "Anna's laptop", "control", true),
            entry("00c0ffee", "visitor", "view", false),
        ],
    }
}

fn added() -> KeyAdded {
    KeyAdded {
        kid: "5f3a91c2".into(),
        name: "Anna's laptop".into(),
        role: "view".into(),
        key:
            "switchboard-key:1:sb-59f0d6:5f3a91c2:view:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
                .into(),
    }
}

fn outbound(url: Option<&str>, state: OutboundState) -> Outbound {
    Outbound {
        url: url.and_then(|url| url.parse().ok()),
        state,
        since_ms: 86_400_123,
        uptime_ms: 86_400_123,
        retry_ms: None,
        client: None,
        attempts: 0,
        last_failure: None,
        extra: Object::new(),
    }
}

const URL: &str = "ws://192.168.1.5:7433/";

fn connected() -> Outbound {
    let failure = OutboundFailure {
        uptime_ms: 86_398_000,
        message: "it answers HTTP 404".into(),
    };
    Outbound {
        uptime_ms: 86_460_123,
        client: Some(3),
        attempts: 4,
        last_failure: Some(failure),
        ..outbound(Some(URL), OutboundState::Connected)
    }
}

fn waiting() -> Outbound {
    let failure = OutboundFailure {
        uptime_ms: 86_400_123,
        message: "no answer within 10 s".into(),
    };
    Outbound {
        uptime_ms: 86_400_124,
        retry_ms: Some(86_401_500),
        attempts: 1,
        last_failure: Some(failure),
        extra: object(json!({ "hops": 2 })),
        ..outbound(
            Some("ws://bench.example.org/boards?room=4"),
            OutboundState::Waiting,
        )
    }
}

fn components() -> ComponentsPage {
    let light = Descriptor {
        icon: Some("mdi:lamp".into()),
        caps: Caps {
            brightness: true,
            rgb: true,
            ct_k: Some([2200, 6500]),
            effects: vec!["none".into(), "candle".into()],
            ..Caps::default()
        },
        ..Descriptor::new(Kind::Light, 0, "Light")
    };
    let signal = Descriptor {
        device_class: Some("signal_strength".into()),
        unit_of_measurement: Some("dBm".into()),
        accuracy_decimals: Some(0),
        state_class: Some("measurement".into()),
        entity_category: Some(EntityCategory::Diagnostic),
        ..Descriptor::new(Kind::Sensor, 0, "Signal")
    };
    let interval = Descriptor {
        unit_of_measurement: Some("s".into()),
        entity_category: Some(EntityCategory::Config),
        ..Descriptor::new(Kind::Number, 0, "Interval")
    };
    let components = vec![
        light,
        Descriptor::new(Kind::Button, 0, "Button"),
        signal,
        interval,
    ];
    ComponentsPage {
        offset: 0,
        total: 5,
        components,
    }
}

fn unknown_component() -> ComponentsPage {
    let fan = Descriptor {
        caps: Caps {
            extra: object(json!({ "speeds": 3 })),
            ..Caps::default()
        },
        extra: object(json!({ "blades": 5 })),
        ..Descriptor::new(Kind::Unknown("fan".into()), 0, "Ventilator")
    };
    ComponentsPage {
        offset: 4,
        total: 5,
        components: vec![fan],
    }
}

fn firmware() -> ComponentsPage {
    let firmware = Descriptor {
        device_class: Some("firmware".into()),
        entity_category: Some(EntityCategory::Config),
        icon: Some("mdi:package-up".into()),
        ..Descriptor::new(Kind::Update, 0, "Firmware")
    };
    ComponentsPage {
        offset: 0,
        total: 1,
        components: vec![firmware],
    }
}

fn components_of_other_families() -> ComponentsPage {
    let blind = Descriptor {
        device_class: Some("blind".into()),
        caps: Caps {
            position: true,
            ..Caps::default()
        },
        ..Descriptor::new(Kind::Cover, 0, "Blind")
    };
    let wall_switch = Descriptor {
        device_class: Some("button".into()),
        event_types: vec!["single_push".into(), "triple_push".into()],
        ..Descriptor::new(Kind::Event, 0, "Wall switch")
    };
    let strip = Descriptor {
        caps: Caps {
            brightness: true,
            white: true,
            effects: vec!["solid".into(), "rainbow".into()],
            palettes: vec!["default".into(), "forest".into()],
            ..Caps::default()
        },
        ..Descriptor::new(Kind::Light, 0, "Strip")
    };
    let firmware = Descriptor {
        can_install: true,
        ..Descriptor::new(Kind::Update, 0, "Firmware")
    };
    let components = vec![
        blind,
        wall_switch,
        Descriptor::new(Kind::TextSensor, 0, "Address"),
        strip,
        firmware,
    ];
    ComponentsPage {
        offset: 0,
        total: 5,
        components,
    }
}

const BEGUN: Begun = Begun {
    chunk: 1_024,
    offset: 0,
};
const WRITTEN: Written = Written { offset: 13 };

fn snapshot(client: Option<u32>) -> Snapshot {
    let light = json!({ "on": false, "brightness": 60, "rgb": [255, 128, 0], "ct_k": null, "effect": "none" });
    let components = BTreeMap::from([
        (
            ComponentKey::new(Kind::Light, 0),
            State::from(object(light)),
        ),
        (
            ComponentKey::new(Kind::Sensor, 0),
            State::new().with("value", -52),
        ),
        (
            ComponentKey::new(Kind::Number, 0),
            State::new()
                .with("value", 10)
                .with("min", 1)
                .with("max", 60)
                .with("step", 0.5),
        ),
        (
            ComponentKey::new(Kind::Unknown("fan".into()), 0),
            State::new().with("speed", 3),
        ),
    ]);
    Snapshot {
        epoch: Epoch(0x5f3a_91c2),
        seq: 1041,
        uptime_ms: 86_400_000,
        client,
        components,
    }
}

fn done(seq: u64) -> CommandResult {
    CommandResult {
        seq,
        ..CommandResult::default()
    }
}

fn done_was(seq: u64, was_on: bool) -> CommandResult {
    CommandResult {
        seq,
        was_on: Some(was_on),
        ..CommandResult::default()
    }
}

fn newer_done() -> CommandResult {
    CommandResult {
        extra: object(json!({ "power_w": 4.5 })),
        ..done_was(1042, false)
    }
}

fn error(id: Option<i64>, code: Code, reason: &str, message: &str) -> Response {
    Response {
        id: id.map(Id::Number),
        outcome: Err(RpcError::new(code, reason, message)),
    }
}

/// Every file and the response that it decodes to.
pub(crate) fn all() -> Result<Vec<(&'static str, Response)>, Box<dyn Error>> {
    let mut newer_error = RpcError::new(Code::Other(-32050), "novel", "of a newer board");
    newer_error.data.extra = object(json!({ "retry_ms": 500 }));
    let mut wrong_offset = RpcError::new(
        Code::FailedPrecondition,
        "wrong_offset",
        "the next write begins at offset 2048, not 1024",
    );
    wrong_offset.data.extra = object(json!({ "offset": 2_048 }));
    let without_data = RpcError::new(Code::InternalError, "", "no more is known");
    let mut all = vec![
        (
            "error_parse_error",
            error(
                None,
                Code::ParseError,
                "not_json",
                "one JSON object is expected: EOF while parsing",
            ),
        ),
        (
            "error_invalid_request",
            error(
                None,
                Code::InvalidRequest,
                "batch",
                "batches are not supported: send one object per message",
            ),
        ),
        (
            "error_method_not_found",
            error(
                Some(1),
                Code::MethodNotFound,
                "no_such_method",
                "no method Fan.Set; this board has Sys.Ping",
            ),
        ),
        (
            "error_invalid_params",
            error(
                Some(2),
                Code::InvalidParams,
                "out_of_range",
                "brightness is 0 to 100 %, not 101",
            ),
        ),
        (
            "error_internal_error",
            error(Some(3), Code::InternalError, "hardware", "the board failed"),
        ),
        (
            "error_not_found",
            error(
                Some(4),
                Code::NotFound,
                "not_found",
                "no light:7; this board has light:0",
            ),
        ),
        (
            "error_busy",
            error(
                Some(5),
                Code::Busy,
                "rebooting",
                "the board is restarting: connect again in some seconds",
            ),
        ),
        (
            "error_failed_precondition",
            error(
                Some(6),
                Code::FailedPrecondition,
                "needs_a_websocket",
                "nothing can be pushed over POST: use a WebSocket at /rpc, or Device.GetStatus",
            ),
        ),
        (
            "error_timeout",
            error(Some(7), Code::Timeout, "motor", "the motor did not arrive"),
        ),
        (
            "error_resource_exhausted",
            error(
                None,
                Code::ResourceExhausted,
                "all_places_taken",
                "all 4 places for controllers are taken; one of them must disconnect first",
            ),
        ),
        (
            "error_forbidden",
            error(
                Some(8),
                Code::Forbidden,
                "role",
                "this controller may only look",
            ),
        ),
        (
            "error_rate_limited",
            error(
                Some(9),
                Code::RateLimited,
                "too_often",
                "asked too often; once a second is accepted",
            ),
        ),
        (
            "error_unsupported_version",
            error(
                None,
                Code::UnsupportedVersion,
                "unsupported_version",
                "this board speaks switchboard.v1; offer it, or no subprotocol at all",
            ),
        ),
        (
            "error_unknown_code_and_field",
            Response {
                id: Some(Id::Number(10)),
                outcome: Err(newer_error),
            },
        ),
        (
            "error_update_in_progress",
            error(
                Some(21),
                Code::Busy,
                "update_in_progress",
                "controller 3 updates this board, 43 % are there; it ends by Ota.Abort, or 30 s \
                     after its last write",
            ),
        ),
        (
            "error_wrong_offset",
            Response {
                id: Some(Id::Number(23)),
                outcome: Err(wrong_offset),
            },
        ),
        (
            WITHOUT_DATA,
            Response {
                id: Some(Id::Text("a-1".into())),
                outcome: Err(without_data),
            },
        ),
    ];
    let mut result = |name, id, value: &dyn ErasedResult| {
        all.push((
            name,
            Response {
                id: Some(Id::Number(id)),
                outcome: Ok(value.to_value()?),
            },
        ));
        Ok::<_, serde_json::Error>(())
    };
    result("result_device_get_info", 1, &info())?;
    result("result_device_get_info_of_newer_board", 1, &newer_info())?;
    result("result_device_get_components", 2, &components())?;
    result(
        "result_device_get_components_unknown_kind",
        2,
        &unknown_component(),
    )?;
    result("result_device_get_status", 4, &snapshot(None))?;
    result("result_device_subscribe", 5, &snapshot(Some(3)))?;
    result("result_device_set_name", 6, &done(1041))?;
    result("result_device_identify", 7, &done(1041))?;
    result("result_device_reboot", 8, &done(1041))?;
    result("result_device_factory_reset", 8, &done(1041))?;
    result(
        "result_sys_ping",
        9,
        &Pong {
            uptime_ms: 86_400_123,
        },
    )?;
    result("result_switch_set", 10, &done_was(1042, false))?;
    result("result_switch_toggle", 11, &done_was(1043, true))?;
    result("result_light_set", 12, &done_was(1044, false))?;
    result("result_cover_open", 33, &done(1050))?;
    result("result_cover_set", 36, &done(1050))?;
    result("result_update_install", 38, &done(1050))?;
    result(
        "result_device_get_components_of_other_families",
        2,
        &components_of_other_families(),
    )?;
    result("result_number_set", 15, &done(1045))?;
    result("result_select_set", 16, &done(1046))?;
    result("result_text_set", 17, &done(1047))?;
    result("result_button_press", 18, &done(1047))?;
    result("result_device_get_components_update", 2, &firmware())?;
    result("result_keys_list", 26, &keys())?;
    result("result_keys_add", 27, &added())?;
    result("result_clients_list", 29, &clients())?;
    result("result_clients_close", 30, &Object::new())?;
    result("result_clients_list_of_newer_board", 31, &newer_clients())?;
    result("result_keys_remove", 28, &Object::new())?;
    result(
        "result_outbound_set",
        29,
        &outbound(Some(URL), OutboundState::Connecting),
    )?;
    result(
        "result_outbound_set_off",
        30,
        &outbound(None, OutboundState::Off),
    )?;
    result("result_outbound_get", 31, &connected())?;
    result("result_outbound_get_waiting", 31, &waiting())?;
    result("result_ota_begin", 21, &BEGUN)?;
    result("result_ota_write", 23, &WRITTEN)?;
    result("result_ota_commit", 24, &done(1050))?;
    result("result_ota_abort", 25, &done(1051))?;
    result("result_log_subscribe", 21, &logs())?;
    result(
        "result_device_get_info_with_reset_reason",
        1,
        &reset_by(ResetReason::Brownout),
    )?;
    result(
        "result_device_get_info_with_new_reset_reason",
        1,
        &reset_by(ResetReason::Unknown("lightning".into())),
    )?;
    result("result_of_newer_board", 10, &newer_done())?;
    Ok(all)
}

/// A result of any type, so that one closure accepts all of them.
trait ErasedResult {
    fn to_value(&self) -> serde_json::Result<Value>;
}

impl<T: Serialize> ErasedResult for T {
    fn to_value(&self) -> serde_json::Result<Value> {
        serde_json::to_value(self)
    }
}

/// Decodes the result in each file as the type of its method.
pub(crate) fn decode_all(read: impl Fn(&str) -> Result<Value, Box<dyn Error>>) -> Outcome {
    fn same<T: DeserializeOwned + PartialEq + Debug>(result: Value, expected: &T) -> Outcome {
        assert_eq!(serde_json::from_value::<T>(result)?, *expected);
        Ok(())
    }
    same(read("result_device_get_info")?, &info())?;
    same(
        read("result_device_get_info_of_newer_board")?,
        &newer_info(),
    )?;
    same(read("result_device_get_components")?, &components())?;
    same(
        read("result_device_get_components_unknown_kind")?,
        &unknown_component(),
    )?;
    same(
        read("result_device_get_components_of_other_families")?,
        &components_of_other_families(),
    )?;
    same(read("result_device_get_status")?, &snapshot(None))?;
    same(read("result_device_subscribe")?, &snapshot(Some(3)))?;
    same(read("result_device_set_name")?, &done(1041))?;
    same(
        read("result_sys_ping")?,
        &Pong {
            uptime_ms: 86_400_123,
        },
    )?;
    same(read("result_switch_set")?, &done_was(1042, false))?;
    same(read("result_switch_toggle")?, &done_was(1043, true))?;
    same(read("result_light_set")?, &done_was(1044, false))?;
    same(read("result_button_press")?, &done(1047))?;
    same(read("result_device_get_components_update")?, &firmware())?;
    same(
        read("result_outbound_set")?,
        &outbound(Some(URL), OutboundState::Connecting),
    )?;
    same(
        read("result_outbound_set_off")?,
        &outbound(None, OutboundState::Off),
    )?;
    same(read("result_outbound_get")?, &connected())?;
    same(read("result_outbound_get_waiting")?, &waiting())?;
    same(read("result_ota_begin")?, &BEGUN)?;
    same(read("result_ota_write")?, &WRITTEN)?;
    same(read("result_ota_commit")?, &done(1050))?;
    same(read("result_log_subscribe")?, &logs())?;
    same(
        read("result_device_get_info_with_reset_reason")?,
        &reset_by(ResetReason::Brownout),
    )?;
    same(
        read("result_device_get_info_with_new_reset_reason")?,
        &reset_by(ResetReason::Unknown("lightning".into())),
    )?;
    same(read("result_of_newer_board")?, &newer_done())
}
