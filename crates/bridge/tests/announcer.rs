//! What is published for Home Assistant when: changes only, everything after
//! its birth, and what disappeared.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/everything.rs"]
mod everything;
mod support;

use std::{sync::Arc, time::Duration, time::Instant};

use bridge::home_assistant::{Announcer, Due};
use everything::everything;
use fleet::{BoardKey, BoardView, ComponentView};
use serde_json::Value;
use support::{board, context};

const DEVICE: &str = "homeassistant/device/sb-0a1b2c/config";
const LAMP: &str = "switchboard/home/sb-0a1b2c/light:0/ha";

fn announced(now: Instant) -> (Announcer, BoardView) {
    let (mut announcer, view) = (Announcer::new(context()), board(everything()));
    let first = announcer.board(now, &view);
    // The device, six lights and two updates.
    assert_eq!(first.len(), 9);
    assert_eq!(first[0].topic, DEVICE);
    (announcer, view)
}

fn component(payload: &str, key: &str) -> Value {
    let payload: Value = serde_json::from_str(payload).unwrap();
    payload["components"][key].clone()
}

#[test]
fn only_changes_are_published() {
    let now = Instant::now();
    let (mut announcer, mut view) = announced(now);
    assert_eq!(announcer.board(now, &view), []);
    let mut lamp = ComponentView::clone(&view.components[2]);
    lamp.reported = lamp.reported.with("brightness", 10);
    view.components[2] = Arc::new(lamp);
    let changed = announcer.board(now, &view);
    assert_eq!(changed.len(), 1);
    assert_eq!(changed[0].topic, LAMP);
    view.name = "Desk".into();
    let renamed = announcer.board(now, &view);
    assert_eq!(renamed.len(), 1);
    assert!(renamed[0].payload.contains("\"name\":\"Desk\""));
}

#[test]
fn the_birth_of_home_assistant_is_answered_with_everything() {
    let now = Instant::now();
    let (mut announcer, view) = announced(now);
    assert!(announcer.message(now, "homeassistant/status", b"online", false, 0.0));
    assert_eq!(announcer.poll(now, [&view]), Due::default());
    let at = announcer.next_deadline().unwrap();
    let devices = announcer.poll(at, [&view]);
    assert_eq!((devices.messages.len(), devices.all_states), (1, false));
    assert_eq!(devices.messages[0].topic, DEVICE);
    let at = announcer.next_deadline().unwrap();
    let states = announcer.poll(at, [&view]);
    assert_eq!((states.messages.len(), states.all_states), (8, true));
    assert_eq!(announcer.next_deadline(), None);
}

#[test]
fn a_component_that_disappears_is_removed_and_its_state_cleared() {
    let now = Instant::now();
    let (mut announcer, mut view) = announced(now);
    view.components.remove(2);
    let removed = announcer.board(now, &view);
    assert_eq!(removed.len(), 2);
    assert_eq!(
        component(&removed[0].payload, "light_0"),
        serde_json::json!({ "platform": "light" })
    );
    assert_eq!((&*removed[1].topic, &*removed[1].payload), (LAMP, ""));
    let at = announcer.next_deadline().unwrap();
    assert!(at > now + Duration::from_secs(10));
    let last = announcer.poll(at, [&view]).messages;
    assert_eq!(last.len(), 1);
    assert_eq!(component(&last[0].payload, "light_0"), Value::Null);
}

#[test]
fn what_an_earlier_run_left_is_removed_even_if_the_broker_says_it_late() {
    let now = Instant::now();
    let (mut announcer, mut view) = announced(now);
    let old = {
        let mut earlier = Announcer::new(context());
        earlier.board(now, &view).swap_remove(0).payload
    };
    view.components.remove(0);
    let (mut announcer_again, now) = (Announcer::new(context()), now);
    let _ = announcer_again.board(now, &view);
    assert!(announcer_again.message(now, DEVICE, old.as_bytes(), true, 0.0));
    let at = announcer_again.next_deadline().unwrap();
    let again = announcer_again.poll(at, [&view]).messages;
    assert_eq!(
        component(&again[0].payload, "switch_0"),
        serde_json::json!({ "platform": "switch" })
    );
    // The same payload as an echo says nothing.
    assert!(announcer.message(now, DEVICE, old.as_bytes(), false, 0.0));
    assert!(!announcer.message(now, "homeassistant/device/a/b/config", b"{}", true, 0.0));
    assert!(!announcer.message(now, "switchboard/home/x/$command", b"{}", false, 0.0));
}

#[test]
fn a_board_that_is_removed_or_changes_its_id_leaves_nothing_behind() {
    let now = Instant::now();
    let (mut announcer, mut view) = announced(now);
    view.id = Some("sb-ffffff".into());
    let moved = announcer.board(now, &view);
    let cleared = moved.iter().filter(|message| message.payload.is_empty());
    assert_eq!((cleared.count(), moved.len()), (9, 18));
    let gone = announcer.forgotten(view.key);
    assert_eq!(gone.len(), 9);
    assert!(gone.iter().all(|message| message.payload.is_empty()));
    assert_eq!(announcer.forgotten(BoardKey(7)), []);
}
