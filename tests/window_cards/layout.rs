//! Where cards are and how much room they take, and what is not a card.

use std::sync::Arc;

use eframe::egui::{self, accesskit::Role};
use egui_kittest::{Harness, kittest::Queryable};

use crate::{
    Bench, open,
    scenes::{self, Now},
};

/// Where a control or value is.
pub(crate) fn place(harness: &Harness<'_, Bench>, name: &str) -> egui::Rect {
    harness.get_by_label(name).rect()
}

#[test]
fn an_outlet_and_what_is_measured_at_it_share_a_card() {
    let at = Now::read();
    let harness = open(at, vec![scenes::strip(2, at)]);
    let switch = |n: u8| place(&harness, &format!("Socket {n}: on"));
    let power = place(&harness, "Socket 2 power: 12.5 W");
    let history = place(&harness, "Socket 2 power: history");
    assert!(switch(2).bottom() <= power.top() && power.right() <= history.left());
    // The next card of the column is below both.
    assert_eq!(switch(2).right(), switch(4).right());
    assert!(history.right() <= switch(2).right() && history.bottom() < switch(4).top());
    assert!(
        harness
            .query_by_role_and_label(Role::Group, "Socket 2 power")
            .is_none()
    );
}

#[test]
fn cards_keep_their_natural_height() {
    let at = Now::read();
    let harness = open(at, vec![scenes::everything(9, at)]);
    let more = |name: &str| place(&harness, &format!("{name}: more"));
    let switch = |name: &str| place(&harness, &format!("{name}: on"));
    let height = |name: &str| more(name).bottom() - switch(name).top();
    let (light, relay) = (height("Light"), height("Relay (switch:0)"));
    assert!(relay < 70.0 && light > 140.0, "{relay} and {light}");
    // The third card is below the second, whose column is shorter.
    let second = switch("Second light");
    let third = switch("Relay (switch:0)");
    assert!(second.left() > switch("Light").left());
    assert_eq!(third.left(), second.left());
    assert!(third.top() > more("Second light").bottom());
}

#[test]
fn a_confirmation_fades_after_three_seconds_and_the_last_change_stays() {
    let at = Now::read();
    let mut board = scenes::strip(2, at);
    let switch = Arc::make_mut(&mut board.components[0]);
    switch.changed = Some((at.wall - scenes::seconds(1.0), fleet::Origin::ThisProgram));
    let mut harness = open(at, vec![board]);
    harness.get_by_label("Socket 1: confirmed 4.2 ms");
    harness.state_mut().later(4.0);
    harness.run_steps(2);
    assert!(
        harness
            .query_by_label("Socket 1: confirmed 4.2 ms")
            .is_none()
    );
    harness.get_by_label("Socket 1: changed 5 s ago (you)");
}

#[test]
fn diagnostics_are_scaled_for_reading_and_the_uptime_agrees_with_the_header() {
    let at = Now::read();
    let mut board = scenes::lamp(1, "Desk lamp", at);
    // The board reported it a minute ago; it booted 187,300 s ago.
    let uptime = scenes::sensor(3, "Uptime", "duration", "s", 0, 187_240, at);
    let memory = scenes::sensor(4, "Heap", "data_size", "B", 0, 179_200, at);
    for view in [uptime, memory] {
        board.components.push(Arc::new(scenes::diagnostic(view)));
    }
    let harness = open(at, vec![board]);
    harness.get_by_label("uptime: up 2 d 4 h");
    harness.get_by_label("Uptime: 2 d 4 h");
    harness.get_by_label("Heap: 175 KiB");
}

#[test]
fn the_tooltip_of_a_history_is_not_upon_it() {
    let at = Now::read();
    let mut harness = open(at, vec![scenes::lamp(1, "Desk lamp", at)]);
    let history = harness.get_by_label("Temperature: history").rect();
    harness.hover_at(history.center());
    harness.run();
    let tooltip = harness.get_by_label_contains(" since ").rect();
    assert!(!tooltip.intersects(history), "{tooltip} on {history}");
}

#[test]
fn the_menu_of_an_outlet_has_its_meter_too() {
    let at = Now::read();
    let mut harness = open(at, vec![scenes::strip(2, at)]);
    harness.get_by_label("Socket 2: more").click();
    harness.run();
    harness.get_by_role_and_label(Role::MenuItem, "Add to plots");
    harness
        .get_by_role_and_label(Role::MenuItem, "Add Socket 2 power to plots")
        .click();
    harness.run();
    assert!(
        harness.state().asked.is_empty(),
        "the window does it itself"
    );
    harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::Num5);
    harness.run();
    assert!(
        harness
            .query_all_by_label_contains("Socket 2 power")
            .next()
            .is_some()
    );
}

#[test]
fn an_outlet_on_a_dashboard_has_room_for_its_power_and_history() {
    let at = Now::read();
    let mut harness = open(at, vec![scenes::strip(2, at)]);
    harness.get_by_label("Socket 2: more").click();
    harness.run();
    harness
        .get_by_role_and_label(Role::MenuItem, "Pin to a new dashboard")
        .click();
    harness.run();
    harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::Num2);
    harness.run();
    let switch = place(&harness, "Strip: Socket 2: on");
    let power = place(&harness, "Socket 2 power: 12.5 W");
    let history = place(&harness, "Socket 2 power: history");
    assert!(power.top() >= switch.bottom() && power.right() <= history.left());
}
