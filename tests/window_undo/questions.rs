//! When undo asks first.

use std::time::Duration;

use crate::desktop::{Bench, SOON, address, key, on};
use engine::Settings;
use fleet::LinkState;

#[test]
fn undo_of_what_is_out_of_sight_asks_first_and_says_what_will_be_sent() {
    let bench = Bench::start();
    let mut desktop = bench.desktop();
    let before = desktop.toggle("Light: on", "Desk lamp", "light:0");
    let (done, sent) = match before {
        true => ("Turn off Desk lamp: Light", "Turn on Desk lamp: Light"),
        false => ("Turn on Desk lamp: Light", "Turn off Desk lamp: Light"),
    };
    desktop.page("Activity");
    desktop.undo();
    desktop.shows(&format!("Undo \"{done}\"?"));
    desktop.shows_about("It is not on the page that you see.");
    desktop.shows_about(&format!("Will be sent: {sent}."));
    desktop.wait();
    assert_eq!(desktop.is_on("Desk lamp", "light:0"), Some(!before));
    desktop.click("Cancel");
    desktop.wait();
    assert_eq!(desktop.is_on("Desk lamp", "light:0"), Some(!before));
    desktop.undo();
    desktop.click("Undo");
    desktop.until_on("Desk lamp", "light:0", before);
}

#[test]
fn undo_of_what_is_older_than_30_s_asks_first_and_says_its_age() {
    let bench = Bench::start();
    let mut desktop = bench.desktop();
    let before = desktop.toggle("Light: on", "Desk lamp", "light:0");
    desktop.time_passes(Duration::from_secs(125));
    desktop.undo();
    desktop.shows_about("You did this 2 min ago.");
    desktop.wait();
    assert_eq!(desktop.is_on("Desk lamp", "light:0"), Some(!before));
    desktop.click("Undo");
    desktop.until_on("Desk lamp", "light:0", before);
}

#[test]
fn undo_of_what_someone_changed_at_the_board_since_asks_and_says_so() {
    let bench = Bench::start();
    let mut desktop = bench.desktop();
    let before = desktop.toggle("Light: on", "Desk lamp", "light:0");
    bench
        .lamp
        .set("Desk lamp", &key("light:0"), on(before))
        .expect("set at the board");
    desktop.until_on("Desk lamp", "light:0", before);
    bench
        .lamp
        .set("Desk lamp", &key("light:0"), on(!before))
        .expect("set at the board");
    desktop.until_on("Desk lamp", "light:0", !before);
    desktop.undo();
    desktop.shows_about("Desk lamp: Light was changed at the board");
    desktop.wait();
    assert_eq!(desktop.is_on("Desk lamp", "light:0"), Some(!before));
    desktop.click("Undo");
    desktop.until_on("Desk lamp", "light:0", before);
}

#[test]
fn undo_of_what_another_client_changed_since_asks_and_names_the_client() {
    let bench = Bench::start();
    let mut desktop = bench.desktop();
    let before = desktop.toggle("Light: on", "Desk lamp", "light:0");
    let other = engine::start(Settings {
        discovery: None,
        addresses: vec![address(&bench.lamp)],
        ..Settings::default()
    })
    .expect("a fleet");
    let mut watch = other.watch(|_| {});
    let deadline = std::time::Instant::now() + SOON;
    let board = loop {
        let boards = watch.drain().boards;
        let connected = boards
            .into_iter()
            .find(|view| view.link == LinkState::Connected && view.client.is_some());
        if let Some(board) = connected {
            break board;
        }
        assert!(std::time::Instant::now() < deadline, "it never connects");
        std::thread::sleep(Duration::from_millis(5));
    };
    let client = board.client.expect("its number");
    other.set(board.key, &key("light:0"), on(before), None);
    desktop.until_on("Desk lamp", "light:0", before);
    desktop.undo();
    desktop.shows_about(&format!("Desk lamp: Light was changed by client {client}"));
    desktop.click("Cancel");
    desktop.wait();
    assert_eq!(desktop.is_on("Desk lamp", "light:0"), Some(before));
}
