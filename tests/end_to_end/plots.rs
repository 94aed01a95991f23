//! Plots in the whole program: chosen by clicking, paused, saved, and restored
//! in the next run; a lost link is a gap.

use eframe::egui::accesskit::Role;
use egui_kittest::kittest::Queryable;
use protocol::State;
use virtual_board::Profile;

use crate::{
    desk::{boards, key, name},
    window::{Desktop, desktop},
};

fn plot(desktop: &mut Desktop, component: &str) {
    desktop.click("Add to plots");
    desktop.stands_still();
    desktop.until("the picker", |window| {
        window
            .query_by_role_and_label(Role::TextInput, "Find a component")
            .map(|field| field.type_text(component))
    });
    desktop.until(component, |window| {
        window
            .query_by_role_and_label(Role::CheckBox, component)
            .map(|row| row.click())
    });
    desktop.window.step();
    desktop.window.key_press(eframe::egui::Key::Escape);
    desktop.stands_still();
}

#[test]
fn curves_are_added_by_clicking_follow_pushes_and_can_be_removed() {
    let boards = boards(Profile::Everything, 1);
    let name = name(&boards);
    boards
        .set(&name, &key("sensor:0"), State::new().with("value", 21.5))
        .expect("measured");
    let mut desktop = desktop(&boards);
    desktop.shows(&format!("{name}: connected"));
    desktop.click("Plots");
    desktop.shows("No curves yet");
    let view = desktop.until("the sensor", |window| {
        let model = &window.state().window().model;
        let board = model.boards().find(|board| *board.name == *name)?.clone();
        board
            .components
            .iter()
            .find(|view| view.descriptor.key == key("sensor:0"))
            .cloned()
    });
    let component = &view.descriptor.name;
    plot(&mut desktop, &format!("{name}: {component}"));
    let title = format!("{component} / {name}");
    desktop.shows_about("plot of ");
    boards
        .set(&name, &key("sensor:0"), State::new().with("value", 42.25))
        .expect("measured");
    desktop.shows_about("   max 42.");
    // The pointer still rests where the row of the picker was.
    desktop.window.remove_cursor();
    desktop.shows_about("shown: ");
    let name = "plot of ";
    desktop.until(name, |window| {
        window
            .query_all_by_label_contains(name)
            .next()
            .map(|plot| plot.hover())
    });
    desktop.shows_about("cursor: ");
    desktop.click("Pause");
    desktop.shows("Resume");
    desktop.click(&format!("{title}: remove from plots"));
    desktop.shows("No curves yet");
}

#[test]
fn a_lost_link_is_a_gap_in_the_history() {
    let boards = boards(Profile::Everything, 1);
    let name = name(&boards);
    boards
        .set(&name, &key("sensor:0"), State::new().with("value", 20.0))
        .expect("measured");
    let mut desktop = desktop(&boards);
    desktop.shows(&format!("{name}: connected"));
    boards.stop(&name).expect("stopped");
    desktop.shows_about(": unreachable");
    boards.start_again(&name).expect("started");
    desktop.shows(&format!("{name}: connected"));
    desktop.until("a gap between two values", |window| {
        let board = window.state().window().model.boards().next()?.clone();
        let view = board
            .components
            .iter()
            .find(|view| view.descriptor.key == key("sensor:0"))?
            .clone();
        let known: Vec<bool> = view
            .history
            .recent()
            .iter()
            .map(|sample| sample.value.is_finite())
            .collect();
        known
            .windows(3)
            .any(|three| three == [true, false, true])
            .then_some(())
    });
}
