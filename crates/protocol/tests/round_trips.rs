//! Encoding and decoding round-trips, and decoding never panics, whatever the
//! input.

use std::collections::BTreeMap;

use proptest::{collection, option, prelude::*};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use switchboard_protocol::{
    Caps, Code, CommandResult, ComponentKey, ComponentsPage, Descriptor, DeviceInfo,
    EntityCategory, Epoch, ErrorData, Event, FromBoard, Id, Kind, NotifyEvent, NotifyStatus,
    Object, Pong, Request, Response, RpcError, Snapshot, Source, State, limits, mdns::Announcement,
    method, ota,
};

/// Any JSON value with a few levels. Fractions have few digits and are never
/// whole: beyond 15 digits, `serde_json` can be off in the last one unless it
/// is built with `float_roundtrip`, whose tables are too large for a chip.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<i32>().prop_map(|half| Value::from((f64::from(half) + 0.5) / 8.0)),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            collection::btree_map(any::<String>(), inner, 0..4).prop_map(Value::from_iter),
        ]
    })
}

/// Fields that no type of version 1 has.
fn extra() -> impl Strategy<Value = Object> {
    collection::btree_map("x_[a-z]{1,8}", any_json(), 0..3).prop_map(Object::from_iter)
}

fn kind() -> impl Strategy<Value = Kind> {
    prop_oneof![
        Just(Kind::Switch),
        Just(Kind::BinarySensor),
        Just(Kind::Light),
        Just(Kind::Cover),
        Just(Kind::Sensor),
        Just(Kind::Number),
        Just(Kind::Select),
        Just(Kind::Text),
        Just(Kind::TextSensor),
        Just(Kind::Button),
        Just(Kind::Event),
        Just(Kind::Update),
        "x_[a-z]{1,8}".prop_map(Kind::Unknown),
    ]
}

fn key() -> impl Strategy<Value = ComponentKey> {
    (kind(), any::<u16>()).prop_map(|(kind, id)| ComponentKey::new(kind, id))
}

fn state() -> impl Strategy<Value = State> {
    collection::btree_map("[a-z]{1,8}", any_json(), 0..4).prop_map(State::from_iter)
}

fn states() -> impl Strategy<Value = BTreeMap<ComponentKey, State>> {
    collection::btree_map(key(), state(), 0..4)
}

fn source() -> impl Strategy<Value = Source> {
    prop_oneof![
        any::<u32>().prop_map(Source::Client),
        Just(Source::Physical),
        Just(Source::Timer),
        Just(Source::Boot),
        "x_[a-z]{1,8}".prop_map(Source::Unknown),
    ]
}

fn epoch() -> impl Strategy<Value = Epoch> {
    any::<u32>().prop_map(Epoch)
}

fn id() -> impl Strategy<Value = Id> {
    prop_oneof![
        any::<i64>().prop_map(Id::Number),
        any::<String>().prop_map(Id::Text)
    ]
}

fn descriptor() -> impl Strategy<Value = Descriptor> {
    let caps = (
        any::<bool>(),
        any::<bool>(),
        option::of(any::<[u16; 2]>()),
        collection::vec(any::<String>(), 0..3),
        collection::vec(any::<String>(), 0..3),
        any::<[bool; 2]>(),
        extra(),
    )
        .prop_map(
            |(brightness, rgb, ct_k, effects, palettes, [white, position], extra)| Caps {
                brightness,
                rgb,
                ct_k,
                white,
                effects,
                palettes,
                position,
                extra,
            },
        );
    let category = prop_oneof![
        Just(EntityCategory::Config),
        Just(EntityCategory::Diagnostic)
    ];
    let words = || option::of(any::<String>());
    (
        (key(), any::<String>(), words(), words(), words(), words()),
        (option::of(any::<u8>()), option::of(category), caps, extra()),
        (collection::vec(any::<String>(), 0..3), any::<bool>()),
    )
        .prop_map(
            |(
                (key, name, class, unit, state_class, icon),
                (decimals, category, caps, extra),
                (event_types, can_install),
            )| {
                Descriptor {
                    kind: key.kind.clone(),
                    key,
                    name,
                    device_class: class,
                    unit_of_measurement: unit,
                    accuracy_decimals: decimals,
                    state_class,
                    entity_category: category,
                    icon,
                    event_types,
                    can_install,
                    caps,
                    extra,
                }
            },
        )
}

fn error() -> impl Strategy<Value = RpcError> {
    (any::<i32>(), any::<String>(), "[a-z_]{0,20}", extra()).prop_map(
        |(code, message, reason, extra)| RpcError {
            code: Code::from(code),
            message,
            data: ErrorData { reason, extra },
        },
    )
}

/// Asserts that a value round-trips.
fn round_trips<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(
    value: &T,
) -> Result<(), TestCaseError> {
    let text = serde_json::to_string(value)?;
    prop_assert_eq!(&serde_json::from_str::<T>(&text)?, value, "{}", text);
    prop_assert_eq!(
        &serde_json::from_value::<T>(serde_json::to_value(value)?)?,
        value,
        "{}",
        text
    );
    Ok(())
}

