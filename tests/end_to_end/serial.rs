//! The page of the serial monitor, in the whole program, over a pseudoterminal.
#![cfg(unix)]

use std::time::{Duration, Instant};

use ::serial::Registry;
use eframe::egui::{Key, Modifiers, accesskit::Role};
use egui_kittest::kittest::{NodeT, Queryable};
use virtual_board::serial::SerialPort;

use crate::window::Desktop;

/// How long something may take.
const SOON: Duration = Duration::from_secs(20);

impl Desktop {
    fn serial(port: &SerialPort) -> Self {
        let mut desktop = Self::open(&[]);
        desktop
            .window
            .key_press_modifiers(Modifiers::COMMAND | Modifiers::SHIFT, Key::M);
        desktop.shows("Serial monitor");
        desktop.type_into("Port", port.path());
        desktop.click("Open the port");
        desktop.shows(&format!("Connected to {}", port.path()));
        desktop
    }

    fn type_into(&mut self, field: &str, text: &str) {
        self.until(field, |window| {
            window
                .query_by_role_and_label(Role::TextInput, field)
                .map(|field| field.focus())
        });
        self.window.step();
        self.window.key_press_modifiers(Modifiers::COMMAND, Key::A);
        self.window.step();
        self.until(field, |window| {
            window
                .query_by_role_and_label(Role::TextInput, field)
                .map(|field| field.type_text(text))
        });
        self.stands_still();
    }

    /// The names of the rows.
    fn rows(&self) -> Vec<String> {
        let rows = self.window.query_all_by_role(Role::ListBoxOption);
        rows.filter_map(|row| row.accesskit_node().label())
            // The time differs.
            .filter_map(|name| Some(name.split_once("  ")?.1.to_owned()))
            .collect()
    }

    fn row(&mut self, name: &str) {
        self.until(name, |window| {
            let mut rows = window.query_all_by_role(Role::ListBoxOption);
            rows.find(|row| {
                let label = row.accesskit_node().label();
                label.is_some_and(|label| label.ends_with(name))
            })
            .map(|_| ())
        });
    }
}

fn received(port: &mut SerialPort, expected: &[u8]) {
    let end = Instant::now() + SOON;
    let mut bytes = Vec::new();
    while bytes != expected {
        bytes.extend(port.read().expect("there"));
        assert!(Instant::now() < end, "{}", bytes.escape_ascii());
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn what_a_board_prints_is_marked_searched_paused_and_saved() {
    let mut port = SerialPort::open().expect("a port");
    let mut desktop = Desktop::serial(&port);
    port.write(
        b"rst:0x1 (POWERON),boot:0xc (SPI_FAST_FLASH_BOOT)\r\n\
          I (31) wifi: started\r\n\
          E (32) wifi: no network\r\n\
          switchboard-key:1:desk-lamp:0:secret\r\n\
          panicked at src/main.rs:1:1:\r\nout of memory\r\n",
    )
    .expect("written");
    desktop.row(
        "reset: rst:0x1 (POWERON),boot:0xc (SPI_FAST_FLASH_BOOT); Reset by power on, or the \
         reset button",
    );
    desktop.row("panic: out of memory");
    desktop.row("error: E (32) wifi: no network");
    desktop.shows("7 lines, 1 reset, 1 panic");
    desktop.type_into("Search lines", "WIFI");
    assert_eq!(
        desktop.rows(),
        ["I (31) wifi: started", "error: E (32) wifi: no network"]
    );
    desktop.click("Errors");
    assert_eq!(desktop.rows(), ["I (31) wifi: started"]);
    desktop.click("Errors");
    desktop.type_into("Search lines", " ");
    // Paused, nothing is lost.
    desktop.click("Pause");
    port.write(b"while paused\r\n").expect("written");
    desktop.shows("1 new");
    assert!(!desktop.rows().iter().any(|row| row == "while paused"));
    desktop.click("Resume");
    desktop.row("while paused");
    // A selected line is shown in full.
    desktop.until("a row", |window| {
        let mut rows = window.query_all_by_role(Role::ListBoxOption);
        rows.find(|row| {
            let label = row.accesskit_node().label();
            label.is_some_and(|label| label.ends_with("while paused"))
        })
        .map(|row| row.click())
    });
    desktop.shows("Copy the line");
    let temporary = tempfile::tempdir().expect("a temporary folder");
    let file = temporary.path().join("board.log");
    desktop.click("Save…");
    desktop.path(&file, "Save");
    desktop.shows_about("Saved to");
    let saved = std::fs::read_to_string(&file).expect("a file");
    assert!(saved.contains("panic    out of memory\n"), "{saved}");
    assert!(saved.contains("switchboard-key:…"), "{saved}");
    assert!(!saved.contains("secret"), "{saved}");
    desktop.click("Clear");
    desktop.shows("No lines yet. Reset the board to see how it starts.");
}

#[test]
fn lines_are_sent_and_the_port_is_lent_and_lost() {
    let mut port = SerialPort::open().expect("a port");
    let mut desktop = Desktop::serial(&port);
    desktop.type_into("Line to send", "help");
    desktop.window.key_press(Key::Enter);
    desktop.row("sent: help");
    received(&mut port, b"help\r\n");
    desktop.type_into("Line to send", "again");
    desktop.click("Send the line");
    received(&mut port, b"again\r\n");
    // A pseudoterminal has no lines that could reset a board.
    desktop.click("Reset board");
    desktop.row("this port has no reset line; press the reset button of the board instead");
    // A dialog of this program takes the port.
    let claim = Registry::of_program()
        .claim(port.path(), "the set-up dialog")
        .expect("the monitor gives it up");
    desktop.shows("Paused while the set-up dialog uses the port");
    drop(claim);
    desktop.shows(&format!("Connected to {}", port.path()));
    port.write(b"back\r\n").expect("written");
    desktop.row("back");
    // The palette resets too.
    desktop.command("Serial: reset the board");
    drop(port);
    desktop.shows("The board is unplugged; waiting for it");
    desktop.click("Close the port");
    desktop.shows("Open the port");
}

#[test]
fn a_silent_port_needs_no_frames() {
    let port = SerialPort::open().expect("a port");
    let mut desktop = Desktop::serial(&port);
    let end = Instant::now() + SOON;
    // Until nothing fades any more.
    loop {
        std::thread::sleep(Duration::from_millis(1_500));
        if !desktop.is_asked_to_draw() {
            return;
        }
        assert!(Instant::now() < end, "it is drawn all the time");
        desktop.window.step();
    }
}
