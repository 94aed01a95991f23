//! Dashboards in the window with simulated boards: added with the picker,
//! moved, resized and undone; and the picker itself.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;

use bench::Bench;
use eframe::egui::{self, Key, Modifiers, Rect, accesskit::Role, accesskit::Toggled, pos2, vec2};
use egui_kittest::{
    Harness,
    kittest::{NodeT, Queryable},
};
use fleet::{BoardView, LinkState};
use gui::Settings;
use scenes::Now;
use serde_json::{Value, json};

#[path = "window_scenes/bench.rs"]
#[expect(dead_code, reason = "other tests use the rest of it")]
mod bench;
#[path = "window_scenes/mod.rs"]
#[expect(dead_code, reason = "other tests use the other scenes")]
mod scenes;

type Shown = Harness<'static, Bench>;

fn open(size: [f32; 2], settings: Value) -> Shown {
    let at = Now::read();
    let boards: Vec<BoardView> = vec![
        scenes::everything(9, at),
        scenes::lamp(1, "Desk lamp", at),
        scenes::lamp(2, "Hall lamp", at),
    ];
    over(boards, size, settings)
}

/// A window over these boards.
fn over(boards: Vec<BoardView>, size: [f32; 2], settings: Value) -> Shown {
    let at = Now::read();
    let mut harness = Harness::builder().with_size(size).build_eframe(move |cc| {
        let settings: Settings = serde_json::from_value(settings).unwrap();
        Bench::new(cc, &settings, boards, Vec::new(), at)
    });
    harness.run();
    harness
}

/// A dashboard with these components of *Everything*.
fn bench(tiles: &[(&str, [u16; 4])]) -> Value {
    let tiles = tiles.iter().map(|(component, [x, y, w, h])| {
        json!({"board": "everything-0009", "component": component, "x": x, "y": y, "w": w, "h": h})
    });
    let tiles: Vec<Value> = tiles.collect();
    json!({"place": "dashboards", "dashboards": [{"name": "Bench", "tiles": tiles}]})
}

fn click(harness: &mut Shown, role: Role, name: &str) {
    harness.get_by_role_and_label(role, name).click();
    harness.run();
}

fn press(harness: &mut Shown, modifiers: Modifiers, key: Key) {
    harness.key_press_modifiers(modifiers, key);
    harness.run();
}

/// The title line of a tile.
fn handle(harness: &Shown, title: &str) -> Rect {
    let name = format!("{title}: move");
    harness.get_by_role_and_label(Role::Button, &name).rect()
}

/// A tile with this many rows.
fn tile(harness: &Shown, title: &str, rows: f32) -> Rect {
    let name = format!("{title}: tile");
    let menu = harness.get_by_role_and_label(Role::Button, &name).rect();
    let min = handle(harness, title).min - vec2(4.0, 2.0);
    let height = rows * 88.0 - 8.0;
    Rect::from_min_max(min, pos2(menu.right() + 4.0, min.y + height))
}

fn focus(harness: &mut Shown, title: &str) {
    let name = format!("{title}: move");
    harness.get_by_role_and_label(Role::Button, &name).focus();
    harness.run();
}

/// The titles of the tiles.
fn handles(harness: &Shown) -> Vec<String> {
    let nodes = harness.root().children_recursive();
    let names = nodes.filter_map(|node| node.accesskit_node().label());
    names
        .filter_map(|name| Some(name.strip_suffix(": move")?.to_owned()))
        .collect()
}

/// The tiles in the order of the page, each with its cell.
fn tiles(harness: &Shown) -> Vec<(String, [u64; 4])> {
    let mut settings = Settings::default();
    harness.state().window.remember(&mut settings);
    let settings = serde_json::to_value(&settings).unwrap();
    let Some(tiles) = settings["dashboards"][0]["tiles"].as_array() else {
        return Vec::new();
    };
    let cells = |tile: &Value| ["x", "y", "w", "h"].map(|field| tile[field].as_u64().unwrap());
    tiles
        .iter()
        .map(|tile| (tile["component"].as_str().unwrap().to_owned(), cells(tile)))
        .collect()
}

fn cells(harness: &Shown, component: &str) -> [u64; 4] {
    let tiles = tiles(harness);
    tiles.iter().find(|(key, _)| key == component).unwrap().1
}

