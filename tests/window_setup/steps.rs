//! What each step shows, asks for and says, over a false port.

use std::collections::BTreeMap;

use eframe::{
    CreationContext,
    egui::{self, Key, accesskit::Role},
};
use egui_kittest::{
    Harness,
    kittest::{NodeT, Queryable},
};
use gui::{BoardCommand, Request, Settings};

use crate::{
    bench::Bench,
    scenes::Now,
    set_up::{AtPort, PORT},
};

/// The window over no boards, and a false port.
struct Stage {
    bench: Bench,
    at_port: AtPort,
    /// Whether it does not answer.
    holds: bool,
}

impl Stage {
    fn new(cc: &CreationContext<'_>, at_port: AtPort) -> Self {
        let at = Now::read();
        let settings = Settings::default();
        let bench = Bench::new(cc, &settings, Vec::new(), Vec::new(), at);
        Self {
            bench,
            at_port,
            holds: false,
        }
    }
}

impl eframe::App for Stage {
    fn ui(&mut self, ui: &mut egui::Ui, frame: &mut eframe::Frame) {
        self.bench.ui(ui, frame);
        if self.holds {
            return;
        }
        let asked = std::mem::take(&mut self.bench.asked);
        let at = self.bench.at;
        self.bench.asked = self.at_port.answer(&mut self.bench.window, asked, at);
    }
}

type Window = Harness<'static, Stage>;

/// The dialog at its first step.
fn open(at_port: AtPort) -> Window {
    let mut harness = Harness::builder()
        .with_size([1180.0, 760.0])
        .build_eframe(move |cc| Stage::new(cc, at_port));
    steps(&mut harness);
    at_port.open(&mut harness.state_mut().bench.window);
    steps(&mut harness);
    harness
}

/// Some frames: what is going on moves, so it is never still.
fn steps(harness: &mut Window) {
    (0..6).for_each(|_| harness.step());
}

fn click(harness: &mut Window, role: Role, label: &str) {
    harness.get_by_role_and_label(role, label).click();
    steps(harness);
}

fn press(harness: &mut Window, label: &str) {
    click(harness, Role::Button, label);
}

fn shows(harness: &Window, part: &str) -> bool {
    harness.query_all_by_label_contains(part).next().is_some()
}

#[track_caller]
fn sees(harness: &Window, part: &str) {
    assert!(
        shows(harness, part),
        "{part}; shown is:\n{:#?}",
        harness.root()
    );
}

/// The dialog at the choice of a network.
fn at_wifi(at_port: AtPort) -> Window {
    let mut harness = open(at_port);
    press(&mut harness, "Continue");
    harness
}

fn connect(harness: &mut Window) {
    click(harness, Role::RadioButton, "Workshop: password, -48 dBm");
    harness
        .get_by_role_and_label(Role::PasswordInput, "Password")
        .type_text("blinking lights");
    steps(harness);
    press(harness, "Connect");
}

fn later(harness: &mut Window, seconds: f64) {
    harness.state_mut().bench.later(seconds);
    steps(harness);
}

#[test]
fn the_dialog_is_offered_where_there_is_no_board_and_where_one_is_added() {
    for way in ["empty", "add", "palette"] {
        let mut harness = Harness::builder()
            .with_size([1180.0, 760.0])
            .build_eframe(|cc| Stage::new(cc, AtPort::Lamp));
        steps(&mut harness);
        match way {
            "empty" => press(&mut harness, "Set up a board…"),
            "add" => {
                press(&mut harness, "Add board");
                let offers = harness.query_all_by_role_and_label(Role::Button, "Set up a board…");
                let last = offers.last().unwrap();
                last.click();
                steps(&mut harness);
            }
            _ => {
                harness.key_press_modifiers(egui::Modifiers::COMMAND, Key::K);
                steps(&mut harness);
                harness
                    .get_by_role_and_label(Role::TextInput, "Command")
                    .type_text("set up");
                steps(&mut harness);
                harness.key_press(Key::Enter);
                steps(&mut harness);
            }
        }
        sees(&harness, "Which port is the board plugged into?");
        harness.key_press(Key::Escape);
        steps(&mut harness);
        assert!(
            !shows(&harness, "Which port is the board plugged into?"),
            "{way}"
        );
    }
}

