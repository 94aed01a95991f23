//! The pages of plots and of link health, by accessible name: what is shown at
//! the cursor and while paused, markers, ranges, telemetry, dragged values, and
//! the judgement of links.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use bench::Bench;
use eframe::egui::{self, Key, Modifiers, PointerButton, Pos2, accesskit::Role, vec2};
use egui_kittest::{
    Harness,
    kittest::{NodeT, Queryable},
};
use fleet::{BoardView, Health, History, LinkProblem, LinkState, Sample};
use gui::Settings;
use jiff::tz::TimeZone;
use scenes::Now;
use serde_json::json;
use virtual_board::{Options, Profile, VirtualBoards as Simulated};

#[path = "window_scenes/bench.rs"]
#[expect(dead_code, reason = "other tests use the rest of it")]
mod bench;
#[path = "window_scenes/mod.rs"]
#[expect(dead_code, reason = "other tests use the other scenes")]
mod scenes;

/// A weather station whose temperature was 20 °C for five minutes, then unknown
/// for one, then 24 °C for four.
fn station(at: Now) -> BoardView {
    let mut temperature = scenes::sensor(0, "Temperature", "temperature", "°C", 1, 24.0, at);
    let ago = |seconds: f64, value: f64| Sample {
        at: at.wall - scenes::seconds(seconds),
        value,
    };
    let values = [ago(600.0, 20.0), ago(300.0, f64::NAN), ago(240.0, 24.0)];
    temperature.history = Arc::new(History::from_iter(values));
    let board = scenes::board(1, "Weather station", at);
    scenes::with(board, [temperature])
}

fn settings(components: &[&str], span: f64) -> Settings {
    let pins: Vec<_> = components
        .iter()
        .map(|component| json!({"board": "weather-station-0001", "component": component}))
        .collect();
    serde_json::from_value(json!({"plots": {"curves": pins, "span": span}})).unwrap()
}

fn open(at: Now, boards: Vec<BoardView>, settings: Settings, key: Key) -> Harness<'static, Bench> {
    let mut harness = Harness::builder()
        .with_size([1180.0, 760.0])
        .build_eframe(move |cc| {
            let first = boards[0].key;
            Bench::new(cc, &settings, boards, Vec::new(), at).showing(Some(first))
        });
    harness.run_steps(2);
    harness.key_press_modifiers(Modifiers::COMMAND, key);
    harness.run_steps(3);
    harness
}

fn plots(span: f64) -> Harness<'static, Bench> {
    let at = Now::read();
    open(
        at,
        vec![station(at)],
        settings(&["sensor:0"], span),
        Key::Num5,
    )
}

const CHART: &str = "plot of °C: Temperature / Weather station";

/// A point of the chart, by the share of its time range.
fn point(harness: &Harness<'_, Bench>, share: f32) -> Pos2 {
    let rect = harness.get_by_label(CHART).rect();
    // Without the labels on the left and the names on the right.
    let (left, right) = (rect.left() + 68.0, rect.right() - 90.0);
    egui::pos2(left + (right - left) * share, rect.center().y)
}

fn hover(harness: &mut Harness<'_, Bench>, share: f32) {
    let at = point(harness, share);
    harness.hover_at(at);
    harness.run_steps(3);
}

fn click(harness: &mut Harness<'_, Bench>, share: f32) {
    let at = point(harness, share);
    harness.hover_at(at);
    harness.step();
    harness.drag_at(at);
    harness.step();
    harness.drop_at(at);
    harness.run_steps(3);
}

fn press(harness: &mut Harness<'_, Bench>, modifiers: Modifiers, key: Key) {
    harness.key_press_modifiers(modifiers, key);
    harness.run_steps(2);
}

#[test]
fn the_name_comes_first_and_the_value_at_the_cursor_is_the_one_that_was_held() {
    let mut harness = plots(600.0);
    harness.get_by_label("Temperature / Weather station: 24.0 °C");
    // Long after the only value of those minutes, and before the next.
    hover(&mut harness, 0.4);
    harness.get_by_label("Temperature / Weather station: 20.0 °C");
    hover(&mut harness, 0.55);
    harness.get_by_label("Temperature / Weather station: no data");
    hover(&mut harness, 0.9);
    harness.get_by_label("Temperature / Weather station: 24.0 °C");
    harness.get_by_label_contains("cursor: ");
}

#[test]
fn a_paused_plot_says_the_value_at_its_right_edge() {
    let mut harness = plots(120.0);
    for _ in 0..16 {
        press(&mut harness, Modifiers::NONE, Key::ArrowLeft);
    }
    // The right edge is eight minutes back.
    harness.get_by_label("Temperature / Weather station: 20.0 °C");
    harness
        .get_by_role_and_label(Role::Button, "Resume")
        .click();
    harness.run_steps(2);
    harness.get_by_label("Temperature / Weather station: 24.0 °C");
    harness.get_by_role_and_label(Role::Button, "Pause");
}