fn message_round_trips(message: FromBoard) -> Result<(), TestCaseError> {
    let text = message.to_json();
    let read =
        FromBoard::parse(&text).map_err(|error| TestCaseError::fail(format!("{text}: {error}")))?;
    prop_assert_eq!(read, message);
    Ok(())
}

proptest! {
    #[test]
    fn pushes_round_trip(
        epoch in epoch(), numbers in any::<[u64; 3]>(), source in option::of(source()),
        components in states(),
        events in collection::vec((key(), "[a-z_]{1,12}", extra()), 0..4),
    ) {
        let [prev, seq, uptime_ms] = numbers;
        let events =
            events
                .into_iter()
                .map(|(component, event, extra)| Event { component, event, extra })
                .collect();
        let event = NotifyEvent { epoch, uptime_ms, source: source.clone(), events };
        message_round_trips(FromBoard::Event(event))?;
        let status = NotifyStatus { epoch, prev, seq, uptime_ms, source, components };
        message_round_trips(FromBoard::Status(status))?;
    }

    #[test]
    fn responses_round_trip(id in option::of(id()), result in any_json(), error in error()) {
        message_round_trips(FromBoard::Response(Response { id: id.clone(), outcome: Ok(result) }))?;
        message_round_trips(FromBoard::Response(Response { id, outcome: Err(error) }))?;
    }

    #[test]
    fn an_unknown_notification_round_trips(name in "X[a-zA-Z.]{0,12}", params in any_json()) {
        message_round_trips(FromBoard::Other { method: name, params })?;
    }

    #[test]
    fn requests_round_trip(id in option::of(id()), method in any::<String>(), params in extra()) {
        let request = Request { id, method, params };
        prop_assert_eq!(Request::parse(&request.to_json()), Ok(request));
    }

    #[test]
    fn results_round_trip(
        epoch in epoch(), numbers in any::<[u64; 2]>(), client in option::of(any::<u32>()),
        components in states(),
        was_on in option::of(any::<bool>()), words in collection::vec(any::<String>(), 6),
        extra in extra(),
        list in collection::vec(descriptor(), 0..3), board in "[a-z0-9-]{1,63}",
    ) {
        let [seq, uptime_ms] = numbers;
        round_trips(&Snapshot { epoch, seq, uptime_ms, client, components })?;
        round_trips(&CommandResult { seq, was_on, extra: extra.clone() })?;
        round_trips(&Pong { uptime_ms })?;
        round_trips(&ComponentsPage { offset: 0, total: list.len(), components: list })?;
        let word = |place: usize| words[place].clone();
        round_trips(&DeviceInfo {
            id: board, name: word(1), mac: word(2), version: word(3), platform: word(4),
            board: word(5),
            proto: 1, features: words.clone(), epoch, uptime_ms,
            reset_reason: word(0).parse().ok(), extra,
        })?;
    }

    #[test]
    fn parameters_round_trip(
        id in any::<u16>(), on in option::of(any::<bool>()), brightness in option::of(any::<u8>()),
        rgb in option::of(any::<[u8; 3]>()), ct_k in option::of(any::<u16>()),
        text in option::of(any::<String>()),
        transition_ms in option::of(any::<u32>()), value in any::<i32>(),
        list in any::<(u32, Option<u32>)>(),
    ) {
        let word = text.clone().unwrap_or_default();
        round_trips(&method::Target { id })?;
        round_trips(&method::GetComponents {
            offset: list.0 as usize,
            limit: list.1.map(|limit| limit as usize),
        })?;
        round_trips(&method::SetName { name: word.clone() })?;
        round_trips(&method::SwitchSet { id, on: on.unwrap_or_default() })?;
        round_trips(&method::NumberSet { id, value: f64::from(value) / 8.0 })?;
        round_trips(&method::TextSet { id, value: word })?;
        round_trips(&method::ButtonPress { id, event: text.clone() })?;
        round_trips(&method::CoverSet { id, position: brightness.unwrap_or_default() })?;
        let light = method::LightSet {
            id, on, brightness, rgb, ct_k, white: brightness, effect: text.clone(), palette: text,
            transition_ms,
        };
        round_trips(&light)?;
        let request = Request::new(1, method::LIGHT_SET, &light);
        prop_assert_eq!(request.decode::<method::LightSet>(), Ok(light));
    }

    #[test]
    fn every_chunk_of_an_update_round_trips_and_fits_into_a_message(
        size in any::<u32>(), sha256 in any::<[u8; 32]>(), words in any::<[Option<String>; 2]>(),
        offset in any::<u32>(), bytes in collection::vec(any::<u8>(), 0..=limits::UPDATE_CHUNK),
        id in "[a-z]{62}",
    ) {
        let [version, signature] = words;
        let sha256 = ota::Digest(sha256);
        prop_assert_eq!(sha256.to_string().to_uppercase().parse(), Ok(sha256));
        round_trips(&ota::Begin { size, sha256, version, signature, image_sha256: Some(sha256) })?;
        round_trips(&ota::Begun { chunk: bytes.len(), offset })?;
        round_trips(&ota::Written { offset })?;
        let write = ota::Write::new(offset, &bytes);
        round_trips(&write)?;
        prop_assert_eq!(ota::from_base64(&write.data), Ok(bytes));
        let request = Request {
            id: Some(Id::Text(id)),
            ..Request::new(0, method::OTA_WRITE, &write)
        };
        prop_assert!(request.to_json().len() <= limits::MESSAGE_INTO_BOARD);
    }

    #[test]
    fn keys_sources_epochs_and_codes_round_trip(
        key in key(), source in source(), epoch in epoch(), code in any::<i32>(),
    ) {
        prop_assert_eq!(key.to_string().parse(), Ok(key.clone()));
        prop_assert_eq!(source.to_string().parse(), Ok(source.clone()));
        prop_assert_eq!(i32::from(Code::from(code)), code);
        round_trips(&key)?;
        round_trips(&source)?;
        round_trips(&epoch)?;
        round_trips(&Code::from(code))?;
    }

    #[test]
    fn announcements_round_trip(
        id in "[a-z0-9-]{1,63}", words in collection::vec(any::<String>(), 6),
        proto in any::<u32>(),
        api_encryption in option::of(any::<String>()),
    ) {
        let word = |place: usize| words[place].clone();
        let announcement = Announcement {
            id, mac: word(0), friendly_name: word(1), version: word(2), platform: word(3),
            board: word(4), proto,
            path: word(5), api_encryption,
        };
        let pairs = announcement.to_txt();
        let read = Announcement::from_txt(pairs.iter().map(|(key, value)| (*key, value.as_str())));
        prop_assert_eq!(read, Ok(announcement));
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in collection::vec(any::<u8>(), 0..512)) {
        let text = String::from_utf8_lossy(&bytes);
        let _ = Request::parse(&text);
        let _ = FromBoard::parse(&text);
    }

    #[test]
    fn arbitrary_text_never_panics(
        text in any::<String>(),
        pairs in collection::vec(any::<(String, String)>(), 0..8),
    ) {
        let _ = Request::parse(&text);
        let _ = FromBoard::parse(&text);
        let _ = text.parse::<ComponentKey>();
        let _ = text.parse::<Source>();
        let _ = serde_json::from_value::<Epoch>(json!(text));
        let pairs = pairs.iter().map(|(key, value)| (key.as_str(), value.as_str()));
        let _ = Announcement::from_txt(pairs);
    }

    #[test]
    fn text_made_of_json_never_panics(text in "[\\[\\]{}\",:\\\\u0-9a-fnrlst.eE+ -]{0,200}") {
        let _ = Request::parse(&text);
        let _ = FromBoard::parse(&text);
    }

    #[test]
    fn arbitrary_json_where_a_message_is_expected_never_panics(
        value in any_json(),
        method in prop_oneof![Just("NotifyStatus"), Just("NotifyEvent"), Just("Light.Set")],
    ) {
        for text in [
            value.to_string(),
            json!({ "jsonrpc": "2.0", "id": value, "method": method, "params": value }).to_string(),
            json!({ "jsonrpc": "2.0", "id": 1, "result": value }).to_string(),
            json!({ "jsonrpc": "2.0", "id": 1, "error": value }).to_string(),
        ] {
            let _ = FromBoard::parse(&text);
            if let Ok(request) = Request::parse(&text) {
                let _ = request.decode::<method::LightSet>();
                let _ = request.decode::<method::GetComponents>();
                let _ = request.decode::<method::NumberSet>();
            }
        }
        let state: State = serde_json::from_value(json!({
            "on": value, "brightness": value, "rgb": [value, 1, 2], "ct_k": value, "effect": value,
            "value": value,
            "min": value, "max": value, "step": value, "options": value,
        }))?;
        let _ = (state.on(), state.brightness(), state.rgb(), state.ct_k(), state.effect(),
            state.number());
        let _ = (state.text(), state.range(), state.options().count());
        let _ = (state.in_progress(), state.update_percentage(), state.installed_version(),
            state.last_error());
    }

    #[test]
    fn nesting_is_accepted_up_to_the_limit(depth in 1_usize..200) {
        // The request itself and its params are the first two levels.
        let text = format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"Sys.Ping","params":{{"deep":{}{}}}}}"#,
            "[".repeat(depth), "]".repeat(depth),
        );
        match Request::parse(&text) {
            Ok(_) => prop_assert!(depth + 2 <= limits::NESTING),
            Err(rejected) => {
                prop_assert!(depth + 2 > limits::NESTING);
                prop_assert_eq!(rejected.error.code, Code::ParseError);
                prop_assert_eq!(rejected.error.data.reason, "nested_too_deeply");
            }
        }
    }

    #[test]
    fn brackets_in_a_text_do_not_count_as_nesting(text in "[\\[{\"\\\\]{0,60}") {
        let request = Request::new(1, method::DEVICE_SET_NAME, &method::SetName { name: text });
        prop_assert_eq!(Request::parse(&request.to_json()), Ok(request));
    }
}
