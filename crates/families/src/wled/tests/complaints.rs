//! What people complained about in other programs, number by number: issues of
//! WLED, Home Assistant and python-wled.

use super::*;

#[test]
fn home_assistant_161183_no_http_request_goes_out_while_the_websocket_is_up() {
    let mut bench = Bench::new();
    let mut fetches = bench.receive(&report(&[segment(0)])).fetches;
    for (path, body) in LISTS {
        assert_eq!(
            fetches,
            [path],
            "names are read once, one list after the other"
        );
        fetches = bench.fetched(path, Ok(body)).fetches;
    }
    assert_eq!(fetches, [""; 0]);
    for second in 0..600 {
        let mut push = report(&[segment(0)]);
        push["state"]["bri"] = json!(second % 256);
        push["info"]["uptime"] = json!(80_000 + second);
        let pushed = bench.receive(&push).fetches;
        let passed = bench.pass(Duration::from_secs(1)).fetches;
        let pinged = bench.request(method::SYS_PING, json!({})).fetches;
        bench.text("pong");
        assert_eq!([pushed, passed, pinged].concat(), [""; 0]);
    }
}

#[test]
fn wled_4546_a_busy_board_is_asked_again_and_never_lost() {
    let mut bench = Bench::ready(&report(&[segment(0)]));
    let sent = bench.command(method::LIGHT_SET, json!({ "id": 0, "brightness": 20 }));
    let command = bench.requests;
    let mut waits = Vec::new();
    for _ in 0..4 {
        let busy = bench.text(r#"{"error":3}"#);
        assert_eq!((busy.sent.len(), busy.end), (0, None));
        // The `ping` that followed says nothing about a message that failed.
        assert!(!bench.text("pong").is_confirmed(command));
        let due = bench.wled.next_deadline().expect("it is sent again");
        waits.push(due - bench.now);
        let again = bench.pass(due - bench.now);
        assert_eq!(again.sent, std::slice::from_ref(&sent), "the same message");
    }
    assert_eq!(waits, [50, 100, 200, 400].map(Duration::from_millis));
    bench.text("pong");
    let mut push = report(&[segment(0)]);
    push["state"]["bri"] = json!(51);
    assert!(bench.receive(&push).is_confirmed(command));
}

#[test]
fn home_assistant_109396_a_board_that_stays_busy_refuses_before_the_command_is_unconfirmed() {
    let mut bench = Bench::ready(&report(&[segment(0)]));
    bench.command(method::LIGHT_SET, json!({ "id": 0, "on": false }));
    let (command, given) = (bench.requests, bench.now);
    let mut sent = 1;
    let refused = loop {
        let done = bench.text(r#"{"error":3}"#);
        assert_eq!(done.end, None);
        if done.outcome(command).is_some() {
            break done;
        }
        bench.text("pong");
        let due = bench.wled.next_deadline().expect("it is sent again");
        sent += bench.pass(due - bench.now).sent.len();
    };
    assert_eq!(refused.reason(command), Some("busy"));
    assert_eq!(sent, 7);
    assert!(bench.now - given < protocol::limits::COMMAND_TIMEOUT);
    // The next command has its own tries.
    bench.command(method::LIGHT_SET, json!({ "id": 0, "on": false }));
}

#[test]
fn home_assistant_109396_a_busy_web_server_costs_names_and_not_the_board() {
    let mut bench = Bench::new();
    bench.receive(&report(&[segment(0)]));
    assert_eq!(
        bench.fetched("/json/eff", Ok(r#"{"error":3}"#)).fetches,
        ["/json/pal"]
    );
    assert_eq!(
        bench.fetched("/json/pal", Err("HTTP 503")).fetches,
        ["/presets.json"]
    );
    bench.fetched("/presets.json", Ok(PRESETS));
    bench.request(method::DEVICE_SUBSCRIBE, json!({}));
    assert_eq!(bench.field("light:0", "effect"), json!("0"));
    let again = bench.pass(Duration::from_millis(1_000));
    assert_eq!(again.fetches, ["/json/eff"]);
    let read = bench.fetched("/json/eff", Ok(EFFECTS));
    assert_eq!(read.fetches, ["/json/pal"]);
    // The last try fails too; there is no other one.
    bench.fetched("/json/pal", Err("HTTP 503"));
    assert_eq!(bench.field("light:0", "effect"), json!("Solid"));
    assert_eq!(bench.pass(Duration::from_secs(2)).fetches, ["/json/pal"]);
    bench.fetched("/json/pal", Err("HTTP 503"));
    assert_eq!(bench.pass(Duration::from_secs(600)).fetches, [""; 0]);
    assert_eq!(bench.field("light:0", "palette"), json!("0"));
}

#[test]
fn a_push_that_a_busy_board_could_not_send_is_read() {
    let mut bench = Bench::ready(&report(&[segment(0)]));
    let lost = bench.text(r#"{"error":3}"#);
    assert_eq!(lost.sent, [json!(null); 0]);
    let read = bench.pass(Duration::from_millis(100));
    assert_eq!(read.sent, [json!({ "v": true })]);
    // Busy still: with growing waits, for as long as it takes.
    for _ in 0..30 {
        bench.text(r#"{"error":3}"#);
        bench.text("pong");
        bench.pass(Duration::from_secs(7));
    }
    let mut push = report(&[segment(0)]);
    push["state"]["on"] = json!(false);
    let found = bench.receive(&push);
    assert_eq!(found.pushes().len(), 1);
    assert_eq!(bench.pass(Duration::from_secs(60)).sent, [json!(null); 0]);
}

#[test]
fn home_assistant_32139_a_segment_that_was_deleted_takes_its_components_along() {
    let mut bench = Bench::ready(&report(&[segment(0), segment(1), segment(2)]));
    let before = bench.keys();
    assert!(before.contains(&"light:1".to_owned()) && before.contains(&"number:16".to_owned()));
    let done = bench.receive(&report(&[segment(0), segment(2)]));
    assert_eq!(done.end, None);
    let [push] = done.pushes()[..] else {
        unreachable!("one push")
    };
    assert_eq!(
        push.prev, 0,
        "another epoch makes the session read the board again"
    );
    let mut expected = before.clone();
    expected.retain(|key| !["light:1", "number:16", "number:17"].contains(&key.as_str()));
    assert_eq!(bench.keys(), expected, "the others keep their numbers");
    let refused = bench.request(method::LIGHT_SET, json!({ "id": 1, "on": true }));
    assert_eq!(refused.reason(bench.requests), Some("not_found"));
}

#[test]
fn python_wled_1275_missing_palettes_and_unknown_numbers_are_shown_as_numbers() {
    for body in ["null", "{}", "[]", "[null]", r#"{"palettes":null}"#, ""] {
        let mut bench = Bench::new();
        let mut strip = segment(0);
        strip["pal"] = json!(255);
        strip["fx"] = json!(200);
        bench.receive(&report(std::slice::from_ref(&strip)));
        bench.fetched("/json/eff", Ok(EFFECTS));
        bench.fetched("/json/pal", Ok(body));
        bench.fetched("/presets.json", Ok("null"));
        bench.request(method::DEVICE_SUBSCRIBE, json!({}));
        assert_eq!(bench.field("light:0", "palette"), json!("255"), "{body}");
        assert_eq!(bench.field("light:0", "effect"), json!("200"));
        // A custom palette can be chosen by its number.
        let sent = bench.command(method::LIGHT_SET, json!({ "id": 0, "palette": "254" }));
        assert_eq!(sent, json!({ "seg": [{ "id": 0, "pal": 254 }] }));
    }
}

#[test]
fn home_assistant_95915_a_message_that_is_not_json_is_counted_and_skipped() {
    let mut bench = Bench::ready(&report(&[segment(0)]));
    for (at, text) in [
        "",
        "hello",
        "{",
        "{\"state\":",
        "nan",
        "{\"a\":1}",
        "[]",
        "7",
        "\u{0}",
    ]
    .into_iter()
    .enumerate()
    {
        let done = bench.text(text);
        assert_eq!(
            (done.end, done.messages.len(), done.sent.len()),
            (None, 0, 0)
        );
        assert_eq!(done.decoded.len(), 1);
        assert_eq!(bench.wled.unreadable, at as u64 + 1);
    }
    let mut push = report(&[segment(0)]);
    push["state"]["on"] = json!(false);
    assert_eq!(bench.receive(&push).pushes().len(), 1, "the link stays");
}

#[test]
fn home_assistant_36440_with_the_whole_strip_off_every_segment_is_dark() {
    let mut dark = report(&[segment(0), segment(1)]);
    dark["state"]["on"] = json!(false);
    let mut bench = Bench::ready(&dark);
    for light in ["light:0", "light:1", "light:1000"] {
        assert_eq!(bench.field(light, "on"), json!(false), "{light}");
    }
    assert_eq!(bench.field("light:0", "effective_brightness"), json!(0));
    bench.receive(&report(&[segment(0), segment(1)]));
    for light in ["light:0", "light:1", "light:1000"] {
        assert_eq!(bench.field(light, "on"), json!(true), "{light}");
    }
    assert_eq!(bench.field("light:0", "brightness"), json!(100));
    assert_eq!(bench.field("light:0", "effective_brightness"), json!(50));
    assert_eq!(bench.field("light:1000", "brightness"), json!(50));
}
