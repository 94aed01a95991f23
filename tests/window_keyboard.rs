//! Every page of the window: each control has an accessible name and can be
//! reached with the Tab key.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};

use bench::Bench;
use eframe::egui::{Key, Modifiers, accesskit::Role};
use egui_kittest::{
    Harness,
    kittest::{NodeT, Queryable},
};
use fleet::BoardView;
use gui::{BoardCommand, Notice, PAGES, Request, Settings};
use scenes::Now;
use serde_json::json;

#[path = "window_scenes/bench.rs"]
#[expect(dead_code, reason = "other tests use the rest of it")]
mod bench;
#[path = "window_scenes/mod.rs"]
#[expect(dead_code, reason = "other tests use the other scenes")]
mod scenes;

/// The roles of interactive widgets.
const OPERABLE: [Role; 15] = [
    Role::Button,
    Role::Switch,
    Role::CheckBox,
    Role::RadioButton,
    Role::Slider,
    Role::SpinButton,
    Role::TextInput,
    Role::MultilineTextInput,
    Role::PasswordInput,
    Role::ComboBox,
    Role::ColorWell,
    Role::ListBoxOption,
    Role::MenuItem,
    Role::Tab,
    Role::Link,
];

/// Saved settings: a dashboard and a scene with components, some of them of an
/// absent board.
fn kept() -> Settings {
    let pin = |component: &str| {
        let board = "everything-0009";
        json!({"board": board, "component": component, "name": "Everything"})
    };
    let tile = |component: &str| json!({"tile": pin(component)});
    let mut light = pin("light:0");
    light["set"] = json!({"on": true, "rgb": [255, 80, 0]});
    let absent = json!({"board": "gone-1", "component": "switch:0", "set": {"on": true}});
    let settings = json!({
        "dashboards": [{"name": "Bench", "layout": {"row": [
            tile("light:0"),
            {"column": [
                tile("switch:0"),
                tile("sensor:0"),
                {"tile": {"board": "gone-1", "component": "switch:0"}}
            ]},
            {"tabs": [tile("number:0"), tile("button:0")]}
        ]}}],
        "scenes": [{"name": "Evening", "steps": [light, absent]}]
    });
    serde_json::from_value(settings).unwrap()
}

fn open(boards: Vec<BoardView>, at: Now) -> Harness<'static, Bench> {
    let mut harness = Harness::builder()
        .with_size([1180.0, 1400.0])
        .build_eframe(move |cc| {
            let everything = boards.iter().find(|board| &*board.name == "Everything");
            let key = everything.map(|board| board.key);
            let log = bench::log_of(&boards, at);
            Bench::new(cc, &kept(), boards, log, at).showing(key)
        });
    harness.run();
    harness
}

/// The interactive widgets on the screen: number, role and name.
fn operable(harness: &Harness<'_, Bench>) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for node in harness.root().children_recursive() {
        let node = node.accesskit_node();
        if OPERABLE.contains(&node.role()) && !node.is_disabled() {
            let name = node.label().unwrap_or_default();
            found.insert(
                format!("{:?}", node.id()),
                format!("{:?} {name:?}", node.role()),
            );
        }
    }
    found
}

fn focused(harness: &Harness<'_, Bench>) -> Option<String> {
    let mut nodes = harness.root().children_recursive();
    nodes
        .find(|node| node.accesskit_node().is_focused())
        .map(|node| format!("{:?}", node.accesskit_node().id()))
}

/// Whether a name is readable: not empty and not just an icon.
fn is_read(name: &str) -> bool {
    name.chars()
        .any(|c| c.is_alphanumeric() && !('\u{e000}'..='\u{f8ff}').contains(&c))
}