/// The key of the component whose tile has this title.
fn title_to_component(harness: &Shown, title: &str) -> String {
    let model = &harness.state().window.model;
    let board = model.boards().find(|board| &*board.name == "Everything");
    let mut keys = board.unwrap().components.iter().map(|view| {
        let descriptor = &view.descriptor;
        (descriptor.name.clone(), descriptor.key.to_string())
    });
    let found = keys.find(|(name, key)| {
        title == format!("Everything: {name}") || title == format!("Everything: {name} ({key})")
    });
    found.unwrap().1
}

const TWO: [(&str, [u16; 4]); 2] = [("switch:0", [0, 0, 3, 1]), ("sensor:0", [3, 0, 3, 2])];
const RELAY: &str = "Everything: Relay (switch:0)";
const SENSOR: &str = "Everything: Temperature";

#[test]
fn a_dashboard_of_six_components_takes_at_most_ten_actions() {
    let mut harness = open([1180.0, 760.0], json!({}));
    let mut actions = 0;
    let mut act = |harness: &mut Shown, role, name: &str| {
        actions += 1;
        click(harness, role, name);
    };
    act(&mut harness, Role::Button, "Dashboards");
    act(&mut harness, Role::Button, "New dashboard");
    for name in [
        "Desk lamp: Light",
        "Desk lamp: Button",
        "Desk lamp: Temperature",
        "Everything: Light",
        "Everything: Second light",
        RELAY,
    ] {
        act(&mut harness, Role::CheckBox, name);
    }
    act(&mut harness, Role::Button, "Done");
    assert_eq!(tiles(&harness).len(), 6);
    assert!(actions <= 10, "{actions}");
    // Each has its natural size, at the first free place.
    let sizes: Vec<[u64; 4]> = tiles(&harness)
        .into_iter()
        .map(|(_, cells)| cells)
        .collect();
    assert_eq!(sizes[0], [0, 0, 3, 3]);
    assert_eq!(sizes[1], [3, 0, 3, 1]);
    assert_eq!(sizes[2], [6, 0, 3, 2]);
    for name in ["Desk lamp: Light", RELAY] {
        harness.get_by_role_and_label(Role::Group, name);
    }
}

#[test]
fn an_outlet_with_a_meter_has_room_for_it() {
    let at = Now::read();
    let strip = scenes::strip(2, at);
    let id = strip.id.clone().unwrap();
    let tiles: Vec<Value> = [("switch:0", 0), ("switch:1", 3)]
        .map(|(component, x)| {
            json!({"board": *id, "component": component, "x": x, "y": 0, "w": 3, "h": 1})
        })
        .into();
    let settings =
        json!({"place": "dashboards", "dashboards": [{"name": "Bench", "tiles": tiles}]});
    let mut harness = over(vec![strip], [1180.0, 760.0], settings);
    let title = handles(&harness)[0].clone();
    // In one row, the power is next to the switch.
    let on = format!("{title}: on");
    let switch = harness.get_by_role_and_label(Role::Switch, &on).rect();
    let power = |harness: &Shown| harness.get_by_label("Socket 1 power: 0.0 W").rect();
    let watts = power(&harness);
    assert!(
        (watts.center().y - switch.center().y).abs() < 4.0,
        "{watts}"
    );
    focus(&mut harness, &title);
    click(&mut harness, Role::Button, &format!("{title}: tile"));
    click(&mut harness, Role::MenuItem, "Natural size");
    assert_eq!(cells(&harness, "switch:0"), [0, 0, 3, 2]);
    assert!(power(&harness).top() > switch.bottom());
}

#[test]
fn the_value_of_a_sensor_is_large_in_its_tile() {
    let harness = open([1180.0, 760.0], bench(&TWO));
    let value = harness
        .get_by_label_contains(&format!("{SENSOR}: 2"))
        .rect();
    assert!(value.height() > 30.0, "{value}");
    assert!(tile(&harness, SENSOR, 2.0).contains_rect(value));
}

