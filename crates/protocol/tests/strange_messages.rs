//! Valid but unusual JSON: what is accepted, and with which reasons the rest is
//! refused.
#![expect(clippy::panic, reason = "a test that fails panics")]

use serde_json::{Value, json};
use switchboard_protocol::{
    BoardMessageError, Code, ComponentKey, Epoch, FromBoard, Id, Kind, Rejected, Request, RpcError,
    Source, State, limits,
    mdns::{Announcement, TxtError},
    method::{LightSet, NumberSet, SwitchSet, TextSet},
};

/// A request with these fields in addition to `jsonrpc`.
fn request(fields: &str) -> Result<Request, Rejected> {
    Request::parse(&format!(r#"{{"jsonrpc":"2.0",{fields}}}"#))
}

/// The code, reason and id with which a message is refused.
fn refusal(text: &str) -> Option<(Code, String, Option<Id>)> {
    Request::parse(text)
        .err()
        .map(|rejected| (rejected.error.code, rejected.error.data.reason, rejected.id))
}

fn light(params: &str) -> Option<Result<LightSet, RpcError>> {
    request(&format!(r#""id":1,"method":"Light.Set","params":{params}"#))
        .ok()
        .map(|request| request.decode())
}

#[test]
fn a_whole_number_may_be_written_with_a_fraction_or_an_exponent() {
    let expected = LightSet {
        id: 0,
        brightness: Some(60),
        rgb: Some([255, 0, 10]),
        ..LightSet::default()
    };
    for text in [
        r#"{"id":0,"brightness":60,"rgb":[255,0,10]}"#,
        r#"{"id":0.0,"brightness":60.0,"rgb":[255.0,-0.0,1e1]}"#,
        r#"{"id":-0,"brightness":6e1,"rgb":[2.55e2,0,10]}"#,
    ] {
        assert_eq!(light(text), Some(Ok(expected.clone())), "{text}");
    }
}

#[test]
fn a_fraction_or_an_oversized_number_is_refused_naming_the_method() {
    for text in [
        r#"{"id":0,"brightness":60.5}"#,
        r#"{"id":0,"brightness":-1}"#,
        r#"{"id":0,"brightness":256}"#,
        r#"{"id":65536}"#,
        r#"{"id":1e30}"#,
        r#"{"id":0,"brightness":"60"}"#,
        r#"{"id":0,"rgb":[1,2]}"#,
        r#"{"id":0,"rgb":[1,2,3,4]}"#,
        r#"{"brightness":60}"#,
    ] {
        let Some(Err(error)) = light(text) else {
            panic!("{text} was read")
        };
        assert_eq!(
            (error.code, error.data.reason.as_str()),
            (Code::InvalidParams, "bad_params"),
            "{text}"
        );
        assert!(
            error.message.starts_with("Light.Set: "),
            "{}",
            error.message
        );
    }
}

#[test]
fn a_float_may_be_written_without_a_fraction() {
    let read = request(r#""id":1,"method":"Number.Set","params":{"id":0,"value":21}"#)
        .map(|request| request.decode());
    assert_eq!(read, Ok(Ok(NumberSet { id: 0, value: 21.0 })));
}

#[test]
fn a_response_may_have_null_in_the_unused_field() {
    let answer = |fields: &str| match FromBoard::parse(&format!(r#"{{"jsonrpc":"2.0",{fields}}}"#))
    {
        Ok(FromBoard::Response(response)) => {
            Some((response.id, response.outcome.map_err(|error| error.code)))
        }
        _ => None,
    };
    let (id, done) = (Some(Id::Number(7)), Ok(json!({ "seq": 1 })));
    let refused = Err(Code::InvalidParams);
    let error = r#""error":{"code":-32602,"message":"m","data":{"reason":"r"}}"#;
    for (fields, expected) in [
        (
            r#""id":7,"result":{"seq":1},"error":null"#.to_owned(),
            Some((id.clone(), done.clone())),
        ),
        (
            r#""error":null,"id":7,"method":null,"params":null,"result":{"seq":1}"#.to_owned(),
            Some((id.clone(), done.clone())),
        ),
        (
            format!(r#""id":7,"result":null,{error}"#),
            Some((id.clone(), refused)),
        ),
        (
            r#""id":7,"result":null"#.to_owned(),
            Some((id.clone(), Ok(Value::Null))),
        ),
        (
            r#""id":7,"result":null,"error":null"#.to_owned(),
            Some((id.clone(), Ok(Value::Null))),
        ),
        // Numbers as doubles.
        (
            r#""id":7.0,"result":{"seq":1}"#.to_owned(),
            Some((id.clone(), done.clone())),
        ),
        (
            r#""id":7e0,"result":{"seq":1}"#.to_owned(),
            Some((id, done)),
        ),
        (format!(r#""id":7,"result":{{}},{error}"#), None),
        (r#""id":7,"error":null"#.to_owned(), None),
        (r#""id":7"#.to_owned(), None),
    ] {
        assert_eq!(answer(&fields), expected, "{fields}");
    }
}

#[test]
fn a_message_may_begin_with_a_byte_order_mark() {
    let read = FromBoard::parse("\u{feff}{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}\r\n");
    assert!(matches!(read, Ok(FromBoard::Response(_))), "{read:?}");
}

#[test]
fn a_null_parameter_counts_as_absent() {
    assert_eq!(
        light(r#"{"id":0,"on":null,"effect":null}"#),
        Some(Ok(LightSet::default()))
    );
}

#[test]
fn the_last_of_a_repeated_field_counts() {
    let read =
        request(r#""id":1,"id":2,"method":"Switch.Set","params":{"id":0,"on":true,"on":false}"#);
    let Ok(request) = read else {
        panic!("{read:?}")
    };
    assert_eq!(request.id, Some(Id::Number(2)));
    assert_eq!(request.decode(), Ok(SwitchSet { id: 0, on: false }));
}

#[test]
fn an_id_is_a_whole_number_or_a_text() {
    let id =
        |id: &str| request(&format!(r#""id":{id},"method":"Sys.Ping""#)).map(|request| request.id);
    assert_eq!(id("-9223372036854775808"), Ok(Some(Id::Number(i64::MIN))));
    assert_eq!(id("9223372036854775807"), Ok(Some(Id::Number(i64::MAX))));
    assert_eq!(id(r#""""#), Ok(Some(Id::Text(String::new()))));
    for wrong in [
        "null",
        "1.5",
        "1.0",
        "9223372036854775808",
        "true",
        "[1]",
        "{}",
    ] {
        let Err(rejected) = id(wrong) else {
            panic!("{wrong} was read")
        };
        assert_eq!(
            (rejected.error.code, rejected.error.data.reason.as_str()),
            (Code::InvalidRequest, "bad_id")
        );
        assert_eq!(
            rejected.id, None,
            "unreadable messages are answered with null (JSON-RPC 2.0, section 5)"
        );
    }
}

#[test]
fn a_message_that_is_not_a_request_is_refused_with_a_reason() {
    let seven = Some(Id::Number(7));
    for (text, code, reason, id) in [
        ("", Code::ParseError, "not_json", None),
        ("{", Code::ParseError, "not_json", None),
        ("{} {}", Code::ParseError, "not_json", None),
        (r#"{"n":1e999}"#, Code::ParseError, "not_json", None),
        (r#""\ud800""#, Code::ParseError, "not_json", None),
        ("[]", Code::InvalidRequest, "batch", None),
        (
            r#"[{"jsonrpc":"2.0","method":"Sys.Ping"}]"#,
            Code::InvalidRequest,
            "batch",
            None,
        ),
        ("7", Code::InvalidRequest, "not_an_object", None),
        ("null", Code::InvalidRequest, "not_an_object", None),
        (
            r#"{"id":7,"method":"Sys.Ping"}"#,
            Code::InvalidRequest,
            "not_json_rpc",
            seven.clone(),
        ),
        (
            r#"{"jsonrpc":2.0,"id":7,"method":"Sys.Ping"}"#,
            Code::InvalidRequest,
            "not_json_rpc",
            seven.clone(),
        ),
        (
            r#"{"jsonrpc":"2.0","id":7}"#,
            Code::InvalidRequest,
            "no_method",
            seven.clone(),
        ),
        (
            r#"{"jsonrpc":"2.0","id":7,"method":1}"#,
            Code::InvalidRequest,
            "no_method",
            seven.clone(),
        ),
        (
            r#"{"jsonrpc":"2.0","id":7,"method":"Sys.Ping","params":[1]}"#,
            Code::InvalidParams,
            "params_not_by_name",
            seven.clone(),
        ),
        (
            r#"{"jsonrpc":"2.0","id":7,"method":"Sys.Ping","params":null}"#,
            Code::InvalidParams,
            "params_not_by_name",
            seven.clone(),
        ),
    ] {
        assert_eq!(refusal(text), Some((code, reason.to_owned(), id)), "{text}");
    }
}

#[test]
fn deep_nesting_is_refused_before_it_uses_stack() {
    let text = "[".repeat(1_000_000);
    assert_eq!(
        refusal(&text),
        Some((Code::ParseError, "nested_too_deeply".to_owned(), None))
    );
    assert!(matches!(
        FromBoard::parse(&text),
        Err(BoardMessageError::NotJson(_))
    ));
}

#[test]
fn a_response_to_the_worst_request_fits_into_a_message() {
    // Quoted in an error, a zero-width space takes nine bytes instead of three,
    // a control character six instead of two.
    for awkward in ["\u{200b}", "\"", "\\", "\u{1}", "é"] {
        let mut name = String::new();
        let request = |name: &str| Request {
            id: Some(Id::Text("i".into())),
            method: "Switch.Set".into(),
            params: State::new().with("on", name).with("id", 0).0.into(),
        };
        while request(&name).to_json().len() + 12 <= limits::MESSAGE_INTO_BOARD {
            name.push_str(awkward);
        }
        let Err(error) = request(&name).decode::<SwitchSet>() else {
            panic!("a text was read as on")
        };
        assert!(error.message.len() <= limits::ERROR_MESSAGE);
        let answer = switchboard_protocol::Response {
            id: Some(Id::Text(name)),
            outcome: Err(error),
        };
        assert!(
            answer.to_json().len() <= limits::MESSAGE_OUT_OF_BOARD,
            "{awkward:?}"
        );
    }
}

#[test]
fn an_error_is_truncated_between_characters() {
    let error = RpcError::new(Code::InternalError, "x", "€".repeat(limits::ERROR_MESSAGE));
    assert!(error.message.len() <= limits::ERROR_MESSAGE);
    assert!(error.message.ends_with("€…"));
    let whole = "x".repeat(limits::ERROR_MESSAGE);
    assert_eq!(
        RpcError::new(Code::InternalError, "x", whole.clone()).message,
        whole
    );
}

#[test]
fn the_data_of_a_foreign_error_may_be_anything() {
    for data in ["null", "\"text\"", "7", "[1]", r#"{"reason":5}"#] {
        let text = format!(
            r#"{{"jsonrpc":"2.0","id":1,"error":{{"code":-1,"message":"m","data":{data}}}}}"#
        );
        let Ok(FromBoard::Response(response)) = FromBoard::parse(&text) else {
            panic!("{text}")
        };
        let expected = RpcError::new(Code::Other(-1), "", "m");
        assert_eq!(
            (response.id, response.outcome),
            (Some(Id::Number(1)), Err(expected))
        );
    }
}

#[test]
fn an_invalid_message_from_a_board_is_an_error_with_a_reason() {
    for text in [
        "[]",
        "{}",
        r#"{"id":1}"#,
        r#"{"id":1,"result":1,"error":{"code":1,"message":""}}"#,
        r#"{"id":1,"error":"no"}"#,
        r#"{"method":7}"#,
    ] {
        assert!(
            matches!(
                FromBoard::parse(text),
                Err(BoardMessageError::NotAMessage(_))
            ),
            "{text}"
        );
    }
    for text in [
        r#"{"method":"NotifyStatus"}"#,
        r#"{"method":"NotifyStatus","params":{"epoch":"1","prev":0,"seq":1,"uptime_ms":0}}"#,
        r#"{"method":"NotifyStatus","params":{"epoch":"00000001","prev":-1,"seq":1,"uptime_ms":0}}"#,
        r#"{"method":"NotifyEvent","params":{"epoch":"00000001","uptime_ms":0,"events":[{"component":"x","event":"y"}]}}"#,
    ] {
        assert!(
            matches!(
                FromBoard::parse(text),
                Err(BoardMessageError::BadNotification { .. })
            ),
            "{text}"
        );
    }
}

#[test]
fn fields_of_a_push_that_are_not_components_are_ignored() {
    let text = r#"{"jsonrpc":"2.0","method":"NotifyStatus","params":{"epoch":"00000001","prev":0,"seq":1,"uptime_ms":0,
        "source":null,"weather":{"on":true},"light:0":null,"light:01":{"on":true},"light:99999":{},"switch:0":{"on":true}}}"#;
    let Ok(FromBoard::Status(status)) = FromBoard::parse(text) else {
        panic!("not read")
    };
    assert_eq!(status.source, None);
    let components: Vec<_> = status.components.into_iter().collect();
    assert_eq!(
        components,
        [(
            ComponentKey::new(Kind::Switch, 0),
            State::new().with("on", true)
        )]
    );
}

#[test]
fn a_component_has_one_key() {
    for wrong in [
        "",
        ":",
        "light",
        "light:",
        ":0",
        "light:00",
        "light:-1",
        "light:+1",
        "light:65536",
        "light:0:0",
        "light: 0",
    ] {
        assert!(wrong.parse::<ComponentKey>().is_err(), "{wrong}");
    }
    assert_eq!(
        "fan:65535".parse(),
        Ok(ComponentKey::new(Kind::Unknown("fan".into()), 65535))
    );
}

#[test]
fn an_epoch_has_eight_hexadecimal_digits() {
    let epoch = |text: &str| serde_json::from_value::<Epoch>(json!(text)).ok();
    assert_eq!(epoch("00ABcdef"), Some(Epoch(0x00ab_cdef)));
    for wrong in [
        "",
        "1",
        "+0000001",
        "0x000001",
        "123456789",
        "0000000g",
        "éééé",
    ] {
        assert_eq!(epoch(wrong), None, "{wrong}");
    }
}

#[test]
fn an_unknown_source_is_kept_by_name() {
    for unknown in [
        "",
        "client:",
        "client:-1",
        "client:+1",
        "client:4294967296",
        "Physical",
        "rule:7",
    ] {
        let Ok(source) = unknown.parse::<Source>();
        assert_eq!(source, Source::Unknown(unknown.to_owned()));
    }
}

#[test]
fn a_state_is_never_misread() {
    let state = |field: &str, value: Value| State::new().with(field, value);
    assert_eq!(state("brightness", json!(60.0)).brightness(), Some(60));
    for wrong in [
        json!(101),
        json!(-1),
        json!(60.5),
        json!("60"),
        json!(null),
        json!(1e300),
    ] {
        assert_eq!(state("brightness", wrong).brightness(), None);
    }
    assert_eq!(state("rgb", json!([0, 255, 1e1])).rgb(), Some([0, 255, 10]));
    for wrong in [
        json!([0, 255]),
        json!([0, 255, 256]),
        json!([0, 0, 0, 0]),
        json!([null, 0, 0]),
    ] {
        assert_eq!(state("rgb", wrong).rgb(), None);
    }
    assert_eq!(state("value", json!(7)).number(), Some(7.0));
    assert_eq!(state("value", json!("7")).number(), None);
    assert_eq!(state("value", json!(7)).text(), None);
    assert_eq!(
        state("options", json!(["a", 1, "b"]))
            .options()
            .collect::<Vec<_>>(),
        ["a", "b"]
    );
    assert_eq!(state("min", json!(1)).range(), None);
}

#[test]
fn a_change_replaces_its_fields_and_keeps_the_rest() {
    let mut state = State::new().with("on", true).with("brightness", 60);
    state.merge(&State::new().with("brightness", Value::Null).with("glow", 1));
    assert_eq!(
        state,
        State::new()
            .with("on", true)
            .with("brightness", Value::Null)
            .with("glow", 1)
    );
}

#[test]
fn txt_keys_are_case_insensitive_and_the_first_of_two_counts() {
    let read = Announcement::from_txt([
        ("ID", "lamp"),
        ("Proto", "1"),
        ("id", "other"),
        ("novel", "x"),
    ]);
    let Ok(announcement) = read else {
        panic!("{read:?}")
    };
    assert_eq!(
        (
            announcement.id.as_str(),
            announcement.friendly_name.as_str()
        ),
        ("lamp", "lamp")
    );
    assert_eq!(
        (announcement.proto, announcement.path.as_str()),
        (1, "/rpc")
    );
    assert_eq!(
        Announcement::from_txt([("proto", "1")]),
        Err(TxtError::Missing("id"))
    );
    assert_eq!(
        Announcement::from_txt([("id", ""), ("proto", "1")]),
        Err(TxtError::Missing("id"))
    );
    assert_eq!(
        Announcement::from_txt([("id", "lamp")]),
        Err(TxtError::Missing("proto"))
    );
    assert_eq!(
        Announcement::from_txt([("id", "lamp"), ("proto", "1.0")]),
        Err(TxtError::BadProto("1.0".into()))
    );
}

#[test]
fn a_parameter_of_a_newer_controller_is_ignored() {
    let read = request(r#""id":1,"method":"Text.Set","params":{"id":0,"value":"a","color":"red"}"#);
    assert_eq!(
        read.map(|request| request.decode()),
        Ok(Ok(TextSet {
            id: 0,
            value: "a".into()
        }))
    );
}
