//! The lab's pages of channels and of echo and broadcast, in the whole program:
//! connecting to a server, sending, inspecting, recording and plotting.

use eframe::egui::{Key, Modifiers, accesskit::Role};
use egui_kittest::kittest::{NodeT, Queryable};
use engine::Settings;
use gui::SettingsFile;
use virtual_board::{Profile, VirtualBoards};

use crate::{
    desk::{address, boards},
    window::{Desktop, desktop as desktop_of},
};

impl Desktop {
    fn lab(&mut self, exercise: &str) {
        self.window
            .key_press_modifiers(Modifiers::COMMAND, Key::Num9);
        self.window.step();
        self.until(exercise, |window| {
            window
                .query_by_role_and_label(Role::Tab, exercise)
                .map(|tab| tab.click())
        });
        self.stands_still();
    }

    fn fill(&mut self, role: Role, field: &str, text: &str) {
        self.until(field, |window| {
            window
                .query_by_role_and_label(role, field)
                .map(|field| field.focus())
        });
        self.window.step();
        self.window.key_press_modifiers(Modifiers::COMMAND, Key::A);
        self.window.step();
        self.until(field, |window| {
            window
                .query_by_role_and_label(role, field)
                .map(|field| field.type_text(text))
        });
        self.stands_still();
    }

    fn open_channel(&mut self, url: &str) {
        self.fill(Role::TextInput, "Address", url);
        self.click("Open the address");
        self.listed(&[url, "open, "]);
    }

    /// The name of the first line of a list that has all of these parts.
    fn listed(&mut self, parts: &[&str]) -> String {
        self.until(&parts.join(" and "), |window| {
            let mut rows = window.query_all_by_role(Role::ListBoxOption);
            rows.find_map(|row| {
                row.accesskit_node()
                    .label()
                    .filter(|label| parts.iter().all(|part| label.contains(part)))
            })
        })
    }

    fn click_listed(&mut self, parts: &[&str]) {
        let name = self.listed(parts);
        self.until(&name, |window| {
            window
                .query_by_role_and_label(Role::ListBoxOption, &name)
                .map(|row| row.click())
        });
        self.stands_still();
    }

    fn send(&mut self, text: &str) {
        self.fill(Role::MultilineTextInput, "Message to send", text);
        self.click("Send the message");
    }

    /// The messages between lifelines, in their order.
    fn arrows(&mut self) -> Vec<String> {
        self.window.step();
        let labels = self.window.query_all_by_role(Role::Label);
        let names = labels.filter_map(|label| label.accesskit_node().value());
        names
            .filter(|name| name.contains(" to board: ") || name.starts_with("board to "))
            .collect()
    }

    fn arrow(&mut self, start: &str, parts: &[&str]) {
        self.until(start, |window| {
            let mut labels = window.query_all_by_role(Role::Label);
            labels.find_map(|label| {
                let name = label.accesskit_node().value()?;
                (name.starts_with(start) && parts.iter().all(|part| name.contains(part)))
                    .then_some(())
            })
        });
    }
}

fn echo(boards: &VirtualBoards) -> String {
    format!("ws://{}/ws", address(boards))
}

