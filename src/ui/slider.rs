//! egui's slider in this program's look: named, without a number of its own, and without a handle while its value is not
//! known. While it is dragged it reports each value once.

use std::ops::RangeInclusive;

use eframe::egui::{self, Response, Stroke, Ui, accesskit::Role, style::HandleShape};

use super::theme::palette;

/// What a slider shows.
pub(super) struct Slider<'a> {
    /// Its accessible name.
    pub(super) name: &'a str,
    /// `None` where it is not known.
    pub(super) value: Option<f64>,
    pub(super) range: RangeInclusive<f64>,
    pub(super) step: f64,
    pub(super) width: f32,
}

impl Slider<'_> {
    /// Shows it; the second is a value that the person asks for.
    pub(super) fn show(self, ui: &mut Ui) -> (Response, Option<f64>) {
        let Self { name, value, range, step, width } = self;
        let mut shown = value.unwrap_or(*range.start());
        let slider = egui::Slider::new(&mut shown, range)
            .step_by(step)
            .show_value(false)
            .trailing_fill(value.is_some())
            .handle_shape(if value.is_some() { HandleShape::Circle } else { HandleShape::Rect { aspect_ratio: 0.0 } });
        let response = ui
            .scope(|ui| {
                dress(ui, value.is_some());
                ui.spacing_mut().slider_width = width;
                ui.add(slider)
            })
            .inner;
        response.ctx.accesskit_node_builder(response.id, |node| {
            node.set_role(Role::Slider);
            node.set_label(name);
            if value.is_none() {
                node.clear_numeric_value();
                node.set_value("unknown");
            }
        });
        let asked = (response.changed() && Some(shown) != value).then_some(shown);
        let asked = asked.filter(|asked| is_new(ui, &response, *asked));
        (response, asked)
    }
}

/// Until the fleet shows what was asked for, a held slider reports the same value every frame.
fn is_new(ui: &Ui, response: &Response, asked: f64) -> bool {
    let held = response.id.with("asked");
    if !response.dragged() {
        ui.ctx().data_mut(|data| data.remove::<f64>(held));
        return true;
    }
    ui.ctx().data_mut(|data| {
        let last = data.get_temp::<f64>(held);
        data.insert_temp(held, asked);
        last != Some(asked)
    })
}

fn dress(ui: &mut Ui, known: bool) {
    let palette = palette(ui);
    let visuals = ui.visuals_mut();
    visuals.selection.bg_fill = palette.accent;
    visuals.widgets.inactive.bg_fill = palette.rail;
    for (widget, edge) in [
        (&mut visuals.widgets.inactive, palette.accent),
        (&mut visuals.widgets.hovered, palette.text),
        (&mut visuals.widgets.active, palette.text),
    ] {
        widget.fg_stroke = Stroke::new(if known { 2.0 } else { 0.0 }, edge);
    }
    visuals.widgets.hovered.bg_fill = palette.card;
    visuals.widgets.active.bg_fill = palette.card;
}
