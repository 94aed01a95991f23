//! The real window over a real fleet, and a virtual board at the other end of a
//! pseudo-terminal.

use std::{
    fs,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use disk::keys::Store;
use eframe::egui::{Key, accesskit::Role};
use egui_kittest::{
    Harness,
    kittest::{NodeT, Queryable},
};
use fleet::{Fleet, Lookout, Settings};
use gui::{App, SettingsFile};
use virtual_board::{Options, VirtualBoards, serial::SerialBoard};

/// Long enough for a loaded machine.
const SOON: Duration = Duration::from_secs(60);

const LAB: &str = "Switchboard Lab";
const PASSWORD: &str = "blinking lights";

/// A virtual board behind a port, announced under this test's own service type.
fn board(service: &str) -> (SerialBoard, Arc<VirtualBoards>) {
    let options = Options {
        started: false,
        service: service.to_owned(),
        ..Options::default()
    };
    let boards = Arc::new(VirtualBoards::start(options).expect("boards"));
    (
        SerialBoard::start(Arc::clone(&boards), |_| {}).expect("a port"),
        boards,
    )
}

struct Desktop {
    window: Harness<'static, App>,
    keys: tempfile::TempDir,
}

impl Desktop {
    /// The window over the boards of this service type.
    fn open(service: &str) -> Self {
        let fleet = Fleet::start(Settings {
            discovery: Some(Lookout::of(Some(service))),
            ..Settings::default()
        })
        .expect("a fleet");
        let keys = tempfile::tempdir().expect("a folder");
        let store = Store::of(Some(keys.path().join("keys")));
        let window = Harness::builder()
            .with_size([1180.0, 900.0])
            .build_eframe(move |cc| {
                let file = SettingsFile::nowhere();
                App::new(cc, fleet, file, None).with_keys(store, &cc.egui_ctx)
            });
        let mut desktop = Self { window, keys };
        desktop.act(Role::Button, "Set up a board…");
        desktop
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

    fn enter(&mut self, role: Role, label: &str, text: &str) {
        self.until(label, |window| {
            window.query_by_role_and_label(role, label).is_some()
        });
        let field = self.window.get_by_role_and_label(role, label);
        field.focus();
        field.type_text(text);
        (0..4).for_each(|_| self.window.step());
    }

    /// Chooses the port of the board.
    fn port(&mut self, path: &str) {
        self.act(Role::RadioButton, "Other port…");
        self.enter(Role::TextInput, "Path of the port", path);
        self.act(Role::Button, "Continue");
    }

    fn network(&mut self, password: &str) {
        self.act(Role::RadioButton, &format!("{LAB}: password, -54 dBm"));
        self.enter(Role::PasswordInput, "Password", password);
        self.act(Role::Button, "Connect");
    }

    /// The keys that are saved on this computer.
    fn saved_keys(&self) -> String {
        fs::read_to_string(self.keys.path().join("keys")).unwrap_or_default()
    }
}

#[test]
fn a_board_is_given_its_wifi_locked_and_named_and_a_click_switches_it() {
    let service = "_sbsetupa._tcp.local.";
    let (serial, boards) = board(service);
    let mut desktop = Desktop::open(service);
    desktop.port(serial.path());
    desktop.shows("Firmware: done: Switchboard ");
    desktop.network(PASSWORD);
    // The wrong password first is another test; here the board appears.
    desktop.shows("Wi-Fi: done: Connected to Switchboard Lab, at 127.0.0.1:");
    let name = boards.list()[0].name.clone();
    desktop.until("the name", |window| {
        let field = window.query_by_role_and_label(Role::TextInput, "Name");
        field.is_some_and(|field| field.accesskit_node().value() == Some(name.clone()))
    });
    let field = desktop
        .window
        .get_by_role_and_label(Role::TextInput, "Name");
    field.focus();
    desktop
        .window
        .key_press_modifiers(eframe::egui::Modifiers::COMMAND, Key::A);
    desktop.window.step();
    desktop.enter(Role::TextInput, "Name", "Lamp at the door");
    desktop.until("the lock is chosen", |window| {
        window
            .query_by_role_and_label(Role::CheckBox, "Lock the board")
            .is_some()
    });
    desktop.act(Role::Button, "Apply");
    desktop.shows("Lamp at the door is ready");
    desktop.shows("Lock and name: done: Locked with key ");
    assert!(desktop.has("Named Lamp at the door."));
    let keys = desktop.saved_keys();
    assert!(
        keys.starts_with(&format!("switchboard-key:1:{}:", boards.list()[0].id)),
        "the key is saved"
    );
    desktop.act(Role::Button, "Show board");
    desktop.shows("Lamp at the door: connected");
    desktop.act(Role::Switch, "Light: on");
    desktop.shows("Light: confirmed");
}

#[test]
fn a_wrong_password_is_said_and_closing_the_dialog_frees_the_port() {
    let service = "_sbsetupb._tcp.local.";
    let (serial, _boards) = board(service);
    let mut desktop = Desktop::open(service);
    desktop.port(serial.path());
    desktop.network("wrong password");
    desktop.shows("The board could not connect to \"Switchboard Lab\"; check the password");
    assert!(!desktop.has("wrong password"));
    // A port that is open cannot be opened by another.
    let canceled = Arc::default();
    assert!(setup::Session::open(serial.path(), canceled).is_err());
    desktop.act(Role::Button, "Cancel");
    let end = Instant::now() + SOON;
    while setup::Session::open(serial.path(), Arc::default()).is_err() {
        assert!(Instant::now() < end, "the port is not freed");
        desktop.window.step();
    }
}

#[test]
fn a_port_that_is_not_there_is_said_where_it_is_chosen() {
    let mut desktop = Desktop::open("_sbsetupc._tcp.local.");
    desktop.port("/dev/no-such-port");
    desktop.shows("There is no serial port /dev/no-such-port");
    desktop.shows("Port: present step");
}
