//! Passwords of boards of other families: the real window over a real fleet and
//! a false Shelly, by accessible name.
#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use std::{
    thread,
    time::{Duration, Instant},
};

use doubles::{Shelly, ShellyOptions};
use eframe::egui::accesskit::Role;
use egui_kittest::{
    Harness,
    kittest::{NodeT, Queryable},
};
use fleet::{Fleet, Settings};
use gui::{App, SettingsFile};

/// Long enough for a loaded machine.
const SOON: Duration = Duration::from_secs(30);

struct Desktop {
    window: Harness<'static, App>,
}

impl Desktop {
    /// The window over one Shelly with a password, at a typed address.
    fn open(shelly: &Shelly) -> Self {
        let fleet = Fleet::start(Settings {
            discovery: None,
            addresses: vec![shelly.address().to_string()],
            ..Settings::default()
        })
        .expect("a fleet");
        let window = Harness::builder()
            .with_size([1180.0, 900.0])
            .build_eframe(move |cc| App::new(cc, fleet, SettingsFile::nowhere(), None));
        Self { window }
    }

    fn until(&mut self, what: &str, find: impl Fn(&Harness<'static, App>) -> bool) {
        let end = Instant::now() + SOON;
        loop {
            self.window.step();
            if find(&self.window) {
                return;
            }
            assert!(
                Instant::now() < end,
                "never shown: {what}; shown is:\n{:#?}",
                self.window.root()
            );
            thread::sleep(Duration::from_millis(5));
        }
    }

    fn shows(&mut self, part: &str) {
        self.until(part, |window| {
            window.query_all_by_label_contains(part).next().is_some()
        });
    }

    fn has(&self, part: &str) -> bool {
        let mut shown = self.window.query_all_by_label_contains(part);
        shown.next().is_some()
    }

    fn act(&mut self, role: Role, label: &str) {
        self.until(label, |window| {
            let mut found = window.query_all_by_role_and_label(role, label);
            found
                .next()
                .is_some_and(|node| !node.accesskit_node().is_disabled())
        });
        (0..4).for_each(|_| self.window.step());
        let mut found = self.window.query_all_by_role_and_label(role, label);
        found.next().expect("it is still there").click();
        drop(found);
        (0..4).for_each(|_| self.window.step());
    }

    fn enter_password(&mut self, password: &str) {
        self.act(Role::Button, "Enter password…");
        self.until("the field", |window| {
            window
                .query_by_role_and_label(Role::PasswordInput, "Password")
                .is_some()
        });
        self.window
            .get_by_role_and_label(Role::PasswordInput, "Password")
            .type_text(password);
        self.window.step();
        self.act(Role::Button, "Connect");
    }
}

#[test]
fn a_shelly_is_asked_for_its_password_and_a_wrong_one_is_not_tried_again() {
    let shelly = Shelly::start(ShellyOptions {
        name: Some("Boiler".to_owned()),
        password: Some("open sesame".to_owned()),
        ..ShellyOptions::default()
    })
    .expect("a false Shelly");
    let mut desktop = Desktop::open(&shelly);
    desktop.shows("This board asks for a password.");
    desktop.shows("Boiler: Enter password…");
    assert!(!desktop.has("Pair…"), "only boards of ours can be paired");
    assert!(!desktop.has("Locked: "), "that is said of our boards");
    assert!(!desktop.has("it is locked"), "as above");

    desktop.enter_password("wrong");
    desktop.shows("This board rejects the password.");
    desktop.shows("wrong password: ");
    let tried = shelly.counts().websockets;
    let end = Instant::now() + Duration::from_secs(3);
    while Instant::now() < end {
        desktop.window.step();
        thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(shelly.counts().websockets, tried, "it is tried again");

    desktop.enter_password("open sesame");
    desktop.shows("1 connected");
    desktop.shows("Protected by a password, which this computer has");

    desktop.act(Role::Button, "More");
    desktop.act(Role::MenuItem, "Forget password…");
    desktop.act(Role::Button, "Forget");
    desktop.shows("This board asks for a password.");
}
