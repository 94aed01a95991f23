//! The page of frames in the whole program: frames of both directions are
//! listed, searched, shown in full and copied; any method can be sent from the
//! box.

use eframe::egui::{Key, Modifiers, OutputCommand, accesskit::Role};
use egui_kittest::kittest::{NodeT, Queryable};
use virtual_board::Profile;

use crate::{
    desk::{boards, key, on},
    window::{Desktop, desktop},
};

impl Desktop {
    /// The names of the listed frames, newest first.
    fn frames(&mut self) -> Vec<String> {
        self.window.step();
        let rows = self.window.query_all_by_role(Role::ListBoxOption);
        rows.filter_map(|row| row.accesskit_node().label())
            .collect()
    }

    fn frame(&mut self, parts: &[&str]) -> String {
        self.until(parts[0], |window| {
            let mut rows = window.query_all_by_role(Role::ListBoxOption);
            rows.find_map(|row| {
                row.accesskit_node()
                    .label()
                    .filter(|label| parts.iter().all(|part| label.contains(part)))
            })
        })
    }

    fn choose_frame(&mut self, parts: &[&str]) {
        let name = self.frame(parts);
        // Again if another frame arrived meanwhile, which moves the row.
        self.until(&name, |window| {
            let row = window.query_by_role_and_label(Role::ListBoxOption, &name)?;
            let is_chosen = row.accesskit_node().is_selected() == Some(true);
            if !is_chosen {
                row.click();
            }
            is_chosen.then_some(())
        });
        self.stands_still();
    }

    fn write(&mut self, field: &str, text: &str) {
        let role = if field == "Parameters" {
            Role::MultilineTextInput
        } else {
            Role::TextInput
        };
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

    /// Clicks a button and returns the copied text.
    fn copied(&mut self, button: &str) -> String {
        self.until(button, |window| {
            window
                .query_by_role_and_label(Role::Button, button)
                .map(|button| button.click())
        });
        self.until("something is copied", |window| {
            window
                .output()
                .platform_output
                .commands
                .iter()
                .find_map(|command| match command {
                    OutputCommand::CopyText(text) => Some(text.clone()),
                    _ => None,
                })
        })
    }
}

#[test]
fn a_click_is_shown_as_request_push_and_response_and_copied_as_a_command() {
    let boards = boards(Profile::Strip, 1);
    boards
        .set("Power strip", &key("switch:0"), on(false))
        .expect("set at the board");
    let mut desktop = desktop(&boards);
    desktop.shows("Power strip: connected");
    desktop.shows("Outlet 1: Off");
    desktop.click("Frames");
    // Frames from before the page was opened are listed too.
    desktop.frame(&["Device.Subscribe", "to the board"]);
    desktop.click("Boards");
    desktop.click_switch("Outlet 1: on");
    desktop.shows_about("Outlet 1: confirmed");
    desktop.click("Frames");
    desktop.frame(&["to the board", "Switch.Set", "\"on\":true"]);
    desktop.frame(&[
        "from the board",
        "NotifyStatus",
        "\"switch:0\":{\"on\":true}",
    ]);
    desktop.choose_frame(&["from the board", "answered in", "Switch.Set", "was_on"]);
    desktop.shows_about("from the board  ");
    let line = desktop.copied("Copy as switchboard call");
    let id = desktop
        .window
        .state()
        .window()
        .model
        .selected()
        .and_then(|board| board.id.clone())
        .expect("an id");
    assert!(
        line.starts_with(&format!("switchboard call {id} Switch.Set '{{")),
        "{line}"
    );
    let line = desktop.copied("Copy as websocat");
    let address = boards.list()[0].address;
    assert!(
        line.ends_with(&format!(
            "| websocat --no-close --one-message ws://{address}/rpc"
        )),
        "{line}"
    );
    let whole = desktop.copied("Copy the frame");
    assert!(
        whole.lines().count() > 3 && whole.contains("\"was_on\": false"),
        "{whole}"
    );
}

#[test]
fn frames_are_searched_paused_and_filtered_by_kind() {
    let boards = boards(Profile::Strip, 1);
    boards
        .set("Power strip", &key("switch:0"), on(false))
        .expect("set at the board");
    let mut desktop = desktop(&boards);
    desktop.shows("Power strip: connected");
    desktop.click("Frames");
    desktop.frame(&["Device.Subscribe"]);
    desktop.write("Search frames", "getcomponents");
    assert!(
        desktop
            .frames()
            .iter()
            .all(|name| name.contains("Device.GetComponents")),
        "{:?}",
        desktop.frames()
    );
    desktop.write("Search frames", "switch");
    desktop.click("Requests");
    desktop.click("Responses");
    desktop.click("Pause");
    desktop.shows("Resume");
    boards
        .set("Power strip", &key("switch:0"), on(true))
        .expect("set at the board");
    desktop.stands_still();
    assert!(
        desktop
            .frames()
            .iter()
            .all(|name| !name.contains("NotifyStatus")),
        "{:?}",
        desktop.frames()
    );
    desktop.click("Resume");
    desktop.frame(&["NotifyStatus", "\"switch:0\":{\"on\":true}"]);
    desktop.click("Clear");
    desktop.shows_about("No frames yet.");
}

#[test]
fn any_method_of_the_board_is_sent_and_its_response_is_shown() {
    let boards = boards(Profile::Strip, 1);
    boards
        .set("Power strip", &key("switch:1"), on(false))
        .expect("set at the board");
    let mut desktop = desktop(&boards);
    desktop.shows("Power strip: connected");
    desktop.shows("Outlet 2: Off");
    desktop.click("Frames");
    desktop.write("Method", "set outlet 2");
    desktop.until("the offer", |window| {
        window
            .query_by_role_and_label(Role::MenuItem, "Switch.Set  Outlet 2")
            .map(|offer| offer.click())
    });
    desktop.stands_still();
    let params = desktop.until("parameters", |window| {
        window
            .query_by_role_and_label(Role::MultilineTextInput, "Parameters")?
            .accesskit_node()
            .value()
    });
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(&params).ok(),
        Some(serde_json::json!({"id": 1, "on": false}))
    );
    desktop.write("Parameters", "{\"id\":1,\"on\":tru");
    desktop.shows_about("This is not valid JSON: ");
    desktop.write("Parameters", "{\"id\":1,\"on\":true}");
    desktop.click("Send to Power strip");
    desktop.shows_about("Response after ");
    desktop.frame(&["to the board", "Switch.Set", "\"id\":1"]);
    desktop.write("Parameters", "{\"id\":99,\"on\":true}");
    desktop
        .window
        .key_press_modifiers(Modifiers::COMMAND, Key::Enter);
    desktop.shows_about("refused: ");
    desktop.frame(&["from the board", "Switch.Set: error"]);
    // The previous request is recalled.
    desktop
        .window
        .key_press_modifiers(Modifiers::COMMAND, Key::ArrowUp);
    desktop.stands_still();
    desktop
        .window
        .key_press_modifiers(Modifiers::COMMAND, Key::ArrowUp);
    desktop.until("the request before", |window| {
        let value = window
            .query_by_role_and_label(Role::MultilineTextInput, "Parameters")?
            .accesskit_node()
            .value()?;
        (value == "{\"id\":1,\"on\":true}").then_some(())
    });
    // A link that ends is in the list, with its cause; then nothing can be
    // sent.
    boards.stop("Power strip").expect("stopped");
    desktop.frame(&["link", "end"]);
    desktop.until("no link", |window| {
        let send = window.query_by_role_and_label(Role::Button, "Send to Power strip")?;
        send.accesskit_node().is_disabled().then_some(())
    });
}
