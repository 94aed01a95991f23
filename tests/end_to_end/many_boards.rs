//! Several boards at once: commanded together with every result shown, undone,
//! and renamed on the board itself.

use eframe::egui::{
    Key, Modifiers,
    accesskit::{Role, Toggled},
};
use egui_kittest::{
    Harness,
    kittest::{NodeT, Queryable},
};
use gui::{App, SettingsFile};
use virtual_board::Profile;

use crate::{
    desk::{boards, key, on},
    window::{Desktop, desktop},
};

fn choose_all(desktop: &mut Desktop, count: usize) {
    desktop
        .window
        .key_press_modifiers(Modifiers::COMMAND, Key::A);
    let heading = format!("{count} boards");
    desktop.until(&heading, |window| {
        window
            .query_by_role_and_label(Role::Heading, &heading)
            .map(|_| ())
    });
}

#[test]
fn boards_are_switched_off_together_with_each_result_shown_and_undone() {
    let boards = boards(Profile::Lamp, 3);
    let names = ["Desk lamp", "Desk lamp 2", "Desk lamp 3"];
    for (name, lit) in names.into_iter().zip([true, false, true]) {
        boards
            .set(name, &key("light:0"), on(lit))
            .expect("set at the board");
    }
    let mut desktop = desktop(&boards);
    desktop.shows("3 connected");
    desktop.shows("Desk lamp 3: connected");
    choose_all(&mut desktop, 3);
    desktop.shows("Light: 3 boards, 2 on");
    boards.hold("Desk lamp 3").expect("held");
    desktop.click("Light: all off");
    desktop.shows("Turn off Light on 3 boards: 2 of 3 done");
    desktop.click_first("Details: Turn off Light on 3 boards: 2 of 3 done");
    desktop.shows("Desk lamp 3 light:0: pending");
    desktop.shows_about("Desk lamp 2 light:0: done in");
    boards.release("Desk lamp 3").expect("released");
    desktop.shows("Turn off Light on 3 boards: done");
    desktop.shows("Light: 3 boards, 0 on");

    desktop
        .window
        .key_press_modifiers(Modifiers::COMMAND, Key::Z);
    desktop.shows("Undo: Turn off Light on 3 boards: done");
    desktop.shows("Light: 3 boards, 2 on");
    let lit = desktop.window.state().fleet();
    let lit = names.map(|name| {
        let board = desktop
            .window
            .state()
            .window()
            .model
            .boards()
            .find(|board| *board.name == *name)
            .map(|board| board.key);
        let board = lit.board(board.expect("there")).expect("there");
        board
            .components
            .iter()
            .find(|view| view.descriptor.key == key("light:0"))
            .and_then(|view| view.reported.on())
    });
    assert_eq!(lit, [Some(true), Some(false), Some(true)]);
}

#[test]
fn a_board_that_does_not_answer_is_listed_among_the_results() {
    let boards = boards(Profile::Lamp, 2);
    let mut desktop = desktop(&boards);
    desktop.shows("2 connected");
    choose_all(&mut desktop, 2);
    boards.hold("Desk lamp 2").expect("held");
    desktop.click("Light: all on");
    desktop.shows("Turn on Light on 2 boards: 1 of 2 done, 1 failed");
    desktop.click_first("Details: Turn on Light on 2 boards: 1 of 2 done, 1 failed");
    desktop.shows("Desk lamp 2 light:0: unconfirmed: no response within 5 s");
    boards.release("Desk lamp 2").expect("released");
}