#[test]
fn the_picker_ranks_what_is_typed_and_adds_with_enter() {
    let mut harness = open([1180.0, 760.0], bench(&[]));
    click(&mut harness, Role::Button, "Add to the dashboard");
    // It is focused.
    harness
        .get_by_role_and_label(Role::TextInput, "Find a component")
        .type_text("desk lihgt");
    harness.run();
    press(&mut harness, Modifiers::NONE, Key::Enter);
    let added = |harness: &Shown, name: &str| {
        let row = harness.get_by_role_and_label(Role::CheckBox, name);
        row.accesskit_node().toggled() == Some(Toggled::True)
    };
    assert!(added(&harness, "Desk lamp: Light"));
    // It stays open for the next; what was added is marked, and Enter on it
    // removes it.
    press(&mut harness, Modifiers::COMMAND, Key::A);
    harness
        .get_by_role_and_label(Role::TextInput, "Find a component")
        .type_text("hall");
    harness.run();
    press(&mut harness, Modifiers::NONE, Key::Enter);
    press(&mut harness, Modifiers::NONE, Key::Enter);
    assert_eq!(tiles(&harness).len(), 3);
    press(&mut harness, Modifiers::NONE, Key::ArrowUp);
    let before = tiles(&harness).len();
    press(&mut harness, Modifiers::NONE, Key::Enter);
    assert_eq!(tiles(&harness).len(), before - 1);
    press(&mut harness, Modifiers::NONE, Key::Escape);
    assert!(
        harness
            .query_by_role_and_label(Role::TextInput, "Find a component")
            .is_none()
    );
}

#[test]
fn the_picker_groups_by_board_shows_live_values_and_has_diagnostics_last() {
    let mut harness = open([1180.0, 1400.0], bench(&[]));
    click(&mut harness, Role::Button, "Add to the dashboard");
    let top = |harness: &Shown, name: &str| {
        let row = harness.get_by_role_and_label(Role::CheckBox, name);
        row.rect().top()
    };
    press(&mut harness, Modifiers::COMMAND, Key::A);
    harness
        .get_by_role_and_label(Role::TextInput, "Find a component")
        .type_text("hall");
    harness.run();
    let heading = harness
        .get_by_role_and_label(Role::Label, "Hall lamp")
        .rect();
    assert!(heading.top() < top(&harness, "Hall lamp: Light"));
    let diagnostics = harness.get_by_label("Hall lamp: diagnostics").rect();
    assert!(diagnostics.top() > top(&harness, "Hall lamp: Temperature"));
    assert!(diagnostics.top() < top(&harness, "Hall lamp: Signal"));
    // The current value is next to the name.
    let row = harness.get_by_role_and_label(Role::CheckBox, "Hall lamp: Temperature");
    assert_eq!(row.value().as_deref(), Some("24.6 °C"));
}

#[test]
fn all_components_of_a_board_are_added_at_once_and_undone_at_once() {
    let mut harness = open([1180.0, 760.0], bench(&[]));
    click(&mut harness, Role::Button, "Add to the dashboard");
    click(&mut harness, Role::Button, "Add all of Desk lamp");
    press(&mut harness, Modifiers::NONE, Key::Escape);
    assert!(tiles(&harness).len() > 1);
    press(&mut harness, Modifiers::COMMAND, Key::Z);
    assert_eq!(tiles(&harness), []);
    press(&mut harness, Modifiers::COMMAND, Key::Y);
    assert!(tiles(&harness).len() > 1);
}

#[test]
fn a_tile_is_dragged_by_its_title_line_and_others_make_room() {
    let mut harness = open([1180.0, 760.0], bench(&TWO));
    let (from, to) = (handle(&harness, RELAY), handle(&harness, SENSOR));
    drag(&mut harness, from.center(), to.center(), true);
    assert_eq!(cells(&harness, "switch:0"), [3, 0, 3, 1]);
    assert_eq!(cells(&harness, "sensor:0"), [3, 1, 3, 2]);
    press(&mut harness, Modifiers::COMMAND, Key::Z);
    assert_eq!(cells(&harness, "switch:0"), [0, 0, 3, 1]);
    assert_eq!(cells(&harness, "sensor:0"), [3, 0, 3, 2]);
}

fn drag(harness: &mut Shown, from: egui::Pos2, to: egui::Pos2, drop: bool) {
    harness.drag_at(from);
    harness.step();
    for part in 1..=8_u8 {
        harness.hover_at(from.lerp(to, f32::from(part) / 8.0));
        harness.step();
    }
    if drop {
        harness.drop_at(to);
        harness.run();
    }
}

#[test]
fn escape_ends_a_drag_without_a_change() {
    let mut harness = open([1180.0, 760.0], bench(&TWO));
    let (from, to) = (handle(&harness, RELAY), handle(&harness, SENSOR));
    let before = tiles(&harness);
    drag(&mut harness, from.center(), to.center(), false);
    harness.key_press(Key::Escape);
    harness.step();
    harness.drop_at(to.center());
    harness.run();
    assert_eq!(tiles(&harness), before);
}

