//! The timeline below every page, the page of all activity, and messages.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{sync::Arc, time::Duration};

use bench::Bench;
use eframe::egui::{self, accesskit::Role};
use egui_kittest::{
    Harness,
    kittest::{NodeT, Queryable},
};
use fleet::{BoardKey, BoardView, LinkState, LogEntry, LogEvent, Origin, Outcome, Trail};
use gui::Settings;
use protocol::{Object, State};
use scenes::Now;
use serde_json::{Value, json};

#[path = "window_scenes/bench.rs"]
#[expect(dead_code, reason = "other tests use the rest of it")]
mod bench;
#[path = "window_scenes/mod.rs"]
#[expect(dead_code, reason = "other tests use the other scenes")]
mod scenes;

impl Bench {
    /// Adds an event of this board, now.
    fn happens(&mut self, board: u32, what: LogEvent) {
        let view = self.window.model.board(BoardKey(board)).unwrap();
        let entry = LogEntry {
            number: self.number,
            at: self.at.wall,
            steady: self.at.wall,
            board: BoardKey(board),
            board_name: Arc::clone(&view.name),
            what,
        };
        self.number += 1;
        self.window.model.add_event(Arc::new(entry), self.at.now);
    }
}

fn open(
    at: Now,
    boards: Vec<BoardView>,
    log: Vec<Arc<LogEntry>>,
    settings: Settings,
) -> Harness<'static, Bench> {
    let mut harness = Harness::builder()
        .with_size([1180.0, 900.0])
        .build_eframe(move |cc| {
            let first = boards.first().map(|board| board.key);
            Bench::new(cc, &settings, boards, log, at).showing(first)
        });
    harness.run();
    harness
}

fn two_lamps(at: Now) -> Harness<'static, Bench> {
    let boards = vec![
        scenes::lamp(1, "Desk lamp", at),
        scenes::lamp(2, "Bench lamp", at),
    ];
    open(at, boards, Vec::new(), Settings::default())
}

fn changed(component: &str, change: State, origin: Origin) -> LogEvent {
    LogEvent::Changed {
        component: scenes::key(component),
        change,
        origin,
        delay: None,
    }
}

fn measured(value: f64) -> LogEvent {
    changed("sensor:0", State::new().with("value", value), Origin::Board)
}

fn on(origin: Origin) -> LogEvent {
    changed("light:0", State::new().with("on", true), origin)
}

/// A command that was done, and the times of its parts.
fn command(params: &Value) -> LogEvent {
    let ms = |ms: f64| Some(scenes::seconds(ms / 1_000.0));
    LogEvent::Command {
        component: Some(scenes::key("light:0")),
        method: "Light.Set".to_owned(),
        params: params.as_object().cloned().unwrap_or_else(Object::new),
        outcome: Outcome::Done {
            result: Value::Null,
            took: Duration::from_micros(900),
        },
        trail: Box::new(Trail {
            request: Some(7),
            sent: ms(0.1),
            pushed: ms(0.8),
            answered: ms(0.9),
            seq: Some(412),
        }),
    }
}

/// The accessible names of what contains `part`, from the top.
fn rows(harness: &Harness<'_, Bench>, part: &str) -> Vec<String> {
    let mut rows: Vec<(f32, String)> = harness
        .query_all_by_role(Role::Label)
        .filter_map(|node| {
            let row = node.accesskit_node();
            Some((node.rect().top(), row.label().or_else(|| row.value())?))
        })
        .filter(|(_, label)| label.contains(part))
        .collect();
    rows.sort_by(|one, other| one.0.total_cmp(&other.0));
    rows.into_iter().map(|(_, label)| label).collect()
}

fn click(harness: &mut Harness<'static, Bench>, name: &str) {
    harness.get_by_role_and_label(Role::Button, name).click();
    harness.run();
}

#[test]
fn events_are_listed_newest_first_with_names_and_who_did_it() {
    let at = Now::read();
    let harness = open(at, scenes::mixed(at), scenes::log(at), Settings::default());
    let newer = harness
        .get_by_label("Desk lamp, Light (light:0): On, at the board, 2.2 ms")
        .rect();
    let older = harness
        .get_by_label("Desk lamp, Button (button:0): press, at the board, 2.1 ms")
        .rect();
    assert!(newer.bottom() <= older.top());
    harness.get_by_label("Desk lamp, Light (light:0): 60 %, you, 4.0 ms");
    harness.get_by_label("Bench 4, unreachable: silent for 45 s");
}

