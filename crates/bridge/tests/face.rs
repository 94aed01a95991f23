//! What is published of a board when: changes only, complete states, and
//! nothing of boards of other shards.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "support/everything.rs"]
mod everything;
mod support;

use std::sync::Arc;

use bridge::{Face, Publish, Shard};
use everything::everything;
use fleet::{BoardView, ComponentView, LinkState, LogEvent, Origin};
use protocol::{ComponentKey, Kind};
use serde_json::{Value, json};
use support::{board, context};

const BOARD: &str = "switchboard/home/sb-0a1b2c";

fn face(shard: &str) -> Face {
    Face::new(context(), shard.parse().unwrap())
}

/// The topics below the board's, and the payloads.
fn states(messages: &[Publish]) -> Vec<(String, Value)> {
    let state = |message: &Publish| match message {
        Publish::State { topic, payload } => {
            let last = topic
                .strip_prefix(BOARD)
                .unwrap()
                .trim_matches('/')
                .to_owned();
            (last, serde_json::from_slice(payload).unwrap_or(Value::Null))
        }
        Publish::Event { .. } => panic!("an event: {message:?}"),
    };
    messages.iter().map(state).collect()
}

fn change(view: &mut BoardView, at: usize, field: &str, value: impl Into<Value>) {
    let mut component = ComponentView::clone(&view.components[at]);
    component.reported = component.reported.with(field, value);
    view.components[at] = Arc::new(component);
}

#[test]
fn a_new_board_is_described_first_and_available_last() {
    let view = board(everything());
    let published = states(&face("1/1").board(&view));
    assert_eq!(published.first().unwrap().0, "$description");
    let (last, availability) = published.last().unwrap();
    assert_eq!(last, "$availability");
    let expected = json!({ "state": "online", "link": "connected", "bridge": "attic" });
    assert_eq!(*availability, expected);
    let with_state = view.components.iter().filter(|it| !it.reported.is_empty());
    assert_eq!(published.len(), with_state.count() + 2);
}

#[test]
fn only_what_changed_is_published_and_always_completely() {
    let (mut view, mut face) = (board(everything()), face("1/1"));
    let _ = face.board(&view);
    assert_eq!(face.board(&view), []);
    change(&mut view, 2, "brightness", 11);
    let published = states(&face.board(&view));
    assert_eq!(published.len(), 1);
    let whole = serde_json::to_value(&view.components[2].reported).unwrap();
    assert_eq!(published[0].1, whole);
    assert!(whole.as_object().unwrap().len() > 1);
    // The same value again.
    change(&mut view, 2, "brightness", 11);
    assert_eq!(face.board(&view), []);
    view.link = LinkState::Stale;
    let published = states(&face.board(&view));
    assert_eq!(published.len(), 1);
    assert_eq!(published[0].1["link"], json!("stale"));
    view.name = "Desk".into();
    let published = states(&face.board(&view));
    assert_eq!(published.len(), 1);
    assert_eq!(published[0].1["name"], json!("Desk"));
}

#[test]
fn a_component_that_disappears_is_cleared_and_a_board_that_does_leaves_nothing() {
    let (mut view, mut face) = (board(everything()), face("1/1"));
    let first = face.board(&view);
    let gone = view.components.remove(2).descriptor.key.to_string();
    let published = states(&face.board(&view));
    assert!(published.contains(&(gone, Value::Null)), "{published:?}");
    assert_eq!(published.len(), 2);
    let forgotten = states(&face.forgotten(view.key));
    assert!(forgotten.iter().all(|(_, payload)| payload.is_null()));
    let cleared: Vec<_> = forgotten.iter().map(|(last, _)| last).collect();
    let all = states(&first);
    let left = all.iter().filter(|(last, _)| cleared.contains(&last));
    assert_eq!(left.count(), all.len() - 1);
    assert_eq!(face.forgotten(view.key), []);
}

#[test]
fn an_earlier_board_of_another_shard_or_one_that_was_never_met_is_not_published() {
    let view = board(everything());
    let shards = ["1/2", "2/2"].map(|shard| shard.parse::<Shard>().unwrap());
    let own = shards
        .iter()
        .position(|shard| shard.contains("sb-0a1b2c"))
        .unwrap();
    let other = shards[1 - own];
    assert!(
        Face::new(context(), other)
            .unknown("sb-0a1b2c", br#"{"state":"online"}"#)
            .is_none()
    );
    let mut invented = view;
    invented.info = None;
    assert_eq!(face("1/1").board(&invented), []);
}

#[test]
fn an_event_is_published_once_and_not_retained() {
    let (view, mut face) = (board(everything()), face("1/1"));
    let event = LogEvent::Event {
        component: ComponentKey::new(Kind::Button, 0),
        event: "press".to_owned(),
        origin: Origin::Physical,
        delay: None,
    };
    // Of a board that is not published.
    assert_eq!(face.event(&view, &event), None);
    let _ = face.board(&view);
    let Some(Publish::Event { topic, payload }) = face.event(&view, &event) else {
        panic!("no event");
    };
    assert_eq!(topic, format!("{BOARD}/button:0/event"));
    let payload: Value = serde_json::from_slice(&payload).unwrap();
    assert_eq!(payload, json!({ "event": "press", "origin": "physical" }));
}

#[test]
fn a_board_that_an_earlier_run_published_is_offline_until_it_is_met() {
    let (view, mut face) = (board(everything()), face("1/1"));
    let online = br#"{"state":"online","bridge":"attic"}"#;
    let Some(Publish::State { payload, .. }) = face.unknown("sb-0a1b2c", online) else {
        panic!("nothing is published");
    };
    let payload: Value = serde_json::from_slice(&payload).unwrap();
    assert_eq!(
        (&payload["state"], &payload["link"]),
        (&json!("offline"), &json!("unknown"))
    );
    assert_eq!(face.unknown("sb-0a1b2c", br#"{"state":"offline"}"#), None);
    assert_eq!(face.unknown("sb-0a1b2c", b"\xff"), None);
    let _ = face.board(&view);
    assert_eq!(face.unknown("sb-0a1b2c", online), None);
}