#[test]
fn a_tile_is_resized_by_its_corner_in_whole_cells() {
    let mut harness = open([1180.0, 760.0], bench(&TWO));
    let corner = tile(&harness, SENSOR, 2.0).max - vec2(4.0, 4.0);
    drag(&mut harness, corner, corner + vec2(150.0, 100.0), true);
    assert_eq!(cells(&harness, "sensor:0"), [3, 0, 5, 3]);
    let tile = tile(&harness, SENSOR, 3.0);
    drag(&mut harness, tile.max - vec2(4.0, 4.0), tile.min, true);
    assert_eq!(cells(&harness, "sensor:0"), [3, 0, 2, 1], "the least size");
}

#[test]
fn arrows_move_a_tile_shift_resizes_it_and_delete_removes_it() {
    let mut harness = open([1180.0, 760.0], bench(&TWO));
    focus(&mut harness, RELAY);
    press(&mut harness, Modifiers::NONE, Key::ArrowRight);
    // Past the sensor, which takes its place.
    assert_eq!(cells(&harness, "switch:0"), [3, 0, 3, 1]);
    assert_eq!(cells(&harness, "sensor:0"), [0, 0, 3, 2]);
    press(&mut harness, Modifiers::SHIFT, Key::ArrowRight);
    press(&mut harness, Modifiers::SHIFT, Key::ArrowDown);
    assert_eq!(cells(&harness, "switch:0"), [3, 0, 4, 2]);
    press(&mut harness, Modifiers::NONE, Key::Delete);
    assert_eq!(tiles(&harness).len(), 1);
    press(&mut harness, Modifiers::COMMAND, Key::Z);
    assert_eq!(cells(&harness, "switch:0"), [3, 0, 4, 2]);
}

#[test]
fn the_menu_of_a_tile_moves_resizes_and_removes_it() {
    let mut harness = open([1180.0, 760.0], bench(&TWO));
    let mut choose = |entry: &str| {
        click(&mut harness, Role::Button, &format!("{RELAY}: tile"));
        click(&mut harness, Role::MenuItem, entry);
        tiles(&harness)
    };
    assert_eq!(choose("Wider")[0].1, [0, 0, 4, 1]);
    assert_eq!(choose("Natural size")[0].1, [0, 0, 3, 1]);
    assert_eq!(choose("Move right")[0].1[0], 3);
    assert_eq!(choose("Remove").len(), 1);
}

#[test]
fn a_narrow_window_folds_the_columns_and_a_wide_one_unfolds_them() {
    let tiles: Vec<(&str, [u16; 4])> = ["switch:0", "switch:1", "sensor:0", "number:0"]
        .into_iter()
        .zip(0..)
        .map(|(component, at)| (component, [at * 3, 0, 3, 2]))
        .collect();
    let rows = |harness: &Shown| {
        let handles = harness.get_all_by_role(Role::Button);
        let tops: std::collections::BTreeSet<String> = handles
            .filter(|node| {
                let label = node.accesskit_node().label();
                label.is_some_and(|label| label.ends_with(": move"))
            })
            .map(|node| format!("{:.0}", node.rect().top()))
            .collect();
        tops.len()
    };
    for (width, expected) in [(1180.0, 1), (900.0, 2), (700.0, 2), (420.0, 4)] {
        let mut harness = open([width, 760.0], bench(&tiles));
        assert_eq!(rows(&harness), expected, "{width}");
        harness.set_size(vec2(2560.0, 1440.0));
        harness.run();
        assert_eq!(rows(&harness), 1, "{width} made wide");
    }
}

#[test]
fn nothing_is_clipped_at_natural_size() {
    for size in [[900.0_f32, 600.0], [1180.0, 760.0], [2560.0, 1440.0]] {
        let mut harness = open(size, bench(&[]));
        click(&mut harness, Role::Button, "Add to the dashboard");
        click(&mut harness, Role::Button, "Add all of Everything");
        press(&mut harness, Modifiers::NONE, Key::Escape);
        let groups: Vec<String> = harness
            .get_all_by_role(Role::Group)
            .filter_map(|group| group.accesskit_node().label())
            .filter(|label| label.starts_with("Everything: "))
            .collect();
        assert!(groups.len() > 3);
        for title in groups {
            let group = harness.get_by_role_and_label(Role::Group, &title);
            let component = title_to_component(&harness, &title);
            let tile = tile(&harness, &title, cells(&harness, &component)[3] as f32);
            for part in group.children_recursive() {
                let node = part.accesskit_node();
                if node.label().is_some() && node.raw_bounds().is_some() {
                    let rect = part.rect();
                    let name = part.accesskit_node().label();
                    assert!(
                        tile.expand(1.0).contains_rect(rect),
                        "{size:?} {title}: {name:?} at {rect:?} is not within {tile:?}"
                    );
                }
            }
        }
    }
}

