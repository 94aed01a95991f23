//! Lines and fields with labels of the doctor's cards.

use eframe::egui::{Align, Align2, Color32, Label, Layout, RichText, Sense, Ui, vec2};

use crate::widgets::{
    text_line,
    theme::{self, palette},
};

pub(super) fn line(ui: &mut Ui, words: &str, color: Color32) {
    ui.add(Label::new(RichText::new(words).color(color)).wrap());
}

/// A label, and its content to the right.
pub(super) fn field(ui: &mut Ui, word: &str, show: impl FnOnce(&mut Ui)) {
    ui.with_layout(Layout::left_to_right(Align::Min), |ui| {
        let (rect, _) = ui.allocate_exact_size(vec2(72.0, theme::LINE * 0.75), Sense::hover());
        if !word.is_empty() {
            let color = palette(ui).weak;
            text_line::paint(ui, rect, Align2::LEFT_CENTER, word, theme::small(), color);
        }
        ui.vertical(show);
    });
}
