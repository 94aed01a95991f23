//! The field next to a slider: a value with its unit that can be typed exactly.
//! A typed value that does not fit is corrected, and the field says how. A
//! draft survives pushes of the board until Enter sends it or Escape discards
//! it.

use std::time::Duration;

use eframe::egui::{
    Align2, Id, Key, Modifiers, Response, RichText, TextEdit, Tooltip, Ui,
    accesskit::{Action, ActionData, Role},
    text::{CCursor, CCursorRange},
    vec2,
};

use web_time::Instant;

use crate::{
    model::frame_context::FrameContext,
    widgets::{
        slider::on_step,
        theme::{self, palette},
    },
};

/// The width of a field.
pub(crate) const WIDTH: f32 = 76.0;

/// How long a correction is shown.
const NOTICE: Duration = Duration::from_secs(5);

/// A value that can be typed.
pub(crate) struct ValueField<'a> {
    /// Its accessible name.
    pub(crate) name: &'a str,
    /// `None` if it is unknown, or not the same for all.
    pub(crate) value: Option<f64>,
    /// What is shown then.
    pub(crate) absent: &'a str,
    /// The minimum, the maximum and the step; 0 without steps.
    pub(crate) limits: [f64; 3],
    pub(crate) decimals: Option<u8>,
    pub(crate) unit: Option<&'a str>,
}

/// A correction of a typed value.
#[derive(Clone)]
struct Notice {
    text: String,
    until: Instant,
}

