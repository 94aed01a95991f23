//! The selected message of a channel in full.

use eframe::egui::{Align, Layout, Panel, Ui};

use super::super::{details::Details, pane::ChannelPane};

use crate::{
    model::frame_context::FrameContext,
    widgets::{
        icon,
        icon_button::icon_button,
        text_line,
        theme::{self, palette},
    },
};
use channel::{Content, Direction, hex};

/// The height of the selected message: minimum, default, maximum.
const DETAILS: [f32; 3] = [72.0, 168.0, 480.0];

/// Below this width the lines of a hex dump are shorter.
const NARROW: f32 = 600.0;

/// The selected message in full.
pub(super) fn show(ui: &mut Ui, pane: &mut ChannelPane, context: &FrameContext) {
    let Some(entry) = pane
        .selected
        .and_then(|number| pane.rows.numbered(number))
        .cloned()
    else {
        return;
    };
    let Some((way, content)) = entry.message() else {
        return;
    };
    let is_narrow = ui.available_width() < NARROW;
    if pane
        .details
        .as_ref()
        .is_none_or(|details| !details.is_of(entry.number, &pane.path, is_narrow))
    {
        pane.details = Some(Details::of(entry.number, content, &pane.path, is_narrow));
    }
    let palette = palette(ui);
    let [least, first, most] = DETAILS;
    let mut clicked = None;
    let frame = eframe::egui::Frame::new().inner_margin(eframe::egui::Margin {
        top: 6,
        ..Default::default()
    });
    // Keep a part of the list visible.
    let most =
        (ui.available_height() - theme::LINE * 2.0 - theme::PUSH_ROW * 4.0).clamp(least, most);
    let panel = Panel::bottom("details")
        .frame(frame)
        .resizable(true)
        .default_size(first)
        .size_range(least..=most);
    panel.show(ui, |ui| {
        ui.horizontal(|ui| {
            let way = if way == Direction::In { "in" } else { "out" };
            let offset = text::quantity(entry.offset.as_secs_f64(), Some(3), Some("s"));
            let facts = format!(
                "{}  {way}  {}  +{offset}",
                text::time_of_day(entry.at, &context.zone),
                text::bytes(content.len() as f64)
            );
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if icon_button(ui, icon::X, "Close the message", "Close").clicked() {
                    pane.selected = None;
                }
                if icon_button(ui, icon::COPY, "Copy the message", "Copy").clicked() {
                    ui.ctx().copy_text(match content {
                        Content::Text(text) => text.to_string(),
                        Content::Binary(bytes) => hex(bytes),
                    });
                }
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    text_line::label(ui, &facts, &facts, theme::small(), palette.weak);
                });
            });
        });
        clicked = pane.details.as_ref().and_then(|details| details.show(ui));
        ui.take_available_space();
    });
    if let Some(pointer) = clicked {
        pane.plot(pointer);
    }
}
