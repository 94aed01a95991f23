//! The slider of this program, the same everywhere: one height, one fill, arrow
//! keys by the step, Home and End. It has no handle while its value is unknown.
//! While it is dragged it reports each value once.

use eframe::egui::{
    Color32, CornerRadius, Key, Mesh, Modifiers, Rect, Response, Sense, Shape, Stroke, StrokeKind,
    Ui,
    accesskit::{Action, ActionData, Role},
    lerp, pos2, vec2,
};

use crate::widgets::{
    focus,
    layout::Within as _,
    theme::{self, palette},
};

/// The radius of the handle.
const HANDLE: f32 = 7.0;

/// The height of a plain rail, and of a painted one, on which the value is a
/// place rather than an amount.
const RAIL: f32 = 6.0;
const PAINTED_RAIL: f32 = 12.0;

/// The steps of Page Up and Page Down.
const PAGE: f64 = 10.0;

/// What a slider looks like.
pub(crate) enum Rail<'a> {
    /// Filled up to the value.
    Filled,
    /// The color of each place, from 0 to 1.
    Painted(&'a dyn Fn(f32) -> Color32),
}

/// What a slider shows.
pub(crate) struct Slider<'a> {
    /// Its accessible name.
    pub(crate) name: &'a str,
    /// `None` if it is unknown, or not the same for all.
    pub(crate) value: Option<f64>,
    /// The accessible value without a value.
    pub(crate) absent: &'a str,
    /// The lowest and highest of several values.
    pub(crate) spread: Option<[f64; 2]>,
    /// The minimum, the maximum and the step; 0 without steps.
    pub(crate) limits: [f64; 3],
    pub(crate) width: f32,
    pub(crate) rail: Rail<'a>,
}

impl Slider<'_> {
    /// Shows it; the second is a value that the person asks for.
    pub(crate) fn show(self, ui: &mut Ui) -> (Response, Option<f64>) {
        let size = vec2(self.width.max(0.0), theme::LINE);
        let (rect, mut response) = ui.allocate_exact_size(size, Sense::click_and_drag());
        let inner = rect.inset(vec2(HANDLE, 0.0));
        let requested = self
            .by_pointer(&response, inner)
            .or_else(|| self.by_keys(ui, &response))
            .or_else(|| self.by_assistant(ui, &response))
            .filter(|requested| Some(*requested) != self.value);
        let requested = is_new(ui, &response, requested);
        if requested.is_some() {
            response.mark_changed();
        }
        self.describe(ui, &response);
        if ui.is_rect_visible(rect) {
            self.paint(ui, &response, rect, requested.or(self.value));
        }
        (response, requested)
    }

    fn by_pointer(&self, response: &Response, inner: Rect) -> Option<f64> {
        let pointer = response.interact_pointer_pos()?;
        let [low, high, _] = self.limits;
        let share = match inner.width() {
            width if width > 0.0 => ((pointer.x - inner.left()) / width).clamp(0.0, 1.0),
            _ => 0.0,
        };
        Some(on_step(low + f64::from(share) * (high - low), self.limits))
    }

    fn by_keys(&self, ui: &Ui, response: &Response) -> Option<f64> {
        if !response.has_focus() {
            return None;
        }
        focus::keep_arrows(ui, response.id);
        let pressed =
            |key| ui.input_mut(|input| input.count_and_consume_key(Modifiers::NONE, key)) as f64;
        let steps = pressed(Key::ArrowRight) + pressed(Key::ArrowUp)
            - pressed(Key::ArrowLeft)
            - pressed(Key::ArrowDown)
            + PAGE * (pressed(Key::PageUp) - pressed(Key::PageDown));
        if pressed(Key::Home) > 0.0 {
            return Some(self.limits[0]);
        }
        if pressed(Key::End) > 0.0 {
            return Some(self.limits[1]);
        }
        self.moved(steps)
    }

    fn by_assistant(&self, ui: &Ui, response: &Response) -> Option<f64> {
        if !ui.is_enabled() {
            return None;
        }
        let asked = ui.input(|input| {
            input
                .accesskit_action_requests(response.id, Action::SetValue)
                .filter_map(|request| match request.data {
                    Some(ActionData::NumericValue(value)) => Some(value),
                    _ => None,
                })
                .last()
        });
        if let Some(asked) = asked {
            return Some(on_step(asked, self.limits));
        }
        let count = |action| {
            ui.input(|input| input.num_accesskit_action_requests(response.id, action)) as f64
        };
        self.moved(count(Action::Increment) - count(Action::Decrement))
    }

    /// The value some steps away.
    fn moved(&self, steps: f64) -> Option<f64> {
        if steps == 0.0 {
            return None;
        }
        let [low, high, step] = self.limits;
        let step = if step > 0.0 {
            step
        } else {
            (high - low) / 100.0
        };
        let from = self.value.unwrap_or(low);
        Some(on_step(from + steps * step, self.limits))
    }

    fn describe(&self, ui: &Ui, response: &Response) {
        let [low, high, step] = self.limits;
        response.ctx.accesskit_node_builder(response.id, |node| {
            node.set_role(Role::Slider);
            node.set_label(self.name);
            node.set_min_numeric_value(low);
            node.set_max_numeric_value(high);
            if step > 0.0 {
                node.set_numeric_value_step(step);
            }
            match self.value {
                Some(value) => node.set_numeric_value(value),
                None => node.set_value(self.absent),
            }
            if ui.is_enabled() {
                node.add_action(Action::SetValue);
                node.add_action(Action::Increment);
                node.add_action(Action::Decrement);
            } else {
                node.set_disabled();
            }
        });
    }

    fn paint(&self, ui: &Ui, response: &Response, rect: Rect, value: Option<f64>) {
        let palette = palette(ui);
        let inner = rect.inset(vec2(HANDLE, 0.0));
        let color = if ui.is_enabled() {
            palette.accent
        } else {
            palette.outline
        };
        let x = |value| lerp(inner.left()..=inner.right(), share(value, self.limits));
        match &self.rail {
            Rail::Filled => {
                let rail = Rect::from_center_size(rect.center(), vec2(rect.width(), RAIL));
                let radius = CornerRadius::same(3);
                ui.painter().rect_filled(rail, radius, palette.rail);
                if let Some([low, high]) = self.spread.filter(|[low, high]| low < high) {
                    let band = rail.after_x(x(low)).until_x(x(high));
                    ui.painter()
                        .rect_filled(band, radius, color.gamma_multiply(0.5));
                }
                if let Some(value) = value {
                    ui.painter()
                        .rect_filled(rail.until_x(x(value)), radius, color);
                }
                // The rail itself is too faint to show how far it goes.
                let edge = Stroke::new(1.0, palette.outline);
                ui.painter()
                    .rect_stroke(rail, radius, edge, StrokeKind::Inside);
            }
            Rail::Painted(of) => {
                let rail = Rect::from_center_size(rect.center(), vec2(rect.width(), PAINTED_RAIL));
                let dim = if ui.is_enabled() { 1.0 } else { 0.4 };
                gradient(ui, rail, &|share| of(share).gamma_multiply(dim));
            }
        }
        let Some(value) = value else { return };
        let center = pos2(x(value), rect.center().y);
        let radius = if response.hovered() || response.dragged() {
            HANDLE + 1.0
        } else {
            HANDLE
        };
        let edge = match (response.has_focus(), &self.rail) {
            (true, _) => Stroke::new(2.0, palette.text),
            (false, Rail::Filled) => Stroke::NONE,
            (false, Rail::Painted(_)) => Stroke::new(2.0, palette.card),
        };
        ui.painter().circle(center, radius, color, edge);
    }
}

