//! Push and poll compared on one board at the same time.

use std::{
    process::Stdio,
    sync::mpsc,
    time::{Duration, Instant},
};

use comparison::{
    Comparison, ComparisonSettings, Cost, CostUnknown, FollowMode, Measurements, Report, Stage,
};
use eframe::egui::accesskit::Role as Widget;
use egui_kittest::kittest::Queryable;
use noise::Role;
use serde_json::Value;
use virtual_board::Profile;

use crate::{
    desk::{address, boards, key},
    program::switchboard,
    window::desktop,
};

/// Presses for two seconds, often enough that polling once per second must miss
/// some.
fn short(board: String) -> ComparisonSettings {
    ComparisonSettings {
        length: Duration::from_secs(2),
        press_every: Duration::from_millis(60),
        seed: 7,
        alone: Duration::from_millis(300),
        ..ComparisonSettings::of(board)
    }
}

/// Runs the comparison to its end.
fn compared(settings: ComparisonSettings) -> Measurements {
    let (wake, woken) = mpsc::sync_channel(1);
    let comparison = Comparison::start(settings, move || {
        let _ = wake.try_send(());
    })
    .expect("a comparison");
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let record = comparison.read(Measurements::clone);
        if matches!(record.stage, Stage::Done | Stage::Failed(_)) {
            return record;
        }
        assert!(Instant::now() < deadline, "not ended: {:?}", record.stage);
        let _ = woken.recv_timeout(Duration::from_secs(1));
    }
}

#[test]
fn push_sees_every_change_and_slow_polling_only_the_latest() {
    let boards = boards(Profile::Lamp, 1);
    let record = compared(ComparisonSettings {
        tls: true,
        ..short(address(&boards))
    });
    assert_eq!(record.stage, Stage::Done);
    assert_eq!(record.button, Some(key("button:0")));
    assert!(
        record.components.contains(&key("light:0")),
        "{:?}",
        record.components
    );
    let report = Report::of(&record);
    assert!(report.changes > 10, "{report:#?}");
    assert_eq!(report.rows.len(), 8);
    for row in &report.rows {
        assert_eq!(
            row.seen + row.missed + row.pending,
            report.changes,
            "{row:#?}"
        );
        assert!(row.sent > 0 && row.received > 0, "{row:#?}");
        // The boards run in the process of this test.
        assert_eq!(row.cost, Cost::Unknown(CostUnknown::SameProcess));
        match row.follower.mode {
            FollowMode::Push => {
                assert_eq!(
                    (row.seen, row.requests, row.connections),
                    (report.changes, 1, 1),
                    "{row:#?}"
                );
                assert!(
                    row.median
                        .is_some_and(|median| median < Duration::from_secs(1)),
                    "{row:#?}"
                );
            }
            FollowMode::Poll { every, keep_alive } => {
                assert!(row.requests >= 2, "{row:#?}");
                if every == Duration::from_secs(1) {
                    assert!(row.missed > 0 && row.seen <= row.requests, "{row:#?}");
                }
                if !keep_alive {
                    // The last one may not have been connected when the
                    // comparison ended.
                    assert!(row.requests - row.connections <= 1, "{row:#?}");
                }
            }
        }
    }
    let of = |tls| {
        report
            .rows
            .iter()
            .find(|row| row.follower.tls == tls)
            .expect("a push")
    };
    assert!(
        of(true).sent + of(true).received > of(false).sent + of(false).received,
        "{report:#?}"
    );
}

#[test]
fn a_board_without_buttons_and_a_locked_one_are_refused_with_the_reason() {
    let weather = boards(Profile::Weather, 1);
    let locked = boards(Profile::Lamp, 1);
    locked
        .add_key("Desk lamp", "A test", Role::Control)
        .expect("a key");
    let unreachable = "127.0.0.1:1".to_owned();
    for (board, words) in [
        (address(&weather), "nothing on the board can be pressed"),
        (address(&locked), "the board is locked"),
        (unreachable, "could not reach"),
    ] {
        let Stage::Failed(problem) = compared(short(board)).stage else {
            panic!("it was done")
        };
        assert!(problem.contains(words), "{problem}");
    }
}

