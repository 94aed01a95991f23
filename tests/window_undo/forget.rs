//! Forgetting and hiding boards, and bringing them back.

use eframe::egui::accesskit::Role;
use egui_kittest::kittest::{NodeT, Queryable};
use engine::{Interfaces, Lookout, Settings};
use fleet::Listening;
use gui::SettingsFile;
use virtual_board::{Options, Profile, VirtualBoards};

use crate::desktop::{Bench, Desktop};

#[test]
fn forget_is_last_in_the_menu_and_not_a_button_of_the_page() {
    let bench = Bench::start();
    let mut desktop = bench.desktop();
    assert!(
        desktop
            .window
            .query_by_role_and_label(Role::Button, "Forget")
            .is_none()
    );
    desktop.click("More");
    desktop.shows("Forget");
    let mut entries: Vec<(f32, String)> = desktop
        .window
        .query_all_by_role(Role::MenuItem)
        .map(|entry| {
            let label = entry.accesskit_node().label().unwrap_or_default();
            (entry.rect().top(), label)
        })
        .collect();
    entries.sort_by(|one, other| one.0.total_cmp(&other.0));
    assert_eq!(entries.last().expect("entries").1, "Forget");
}

#[test]
fn a_forgotten_board_is_brought_back_by_undo_and_no_scene_or_lamp_changes() {
    let bench = Bench::start();
    let mut desktop = bench.desktop();
    let outlet = {
        desktop.show_board("Power strip");
        desktop.toggle("Outlet 1: on", "Power strip", "switch:0")
    };
    desktop.show_board("Desk lamp");
    desktop.click("More");
    desktop.choose("Forget");
    desktop.is_gone("Desk lamp");
    desktop.undo();
    desktop.connected("Desk lamp");
    desktop.wait();
    assert_eq!(desktop.is_on("Power strip", "switch:0"), Some(!outlet));
    desktop.until("its page", |window| {
        window
            .query_by_role_and_label(Role::Heading, "Desk lamp")
            .map(|_| ())
    });
}

#[test]
fn undo_of_forget_is_offered_for_10_s() {
    let bench = Bench::start();
    let mut desktop = bench.desktop();
    desktop.click("More");
    desktop.choose("Forget");
    desktop.shows("Forgot Desk lamp.");
    desktop.click("Forget Desk lamp: undo");
    desktop.connected("Desk lamp");
    desktop.shows_nothing_about("Forgot Desk lamp.");
    desktop.click("More");
    desktop.choose("Forget");
    desktop.shows("Forgot Desk lamp.");
    let begun = std::time::Instant::now();
    desktop.shows_nothing_about("Forgot Desk lamp.");
    let shown = begun.elapsed().as_secs_f64();
    assert!((9.0..15.0).contains(&shown), "it was shown for {shown} s");
}

#[test]
fn after_forget_nothing_is_selected_and_no_menu_is_open() {
    let bench = Bench::start();
    let mut desktop = bench.desktop();
    desktop.click("More");
    desktop.choose("Forget");
    desktop.is_gone("Desk lamp");
    desktop.wait();
    assert!(desktop.window.state().window().model.selected().is_none());
    assert!(
        desktop
            .window
            .query_all_by_role(Role::MenuItem)
            .next()
            .is_none()
    );
    assert!(
        desktop
            .window
            .query_by_role_and_label(Role::Button, "More")
            .is_none()
    );
    desktop.connected("Power strip");
}

#[test]
fn forgotten_boards_are_listed_and_restored_one_by_one() {
    let bench = Bench::start();
    let mut desktop = bench.desktop();
    for name in ["Desk lamp", "Power strip"] {
        desktop.show_board(name);
        desktop.click("More");
        desktop.choose("Forget");
        desktop.is_gone(name);
    }
    desktop.shows_nothing_about("Forgot Desk lamp.");
    desktop
        .window
        .key_press_modifiers(eframe::egui::Modifiers::COMMAND, eframe::egui::Key::K);
    desktop.until("the palette", |window| {
        window
            .query_by_role_and_label(Role::TextInput, "Command")
            .map(|field| field.type_text("Forgotten boards"))
    });
    desktop.choose("Forgotten boards…");
    desktop.shows("Forgotten boards");
    desktop.click("Restore Desk lamp");
    desktop.connected("Desk lamp");
    desktop.wait();
    assert!(desktop.board("Power strip").is_none());
    desktop.click("Restore Power strip");
    desktop.connected("Power strip");
    desktop.shows("No boards are forgotten.");
}