#[test]
fn the_only_usb_port_is_chosen_and_a_board_with_firmware_goes_straight_to_wifi() {
    let mut harness = open(AtPort::Lamp);
    sees(
        &harness,
        "/dev/ttyACM0: Espressif USB JTAG/serial debug unit, probably an ESP32-C3",
    );
    // The button has the focus.
    harness.key_press(Key::Enter);
    steps(&mut harness);
    sees(&harness, "Port: done: /dev/ttyACM0");
    sees(&harness, "Firmware: done: Switchboard 0.2.0 on ESP32-C3");
    sees(&harness, "Wi-Fi: current step");
    sees(&harness, "Open Bench: open, -70 dBm");
}

#[test]
fn a_chip_without_firmware_is_flashed_and_goes_on_to_wifi() {
    let mut harness = open(AtPort::Chip);
    press(&mut harness, "Continue");
    sees(&harness, "Flash the ESP32-C3 with 4 MB of flash");
    let flash = harness.get_by_role_and_label(Role::Button, "Flash");
    assert!(flash.accesskit_node().is_disabled(), "no image is chosen");
    click(
        &mut harness,
        Role::RadioButton,
        "Lamp with a button 0.2.0: esp32c3-devkitm-1",
    );
    press(&mut harness, "Flash");
    sees(
        &harness,
        "Firmware: done: Lamp with a button 0.2.0 was written to the ESP32-C3. It runs \
         Switchboard 0.2.0 on ESP32-C3.",
    );
    sees(&harness, "Wi-Fi: current step");
    connect(&mut harness);
    sees(&harness, "Lock and name: current step");
}

#[test]
fn flashing_shows_how_far_it_is_and_is_not_closed_by_escape() {
    let mut harness = open(AtPort::Chip);
    press(&mut harness, "Continue");
    click(
        &mut harness,
        Role::RadioButton,
        "Relay board 0.2.0: esp32c3-relay",
    );
    harness.state_mut().holds = true;
    press(&mut harness, "Flash");
    sees(&harness, "Leave the board plugged in.");
    let progress = flash::Progress {
        step: flash::Step::Writing,
        done: 45,
        total: 100,
    };
    let window = &mut harness.state_mut().bench.window;
    window.setup_event(setup::Event::Flashing(progress));
    steps(&mut harness);
    sees(&harness, "Writing the firmware: 45 %");
    harness.key_press(Key::Escape);
    steps(&mut harness);
    sees(&harness, "Writing the firmware: 45 %");
    let window = &mut harness.state_mut().bench.window;
    window.setup_event(setup::Event::Flashed(Err(flash::Problem::Canceled)));
    steps(&mut harness);
    sees(
        &harness,
        "Flashing was stopped. The board has no complete firmware",
    );
}

#[test]
fn the_password_is_shown_nowhere_and_a_wrong_one_can_be_corrected() {
    let mut harness = at_wifi(AtPort::WrongPassword);
    harness.state_mut().holds = true;
    connect(&mut harness);
    let asked = format!("{:?}", harness.state().bench.asked);
    assert!(asked.contains("Connect("), "{asked}");
    harness.state_mut().holds = false;
    steps(&mut harness);
    sees(
        &harness,
        "The board could not connect to \"Workshop\"; check the password",
    );
    let shown = format!("{:#?}", harness.root());
    assert!(!shown.contains("blinking lights") && !asked.contains("blinking"));
    harness.state_mut().at_port = AtPort::Lamp;
    press(&mut harness, "Connect");
    sees(
        &harness,
        "Wi-Fi: done: Connected to Workshop, at 192.168.1.17:80.",
    );
}

