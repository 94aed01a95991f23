//! Dashboards and scenes in the whole program: pinned from a card, moved with
//! the keyboard, applied to running boards, saved and loaded.

use disk::documents::Document;
use eframe::egui::{Key, Modifiers, Rect, accesskit::Role};
use egui_kittest::{
    Harness,
    kittest::{NodeT, Queryable},
};
use gui::{App, SettingsFile};
use protocol::State;
use virtual_board::{Profile, VirtualBoards};

use crate::{
    desk::{address, boards, key, on},
    window::Desktop,
};

/// A lamp and a power strip.
struct Bench {
    lamp: VirtualBoards,
    strip: VirtualBoards,
}

fn bench() -> Bench {
    Bench {
        lamp: boards(Profile::Lamp, 1),
        strip: boards(Profile::Strip, 1),
    }
}

impl Bench {
    fn addresses(&self) -> Vec<String> {
        vec![address(&self.lamp), address(&self.strip)]
    }

    fn desktop(&self) -> Desktop {
        Desktop::open(&self.addresses())
    }
}

/// The position of the line above a tile.
fn tile(window: &Harness<'static, App>, label: &str) -> Option<Rect> {
    window
        .query_by_role_and_label(Role::Button, &format!("{label}: move"))
        .map(|handle| handle.rect())
}

#[test]
fn components_of_two_boards_are_pinned_operated_and_moved_by_keys_on_one_page() {
    let bench = bench();
    let mut desktop = bench.desktop();
    desktop.board_is_shown("Desk lamp");
    desktop.click("Light: more");
    desktop.choose("Pin to a new dashboard");
    desktop.shows("Added Desk lamp: Light to Dashboard 1.");
    desktop.board_is_shown("Power strip");
    desktop.click("Outlet 1: more");
    desktop.choose("Pin to Dashboard 1");
    desktop.click("Dashboards");
    let (lamp, outlet) = desktop.until("both tiles", |window| {
        Some((
            tile(window, "Desk lamp: Light")?,
            tile(window, "Power strip: Outlet 1")?,
        ))
    });
    assert!(
        lamp.right() <= outlet.left(),
        "side by side: {lamp:?} {outlet:?}"
    );
    let before = desktop.switch("Power strip: Outlet 1: on", |switch| switch.toggled());
    desktop.click_switch("Power strip: Outlet 1: on");
    desktop.shows_about("Power strip: Outlet 1: confirmed");
    assert_ne!(
        before,
        desktop.switch("Power strip: Outlet 1: on", |switch| switch.toggled())
    );
    // Left of the other one; as it grows, that one makes room below it.
    desktop.until("the line", |window| {
        window
            .query_by_role_and_label(Role::Button, "Power strip: Outlet 1: move")
            .map(|handle| handle.focus())
    });
    desktop.stands_still();
    desktop.window.key_press(Key::ArrowLeft);
    desktop.until("the outlet at the left", |window| {
        (tile(window, "Power strip: Outlet 1")?.right() <= tile(window, "Desk lamp: Light")?.left())
            .then_some(())
    });
    desktop
        .window
        .key_press_modifiers(Modifiers::SHIFT, Key::ArrowRight);
    desktop.until("the lamp below", |window| {
        let (lamp, outlet) = (
            tile(window, "Desk lamp: Light")?,
            tile(window, "Power strip: Outlet 1")?,
        );
        (outlet.bottom() <= lamp.top()).then_some(())
    });
    desktop.click("Power strip: Outlet 1: tile");
    desktop.choose("Remove");
    desktop.until("one tile", |window| {
        tile(window, "Power strip: Outlet 1")
            .is_none()
            .then_some(())
    });
    // A lost board is shown on its tile.
    bench.lamp.stop("Desk lamp").expect("stopped");
    desktop.switch("Desk lamp: Light: on", |switch| {
        switch.is_disabled().then_some(())
    });
}

