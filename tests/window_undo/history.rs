//! One history in order of time, for everything that a person does.

use std::time::Duration;

use eframe::egui::{Key, Modifiers, accesskit::Role};
use egui_kittest::kittest::Queryable;

use crate::desktop::{Bench, Desktop, address, boards, on};
use virtual_board::Profile;

#[test]
fn one_switch_is_undone_and_done_again() {
    let bench = Bench::start();
    let mut desktop = bench.desktop();
    let before = desktop.toggle("Light: on", "Desk lamp", "light:0");
    desktop.undo();
    desktop.until_on("Desk lamp", "light:0", before);
    desktop.redo();
    desktop.until_on("Desk lamp", "light:0", !before);
    desktop.undo();
    desktop.until_on("Desk lamp", "light:0", before);
    desktop.press(Modifiers::COMMAND, Key::Y);
    desktop.until_on("Desk lamp", "light:0", !before);
}

#[test]
fn a_rename_is_undone_by_renaming_back() {
    let bench = Bench::start();
    let mut desktop = bench.desktop();
    desktop.rename("Reading lamp");
    desktop.connected("Reading lamp");
    desktop.undo();
    desktop.connected("Desk lamp");
}

#[test]
fn a_room_is_taken_back() {
    let bench = Bench::start();
    let mut desktop = bench.desktop();
    desktop.click("More");
    desktop.choose("Assign room…");
    desktop.answer("Room", "Workshop", "Assign");
    let room = |desktop: &Desktop| {
        let board = desktop.board("Desk lamp").cloned()?;
        let labels = desktop.window.state().window().model.labels_of(&board)?;
        Some(labels.room.clone())
    };
    assert_eq!(room(&desktop).as_deref(), Some("Workshop"));
    desktop.undo();
    assert_eq!(room(&desktop), None);
    desktop.redo();
    assert_eq!(room(&desktop).as_deref(), Some("Workshop"));
}

#[test]
fn acts_of_all_kinds_are_undone_in_the_order_of_time_the_newest_first() {
    let bench = Bench::start();
    let mut desktop = bench.desktop();
    let lamp = desktop.toggle("Light: on", "Desk lamp", "light:0");
    desktop.rename("Reading lamp");
    desktop.connected("Reading lamp");
    desktop.click("More");
    desktop.choose("Assign room…");
    desktop.answer("Room", "Workshop", "Assign");
    desktop.click("More");
    desktop.choose("Forget");
    desktop.is_gone("Reading lamp");

    desktop.undo();
    desktop.connected("Reading lamp");
    let board = desktop.board("Reading lamp").cloned().expect("it is back");
    let room = |desktop: &Desktop| {
        let model = &desktop.window.state().window().model;
        model.labels_of(&board).map(|labels| labels.room.clone())
    };
    assert_eq!(room(&desktop).as_deref(), Some("Workshop"));
    desktop.show_board("Reading lamp");
    desktop.undo();
    assert_eq!(room(&desktop), None);
    assert_eq!(desktop.is_on("Reading lamp", "light:0"), Some(!lamp));
    desktop.undo();
    desktop.connected("Desk lamp");
    assert_eq!(desktop.is_on("Desk lamp", "light:0"), Some(!lamp));
    desktop.undo();
    desktop.until_on("Desk lamp", "light:0", lamp);
}

#[test]
fn several_boards_that_were_switched_together_are_undone_together() {
    let lamps = boards(Profile::Lamp, 3);
    for lamp in lamps.list() {
        lamps
            .set(&lamp.name, &"light:0".parse().expect("a key"), on(true))
            .expect("set at the board");
    }
    let addresses: Vec<String> = lamps
        .list()
        .iter()
        .map(|lamp| lamp.address.to_string())
        .collect();
    let mut desktop = Desktop::open(&addresses);
    let names: Vec<String> = lamps.list().into_iter().map(|lamp| lamp.name).collect();
    for name in &names {
        desktop.connected(name);
        desktop.until_on(name, "light:0", true);
    }
    desktop.press(Modifiers::COMMAND, Key::A);
    desktop.click("Light: all off");
    for name in &names {
        desktop.until_on(name, "light:0", false);
    }
    desktop.undo();
    for name in &names {
        desktop.until_on(name, "light:0", true);
    }
}

#[test]
fn an_act_that_cannot_be_undone_says_so_and_nothing_else_is_touched() {
    let bench = Bench::start();
    let mut desktop = bench.desktop();
    desktop.show_board("Power strip");
    let outlet = desktop.toggle("Outlet 1: on", "Power strip", "switch:0");
    desktop.show_board("Desk lamp");
    let lamp = desktop.is_on("Desk lamp", "light:0").expect("it is known");
    desktop.click("Button: press");
    // The press itself toggles the lamp, once.
    desktop.until_on("Desk lamp", "light:0", !lamp);
    for _ in 0..2 {
        desktop.undo();
        desktop.shows_about("Cannot undo \"Press Desk lamp: Button\".");
        desktop.wait();
        assert_eq!(desktop.is_on("Power strip", "switch:0"), Some(!outlet));
        assert_eq!(desktop.is_on("Desk lamp", "light:0"), Some(!lamp));
    }
}

