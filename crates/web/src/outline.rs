//! What the page offers to those who cannot see the window, which is a drawing:
//! the state of the connection, and the boards with links to their own control
//! pages.

use std::sync::Arc;

use fleet::{BoardView, ServerState, ServerStatus};
use gui::Model;
use wasm_bindgen::JsValue;
use web_sys::Element;

use crate::page;

/// A board as the page lists it.
#[derive(PartialEq)]
struct Entry {
    name: Arc<str>,
    is_connected: bool,
    /// Its control page, if it has one that opens without a key.
    page: Option<String>,
}

/// What the page says at present.
#[derive(Default)]
pub(crate) struct Outline {
    state: &'static str,
    entries: Vec<Entry>,
}

impl Outline {
    /// Brings the page up to date; changes nothing that is.
    pub(crate) fn show(&mut self, model: &Model) {
        let state = wording(model.status().server.as_ref());
        if self.state != state {
            self.state = state;
            if let Some(text) = page::element::<Element>("server-state") {
                text.set_text_content(Some(state));
            }
        }
        let boards = model.in_order();
        let entries: Vec<_> = boards.map(|board| Entry::of(board)).collect();
        if self.entries != entries {
            self.entries = entries;
            if let Some(list) = page::element::<Element>("board-list") {
                list.set_inner_html("");
                for entry in &self.entries {
                    // Without it, this board is missing from the list.
                    let _ = entry.append_to(&list);
                }
            }
        }
    }
}

impl Entry {
    fn of(board: &BoardView) -> Self {
        Self {
            name: Arc::clone(&board.name),
            is_connected: board.link.is_up(),
            page: board.control_page(),
        }
    }

    fn append_to(&self, list: &Element) -> Result<(), JsValue> {
        let document = page::document().ok_or(JsValue::NULL)?;
        let item = document.create_element("li")?;
        let name = match &self.page {
            Some(page) => {
                let link = document.create_element("a")?;
                link.set_attribute("href", page)?;
                link
            }
            None => document.create_element("span")?,
        };
        name.set_text_content(Some(&self.name));
        item.append_child(&name)?;
        let state = match self.is_connected {
            true => ", connected",
            false => ", not connected",
        };
        item.append_child(&document.create_text_node(state))?;
        list.append_child(&item)?;
        Ok(())
    }
}

fn wording(server: Option<&ServerStatus>) -> &'static str {
    match server.map(|server| &server.state) {
        Some(ServerState::Connected) => "Connected to the server.",
        Some(ServerState::Lost { retry_at: None, .. }) => "Refused by the server.",
        Some(ServerState::Lost { .. }) => "The connection to the server is lost. Reconnecting…",
        Some(ServerState::Connecting) | None => "Connecting to the server…",
    }
}