#[test]
fn a_tile_is_dragged_to_another_place_with_the_mouse() {
    let bench = bench();
    let mut desktop = bench.desktop();
    desktop.board_is_shown("Power strip");
    for (outlet, entry) in [
        ("Outlet 1", "Pin to a new dashboard"),
        ("Outlet 2", "Pin to Dashboard 1"),
    ] {
        desktop.click(&format!("{outlet}: more"));
        desktop.choose(entry);
    }
    desktop.click("Dashboards");
    let (one, two) = desktop.until("both tiles", |window| {
        Some((
            tile(window, "Power strip: Outlet 1")?,
            tile(window, "Power strip: Outlet 2")?,
        ))
    });
    assert!(one.right() <= two.left(), "side by side: {one:?} {two:?}");
    let to = two.center();
    desktop.window.drag_at(one.center());
    desktop.window.step();
    for part in 1..=8 {
        desktop
            .window
            .hover_at(one.center().lerp(to, part as f32 / 8.0));
        desktop.window.step();
    }
    desktop.window.drop_at(to);
    desktop.until("each in the other's place", |window| {
        let (one, two) = (
            tile(window, "Power strip: Outlet 1")?,
            tile(window, "Power strip: Outlet 2")?,
        );
        (two.right() <= one.left()).then_some(())
    });
}

#[test]
fn a_scene_is_captured_applied_reported_board_by_board_and_undone() {
    let bench = bench();
    let lit = State::new()
        .with("on", true)
        .with("brightness", 35)
        .with("rgb", vec![255, 80, 0]);
    bench
        .lamp
        .set("Desk lamp", &key("light:0"), lit)
        .expect("set at the board");
    bench
        .strip
        .set("Power strip", &key("switch:0"), on(true))
        .expect("set at the board");
    let mut desktop = bench.desktop();
    desktop.board_is_shown("Desk lamp");
    desktop.until("the brightness", |window| {
        let model = &window.state().window().model;
        let board = model.boards().find(|view| &*view.name == "Desk lamp")?;
        let mut states = board.components.iter().map(|view| &view.reported);
        states
            .find(|state| state.brightness() == Some(35))
            .map(|_| ())
    });
    desktop.click("Light: more");
    desktop.choose("Add to a new scene");
    desktop.board_is_shown("Power strip");
    desktop.click("Outlet 1: more");
    desktop.choose("Add to scene Scene 1");
    desktop.click("Scenes");
    desktop.shows("2 components on 2 boards; all match");
    desktop.shows_about("Desk lamp: Light: On · 35 %");
    // Both change; the scene shows that, and restores them.
    bench
        .lamp
        .set("Desk lamp", &key("light:0"), State::new().with("on", false))
        .expect("set at the board");
    bench
        .strip
        .set("Power strip", &key("switch:0"), on(false))
        .expect("set at the board");
    desktop.shows("2 components on 2 boards; 0 match");
    desktop.click("Apply Scene 1");
    desktop.shows("Apply Scene 1: done");
    desktop.shows("2 components on 2 boards; all match");
    let lamp = desktop.state("Desk lamp", "light:0");
    assert_eq!((lamp.on(), lamp.brightness()), (Some(true), Some(35)));
    desktop.click_first("Undo: Apply Scene 1");
    desktop.shows("Undo: Apply Scene 1: done");
    desktop.shows("2 components on 2 boards; 0 match");
    // A lost board is reported; the other one is set.
    bench.lamp.stop("Desk lamp").expect("stopped");
    desktop.click("Boards");
    desktop.shows("Desk lamp: unreachable");
    desktop.command("Apply Scene 1");
    desktop.shows("Apply Scene 1: 1 of 2 done, 1 failed");
    desktop.click_first("Details: Apply Scene 1: 1 of 2 done, 1 failed");
    desktop.shows("Desk lamp light:0: not sent: not connected");
    assert_eq!(desktop.state("Power strip", "switch:0").on(), Some(true));
}

