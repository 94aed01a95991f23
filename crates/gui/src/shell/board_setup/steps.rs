//! The list of the steps: which is the present one, and how the others ended.

use eframe::egui::{Align2, FontId, Rect, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};

use crate::{
    model::board_setup::{Setup, Step, StepOutcome},
    widgets::{
        icon, text_line,
        theme::{self, HALF, UNIT, palette},
    },
};

/// The size of a step's mark.
const MARK: f32 = 20.0;

/// All steps, below each other.
pub(super) fn column(ui: &mut Ui, setup: &Setup, width: f32) {
    ui.spacing_mut().item_spacing.y = UNIT * 1.5;
    for at in Step::ALL {
        entry(ui, setup, at, width);
    }
}

/// The current step only, for a narrow dialog.
pub(super) fn line(ui: &mut Ui, setup: &Setup) {
    let at = setup.step;
    let words = format!("{} of {}: {}", at.place() + 1, Step::ALL.len(), at.title());
    text_line::label(ui, &words, &words, theme::strong(), palette(ui).weak);
}

/// How the steps ended, in words, for the last step of a narrow dialog.
pub(super) fn summary(ui: &mut Ui, setup: &Setup) {
    ui.spacing_mut().item_spacing.y = UNIT;
    let width = ui.available_width();
    for at in Step::ALL.into_iter().filter(|at| *at != Step::Done) {
        entry(ui, setup, at, width);
    }
}

fn entry(ui: &mut Ui, setup: &Setup, at: Step, width: f32) {
    let palette = palette(ui);
    let now = setup.step == at;
    let outcome = setup.outcomes.get(at.place()).and_then(Option::as_ref);
    let words = outcome.map_or("", |outcome| outcome.words());
    let left = MARK + UNIT;
    let below = (!words.is_empty()).then(|| {
        let room = (width - left).max(0.0);
        text_line::wrapped(ui, words, theme::small(), palette.weak, room)
    });
    let height = MARK + below.as_ref().map_or(0.0, |below| below.size().y);
    let (rect, response) = ui.allocate_exact_size(vec2(width, height), Sense::hover());
    let mark = Rect::from_min_size(rect.min, vec2(MARK, MARK));
    match outcome.filter(|_| !now) {
        None => number(ui, mark, at.place() + 1, now),
        Some(outcome) => sign(ui, mark, outcome),
    }
    let color = match now || outcome.is_some() {
        true => palette.text,
        false => palette.weak,
    };
    let font = if now { theme::strong() } else { theme::body() };
    let title = Rect::from_min_max(
        pos2(rect.left() + left, rect.top()),
        pos2(rect.right(), rect.top() + MARK),
    );
    text_line::paint(ui, title, Align2::LEFT_CENTER, at.title(), font, color);
    if let Some(below) = below {
        let place = pos2(rect.left() + left, rect.top() + MARK);
        ui.painter().galley(place, below, palette.weak);
    }
    let state = match (now, outcome) {
        (true, None) => "current step".to_owned(),
        (false, None) => "to do".to_owned(),
        (_, Some(StepOutcome::Done(words))) => format!("done: {words}"),
        (_, Some(StepOutcome::Skipped(words))) => format!("skipped: {words}"),
        (_, Some(StepOutcome::Failed(words))) => format!("failed: {words}"),
    };
    let name = format!("{}: {state}", at.title());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &name));
}

fn number(ui: &Ui, rect: Rect, number: usize, now: bool) {
    let palette = palette(ui);
    let digit = number.to_string();
    let center = Align2::CENTER_CENTER;
    let painter = ui.painter();
    let radius = MARK / 2.0 - 1.0;
    let color = match now {
        true => {
            painter.circle_filled(rect.center(), radius + 0.5, palette.accent);
            palette.on_accent
        }
        false => {
            painter.circle_stroke(rect.center(), radius, Stroke::new(1.0, palette.outline));
            palette.weak
        }
    };
    text_line::paint(ui, rect, center, &digit, theme::small(), color);
}

fn sign(ui: &Ui, rect: Rect, outcome: &StepOutcome) {
    let palette = palette(ui);
    let (sign, color) = match outcome {
        StepOutcome::Done(_) => (icon::CHECK_CIRCLE, palette.good),
        StepOutcome::Skipped(_) => (icon::ARROW_RIGHT, palette.weak),
        StepOutcome::Failed(_) => (icon::X_CIRCLE, palette.bad),
    };
    let font = FontId::new(MARK, theme::icon().family);
    let place = rect.expand(HALF);
    text_line::paint(ui, place, Align2::CENTER_CENTER, sign, font, color);
}
