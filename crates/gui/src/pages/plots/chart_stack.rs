//! The charts of the page, one below the other, on one time axis.

use eframe::egui::{self, Frame, Margin, ScrollArea, Ui};

use crate::{
    model::frame_context::FrameContext,
    widgets::{
        chart::time_axis,
        layout::left_of,
        text_line,
        theme::{self, HALF, UNIT, palette},
    },
};

use super::{
    chart::{self, LABEL},
    curve::Curve,
    markers::Mark,
};

/// Names take at most this share of the width.
const NAMES: f32 = 0.3;

/// The curves of one chart, and its title.
type Group<'a> = (String, Vec<&'a Curve>);

/// One chart per unit, and one for all on/off curves, on one time axis.
pub(super) fn show(
    ui: &mut Ui,
    curves: &[Curve],
    marks: &[Mark],
    context: &FrameContext,
    view: &mut chart::View,
) {
    let groups = groups(curves);
    let gap = HALF;
    let least = groups
        .iter()
        .map(|(_, group)| theme::PLOT_STRIP.max(group.len() as f32 * LABEL + UNIT * 2.0));
    let least = least.fold(theme::PLOT_STRIP, f32::max);
    let room = left_of(ui.available_height(), theme::LINE);
    let count = groups.len() as f32;
    let each = ((room - theme::PUSH_ROW - gap * count) / count).max(least);
    let scrolls = (each + gap) * count + theme::PUSH_ROW > room + 1.0;
    let names = names_width(ui, curves);
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
                    names,
                    has_times: at == last,
                    wheel_zooms: !scrolls,
                };
                chart::show(ui, title, group, marks, context, &layout, view);
            }
        });
    footer(ui, marks, context, view);
}

fn groups(curves: &[Curve]) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for curve in curves {
        let title = match (curve.is_on_off, curve.unit.as_deref()) {
            (true, _) => "On / off",
            (false, Some(unit)) if !unit.is_empty() => unit,
            _ => "No unit",
        };
        match groups.iter_mut().find(|(known, _)| known == title) {
            Some((_, group)) => group.push(curve),
            None => groups.push((title.to_owned(), vec![curve])),
        }
    }
    groups
}

/// The width that the names of the curves take.
fn names_width(ui: &Ui, curves: &[Curve]) -> f32 {
    let most = ui.available_width() * NAMES;
    let widths = curves.iter().map(|curve| {
        let galley = text_line::line(
            ui,
            &curve.name,
            theme::small(),
            palette(ui).text,
            f32::INFINITY,
        );
        galley.size().x
    });
    let widest = widths.fold(0.0, f32::max);
    (widest + UNIT + HALF * 2.0).min(most)
}

/// The time at the cursor and the mark near it, the time between the markers,
/// or what is shown.
fn footer(ui: &mut Ui, marks: &[Mark], context: &FrameContext, view: &chart::View) {
    let close = view.range.span() / 100.0;
    let near = view.cursor.and_then(|cursor| {
        let distance = |mark: &&Mark| (mark.at - cursor).abs();
        marks
            .iter()
            .filter(|mark| distance(mark) < close)
            .min_by(|a, b| distance(a).total_cmp(&distance(b)))
    });
    let (what, mut words) = match view.cursor {
        Some(cursor) => ("cursor", time_axis::at(cursor, context)),
        None => (
            "shown",
            format!(
                "{} to {}",
                time_axis::at(view.range.from, context),
                time_axis::at(view.range.to, context)
            ),
        ),
    };
    if let Some(mark) = near {
        words = format!("{words}   {}", mark.words);
    }
    let palette = palette(ui);
    ui.horizontal(|ui| {
        text_line::label(
            ui,
            &words,
            &format!("{what}: {words}"),
            theme::body(),
            palette.weak,
        );
        if let Some(between) = view.measure.time_words() {
            ui.add_space(UNIT);
            text_line::label(
                ui,
                &format!("A to B: {between}"),
                &format!("markers: {between}"),
                theme::strong(),
                palette.text,
            );
        }
    });
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
        let words = "No curves yet";
        text_line::label(ui, words, words, theme::strong(), palette.text);
        let words = "Add sensors, switches and lights on the left, from the menu of a card, or by \
             dragging a value to Plots. Their values since this window was opened appear at once: \
             up to a day, with every minimum and maximum.";
        ui.add(egui::Label::new(egui::RichText::new(words).color(palette.weak)).wrap());
    });
}
