//! The care of a board in the whole program: backed up to a file, restored on
//! another board, and reset to factory settings.

use eframe::egui::accesskit::Role as Widget;
use egui_kittest::kittest::Queryable;
use engine::Settings;
use gui::SettingsFile;
use noise::{Key, Role};
use virtual_board::{Profile, VirtualBoards};

use crate::{
    desk::{address, boards, key, on},
    window::Desktop,
};

/// A window that has this key for the board.
fn holding(boards: &VirtualBoards, key: &Key) -> Desktop {
    let settings = Settings {
        discovery: None,
        addresses: vec![address(boards)],
        keys: Some([key.clone()].into_iter().collect()),
        ..Settings::default()
    };
    Desktop::of(settings, SettingsFile::nowhere())
}

fn choose(desktop: &mut Desktop, entry: &str) {
    desktop.click_first("More");
    desktop.choose(entry);
}

#[test]
fn a_backup_is_restored_on_another_board_and_read_back() {
    let boards = boards(Profile::Everything, 2);
    let addresses: Vec<String> = boards
        .list()
        .iter()
        .map(|board| board.address.to_string())
        .collect();
    let listed = boards.list();
    let (old, new) = (listed[0].name.clone(), listed[1].name.clone());
    boards
        .set(&old, &key("switch:1"), on(true))
        .expect("set at the board");
    let mut desktop = Desktop::open(&addresses);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("rig.json");

    desktop.board_is_shown(&old);
    choose(&mut desktop, "Assign room…");
    desktop.until("the field", |window| {
        window
            .query_by_role_and_label(Widget::TextInput, "Room")
            .map(|field| field.type_text("Workshop"))
    });
    desktop.window.step();
    desktop.click("Assign");
    choose(&mut desktop, "Back up…");
    desktop.path(&path, "Back up");
    desktop.shows(&format!("Saved to {}.", path.display()));

    desktop.board_is_shown(&new);
    choose(&mut desktop, "Restore…");
    desktop.path(&path, "Open");
    desktop.shows(&format!("Restore {new}?"));
    desktop.shows_about("Outputs may turn on or off.");
    desktop.shows("Room: Workshop");
    desktop.shows("switch:1 (Motor backward): On");
    desktop.click("Restore");
    desktop.shows_about("9 settings read back");
    let restored = desktop.until("the new state", |window| {
        let model = &window.state().window().model;
        let board = model
            .boards()
            .find(|board| *board.address == *addresses[1] && *board.name == *old)?;
        let labels = model.labels_of(board)?;
        let is_on = board.component(&key("switch:1"))?.reported.on()?;
        Some((labels.room.clone(), is_on))
    });
    assert_eq!(restored, ("Workshop".to_owned(), true));
}

#[test]
fn a_backup_that_does_not_fit_is_named_before_anything_is_sent() {
    let lamp = boards(Profile::Lamp, 1);
    let strip = boards(Profile::Strip, 1);
    let mut desktop = Desktop::open(&[address(&lamp), address(&strip)]);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("lamp.json");
    desktop.board_is_shown("Desk lamp");
    choose(&mut desktop, "Back up…");
    desktop.path(&path, "Back up");
    desktop.shows(&format!("Saved to {}.", path.display()));
    desktop.board_is_shown("Power strip");
    choose(&mut desktop, "Restore…");
    desktop.path(&path, "Open");
    desktop.shows_about("another kind of board");
    desktop.shows("light:0 (Light) is missing");
    desktop.until("the button", |window| {
        window
            .query_by_role_and_label(Widget::Button, "Restore what fits")
            .map(|_| ())
    });
    desktop.click("Cancel");
    desktop.stands_still();
    assert_eq!(strip.list()[0].name, "Power strip");

    std::fs::write(&path, "{\"switchboard\":").expect("damaged");
    choose(&mut desktop, "Restore…");
    desktop.path(&path, "Open");
    desktop.shows_about("this is not JSON");
}

#[test]
fn a_board_is_erased_from_the_window_after_a_dialog_that_says_what_is_lost() {
    let boards = boards(Profile::Lamp, 1);
    boards
        .set("Desk lamp", &key("light:0"), on(true))
        .expect("set at the board");
    let text = boards.add_key("Desk lamp", "A test", Role::Control);
    let held: Key = text.expect("a key").parse().expect("a key's text");
    let mut desktop = holding(&boards, &held);
    desktop.board_is_shown("Desk lamp");
    choose(&mut desktop, "Factory reset…");
    desktop.shows("Erase Desk lamp?");
    desktop.shows_about("its Wi-Fi network");
    desktop.shows_about("will no longer work");
    desktop.until("Cancel has the focus", |window| {
        let cancel = window.query_by_role_and_label(Widget::Button, "Cancel")?;
        cancel.is_focused().then_some(())
    });
    desktop.click("Cancel");
    desktop.stands_still();
    let is_on = desktop.state("Desk lamp", "light:0").on();
    assert_eq!(is_on, Some(true), "it was not erased");

    choose(&mut desktop, "Factory reset…");
    desktop.click("Erase");
    desktop.shows_about("Desk lamp, factory reset, you");
    // It is open then, which this computer does not trust: it has a key.
    desktop.shows_about("Desk lamp, unreachable: restarting");
    choose(&mut desktop, "Forget key…");
    desktop.click("Forget");
    desktop.shows("Desk lamp: connected");
    let is_on = desktop.state("Desk lamp", "light:0").on();
    assert_eq!(is_on, Some(false), "its state was erased");
}

#[test]
fn a_view_key_cannot_erase_a_board() {
    let boards = boards(Profile::Lamp, 1);
    boards
        .add_key("Desk lamp", "Owner", Role::Control)
        .expect("a key");
    let text = boards.add_key("Desk lamp", "Guest", Role::View);
    let held: Key = text.expect("a key").parse().expect("a key's text");
    let mut desktop = holding(&boards, &held);
    desktop.board_is_shown("Desk lamp");
    choose(&mut desktop, "Factory reset…");
    desktop.click("Erase");
    desktop.shows_about("may only view");
    desktop.shows("Desk lamp: connected");
}
