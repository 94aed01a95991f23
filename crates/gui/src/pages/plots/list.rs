//! The list of curves: number and color, current value and statistics of the
//! visible time. Also the button that adds a curve.

use eframe::egui::{
    Align, Align2, Button, Layout, ScrollArea, Sense, Stroke, Ui, WidgetInfo, accesskit::Role,
    pos2, vec2,
};

use super::curve::{Curve, Range};
use crate::{
    model::{action::WindowAction, page_context::PageContext, pin::can_be_plotted},
    widgets::{
        component_picker::{ComponentPicker, Offer, Picked},
        icon,
        layout::between,
        text_line,
        theme::{self, UNIT, palette},
    },
};
use fleet::Summary;

/// Shows the list; returns the number of the curve to remove.
pub(super) fn show(
    ui: &mut Ui,
    curves: &[Curve<'_>],
    context: &PageContext<'_>,
    range: Range,
    cursor: Option<f64>,
    picker: &mut ComponentPicker,
) -> Option<usize> {
    let mut removed = None;
    ui.vertical_centered_justified(|ui| picker.button(ui, "Add to plots"));
    let offer = Offer {
        title: "Add to plots",
        fits: &|view| can_be_plotted(&view.descriptor.kind),
        has: &|pin| curves.iter().any(|curve| *curve.pin == *pin),
    };
    match picker.show(ui, context, &offer) {
        Some(Picked::Add(pins)) => context.extend(pins.into_iter().map(WindowAction::Plot)),
        Some(Picked::Remove(pin)) => {
            let curve = curves.iter().find(|curve| *curve.pin == pin);
            removed = curve.map(|curve| curve.number);
        }
        None => {}
    }
    ui.add_space(UNIT);
    ScrollArea::vertical()
        .id_salt("curves")
        .auto_shrink(false)
        .show(ui, |ui| {
            ui.set_width(theme::PLOT_LIST - UNIT * 1.5);
            for curve in curves {
                if row(ui, curve, range, cursor) {
                    removed = Some(curve.number);
                }
                ui.add_space(UNIT);
            }
        });
    removed
}

/// Shows a curve; returns whether it is to be removed.
fn row(ui: &mut Ui, curve: &Curve<'_>, range: Range, cursor: Option<f64>) -> bool {
    let palette = palette(ui);
    let color = palette.series[curve.number % palette.series.len()];
    let mut removed = false;
    ui.horizontal(|ui| {
        let (rect, _) = ui.allocate_exact_size(vec2(22.0, theme::LINE), Sense::hover());
        let number = (curve.number + 1).to_string();
        text_line::paint(
            ui,
            rect,
            Align2::LEFT_TOP,
            &number,
            theme::small(),
            palette.weak,
        );
        let line = between(pos2(rect.left(), rect.bottom() - 5.0), rect.max);
        ui.painter()
            .hline(line.x_range(), line.center().y, Stroke::new(3.0, color));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            removed =
                sign_button(ui, icon::X, &format!("{}: remove from plots", curve.title)).clicked();
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                text_line::label(ui, &curve.title, &curve.title, theme::body(), palette.text)
                    .on_hover_text(&curve.title);
            });
        });
    });
    let now = match (cursor, &curve.view) {
        (_, None) => Some("board not found".to_owned()),
        (Some(cursor), _) => {
            let under = curve
                .buckets
                .iter()
                .rev()
                .find(|bucket| bucket.from <= cursor);
            Some(
                match under.filter(|bucket| cursor <= bucket.to && !bucket.is_gap()) {
                    Some(bucket) => curve.words(bucket.mean),
                    None => "no data".to_owned(),
                },
            )
        }
        (None, Some((_, view))) => view
            .history
            .last()
            .map(|last| match last.value.is_finite() {
                true => curve.words(last.value),
                false => "unknown".to_owned(),
            }),
    };
    let now = now.unwrap_or_else(|| "no value yet".to_owned());
    text_line::label(
        ui,
        &now,
        &format!("{}: {now}", curve.title),
        theme::strong(),
        palette.text,
    );
    if let Some(Summary { low, mean, high }) = Summary::of(&curve.buckets, range.from, range.to) {
        let words = format!(
            "min {}   mean {}   max {}",
            curve.number_words(low),
            curve.number_words(mean),
            curve.number_words(high)
        );
        text_line::label(
            ui,
            &words,
            &format!("{}: {words}", curve.title),
            theme::small(),
            palette.weak,
        )
        .on_hover_text(
            "For the visible time range. The mean is weighted by how long each value lasted.",
        );
    }
    removed
}

/// A button that shows only an icon; `name` is its accessible name.
pub(super) fn sign_button(ui: &mut Ui, sign: &str, name: &str) -> egui::Response {
    let response = ui.add(Button::new(sign));
    response.widget_info(|| WidgetInfo::labeled(Role::Button, ui.is_enabled(), name));
    response
}
