//! Scenes and dashboards are in the same history as switches.

use crate::desktop::Bench;

#[test]
fn undo_after_a_tile_was_removed_brings_the_tile_back_and_switches_nothing() {
    let bench = Bench::start();
    let mut desktop = bench.desktop();
    desktop.show_board("Power strip");
    let outlet = desktop.toggle("Outlet 1: on", "Power strip", "switch:0");
    desktop.show_board("Desk lamp");
    let lamp = desktop.is_on("Desk lamp", "light:0");
    desktop.click("Light: more");
    desktop.choose("Pin to a new dashboard");
    desktop.page("Dashboards");
    desktop.click("Desk lamp: Light: tile");
    desktop.choose("Remove");
    desktop.shows_nothing_about("Desk lamp: Light: move");
    desktop.undo();
    desktop.shows("Desk lamp: Light: move");
    desktop.wait();
    assert_eq!(desktop.is_on("Power strip", "switch:0"), Some(!outlet));
    assert_eq!(desktop.is_on("Desk lamp", "light:0"), lamp);
}

#[test]
fn a_deleted_dashboard_is_brought_back_with_its_tiles() {
    let bench = Bench::start();
    let mut desktop = bench.desktop();
    desktop.click("Light: more");
    desktop.choose("Pin to a new dashboard");
    desktop.page("Dashboards");
    desktop.click("More for dashboards");
    desktop.choose("Delete");
    desktop.shows_nothing_about("Desk lamp: Light: move");
    desktop.undo();
    desktop.shows("Desk lamp: Light: move");
    desktop.redo();
    desktop.shows_nothing_about("Desk lamp: Light: move");
    desktop.undo();
    desktop.shows("Desk lamp: Light: move");
}

#[test]
fn a_scene_is_undone_where_it_was_applied_and_from_elsewhere_only_after_a_question() {
    let bench = Bench::start();
    let mut desktop = bench.desktop();
    let before = desktop.is_on("Desk lamp", "light:0").expect("it is known");
    desktop.click("Light: more");
    desktop.choose("Add to a new scene");
    desktop.toggle("Light: on", "Desk lamp", "light:0");
    desktop.page("Scenes");
    for elsewhere in [false, true] {
        desktop.click("Apply Scene 1");
        desktop.until_on("Desk lamp", "light:0", before);
        if elsewhere {
            desktop.page("Activity");
        }
        desktop.undo();
        if elsewhere {
            desktop.shows("Undo \"Apply Scene 1\"?");
            desktop.wait();
            assert_eq!(desktop.is_on("Desk lamp", "light:0"), Some(before));
            desktop.click("Undo");
        }
        desktop.until_on("Desk lamp", "light:0", !before);
    }
}