#[test]
fn the_timeline_is_below_every_page() {
    let at = Now::read();
    let mut harness = open(at, scenes::mixed(at), scenes::log(at), Settings::default());
    for page in ["Scenes", "Plots", "Frames", "Health", "Boards"] {
        click(&mut harness, page);
        let row = harness
            .get_by_label("Desk lamp, Light (light:0): On, at the board, 2.2 ms")
            .rect();
        assert!(row.top() > 600.0, "{page}: {row}");
    }
    // One line of it below pages with a log of their own.
    for page in ["Activity", "Lab"] {
        click(&mut harness, page);
        let line = harness.get_by_label("Show timeline").rect();
        assert!(line.top() > 800.0, "{page}: {line}");
    }
}

#[test]
fn folded_it_is_one_line_with_the_newest_act_and_stays_so() {
    let at = Now::read();
    let mut harness = two_lamps(at);
    harness.state_mut().happens(1, on(Origin::Physical));
    harness.state_mut().later(2.0);
    harness.state_mut().happens(2, on(Origin::Physical));
    harness.state_mut().happens(2, measured(21.0));
    harness.run();
    assert_eq!(rows(&harness, "(light:0): On").len(), 2);
    click(&mut harness, "Hide timeline");
    let shown = rows(&harness, "(light:0): On");
    assert!(
        shown.len() == 1 && shown[0].starts_with("Bench lamp"),
        "{shown:?}"
    );
    let mut settings = Settings::default();
    harness.state().window.remember(&mut settings);
    assert!(settings.layout.timeline_folded);
    let again = open(at, scenes::mixed(at), scenes::log(at), settings);
    again.get_by_label("Show timeline");
    again.get_by_label("Bench 4, unreachable: silent for 45 s");
    assert_eq!(rows(&again, "(button:0): press").len(), 0);
}

#[test]
fn readings_are_hidden_at_first_and_one_row_per_second() {
    let at = Now::read();
    let mut harness = two_lamps(at);
    // The middle of a second.
    let into = at.wall.duration_since(std::time::UNIX_EPOCH).unwrap();
    let rest = 1.0 - f64::from(into.subsec_millis()) / 1_000.0;
    harness.state_mut().later(rest + 0.2);
    harness.state_mut().happens(1, on(Origin::Physical));
    for step in 0..8 {
        harness
            .state_mut()
            .happens(2, measured(20.0 + f64::from(step)));
        harness.state_mut().later(0.1);
    }
    harness.state_mut().later(1.0);
    harness.state_mut().happens(2, measured(30.0));
    harness.run();
    assert_eq!(rows(&harness, "(sensor:0)").len(), 0);
    click(&mut harness, "Readings");
    let shown = rows(&harness, "(sensor:0)");
    assert_eq!(shown.len(), 2, "{shown:?}");
    assert!(shown[0].contains("30.0 °C"), "{shown:?}");
    assert!(
        shown[1].contains("27.0 °C") && shown[1].contains("8 changes"),
        "{shown:?}"
    );
    click(&mut harness, "This board");
    assert_eq!(rows(&harness, "(sensor:0)").len(), 0);
    assert_eq!(rows(&harness, "(light:0): On").len(), 1);
}

#[test]
fn a_command_says_what_was_set_and_unfolds_to_what_it_caused() {
    let at = Now::read();
    let mut harness = two_lamps(at);
    harness.state_mut().happens(2, on(Origin::ThisProgram));
    harness
        .state_mut()
        .happens(2, command(&json!({"on": true})));
    harness.run();
    let name = "Bench lamp, Light (light:0): On, you, 0.9 ms";
    assert_eq!(rows(&harness, "(light:0): On"), [name]);
    click(&mut harness, &format!("Details: {name}"));
    harness.get_by_label(
        "Click, Request sent after 0.1 ms, Push 412 received after 0.7 ms, Board responded after \
         0.1 ms",
    );
    // Rows that come meanwhile wait if they may be many.
    click(&mut harness, "Readings");
    harness.state_mut().happens(1, on(Origin::Physical));
    harness.run();
    assert_eq!(rows(&harness, "(light:0): On"), [name]);
    click(&mut harness, "1 new");
    assert_eq!(rows(&harness, "(light:0): On").len(), 2);
}