#[test]
fn a_board_that_does_not_appear_shows_what_the_doctor_finds_until_it_appears() {
    let mut harness = at_wifi(AtPort::LostLamp);
    connect(&mut harness);
    sees(
        &harness,
        "Waiting for Desk lamp to appear on this computer's network",
    );
    later(&mut harness, 31.0);
    sees(&harness, "The board did not appear");
    sees(&harness, "Fault: A firewall");
    sees(&harness, "Connect to 192.168.1.17:80");
    // Waiting again, and then it is there.
    press(&mut harness, "Wait again");
    sees(&harness, "Waiting for Desk lamp");
    later(&mut harness, 31.0);
    harness.state_mut().at_port = AtPort::Lamp;
    press(&mut harness, "Back");
    connect(&mut harness);
    sees(&harness, "Lock and name: current step");
}

#[test]
fn a_board_that_is_named_and_left_open_says_so_and_is_shown() {
    let mut harness = at_wifi(AtPort::Lamp);
    connect(&mut harness);
    click(&mut harness, Role::CheckBox, "Lock the board");
    sees(
        &harness,
        "The board stays open: anyone on its network can control it.",
    );
    let name = harness.get_by_role_and_label(Role::TextInput, "Name");
    assert_eq!(name.accesskit_node().value().as_deref(), Some("Desk lamp"));
    name.focus();
    harness.key_press_modifiers(egui::Modifiers::COMMAND, Key::A);
    harness.step();
    harness
        .get_by_role_and_label(Role::TextInput, "Name")
        .type_text("Bench lamp");
    steps(&mut harness);
    press(&mut harness, "Apply");
    sees(&harness, "Lock and name: done: Named Bench lamp.");
    sees(&harness, "Anyone on its network can control it.");
    press(&mut harness, "Show board");
    assert!(!shows(&harness, "Set up another board"));
    let shown = harness.state().bench.window.model.selected();
    assert_eq!(shown.map(|board| &*board.name), Some("Desk lamp"));
    let hurried = |request: &Request| matches!(request, Request::Board(BoardCommand::TryNow(_)));
    assert!(
        !harness.state().bench.asked.iter().any(hurried),
        "it is connected"
    );
}

#[test]
fn every_step_can_be_skipped_and_says_what_that_means() {
    let mut harness = open(AtPort::Nothing);
    press(&mut harness, "Continue");
    sees(&harness, "No firmware responded");
    sees(
        &harness,
        &format!("{PORT}: no response, and could not be put into"),
    );
    sees(&harness, "hold BOOT, press RESET, release BOOT");
    press(&mut harness, "Skip");
    sees(&harness, "Firmware: skipped: The firmware was not changed.");
    press(&mut harness, "Skip");
    sees(
        &harness,
        "Wi-Fi: skipped: The board did not respond over the cable.",
    );
    sees(&harness, "The board is not connected");
    press(&mut harness, "Set up another board");
    press(&mut harness, "Skip");
    sees(&harness, "Port: skipped: No port was chosen.");
    let mut harness = at_wifi(AtPort::Lamp);
    press(&mut harness, "Skip");
    sees(&harness, "Wi-Fi: skipped: The board has no network.");
    press(&mut harness, "Skip");
    sees(
        &harness,
        "Lock and name: skipped: The board is open: anyone on its network can control it.",
    );
}

#[test]
fn a_board_with_wled_is_given_wifi_and_awaited_as_what_it_is() {
    let mut harness = at_wifi(AtPort::Wled);
    sees(&harness, "Firmware: done: WLED 0.2.0 on ESP32-C3");
    connect(&mut harness);
    sees(&harness, "Lock and name: current step");
    sees(
        &harness,
        "Only boards with the firmware of Switchboard can be locked here.",
    );
    assert!(!shows(&harness, "Lock the board"));
}

