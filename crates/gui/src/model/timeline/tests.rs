use fleet::{BoardKey, LinkState, LogEntry, LogEvent, Origin, Outcome, Trail};
use protocol::{ComponentKey, Kind, State};
use serde_json::{Value, json};

use std::{sync::Arc, time::Duration};

use web_time::SystemTime;

use super::{row::is_done, *};

fn entry(number: u64, ms: u64, board: u32, what: LogEvent) -> Arc<LogEntry> {
    let at = SystemTime::UNIX_EPOCH + Duration::from_millis(ms);
    Arc::new(LogEntry {
        number,
        at,
        steady: at,
        board: BoardKey(board),
        board_name: Arc::from("Board"),
        what,
    })
}

fn changed(kind: Kind, field: &str, value: Value, origin: Origin) -> LogEvent {
    LogEvent::Changed {
        component: ComponentKey::new(kind, 0),
        change: State::new().with(field, value),
        origin,
        delay: None,
    }
}

fn command(params: &Value, outcome: Outcome) -> LogEvent {
    LogEvent::Command {
        component: Some(ComponentKey::new(Kind::Light, 0)),
        method: "Light.Set".to_owned(),
        params: params.as_object().cloned().unwrap_or_default(),
        outcome,
        trail: Box::new(Trail::default()),
    }
}

fn done() -> Outcome {
    Outcome::Done {
        result: Value::Null,
        took: Duration::from_millis(1),
    }
}

fn timeline(events: Vec<(u64, LogEvent)>) -> Timeline {
    let mut timeline = Timeline::default();
    for (number, (ms, what)) in (0..).zip(events) {
        timeline.add(&entry(number, ms, 1, what));
    }
    timeline
}

fn shown(timeline: &Timeline, choice: Choice) -> Vec<u64> {
    let mut view = TimelineView::default();
    timeline.show_in(&mut view, choice);
    (0..view.before(u64::MAX))
        .filter_map(|index| view.newest(index, u64::MAX))
        .collect()
}

/// The number of the row of this event.
fn number(event: u64) -> u64 {
    (event + 1) * STEP
}

/// A timeline with rows of readings.
fn with_readings() -> Timeline {
    let mut timeline = Timeline::default();
    timeline.keep_readings(true, &Journal::default());
    timeline
}

#[test]
fn a_command_and_its_push_share_a_row_whichever_comes_first() {
    let own = || changed(Kind::Light, "on", json!(true), Origin::ThisProgram);
    let on = json!({"on": true});
    for events in [
        vec![(10, own()), (12, command(&on, done()))],
        vec![(10, command(&on, done())), (12, own())],
    ] {
        let timeline = timeline(events);
        let row = timeline.row(number(0)).expect("a row");
        let Content::Event(row) = &row.content else {
            unreachable!("no event")
        };
        assert!(
            is_done(&row.entry)
                && row
                    .effect
                    .as_deref()
                    .is_some_and(|effect| effect.what.is_own())
        );
        assert_eq!(shown(&timeline, Choice::default()), [number(0)]);
    }
    let refused = command(&on, Outcome::Unconfirmed);
    let timeline = timeline(vec![(10, own()), (12, refused)]);
    assert_eq!(shown(&timeline, Choice::default()), [number(1), number(0)]);
}

#[test]
fn a_drag_is_one_row_per_second_and_turning_on_and_off_are_two() {
    let mut drag = Vec::new();
    for step in 0..10 {
        let brightness = json!({ "brightness": step });
        let push = changed(Kind::Light, "brightness", json!(step), Origin::ThisProgram);
        drag.push((900 + step * 20, push));
        drag.push((901 + step * 20, command(&brightness, done())));
    }
    let drag = timeline(drag);
    assert_eq!(shown(&drag, Choice::default()).len(), 2);
    let on = |on: bool| (5, changed(Kind::Light, "on", json!(on), Origin::Physical));
    let twice = timeline(vec![on(true), on(false)]);
    assert_eq!(shown(&twice, Choice::default()), [number(1), number(0)]);
}

