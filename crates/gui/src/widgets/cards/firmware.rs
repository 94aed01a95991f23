//! Firmware in the head of a board's page: its version and the button among the
//! facts, and below them an update's progress or outcome.

use std::sync::Arc;

use eframe::egui::{Align, Frame, Label, Layout, Margin, RichText, Stroke, Ui, vec2};

use super::{
    card::{Card, CardContext, card, labels},
    footer,
    update::{self, ButtonState},
};
use crate::widgets::{
    text_line,
    theme::{self, UNIT, palette},
};
use fleet::ComponentView;

/// The height of the button among the facts.
const FACT: f32 = 18.0;

/// Left and right of its text.
const PADDING: f32 = 6.0;

/// Its text, unless an image can be installed.
const BEGIN: &str = "Update…";

/// The width of the progress bar.
const BAR: f32 = 160.0;

fn firmware<'a>(page: &'a CardContext<'a>, component: &'a ComponentView) -> Card<'a> {
    card(page, component, &labels(page.board))
}

/// The version, and the button that begins an update.
pub(crate) fn fact(ui: &mut Ui, page: &CardContext<'_>, component: &ComponentView) {
    let card = firmware(page, component);
    let version = card.state.installed_version().map(text::plain);
    let version = version.unwrap_or_else(|| "unknown".to_owned());
    let words = format!("firmware {version}");
    // Not in a row of their own, which would not wrap with the other facts.
    let style = Arc::clone(ui.style());
    let color = palette(ui).weak;
    text_line::label(ui, &words, &card.name(&version), theme::body(), color)
        .on_hover_text("Firmware version");
    update::remark(ui, &card);
    let offer = update::shown(ui, &card).offer;
    if offer != ButtonState::Cancel {
        // As low as the facts next to it.
        ui.spacing_mut().interact_size.y = FACT;
        ui.spacing_mut().button_padding = vec2(PADDING, 0.0);
        ui.style_mut().override_font_id = Some(theme::small());
        // It does not wrap on its own: it is in a nested layout.
        let words = update::words(&card, offer, BEGIN);
        let text = text_line::line(ui, &words, theme::small(), color, f32::INFINITY);
        if ui.available_size_before_wrap().x < text.size().x + PADDING * 2.0 {
            ui.end_row();
        }
        update::button(ui, &card, offer, BEGIN);
    }
    ui.set_style(style);
}

/// The progress of an update or its outcome, if there is one.
pub(crate) fn progress(ui: &mut Ui, page: &CardContext<'_>, component: &ComponentView) {
    let card = firmware(page, component);
    let shown = update::shown(ui, &card);
    // The head of a page has no footer.
    let failure = || footer::failure(ui, &component.command);
    let Some((message, color)) = shown.message.or_else(failure) else {
        return;
    };
    let frame = Frame::new()
        .fill(palette(ui).card)
        .stroke(Stroke::new(1.0, color))
        .corner_radius(theme::CONTROL_RADIUS)
        .inner_margin(Margin::symmetric(12, 8));
    frame.show(ui, |ui| {
        ui.horizontal(|ui| {
            ui.set_min_height(theme::LINE);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if shown.offer == ButtonState::Cancel {
                    update::button(ui, &card, shown.offer, "");
                }
                if let Some(percent) = shown.percent {
                    update::bar(ui, &card, percent, BAR.min(ui.available_width() / 2.0));
                }
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    let label = Label::new(RichText::new(&message).color(color)).wrap();
                    let response = ui.add(label);
                    text_line::name_label(ui, &response, &card.name(&message));
                });
            });
        });
    });
    ui.add_space(UNIT);
}
