//! Much at once is sent in several messages, each far below what a window
//! takes.

use std::{sync::Arc, time::Duration};

use fleet::{ChangeScope, Direction, FleetRequest, History, Outcome, Sample, Shown};
use protocol::{Code, RpcError, State};
use remote::{server::Role, wire::FROM_SERVER};

use crate::pair::{Desk, Window, component};

/// What a message may have before its last part, and twice as much as the
/// largest part of these tests.
const LONGEST: usize = 512 << 10;

#[test]
fn the_past_of_hundreds_of_values() {
    let mut desk = Desk::new();
    let at = desk.published.clock().now();
    let past = |number: u32| {
        let history = History::default();
        for seconds in 0..3_000 {
            let at = at - Duration::from_secs(60 * (3_000 - seconds));
            let value = f64::from(number);
            history.push(Sample { at, value });
        }
        history
    };
    let components: Vec<_> = (0..150)
        .map(|number| {
            let mut component = component(&format!("sensor:{number}"), &State::new());
            component.history = Arc::new(past(number));
            component
        })
        .collect();
    let all = components.len();
    let board = desk.board("Weather", components);
    let mut window = Window::open(&desk, "Ada", Role::View);
    let shown = window.showing(&["Weather"]);
    window.shows(shown.clone());
    assert!(
        window.bytes > FROM_SERVER,
        "more than a message may have: {}",
        window.bytes
    );
    assert!(window.longest < LONGEST, "{} bytes", window.longest);
    let theirs = desk.views().next().expect("a board");
    let own = window.named("Weather");
    for (own, theirs) in own.components.iter().zip(&theirs.components) {
        assert_eq!(own.history.past(), theirs.history.past());
        assert_eq!(own.history.recent_len(), theirs.history.recent_len());
    }
    // Only new values follow, also if all of them come at once.
    window.bytes = 0;
    window.longest = 0;
    desk.change(board, ChangeScope::Components, |view| {
        for component in &mut view.components {
            let component = Arc::make_mut(component);
            for seconds in 1..500 {
                let at = at + Duration::from_secs(seconds);
                component.history.push(Sample { at, value: 1.0 });
            }
        }
    });
    window.settle();
    assert!(window.longest < LONGEST, "{} bytes", window.longest);
    assert!(window.bytes > all * 499 * 9, "{} bytes", window.bytes);
    assert!(window.bytes < FROM_SERVER, "{} bytes", window.bytes);
    let own = window.named("Weather");
    let newest = at + Duration::from_secs(499);
    for component in &own.components {
        let last = component.history.last().expect("a value");
        assert!((fleet::seconds(last.at) - fleet::seconds(newest)).abs() < 2e-6);
    }
}

#[test]
fn the_traffic_of_a_busy_link() {
    let mut desk = Desk::new();
    let lamp = desk.board("Lamp", Vec::new());
    let mut window = Window::open(&desk, "Ada", Role::View);
    window.shows(Shown::default());
    let view = Arc::clone(window.named("Lamp"));
    let _following = view.frames.follow();
    window.settle();
    let at = desk.published.clock().now();
    let text = "x".repeat(10_000);
    let frames = Arc::clone(&desk.views().next().expect("a board").frames);
    for _ in 0..400 {
        frames.text(at, Direction::In, &text);
    }
    desk.change(lamp, ChangeScope::RoundTrip, |_| {});
    window.longest = 0;
    window.settle();
    assert_eq!(view.frames.since(0).len(), 400);
    assert!(window.longest < LONGEST, "{} bytes", window.longest);
}

#[test]
fn the_outcomes_of_many_commands() {
    let mut desk = Desk::new();
    desk.board("Lamp", vec![component("light:0", &State::new())]);
    let mut window = Window::open(&desk, "Ada", Role::Control);
    let lamp = window.named("Lamp").key;
    let (told, outcomes) = std::sync::mpsc::channel();
    for _ in 0..200 {
        let told = told.clone();
        let reply = Box::new(move |outcome| told.send(outcome).expect("a receiver"));
        window
            .fleet
            .call(lamp, "Light.Get", protocol::Object::new(), Some(reply));
    }
    window.settle();
    for request in desk.asked() {
        if let FleetRequest::Command(_, _, Some(reply)) = request {
            let message = "x".repeat(30_000);
            reply(Outcome::Refused(RpcError::new(Code::Busy, "busy", message)));
        }
    }
    window.longest = 0;
    window.settle();
    assert_eq!(outcomes.try_iter().count(), 200);
    assert!(window.longest < LONGEST, "{} bytes", window.longest);
}
