//! What is replayed equals what was recorded.

use std::{thread::sleep, time::Duration};

use protocol::State;
use record::{Recorded, Window};
use switchboard::playback::Settings;
use virtual_board::Profile;

use crate::bench::{
    Bench, Pushed, board, next_board, place, pushes, records, replay, wait_for_end,
};

/// How much a replayed push may be off, in seconds: timers and a busy computer.
const TOLERANCE: f64 = 0.25;

/// Records a board while it is used; returns its recording.
fn recorded() -> (tempfile::TempDir, std::path::PathBuf) {
    let (folder, path) = place();
    let (boards, address) = board(Profile::Everything);
    let id = boards.list().first().expect("a board").id.clone();
    let mut bench = Bench::new();
    let key = bench.add(&address);
    let recording = bench.record(&path);
    let light = "light:0".parse().expect("a component");
    let button = "button:0".parse().expect("a component");
    for step in 0..14_u64 {
        let brightness = 10 + step;
        let change = State::new().with("on", true).with("brightness", brightness);
        match step % 3 {
            0 => boards.set(&id, &light, change).expect("a change"),
            1 => bench.fleet.set(key, &light, change, None),
            _ => boards.press(&id, &button, "double_press").expect("a press"),
        }
        // The spacing is what is recorded.
        sleep(Duration::from_millis(40 + 30 * (step % 4)));
    }
    bench.until("the last change", |bench| {
        bench.state(key, "light:0").brightness() == Some(23)
    });
    recording.stop().expect("a recording");
    (folder, path)
}

/// Replays a recording and records that.
fn again(path: &std::path::Path, speed: f64) -> Vec<Pushed> {
    let (_folder, second) = place();
    let settings = Settings {
        window: Window {
            speed,
            ..Window::default()
        },
        ..Settings::default()
    };
    let mut bench = Bench::new();
    let recording = bench.record(&second);
    let (_playback, events) = replay(path, settings);
    let address = next_board(&events);
    let key = bench.add(&address);
    let view = bench.view(key).expect("the board");
    assert!(view.name.ends_with(" (replay)"), "{}", view.name);
    assert!(view.id.as_ref().is_some_and(|id| id.starts_with("replay-")));
    wait_for_end(&events);
    bench.until("the last change", |bench| {
        bench.state(key, "light:0").brightness() == Some(23)
    });
    recording.stop().expect("a recording");
    pushes(&records(&second))
}

#[test]
fn replayed_pushes_equal_the_recorded_ones_in_order_and_spacing() {
    let (_folder, path) = recorded();
    let first = records(&path);
    let origins: Vec<_> = first
        .iter()
        .filter_map(|record| match &record.what {
            Recorded::Push { origin, .. } => origin.as_deref(),
            _ => None,
        })
        .collect();
    assert!(origins.contains(&"physical") && origins.contains(&"this_program"));
    let commands = first.iter().filter(
        |record| matches!(&record.what, Recorded::Command(command) if command.outcome == "done"),
    );
    assert_eq!(commands.count(), 5);
    let original = pushes(&first);
    assert!(original.len() > 10, "{original:#?}");
    for speed in [1.0, 4.0] {
        let replayed = again(&path, speed);
        // Those of one moment are one push in one recording and several in the
        // other.
        let sorted = |pushes: &[Pushed]| {
            let mut components: Vec<_> = pushes.to_vec();
            components.sort_by(|a, b| a.component.cmp(&b.component));
            components
                .into_iter()
                .map(|push| (push.component, push.what))
                .collect::<Vec<_>>()
        };
        assert_eq!(sorted(&replayed), sorted(&original), "at {speed}x");
        let start = |pushes: &[Pushed]| pushes.first().map_or(0.0, |push| push.t);
        let (from, begun) = (start(&original), start(&replayed));
        for (then, now) in original.iter().zip(&replayed) {
            let (due, seen) = ((then.t - from) / speed, now.t - begun);
            assert!(
                (seen - due).abs() < TOLERANCE,
                "at {speed}x: {then:?} is due at {due} s and was pushed at {seen} s"
            );
        }
    }
}