#[test]
fn a_channel_is_opened_by_address_used_inspected_plotted_and_closed() {
    let boards = boards(Profile::Lamp, 1);
    let url = echo(&boards);
    let mut desktop = Desktop::open(&[]);
    desktop.lab("Channels");
    // What came with the program is marked as such.
    desktop.listed(&[
        "wss://stream.binance.com:9443/ws/btcusdt@depth",
        "example, not open",
    ]);
    desktop.fill(Role::TextInput, "Address", "ftp://nowhere/");
    desktop.click("Open the address");
    desktop.shows_about("is not a WebSocket address");
    desktop.open_channel(&url);
    desktop.send("{\"a\":{\"n\":\"5.25\"}}");
    desktop.listed(&["out  {\"a\""]);
    desktop.click_listed(&["in  {\"a\""]);
    desktop.click("Plot /a/n");
    desktop.shows("plotted: /a/n  5.25");
    desktop.until("the plot", |window| {
        window
            .query_by_role_and_label(Role::GraphicsObject, "plot of /a/n: 1 values, 5.25")
            .map(|_| ())
    });
    desktop.fill(Role::TextInput, "JSON pointer", "/a/n");
    desktop.listed(&["in  \"5.25\""]);
    desktop.fill(Role::TextInput, "Search messages", "nothing has this");
    desktop.shows_about("0 of ");
    desktop.fill(Role::TextInput, "Search messages", "5.25");
    desktop.until("bytes", |window| {
        window
            .query_by_role_and_label(Role::RadioButton, "Send as Hex")
            .map(|button| button.click())
    });
    desktop.stands_still();
    desktop.send("00 ff 7");
    desktop.shows_about("a digit is missing");
    desktop.fill(Role::TextInput, "Search messages", "00ff7a");
    desktop.send("00 ff 7a");
    desktop.listed(&["in  3 B  00ff7a"]);
    desktop.click(&format!("Close {url}"));
    desktop.fill(Role::TextInput, "Search messages", " ");
    desktop.listed(&["closed by this program: 1000 normal"]);
    desktop.listed(&[&url, "closed"]);
}

#[test]
fn a_message_is_repeated_until_stopped_while_the_list_is_paused() {
    let boards = boards(Profile::Lamp, 1);
    let mut desktop = Desktop::open(&[]);
    desktop.lab("Channels");
    desktop.open_channel(&echo(&boards));
    desktop.fill(Role::TextInput, "Rate", "too often");
    desktop.fill(Role::MultilineTextInput, "Message to send", "again");
    desktop.click("Repeat the message");
    desktop.shows_about("expected a number with /s");
    desktop.fill(Role::TextInput, "Rate", "200/s");
    desktop.click("Repeat the message");
    desktop.until("ten have come", |window| {
        let rows = window.query_all_by_role(Role::ListBoxOption);
        (rows
            .filter_map(|row| row.accesskit_node().label())
            .filter(|name| name.contains("in  again"))
            .count()
            >= 10)
            .then_some(())
    });
    desktop.click("Pause");
    desktop.shows_about("; paused");
    desktop.click("Stop repeating");
    desktop.click("Resume");
    desktop.click("Repeat the message");
    desktop.click("Stop repeating");
}

#[test]
fn three_channels_are_side_by_side_and_boards_suggest_theirs() {
    let boards = boards(Profile::Lamp, 1);
    let mut desktop = desktop_of(&boards);
    desktop.shows_about("connected");
    desktop.lab("Channels");
    for path in ["/ws", "/rpc", "/log"] {
        let url = format!("ws://{}{path}", address(&boards));
        desktop.click("Addresses of boards");
        let entry = format!("Open {url}");
        desktop.until(&entry, |window| {
            window
                .query_by_role_and_label(Role::MenuItem, &entry)
                .map(|entry| entry.click())
        });
        desktop.stands_still();
        desktop.listed(&[&url, "open, "]);
    }
    let shown = desktop
        .window
        .query_all_by_role(Role::MultilineTextInput)
        .count();
    assert_eq!(shown, 3, "each has its own box to send");
    // The log of the board was followed automatically.
    desktop.listed(&["in  ", "controller"]);
    desktop.click(&format!("Hide ws://{}/log", address(&boards)));
    desktop.stands_still();
    assert_eq!(
        desktop
            .window
            .query_all_by_role(Role::MultilineTextInput)
            .count(),
        2
    );
}

