//! The numbers of the messages. Their source is ESPHome's
//! `esphome/components/api/api.proto`, which belongs to the part of ESPHome
//! under the MIT license; the numbers were compared with those of
//! aioesphomeapi 46.23.0 (MIT).

use super::wire::{Fields, Value};

/// `HelloRequest`: 1 client, 2 and 3 version of the API.
pub(super) const HELLO_REQUEST: u32 = 1;
/// `HelloResponse`: 1 and 2 version of the API, 3 server, 4 name.
pub(super) const HELLO_RESPONSE: u32 = 2;
/// `AuthenticationRequest`: 1 password. Firmware from API 1.14 on ignores it.
pub(super) const AUTHENTICATION_REQUEST: u32 = 3;
/// `AuthenticationResponse`: 1 whether the password is wrong.
pub(super) const AUTHENTICATION_RESPONSE: u32 = 4;
/// `DisconnectRequest`, in both directions.
pub(super) const DISCONNECT_REQUEST: u32 = 5;
/// `DisconnectResponse`, in both directions.
pub(super) const DISCONNECT_RESPONSE: u32 = 6;
/// `PingRequest`, in both directions.
pub(super) const PING_REQUEST: u32 = 7;
/// `PingResponse`, in both directions.
pub(super) const PING_RESPONSE: u32 = 8;
/// `DeviceInfoRequest`.
pub(super) const DEVICE_INFO_REQUEST: u32 = 9;
/// `DeviceInfoResponse`: see [`super::info`].
pub(super) const DEVICE_INFO_RESPONSE: u32 = 10;
/// `ListEntitiesRequest`.
pub(super) const LIST_ENTITIES_REQUEST: u32 = 11;
/// `ListEntitiesDoneResponse`.
pub(super) const LIST_ENTITIES_DONE: u32 = 19;
/// `SubscribeStatesRequest`.
pub(super) const SUBSCRIBE_STATES_REQUEST: u32 = 20;
/// `SubscribeLogsRequest`: 1 level.
pub(super) const SUBSCRIBE_LOGS_REQUEST: u32 = 28;
/// `SubscribeLogsResponse`: 1 level, 3 message.
pub(super) const SUBSCRIBE_LOGS_RESPONSE: u32 = 29;
/// `CoverCommandRequest`.
pub(super) const COVER_COMMAND: u32 = 30;
/// `LightCommandRequest`.
pub(super) const LIGHT_COMMAND: u32 = 32;
/// `SwitchCommandRequest`.
pub(super) const SWITCH_COMMAND: u32 = 33;
/// `NumberCommandRequest`.
pub(super) const NUMBER_COMMAND: u32 = 51;
/// `SelectCommandRequest`.
pub(super) const SELECT_COMMAND: u32 = 54;
/// `LockCommandRequest`: 2 command, 3 whether it has a code, 4 the code, 5
/// device.
pub(super) const LOCK_COMMAND: u32 = 60;
/// The field of the code.
const LOCK_CODE: u64 = 4;
/// `ButtonCommandRequest`.
pub(super) const BUTTON_COMMAND: u32 = 62;
/// `TextCommandRequest`.
pub(super) const TEXT_COMMAND: u32 = 99;
/// `EventResponse`: 1 key, 2 type of the event, 3 device.
pub(super) const EVENT_RESPONSE: u32 = 108;
/// `UpdateCommandRequest`.
pub(super) const UPDATE_COMMAND: u32 = 118;

/// A message as it is shown in the traffic view: its name, and its fields by
/// their numbers. A password and the code of a lock are left out.
pub(super) fn shown(message: u32, payload: &[u8]) -> String {
    let mut shown = name(message);
    let fields = match Fields::parse(payload) {
        Ok(fields) if message != AUTHENTICATION_REQUEST => fields,
        Ok(_) | Err(_) => return shown,
    };
    let is_secret = |number| message == LOCK_COMMAND && number == LOCK_CODE;
    for (number, value) in fields.iter().filter(|(number, _)| !is_secret(*number)) {
        if shown.len() > LONGEST_SHOWN {
            shown.push('…');
            break;
        }
        shown.push_str(&format!(" {number}:{}", shown_value(value)));
    }
    shown
}

