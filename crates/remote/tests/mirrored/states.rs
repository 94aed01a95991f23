//! What a window has of the boards.

use fleet::{ChangeScope, LinkProblem, LinkState, LogEvent, Origin, Shown, seconds};
use protocol::State;
use remote::server::Role;

use crate::pair::{Desk, Window, component};

fn on(on: bool) -> State {
    State::new().with("on", on)
}

fn value(value: f64) -> State {
    State::new().with("value", value)
}

/// Whether the window has what the server has, as far as it is plain data.
fn assert_same(desk: &Desk, window: &Window) {
    assert_eq!(desk.views().count(), window.has.len(), "as many boards");
    for view in desk.views() {
        let own = window.named(&view.name);
        assert_eq!(own.id, view.id);
        assert_eq!(own.family, view.family);
        assert_eq!(own.link, view.link, "{}", view.name);
        assert_eq!(own.info, view.info);
        assert_eq!(own.locked, view.locked);
        assert_eq!(own.components.len(), view.components.len());
        for (own, theirs) in own.components.iter().zip(&view.components) {
            assert_eq!(own.descriptor, theirs.descriptor);
            assert_eq!(own.reported, theirs.reported);
        }
    }
}

#[test]
fn a_window_has_every_board_and_what_changes() {
    let mut desk = Desk::new();
    let lamp = desk.board("Lamp", vec![component("light:0", &on(false))]);
    let plug = desk.board("Plug", vec![component("switch:0", &on(true))]);
    let mut window = Window::open(&desk, "Ada", Role::Control);
    assert_same(&desk, &window);
    let shown = window.showing(&["Lamp", "Plug"]);
    window.shows(shown);
    desk.report(lamp, 0, on(true), Origin::Physical);
    desk.change(plug, ChangeScope::Board, |view| {
        view.link = LinkState::Stale;
    });
    desk.board("Later", vec![component("sensor:0", &value(20.5))]);
    window.settle();
    assert_same(&desk, &window);
    let changed = window.log.iter().any(|event| match event {
        LogEvent::Changed { origin, change, .. } => {
            *origin == Origin::Physical && *change == on(true)
        }
        _ => false,
    });
    assert!(changed, "{:?}", window.log);
    desk.forget(plug);
    window.settle();
    assert_same(&desk, &window);
}

#[test]
fn only_what_changed_is_sent() {
    let mut desk = Desk::new();
    let components = (0..100).map(|at| component(&format!("sensor:{at}"), &value(f64::from(at))));
    let board = desk.board("Weather", components.collect());
    let mut window = Window::open(&desk, "Ada", Role::View);
    let shown = window.showing(&["Weather"]);
    window.shows(shown);
    let all = std::mem::take(&mut window.bytes);
    desk.report(board, 7, value(1.5), Origin::Board);
    window.settle();
    assert!(
        window.bytes * 20 < all,
        "{} bytes after {all} for all",
        window.bytes
    );
    assert_same(&desk, &window);
}

#[test]
fn a_slow_window_gets_the_newest_state_once() {
    let mut desk = Desk::new();
    let board = desk.board("Weather", vec![component("sensor:0", &value(0.0))]);
    let mut window = Window::open(&desk, "Ada", Role::View);
    let shown = window.showing(&["Weather"]);
    window.shows(shown);
    window.bytes = 0;
    desk.report(board, 0, value(1.0), Origin::Board);
    window.settle();
    let one = std::mem::take(&mut window.bytes);
    window.shows(Shown::default());
    for number in 0..1_000 {
        desk.report(board, 0, value(f64::from(number)), Origin::Board);
    }
    window.bytes = 0;
    let shown = window.showing(&["Weather"]);
    window.shows(shown);
    assert_same(&desk, &window);
    // Its history, and the newest of what was reported meanwhile.
    assert!(
        window.bytes < 250 * one,
        "{} bytes; {one} for one",
        window.bytes
    );
}

#[test]
fn the_past_comes_when_a_board_is_shown() {
    let mut desk = Desk::new();
    let board = desk.board("Weather", vec![component("sensor:0", &value(0.0))]);
    for number in 0..50 {
        desk.report(board, 0, value(f64::from(number)), Origin::Board);
    }
    let mut window = Window::open(&desk, "Ada", Role::View);
    let kept = |window: &Window| window.named("Weather").components[0].history.recent();
    assert!(
        kept(&window).len() <= 1,
        "only the newest, as a list shows it"
    );
    let shown = window.showing(&["Weather"]);
    window.shows(shown);
    let theirs = desk
        .views()
        .next()
        .map(|view| view.components[0].history.recent());
    let theirs = theirs.unwrap_or_default();
    assert_eq!(kept(&window).len(), 50);
    for (own, theirs) in kept(&window).iter().zip(&theirs) {
        assert!((seconds(own.at) - seconds(theirs.at)).abs() < 2e-6);
        assert_eq!(own.value, theirs.value);
    }
    desk.report(board, 0, value(99.0), Origin::Board);
    window.settle();
    assert_eq!(kept(&window).len(), 51, "and new ones follow");
}

#[test]
fn a_lost_server_leaves_the_last_states_and_says_so() {
    let mut desk = Desk::new();
    desk.board("Lamp", vec![component("light:0", &on(true))]);
    let gone = desk.board("Gone", Vec::new());
    let mut window = Window::open(&desk, "Ada", Role::Control);
    let keys: Vec<_> = window.has.keys().copied().collect();
    window.lose();
    let lamp = window.named("Lamp");
    assert_eq!(
        lamp.components[0].reported,
        on(true),
        "the last known state"
    );
    assert!(matches!(
        &lamp.link,
        LinkState::Unreachable {
            problem: LinkProblem::Server(_),
            ..
        }
    ));
    desk.forget(gone);
    window.connect(&desk, Role::Control);
    assert_same(&desk, &window);
    assert!(
        keys.contains(&window.named("Lamp").key),
        "it is the same board"
    );
}

#[test]
fn another_run_of_the_server_is_another_fleet() {
    let mut desk = Desk::new();
    desk.board("Lamp", Vec::new());
    let mut window = Window::open(&desk, "Ada", Role::Control);
    window.lose();
    let mut other = Desk::new();
    other.board("Other", Vec::new());
    window.connect(&other, Role::Control);
    assert_same(&other, &window);
}

#[test]
fn frames_are_sent_while_they_are_followed() {
    let mut desk = Desk::new();
    let lamp = desk.board("Lamp", Vec::new());
    let mut window = Window::open(&desk, "Ada", Role::View);
    let at = desk.published.clock().now();
    let say = |desk: &Desk, text: &str| {
        let view = desk.views().next().expect("a board");
        view.frames.text(at, fleet::Direction::In, text);
    };
    say(&desk, "before");
    let view = std::sync::Arc::clone(window.named("Lamp"));
    let following = view.frames.follow();
    window.settle();
    say(&desk, "during");
    desk.change(lamp, ChangeScope::RoundTrip, |_| {});
    window.settle();
    let texts: Vec<_> = view.frames.since(0);
    let texts: Vec<_> = texts.iter().map(|frame| frame.content.clone()).collect();
    assert_eq!(
        texts,
        [
            fleet::Content::Text("before".into()),
            fleet::Content::Text("during".into())
        ]
    );
    drop(following);
    window.settle();
    say(&desk, "after");
    desk.change(lamp, ChangeScope::Board, |view| view.name = "Lamp 2".into());
    window.settle();
    assert_eq!(view.frames.since(0).len(), 2);
}
