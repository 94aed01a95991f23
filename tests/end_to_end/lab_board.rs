//! The lab's pages about one board, in the whole program: its samples are drawn
//! and counted, and its clients are listed.

use std::{fs, net::TcpStream};

use eframe::egui::accesskit::Role;
use egui_kittest::kittest::{NodeT, Queryable};
use tungstenite::{Message, client};
use virtual_board::Profile;

use crate::{
    desk::{SOON, address, boards, name},
    window::{Desktop, desktop},
};

fn tab(desktop: &mut Desktop, name: &str) {
    desktop.click("Lab");
    desktop.stands_still();
    desktop.until(name, |window| {
        window
            .query_by_role_and_label(Role::Tab, name)
            .map(|tab| tab.click())
    });
    desktop.window.step();
}

/// A part of a label of a node, with what follows it up to the next space.
fn number(desktop: &mut Desktop, begins: &str, passes: impl Fn(u64) -> bool) {
    desktop.until(begins, |window| {
        let labels = window
            .query_all_by_label_contains(begins)
            .filter_map(|node| node.accesskit_node().value());
        let mut numbers = labels.filter_map(|label| {
            label
                .strip_prefix(begins)?
                .split(|c: char| !c.is_ascii_digit())
                .next()?
                .parse::<u64>()
                .ok()
        });
        numbers.find(|number| passes(*number)).map(|_| ())
    });
}

#[test]
fn a_boards_samples_are_drawn_live_paused_saved_and_stopped() {
    let boards = boards(Profile::Lamp, 1);
    let name = name(&boards);
    let mut desktop = desktop(&boards);
    desktop.shows(&format!("{name}: connected"));
    tab(&mut desktop, "Telemetry");
    desktop.click("Start");
    desktop.shows("telemetry: receiving samples");
    number(&mut desktop, "rate: ", |rate| (900..1_100).contains(&rate));
    desktop.shows("samples of Supply current");
    desktop.shows_about("Supply voltage: 1");
    desktop.shows("lost by the board: 0 frames");
    desktop.shows("dropped here: 0 frames");
    desktop.click("Pause");
    desktop.shows("Resume");
    desktop.click("Save CSV…");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("file.csv");
    desktop.path(&file, "Save");
    desktop.shows_about("Saved to ");
    let table = fs::read_to_string(&file).expect("saved");
    fs::remove_file(&file).expect("was there");
    assert!(
        table.starts_with("seconds,Supply voltage (V),Supply current (A)\n"),
        "{}",
        &table[..80]
    );
    assert!(table.lines().count() > 500, "{}", table.lines().count());
    desktop.click("Stop");
    desktop.shows("Start");
}

#[test]
fn connected_clients_are_listed_and_one_is_closed() {
    let boards = boards(Profile::Lamp, 1);
    let board = address(&boards);
    let name = name(&boards);
    let mut desktop = desktop(&boards);
    desktop.shows(&format!("{name}: connected"));
    let stream = TcpStream::connect(&board).expect("a connection");
    stream.set_read_timeout(Some(SOON)).expect("a timeout");
    let from = stream.local_addr().expect("an address");
    let (mut echo, _) = client(format!("ws://{board}/ws"), stream).expect("an echo");
    tab(&mut desktop, "Clients");
    desktop.shows_about("1: /rpc from this window, 127.0.0.1:");
    desktop.shows_about(&format!("2: /ws from {from}, connected "));
    desktop.shows_about("2 channels; total memory ");
    desktop.click("Close 2");
    desktop.shows_about("Closed connection 2.");
    let Ok(Message::Close(Some(close))) = echo.read() else {
        panic!("no close frame")
    };
    assert_eq!(
        (u16::from(close.code), &*close.reason),
        (1000, "closed by another client: Clients.Close")
    );
    desktop.shows_about("1 channel; total memory ");
    // The window's own channel has no such button.
    assert!(
        desktop
            .window
            .query_by_role_and_label(Role::Button, "Close 1")
            .is_none()
    );
}
