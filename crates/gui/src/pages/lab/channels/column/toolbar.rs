//! The toolbar above the entries of a channel, and their filter.

use eframe::egui::{Align2, Button, Color32, TextEdit, Ui, WidgetInfo, accesskit::Role, vec2};

use super::super::pane::{ChannelPane, Source};

use crate::widgets::{
    icon,
    icon_button::icon_button,
    text_line,
    theme::{self, HALF, palette},
};
use channel::Pointer;

/// The toolbar and the filter of the list.
pub(super) fn show(ui: &mut Ui, pane: &mut ChannelPane) {
    let palette = palette(ui);
    ui.add_space(HALF);
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = HALF;
        let (mark, word, hint) = match pane.paused {
            false => (
                icon::PAUSE,
                "Pause",
                "Pause the list; the channel stays open",
            ),
            true => (
                icon::PLAY,
                "Resume",
                "Show the entries received in the meantime",
            ),
        };
        if !matches!(pane.source, Source::Recorded(_))
            && icon_button(ui, mark, word, hint).clicked()
        {
            pane.paused = !pane.paused;
        }
        if icon_button(ui, icon::TRASH, "Clear the list", "Clear the list").clicked() {
            pane.rows.clear();
            (pane.selected, pane.details) = (None, None);
        }
        let messages = ui.add(Button::selectable(pane.only_messages, icon::LIST_BULLETS));
        messages.widget_info(|| {
            WidgetInfo::selected(Role::Button, true, pane.only_messages, "Messages only")
        });
        if messages
            .on_hover_text("Show only messages, without pings and state changes")
            .clicked()
        {
            pane.only_messages = !pane.only_messages;
        }
        let words = listed(pane);
        text_line::label(ui, &words, &words, theme::small(), palette.weak).on_hover_text(
            "Entries in the list, and how many older ones were dropped to limit memory use",
        );
    });
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = HALF;
        // A fixed id keeps the focus when something appears above the field.
        let width = ((ui.available_width() - HALF) / 2.0).max(48.0);
        let field =
            |ui: &mut Ui, value: &mut String, hint: &str, name: &str, color: Option<Color32>| {
                let mut edit = TextEdit::singleline(value)
                    .id_salt(name)
                    .hint_text(hint)
                    .desired_width(width);
                if let Some(color) = color {
                    edit = edit.text_color(color);
                }
                ui.add(
                    edit.align(Align2::LEFT_CENTER)
                        .min_size(vec2(0.0, theme::LINE)),
                )
                .accessible_name(name)
            };
        field(ui, &mut pane.find, "Search", "Search messages", None);
        let wrong = pane.path.parse::<Pointer>().err();
        let color = wrong.as_ref().map(|_| palette.bad);
        let path = field(ui, &mut pane.path, "/path/of/json", "JSON pointer", color);
        let hint = wrong.map_or_else(
            || {
                "Show only this part of JSON: names and indexes, each after a slash, and * for \
                 every element"
                    .to_owned()
            },
            |error| format!("{error}."),
        );
        path.on_hover_text(hint);
    });
}

/// The number of listed entries, as text.
fn listed(pane: &ChannelPane) -> String {
    let (all, passing, dropped) = (pane.rows.len(), pane.rows.passing(), pane.rows.dropped);
    let mut words = match passing == all {
        true => format!("{} listed", text::grouped(all as u64)),
        false => format!(
            "{} of {} listed",
            text::grouped(passing as u64),
            text::grouped(all as u64)
        ),
    };
    if pane.paused {
        words.push_str("; paused");
    }
    if dropped > 0 {
        words.push_str(&format!(", {} dropped", text::grouped(dropped)));
    }
    words
}