#[test]
fn undo_that_fails_says_why_and_can_be_tried_again() {
    let bench = Bench::start();
    let mut desktop = bench.desktop();
    let before = desktop.toggle("Light: on", "Desk lamp", "light:0");
    // The board stores its state 5 s after a change, and boots with it.
    desktop.draw_for(Duration::from_secs(6));
    bench.lamp.stop("Desk lamp").expect("stopped");
    desktop.shows("Desk lamp: unreachable");
    desktop.undo();
    desktop.shows_about("You can try it again.");
    bench.lamp.start_again("Desk lamp").expect("started again");
    let board = desktop.board("Desk lamp").map(|view| view.key);
    let fleet = desktop.window.state().fleet();
    fleet.retry_now(board.expect("it is in the list"));
    desktop.shows("Desk lamp: connected");
    desktop.until_on("Desk lamp", "light:0", !before);
    desktop.undo();
    // On a slow machine it is old by now, and undo asks.
    if desktop.has("You did this") {
        desktop.click("Undo");
    }
    desktop.until_on("Desk lamp", "light:0", before);
}

#[test]
fn a_command_that_the_board_refuses_leaves_nothing_to_undo() {
    let board = boards(Profile::Everything, 1);
    let name = board.list()[0].name.clone();
    board
        .set(&name, &"switch:0".parse().expect("a key"), on(true))
        .expect("set at the board");
    let mut desktop = Desktop::open(&[address(&board)]);
    desktop.show_board(&name);
    desktop.click_switch("Motor backward: on");
    desktop.shows_about("Motor backward: refused");
    desktop.undo();
    desktop.shows("Nothing to undo.");
    assert_eq!(desktop.is_on(&name, "switch:0"), Some(true));
}

#[test]
fn positions_of_a_slider_that_is_dragged_are_one_act() {
    let bench = Bench::start();
    let mut desktop = bench.desktop();
    let brightness = |desktop: &Desktop| {
        let board = desktop.board("Desk lamp")?;
        let mut components = board.components.iter();
        let light = components.find(|view| view.descriptor.key.to_string() == "light:0")?;
        light.reported.brightness()
    };
    let before = brightness(&desktop).expect("it is known");
    desktop.until("the slider", |window| {
        window
            .query_by_role_and_label(Role::Slider, "Light: brightness")
            .map(|slider| slider.focus())
    });
    let step = if before > 50 {
        Key::ArrowLeft
    } else {
        Key::ArrowRight
    };
    desktop.settle();
    for _ in 0..5 {
        desktop.window.key_press(step);
        desktop.window.step();
    }
    desktop.until("the brightness", |window| {
        let model = &window.state().window().model;
        let board = model.boards().find(|view| &*view.name == "Desk lamp")?;
        let mut components = board.components.iter();
        let light = components.find(|view| view.descriptor.key.to_string() == "light:0")?;
        let moved = light.reported.brightness()?.abs_diff(before) >= 3;
        (moved && light.wanted.is_none()).then_some(())
    });
    desktop.undo();
    desktop.until("the brightness before", |window| {
        let model = &window.state().window().model;
        let board = model.boards().find(|view| &*view.name == "Desk lamp")?;
        let mut components = board.components.iter();
        let light = components.find(|view| view.descriptor.key.to_string() == "light:0")?;
        (light.reported.brightness() == Some(before)).then_some(())
    });
}

#[test]
fn what_was_added_to_the_plots_is_removed_again() {
    let bench = Bench::start();
    let mut desktop = bench.desktop();
    let lamp = desktop.is_on("Desk lamp", "light:0");
    desktop.click("Light: more");
    desktop.choose("Add to plots");
    desktop.page("Plots");
    let removing = "Light / Desk lamp: remove from plots";
    desktop.shows(removing);
    desktop.undo();
    desktop.shows_nothing_about(removing);
    desktop.redo();
    desktop.shows(removing);
    desktop.click(removing);
    desktop.shows_nothing_about(removing);
    desktop.undo();
    desktop.shows(removing);
    assert_eq!(desktop.is_on("Desk lamp", "light:0"), lamp);
}

/// Scrolls until this control is in view.
fn scroll(desktop: &mut Desktop, label: &str) {
    desktop.until(label, |window| {
        window.query_by_label(label).map(|node| node.scroll_to_me())
    });
    desktop.settle();
}

#[test]
fn the_position_of_a_cover_is_undone_while_it_moves_and_a_movement_is_not() {
    let board = boards(Profile::Everything, 1);
    let name = board.list()[0].name.clone();
    let mut desktop = Desktop::open(&[address(&board)]);
    desktop.show_board(&name);
    desktop.shows("Blind: Open");
    desktop.until("the slider", |window| {
        window
            .query_by_role_and_label(Role::Slider, "Blind: position")
            .map(|slider| slider.focus())
    });
    desktop.settle();
    desktop.window.key_press(Key::Home);
    desktop.window.step();
    desktop.shows_about("Blind: Closing · ");
    desktop.undo();
    desktop.shows_about("Blind: Opening · ");
    desktop.shows("Blind: Open");
    scroll(&mut desktop, "Blind: close");
    desktop.click("Blind: close");
    // Below 100 %, where it is open without a percentage.
    desktop.shows_about("Blind: Closing · 9");
    scroll(&mut desktop, "Blind: stop");
    desktop.click("Blind: stop");
    desktop.shows_about("Blind: Open · ");
    desktop.undo();
    desktop.shows_about(&format!("Cannot undo \"Stop {name}: Blind\"."));
}