#[test]
fn two_markers_tell_the_time_and_the_difference_between_them() {
    let mut harness = plots(600.0);
    harness
        .get_by_role_and_label(Role::Button, "Measure")
        .click();
    harness.run_steps(2);
    click(&mut harness, 0.25);
    harness.get_by_label("Temperature / Weather station: A 20.0");
    click(&mut harness, 0.75);
    harness.get_by_label("Temperature / Weather station: A 20.0   B 24.0   Δ +4.0 °C");
    harness.get_by_label_contains("markers: Δ ");
    press(&mut harness, Modifiers::NONE, Key::Escape);
    assert!(harness.query_by_label_contains("markers: ").is_none());
}

#[test]
fn markers_and_the_cursor_are_placed_by_keys() {
    let mut harness = plots(600.0);
    press(&mut harness, Modifiers::NONE, Key::B);
    for _ in 0..60 {
        press(&mut harness, Modifiers::SHIFT, Key::ArrowLeft);
    }
    press(&mut harness, Modifiers::NONE, Key::A);
    harness.get_by_label("Temperature / Weather station: A 20.0   B 24.0   Δ +4.0 °C");
    harness.get_by_label("markers: Δ 6 min 0 s (2.78 mHz)");
}

#[test]
fn a_focused_chart_keeps_the_keys_of_the_page() {
    let mut harness = plots(600.0);
    harness.get_by_label(CHART).focus();
    harness.run_steps(2);
    press(&mut harness, Modifiers::NONE, Key::Space);
    harness.get_by_role_and_label(Role::Button, "Resume");
    for _ in 0..60 {
        press(&mut harness, Modifiers::SHIFT, Key::ArrowLeft);
    }
    assert!(harness.get_by_label(CHART).is_focused());
    harness.get_by_label("Temperature / Weather station: 20.0 °C");
}

#[test]
fn no_range_is_offered_beyond_what_is_kept() {
    let mut harness = plots(60.0);
    let since = {
        let wall = harness.state().at.wall - Duration::from_secs(600);
        text::time_of_day(wall, &TimeZone::UTC)[..5].to_owned()
    };
    harness.get_by_label(&format!("since {since}"));
    let enabled = |harness: &Harness<'_, Bench>, name: &str| {
        let button = harness.get_by_role_and_label(Role::Button, name);
        !button.accesskit_node().is_disabled()
    };
    assert!(enabled(&harness, "10 min"));
    assert!(!enabled(&harness, "6 h") && !enabled(&harness, "24 h"));
    assert!(harness.query_by_label("7 d").is_none());
    // Nor can it be reached with the keys: all of it is shown at most.
    for _ in 0..8 {
        press(&mut harness, Modifiers::NONE, Key::Minus);
    }
    hover(&mut harness, 0.02);
    harness.get_by_label("Temperature / Weather station: 20.0 °C");
}

#[test]
fn a_value_is_dragged_onto_the_page() {
    let at = Now::read();
    let settings: Settings = serde_json::from_value(json!({})).unwrap();
    let mut harness = open(at, vec![station(at)], settings, Key::Num1);
    let value = harness.get_by_label("Temperature: 24.0 °C").rect().center();
    let rail = harness
        .get_by_role_and_label(Role::Button, "Plots")
        .rect()
        .center();
    harness.hover_at(value);
    harness.step();
    harness.drag_at(value);
    harness.step();
    harness.hover_at(value + vec2(20.0, 20.0));
    harness.step();
    // Above the rail, the page opens; the value is dropped on it.
    harness.hover_at(rail);
    harness.run_steps(2);
    harness.get_by_role_and_label(Role::Button, "Pause");
    let middle = egui::pos2(700.0, 400.0);
    harness.hover_at(middle);
    harness.run_steps(2);
    harness.event(egui::Event::PointerButton {
        pos: middle,
        button: PointerButton::Primary,
        pressed: false,
        modifiers: Modifiers::NONE,
    });
    harness.run_steps(3);
    harness.get_by_label(CHART);
}