/// A rail with rounded ends in the colors from 0 to 1.
fn gradient(ui: &Ui, rail: Rect, of: &dyn Fn(f32) -> Color32) {
    const PIECES: u32 = 24;
    let radius = rail.height() / 2.0;
    let inner = rail.inset(vec2(radius, 0.0));
    ui.painter()
        .circle_filled(inner.left_center(), radius, of(0.0));
    ui.painter()
        .circle_filled(inner.right_center(), radius, of(1.0));
    let mut mesh = Mesh::default();
    for piece in 0..=PIECES {
        let share = piece as f32 / PIECES as f32;
        let x = lerp(inner.left()..=inner.right(), share);
        mesh.colored_vertex(pos2(x, inner.top()), of(share));
        mesh.colored_vertex(pos2(x, inner.bottom()), of(share));
    }
    for piece in 0..PIECES {
        let first = 2 * piece;
        mesh.add_triangle(first, first + 1, first + 2);
        mesh.add_triangle(first + 1, first + 2, first + 3);
    }
    ui.painter().add(Shape::mesh(mesh));
    ui.painter().rect_stroke(
        rail,
        CornerRadius::same(6),
        Stroke::new(1.0, palette(ui).outline),
        StrokeKind::Inside,
    );
}

/// What is requested, if it is new. Until the fleet shows what was asked for, a
/// held control would report the same value every frame.
pub(crate) fn is_new<T: Copy + PartialEq + Send + Sync + 'static>(
    ui: &Ui,
    response: &Response,
    requested: Option<T>,
) -> Option<T> {
    let held = response.id.with("asked");
    if response.interact_pointer_pos().is_none() {
        ui.ctx().data_mut(|data| data.remove::<T>(held));
        return requested;
    }
    let requested = requested?;
    ui.ctx().data_mut(|data| {
        let last = data.get_temp::<T>(held);
        data.insert_temp(held, requested);
        (last != Some(requested)).then_some(requested)
    })
}

#[expect(clippy::cast_possible_truncation, reason = "a share between 0 and 1")]
fn share(value: f64, [low, high, _]: [f64; 3]) -> f32 {
    if high > low {
        ((value - low) / (high - low)).clamp(0.0, 1.0) as f32
    } else {
        0.0
    }
}

/// The nearest value that fits the limits: on a step from the minimum, without
/// the rounding noise of binary fractions.
pub(crate) fn on_step(value: f64, [min, max, step]: [f64; 3]) -> f64 {
    let max = max.max(min);
    if step <= 0.0 || !min.is_finite() {
        return value.clamp(min, max);
    }
    let exact = min + ((value - min) / step).round() * step;
    let rounded = text::significant(exact, 12);
    if rounded.is_finite() {
        rounded.clamp(min, max)
    } else {
        value.clamp(min, max)
    }
}

#[cfg(test)]
mod tests {
    use super::on_step;

    #[test]
    fn a_value_snaps_to_a_step_without_rounding_noise() {
        assert_eq!(on_step(0.304, [0.0, 1.0, 0.1]), 0.3);
        assert_eq!(on_step(21.74, [5.0, 30.0, 0.5]), 21.5);
        assert_eq!(on_step(99.0, [0.0, 10.0, 3.0]), 10.0);
        assert_eq!(on_step(1.52e-9, [0.0, 1e-8, 1e-10]), 1.5e-9);
        assert_eq!(on_step(7.0, [0.0, 10.0, 0.0]), 7.0);
    }
}