#[test]
fn losing_the_board_ends_the_comparison_with_the_cause() {
    let boards = boards(Profile::Lamp, 1);
    let (wake, woken) = mpsc::sync_channel(1);
    let settings = ComparisonSettings {
        length: Duration::from_secs(60),
        ..short(address(&boards))
    };
    let comparison = Comparison::start(settings, move || {
        let _ = wake.try_send(());
    })
    .expect("a comparison");
    let wait_for = |what: &dyn Fn(&Measurements) -> bool| {
        let deadline = Instant::now() + Duration::from_secs(20);
        while !comparison.read(what) {
            assert!(
                Instant::now() < deadline,
                "{:?}",
                comparison.read(|record| record.stage.clone())
            );
            let _ = woken.recv_timeout(Duration::from_secs(1));
        }
    };
    wait_for(&|record| record.presses.len() > 3);
    boards.stop("Desk lamp").expect("stopped");
    wait_for(&|record| matches!(record.stage, Stage::Failed(_)));
}

#[test]
fn the_command_line_prints_the_same_as_a_table_and_as_json() {
    let boards = boards(Profile::Lamp, 1);
    let address = address(&boards);
    let run = |more: &[&str]| {
        let words = [
            "compare",
            &address,
            "--seconds",
            "1",
            "--poll",
            "200ms",
            "--press-every",
            "50ms",
            "--alone",
            "0",
        ];
        let mut command = switchboard();
        let output = command
            .args(words)
            .args(more)
            .stdin(Stdio::null())
            .output()
            .expect("it runs");
        (
            output.status.code(),
            String::from_utf8_lossy(&output.stdout).into_owned()
                + &String::from_utf8_lossy(&output.stderr),
        )
    };
    let (status, table) = run(&[]);
    assert_eq!(status, Some(0), "{table}");
    assert!(
        table.contains("button:0 was pressed") && table.contains("poll every 200 ms, reconnecting"),
        "{table}"
    );
    let (status, json) = run(&["--json", "--seed", "1", "--press", "light:0"]);
    assert_eq!(status, Some(0), "{json}");
    let json: Value = serde_json::from_str(json.trim()).expect("one object");
    assert_eq!(json["pressed"], "light:0");
    assert_eq!(json["followers"][0]["way"], "push");
    assert_eq!(json["followers"][0]["seen"], json["changes"]);
    for (words, told) in [
        (&["--poll", "1ms"][..], "10 ms to 60 s"),
        (&["--press", "sensor:0"], "cannot be pressed"),
    ] {
        let mut command = switchboard();
        let output = command
            .args(["compare", &address])
            .args(words)
            .stdin(Stdio::null())
            .output()
            .expect("it runs");
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && error.contains(told), "{error}");
    }
}

#[test]
fn the_page_shows_both_on_one_time_axis_with_their_sums() {
    let boards = boards(Profile::Lamp, 1);
    let mut desktop = desktop(&boards);
    desktop.shows("1 connected");
    desktop.click("Lab");
    desktop.until("the tab", |window| {
        window
            .query_by_role_and_label(Widget::Tab, "Push and poll")
            .map(|tab| tab.click())
    });
    desktop.click("Compare");
    desktop.shows("Presses and what each follower saw");
    // Two changes may arrive between two frames, so no particular number is
    // sure to be drawn.
    desktop.until("presses that the push saw", |window| {
        let seen = |number: u32| {
            window
                .query_all_by_label_contains(&format!("push: seen {number},"))
                .next()
                .is_some()
        };
        (3..60).any(seen).then_some(())
    });
    desktop.shows_about("poll every 1 s: seen");
    desktop.click("Stop");
    desktop.shows("Compare");
}
