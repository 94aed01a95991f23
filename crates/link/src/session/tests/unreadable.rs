//! Boards that send unreadable values: only those are lost.

use super::*;

fn reported(bench: &Bench) -> Vec<String> {
    let reported = bench.reports.iter().filter_map(|report| match report {
        Report::Unreadable(value) => {
            let component = value
                .component
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default();
            Some(format!("{component} {} {}", value.field, value.found))
        }
        _ => None,
    });
    reported.collect()
}

fn sends(bench: &mut Bench, message: &Value, before: &str, instead: &str) {
    let text = message.to_string();
    assert!(text.contains(before), "{text}");
    bench.input(Input::Socket(
        bench.attempt,
        SocketEvent::Text(text.replace(before, instead)),
    ));
}

#[test]
fn a_board_with_a_nan_is_connected_and_the_component_is_reported() {
    let mut bench = Bench::new();
    bench.input(Input::Connect);
    bench.input(opened(1));
    bench.answer(method::DEVICE_GET_INFO, info(1, EPOCH));
    let components = json!([{ "key": "sensor:0", "kind": "sensor", "name": "T" }]);
    bench.answer(
        method::DEVICE_GET_COMPONENTS,
        json!({ "offset": 0, "total": 1, "components": components }),
    );
    let id = bench.take(method::DEVICE_SUBSCRIBE).id;
    let mut snapshot = snapshot(EPOCH, 10);
    snapshot["sensor:0"] = json!({ "value": "HERE" });
    sends(
        &mut bench,
        &json!({ "jsonrpc": "2.0", "id": id, "result": snapshot }),
        r#""HERE""#,
        "nan",
    );
    assert_eq!(bench.link(), LinkState::Connected);
    assert_eq!(reported(&bench), ["sensor:0 value nan"]);
    let states = bench.reports.iter().find_map(|report| match report {
        Report::Snapshot { components, .. } => Some(components.clone()),
        _ => None,
    });
    let states = states.unwrap();
    assert_eq!(
        states[&"sensor:0".parse().unwrap()],
        State::new().with("value", Value::Null)
    );
    assert_eq!(
        states[&"light:0".parse().unwrap()],
        State::new().with("on", false)
    );
}

#[test]
fn an_unreadable_value_in_a_push_is_not_a_gap_and_is_reported_once() {
    let mut bench = Bench::connected();
    for seq in 11..15 {
        sends(
            &mut bench,
            &status(EPOCH, seq - 1, seq, json!({ "brightness": "HERE" })),
            r#""HERE""#,
            "1e999",
        );
    }
    assert_eq!((bench.changes(), bench.resyncs().len()), (4, 0));
    assert_eq!(reported(&bench), ["light:0 brightness 1e999"]);
}

#[test]
fn an_unreadable_descriptor_does_not_affect_other_components() {
    let mut bench = Bench::new();
    bench.input(Input::Connect);
    bench.input(opened(1));
    bench.answer(method::DEVICE_GET_INFO, info(1, EPOCH));
    let components = json!([
        { "key": "light:0", "kind": "light", "name": "Lamp" },
        { "key": "sensor:0", "kind": "sensor", "name": "T", "accuracy_decimals": 999 },
        { "key": 5 },
    ]);
    bench.answer(
        method::DEVICE_GET_COMPONENTS,
        json!({ "offset": 0, "total": 4, "components": components }),
    );
    let next = bench.take(method::DEVICE_GET_COMPONENTS);
    assert_eq!(next.params["offset"], 3);
    let fan = json!({ "key": "switch:0", "kind": "switch", "name": "Fan" });
    let page = json!({ "offset": 3, "total": 4, "components": [fan] });
    bench.message(&json!({ "jsonrpc": "2.0", "id": next.id, "result": page }));
    let listed = bench.reports.iter().find_map(|report| match report {
        Report::Components(components) => Some(components.clone()),
        _ => None,
    });
    let listed: Vec<_> = listed
        .unwrap()
        .into_iter()
        .map(|component| (component.key.to_string(), component.name))
        .collect();
    let expected = [("light:0", "Lamp"), ("sensor:0", "T"), ("switch:0", "Fan")];
    assert_eq!(
        listed,
        expected.map(|(key, name)| (key.to_owned(), name.to_owned()))
    );
    let reported = reported(&bench);
    assert!(
        reported[0].starts_with("sensor:0 description ") && reported[1].starts_with(" components "),
        "{reported:?}"
    );
}

#[test]
fn a_peer_that_sends_no_object_is_not_a_board() {
    let mut bench = Bench::new();
    bench.input(Input::Connect);
    bench.input(opened(1));
    bench.input(Input::Socket(1, SocketEvent::Text("nan".into())));
    assert!(matches!(bench.problem(), LinkProblem::NotABoard(_)));
}