impl ValueField<'_> {
    /// Shows it; the second is a value that the person asks for.
    pub(crate) fn show(&self, ui: &mut Ui, context: &FrameContext) -> (Response, Option<f64>) {
        let id = ui.scope_id().with(("value field", self.name));
        let focused = ui.memory(|memory| memory.has_focus(id));
        let stepped = focused
            .then(|| self.arrows(ui))
            .flatten()
            .or_else(|| self.by_assistant(ui, id));
        let kept = id.with("draft");
        let draft = ui.ctx().data(|data| data.get_temp::<String>(kept));
        let shown = match self.value {
            Some(value) if focused => text::quantity(value, self.decimals, None),
            Some(value) => text::quantity(value, self.decimals, self.unit),
            None => String::new(),
        };
        let mut typed = draft.unwrap_or_else(|| shown.clone());
        let edit = TextEdit::singleline(&mut typed)
            .id(id)
            .desired_width(WIDTH)
            .min_size(vec2(WIDTH, theme::LINE))
            .align(Align2::RIGHT_CENTER)
            .char_limit(24)
            .hint_text(self.absent);
        let response = ui.add_sized(vec2(WIDTH, theme::LINE), edit);
        if response.gained_focus() {
            select_all(ui, id, &typed);
        }
        let escape = ui.input(|input| input.key_pressed(Key::Escape));
        let done = response.lost_focus() && !escape;
        let changed = typed != shown;
        let keep = response.has_focus() && changed && stepped.is_none();
        ui.ctx().data_mut(|data| {
            if keep {
                data.insert_temp(kept, typed.clone());
            } else {
                data.remove::<String>(kept);
            }
        });
        self.describe(&response);
        let requested = stepped.or_else(|| {
            let typed = (done && changed).then_some(typed.as_str())?;
            let (fitting, notice) = self.fit(typed);
            let until = context.now + NOTICE;
            ui.ctx().data_mut(|data| match notice {
                Some(text) => {
                    data.insert_temp(id, Notice { text, until });
                }
                None => data.remove::<Notice>(id),
            });
            fitting
        });
        self.notice(ui, id, &response, context);
        (
            response,
            requested.filter(|value| Some(*value) != self.value),
        )
    }

    /// A value that a screen reader or another assistive program asks for.
    fn by_assistant(&self, ui: &Ui, id: Id) -> Option<f64> {
        if !ui.is_enabled() {
            return None;
        }
        let asked = ui.input(|input| {
            let requests = input.accesskit_action_requests(id, Action::SetValue);
            let numbers = requests.filter_map(|request| match &request.data {
                Some(ActionData::NumericValue(value)) if value.is_finite() => Some(*value),
                Some(ActionData::Value(text)) => self.fit(text).0,
                _ => None,
            });
            numbers.last()
        });
        let count = |action| ui.input(|input| input.num_accesskit_action_requests(id, action));
        let (more, less) = (count(Action::Increment), count(Action::Decrement));
        asked
            .map(|value| on_step(value, self.limits))
            .or_else(|| self.moved(more as f64 - less as f64))
    }

    /// One step up or down.
    fn arrows(&self, ui: &Ui) -> Option<f64> {
        let pressed =
            |key| ui.input_mut(|input| input.count_and_consume_key(Modifiers::NONE, key)) as f64;
        let steps = pressed(Key::ArrowUp) - pressed(Key::ArrowDown);
        self.moved(steps)
    }

    /// The value some steps away.
    fn moved(&self, steps: f64) -> Option<f64> {
        let step = if self.limits[2] > 0.0 {
            self.limits[2]
        } else {
            1.0
        };
        let value = self.value?;
        (steps != 0.0).then(|| on_step(value + steps * step, self.limits))
    }

    /// The value to send for a typed text, and what to say about it.
    fn fit(&self, typed: &str) -> (Option<f64>, Option<String>) {
        let number = typed.trim().trim_end_matches(self.unit.unwrap_or_default());
        let number = number.trim().replace(',', ".");
        let Some(asked) = number.parse().ok().filter(|value: &f64| value.is_finite()) else {
            let text = format!("\"{}\" is not a number", text::plain(typed.trim()));
            return (None, Some(text));
        };
        let [min, max, step] = self.limits;
        let words = |value| text::quantity(value, self.decimals, self.unit);
        let fitting = on_step(asked, self.limits);
        let why = if asked < min {
            Some(format!("The minimum is {}", words(min)))
        } else if asked > max {
            Some(format!("The maximum is {}", words(max)))
        } else if (fitting - asked).abs() > (max - min).abs() * 1e-9 {
            let step = text::quantity(step, None, None);
            Some(format!("The step is {step}: {}", words(fitting)))
        } else {
            None
        };
        (Some(fitting), why)
    }

    fn describe(&self, response: &Response) {
        let [min, max, _] = self.limits;
        response.ctx.accesskit_node_builder(response.id, |node| {
            node.set_role(Role::SpinButton);
            node.set_label(self.name);
            if min.is_finite() && max.is_finite() {
                node.set_min_numeric_value(min);
                node.set_max_numeric_value(max);
            }
            if let Some(value) = self.value {
                node.set_numeric_value(value);
                node.add_action(Action::Increment);
                node.add_action(Action::Decrement);
            }
        });
    }

    /// What was wrong with the last typed value, below the field for a while.
    fn notice(&self, ui: &Ui, id: Id, response: &Response, context: &FrameContext) {
        let Some(notice) = ui.ctx().data(|data| data.get_temp::<Notice>(id)) else {
            return;
        };
        if context.until(notice.until).is_zero() {
            ui.ctx().data_mut(|data| data.remove::<Notice>(id));
            return;
        }
        Tooltip::always_open(
            ui.ctx().clone(),
            ui.layer_id(),
            id.with("notice"),
            response.rect,
        )
        .show(|ui| {
            let color = palette(ui).doubtful;
            let label = ui.label(RichText::new(&notice.text).color(color));
            label.ctx.accesskit_node_builder(label.id, |node| {
                node.set_role(Role::Status);
                node.clear_value();
                node.set_label(format!("{}: {}", self.name, notice.text));
            });
        });
    }
}

/// Selects the whole text of a field.
pub(crate) fn select_all(ui: &Ui, id: Id, typed: &str) {
    let mut state = TextEdit::load_state(ui.ctx(), id).unwrap_or_default();
    let all = CCursorRange::two(CCursor::new(0), CCursor::new(typed.chars().count()));
    state.cursor.set_char_range(Some(all));
    state.store(ui.ctx(), id);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typed_value_that_does_not_fit_is_explained() {
        let field = ValueField {
            name: "",
            value: Some(50.0),
            absent: "",
            limits: [0.0, 100.0, 5.0],
            decimals: None,
            unit: Some("%"),
        };
        let fit = |typed| {
            let (value, notice) = field.fit(typed);
            (value, notice.unwrap_or_default())
        };
        assert_eq!(fit("75"), (Some(75.0), String::new()));
        assert_eq!(fit(" 75 % "), (Some(75.0), String::new()));
        assert_eq!(fit("77"), (Some(75.0), "The step is 5: 75 %".to_owned()));
        assert_eq!(fit("300"), (Some(100.0), "The maximum is 100 %".to_owned()));
        assert_eq!(fit("-1"), (Some(0.0), "The minimum is 0 %".to_owned()));
        assert_eq!(fit("warm"), (None, "\"warm\" is not a number".to_owned()));
    }
}