#[test]
fn a_dashboard_is_created_renamed_and_deleted_and_each_is_undone() {
    let mut harness = open([1180.0, 760.0], bench(&TWO));
    let is_shown = |harness: &Shown, name: &str| {
        let tab = harness.query_by_role_and_label(Role::Tab, name);
        tab.is_some()
    };
    press(&mut harness, Modifiers::NONE, Key::F2);
    harness
        .get_by_role_and_label(Role::TextInput, "Name")
        .type_text("Workshop");
    harness.run();
    press(&mut harness, Modifiers::NONE, Key::Enter);
    assert!(is_shown(&harness, "Workshop") && !is_shown(&harness, "Bench"));
    press(&mut harness, Modifiers::COMMAND, Key::Z);
    assert!(is_shown(&harness, "Bench") && !is_shown(&harness, "Workshop"));
    click(&mut harness, Role::Button, "New dashboard");
    press(&mut harness, Modifiers::NONE, Key::Escape);
    assert!(is_shown(&harness, "Dashboard 1"));
    harness.get_by_label("This dashboard is empty.");
    harness.get_by_role_and_label(Role::Button, "Add components");
    press(&mut harness, Modifiers::COMMAND, Key::Z);
    assert!(!is_shown(&harness, "Dashboard 1"));
    click(&mut harness, Role::Button, "More for dashboards");
    click(&mut harness, Role::MenuItem, "Delete");
    harness.get_by_label("No dashboards yet");
    press(&mut harness, Modifiers::COMMAND, Key::Z);
    harness.get_by_role_and_label(Role::Tab, "Bench");
    assert_eq!(tiles(&harness).len(), 2);
}

#[test]
fn deleting_an_earlier_dashboard_leaves_the_shown_one_in_view() {
    let settings = json!({"place": "dashboards", "dashboards": [
        {"name": "First", "tiles": []},
        {"name": "Second", "tiles": []},
        {"name": "Third", "tiles": []},
    ]});
    let mut harness = open([1180.0, 760.0], settings);
    click(&mut harness, Role::Tab, "Second");
    press(&mut harness, Modifiers::COMMAND, Key::K);
    harness
        .get_by_role_and_label(Role::TextInput, "Command")
        .type_text("dashboard first delete");
    harness.run();
    harness.get_by_role_and_label(Role::MenuItem, "Dashboard First: delete");
    press(&mut harness, Modifiers::NONE, Key::Enter);
    let tabs = harness.query_all_by_role(Role::Tab);
    let tabs: Vec<_> = tabs
        .map(|tab| {
            let tab = tab.accesskit_node();
            (tab.label().unwrap(), tab.is_selected())
        })
        .collect();
    assert_eq!(
        tabs,
        [
            ("Second".to_owned(), Some(true)),
            ("Third".to_owned(), Some(false))
        ]
    );
}

#[test]
fn a_tile_below_the_window_is_reached_by_the_keyboard() {
    let many: Vec<(&str, [u16; 4])> = ["switch:0", "sensor:0", "switch:1"]
        .into_iter()
        .zip([0, 8, 16])
        .map(|(component, y)| (component, [0, y, 12, 8]))
        .collect();
    let mut harness = open([1180.0, 760.0], bench(&many));
    let last = "Everything: Relay (switch:1)";
    assert!(handle(&harness, last).top() > 760.0);
    focus(&mut harness, last);
    assert!(handle(&harness, last).top() < 760.0);
    harness.get_by_role_and_label(Role::Switch, &format!("{last}: on"));
}

#[test]
fn a_tile_of_a_missing_board_says_so() {
    let mut settings = bench(&TWO);
    settings["dashboards"][0]["tiles"][0]["board"] = json!("gone-1");
    settings["dashboards"][0]["tiles"][0]["name"] = json!("Shed: Pump");
    let mut harness = open([1180.0, 760.0], settings);
    harness.get_by_label("Shed: Pump: This board was not found.");
    let board = harness.state().window.model.boards();
    let mut board = board
        .into_iter()
        .find(|board| &*board.name == "Everything")
        .unwrap()
        .as_ref()
        .clone();
    board.link = LinkState::Connecting;
    board.components.clear();
    harness.state_mut().window.model.put(Arc::new(board));
    harness.run();
    harness.get_by_label_contains("Components appear once it connects.");
}