#[test]
fn a_name_is_stored_on_the_board_and_a_room_on_this_computer() {
    let boards = boards(Profile::Lamp, 1);
    let addresses: Vec<String> = boards
        .list()
        .iter()
        .map(|board| board.address.to_string())
        .collect();
    let temporary = tempfile::tempdir().expect("a temporary folder");
    let folder = temporary.path().join("file");
    {
        let mut desktop =
            Desktop::remembering(&addresses, SettingsFile::open(Some(folder.clone())).0);
        desktop.shows("Desk lamp: connected");
        desktop.click("More");
        choose(&mut desktop, "Rename…");
        retype(&mut desktop, "Name", "Reading lamp");
        desktop.window.key_press(Key::Enter);
        desktop.window.step();
        desktop.shows("Reading lamp: connected");
        desktop.click("More");
        choose(&mut desktop, "Assign room…");
        retype(&mut desktop, "Room", "Library");
        desktop.click("Assign");
        desktop.click("List options");
        desktop.click("By room");
        desktop.shows("Library: 1 board, 0 on");
        // Both are written within half a second, in any order.
        let file = folder.join("settings.json");
        desktop.until("the room on the disk", |_| {
            let text = std::fs::read_to_string(&file).ok()?;
            (text.contains("Library") && text.contains(r#""grouping": "room""#)).then_some(())
        });
    }
    let mut again = Desktop::remembering(&addresses, SettingsFile::open(Some(folder.clone())).0);
    again.shows("Reading lamp: connected");
    let folded = again.until("the room", |window| {
        window
            .query_by_role_and_label(Role::Button, "Library: 1 board, 0 on")
            .map(|node| node.accesskit_node().toggled())
    });
    assert_ne!(folded, Some(Toggled::False));
    // It may still be writing.
    drop(again);
}

fn choose(desktop: &mut Desktop, word: &str) {
    desktop.until(word, |window| {
        window
            .query_by_role_and_label(Role::MenuItem, word)
            .map(|_| ())
    });
    desktop.stands_still();
    desktop.until(word, |window| {
        window
            .query_by_role_and_label(Role::MenuItem, word)
            .map(|node| node.click())
    });
    desktop.window.step();
}

fn retype(desktop: &mut Desktop, field: &str, text: &str) {
    desktop.until(field, |window| {
        window
            .query_by_role_and_label(Role::TextInput, field)
            .map(|_| ())
    });
    desktop
        .window
        .key_press_modifiers(Modifiers::COMMAND, Key::A);
    desktop.window.step();
    desktop
        .window
        .get_by_role_and_label(Role::TextInput, field)
        .type_text(text);
    desktop.window.step();
}

#[test]
fn numbers_choices_and_texts_of_several_boards_are_set_together() {
    let boards = boards(Profile::Everything, 2);
    let mut desktop = desktop(&boards);
    desktop.shows("2 connected");
    // All controls fit into the window without it.
    desktop.click("Dismiss introduction");
    choose_all(&mut desktop, 2);
    let values = |window: &Harness<'static, App>, component: &str| -> Vec<serde_json::Value> {
        let key = key(component);
        let boards = window.state().window().model.boards();
        let views = boards
            .flat_map(|board| board.components.clone())
            .filter(|view| view.descriptor.key == key);
        views
            .filter_map(|view| view.reported.get("value").cloned())
            .collect()
    };
    desktop.until("the choice", |window| {
        window
            .query_by_role_and_label(Role::ComboBox, "Mode: value of all")
            .map(|combo| combo.click())
    });
    desktop.stands_still();
    desktop.click("night");
    desktop.shows("Set Mode to night on 2 boards: done");
    desktop.until("the text has the focus", |window| {
        window
            .query_by_role_and_label(Role::TextInput, "Label: value of all")
            .map(|field| field.focus())
    });
    desktop.stands_still();
    // It begins with the common value, which is replaced.
    retype(&mut desktop, "Label: value of all", "Shelf 3");
    desktop.click("Label: set all");
    desktop.shows("Set Label to \"Shelf 3\" on 2 boards: done");
    desktop.until("the slider", |window| {
        window
            .query_by_role_and_label(Role::Slider, "Speed: value of all")
            .map(|slider| slider.focus())
    });
    desktop.stands_still();
    desktop.window.key_press(Key::ArrowRight);
    desktop.shows_about("Set Speed to ");
    desktop.until("the same speed on both", |window| {
        let speeds = values(window, "number:0");
        (speeds.len() == 2 && speeds[0] == speeds[1]).then_some(())
    });
    assert_eq!(values(&desktop.window, "select:0"), ["night", "night"]);
    assert_eq!(values(&desktop.window, "text:0"), ["Shelf 3", "Shelf 3"]);
}

#[test]
fn boards_are_restarted_together_from_the_menu_that_the_keyboard_opens() {
    let boards = boards(Profile::Strip, 2);
    let mut desktop = desktop(&boards);
    desktop.shows("2 connected");
    choose_all(&mut desktop, 2);
    let epochs = |desktop: &Desktop| -> Vec<String> {
        let boards = desktop.window.state().window().model.in_order();
        boards
            .filter_map(|board| board.info.as_ref().map(|info| info.epoch.to_string()))
            .collect()
    };
    let before = epochs(&desktop);
    desktop
        .window
        .key_press_modifiers(Modifiers::SHIFT, Key::F10);
    desktop.stands_still();
    desktop.until("the menu", |window| {
        window
            .query_by_role_and_label(Role::MenuItem, "Reboot…")
            .map(|entry| entry.click())
    });
    desktop.stands_still();
    desktop.shows_about("2 boards will be offline");
    desktop.click("Reboot");
    desktop.shows("Reboot 2 boards: done");
    desktop.until("both are back", |window| {
        let boards = window.state().window().model.in_order();
        let now: Vec<String> = boards
            .filter_map(|board| board.info.as_ref().map(|info| info.epoch.to_string()))
            .collect();
        (now.len() == 2 && now.iter().all(|epoch| !before.contains(epoch))).then_some(())
    });
}
