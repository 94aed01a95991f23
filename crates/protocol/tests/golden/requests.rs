//! Golden files of requests, and the values that they decode to.

use std::{error::Error, fmt::Debug};

use serde::de::DeserializeOwned;
use serde_json::json;
use switchboard_protocol::{
    Id, Level, LogFilter, Request,
    clients::CloseClient,
    keys::{AddKey, RemoveKey},
    method::{
        self, ButtonPress, CoverSet, GetComponents, LightSet, LogSubscribe, NumberSet, SetName,
        SwitchSet, Target, TextSet,
    },
    ota::{Begin, Digest, SetConfig, Write, base64},
    outbound::SetOutbound,
};

use crate::{Outcome, object};

/// The only request that is not encoded as in its file: its `[]` is omitted.
pub(crate) const WITH_EMPTY_LIST: &str = "request_empty_list_of_websocat";

const LIGHT: LightSet = LightSet {
    id: 0,
    on: None,
    brightness: None,
    rgb: None,
    ct_k: None,
    white: None,
    effect: None,
    palette: None,
    transition_ms: None,
};

fn on_brightness() -> LightSet {
    LightSet {
        on: Some(true),
        brightness: Some(60),
        transition_ms: Some(300),
        ..LIGHT
    }
}

fn color() -> LightSet {
    LightSet {
        rgb: Some([255, 128, 0]),
        effect: Some("candle".into()),
        ..LIGHT
    }
}

fn color_temperature() -> LightSet {
    LightSet {
        ct_k: Some(2700),
        ..LIGHT
    }
}

fn white_channel() -> LightSet {
    LightSet {
        white: Some(128),
        palette: Some("forest".into()),
        ..LIGHT
    }
}

/// The image of the golden files, and its hash.
const IMAGE: &[u8] = b"\xe9Switchboard\n";
const SHA256: &str = "0a5622057af500fd36807efe6d74cfe95161e86a3141520934581829d590035f";

/// The trailer of the signed image, and the hash of both together.
const TRAILER: &str = "U1dCRFNJRzENAAAAAjUj3dYZOr1lc3AzMmMzAAAAAAAAAAAAZXNwMzJjMy1kZXZraXRtLTEAAAAA\
    AAAAAAAAAAAAAAAwLjIuMAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAADlRq2A1TRos4pHKnS3U\
    0WKwjM596gX22k1dKU7W/8R0aa0Te9M8LlyX2IyEgPkzaXbZcH5XfTsXJQP5C7z22AQ=";
const SIGNED_SHA256: &str = "fc36a012220f1644a291e7d0adf39e08f3283e195c651f87f01c667909196b6c";

fn begin() -> Begin {
    let sha256 = SHA256.parse().unwrap_or(Digest([0; 32]));
    Begin {
        size: 13,
        sha256,
        version: None,
        signature: None,
        image_sha256: None,
    }
}

/// The image signed with the test key of `crates/image` for a board
/// `esp32c3-devkitm-1`.
fn begin_with_trailer() -> Begin {
    let image_sha256 = SHA256.parse().ok();
    Begin {
        size: 177,
        sha256: SIGNED_SHA256.parse().unwrap_or(Digest([0; 32])),
        version: Some("0.2.0".into()),
        signature: Some(TRAILER.into()),
        image_sha256,
    }
}

fn begin_signed() -> Begin {
    let signature = base64(&(0..64).collect::<Vec<u8>>());
    Begin {
        version: Some("0.2.0".into()),
        signature: Some(signature),
        ..begin()
    }
}

fn logs(level: LogFilter) -> LogSubscribe {
    LogSubscribe { level }
}

