//! The window of virtual boards: clicks, refusals, pages and settings.

use std::time::{Duration, Instant};

use eframe::egui::{
    Key, Modifiers,
    accesskit::{Role, Toggled},
};
use egui_kittest::kittest::Queryable;
use fleet::ImageSource;
use gui::SettingsFile;
use virtual_board::{Profile, VirtualBoards, image::Image};

pub(crate) use crate::desk::desktop::Desktop;
use crate::desk::{address, boards, key, name, on};

pub(crate) fn desktop(boards: &VirtualBoards) -> Desktop {
    let addresses: Vec<String> = boards
        .list()
        .iter()
        .map(|board| board.address.to_string())
        .collect();
    Desktop::open(&addresses)
}

#[test]
fn a_click_switches_the_board_and_the_card_goes_from_pending_to_confirmed() {
    let boards = boards(Profile::Strip, 1);
    let mut desktop = desktop(&boards);
    desktop.shows("Power strip: connected");
    let before = desktop.switch("Outlet 1: on", |switch| switch.toggled());
    // A paused board answers nothing, which the card shows until it resumes.
    boards.hold("Power strip").expect("held");
    desktop.click_switch("Outlet 1: on");
    desktop.shows("Outlet 1: pending");
    boards.release("Power strip").expect("released");
    desktop.shows_about("Outlet 1: confirmed");
    assert_ne!(
        before,
        desktop.switch("Outlet 1: on", |switch| switch.toggled())
    );
}

#[test]
fn a_refused_click_is_undone_and_the_card_shows_the_reason() {
    let boards = boards(Profile::Everything, 1);
    let name = name(&boards);
    boards
        .set(&name, &key("switch:0"), on(true))
        .expect("set at the board");
    let mut desktop = desktop(&boards);
    desktop.shows(&format!("{name}: connected"));
    desktop.click_switch("Motor backward: on");
    desktop.shows_about("Motor backward: refused");
    let off = desktop.switch("Motor backward: on", |switch| switch.toggled());
    assert_eq!(off, Toggled::False);
}

#[test]
fn a_physical_press_is_shown_at_once() {
    let boards = boards(Profile::Lamp, 1);
    let mut desktop = desktop(&boards);
    desktop.shows("Desk lamp: connected");
    boards
        .press("Desk lamp", &key("button:0"), "press")
        .expect("pressed");
    desktop.shows_about("Button: press");
    desktop.shows_about("at the board");
}

#[test]
fn a_board_is_added_by_address_through_the_dialog() {
    let boards = boards(Profile::Weather, 1);
    let mut desktop = Desktop::open(&[]);
    desktop.click("Add board");
    desktop.until("the dialog", |window| {
        window
            .query_by_role_and_label(Role::TextInput, "Address")
            .map(|field| field.type_text(&address(&boards)))
    });
    desktop.window.step();
    desktop.click("Add");
    desktop.shows("Weather station: connected");
    desktop.shows_about("Temperature:");
}

#[test]
fn a_board_that_fails_is_shown_as_unreachable_with_the_reason_and_disabled_controls() {
    let boards = boards(Profile::Lamp, 1);
    let mut desktop = desktop(&boards);
    desktop.shows("Desk lamp: connected");
    boards.stop("Desk lamp").expect("stopped");
    desktop.shows("Desk lamp: unreachable");
    desktop.switch("Light: on", |switch| switch.is_disabled().then_some(()));
    boards.start_again("Desk lamp").expect("started");
    desktop.click("Try now");
    desktop.shows("Desk lamp: connected");
}

#[test]
fn an_update_is_followed_on_the_card_until_the_board_is_back_with_the_new_version() {
    let boards = boards(Profile::Lamp, 1);
    let mut desktop = desktop(&boards);
    desktop.shows("Desk lamp: connected");
    desktop.shows(&format!("Firmware: {}", env!("CARGO_PKG_VERSION")));
    let image = Image::new("0.2.0").expect("a version").to_bytes(300_000);
    let board = desktop
        .window
        .state()
        .window()
        .model
        .selected()
        .expect("it is shown")
        .key;
    desktop
        .window
        .state()
        .fleet()
        .update(board, ImageSource::Bytes(image));
    desktop.until("a bar", |window| {
        window
            .query_by_role_and_label(Role::ProgressIndicator, "Firmware: progress")
            .map(|_| ())
    });
    desktop.shows("Firmware: the board is restarting with the new image");
    desktop.shows("Firmware: 0.2.0");
    desktop.shows(&format!(
        "Firmware: firmware {} -> 0.2.0",
        env!("CARGO_PKG_VERSION")
    ));
}

#[test]
fn a_change_is_on_the_disk_within_a_second_while_the_window_is_open() {
    let temporary = tempfile::tempdir().expect("a temporary folder");
    let folder = temporary.path().join("file");
    let boards = boards(Profile::Lamp, 1);
    let addresses: Vec<String> = boards
        .list()
        .iter()
        .map(|board| board.address.to_string())
        .collect();
    let (file, problem) = SettingsFile::open(Some(folder.clone()));
    assert_eq!(problem, None);
    let mut desktop = Desktop::remembering(&addresses, file);
    desktop.shows("Desk lamp: connected");
    desktop.click("Theme");
    desktop.click("Light");
    // Read as the next run would do after a crash: nothing is closed, and
    // nothing more is clicked.
    let path = folder.join("settings.json");
    let stored = desktop.until("the theme in the file", |_| {
        std::fs::read_to_string(&path)
            .ok()
            .filter(|text| text.contains("\"theme\": \"light\""))
    });
    assert!(stored.contains(&addresses[0]), "{stored}");
    drop(desktop);
}

