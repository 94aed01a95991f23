//! The options of a channel: headers, subprotocols, a certificate file, pings,
//! and reconnecting.

use eframe::egui::{
    Align2, Checkbox, FontSelection, Popup, PopupCloseBehavior, Response, TextEdit, Ui, vec2,
};

use super::pane::Options;
use crate::widgets::{
    text_line,
    theme::{self, HALF, palette},
};

/// Shows the options below `button` while they are open.
pub(super) fn below(button: &Response, options: &mut Options, is_live: bool) {
    let popup = Popup::from_toggle_button_response(button)
        .close_behavior(PopupCloseBehavior::CloseOnClickOutside);
    // Not a menu, in which text fields have no frames.
    popup.show(|ui| show(ui, options, is_live));
}

fn show(ui: &mut Ui, options: &mut Options, is_live: bool) {
    ui.set_width(320.0);
    label(ui, "Headers, one per line (not saved)");
    let edit = TextEdit::multiline(&mut options.headers)
        .font(FontSelection::FontId(theme::monospace()))
        .hint_text("Authorization: Bearer abc")
        .desired_width(f32::INFINITY)
        .desired_rows(2);
    ui.add(edit).accessible_name("Headers");
    field(
        ui,
        "Subprotocols, in order of preference",
        "switchboard.v1",
        "Subprotocols",
        &mut options.protocols,
    );
    field(
        ui,
        "File with additional certificates to trust (PEM)",
        "/home/me/ca.pem",
        "Certificates",
        &mut options.certificates,
    );
    field(
        ui,
        "Ping interval in seconds; empty for no pings",
        "10",
        "Ping interval",
        &mut options.ping,
    );
    ui.add_space(HALF);
    ui.add(Checkbox::new(
        &mut options.reconnect,
        "Reconnect automatically",
    ));
    if is_live {
        ui.add_space(HALF);
        label(ui, "Changes apply when the channel is opened again.");
    }
}

fn label(ui: &mut Ui, words: &str) {
    ui.add_space(HALF);
    text_line::label(ui, words, words, theme::small(), palette(ui).weak);
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