/// Every file and the request that it decodes to.
pub(crate) fn all() -> Vec<(&'static str, Request)> {
    let none = json!({});
    vec![
        (
            "request_device_get_info",
            Request::new(1, method::DEVICE_GET_INFO, &none),
        ),
        (
            "request_device_get_components",
            Request::new(
                2,
                method::DEVICE_GET_COMPONENTS,
                &GetComponents {
                    offset: 8,
                    limit: Some(4),
                },
            ),
        ),
        (
            "request_device_get_components_all",
            Request::new(3, method::DEVICE_GET_COMPONENTS, &GetComponents::default()),
        ),
        (
            "request_device_get_status",
            Request::new(4, method::DEVICE_GET_STATUS, &none),
        ),
        (
            "request_device_subscribe",
            Request::new(5, method::DEVICE_SUBSCRIBE, &none),
        ),
        (
            "request_device_set_name",
            Request::new(
                6,
                method::DEVICE_SET_NAME,
                &SetName {
                    name: "Schreibtisch-Lämpchen".into(),
                },
            ),
        ),
        (
            "request_device_identify",
            Request::new(7, method::DEVICE_IDENTIFY, &none),
        ),
        (
            "request_device_reboot",
            Request::new(8, method::DEVICE_REBOOT, &none),
        ),
        (
            "request_device_factory_reset",
            Request::new(8, method::DEVICE_FACTORY_RESET, &none),
        ),
        ("request_sys_ping", Request::new(9, method::SYS_PING, &none)),
        (
            "request_switch_set",
            Request::new(10, method::SWITCH_SET, &SwitchSet { id: 1, on: true }),
        ),
        (
            "request_switch_toggle",
            Request::new(11, method::SWITCH_TOGGLE, &Target { id: 1 }),
        ),
        (
            "request_light_set",
            Request::new(12, method::LIGHT_SET, &on_brightness()),
        ),
        (
            "request_light_set_colour",
            Request::new(13, method::LIGHT_SET, &color()),
        ),
        (
            "request_light_set_white",
            Request::new(14, method::LIGHT_SET, &color_temperature()),
        ),
        (
            "request_light_set_white_channel",
            Request::new(37, method::LIGHT_SET, &white_channel()),
        ),
        (
            "request_cover_open",
            Request::new(33, method::COVER_OPEN, &Target { id: 0 }),
        ),
        (
            "request_cover_close",
            Request::new(34, method::COVER_CLOSE, &Target { id: 0 }),
        ),
        (
            "request_cover_stop",
            Request::new(35, method::COVER_STOP, &Target { id: 0 }),
        ),
        (
            "request_cover_set",
            Request::new(
                36,
                method::COVER_SET,
                &CoverSet {
                    id: 0,
                    position: 60,
                },
            ),
        ),
        (
            "request_update_install",
            Request::new(38, method::UPDATE_INSTALL, &Target { id: 1 }),
        ),
        (
            "request_number_set",
            Request::new(15, method::NUMBER_SET, &NumberSet { id: 0, value: 21.5 }),
        ),
        (
            "request_select_set",
            Request::new(
                16,
                method::SELECT_SET,
                &TextSet {
                    id: 0,
                    value: "eco".into(),
                },
            ),
        ),
        (
            "request_text_set",
            Request::new(
                17,
                method::TEXT_SET,
                &TextSet {
                    id: 0,
                    value: "Guten Tag".into(),
                },
            ),
        ),
        (
            "request_button_press",
            Request::new(
                18,
                method::BUTTON_PRESS,
                &ButtonPress { id: 0, event: None },
            ),
        ),
        (
            "request_button_press_long",
            Request::new(
                19,
                method::BUTTON_PRESS,
                &ButtonPress {
                    id: 0,
                    event: Some("long_press".into()),
                },
            ),
        ),
        (
            "request_log_subscribe",
            Request::new(
                21,
                method::LOG_SUBSCRIBE,
                &logs(LogFilter::UpTo(Level::Debug)),
            ),
        ),
        (
            "request_log_subscribe_off",
            Request::new(22, method::LOG_SUBSCRIBE, &logs(LogFilter::Off)),
        ),
        (
            "request_keys_list",
            Request::new(26, method::KEYS_LIST, &none),
        ),
        (
            "request_keys_add",
            Request::new(27, method::KEYS_ADD, &add_key()),
        ),
        (
            "request_clients_list",
            Request::new(29, method::CLIENTS_LIST, &GetComponents::default()),
        ),
        (
            "request_clients_close",
            Request::new(30, method::CLIENTS_CLOSE, &CloseClient { id: 3 }),
        ),
        (
            "request_keys_remove",
            Request::new(
                28,
                method::KEYS_REMOVE,
                &RemoveKey {
                    kid: "5f3a91c2".into(),
                },
            ),
        ),
        (
            "request_outbound_set",
            Request::new(29, method::OUTBOUND_SET, &call()),
        ),
        (
            "request_outbound_set_off",
            Request::new(30, method::OUTBOUND_SET, &SetOutbound { url: None }),
        ),
        (
            "request_outbound_get",
            Request::new(31, method::OUTBOUND_GET, &none),
        ),
        (WITH_EMPTY_LIST, Request::new(1, method::SYS_PING, &none)),
        (
            "request_without_id",
            Request {
                id: None,
                ..Request::new(0, method::SWITCH_TOGGLE, &Target { id: 0 })
            },
        ),
        (
            "request_with_text_id",
            Request {
                id: Some(Id::Text("a-1".into())),
                ..Request::new(0, method::SYS_PING, &none)
            },
        ),
        (
            "request_ota_begin",
            Request::new(21, method::OTA_BEGIN, &begin()),
        ),
        (
            "request_ota_begin_signed",
            Request::new(22, method::OTA_BEGIN, &begin_signed()),
        ),
        (
            "request_ota_begin_trailer",
            Request::new(26, method::OTA_BEGIN, &begin_with_trailer()),
        ),
        (
            "request_ota_set_config",
            Request::new(
                27,
                method::OTA_SET_CONFIG,
                &SetConfig {
                    require_signature: true,
                },
            ),
        ),
        (
            "request_ota_write",
            Request::new(23, method::OTA_WRITE, &Write::new(0, IMAGE)),
        ),
        (
            "request_ota_commit",
            Request::new(24, method::OTA_COMMIT, &none),
        ),
        (
            "request_ota_abort",
            Request::new(25, method::OTA_ABORT, &none),
        ),
        (
            "request_unknown_method_and_fields",
            Request {
                id: Some(Id::Number(20)),
                method: "Fan.Set".into(),
                params: object(
                    json!({ "id": 0, "speed": 3, "blades": [{ "angle": 1.5 }], "name": null }),
                ),
            },
        ),
    ]
}

