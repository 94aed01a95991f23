//! The charts of the page, one below the other, on one time axis.

use eframe::egui::{self, Frame, Margin, ScrollArea, Ui};

use crate::{
    model::frame_context::FrameContext,
    widgets::{
        layout::left_of,
        text_line,
        theme::{self, UNIT, palette},
    },
};

use super::{
    axis, chart,
    curve::{Curve, Shape},
    markers,
};

/// One chart per unit, and one for all on/off curves, on one time axis.
pub(super) fn show(
    ui: &mut Ui,
    curves: &[Curve<'_>],
    marks: &[markers::Mark],
    context: &FrameContext,
    view: &mut chart::View,
) {
    let mut groups: Vec<(String, Vec<&Curve<'_>>)> = Vec::new();
    for curve in curves {
        let title = match curve.shape() {
            Shape::OnOff => "on / off".to_owned(),
            Shape::Line | Shape::Steps => curve.unit().unwrap_or("no unit").to_owned(),
        };
        match groups.iter_mut().find(|(known, _)| *known == title) {
            Some((_, group)) => group.push(curve),
            None => groups.push((title, vec![curve])),
        }
    }
    let gap = UNIT;
    let least = theme::PLOT_STRIP;
    let footer = theme::LINE;
    let room = left_of(ui.available_height(), footer);
    let each = ((room - gap * groups.len() as f32) / groups.len() as f32).max(least);
    let scrolls = (each + gap) * groups.len() as f32 > room + 1.0;
    ScrollArea::vertical()
        .id_salt("strips")
        .auto_shrink(false)
        .max_height(room)
        .show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = gap;
            let last = groups.len().saturating_sub(1);
            for (at, (title, group)) in groups.iter().enumerate() {
                let layout = chart::ChartLayout {
                    height: each,
                    has_times: at == last,
                    wheel_zooms: !scrolls,
                };
                chart::show(ui, title, group, marks, context, &layout, view);
            }
        });
    let under = view.cursor.map(|cursor| axis::at(cursor, context));
    let close = view.range.span() / 100.0;
    let near = view.cursor.and_then(|cursor| {
        let distance = |mark: &&markers::Mark| (mark.at - cursor).abs();
        marks
            .iter()
            .filter(|mark| distance(mark) < close)
            .min_by(|a, b| distance(a).total_cmp(&distance(b)))
    });
    let words = match (under, near) {
        (Some(time), Some(mark)) => format!("{time}   {}", mark.words),
        (Some(time), None) => time,
        (None, _) => {
            format!(
                "{} to {}",
                axis::at(view.range.from, context),
                axis::at(view.range.to, context)
            )
        }
    };
    text_line::label(
        ui,
        &words,
        &format!(
            "{}: {words}",
            if view.cursor.is_some() {
                "cursor"
            } else {
                "shown"
            }
        ),
        theme::body(),
        palette(ui).weak,
    );
}

/// Instructions, while no curve is plotted.
pub(super) fn empty(ui: &mut Ui) {
    let palette = palette(ui);
    let frame = Frame::new()
        .stroke((1.0, palette.border))
        .corner_radius(theme::CARD_RADIUS)
        .inner_margin(Margin::same(24));
    frame.show(ui, |ui| {
        ui.set_width(ui.available_width());
        let words = "No curves yet.";
        text_line::label(ui, words, words, theme::strong(), palette.text);
        let words = "Add sensors, switches and lights on the left, or from the menu of a card. \
             Values since this window was opened are already available: up to a day, with all \
             minima and maxima.";
        ui.add(egui::Label::new(egui::RichText::new(words).color(palette.weak)).wrap());
    });
}
