//! Outages, commands and parts of a recording.

use std::sync::mpsc::channel;

use fleet::{LinkState, LogEvent, Outcome};
use protocol::State;
use record::{Recorded, Window};
use switchboard::playback::{Event, PlayError, Playback, Settings};
use virtual_board::Profile;

use crate::bench::{
    Bench, PATIENCE, board, next_board, place, pushes, records, replay, wait_for_end,
};

#[test]
fn an_outage_is_recorded_and_seen_again() {
    let (_folder, path) = place();
    let (boards, address) = board(Profile::Lamp);
    let id = boards.list().first().expect("a board").id.clone();
    let light = "light:0".parse().expect("a component");
    let mut bench = Bench::new();
    let key = bench.add(&address);
    let recording = bench.record(&path);
    boards
        .set(&id, &light, State::new().with("brightness", 11))
        .expect("a change");
    bench.until("the push", |bench| {
        bench.state(key, "light:0").brightness() == Some(11)
    });
    boards.stop(&id).expect("a board");
    let is_lost = |bench: &Bench| {
        let view = bench.view(key).expect("the board");
        matches!(view.link, LinkState::Unreachable { .. })
    };
    bench.until("the outage", is_lost);
    boards.start_again(&id).expect("a board");
    bench.fleet.retry_now(key);
    bench.until("the board", |bench| {
        bench
            .view(key)
            .is_some_and(|view| view.link == LinkState::Connected)
    });
    boards
        .set(&id, &light, State::new().with("brightness", 77))
        .expect("a change");
    bench.until("the push", |bench| {
        bench.state(key, "light:0").brightness() == Some(77)
    });
    recording.stop().expect("a recording");
    let links: Vec<_> = records(&path)
        .into_iter()
        .filter_map(|record| match record.what {
            Recorded::Link { link } => Some(link.state),
            _ => None,
        })
        .collect();
    assert!(
        links.ends_with(&["unreachable".to_owned(), "connected".to_owned()]),
        "{links:?}"
    );

    let mut bench = Bench::new();
    let (_playback, events) = replay(&path, Settings::default());
    let key = bench.add(&next_board(&events));
    bench.until("the outage", |bench| {
        let lost =
            |event: &LogEvent| matches!(event, LogEvent::Link(LinkState::Unreachable { .. }));
        bench.log.iter().any(lost)
    });
    wait_for_end(&events);
    bench.fleet.retry_now(key);
    bench.until("the board again", |bench| {
        bench.state(key, "light:0").brightness() == Some(77)
    });
}

#[test]
fn a_replayed_board_refuses_commands_and_says_why() {
    let (_folder, path) = place();
    let (_boards, address) = board(Profile::Everything);
    let mut bench = Bench::new();
    bench.add(&address);
    let status = bench.record(&path).stop().expect("a recording");
    let length = std::fs::metadata(&path).expect("the file").len();
    assert_eq!(status.bytes, length);

    let mut bench = Bench::new();
    let (_playback, events) = replay(&path, Settings::default());
    let key = bench.add(&next_board(&events));
    let view = bench.view(key).expect("the board");
    let original = view.info.as_ref().expect("its description");
    assert_eq!(original.board, "Virtual test bench");
    for method in [
        "Light.Set",
        "Button.Press",
        "Cover.Open",
        "Device.Reboot",
        "Keys.Add",
    ] {
        let (answer, outcome) = channel();
        let reply = Box::new(move |outcome| {
            let _ = answer.send(outcome);
        });
        let mut params = protocol::Object::new();
        params.insert("id".to_owned(), 0.into());
        bench.fleet.call(key, method, params, Some(reply));
        let Ok(Outcome::Refused(error)) = outcome.recv_timeout(PATIENCE) else {
            panic!("{method} is not refused");
        };
        assert_eq!(error.data.reason, "replay", "{method}");
        assert!(
            error.message.starts_with("this is a replay:"),
            "{}",
            error.message
        );
    }
}

