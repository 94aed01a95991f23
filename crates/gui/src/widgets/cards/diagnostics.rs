//! Diagnostics of the board, compact: a cell each, several next to each other,
//! without a card of its own.

use eframe::egui::{Align2, CornerRadius, Rect, Sense, Stroke, StrokeKind, Ui, vec2};
use protocol::Kind;

use super::{
    card::{Card, CardContext, card, labels},
    sensor,
};
use crate::widgets::{
    layout::{Within as _, left_of},
    text_line,
    theme::{self, UNIT, palette},
};
use fleet::ComponentView;

/// The width of a cell, and its height.
const CELL: f32 = 192.0;
const HEIGHT: f32 = 40.0;

/// The width of a name and a value, left of the history.
const TEXT: f32 = 96.0;

/// By how many seconds a reported uptime may be behind.
const LATE: f64 = 150.0;

/// Shows the cells in one frame.
pub(crate) fn show(ui: &mut Ui, page: &CardContext<'_>, components: &[&ComponentView]) {
    let labels = labels(page.board);
    let padding = theme::CARD_PADDING;
    let inner = left_of(ui.available_width(), 2.0 * padding);
    let fits = |columns: &usize| *columns as f32 * CELL <= inner;
    let columns = (1..=components.len()).take_while(fits).last().unwrap_or(1);
    let width = inner.min(CELL);
    let rows = components.len().div_ceil(columns);
    let height = rows as f32 * HEIGHT + 2.0 * UNIT;
    let size = vec2(columns as f32 * width + 2.0 * padding, height);
    let (frame, _) = ui.allocate_exact_size(size, Sense::hover());
    let palette = palette(ui);
    ui.painter().rect(
        frame,
        CornerRadius::same(theme::CARD_RADIUS),
        palette.card,
        Stroke::new(1.0, palette.border),
        StrokeKind::Inside,
    );
    let first = frame.min + vec2(padding, UNIT);
    for (at, component) in components.iter().enumerate() {
        let offset = vec2(
            (at % columns) as f32 * width,
            (at / columns) as f32 * HEIGHT,
        );
        let rect = Rect::from_min_size(first + offset, vec2(width, HEIGHT));
        if page.reveal == Some(&component.descriptor.key) {
            ui.scroll_to_rect(rect, None);
        }
        cell(ui, &card(page, component, &labels), rect);
    }
}

fn cell(ui: &mut Ui, card: &Card<'_>, rect: Rect) {
    let palette = palette(ui);
    // The history of a length of time is a ramp that says nothing.
    let history = card.component.history.recent_len() > 1
        && card.component.descriptor.device_class.as_deref() != Some("duration");
    let room = match history {
        true => rect.until_x(rect.left() + TEXT),
        false => rect.until_x(rect.right() - UNIT),
    };
    let middle = rect.center().y;
    text_line::paint(
        ui,
        room.until_y(middle),
        Align2::LEFT_BOTTOM,
        &card.label,
        theme::small(),
        palette.weak,
    );
    let (words, known) = match (&card.component.descriptor.kind, card.state.on()) {
        (Kind::BinarySensor, on) => (
            text::binary(card.component.descriptor.device_class.as_deref(), on).to_owned(),
            on.is_some(),
        ),
        _ => match uptime(card) {
            Some(words) => (words, true),
            None => sensor::value(card),
        },
    };
    let color = if known {
        card.value_color(ui)
    } else {
        palette.weak
    };
    let response = text_line::field(
        ui,
        room.after_y(middle),
        Align2::LEFT_TOP,
        &words,
        &card.name(&words),
        (theme::body(), color),
    );
    response.on_hover_text(card.component.descriptor.key.to_string());
    if history {
        let line = rect
            .after_x(room.right())
            .until_x(rect.right() - 3.0 * UNIT)
            .inset(vec2(0.0, UNIT));
        sensor::sparkline(ui, card).show(ui, line, card.page.context);
    }
}

/// The uptime as the header shows it: it runs on between two reports.
fn uptime(card: &Card<'_>) -> Option<String> {
    let descriptor = &card.component.descriptor;
    let is_duration = descriptor.device_class.as_deref() == Some("duration")
        && descriptor.unit_of_measurement.as_deref() == Some("s");
    let booted = card
        .page
        .board
        .booted
        .filter(|_| is_duration && card.live())?;
    let context = card.page.context;
    let up = context.wall.duration_since(booted).unwrap_or_default();
    let reported = card.state.number()?;
    ((up.as_secs_f64() - reported).abs() < LATE).then(|| text::length(context.wall_age(booted)))
}