#[test]
fn a_channel_is_recorded_to_a_file_and_the_recording_is_shown_as_it_was() {
    let boards = boards(Profile::Lamp, 1);
    let url = echo(&boards);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("file.jsonl");
    let mut desktop = Desktop::open(&[]);
    desktop.lab("Channels");
    desktop.open_channel(&url);
    desktop.click(&format!("Record {url}"));
    desktop.path(&path, "Record");
    desktop.shows_about("recorded: ");
    desktop.send("kept");
    desktop.listed(&["in  kept"]);
    desktop.shows("recorded: 2 lines");
    desktop.click(&format!("Stop recording {url}"));
    desktop.click(&format!("Close {url}"));
    desktop.click(&format!("Hide {url}"));
    desktop.click("Open a recording");
    desktop.path(&path, "Open");
    desktop.listed(&[&url, "recording file.jsonl"]);
    desktop.listed(&["in  kept"]);
    desktop.shows("1 in, 4 B");
    std::fs::remove_file(&path).expect("it is there");
}

#[test]
fn addresses_and_plotted_values_are_remembered() {
    let boards = boards(Profile::Lamp, 1);
    let url = echo(&boards);
    let temporary = tempfile::tempdir().expect("a temporary folder");
    let folder = temporary.path().join("file");
    let open = || Desktop::remembering(&[], SettingsFile::open(Some(folder.clone())).0);
    let mut desktop = open();
    desktop.lab("Channels");
    desktop.open_channel(&url);
    desktop.send("{\"n\":1}");
    desktop.click_listed(&["in  {\"n\":1}"]);
    desktop.click("Plot /n");
    let written = folder.join("settings.json");
    desktop.until("the settings are written", |_| {
        let text = std::fs::read_to_string(&written).ok()?;
        (text.contains(&url) && text.contains("\"/n\"")).then_some(())
    });
    drop(desktop);
    let mut again = open();
    again.listed(&[&url, "not open"]);
    again.shows("plotted: /n  no number yet");
    again.click(&format!("Open {url}"));
    again.listed(&[&url, "open, "]);
}

#[test]
fn echo_clients_receive_their_own_messages_and_controllers_the_changes_of_others() {
    let boards = boards(Profile::Lamp, 1);
    let mut desktop = desktop_of(&boards);
    desktop.shows_about("connected");
    desktop.lab("Echo and broadcast");
    desktop.click("Open four clients");
    for (client, path) in [("A", "/ws"), ("B", "/ws"), ("C", "/rpc"), ("D", "/rpc")] {
        desktop.shows(&format!("Client {client}: {path}, open"));
    }
    desktop.arrow("board to D: response", &["result "]);
    desktop.click("Clear");
    desktop.click("Say hello from A");
    desktop.arrow("A to board: echo: hello 1 from A", &[]);
    desktop.arrow("board to A: echo: hello 1 from A", &[" ms"]);
    desktop.click("Toggle the light from C");
    desktop.arrow("C to board: request: Light.Set", &[]);
    desktop.arrow("board to C: response", &[" ms"]);
    // D receives it without asking.
    desktop.arrow("board to D: push: light:0", &["\"on\":"]);
    let arrows = desktop.arrows();
    assert!(
        !arrows
            .iter()
            .any(|arrow| arrow.contains("board to B") || arrow.contains("D to board")),
        "{arrows:#?}"
    );
    desktop.shows_about("B sent 0, received 0");
    desktop.click("Show answer");
    desktop.shows_about("/rpc is a broadcast");
    desktop.click("Close clients");
}

#[test]
fn without_a_board_a_virtual_one_is_offered_and_a_locked_one_is_explained() {
    let mut desktop = Desktop::of(
        Settings {
            discovery: None,
            ..Settings::default()
        },
        SettingsFile::nowhere(),
    );
    desktop.lab("Echo and broadcast");
    desktop.shows("Start a virtual board");
    let boards = boards(Profile::Lamp, 1);
    boards
        .add_key("Desk lamp", "A test", noise::Role::Control)
        .expect("a key");
    let mut desktop = desktop_of(&boards);
    desktop.lab("Echo and broadcast");
    desktop.shows_about("This board is locked");
    let open = desktop
        .window
        .query_by_role_and_label(Role::Button, "Open four clients");
    assert!(open.is_none());
    desktop.shows("Start a virtual board");
}