#[test]
fn samples_are_plotted_next_to_slow_sensors() {
    // Without an announcement: only its address is used.
    let options = Options {
        profile: Profile::Strip,
        mdns: false,
        ..Options::default()
    };
    let boards = Simulated::start(options).unwrap();
    let at = Now::read();
    let mut view = station(at);
    view.address = boards.list()[0].address.to_string().into();
    let mut harness = open(at, vec![view], settings(&["sensor:0"], 60.0), Key::Num5);
    harness.get_by_label("Telemetry…").click();
    harness.run_steps(2);
    harness.get_by_label("Telemetry of Weather station").click();
    let add = "Add Supply current / Weather station";
    until(&mut harness, |harness| {
        harness.query_by_label(add).is_some()
    });
    harness.get_by_label(add).click();
    let plot = "plot of A: Supply current / Weather station";
    until(&mut harness, |harness| {
        harness.query_by_label(plot).is_some()
            && harness
                .query_by_label_contains("Supply current / Weather station: min")
                .is_some()
    });
    // Both are on one time axis, and both are kept for the next run.
    harness.get_by_label(CHART);
    let mut kept = Settings::default();
    harness.state().window.remember(&mut kept);
    assert_eq!((kept.plots.curves.len(), kept.plots.channels.len()), (1, 1));
    assert_eq!(kept.plots.channels[0].channel, "Supply current");
}

/// Lets time pass until `done`.
fn until(harness: &mut Harness<'_, Bench>, done: impl Fn(&Harness<'_, Bench>) -> bool) {
    let end = Instant::now() + Duration::from_secs(20);
    while !done(harness) {
        assert!(Instant::now() < end, "nothing within 20 s");
        std::thread::sleep(Duration::from_millis(30));
        let now = Now::read();
        harness.state_mut().at = now;
        harness.step();
    }
}

/// A lamp that dropped twice and is away, with slow round trips and a weak
/// signal.
fn troubled(at: Now) -> BoardView {
    let mut health = Health::default();
    let away = |problem| LinkState::Unreachable {
        problem,
        retry_at: None,
    };
    let ago = |seconds: f64| at.wall - scenes::seconds(seconds);
    health.link(ago(600.0), &LinkState::Connected);
    for step in 0..20 {
        health.round_trip(ago(600.0 - f64::from(step)), Duration::from_millis(180));
    }
    health.link(ago(400.0), &LinkState::Stale);
    health.link(ago(380.0), &away(LinkProblem::Silent));
    health.link(ago(300.0), &LinkState::Connected);
    health.link(ago(120.0), &away(LinkProblem::Closed));
    let mut board = scenes::lamp(2, "Desk lamp", at);
    let weak = scenes::sensor(1, "Signal", "signal_strength", "dBm", 0, -84, at);
    board.components[3] = Arc::new(scenes::diagnostic(weak));
    board.health = Arc::new(health);
    board.link = away(LinkProblem::Closed);
    board
}

#[test]
fn a_lost_link_counts_as_a_drop_before_it_is_restored() {
    let at = Now::read();
    let harness = open(
        at,
        vec![troubled(at), scenes::lamp(3, "Shelf", at)],
        Settings::default(),
        Key::Num6,
    );
    let row = harness.get_by_label_contains("Desk lamp: unreachable, ");
    let name = row.accesskit_node().label().unwrap();
    for part in [
        "pings missed 1",
        "drops 2",
        "p95 170 ms (doubtful)",
        "rssi -84 dBm (bad)",
        "last disconnect the connection was closed, 2 min ago",
    ] {
        assert!(name.contains(part), "{part:?} in {name:?}");
    }
    for head in ["Pings missed", "Drops", "Last disconnect"] {
        let name = format!("Sort by {}", head.to_lowercase());
        harness.get_by_role_and_label(Role::Button, &name);
    }
}

#[test]
fn the_charts_of_a_link_have_units_and_tell_the_value_at_the_cursor() {
    let at = Now::read();
    let mut harness = open(at, vec![troubled(at)], Settings::default(), Key::Num6);
    for chart in [
        "Desk lamp: Round trip, ms",
        "Desk lamp: Signal, dBm",
        "Desk lamp: Free memory, KiB",
        "Desk lamp: histogram",
    ] {
        harness.get_by_role_and_label(Role::GraphicsObject, chart);
    }
    let ends = harness.query_all_by_label_contains("Desk lamp: disconnected ");
    assert_eq!(ends.count(), 2);
    // The link was down at the right edge, and up at the left one.
    harness.get_by_label("Round trip: no data");
    let chart = harness.get_by_label("Desk lamp: Round trip, ms").rect();
    harness.hover_at(egui::pos2(chart.left() + 70.0, chart.center().y));
    harness.run_steps(3);
    harness.get_by_label_contains("   180 ms");
}

#[test]
fn in_a_small_window_the_last_disconnect_has_its_own_line_and_nothing_is_cut() {
    let at = Now::read();
    let mut harness = open(at, vec![troubled(at)], Settings::default(), Key::Num6);
    for (size, two_lines) in [([1180.0, 760.0], false), ([900.0, 600.0], true)] {
        harness.set_size(size.into());
        harness.run_steps(3);
        let row = harness
            .get_by_label_contains("Desk lamp: unreachable, ")
            .rect();
        assert_eq!(row.height() > 40.0, two_lines, "{size:?}");
        assert!(row.right() <= size[0], "{size:?}: {row:?}");
    }
}
