//! egui's slider in this program's look: named, without a number of its own,
//! and without a handle while its value is not known. While it is dragged it
//! reports each value once.

use std::ops::RangeInclusive;

use eframe::egui::{self, Response, Stroke, Ui, accesskit::Role, lerp, pos2, style::HandleShape};

use crate::widgets::theme::palette;

/// What a slider shows.
pub(crate) struct Slider<'a> {
    /// Its accessible name.
    pub(crate) name: &'a str,
    /// `None` where it is not known.
    pub(crate) value: Option<f64>,
    pub(crate) range: RangeInclusive<f64>,
    pub(crate) step: f64,
    pub(crate) width: f32,
}

impl Slider<'_> {
    /// Shows it; the second is a value that the person asks for.
    pub(crate) fn show(self, ui: &mut Ui) -> (Response, Option<f64>) {
        let Self {
            name,
            value,
            range,
            step,
            width,
        } = self;
        let mut shown = value.unwrap_or(*range.start());
        let slider = egui::Slider::new(&mut shown, range.clone())
            .step_by(step)
            .show_value(false)
            .trailing_fill(value.is_some())
            .handle_shape(if value.is_some() {
                HandleShape::Circle
            } else {
                HandleShape::Rect { aspect_ratio: 0.0 }
            });
        let response = ui
            .scope(|ui| {
                dress(ui);
                ui.spacing_mut().slider_width = width;
                ui.add(slider)
            })
            .inner;
        if value.is_some() {
            paint_handle(ui, &response, share(shown, &range));
        }
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

/// Until the fleet shows what was asked for, a held slider reports the same
/// value every frame.
fn is_new(ui: &Ui, response: &Response, asked: f64) -> bool {
    let held = response.id.with("asked");
    if response.drag_started() || !(response.dragged() || response.drag_stopped()) {
        ui.ctx().data_mut(|data| data.remove::<f64>(held));
    }
    ui.ctx().data_mut(|data| {
        let last = data.get_temp::<f64>(held);
        data.insert_temp(held, asked);
        last != Some(asked)
    })
}

/// egui paints the handle in the color of the rail; this is painted over it.
fn paint_handle(ui: &Ui, response: &Response, share: f32) {
    let palette = palette(ui);
    let rect = response.rect;
    // As egui places its own handle.
    let radius = rect.height() / 2.5;
    let center = pos2(
        lerp(rect.left() + radius..=rect.right() - radius, share),
        rect.center().y,
    );
    let color = if ui.is_enabled() {
        palette.accent
    } else {
        palette.outline
    };
    let radius = if response.hovered() || response.dragged() {
        8.0
    } else {
        7.0
    };
    ui.painter().circle_filled(center, radius, color);
    if response.has_focus() {
        ui.painter()
            .circle_stroke(center, radius, Stroke::new(2.0, palette.text));
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a share between 0 and 1")]
fn share(value: f64, range: &RangeInclusive<f64>) -> f32 {
    let (low, high) = (*range.start(), *range.end());
    if high > low {
        ((value - low) / (high - low)).clamp(0.0, 1.0) as f32
    } else {
        0.0
    }
}

fn dress(ui: &mut Ui) {
    let palette = palette(ui);
    let visuals = ui.visuals_mut();
    visuals.selection.bg_fill = palette.accent;
    visuals.widgets.inactive.bg_fill = palette.rail;
    visuals.widgets.hovered.bg_fill = palette.rail;
    visuals.widgets.active.bg_fill = palette.rail;
    for widget in [
        &mut visuals.widgets.inactive,
        &mut visuals.widgets.hovered,
        &mut visuals.widgets.active,
    ] {
        widget.fg_stroke = Stroke::NONE;
    }
    ui.spacing_mut().interact_size.y = 18.0;
}
