//! A window whose fleet is on a server, and the window of a phone.

use std::time::Duration;

use eframe::egui::{accesskit::Role, vec2};
use egui_kittest::kittest::{NodeT, Queryable};
use fleet::{Changes, FleetStatus, ServerState, ServerStatus};
use gui::{Abilities, Request, Task};

use super::{Bench, Harness, open, plain, scenes::Now};

fn served(state: ServerState) -> Harness<'static, Bench> {
    let at = Now::read();
    let mut harness = open(plain(at), at, "channels");
    let bench = harness.state_mut();
    bench.window.model.abilities = Abilities::Browser;
    let server = ServerStatus {
        address: "ws://pi:8080".to_owned(),
        state,
        access: keys::Role::Control,
        number: Some(1),
        manages: false,
        sessions: Vec::new(),
        shown_page: None,
    };
    let changes = Changes {
        status: Some(FleetStatus {
            server: Some(server),
            ..FleetStatus::default()
        }),
        ..Changes::default()
    };
    bench.window.model.apply(changes, bench.at.now);
    bench.window.model.select(fleet::BoardKey(1));
    harness.run_steps(3);
    harness
}

#[test]
fn a_lost_server_is_shown_with_the_reason_and_can_be_tried_at_once() {
    let at = Now::read().now;
    let mut harness = served(ServerState::Lost {
        problem: "connection refused".to_owned(),
        retry_at: at.checked_add(Duration::from_secs(3_600)),
        wants_token: false,
    });
    harness.get_by_label_contains("ws://pi:8080: connection refused. Trying again in");
    harness.get_by_label("Try now").click();
    harness.run_steps(2);
    let asked = &harness.state().asked;
    let again = |request: &Request| matches!(request, Request::Task(Task::Reconnect));
    assert!(asked.iter().any(again), "{asked:?}");
}

#[test]
fn what_only_the_server_can_do_is_disabled_with_the_reason() {
    let mut harness = served(ServerState::Connected);
    assert!(harness.query_by_label_contains("Trying again").is_none());
    harness.get_by_role_and_label(Role::Button, "More").click();
    harness.run_steps(3);
    let forget = harness.get_by_role_and_label(Role::MenuItem, "Forget");
    let node = forget.accesskit_node();
    assert!(node.is_disabled());
    let why = node.data().description().unwrap_or_default().to_owned();
    assert!(why.contains("server"), "{why:?}");
    let rename = harness.get_by_role_and_label(Role::MenuItem, "Save as scene");
    assert!(!rename.accesskit_node().is_disabled());
}

#[test]
fn the_rail_of_a_phone_is_at_the_bottom_and_its_targets_fit_a_finger() {
    let at = Now::read();
    let mut harness = open(plain(at), at, "channels");
    harness.set_size(vec2(390.0, 844.0));
    harness.run_steps(3);
    for page in ["Boards", "Dashboards", "Scenes"] {
        let place = harness.get_by_role_and_label(Role::Button, page).rect();
        assert!(place.top() > 780.0, "{page}: {place:?}");
        assert!(
            place.width() >= 40.0 && place.height() >= 40.0,
            "{page}: {place:?}"
        );
    }
    // Held the other way, it is on the left.
    harness.set_size(vec2(844.0, 390.0));
    harness.run_steps(3);
    let place = harness.get_by_role_and_label(Role::Button, "Boards").rect();
    assert!(place.right() < 60.0 && place.top() < 100.0, "{place:?}");
}