#[test]
fn readings_are_one_row_per_second_and_do_not_displace_acts() {
    let mut timeline = with_readings();
    timeline.add(&entry(0, 0, 1, LogEvent::Link(LinkState::Connected)));
    for number in 1..=100_000 {
        let what = changed(Kind::Sensor, "value", json!(number), Origin::Board);
        timeline.add(&entry(number, number * 100, 1, what));
    }
    assert_eq!(shown(&timeline, Choice::default()), [number(0)]);
    let readings = Choice {
        readings: true,
        ..Choice::default()
    };
    let shown = shown(&timeline, readings);
    assert_eq!(
        (shown.len(), shown.last()),
        (READINGS + 1, Some(&number(0)))
    );
    assert!(shown.is_sorted_by(|newer, older| newer > older));
    let row = timeline.row(shown[1]).expect("a row");
    assert!(matches!(&row.content, Content::Event(row) if row.changes == 10));
}

#[test]
fn the_rows_of_one_board_follow_the_timeline() {
    let mut timeline = with_readings();
    let mut view = TimelineView::default();
    let choice = Choice {
        board: Some(BoardKey(1)),
        readings: true,
    };
    for number in 0..(ACTS as u64 * 3) {
        let board = u32::from(number % 3 == 0);
        let what = match number % 2 {
            0 => LogEvent::Link(LinkState::Stale),
            _ => changed(Kind::Sensor, "value", json!(1), Origin::Board),
        };
        timeline.add(&entry(number, number * 1_000, board, what));
        timeline.show_in(&mut view, choice);
    }
    let newest = view.newest(0, u64::MAX).expect("a row");
    assert_eq!(newest, number(ACTS as u64 * 3 - 3));
    assert_eq!(view.position(newest, view.end()), Some(0));
    for index in 0..view.before(u64::MAX) {
        let number = view.newest(index, u64::MAX).expect("a number");
        assert!((number / STEP - 1).is_multiple_of(3) && timeline.row(number).is_some());
        assert_eq!(view.position(number, u64::MAX), Some(index));
    }
}

#[test]
fn readings_of_the_past_are_in_order_once_they_are_wanted() {
    let mut journal = Journal::default();
    let mut timeline = Timeline::default();
    for event in 0..60 {
        let what = match event % 3 {
            0 => changed(Kind::Light, "on", json!(true), Origin::Physical),
            _ => changed(Kind::Sensor, "value", json!(event), Origin::Board),
        };
        let entry = entry(event, event * 1_000, 1, what);
        timeline.add(&entry);
        journal.add(entry);
    }
    let readings = Choice {
        readings: true,
        ..Choice::default()
    };
    assert_eq!(shown(&timeline, readings).len(), 20);
    timeline.keep_readings(true, &journal);
    let all = shown(&timeline, readings);
    assert!(all.iter().rev().copied().eq((0..60).map(number)));
    timeline.keep_readings(false, &journal);
    assert_eq!(shown(&timeline, readings).len(), 20);
}

#[test]
fn the_commands_of_a_batch_have_no_rows_of_their_own() {
    let mut timeline = Timeline::default();
    let light = ComponentKey::new(Kind::Light, 0);
    let row = ActRow {
        act: None,
        batch: Some(4),
        title: "Turn on 1 board".to_owned(),
        at: SystemTime::UNIX_EPOCH,
        boards: vec![BoardKey(1)],
    };
    let target = Target::Component(light);
    timeline.add_act(row, [(BoardKey(1), target)], SystemTime::UNIX_EPOCH);
    let own = || changed(Kind::Light, "on", json!(true), Origin::ThisProgram);
    let command = || command(&json!({"on": true}), done());
    timeline.add(&entry(0, 1, 1, own()));
    timeline.add(&entry(1, 2, 1, command()));
    assert_eq!(shown(&timeline, Choice::default()), [0]);
    // The next one is another act.
    timeline.add(&entry(2, 3, 1, own()));
    timeline.add(&entry(3, 4, 1, command()));
    assert_eq!(shown(&timeline, Choice::default()), [number(2), 0]);
    assert_eq!(timeline.of_batch(4), Some(0));
}
