//! The dialogs: an address to add, and a path where no file dialog of the desktop answers.

use std::path::PathBuf;

use eframe::egui::{Align, Align2, Button, Frame, Id, Key, Layout, Modal, RichText, TextEdit, Ui, vec2};

use super::{
    action::Action,
    theme::{self, UNIT, palette},
};
use crate::fleet::BoardKey;

/// A dialog that is open.
#[derive(Debug)]
pub(super) struct Dialog {
    pub(super) asks: Asks,
    /// What is typed.
    pub(super) text: String,
    /// Why what was typed last was not accepted.
    pub(super) problem: Option<String>,
    opened: bool,
}

/// What a dialog asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asks {
    /// The address of a board.
    Address,
    /// Where to save what happened.
    Path,
    /// The image for a board's firmware.
    Image(BoardKey),
}

impl Dialog {
    pub(super) fn new(asks: Asks, text: String) -> Self {
        Self { asks, text, problem: None, opened: false }
    }

    /// Shows it above everything else.
    pub(super) fn show(&mut self, ui: &Ui, actions: &mut Vec<Action>) {
        let response = Modal::new(Id::unique("dialog"))
            .frame(Frame::popup(ui.style()).inner_margin(20))
            .show(ui.ctx(), |ui| self.contents(ui, actions));
        if response.should_close() {
            actions.push(Action::CloseDialog);
        }
    }

    fn contents(&mut self, ui: &mut Ui, actions: &mut Vec<Action>) {
        let (title, name, hint, help, done) = match self.asks {
            Asks::Address => (
                "Add a board",
                "Address",
                "192.168.1.17:80",
                "host, host:port or [IPv6]:port. Without a port it is 80. The board is remembered.",
                "Add",
            ),
            Asks::Path => (
                "Save what happened",
                "Path",
                "activity.jsonl",
                "No file dialog of the desktop answered; type where to save. A name that ends with .csv makes a table, any other one JSON object a line.",
                "Save",
            ),
            Asks::Image(_) => (
                "Update firmware",
                "Path",
                "firmware.bin",
                "No file dialog of the desktop answered; type where the image is. The board restarts with it.",
                "Update",
            ),
        };
        ui.set_width(400.0);
        ui.heading(title);
        ui.add_space(UNIT);
        let edit = TextEdit::singleline(&mut self.text)
            .hint_text(RichText::new(hint).color(palette(ui).weak))
            .font(eframe::egui::TextStyle::Monospace)
            .desired_width(f32::INFINITY)
            .min_size(vec2(0.0, 28.0))
            .align(Align2::LEFT_CENTER);
        let response = ui.add(edit).accessible_name(name);
        if !self.opened {
            self.opened = true;
            response.request_focus();
        }
        let enter = response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
        if response.changed() {
            self.problem = None;
        }
        ui.add_space(theme::HALF);
        let palette = palette(ui);
        match &self.problem {
            Some(problem) => ui.label(RichText::new(problem).color(palette.bad)),
            None => ui.label(RichText::new(help).color(palette.weak)),
        };
        ui.add_space(UNIT * 2.0);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let filled = !self.text.trim().is_empty();
            let words = RichText::new(done).color(palette.on_accent);
            let button = Button::new(words).fill(palette.accent).min_size(vec2(80.0, 28.0));
            let clicked = ui.add_enabled(filled, button).clicked();
            if ui.add(Button::new("Cancel").min_size(vec2(80.0, 28.0))).clicked() {
                actions.push(Action::CloseDialog);
            }
            if filled && (clicked || enter) {
                let text = self.text.trim().to_owned();
                actions.push(match self.asks {
                    Asks::Address => Action::Add(text),
                    Asks::Path => Action::SaveTo(PathBuf::from(text)),
                    Asks::Image(board) => Action::Update(board, PathBuf::from(text)),
                });
            } else if enter {
                response.request_focus();
            }
        });
    }
}
