//! Messages and answers in the order in which they are exchanged.

use super::{
    super::outbox::{Outbox, Purpose, Settled},
    *,
};

#[test]
fn a_board_that_sends_nothing_unasked_is_asked() {
    let mut bench = Bench::new();
    assert_eq!(
        bench.pass(Duration::from_millis(999)).sent,
        [json!(null); 0]
    );
    assert_eq!(
        bench.pass(Duration::from_millis(1)).sent,
        [json!({ "v": true })]
    );
    // Again if that gets no answer either, but not in a tight loop.
    let asked = bench.pass(Duration::from_secs(60)).sent.len();
    assert!((6..=20).contains(&asked), "{asked}");
    bench.receive(&report(&[segment(0)]));
    assert_eq!(bench.pass(Duration::from_secs(60)).sent, [json!(null); 0]);
}

#[test]
fn a_board_says_who_it_is_before_its_names_are_known() {
    let mut bench = Bench::new();
    bench.request(method::DEVICE_GET_INFO, json!({}));
    let done = bench.receive(&report(&[segment(0)]));
    let Some(Ok(info)) = done.outcome(bench.requests) else {
        unreachable!("it is answered")
    };
    assert_eq!(
        [
            &info["id"],
            &info["mac"],
            &info["name"],
            &info["version"],
            &info["platform"]
        ],
        [
            "wled-0200000a1b2c",
            "02:00:00:0a:1b:2c",
            "Shelf",
            "0.15.0",
            "wled"
        ]
    );
    assert_eq!(
        (&info["board"], &info["proto"]),
        (&json!("ESP32"), &json!(1))
    );
}

#[test]
fn a_board_is_described_when_its_names_are_known_or_after_a_second() {
    let mut bench = Bench::new();
    bench.request(method::DEVICE_GET_COMPONENTS, json!({}));
    let asked = bench.requests;
    assert_eq!(bench.receive(&report(&[segment(0)])).outcome(asked), None);
    assert_eq!(bench.fetched("/json/eff", Ok(EFFECTS)).outcome(asked), None);
    bench.fetched("/json/pal", Ok(PALETTES));
    let done = bench.fetched("/presets.json", Ok(PRESETS));
    assert!(done.is_confirmed(asked));

    let mut bench = Bench::new();
    bench.request(method::DEVICE_GET_COMPONENTS, json!({}));
    let asked = bench.requests;
    bench.receive(&report(&[segment(0)]));
    let early = bench.pass(Duration::from_millis(999));
    assert_eq!(early.outcome(asked), None);
    assert!(bench.pass(Duration::from_millis(1)).is_confirmed(asked));
}

#[test]
fn a_ping_is_answered_only_by_the_board() {
    let mut bench = Bench::ready(&report(&[segment(0)]));
    let done = bench.request(method::SYS_PING, json!({}));
    let first = bench.requests;
    assert_eq!((done.pings, done.messages.len()), (1, 0));
    // A push is a sign of life, but no answer.
    assert_eq!(bench.receive(&report(&[segment(0)])).outcome(first), None);
    let done = bench.text("pong");
    let Some(Ok(pong)) = done.outcome(first) else {
        unreachable!("it is answered")
    };
    assert_eq!(pong["uptime_ms"], json!(79_769_000));
    assert_eq!(bench.text("pong").messages, [], "nothing is open");
}

#[test]
fn the_pong_of_a_command_answers_no_ping() {
    let mut bench = Bench::ready(&report(&[segment(0)]));
    bench.command(method::LIGHT_SET, json!({ "id": 0, "on": false }));
    bench.request(method::SYS_PING, json!({}));
    let ping = bench.requests;
    assert_eq!(bench.text("pong").outcome(ping), None);
    assert!(bench.text("pong").is_confirmed(ping));
    // An answer that the board dropped does not shift the others for good.
    bench.request(method::SYS_PING, json!({}));
    bench.pass(Duration::from_secs(10));
    bench.request(method::SYS_PING, json!({}));
    let ping = bench.requests;
    assert!(bench.text("pong").is_confirmed(ping));
}

#[test]
fn one_message_at_a_time_is_on_its_way() {
    let mut bench = Bench::ready(&report(&[segment(0), segment(1)]));
    let first = bench.request(method::LIGHT_SET, json!({ "id": 0, "on": false }));
    assert_eq!((first.sent.len(), first.pings), (1, 1));
    let second = bench.request(method::LIGHT_SET, json!({ "id": 1, "on": false }));
    assert_eq!((second.sent.len(), second.pings), (0, 0));
    let taken = bench.text("pong");
    assert_eq!(taken.sent, [json!({ "seg": [{ "id": 1, "on": false }] })]);
}

