//! The list of curves: color, value, the values at the markers, and statistics
//! of the visible time.

use eframe::egui::{
    Align, Button, Layout, Rect, ScrollArea, Sense, Shape, Stroke, Ui, Vec2, WidgetInfo,
    accesskit::Role, vec2,
};

use super::{
    chart::{color, is_dashed},
    curve::{Curve, Range},
    measure::Measure,
};
use crate::widgets::{
    icon, text_line,
    theme::{self, UNIT, palette},
};
use fleet::Summary;

/// What the list says about each curve.
pub(super) struct Shown {
    pub(super) range: Range,
    pub(super) is_live: bool,
    pub(super) cursor: Option<f64>,
    pub(super) measure: Measure,
}

/// Shows the list; returns the number of the curve to remove.
pub(super) fn show(ui: &mut Ui, curves: &[Curve], shown: &Shown) -> Option<usize> {
    let mut removed = None;
    ScrollArea::vertical()
        .id_salt("curves")
        .auto_shrink(false)
        .show(ui, |ui| {
            ui.set_width(theme::PLOT_LIST - UNIT * 1.5);
            for curve in curves {
                if row(ui, curve, shown) {
                    removed = Some(curve.number);
                }
                ui.add_space(UNIT);
            }
        });
    removed
}

/// Shows a curve; returns whether it is to be removed.
fn row(ui: &mut Ui, curve: &Curve, shown: &Shown) -> bool {
    let palette = palette(ui);
    let mut removed = false;
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        ui.spacing_mut().button_padding.x = 4.0;
        let (rect, _) = ui.allocate_exact_size(vec2(14.0, theme::LINE), Sense::hover());
        swatch(ui, rect, curve.number);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let remove = Button::new(icon::X)
                .frame_when_inactive(false)
                .min_size(Vec2::splat(theme::LINE));
            let remove = ui.add(remove);
            let name = format!("{}: remove from plots", curve.title);
            remove.widget_info(|| WidgetInfo::labeled(Role::Button, true, &name));
            removed = remove.on_hover_text("Remove from plots").clicked();
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                text_line::label(ui, &curve.title, &curve.title, theme::body(), palette.text)
                    .on_hover_text(&curve.title);
            });
        });
    });
    let value = curve.shown_value(shown.cursor, shown.range, shown.is_live);
    text_line::label(
        ui,
        &value,
        &format!("{}: {value}", curve.title),
        theme::strong(),
        palette.text,
    );
    if let Some(words) = shown.measure.words(curve) {
        text_line::label(
            ui,
            &words,
            &format!("{}: {words}", curve.title),
            theme::small(),
            palette.text,
        )
        .on_hover_text("The values at the markers A and B, and their difference");
    }
    let range = shown.range;
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

/// The line that a curve is drawn with.
fn swatch(ui: &Ui, rect: Rect, number: usize) {
    let stroke = Stroke::new(3.0, color(ui, number));
    let line = [rect.left_center(), rect.right_center()];
    if is_dashed(ui, number) {
        ui.painter()
            .extend(Shape::dashed_line(&line, stroke, 5.0, 3.0));
    } else {
        ui.painter().line_segment(line, stroke);
    }
}
