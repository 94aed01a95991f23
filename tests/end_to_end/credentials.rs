//! Passwords of boards of other families, typed into the real window.

use std::time::{Duration, Instant};

use doubles::{Shelly, ShellyOptions};
use eframe::egui::accesskit::Role;
use egui_kittest::kittest::Queryable;

use crate::window::Desktop;

fn has(desktop: &Desktop, part: &str) -> bool {
    let mut shown = desktop.window.query_all_by_label_contains(part);
    shown.next().is_some()
}

fn enter_password(desktop: &mut Desktop, password: &str) {
    desktop.click_first("Enter password…");
    desktop.until("the field", |window| {
        window
            .query_by_role_and_label(Role::PasswordInput, "Password")
            .map(|field| field.type_text(password))
    });
    desktop.window.step();
    desktop.click("Connect");
}

#[test]
fn a_shelly_is_asked_for_its_password_and_a_wrong_one_is_not_tried_again() {
    let shelly = Shelly::start(ShellyOptions {
        name: Some("Boiler".to_owned()),
        password: Some("open sesame".to_owned()),
        ..ShellyOptions::default()
    })
    .expect("a false Shelly");
    let mut desktop = Desktop::open(&[shelly.address().to_string()]);
    desktop.shows_about("This board asks for a password.");
    desktop.shows_about("Boiler: Enter password…");
    assert!(!has(&desktop, "Pair…"), "only boards of ours can be paired");
    assert!(!has(&desktop, "Locked: "), "that is said of our boards");
    assert!(!has(&desktop, "it is locked"), "as above");

    enter_password(&mut desktop, "wrong");
    desktop.shows_about("This board rejects the password.");
    desktop.shows_about("wrong password: ");
    let tried = shelly.counts().websockets;
    let end = Instant::now() + Duration::from_secs(3);
    desktop.until("three seconds", |_| (Instant::now() >= end).then_some(()));
    assert_eq!(shelly.counts().websockets, tried, "it is tried again");

    enter_password(&mut desktop, "open sesame");
    desktop.shows_about("1 connected");
    desktop.shows_about("Protected by a password, which this computer has");

    desktop.click("More");
    desktop.choose("Forget password…");
    desktop.click("Forget");
    desktop.shows_about("This board asks for a password.");
}
