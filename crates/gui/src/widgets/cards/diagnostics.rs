//! Diagnostics of the board, one line each, without a card.

use eframe::egui::{Align2, Sense, Stroke, Ui, pos2, vec2};
use protocol::Kind;

use super::{
    card::{CardContext, card, labels},
    sensor,
};
use crate::widgets::{
    layout::{Within as _, between},
    text_line,
    theme::{self, UNIT, palette},
};
use fleet::ComponentView;

const ROW: f32 = 28.0;
const WIDTH: f32 = 560.0;

/// Shows the lines.
pub(crate) fn show(ui: &mut Ui, page: &CardContext<'_>, components: &[&ComponentView]) {
    let labels = labels(page.board);
    let palette = palette(ui);
    let width = ui.available_width().min(WIDTH);
    ui.spacing_mut().item_spacing.y = 0.0;
    for component in components {
        let card = card(page, component, &labels);
        let (rect, _) = ui.allocate_exact_size(vec2(width, ROW), Sense::hover());
        ui.painter()
            .hline(rect.x_range(), rect.top(), Stroke::new(1.0, palette.border));
        let column = |from: f32, to: f32| {
            between(
                pos2(rect.left() + from * width, rect.top()),
                pos2(rect.left() + to * width - UNIT, rect.bottom()),
            )
        };
        text_line::paint(
            ui,
            column(0.0, 0.32),
            Align2::LEFT_CENTER,
            &card.label,
            theme::body(),
            palette.weak,
        );
        let (words, known) = match (&component.descriptor.kind, card.state.on()) {
            (Kind::BinarySensor, on) => (
                on.map_or("unknown", |on| if on { "on" } else { "off" })
                    .to_owned(),
                on.is_some(),
            ),
            _ => sensor::value(&card),
        };
        let color = if known {
            card.value_color(ui)
        } else {
            palette.weak
        };
        let name = card.name(&words);
        text_line::field(
            ui,
            column(0.32, 0.52),
            Align2::RIGHT_CENTER,
            &words,
            &name,
            (theme::body(), color),
        );
        if component.history.recent_len() > 1 {
            let line = column(0.54, 0.74).inset(vec2(0.0, 4.0));
            sensor::sparkline(ui, &card).show(ui, line, page.context);
        }
        let key = component.descriptor.key.to_string();
        let place = column(0.74, 1.0);
        text_line::paint(
            ui,
            place,
            Align2::RIGHT_CENTER,
            &key,
            theme::monospace_small(),
            palette.weak,
        );
    }
}