#[test]
fn the_activity_lists_and_searches_events_and_each_leads_to_its_component() {
    let boards = boards(Profile::Mixed, 2);
    let mut desktop = desktop(&boards);
    desktop.shows("2 connected");
    desktop.click("Activity");
    boards
        .press("Desk lamp", &key("button:0"), "press")
        .expect("pressed");
    desktop.shows_about("Desk lamp, Button (button:0): press, at the board");
    // Only matching entries are left, and new ones that match are added.
    desktop.click("Changes");
    desktop.until("the filter", |window| {
        let changes = window.query_all_by_label_contains("measured").count();
        let events = window
            .query_all_by_label_contains("(button:0): press")
            .count();
        // The timeline below may show it too.
        (changes == 0 && events > 0).then_some(())
    });
    let find = desktop
        .window
        .get_by_role_and_label(Role::TextInput, "Search events");
    find.focus();
    desktop.window.step();
    desktop
        .window
        .get_by_role_and_label(Role::TextInput, "Search events")
        .type_text("no such words");
    desktop.shows("No matches.");
    desktop
        .window
        .key_press_modifiers(Modifiers::COMMAND, Key::A);
    desktop.window.key_press(Key::Backspace);
    desktop.click("Pause");
    desktop.shows("Resume");
    boards
        .press("Desk lamp", &key("button:0"), "double_press")
        .expect("pressed");
    desktop.shows("1 new");
    assert_eq!(
        desktop
            .window
            .query_all_by_label_contains("double press")
            .count(),
        1,
        "the page is held still, the timeline is not"
    );
    desktop.click("Resume");
    desktop.until("the line", |window| {
        window
            .query_all_by_label_contains("(button:0): double press")
            .next()
            .map(|node| node.click())
    });
    desktop.until("the board's page", |window| {
        window
            .query_by_role_and_label(Role::Heading, "Desk lamp")
            .map(|_| ())
    });
}

#[test]
fn events_are_saved_as_csv_or_json_at_a_typed_path() {
    let boards = boards(Profile::Lamp, 1);
    let mut desktop = desktop(&boards);
    desktop.shows("Desk lamp: connected");
    boards
        .press("Desk lamp", &key("button:0"), "press")
        .expect("pressed");
    desktop.click("Activity");
    desktop.shows_about("Desk lamp, Button (button:0): press, at the board");
    for (ending, wanted) in [("csv", "Desk lamp"), ("jsonl", r#""event":"press""#)] {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join(format!("file.{ending}"));
        desktop.click("Save…");
        // No file dialog is available, so the window asks for a path.
        desktop.until("the dialog", |window| {
            window
                .query_by_role_and_label(Role::TextInput, "Path")
                .map(|_| ())
        });
        desktop.window.step();
        desktop
            .window
            .key_press_modifiers(Modifiers::COMMAND, Key::A);
        desktop
            .window
            .get_by_role_and_label(Role::TextInput, "Path")
            .type_text(&path.display().to_string());
        desktop.click("Save");
        desktop.shows(&format!("Saved to {}.", path.display()));
        let text = std::fs::read_to_string(&path).expect("saved");
        std::fs::remove_file(&path).expect("removed");
        assert!(text.contains(wanted), "{text}");
        if ending == "csv" {
            assert!(
                text.starts_with("time,board,id,subject,what,source,timing\n"),
                "{text}"
            );
        }
    }
}

#[test]
fn unsaved_settings_are_reported_in_the_window_until_they_are_saved() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let blocked = folder.path().join("switchboard");
    std::fs::write(&blocked, "").expect("a file where the folder is to be");
    let (file, _) = SettingsFile::open(Some(blocked.clone()));
    let mut desktop = Desktop::remembering(&[], file);
    desktop
        .window
        .key_press_modifiers(Modifiers::COMMAND, Key::Num8);
    desktop.shows_about("Settings cannot be saved: ");
    std::fs::remove_file(&blocked).expect("the file is gone");
    desktop.until("the message goes", |window| {
        window
            .query_all_by_label_contains("Settings cannot be saved")
            .next()
            .is_none()
            .then_some(())
    });
    assert!(blocked.join("settings.json").exists());
}

#[test]
fn after_a_crash_the_window_starts_with_the_default_view() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (mut file, _) = SettingsFile::open(Some(folder.path().to_owned()));
    let mut settings = file.settings().clone();
    settings.layout.zoom = Some(1.7);
    file.keep(&settings);
    assert!(!file.begin_run());
    let crash = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let mut desktop = Desktop::remembering(&[], file);
        let begun = Instant::now();
        desktop.until("it has run for a while", |_| {
            (begun.elapsed() > Duration::from_millis(1_500)).then_some(())
        });
        panic!("as a frame would");
    }));
    assert!(crash.is_err());
    let (mut file, _) = SettingsFile::open(Some(folder.path().to_owned()));
    assert_eq!(file.settings().layout.zoom, Some(1.7));
    assert!(file.begin_run(), "the crash is known");
    assert_eq!(file.settings().layout.zoom, None);
    // After a clean exit, the next run restores the last view.
    let mut desktop = Desktop::remembering(&[], file);
    let begun = Instant::now();
    desktop.until("it has run for a while", |_| {
        (begun.elapsed() > Duration::from_millis(1_800)).then_some(())
    });
    drop(desktop);
    let (mut file, _) = SettingsFile::open(Some(folder.path().to_owned()));
    assert!(!file.begin_run());
}
