//! Commands, pushes, telemetry and loss of the network cable.

use std::{
    sync::Barrier,
    thread,
    time::{Duration, Instant},
};

use crate::desk::{
    SOON, key, on, reply,
    wire::{Heard, Wire},
};
use crate::{
    done,
    emulator::{Emulator, pull_the_cable},
    finder,
};
use fleet::{LogEvent, Origin};
use protocol::{Kind, State, telemetry::Frame};
use serde_json::{Value, json};

#[test]
#[ignore = "run by firmware/emulated/check"]
fn it_is_found_by_mdns_and_executes_commands_for_each_kind_of_component() {
    let board = Emulator::boot();
    let mut observer = finder();
    let found = observer.connected(board.name());
    assert!(!found.by_hand && found.announcement.is_some());
    assert_eq!(
        (&*found.address, found.id.as_deref()),
        (board.address(), board.listening["id"].as_str())
    );
    for kind in [
        "switch",
        "binary_sensor",
        "light",
        "sensor",
        "number",
        "select",
        "text",
        "button",
        "valve",
    ] {
        let kind = Kind::from(kind);
        assert!(
            found
                .components
                .iter()
                .any(|component| component.descriptor.kind == kind),
            "no {kind}"
        );
    }
    for (component, change) in [
        ("switch:0", on(true)),
        (
            "light:0",
            on(true)
                .with("brightness", 40)
                .with("rgb", json!([255, 0, 128])),
        ),
        ("number:0", State::new().with("value", 75)),
        ("select:0", State::new().with("value", "night")),
        ("text:0", State::new().with("value", "Grüße")),
    ] {
        let (answer, answered) = reply();
        observer
            .fleet
            .set(found.key, &key(component), change.clone(), answer);
        done(&answered, component);
        observer.shows(board.name(), component, |shown| {
            change
                .0
                .iter()
                .all(|(field, value)| shown.get(field).is_some_and(|shown| alike(shown, value)))
        });
    }
    let (answer, answered) = reply();
    observer.fleet.toggle(found.key, &key("switch:0"), answer);
    done(&answered, "toggle");
    observer.shows(board.name(), "switch:0", |switch| {
        switch.on() == Some(false)
    });
    let (answer, answered) = reply();
    observer.fleet.press(found.key, &key("button:0"), answer);
    done(&answered, "press");
    observer.shows(board.name(), "light:0", |light| light.on() == Some(false));
}

/// 75 is 75.0.
fn alike(one: &serde_json::Value, other: &serde_json::Value) -> bool {
    one == other || one.as_f64().is_some_and(|one| other.as_f64() == Some(one))
}

#[test]
#[ignore = "run by firmware/emulated/check"]
fn physical_changes_are_pushed() {
    let mut board = Emulator::boot();
    let mut observer = finder();
    observer.connected(board.name());
    board.types("press button:0 long_press");
    let origin = observer.until("the press is in the log", SOON, |seen| {
        seen.log.iter().find_map(|entry| match &entry.what {
            LogEvent::Event {
                component,
                event,
                origin,
                ..
            } if *component == key("button:0") && event == "long_press" => Some(origin.clone()),
            _ => None,
        })
    });
    assert_eq!(origin, Origin::Physical);
    board.types("press button:0");
    observer.shows(board.name(), "light:0", |light| light.on() == Some(true));
    board.types("set binary_sensor:0 on=true");
    observer.shows(board.name(), "binary_sensor:0", |motion| {
        motion.on() == Some(true)
    });
    board.types("press switch:0");
    board.hears("that a switch is no button", |line| {
        line.contains("error").then_some(())
    });
}

#[test]
#[ignore = "run by firmware/emulated/check"]
fn four_controllers_are_served_and_a_fifth_is_refused() {
    let mut board = Emulator::boot();
    let mut four: Vec<Wire> = (0..4).map(|_| Wire::open(board.address())).collect();
    let Err((status, body)) = Wire::request(board.address(), "/rpc", &[]) else {
        panic!("a fifth was let in")
    };
    assert_eq!(status, 503);
    assert!(body.contains("all_places_taken"), "{body}");
    for wire in &mut four {
        assert!(wire.call("Device.Subscribe", json!({}))["result"].is_object());
    }
    four[0].call("Switch.Set", json!({ "id": 0, "on": true }));
    for wire in &mut four[1..] {
        wire.until("the others are told", |message| {
            message["params"]["switch:0"]["on"] == true
        });
    }
    board.types("memory");
    let used = board.hears("how much memory is used", |line| {
        line.contains("heap").then(|| line.to_owned())
    });
    println!("With four controllers: {used}");
}

/// The used bytes of its heap, once they no longer change.
fn heap_in_use(board: &mut Emulator) -> u64 {
    let mut before = None;
    let deadline = Instant::now() + SOON;
    loop {
        board.types("memory");
        let used = board.hears("how much memory is used", |line| {
            serde_json::from_str::<Value>(line).ok()?["heap"]["used"].as_u64()
        });
        if before == Some(used) {
            return used;
        }
        before = Some(used);
        assert!(Instant::now() < deadline, "its heap never stands still");
    }
}

