//! The field that filters the list of boards.

use eframe::egui::{Align2, Key, Modifiers, Response, TextEdit, Ui, vec2};

use crate::widgets::{
    layout::Within as _,
    shortcut, text_line,
    theme::{self, palette},
};

/// The width that the field takes where there is room.
pub(crate) const WIDTH: f32 = 208.0;

/// What the field searches.
const HINT: &str = "By name, address, id, component kind, room or tag";

/// Shows the field with this width. Escape clears it and leaves it.
pub(crate) fn show(ui: &mut Ui, find: &mut String, width: f32) -> Response {
    let keys = shortcut::name(ui.ctx(), &shortcut::FIND);
    let edit = TextEdit::singleline(find)
        .hint_text("Find a board")
        .desired_width(width)
        .align(Align2::LEFT_CENTER);
    let response = ui
        .add(edit.min_size(vec2(0.0, theme::LINE)))
        .accessible_name("Find a board")
        .on_hover_text(format!("{HINT} ({keys})"));
    let is_or_was_focused = response.has_focus() || response.lost_focus();
    // What the field is part of closes with the next Escape.
    if is_or_was_focused
        && !find.is_empty()
        && ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape))
    {
        find.clear();
        response.surrender_focus();
    }
    if find.is_empty() && !response.has_focus() && width >= WIDTH {
        let hint = response.rect.inset(vec2(8.0, 0.0));
        text_line::paint(
            ui,
            hint,
            Align2::RIGHT_CENTER,
            &keys,
            theme::small(),
            palette(ui).weak,
        );
    }
    response
}
