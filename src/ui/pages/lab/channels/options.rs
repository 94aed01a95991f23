//! How a channel is opened: headers, subprotocols, a certificate of one's own,
//! pings, and whether it is opened again.

use eframe::egui::{
    Align2, Checkbox, FontSelection, Popup, PopupCloseBehavior, Response, TextEdit, Ui, vec2,
};

use super::lane::Options;
use crate::ui::widgets::{
    text,
    theme::{self, HALF, palette},
};

/// Shows them below `button` while they are open.
pub(super) fn below(button: &Response, options: &mut Options, is_live: bool) {
    let popup = Popup::from_toggle_button_response(button)
        .close_behavior(PopupCloseBehavior::CloseOnClickOutside);
    // No menu: its fields would have no edges.
    popup.show(|ui| show(ui, options, is_live));
}

fn show(ui: &mut Ui, options: &mut Options, is_live: bool) {
    ui.set_width(320.0);
    label(ui, "Headers, one a line; they are not remembered");
    let edit = TextEdit::multiline(&mut options.headers)
        .font(FontSelection::FontId(theme::monospace()))
        .hint_text("Authorization: Bearer abc")
        .desired_width(f32::INFINITY)
        .desired_rows(2);
    ui.add(edit).accessible_name("Headers");
    field(
        ui,
        "Subprotocols, the most wanted first",
        "switchboard.v1",
        "Subprotocols",
        &mut options.protocols,
    );
    field(
        ui,
        "A file with certificates to trust as well (PEM)",
        "/home/me/ca.pem",
        "Certificates",
        &mut options.certificates,
    );
    field(
        ui,
        "A ping every so many seconds; empty without",
        "10",
        "Ping interval",
        &mut options.ping,
    );
    ui.add_space(HALF);
    ui.add(Checkbox::new(
        &mut options.reconnect,
        "Open it again whenever it ends",
    ));
    if is_live {
        ui.add_space(HALF);
        label(ui, "It counts when the channel is opened the next time.");
    }
}

fn label(ui: &mut Ui, words: &str) {
    ui.add_space(HALF);
    text::label(ui, words, words, theme::small(), palette(ui).weak);
}

fn field(ui: &mut Ui, words: &str, hint: &str, name: &str, value: &mut String) {
    label(ui, words);
    let edit = TextEdit::singleline(value)
        .hint_text(hint)
        .desired_width(f32::INFINITY);
    let edit = edit
        .align(Align2::LEFT_CENTER)
        .min_size(vec2(0.0, theme::LINE));
    ui.add(edit).accessible_name(name);
}