#[test]
fn the_timeline_is_one_line_where_the_page_needs_the_room() {
    let at = Now::read();
    let mut harness = two_lamps(at);
    harness.get_by_label("Hide timeline");
    // The page of all events has the same rows.
    click(&mut harness, "Activity");
    click(&mut harness, "Show timeline");
    harness.get_by_label("Hide timeline");
    // So does the lab, more or less.
    click(&mut harness, "Lab");
    harness.get_by_label("Hide timeline");
    click(&mut harness, "Frames");
    harness.get_by_label("Hide timeline");
    harness.set_size(egui::vec2(900.0, 600.0));
    harness.run();
    click(&mut harness, "Show timeline");
    click(&mut harness, "Hide timeline");
    harness.get_by_label("Show timeline");
    // What was chosen in a low window is not the choice for a high one.
    harness.set_size(egui::vec2(1180.0, 760.0));
    harness.run();
    harness.get_by_label("Hide timeline");
}

#[test]
fn a_click_leads_to_the_component() {
    let at = Now::read();
    let mut harness = two_lamps(at);
    harness
        .state_mut()
        .happens(2, on(Origin::OtherController(4)));
    click(&mut harness, "Scenes");
    harness
        .get_by_label_contains("Bench lamp, Light (light:0): On, ")
        .click();
    harness.run();
    let selected = harness.state().window.model.selected();
    assert_eq!(selected.unwrap().key, BoardKey(2));
    harness.get_by_role_and_label(Role::Heading, "Bench lamp");
}

#[test]
fn a_flood_of_readings_does_not_displace_what_people_did() {
    let at = Now::read();
    let mut harness = two_lamps(at);
    harness.state_mut().happens(1, on(Origin::Physical));
    harness
        .state_mut()
        .happens(1, LogEvent::Link(LinkState::Stale));
    for step in 0..150_000 {
        harness.state_mut().happens(2, measured(f64::from(step)));
    }
    harness.run();
    assert_eq!(rows(&harness, "(light:0): On").len(), 1);
    assert_eq!(rows(&harness, "Desk lamp, stale").len(), 1);
}

#[test]
fn activity_finds_what_people_call_things_and_says_what_was_set() {
    let at = Now::read();
    let boards = vec![
        scenes::lamp(1, "Desk lamp", at),
        scenes::with(
            scenes::board(2, "Conveyor", at),
            [scenes::component(
                protocol::Kind::Switch,
                0,
                "Motor forward",
                json!({"on": false}),
            )],
        ),
    ];
    let mut harness = open(at, boards, Vec::new(), Settings::default());
    let motor = changed(
        "switch:0",
        State::new().with("on", true),
        Origin::OtherController(4),
    );
    harness.state_mut().happens(2, motor);
    let bright = command(&json!({"on": true, "brightness": 60}));
    harness.state_mut().happens(1, bright);
    harness.run();
    click(&mut harness, "Hide timeline");
    click(&mut harness, "Activity");
    let search = |harness: &mut Harness<'static, Bench>, text: &str| {
        let field = harness.get_by_role_and_label(Role::TextInput, "Search events");
        field.focus();
        harness.run();
        harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::A);
        let field = harness.get_by_role_and_label(Role::TextInput, "Search events");
        field.type_text(text);
        harness.run();
        // The line of the timeline is the last one.
        let mut rows = rows(harness, "(");
        rows.pop();
        rows
    };
    let motor = search(&mut harness, "motor");
    assert_eq!(motor.len(), 1, "{motor:?}");
    assert!(motor[0].starts_with("Conveyor, Motor forward (switch:0): On, "));
    let words = search(&mut harness, "desk on");
    assert_eq!(
        words,
        ["Desk lamp, Light (light:0): On · 60 %, you, 0.9 ms"]
    );
    assert_eq!(search(&mut harness, "light.set").len(), 1);
    assert_eq!(search(&mut harness, "conveyor light.set").len(), 0);
    harness.get_by_label("No matches.");
}
