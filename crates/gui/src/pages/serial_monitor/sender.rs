//! The field that sends a line to the board, and the lines that were sent.

use eframe::egui::{
    Align, Align2, Button, FontSelection, Key, Layout, Modifiers, RichText, TextEdit, Ui,
    WidgetInfo, accesskit::Role, vec2,
};

use crate::widgets::{
    text_line,
    theme::{self, palette},
};

/// How many lines are remembered.
const REMEMBERED: usize = 100;

/// The longest line that can be sent, in characters.
const LONGEST: usize = 1_024;

/// The field.
#[derive(Default)]
pub(super) struct Sender {
    typed: String,
    sent: Vec<String>,
    /// Which of the sent lines is in the field.
    recalled: Option<usize>,
}

impl Sender {
    /// Shows the field; returns the line to send.
    pub(super) fn show(&mut self, ui: &mut Ui, is_open: bool) -> Option<String> {
        let mut send = false;
        let palette = palette(ui);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let words = RichText::new("Send").color(palette.on_accent);
            let button = Button::new(words)
                .fill(palette.accent)
                .min_size(vec2(64.0, theme::LINE));
            let button = ui.add_enabled(is_open, button);
            button.widget_info(|| WidgetInfo::labeled(Role::Button, is_open, "Send the line"));
            send |= button
                .on_hover_text("Send the line (Enter)")
                .on_disabled_hover_text("The port is not open")
                .clicked();
            let edit = TextEdit::singleline(&mut self.typed)
                .id_salt("line to send")
                .char_limit(LONGEST)
                .font(FontSelection::FontId(theme::monospace()))
                .desired_width(ui.available_width())
                .align(Align2::LEFT_CENTER)
                .min_size(vec2(0.0, theme::LINE));
            let field = ui.add(edit).accessible_name("Line to send");
            if self.typed.is_empty() && !field.has_focus() {
                let hint = field.rect.shrink2(vec2(8.0, 0.0));
                let words = "Line to send";
                let align = Align2::LEFT_CENTER;
                text_line::paint(ui, hint, align, words, theme::body(), palette.weak);
            }
            if field.has_focus() {
                let up = ui.input_mut(|i| i.consume_key(Modifiers::NONE, Key::ArrowUp));
                let down = ui.input_mut(|i| i.consume_key(Modifiers::NONE, Key::ArrowDown));
                self.recall(up, down);
            }
            if field.changed() {
                self.recalled = None;
            }
            if field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter)) {
                send = true;
                field.request_focus();
            }
        });
        (send && is_open).then(|| self.take())
    }

    fn recall(&mut self, up: bool, down: bool) {
        let last = self.sent.len().checked_sub(1);
        let next = match (up, down, self.recalled) {
            (true, _, None) => last,
            (true, _, Some(at)) => Some(at.saturating_sub(1)),
            (_, true, Some(at)) if Some(at) == last => {
                self.typed.clear();
                self.recalled = None;
                return;
            }
            (_, true, Some(at)) => Some(at + 1),
            _ => return,
        };
        if let Some(line) = next.and_then(|at| self.sent.get(at)) {
            self.typed.clone_from(line);
            self.recalled = next;
        }
    }

    fn take(&mut self) -> String {
        let line = std::mem::take(&mut self.typed);
        self.recalled = None;
        if !line.is_empty() && self.sent.last() != Some(&line) {
            self.sent.push(line.clone());
            if self.sent.len() > REMEMBERED {
                self.sent.remove(0);
            }
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sent_lines_are_recalled_in_their_order() {
        let mut sender = Sender::default();
        for line in ["one", "two", "two", ""] {
            sender.typed = line.to_owned();
            assert_eq!(sender.take(), line);
        }
        let mut recalled = Vec::new();
        for (up, down) in [
            (true, false),
            (true, false),
            (true, false),
            (false, true),
            (false, true),
        ] {
            sender.recall(up, down);
            recalled.push(sender.typed.clone());
        }
        assert_eq!(recalled, ["two", "one", "one", "two", ""]);
    }
}
