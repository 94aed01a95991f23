//! Background notices: events on other pages are shown in a few words that lead
//! there, and running tasks can be canceled.

use eframe::egui::{Key, Modifiers, accesskit::Role};
use egui_kittest::{
    Harness,
    kittest::{NodeT, Queryable},
};
use gui::App;
use virtual_board::{Options, Profile, VirtualBoards};

use crate::{
    desk::{address, boards},
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

#[test]
fn unsent_commands_to_many_boards_can_be_canceled() {
    let options = Options {
        boards: 200,
        profile: Profile::Lamp,
        mdns: false,
        ..Options::default()
    };
    let boards = VirtualBoards::start(options).expect("virtual boards");
    let addresses: Vec<String> = boards
        .list()
        .iter()
        .map(|board| board.address.to_string())
        .collect();
    let mut desktop = Desktop::open(&addresses);
    desktop.shows("200 connected");
    let names: Vec<String> = boards
        .list()
        .iter()
        .map(|board| board.name.clone())
        .collect();
    names
        .iter()
        .for_each(|name| boards.hold(name).expect("held"));
    desktop
        .window
        .key_press_modifiers(Modifiers::COMMAND, Key::A);
    desktop.click("Identify all");
    desktop.shows("Identify 200 boards: 0 of 200 done");
    desktop.click("Identify 200 boards: cancel");
    names
        .iter()
        .for_each(|name| boards.release(name).expect("released"));
    desktop.shows("Identify 200 boards: canceled; 128 of 200 done");
}