#[test]
#[ignore = "run by firmware/emulated/check"]
fn the_memory_of_each_channel_is_close_to_what_the_board_reports() {
    let mut board = Emulator::boot();
    let address = board.address().to_owned();
    let mut asker = Wire::open(&address);
    for path in ["/rpc", "/log", "/telemetry", "/ws"] {
        let before = heap_in_use(&mut board);
        let mut channel = Wire::request(&address, path, &[]).expect("a channel");
        if path == "/telemetry" {
            while !matches!(channel.hear(), Heard::Binary(_)) {}
        }
        let list = asker.call("Clients.List", json!({}));
        let said = list["result"]["clients"][1]["memory"]
            .as_u64()
            .expect("a number");
        // The socket buffers exist without connections; the content of the
        // telemetry ring varies.
        let cost = heap_in_use(&mut board).saturating_sub(before);
        println!(
            "{path} takes {cost} bytes of the heap; the board says {said}, 4,096 of them its \
                 socket's"
        );
        assert!(
            cost < said + 8_192,
            "{path}: {cost} bytes, and it says {said}"
        );
        drop(channel);
        let gone = |list: &Value| list["result"]["total"] == 1;
        let deadline = Instant::now() + SOON;
        while !gone(&asker.call("Clients.List", json!({}))) {
            assert!(Instant::now() < deadline, "{path} is never gone");
        }
    }
}

#[test]
#[ignore = "run by firmware/emulated/check"]
fn its_samples_are_the_expected_waves_without_a_gap() {
    let board = Emulator::boot();
    let mut samples = Wire::request(board.address(), "/telemetry", &[]).expect("a channel");
    let described = samples.json();
    assert_eq!(described["channels"][1]["name"], "Triangle");
    let mut next: Option<(u32, u64)> = None;
    for _ in 0..40 {
        let Heard::Binary(bytes) = samples.hear() else {
            panic!("no frame")
        };
        let frame = Frame::decode(&bytes).expect("a frame");
        if let Some(next) = next {
            assert_eq!((frame.sequence, frame.time_us), next);
        }
        for row in 0..frame.rows() {
            let ms =
                u32::try_from((frame.time_us / 1_000 + row as u64) % 1_000).expect("below 1,000");
            let triangle = 2 * (ms % 100).min(100 - ms % 100);
            let expected = [ms, triangle].map(f64::from);
            assert_eq!(
                [0, 1].map(|channel| frame.samples.get(2 * row + channel)),
                expected.map(Some)
            );
        }
        next = Some((
            frame.sequence + 1,
            frame.time_us + 1_000 * frame.rows() as u64,
        ));
    }
}

#[test]
#[ignore = "run by firmware/emulated/check"]
fn controllers_that_connect_at_the_same_moment_are_all_admitted() {
    let board = Emulator::boot();
    let address = board.address();
    for _ in 0..10 {
        let together = Barrier::new(4);
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    together.wait();
                    let mut wire = Wire::open(address);
                    assert!(wire.call("Sys.Ping", json!({}))["result"].is_object());
                    // A slot is free again once the board notices the
                    // disconnect.
                    wire.socket.close(None).expect("open until now");
                    while wire.socket.read().is_ok() {}
                });
            }
        });
    }
}

#[test]
#[ignore = "run by firmware/emulated/check"]
fn no_command_of_a_thousand_is_lost() {
    const COMMANDS: i64 = 1_000;
    let board = Emulator::boot();
    let (mut commanding, mut watching) = (Wire::open(board.address()), Wire::open(board.address()));
    let mut seen = watching.call("Device.Subscribe", json!({}))["result"]["seq"].as_i64();
    let mut last = None;
    for number in 1..=COMMANDS {
        let answer = commanding.call("Switch.Set", json!({ "id": 0, "on": number % 2 == 1 }));
        assert_eq!(
            answer["result"]["was_on"],
            number % 2 == 0,
            "command {number}: {answer}"
        );
        last = answer["result"]["seq"].as_i64();
    }
    // Observers receive every change: each push names the previous one.
    while seen < last {
        let push = watching.until("a change", |message| message["method"] == "NotifyStatus");
        assert_eq!(push["params"]["prev"].as_i64(), seen);
        seen = push["params"]["seq"].as_i64();
    }
}

#[test]
#[ignore = "run by firmware/emulated/check"]
fn it_recovers_after_its_cable_was_unplugged() {
    let mut board = Emulator::boot();
    let mut observer = finder();
    observer.connected(board.name());
    pull_the_cable(Duration::from_secs(2));
    board.types("press button:0");
    observer.shows(board.name(), "light:0", |light| light.on() == Some(true));
}

#[test]
#[ignore = "run by firmware/emulated/check"]
fn a_panic_exits_with_a_failure() {
    let mut board = Emulator::boot();
    board.types("panic");
    assert_eq!(board.ends(), Some(101));
    let mut board = Emulator::boot();
    board.types("off");
    assert_eq!(board.ends(), Some(0));
}