/// The interactive widgets: number, and role with name.
fn operable(harness: &Window) -> BTreeMap<String, String> {
    let nodes = harness.root().children_recursive();
    let widgets = nodes.map(|node| node.accesskit_node()).filter(|node| {
        let role = node.role();
        !node.is_disabled()
            && matches!(
                role,
                Role::Button
                    | Role::RadioButton
                    | Role::CheckBox
                    | Role::TextInput
                    | Role::PasswordInput
            )
    });
    widgets
        .map(|node| {
            let name = node.label().unwrap_or_default();
            (
                format!("{:?}", node.id()),
                format!("{:?} {name}", node.role()),
            )
        })
        .collect()
}

/// Every widget of the dialog has a name and is reached with the Tab key; those
/// of the window behind it are not.
#[track_caller]
fn is_operated_by_keyboard(harness: &mut Window, behind: &BTreeMap<String, String>) {
    let widgets = operable(harness);
    let mut missing: BTreeMap<_, _> = widgets
        .iter()
        .filter(|(id, _)| !behind.contains_key(*id))
        .collect();
    assert!(missing.len() >= 2, "{widgets:?}");
    for widget in missing.values() {
        let name = widget.split_once(' ').unwrap().1;
        assert!(
            name.chars().any(char::is_alphabetic),
            "{widget} has no name"
        );
    }
    for _ in 0..missing.len() * 2 + 10 {
        harness.key_press(Key::Tab);
        harness.step();
        harness.step();
        let mut nodes = harness.root().children_recursive();
        let focused = nodes.find(|node| node.accesskit_node().is_focused());
        let focused = focused.map(|node| format!("{:?}", node.accesskit_node().id()));
        if let Some(id) = focused {
            assert!(!behind.contains_key(&id), "{:?} is behind", behind.get(&id));
            missing.remove(&id);
        }
    }
    assert!(missing.is_empty(), "not reached with Tab: {missing:?}");
}

#[test]
fn every_step_is_operated_by_keyboard() {
    let mut harness = Harness::builder()
        .with_size([1180.0, 760.0])
        .build_eframe(|cc| Stage::new(cc, AtPort::Nothing));
    steps(&mut harness);
    let behind = operable(&harness);
    AtPort::Nothing.open(&mut harness.state_mut().bench.window);
    steps(&mut harness);
    is_operated_by_keyboard(&mut harness, &behind);
    click(&mut harness, Role::RadioButton, "Other port…");
    is_operated_by_keyboard(&mut harness, &behind);
    let field = harness.get_by_role_and_label(Role::TextInput, "Path of the port");
    field.focus();
    harness.step();
    let field = harness.get_by_role_and_label(Role::TextInput, "Path of the port");
    field.type_text(PORT);
    steps(&mut harness);
    harness.key_press(Key::Enter);
    steps(&mut harness);
    sees(&harness, "No firmware responded");
    is_operated_by_keyboard(&mut harness, &behind);
    harness.state_mut().at_port = AtPort::LostLamp;
    press(&mut harness, "Try again");
    click(&mut harness, Role::RadioButton, "Attic: password, -63 dBm");
    is_operated_by_keyboard(&mut harness, &behind);
    connect(&mut harness);
    is_operated_by_keyboard(&mut harness, &behind);
    later(&mut harness, 31.0);
    sees(&harness, "The board did not appear");
    is_operated_by_keyboard(&mut harness, &behind);
    press(&mut harness, "Skip");
    sees(&harness, "Lock and name: current step");
    is_operated_by_keyboard(&mut harness, &behind);
    press(&mut harness, "Skip");
    sees(&harness, "Done: current step");
    is_operated_by_keyboard(&mut harness, &behind);
    press(&mut harness, "Close");
    assert!(!shows(&harness, "Done: current step"));
}
