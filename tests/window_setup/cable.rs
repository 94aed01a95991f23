//! The real window over a real fleet, and a virtual board at the other end of a
//! pseudo-terminal.

use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use disk::keys::Store;
use doubles::boot_loader::{BootLoader, Chip};
use eframe::egui::{Key, accesskit::Role};
use egui_kittest::{
    Harness,
    kittest::{NodeT, Queryable},
};
use engine::{Lookout, Settings};
use gui::{App, SettingsFile};
use virtual_board::{
    Options, VirtualBoards,
    serial::{SerialBoard, SerialPort},
};

use super::application::application;

/// Long enough for a loaded machine.
const SOON: Duration = Duration::from_secs(60);

const LAB: &str = "Switchboard Lab";
const PASSWORD: &str = "blinking lights";

/// Where the partition table has the first application.
const APPLICATION: usize = 0x1_0000;

/// A virtual board that is not started, announced under this test's own service
/// type.
fn not_started(service: &str) -> Arc<VirtualBoards> {
    let options = Options {
        started: false,
        service: service.to_owned(),
        ..Options::default()
    };
    Arc::new(VirtualBoards::start(options).expect("boards"))
}

/// The same behind a port.
fn board(service: &str) -> (SerialBoard, Arc<VirtualBoards>) {
    let boards = not_started(service);
    (
        SerialBoard::start(Arc::clone(&boards), |_| {}).expect("a port"),
        boards,
    )
}

/// A chip without firmware behind a port, until this is dropped. What is
/// written to it is not run: once it has the firmware and is restarted, the
/// virtual board is behind the same port.
struct BareChip {
    path: String,
    end: Arc<AtomicBool>,
    thread: Option<JoinHandle<Vec<u8>>>,
}

impl BareChip {
    fn plug_in(firmware: Vec<u8>, boards: Arc<VirtualBoards>) -> Self {
        let end = Arc::new(AtomicBool::new(false));
        let ended = Arc::clone(&end);
        let mut port = SerialPort::open().expect("a pseudo-terminal");
        let path = port.path().to_owned();
        let thread = thread::spawn(move || {
            let mut loader = BootLoader::new(Chip::default());
            let is_written = |flash: &[u8]| flash[APPLICATION..].starts_with(&firmware);
            while !ended.load(Ordering::Relaxed) {
                let bytes = port.read().expect("an open port");
                for part in loader.receive(&bytes).chunks(512) {
                    port.write(part).expect("an open port");
                }
                match (loader.has_started(), is_written(loader.flash())) {
                    (true, true) => break,
                    // Without firmware, it returns to its boot loader.
                    (true, false) => loader.enter(),
                    (false, _) if bytes.is_empty() => thread::sleep(Duration::from_millis(1)),
                    (false, _) => {}
                }
            }
            let _board = SerialBoard::start_at(port, boards, |_| {}).expect("a board");
            while !ended.load(Ordering::Relaxed) {
                thread::sleep(Duration::from_millis(10));
            }
            loader.flash().to_vec()
        });
        Self {
            path,
            end,
            thread: Some(thread),
        }
    }

    /// Unplugs it, and looks at its flash.
    fn unplug(mut self) -> Vec<u8> {
        self.end.store(true, Ordering::Relaxed);
        let thread = self.thread.take().expect("unplugged once");
        thread.join().expect("no panic")
    }
}

impl Drop for BareChip {
    fn drop(&mut self) {
        self.end.store(true, Ordering::Relaxed);
    }
}

struct Desktop {
    window: Harness<'static, App>,
    keys: tempfile::TempDir,
}

impl Desktop {
    /// The window over the boards of this service type.
    fn open(service: &str) -> Self {
        let lookout = Lookout::of(Some(service));
        let fleet = engine::start(Settings {
            discovery: Some(lookout.clone()),
            ..Settings::default()
        })
        .expect("a fleet");
        let keys = tempfile::tempdir().expect("a folder");
        let store = Store::of(Some(keys.path().join("keys")));
        let window = Harness::builder()
            .with_size([1180.0, 900.0])
            .build_eframe(move |cc| {
                let file = SettingsFile::nowhere();
                App::new(cc, fleet, file, None)
                    .with_keys(store, &cc.egui_ctx)
                    .with_lookout(Some(lookout))
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
fn a_chip_without_firmware_becomes_a_lamp_that_a_click_switches() {
    let service = "_sbsetupd._tcp.local.";
    let folder = tempfile::tempdir().expect("a folder");
    let image = folder.path().join("lamp.bin");
    let firmware = application(5, 70_000);
    fs::write(&image, &firmware).expect("written");
    let chip = BareChip::plug_in(firmware.clone(), not_started(service));
    let mut desktop = Desktop::open(service);
    desktop.port(&chip.path);

    desktop.shows("Flash the ESP32-C3 with 4 MB of flash");
    desktop.act(Role::RadioButton, "Other image…");
    let image = image.to_str().expect("UTF-8");
    desktop.enter(Role::TextInput, "Path of the image", image);
    desktop.act(Role::Button, "Flash");
    desktop.shows("Firmware: done: ");
    desktop.network(PASSWORD);
    desktop.shows("Wi-Fi: done: Connected to Switchboard Lab, at 127.0.0.1:");
    desktop.until("the lock is chosen", |window| {
        window
            .query_by_role_and_label(Role::CheckBox, "Lock the board")
            .is_some()
    });
    desktop.act(Role::Button, "Apply");
    desktop.shows("Lock and name: done: Locked with key ");
    desktop.act(Role::Button, "Show board");
    desktop.act(Role::Switch, "Light: on");
    desktop.shows("Light: confirmed");
    let flash = chip.unplug();
    assert!(flash[APPLICATION..].starts_with(&firmware));
    assert_eq!(flash[0], 0xe9, "a boot loader is written too");
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
    desktop.shows("Port: current step");
}
