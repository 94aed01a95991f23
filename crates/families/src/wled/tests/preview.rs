//! The live preview.

use super::*;

const FRAME: [u8; 8] = [b'L', 1, 255, 0, 0, 0, 0, 255];

fn frames(done: &Done) -> Vec<(&str, &Value)> {
    let frames = done.messages.iter().filter_map(|message| match message {
        FromBoard::Other { method, params } => Some((method.as_str(), params)),
        _ => None,
    });
    frames.collect()
}

#[test]
fn the_preview_is_passed_on_while_it_is_followed() {
    let mut bench = Bench::ready(&report(&[segment(0)]));
    assert_eq!(frames(&bench.binary(&FRAME)), []);
    let done = bench.request("Live.Follow", json!({ "on": true }));
    assert!(done.is_confirmed(bench.requests), "it is answered at once");
    assert_eq!(done.sent, [json!({ "lv": true })]);
    bench.text(r#"{"success":true}"#);
    bench.text("pong");
    let done = bench.binary(&FRAME);
    assert_eq!(
        frames(&done),
        [("NotifyLive", &json!({ "rgb": "ff00000000ff" }))]
    );
    let done = bench.binary(&[b'L', 2, 1, 2, 1, 2, 3, 4, 5, 6]);
    let matrix = json!({ "rgb": "010203040506", "width": 1, "height": 2 });
    assert_eq!(frames(&done), [("NotifyLive", &matrix)]);
    let done = bench.request("Live.Follow", json!({ "on": false }));
    assert_eq!(done.sent, [json!({ "lv": false })]);
    assert_eq!(frames(&bench.binary(&FRAME)), []);
}

#[test]
fn following_needs_to_be_told_what_to_do() {
    let mut bench = Bench::ready(&report(&[segment(0)]));
    for params in [json!({}), json!({ "on": 1 })] {
        let done = bench.request("Live.Follow", params);
        assert_eq!(done.reason(bench.requests), Some("bad_params"));
        assert_eq!(done.sent, [json!(null); 0]);
    }
}

#[test]
fn other_binary_messages_are_counted() {
    let mut bench = Bench::ready(&report(&[segment(0)]));
    for bytes in [
        &[][..],
        b"L",
        b"XYZ",
        &[b'L', 9, 1, 2, 3],
        &[b'L', 2, 255, 255, 0],
    ] {
        assert_eq!(bench.binary(bytes).decoded.len(), 1);
    }
    assert_eq!(bench.wled.unreadable, 5);
}
