//! A cover that takes seconds to move, a doorbell and a light with palettes,
//! operated from the real window over a running board.

use eframe::egui::accesskit::Role;
use egui_kittest::kittest::Queryable;
use protocol::State;
use virtual_board::Profile;

use crate::{
    desk::{Observer, address, boards, key, name},
    window::Desktop,
};

/// Clicks a control that may have to be scrolled to.
fn click(desktop: &mut Desktop, label: &str) {
    desktop.until(label, |window| {
        window.query_by_label(label).map(|node| node.scroll_to_me())
    });
    desktop.stands_still();
    desktop.until(label, |window| {
        window.query_by_label(label).map(|node| node.click())
    });
    desktop.window.step();
}

#[test]
fn a_blind_is_closed_and_stopped_by_its_buttons() {
    let boards = boards(Profile::Everything, 1);
    let mut desktop = Desktop::open(&[address(&boards)]);
    desktop.shows(&format!("{}: connected", name(&boards)));
    desktop.shows("Blind: Open");
    click(&mut desktop, "Blind: close");
    desktop.shows_about("Blind: Closing · ");
    click(&mut desktop, "Blind: stop");
    desktop.shows_about("Blind: Open · ");
    let mut observer = Observer::of(&[&address(&boards)]);
    let board = observer.connected(&name(&boards));
    let blind = board.component(&key("cover:0")).expect("a blind");
    let position = blind.reported.position().expect("its position");
    assert!((1..=99).contains(&position), "{position}");
    assert_eq!(blind.reported.movement(), Some("open"));
}

#[test]
fn an_event_at_the_board_is_shown_with_its_name() {
    let boards = boards(Profile::Everything, 1);
    let mut desktop = Desktop::open(&[address(&boards)]);
    desktop.shows(&format!("{}: connected", name(&boards)));
    desktop.shows("Doorbell: reports single push · double push · long push");
    boards
        .press(&name(&boards), &key("event:0"), "long_push")
        .expect("pushed");
    desktop.shows("Doorbell: long push");
}

#[test]
fn a_palette_is_chosen_in_the_window_and_seen_by_another_controller() {
    let boards = boards(Profile::Everything, 1);
    let name = name(&boards);
    let mut desktop = Desktop::open(&[address(&boards)]);
    desktop.shows(&format!("{name}: connected"));
    let mut observer = Observer::of(&[&address(&boards)]);
    observer.connected(&name);
    click(&mut desktop, "Light strip: palette");
    click(&mut desktop, "lava");
    observer.shows(&name, "light:2", |light| light.palette() == Some("lava"));
    boards
        .set(&name, &key("light:2"), State::new().with("white", 200))
        .expect("set at the board");
    desktop.until("the white channel", |window| {
        let slider = window.query_by_role_and_label(Role::Slider, "Light strip: white")?;
        let value = egui_kittest::kittest::NodeT::accesskit_node(&slider).numeric_value();
        (value == Some(200.0)).then_some(())
    });
}