#[test]
fn a_replay_can_begin_in_the_middle_with_the_states_of_that_moment() {
    let (_folder, path) = place();
    let (boards, address) = board(Profile::Lamp);
    let id = boards.list().first().expect("a board").id.clone();
    let light = "light:0".parse().expect("a component");
    let mut bench = Bench::new();
    let key = bench.add(&address);
    let recording = bench.record(&path);
    for brightness in [21, 22, 23_u8] {
        boards
            .set(&id, &light, State::new().with("brightness", brightness))
            .expect("a change");
        bench.until("the push", |bench| {
            bench.state(key, "light:0").brightness() == Some(brightness)
        });
        // The moments have to differ.
        std::thread::sleep(std::time::Duration::from_millis(150));
    }
    recording.stop().expect("a recording");
    let all = records(&path);
    let at = |brightness: u8| {
        let of_light = pushes(&all)
            .into_iter()
            .filter(|push| push.component == "light:0");
        let mut found = of_light.filter(|push| push.what["brightness"] == brightness);
        found.next().expect("the push").t
    };

    let (_second_folder, second) = place();
    let window = Window {
        // Slow enough to look at the board before the next push.
        speed: 0.05,
        from: f64::midpoint(at(22), at(23)),
        ..Window::default()
    };
    let mut bench = Bench::new();
    let recording = bench.record(&second);
    let settings = Settings {
        window,
        ..Settings::default()
    };
    let (_playback, events) = replay(&path, settings);
    let key = bench.add(&next_board(&events));
    assert_eq!(bench.state(key, "light:0").brightness(), Some(22));
    bench.until("the push", |bench| {
        bench.state(key, "light:0").brightness() == Some(23)
    });
    wait_for_end(&events);
    recording.stop().expect("a recording");
    let seen: Vec<_> = pushes(&records(&second))
        .into_iter()
        .filter(|push| push.component == "light:0")
        .collect();
    assert_eq!(seen.len(), 1, "{seen:?}");
}

/// A board that is known by its address only, and one that pushes later.
const TWO_BOARDS: &str = r#"{"switchboard_recording":1,"program":"switchboard 0.1.0","session":"s","started":1.5,"part":1}
{"at":1.5,"t":0.0,"board":"192.0.2.1:80","what":"board","name":"192.0.2.1:80","family":"switchboard","address":"192.0.2.1:80","link":{"state":"connecting"},"components":[]}
{"at":2.0,"t":0.5,"board":"192.0.2.1:80","what":"log","level":"info","message":"started"}
{"at":2.5,"t":1.0,"board":"sb-1","what":"board","name":"Lamp","family":"switchboard","address":"192.0.2.2:80","link":{"state":"connected"},"info":{"id":"sb-1","name":"Lamp","mac":"","version":"1.0.0","platform":"virtual","board":"","proto":1,"epoch":"00000007","uptime_ms":5},"components":[]}
{"at":2.6,"t":1.1,"board":"sb-1","what":"log","level":"info","message":"connected"}
{"at":2.7,"t":1.2,"board":"sb-1","what":"board","name":"Lamp","family":"switchboard","address":"192.0.2.2:80","link":{"state":"connected"},"info":{"id":"sb-1","name":"Lamp","mac":"","version":"1.0.0","platform":"virtual","board":"","proto":1,"epoch":"00000007","uptime_ms":5},"components":[{"descriptor":{"key":"switch:0","kind":"switch","name":"Lamp"},"state":{"on":true}}]}
{"at":3.5,"t":2.0,"board":"sb-1","what":"push","components":{"switch:0":{"on":false}}}
{"at":4.5,"t":3.0,"what":"end"}
"#;

#[test]
fn a_replay_begins_with_a_board_that_is_replayed() {
    let (folder, _) = place();
    let path = folder.path().join("two.jsonl");
    std::fs::write(&path, TWO_BOARDS).expect("a file");
    let settings = Settings {
        at_once: true,
        ..Settings::default()
    };
    let (_playback, events) = replay(&path, settings);
    let next = || events.recv_timeout(PATIENCE).expect("an event");
    let first = next();
    assert!(matches!(first, Event::Board(_)), "{first:?}");
    assert_eq!(next(), Event::Playing(3.5));
}

#[test]
fn a_file_that_is_no_recording_is_refused_at_the_start() {
    let (_folder, path) = place();
    std::fs::write(&path, "hello\n").expect("a file");
    let started = Playback::start(&path, Settings::default(), |_: Event| ());
    let Err(PlayError::Read(error)) = started else {
        panic!("it is replayed");
    };
    assert!(error.to_string().contains("is not a recording"), "{error}");
}
