//! Background notices: events on other pages are shown in a few words that lead
//! there, and running tasks can be canceled.

use std::collections::BTreeSet;

use eframe::egui::{Key, Modifiers, accesskit::Role};
use egui_kittest::{
    Harness,
    kittest::{NodeT, Queryable},
};
use gui::App;
use protocol::State;
use virtual_board::{Options, Profile, VirtualBoards};

use crate::{
    desk::{address, boards, key},
    window::Desktop,
};

#[test]
fn a_link_lost_while_another_page_is_shown_is_reported_until_it_is_back() {
    let lamp = boards(Profile::Lamp, 1);
    let strip = boards(Profile::Strip, 1);
    let mut desktop = Desktop::open(&[address(&lamp), address(&strip)]);
    desktop.shows("2 connected");
    desktop.click("Scenes");
    desktop.shows("No scenes yet");
    desktop.click("Hide timeline");
    lamp.stop("Desk lamp").expect("stopped");
    desktop.shows("Lost the connection to Desk lamp.");
    strip.stop("Power strip").expect("stopped");
    desktop.shows_about(" and 1 other board.");
    strip.start_again("Power strip").expect("started");
    lamp.start_again("Desk lamp").expect("started");
    desktop.until("no message", |window| {
        let mut lost = window.query_all_by_label_contains("Lost the connection");
        lost.next().is_none().then_some(())
    });
    lamp.stop("Desk lamp").expect("stopped once more");
    desktop.click("Show: Lost the connection to Desk lamp.");
    desktop.until("the page of the lamp", |window| {
        window
            .query_by_role_and_label(Role::Heading, "Desk lamp")
            .map(|_| ())
    });
    desktop.until("no message", |window| {
        window
            .query_by_label("Lost the connection to Desk lamp.")
            .is_none()
            .then_some(())
    });
}

#[test]
fn a_palette_command_that_fails_out_of_sight_is_reported_until_it_succeeds() {
    let boards = boards(Profile::Strip, 1);
    let mut desktop = Desktop::open(&[address(&boards)]);
    desktop.shows("1 connected");
    desktop.click("Hide timeline");
    desktop.click("Scenes");
    let turn = |desktop: &mut Desktop| {
        let window = &desktop.window;
        window.key_press_modifiers(Modifiers::COMMAND, Key::K);
        desktop.until("the palette", |window| {
            window
                .query_by_role_and_label(Role::TextInput, "Command")
                .map(|field| field.type_text("turn outlet 1"))
        });
        desktop.stands_still();
        desktop.window.key_press(Key::Enter);
    };
    boards.hold("Power strip").expect("held");
    turn(&mut desktop);
    let words = "Outlet 1: unconfirmed: no response within 5 s";
    let toast = |window: &Harness<'static, App>| {
        let mut toasts = window.query_all_by_label_contains("Dismiss: ");
        toasts.find_map(|toast| toast.accesskit_node().label())
    };
    let told = desktop.until(words, |window| toast(window));
    assert!(told.ends_with(words), "{told}");
    boards.release("Power strip").expect("released");
    turn(&mut desktop);
    desktop.until("no message", |window| toast(window).is_none().then_some(()));
}

/// 200 lamps that are connected and selected, and their names.
fn two_hundred_lamps() -> (VirtualBoards, Desktop, Vec<String>) {
    let options = Options {
        boards: 200,
        profile: Profile::Lamp,
        mdns: false,
        ..Options::default()
    };
    let boards = VirtualBoards::start(options).expect("virtual boards");
    let list = boards.list();
    let addresses: Vec<String> = list.iter().map(|board| board.address.to_string()).collect();
    let names = list.iter().map(|board| board.name.to_string()).collect();
    let mut desktop = Desktop::open(&addresses);
    desktop.shows("200 connected");
    desktop
        .window
        .key_press_modifiers(Modifiers::COMMAND, Key::A);
    (boards, desktop, names)
}

#[test]
fn unsent_commands_to_many_boards_can_be_canceled() {
    let (boards, mut desktop, names) = two_hundred_lamps();
    names
        .iter()
        .for_each(|name| boards.hold(name).expect("held"));
    desktop.click("Identify all");
    desktop.shows("Identify 200 boards: 0 of 200 done");
    desktop.click_first("Identify 200 boards: cancel");
    names
        .iter()
        .for_each(|name| boards.release(name).expect("released"));
    desktop.shows("Identify 200 boards: canceled; 128 of 200 done");
}

#[test]
fn undo_of_a_canceled_batch_leaves_alone_what_was_never_sent() {
    let (boards, mut desktop, names) = two_hundred_lamps();
    names
        .iter()
        .for_each(|name| boards.hold(name).expect("held"));
    let title = "Turn on Light on 200 boards";
    desktop.click("Light: all on");
    desktop.shows(&format!("{title}: 0 of 200 done"));
    desktop.click_first(&format!("{title}: cancel"));
    names
        .iter()
        .for_each(|name| boards.release(name).expect("released"));
    desktop.shows(&format!("{title}: canceled; 128 of 200 done"));
    let sent = lit(&desktop.window);
    assert_eq!(sent.len(), 128);
    let unsent = names.iter().find(|name| !sent.contains(*name));
    let unsent = unsent.expect("some were canceled");
    boards
        .set(unsent, &key("light:0"), State::new().with("on", true))
        .expect("set at the board");
    desktop.until("the change at the board", |window| {
        lit(window).contains(unsent).then_some(())
    });
    desktop
        .window
        .key_press_modifiers(Modifiers::COMMAND, Key::Z);
    desktop.shows(&format!("Undo: {title}: done"));
    assert_eq!(lit(&desktop.window), BTreeSet::from([unsent.clone()]));
}

/// The names of the boards whose lamps are on. The window may not know yet:
/// boards that it does not show reach it in turn.
fn lit(window: &Harness<'_, App>) -> BTreeSet<String> {
    let fleet = window.state().fleet();
    let boards = window.state().window().model.boards();
    let boards = boards.filter_map(|board| fleet.board(board.key));
    let lit = boards.filter(|board| {
        let lamp = board.component(&key("light:0"));
        lamp.is_some_and(|lamp| lamp.reported.on() == Some(true))
    });
    lit.map(|board| board.name.to_string()).collect()
}
