//! The table of a scene: the target and current state of each component.

use disk::documents::{Fit, Scene, SceneStep, state_of};

use super::changes::{updated, without};
use crate::{
    model::{
        batch::{Operation, SentBatch},
        boards::Model,
        page_context::PageContext,
    },
    widgets::{
        icon,
        layout::{Within as _, between, left_of},
        text_line,
        theme::{self, UNIT, palette},
    },
};
use eframe::egui::{
    Align2, Button, Color32, Rect, ScrollArea, Sense, Stroke, Ui, WidgetInfo, accesskit::Role,
    pos2, vec2,
};
use fleet::Outcome;
use protocol::State;

/// The height of a row.
const ROW: f32 = 36.0;

/// The status of a component of a scene.
struct Standing {
    sign: &'static str,
    color: Color32,
    /// The text after the target state.
    words: String,
}

pub(super) fn steps(
    ui: &mut Ui,
    scene_at: usize,
    scene: &Scene,
    context: &PageContext<'_>,
    last: Option<&SentBatch>,
) {
    let model = context.model;
    ui.spacing_mut().item_spacing.y = 0.0;
    columns(ui, |ui, [_, name, target, now, _]| {
        for (rect, words) in [(name, "Component"), (target, "Target"), (now, "Now")] {
            text_line::paint(
                ui,
                rect,
                Align2::LEFT_CENTER,
                words,
                theme::small(),
                palette(ui).weak,
            );
        }
    });
    let area = ScrollArea::vertical().id_salt("steps").auto_shrink(false);
    area.show_rows(ui, ROW, scene.steps.len(), |ui, rows| {
        for at in rows {
            let Some(step) = scene.steps.get(at) else {
                continue;
            };
            columns(ui, |ui, rects| {
                let (take, remove) = row(ui, step, model, last, rects);
                let pin = &step.pin;
                if take {
                    let title = format!("Update {} in {}", model.pin_title(pin), scene.name);
                    let pins = std::slice::from_ref(pin);
                    context.extend(updated(scene_at, scene, pins, title, model));
                }
                if remove {
                    context.extend(without(scene_at, scene, pin, model));
                }
            });
        }
    });
}

/// A row with its fields: icon, name, target state, current state, buttons.
fn columns(ui: &mut Ui, add: impl FnOnce(&mut Ui, [Rect; 5])) {
    let width = left_of(ui.available_width(), UNIT * 1.5);
    let (rect, _) = ui.allocate_exact_size(vec2(width, ROW), Sense::hover());
    ui.painter().hline(
        rect.x_range(),
        rect.bottom(),
        Stroke::new(1.0, palette(ui).border),
    );
    let (sign, buttons) = (28.0, 72.0);
    let rest = left_of(width, sign + buttons);
    let mut left = rect.left();
    let rects = [sign, rest * 0.34, rest * 0.36, rest * 0.3, buttons].map(|width| {
        let field = between(
            pos2(left, rect.top()),
            pos2(left + width - UNIT, rect.bottom()),
        );
        left += width;
        field
    });
    add(ui, rects);
}