fn call() -> SetOutbound {
    SetOutbound {
        url: "ws://192.168.1.5:7433/".parse().ok(),
    }
}

fn add_key() -> AddKey {
    AddKey {
        name: "Anna's laptop".into(),
        role: "view".into(),
    }
}

/// Decodes the parameters in each file as the type of its method.
pub(crate) fn decode_all(read: impl Fn(&str) -> Result<Request, Box<dyn Error>>) -> Outcome {
    fn same<T: DeserializeOwned + PartialEq + Debug>(request: &Request, expected: &T) -> Outcome {
        assert_eq!(request.decode::<T>()?, *expected, "{}", request.method);
        Ok(())
    }
    same(
        &read("request_device_get_components")?,
        &GetComponents {
            offset: 8,
            limit: Some(4),
        },
    )?;
    same(
        &read("request_device_get_components_all")?,
        &GetComponents {
            offset: 0,
            limit: None,
        },
    )?;
    same(
        &read("request_device_set_name")?,
        &SetName {
            name: "Schreibtisch-Lämpchen".into(),
        },
    )?;
    same(&read("request_switch_set")?, &SwitchSet { id: 1, on: true })?;
    same(&read("request_switch_toggle")?, &Target { id: 1 })?;
    same(&read("request_light_set")?, &on_brightness())?;
    same(&read("request_light_set_colour")?, &color())?;
    same(&read("request_light_set_white")?, &color_temperature())?;
    same(&read("request_light_set_white_channel")?, &white_channel())?;
    for name in [
        "request_cover_open",
        "request_cover_close",
        "request_cover_stop",
    ] {
        same(&read(name)?, &Target { id: 0 })?;
    }
    same(
        &read("request_cover_set")?,
        &CoverSet {
            id: 0,
            position: 60,
        },
    )?;
    same(&read("request_update_install")?, &Target { id: 1 })?;
    same(
        &read("request_number_set")?,
        &NumberSet { id: 0, value: 21.5 },
    )?;
    same(
        &read("request_select_set")?,
        &TextSet {
            id: 0,
            value: "eco".into(),
        },
    )?;
    same(
        &read("request_text_set")?,
        &TextSet {
            id: 0,
            value: "Guten Tag".into(),
        },
    )?;
    same(
        &read("request_button_press")?,
        &ButtonPress { id: 0, event: None },
    )?;
    same(
        &read("request_button_press_long")?,
        &ButtonPress {
            id: 0,
            event: Some("long_press".into()),
        },
    )?;
    same(&read("request_ota_begin")?, &begin())?;
    same(&read("request_ota_begin_signed")?, &begin_signed())?;
    same(&read("request_ota_write")?, &Write::new(0, IMAGE))?;
    same(
        &read("request_log_subscribe")?,
        &logs(LogFilter::UpTo(Level::Debug)),
    )?;
    same(&read("request_log_subscribe_off")?, &logs(LogFilter::Off))?;
    same(&read("request_keys_add")?, &add_key())?;
    same(&read("request_clients_list")?, &GetComponents::default())?;
    same(&read("request_clients_close")?, &CloseClient { id: 3 })?;
    same(
        &read("request_keys_remove")?,
        &RemoveKey {
            kid: "5f3a91c2".into(),
        },
    )?;
    same(&read("request_outbound_set")?, &call())?;
    same(
        &read("request_outbound_set_off")?,
        &SetOutbound { url: None },
    )?;
    // Omitted, because it is the default.
    same(
        &read("request_device_get_info")?,
        &logs(LogFilter::UpTo(Level::Info)),
    )
}