#[test]
fn a_scene_with_an_unknown_board_is_loaded_and_names_what_is_missing() {
    let bench = bench();
    let temporary = tempfile::tempdir().expect("a temporary folder");
    let file = temporary.path().join("scene.json");
    bench
        .strip
        .set("Power strip", &key("switch:1"), on(false))
        .expect("set at the board");
    let mut desktop = bench.desktop();
    desktop.shows("Power strip: connected");
    let id = desktop.until("the strip's id", |window| {
        let model = &window.state().window().model;
        model
            .boards()
            .find(|board| &*board.name == "Power strip")?
            .id
            .clone()
    });
    let text = format!(
        r#"{{"switchboard":"scene","version":1,"name":"Night","transition_ms":500,"steps":[
        {{"board":"{id}","component":"switch:1","set":{{"on":true}}}},
        {{"board":"lamp-of-another-house","component":"light:0","name":"Hall: Ceiling","set":{{"on":false}}}}]}}"#
    );
    std::fs::write(&file, text).expect("written");
    desktop.click("Scenes");
    desktop.click("More for scenes");
    desktop.choose("Load…");
    desktop.path(&file, "Load");
    desktop.shows("Loaded Night.");
    desktop.shows("2 components on 2 boards; 0 match; 1 board not found");
    desktop.shows("Hall: Ceiling: Off; board not found");
    desktop.click("Apply Night");
    desktop.shows("Apply Night: 1 of 2 done, 1 failed");
    desktop.click_first("Details: Apply Night: 1 of 2 done, 1 failed");
    desktop.shows("Hall: Ceiling: the board is not available");
    // An invalid scene is reported, and another path can be typed.
    std::fs::write(
        &file,
        r#"{"switchboard":"scene","name":"x","steps":[{"board":"a","component":"sensor:0","set":{"value":1}}]}"#,
    )
    .expect("written");
    desktop.click("More for scenes");
    desktop.choose("Load…");
    desktop.path(&file, "Load");
    desktop.shows_about("a/sensor:0: components of kind sensor cannot be set");
    std::fs::remove_file(&file).expect("removed");
}

#[test]
fn dashboards_are_kept_between_runs_saved_renamed_and_restored() {
    let bench = bench();
    let temporary = tempfile::tempdir().expect("a temporary folder");
    let folder = temporary.path().join("file");
    let open = || {
        Desktop::remembering(
            &bench.addresses(),
            SettingsFile::open(Some(folder.clone())).0,
        )
    };
    let mut desktop = open();
    desktop.board_is_shown("Desk lamp");
    desktop.click("Light: more");
    desktop.choose("Pin to a new dashboard");
    desktop.click("Dashboards");
    desktop.shows("Desk lamp: Light: on");
    desktop.click("More for dashboards");
    desktop.choose("Rename…");
    desktop.until("the field", |window| {
        window
            .query_by_role_and_label(Role::TextInput, "Name")
            .map(|field| field.type_text("Lamps of the bench"))
    });
    desktop.window.step();
    desktop.window.key_press(Key::Enter);
    desktop.window.step();
    let tab = |desktop: &mut Desktop| {
        desktop.until("the name", |window| {
            let mut tabs = window.query_all_by_role(Role::Tab);
            tabs.find_map(|tab| {
                tab.accesskit_node()
                    .label()
                    .filter(|label| label.contains("of the bench"))
            })
        })
    };
    let called = tab(&mut desktop);
    let file = temporary.path().join("dashboard.json");
    desktop.click("More for dashboards");
    desktop.choose("Save as…");
    desktop.path(&file, "Save");
    desktop.shows_about("Saved to ");
    let Ok(Document::Dashboard(saved)) = Document::read(&file) else {
        panic!("no dashboard was saved")
    };
    assert_eq!(
        (
            saved.name.as_str(),
            saved.pins()[0].component.to_string().as_str()
        ),
        (called.as_str(), "light:0")
    );
    desktop.click("More for dashboards");
    desktop.choose("Delete");
    desktop.shows("No dashboards yet");
    // The message and the timeline both offer it.
    desktop.shows(&format!("Deleted {called}."));
    desktop
        .window
        .key_press_modifiers(Modifiers::COMMAND, Key::Z);
    desktop.shows("Desk lamp: Light: on");
    // Settings are written at most half a second after a change.
    desktop.until("the file", |_| {
        let text = std::fs::read_to_string(folder.join("settings.json")).ok()?;
        text.contains("of the bench").then_some(())
    });
    drop(desktop);
    let mut desktop = open();
    desktop.shows("Desk lamp: Light: on");
    assert_eq!(tab(&mut desktop), called);
    drop(desktop);
    std::fs::remove_file(&file).expect("removed");
}