fn all_is_named_and_reached(page: &str, harness: &mut Harness<'static, Bench>) {
    let widgets = operable(harness);
    assert!(widgets.len() > 2, "{page}: nothing to operate");
    for widget in widgets.values() {
        let name = widget.split_once(' ').map_or("", |(_, name)| name);
        assert!(is_read(name), "{page}: {widget} has no name");
    }
    let mut reached = BTreeSet::new();
    for _ in 0..widgets.len() * 2 + 10 {
        harness.key_press(Key::Tab);
        harness.run_steps(2);
        reached.extend(focused(harness));
    }
    let missed: Vec<&String> = operable(harness)
        .into_iter()
        .filter(|(id, _)| widgets.contains_key(id) && !reached.contains(id))
        .map(|(id, _)| widgets.get(&id).unwrap())
        .collect();
    assert!(
        missed.is_empty(),
        "{page}: not reached with Tab: {missed:?}"
    );
}

#[test]
fn every_widget_of_every_page_has_a_name_and_is_reached_by_keyboard() {
    let at = Now::read();
    for (number, place) in PAGES.iter().enumerate() {
        let mut harness = open(scenes::mixed(at), at);
        let key = [
            Key::Num1,
            Key::Num2,
            Key::Num3,
            Key::Num4,
            Key::Num5,
            Key::Num6,
            Key::Num7,
            Key::Num8,
            Key::Num9,
            Key::M,
        ][number];
        let modifiers = match key {
            Key::M => Modifiers::COMMAND | Modifiers::SHIFT,
            _ => Modifiers::COMMAND,
        };
        harness.key_press_modifiers(modifiers, key);
        harness.run();
        all_is_named_and_reached(place, &mut harness);
    }
}

#[test]
fn the_window_itself_has_a_name() {
    let at = Now::read();
    let harness = open(scenes::mixed(at), at);
    let root = harness.root();
    let node = root.accesskit_node();
    assert_eq!(
        (node.role(), node.label().as_deref()),
        (Role::Window, Some("Switchboard"))
    );
}

#[test]
fn every_widget_of_the_empty_window_and_of_overlays_has_a_name_too() {
    let at = Now::read();
    all_is_named_and_reached("empty", &mut open(Vec::new(), at));
    for (page, modifiers, key) in [
        ("shortcuts", Modifiers::NONE, Key::F1),
        ("add a board", Modifiers::COMMAND, Key::N),
    ] {
        let mut harness = open(scenes::mixed(at), at);
        harness
            .state_mut()
            .window
            .notify(Notice::Failed("Something".to_owned()));
        harness.key_press_modifiers(modifiers, key);
        harness.run();
        for widget in operable(&harness).values() {
            assert!(
                is_read(widget.split_once(' ').unwrap().1),
                "{page}: {widget}"
            );
        }
    }
}

#[test]
fn a_command_is_found_by_a_few_letters_and_run_with_enter() {
    let at = Now::read();
    let mut harness = open(scenes::mixed(at), at);
    harness.key_press_modifiers(Modifiers::COMMAND, Key::K);
    harness.run();
    harness
        .get_by_role_and_label(Role::TextInput, "Command")
        .type_text("everything relay off");
    harness.run();
    harness.get_by_role_and_label(Role::MenuItem, "Everything: turn Relay (switch:0) off");
    harness.key_press(Key::Enter);
    harness.run();
    let change = protocol::State::new().with("on", false);
    let title = "Turn off Everything: Relay (switch:0)";
    let sent = bench::batch(title, vec![bench::step(9, "switch:0", change)]);
    assert_eq!(harness.state().asked, [sent]);
    assert!(
        harness
            .query_by_role_and_label(Role::TextInput, "Command")
            .is_none()
    );
}

#[test]
fn the_arrows_select_a_command_and_escape_runs_none() {
    let at = Now::read();
    let mut harness = open(scenes::mixed(at), at);
    harness.key_press_modifiers(Modifiers::COMMAND, Key::K);
    harness.run();
    harness
        .get_by_role_and_label(Role::TextInput, "Command")
        .type_text("go to");
    harness.run();
    for _ in 0..3 {
        harness.key_press(Key::ArrowDown);
        harness.run();
    }
    harness.key_press(Key::Enter);
    harness.run();
    harness.get_by_role_and_label(Role::TextInput, "Search events");
    harness.key_press_modifiers(Modifiers::COMMAND, Key::K);
    harness.run();
    harness.key_press(Key::Escape);
    harness.run();
    assert!(
        harness
            .query_by_role_and_label(Role::TextInput, "Command")
            .is_none()
    );
    assert!(harness.state().asked.is_empty());
}