/// A value without its type, which is not in the message: bytes are shown as
/// text, and a `fixed32` as it is if it is a key, or else as a `float`.
fn shown_value(value: Value<'_>) -> String {
    match value {
        Value::Varint(number) | Value::Fixed64(number) => number.to_string(),
        Value::Fixed32(bits) => {
            let number = f32::from_bits(bits);
            // Keys are spread over all 32 bits, values are of common sizes.
            let is_value = bits == 0 || (1e-4..1e7).contains(&number.abs());
            match is_value {
                true => number.to_string(),
                false => format!("{bits:#010x}"),
            }
        }
        Value::Bytes(bytes) => {
            let bytes = bytes.get(..LONGEST_TEXT).unwrap_or(bytes);
            format!("{:?}", String::from_utf8_lossy(bytes))
        }
    }
}

/// The longest message that is shown, in bytes, without its last field.
const LONGEST_SHOWN: usize = 200;

/// How much of a text is shown, in bytes.
const LONGEST_TEXT: usize = 60;

/// The name of a message.
pub(super) fn name(message: u32) -> String {
    known_name(message).unwrap_or_else(|| format!("message {message}"))
}

/// The name of a message; `None` if it is not used here.
pub(super) fn known_name(message: u32) -> Option<String> {
    let known = match message {
        HELLO_REQUEST => "HelloRequest",
        HELLO_RESPONSE => "HelloResponse",
        AUTHENTICATION_REQUEST => "AuthenticationRequest",
        AUTHENTICATION_RESPONSE => "AuthenticationResponse",
        DISCONNECT_REQUEST => "DisconnectRequest",
        DISCONNECT_RESPONSE => "DisconnectResponse",
        PING_REQUEST => "PingRequest",
        PING_RESPONSE => "PingResponse",
        DEVICE_INFO_REQUEST => "DeviceInfoRequest",
        DEVICE_INFO_RESPONSE => "DeviceInfoResponse",
        LIST_ENTITIES_REQUEST => "ListEntitiesRequest",
        LIST_ENTITIES_DONE => "ListEntitiesDoneResponse",
        SUBSCRIBE_STATES_REQUEST => "SubscribeStatesRequest",
        SUBSCRIBE_LOGS_REQUEST => "SubscribeLogsRequest",
        SUBSCRIBE_LOGS_RESPONSE => "SubscribeLogsResponse",
        COVER_COMMAND => "CoverCommandRequest",
        LIGHT_COMMAND => "LightCommandRequest",
        SWITCH_COMMAND => "SwitchCommandRequest",
        NUMBER_COMMAND => "NumberCommandRequest",
        SELECT_COMMAND => "SelectCommandRequest",
        LOCK_COMMAND => "LockCommandRequest",
        BUTTON_COMMAND => "ButtonCommandRequest",
        TEXT_COMMAND => "TextCommandRequest",
        UPDATE_COMMAND => "UpdateCommandRequest",
        _ => return super::kinds::message_name(message),
    };
    Some(known.to_owned())
}

#[cfg(test)]
mod tests {
    use super::{super::wire::Message, *};

    #[test]
    fn a_message_is_shown_with_its_fields() {
        let state = Message::new().fixed(1, 0xfc5d_0001).float(2, 21.6);
        let state = state.number(4, 7).text(5, "ready");
        assert_eq!(
            shown(25, &state.into_bytes()),
            "SensorStateResponse 1:0xfc5d0001 2:21.6 4:7 5:\"ready\""
        );
        assert_eq!(shown(7, &[]), "PingRequest");
        assert_eq!(shown(128, b"\xff"), "message 128");
    }

    #[test]
    fn the_code_of_a_lock_is_not_shown() {
        let command = Message::new().fixed(1, 0xfc5d_0001).number(2, 0);
        let command = command.flag(3, true).text(4, "1234").number(5, 7);
        assert_eq!(
            shown(LOCK_COMMAND, &command.into_bytes()),
            "LockCommandRequest 1:0xfc5d0001 2:0 3:1 5:7"
        );
    }

    #[test]
    fn a_password_is_not_shown_and_a_long_message_is_cut() {
        let password = Message::new().text(1, "secret").into_bytes();
        assert_eq!(
            shown(AUTHENTICATION_REQUEST, &password),
            "AuthenticationRequest"
        );
        let mut long = Message::new();
        for _ in 0..1_000 {
            long = long.text(6, &"x".repeat(1_000));
        }
        let shown = shown(53, &long.into_bytes());
        assert!(shown.len() < 300 && shown.ends_with('…'), "{shown}");
    }
}