/// A service type that nothing else on this machine announces.
fn private_service() -> String {
    format!("_sb-undo-{:x}._tcp.local.", std::process::id() & 0xff_ffff)
}

#[test]
fn a_forgotten_board_that_announces_itself_stays_away_until_it_is_restored() {
    let service = private_service();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let lamp = VirtualBoards::start(Options {
        profile: Profile::Lamp,
        mdns: true,
        service: service.clone(),
        ..Options::default()
    })
    .expect("virtual boards");
    let settings = || Settings {
        discovery: Some(Lookout::only(&service, Interfaces::Loopback)),
        ..Settings::default()
    };
    let (file, _) = SettingsFile::open(Some(folder.path().to_owned()));
    let mut desktop = Desktop::of(settings(), file);
    desktop.show_board("Desk lamp");
    desktop.click("More");
    desktop.choose("Forget");
    desktop.is_gone("Desk lamp");
    // It announces itself again, as another board that appears next to it
    // shows.
    lamp.stop("Desk lamp").expect("stopped");
    lamp.start_again("Desk lamp").expect("started again");
    let witness = VirtualBoards::start(Options {
        profile: Profile::Weather,
        mdns: true,
        service: service.clone(),
        ..Options::default()
    })
    .expect("virtual boards");
    desktop.connected("Weather station");
    desktop.wait();
    assert!(desktop.board("Desk lamp").is_none());
    // So it is in the next run.
    desktop.until("it is saved", |_| {
        let text = std::fs::read_to_string(folder.path().join("settings.json")).ok()?;
        text.contains("\"forgotten\"").then_some(())
    });
    drop(desktop);
    let (file, _) = SettingsFile::open(Some(folder.path().to_owned()));
    let mut desktop = Desktop::of(settings(), file);
    desktop.connected("Weather station");
    desktop.wait();
    assert!(desktop.board("Desk lamp").is_none());
    desktop.click("List options");
    desktop.click("Forgotten boards (1)…");
    desktop.click("Restore Desk lamp");
    desktop.connected("Desk lamp");
    drop(witness);
}

#[test]
fn a_forgotten_board_that_connects_to_this_computer_stays_away_until_it_is_restored() {
    let settings = Settings {
        discovery: None,
        listen: Some(([127, 0, 0, 1], 0).into()),
        ..Settings::default()
    };
    let mut desktop = Desktop::of(settings, SettingsFile::nowhere());
    let address = desktop.until("it listens", |window| {
        let model = &window.state().window().model;
        match model.status().listening {
            Listening::At(address) => Some(address),
            _ => None,
        }
    });
    let url = format!("ws://{address}/").parse().expect("an address");
    let _lamp = VirtualBoards::start(Options {
        profile: Profile::Lamp,
        mdns: false,
        call: Some(url),
        ..Options::default()
    })
    .expect("virtual boards");
    desktop.connected("Desk lamp");
    desktop.until("its page", |window| {
        window
            .query_by_role_and_label(Role::Heading, "Desk lamp")
            .map(|_| ())
    });
    desktop.click("More");
    desktop.choose("Forget");
    desktop.is_gone("Desk lamp");
    // It connects again within seconds.
    for _ in 0..12 {
        desktop.wait();
        assert!(desktop.board("Desk lamp").is_none());
    }
    desktop.undo();
    desktop.connected("Desk lamp");
}

#[test]
fn a_board_that_is_added_by_its_address_is_no_longer_forgotten() {
    let bench = Bench::start();
    let mut desktop = bench.desktop();
    desktop.click("More");
    desktop.choose("Forget");
    desktop.is_gone("Desk lamp");
    desktop.click("Add board");
    desktop.answer("Address", &crate::desktop::address(&bench.lamp), "Add");
    desktop.connected("Desk lamp");
    desktop.click("List options");
    desktop.settle();
    assert!(!desktop.has("Forgotten boards"));
}

#[test]
fn a_board_that_is_hidden_leaves_its_page_and_is_shown_again_by_undo() {
    let bench = Bench::start();
    let mut desktop = bench.desktop();
    desktop.click("More");
    desktop.choose("Hide");
    desktop.shows("Hid Desk lamp.");
    desktop.until("no page", |window| {
        window
            .query_by_role_and_label(Role::Heading, "Desk lamp")
            .is_none()
            .then_some(())
    });
    desktop.click("Hide Desk lamp: undo");
    desktop.shows("Desk lamp: connected");
}