/// Shows a component of the scene; returns whether to update it to the current
/// state, and whether to remove it.
fn row(
    ui: &mut Ui,
    step: &SceneStep,
    model: &Model,
    last: Option<&SentBatch>,
    [sign, name, target, now, buttons]: [Rect; 5],
) -> (bool, bool) {
    let palette = palette(ui);
    let title = model.pin_title(&step.pin);
    let descriptor = model
        .pinned(&step.pin)
        .map(|(_, view)| view.descriptor.as_ref());
    let wants = text::fields(&step.set, descriptor);
    let standing = standing(ui, step, model, last);
    text_line::paint(
        ui,
        sign,
        Align2::CENTER_CENTER,
        standing.sign,
        theme::icon(),
        standing.color,
    );
    let spoken = format!("{title}: {wants}; {}", standing.words);
    text_line::field(
        ui,
        name,
        Align2::LEFT_CENTER,
        &title,
        &spoken,
        (theme::body(), palette.text),
    )
    .on_hover_text(&spoken);
    let mut target = target;
    if let Some([r, g, b]) = step.set.rgb() {
        let swatch = Rect::from_center_size(
            pos2(target.left() + 8.0, target.center().y),
            vec2(16.0, 16.0),
        );
        ui.painter()
            .rect_filled(swatch, theme::CONTROL_RADIUS, Color32::from_rgb(r, g, b));
        let outline = Stroke::new(1.0, palette.outline);
        ui.painter().rect_stroke(
            swatch,
            theme::CONTROL_RADIUS,
            outline,
            eframe::egui::StrokeKind::Inside,
        );
        target = target.after_x(swatch.right() + UNIT);
    }
    // The name has the accessible name of the whole row.
    for (column, field, words, color) in [
        ("target", target, wants.as_str(), palette.text),
        ("now", now, standing.words.as_str(), standing.color),
    ] {
        text_line::paint(ui, field, Align2::LEFT_CENTER, words, theme::body(), color);
        let id = ui.auto_id_with((&title, column));
        ui.interact(field, id, Sense::hover()).on_hover_text(words);
    }
    let half = buttons.split_left_right_at_fraction(0.5);
    let there = model
        .pinned(&step.pin)
        .is_some_and(|(_, view)| now_of(view).is_some());
    let button = |ui: &mut Ui, rect: Rect, enabled: bool, sign: &str, name: String, hint: &str| {
        let mut child = ui.new_child(
            eframe::egui::UiBuilder::new()
                .id_salt(&name)
                .max_rect(rect.inset(vec2(1.0, 5.0))),
        );
        let response = child.add_enabled(enabled, Button::new(sign).frame_when_inactive(false));
        response.widget_info(|| WidgetInfo::labeled(Role::Button, enabled, &name));
        response.on_hover_text(hint).clicked()
    };
    let take = button(
        ui,
        half.0,
        there,
        icon::ARROW_CLOCKWISE,
        format!("{title}: update to current state"),
        "Store its current state",
    );
    let remove = button(
        ui,
        half.1,
        true,
        icon::X,
        format!("{title}: remove"),
        "Remove from the scene",
    );
    (take, remove)
}

/// The result of the last time, until the component's state shows it.
fn standing(ui: &Ui, step: &SceneStep, model: &Model, last: Option<&SentBatch>) -> Standing {
    let palette = palette(ui);
    let is = |sign, color, words: &str| Standing {
        sign,
        color,
        words: words.to_owned(),
    };
    let Some((board, view)) = model.pinned(&step.pin) else {
        return match model.pinned_board(&step.pin) {
            Some(_) => is(icon::X_CIRCLE, palette.bad, "not on the board"),
            None => is(icon::X_CIRCLE, palette.bad, "board not found"),
        };
    };
    let shown = view.shown();
    let fit = step.fit(&shown);
    let answered = last.and_then(|given| {
        let of =
            |what: &Operation| matches!(what, Operation::Set(key, _) if *key == step.pin.component);
        given
            .steps
            .iter()
            .find(|answered| answered.step.board == board.key && of(&answered.step.what))
    });
    match answered.map(|answered| &answered.outcome) {
        Some(None) => return is(icon::CLOCK, palette.underway, "pending"),
        Some(Some(outcome)) if !matches!(outcome, Outcome::Done { .. }) && fit != Fit::AsWanted => {
            return is(icon::WARNING, palette.bad, &text::answer(outcome));
        }
        _ => {}
    }
    // A light that shows a color temperature where the target is a color is
    // described by it.
    let mut now = now_of(view).unwrap_or_default();
    now.0
        .retain(|field, _| step.set.get(field).is_some() || matches!(field, "rgb" | "ct_k"));
    let now = text::fields(&now, Some(&view.descriptor));
    match fit {
        Fit::AsWanted => is(icon::CHECK, palette.good, "matches"),
        Fit::Otherwise => Standing {
            sign: icon::ARROW_RIGHT,
            color: palette.weak,
            words: now,
        },
        Fit::Unknown => is(icon::CLOCK, palette.weak, "unknown"),
    }
}

/// The current state of a component, as far as it can be set and is known.
pub(super) fn now_of(view: &fleet::ComponentView) -> Option<State> {
    state_of(&view.descriptor.key.kind, &view.shown())
}
