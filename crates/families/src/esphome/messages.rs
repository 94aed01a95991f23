//! The numbers of the messages. Their source is ESPHome's
//! `esphome/components/api/api.proto`, which belongs to the part of ESPHome
//! under the MIT license; the numbers were compared with those of
//! aioesphomeapi 46.23.0 (MIT).

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
/// `LockCommandRequest`.
pub(super) const LOCK_COMMAND: u32 = 60;
/// `ButtonCommandRequest`.
pub(super) const BUTTON_COMMAND: u32 = 62;
/// `TextCommandRequest`.
pub(super) const TEXT_COMMAND: u32 = 99;
/// `EventResponse`: 1 key, 2 type of the event, 3 device.
pub(super) const EVENT_RESPONSE: u32 = 108;
/// `UpdateCommandRequest`.
pub(super) const UPDATE_COMMAND: u32 = 118;

/// The name of a message, for the traffic view.
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