#[test]
fn a_locked_board_is_labeled_and_its_actions_are_reached_by_keyboard() {
    let at = Now::read();
    for (name, badge, offers) in [
        ("Desk lamp", "locked: Encrypted", &[][..]),
        ("Vault", "locked, no key: ", &["Pair…", "Enter key…"]),
        ("Old vault", "locked, wrong key: ", &["Pair…", "Enter key…"]),
        ("Erased", "locked: ", &["Forget key…"]),
    ] {
        let boards = scenes::locked(at);
        let key = boards
            .iter()
            .find(|board| *board.name == *name)
            .unwrap()
            .key;
        let mut harness = open(boards, at);
        harness.state_mut().window.model.select(key);
        harness.run();
        assert!(
            harness.query_all_by_label_contains(badge).next().is_some(),
            "{name}: {badge}"
        );
        for offer in offers {
            harness.get_by_role_and_label(Role::Button, offer);
        }
        all_is_named_and_reached(name, &mut harness);
    }
}

#[test]
fn only_a_locked_board_has_a_badge() {
    let at = Now::read();
    let badges = |boards| {
        let harness = open(boards, at);
        let open = harness.query_all_by_label_contains("Anyone on this network");
        let locked = harness.query_all_by_label_contains("locked: Encrypted");
        (open.count(), locked.count())
    };
    assert_eq!(badges(scenes::mixed(at)), (0, 0));
    assert_eq!(badges(scenes::locked(at)), (0, 1));
}

#[test]
fn the_key_dialogs_are_named_and_operated_by_keyboard() {
    let at = Now::read();
    for (offer, done, field) in [("Enter key…", "Unlock", true), ("Pair…", "Pair", false)] {
        let boards = scenes::locked(at);
        let key = boards
            .iter()
            .find(|board| &*board.name == "Vault")
            .unwrap()
            .key;
        let mut harness = open(boards, at);
        harness.state_mut().window.model.select(key);
        harness.run();
        harness.get_by_role_and_label(Role::Button, offer).click();
        harness.run();
        harness.get_by_role_and_label(Role::Button, "Cancel");
        if field {
            harness
                .get_by_role_and_label(Role::PasswordInput, "Key")
                .type_text("switchboard-key:1:x");
            harness.run();
            harness.key_press(Key::Enter);
            harness.run();
            assert_eq!(
                harness.state().asked,
                [Request::Board(BoardCommand::EnterKey(
                    key,
                    "switchboard-key:1:x".to_owned().into()
                ))]
            );
            harness
                .state_mut()
                .window
                .resolve_dialog(Err("That is no key.".to_owned()));
            harness.run();
            harness.get_by_label("That is no key.");
        } else {
            // Cancel has the focus; the other button is next to it.
            for _ in 0..4 {
                harness.key_press(Key::Tab);
                harness.run_steps(2);
                let at_done = focused(&harness).is_some_and(|id| {
                    operable(&harness)
                        .get(&id)
                        .is_some_and(|w| w.ends_with(&format!("{done:?}")))
                });
                if at_done {
                    break;
                }
            }
            harness.key_press(Key::Enter);
            harness.run();
            assert_eq!(
                harness.state().asked,
                [Request::Board(BoardCommand::Pair {
                    board: key,
                    replace: false
                })]
            );
            harness
                .state_mut()
                .window
                .set_dialog_progress("Code: 123 456.".to_owned());
            harness.run();
            harness.get_by_label("Code: 123 456.");
            // While codes are compared, an accidental Enter means that they
            // differ.
            harness
                .state_mut()
                .window
                .compare_code("123 456".to_owned());
            harness.run();
            harness.get_by_label("Code: 123 456");
            harness.key_press(Key::Enter);
            harness.run();
            assert_eq!(
                harness.state().asked.last(),
                Some(&Request::Board(BoardCommand::RejectCode))
            );
        }
    }
}