#[test]
fn the_pong_of_an_earlier_try_does_not_count() {
    let mut bench = Bench::ready(&report(&[segment(0), segment(1)]));
    bench.command(method::LIGHT_SET, json!({ "id": 0, "on": false }));
    bench.request(method::LIGHT_SET, json!({ "id": 1, "on": false }));
    bench.text(r#"{"error":3}"#);
    assert_eq!(bench.pass(Duration::from_millis(50)).sent.len(), 1);
    // The first try's is late.
    assert_eq!(bench.text("pong").sent, [json!(null); 0]);
    assert_eq!(
        bench.text("pong").sent.len(),
        1,
        "now it is the next one's turn"
    );
}

#[test]
fn a_state_that_is_about_to_be_read_is_not_read_twice() {
    let now = Instant::now();
    let (mut outbox, mut out) = (Outbox::default(), Actions::default());
    for _ in 0..5 {
        assert!(outbox.push(now, "{}".to_owned(), Purpose::Read, &mut out));
    }
    let mut read = 0;
    while outbox.unchanged(now, &mut out) == Some(Settled::Unchanged(Purpose::Read)) {
        read += 1;
    }
    assert_eq!(read, 2, "one is on its way, and one waits");
}

#[test]
fn a_command_is_confirmed_by_a_push_with_its_value() {
    let mut bench = Bench::ready(&report(&[segment(0)]));
    bench.command(method::LIGHT_SET, json!({ "id": 0, "on": false }));
    let command = bench.requests;
    assert_eq!(bench.text("pong").outcome(command), None);
    // A push with another cause.
    assert_eq!(bench.receive(&report(&[segment(0)])).outcome(command), None);
    let mut push = report(&[segment(0)]);
    push["state"]["on"] = json!(false);
    let done = bench.receive(&push);
    assert!(done.is_confirmed(command));
    let [push] = done.pushes()[..] else {
        unreachable!("one push")
    };
    assert_eq!(push.source, Some(protocol::Source::Client(1)), "it is ours");
}

#[test]
fn a_command_that_was_given_up_claims_no_later_change() {
    let mut bench = Bench::ready(&report(&[segment(0)]));
    bench.command(method::LIGHT_SET, json!({ "id": 0, "on": false }));
    let command = bench.requests;
    bench.text("pong");
    for on in [true, true, false] {
        bench.request(method::SYS_PING, json!({}));
        bench.pass(Duration::from_secs(10));
        let mut push = report(&[segment(0)]);
        push["state"]["on"] = json!(on);
        let done = bench.receive(&push);
        assert_eq!(done.outcome(command), None);
        assert!(done.pushes().iter().all(|push| push.source.is_none()));
    }
    assert_eq!(bench.field("light:0", "on"), json!(false));
}

#[test]
fn a_command_that_changes_nothing_is_confirmed_without_a_push() {
    let mut bench = Bench::ready(&report(&[segment(0)]));
    bench.command(method::LIGHT_SET, json!({ "id": 0, "on": true }));
    let command = bench.requests;
    let done = bench.text(r#"{"success":true}"#);
    assert!(done.is_confirmed(command));
    assert_eq!(done.sent, [json!(null); 0]);
}

#[test]
fn what_changed_without_a_push_is_read() {
    let mut bench = Bench::ready(&report(&[segment(0)]));
    let sent = bench.command(method::SWITCH_SET, json!({ "id": 1, "on": true }));
    assert_eq!(sent, json!({ "udpn": { "send": true } }));
    let command = bench.requests;
    let done = bench.text(r#"{"success":true}"#);
    assert_eq!(done.sent, [json!({ "v": true })]);
    assert_eq!(done.outcome(command), None);
    let mut read = report(&[segment(0)]);
    read["state"]["udpn"]["send"] = json!(true);
    assert!(bench.receive(&read).is_confirmed(command));
}

#[test]
fn a_push_that_does_not_come_is_replaced_by_reading() {
    let mut bench = Bench::ready(&report(&[segment(0)]));
    bench.command(method::LIGHT_SET, json!({ "id": 0, "on": false }));
    bench.text("pong");
    assert_eq!(
        bench.pass(Duration::from_millis(1_499)).sent,
        [json!(null); 0]
    );
    assert_eq!(
        bench.pass(Duration::from_millis(1)).sent,
        [json!({ "v": true })]
    );
}

#[test]
fn a_board_that_never_answers_leaves_the_command_open_and_gets_it_once() {
    let mut bench = Bench::ready(&report(&[segment(0)]));
    let sent = bench.command(method::LIGHT_SET, json!({ "id": 0, "on": false }));
    let command = bench.requests;
    let later = bench.pass(Duration::from_secs(60));
    assert_eq!(later.outcome(command), None);
    assert!(
        !later.sent.contains(&sent),
        "nothing is sent twice unless the board was busy"
    );
}

#[test]
fn a_command_that_waited_too_long_is_not_sent() {
    let mut bench = Bench::ready(&report(&[segment(0), segment(1), segment(2)]));
    for id in 0..3 {
        bench.request(method::LIGHT_SET, json!({ "id": id, "on": false }));
    }
    let sent = bench.pass(Duration::from_secs(60)).sent;
    let switched = |id| json!({ "seg": [{ "id": id, "on": false }] });
    assert!(
        sent.contains(&switched(1)) && !sent.contains(&switched(2)),
        "{sent:?}"
    );
}

#[test]
fn a_refused_message_is_a_refused_command() {
    let mut bench = Bench::ready(&report(&[segment(0)]));
    bench.command(method::LIGHT_SET, json!({ "id": 0, "on": false }));
    let command = bench.requests;
    assert_eq!(
        bench.text(r#"{"error":9}"#).reason(command),
        Some("refused")
    );
    assert_eq!(
        bench.text(r#"{"error":9}"#).messages,
        [],
        "there is nothing to refuse"
    );
}

#[test]
fn each_push_replaces_the_whole_state_and_passes_on_what_differs() {
    let mut bench = Bench::ready(&report(&[segment(0)]));
    let same = bench.receive(&report(&[segment(0)]));
    assert_eq!(same.messages, []);
    let mut push = report(&[segment(0)]);
    push["state"]["seg"][0]["sx"] = json!(200);
    push["state"]["ps"] = json!(2);
    let done = bench.receive(&push);
    let [push] = done.pushes()[..] else {
        unreachable!("one push")
    };
    let changed: Vec<String> = push.components.keys().map(ToString::to_string).collect();
    assert_eq!(changed, ["number:0", "select:0"]);
    assert_eq!(
        push.components[&"select:0".parse().expect("a key")].text(),
        Some("Movie")
    );
}

#[test]
fn the_time_since_boot_does_not_jump_with_the_seconds_of_the_board() {
    let mut bench = Bench::ready(&report(&[segment(0)]));
    let uptime = |bench: &mut Bench| {
        bench.request(method::SYS_PING, json!({}));
        let done = bench.text("pong");
        let pong = done.outcome(bench.requests).cloned();
        pong.and_then(Result::ok)
            .and_then(|pong| pong["uptime_ms"].as_u64())
            .unwrap_or(0)
    };
    let mut before = uptime(&mut bench);
    for step in 1..=20_u64 {
        bench.pass(Duration::from_millis(900));
        let mut push = report(&[segment(0)]);
        push["info"]["uptime"] = json!(79_769 + step * 900 / 1_000);
        bench.receive(&push);
        let now = uptime(&mut bench);
        assert_eq!(now - before, 900);
        before = now;
    }
}

#[test]
fn a_board_without_a_hardware_address_is_refused() {
    let mut anonymous = report(&[segment(0)]);
    anonymous["info"]["mac"] = json!("");
    let mut bench = Bench::new();
    let done = bench.receive(&anonymous);
    assert_eq!(
        done.end,
        Some(Problem::NotABoard("its info lacks mac".to_owned()))
    );
    // Once it is known, a message without one is skipped.
    let mut bench = Bench::ready(&report(&[segment(0)]));
    assert_eq!(bench.receive(&anonymous).end, None);
}

#[test]
fn a_board_that_becomes_another_one_is_read_again() {
    let mut bench = Bench::ready(&report(&[segment(0)]));
    let mut other = report(&[segment(0)]);
    other["info"]["mac"] = json!("0200000a1b2d");
    assert_eq!(bench.receive(&other).pushes().len(), 1);
    let done = bench.request(method::DEVICE_GET_INFO, json!({}));
    let Some(Ok(info)) = done.outcome(bench.requests) else {
        unreachable!("it is known")
    };
    assert_eq!(info["id"], json!("wled-0200000a1b2d"));
}
