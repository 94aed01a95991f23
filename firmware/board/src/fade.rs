//! A light on its way from one look to another. Computes what the output shows
//! at a moment; reports nothing.

use core::time::Duration;

use protocol::State;
use serde_json::{Value, json};

/// The time from one step of an output to the next: 50 a second look smooth.
const STEP: Duration = Duration::from_millis(20);

/// A fade under way. What is reported is already `to`.
#[derive(Debug, Clone)]
pub(crate) struct Fade {
    from: State,
    to: State,
    began: Duration,
    lasts: Duration,
    /// When the output is set next.
    pub(crate) next_step: Duration,
    /// What the output was set to last.
    pub(crate) shown: State,
}

impl Fade {
    /// A fade from what the output shows to `to`. Its first step is for the
    /// caller to set: [`Self::at`] `began`.
    pub(crate) fn new(from: State, to: State, began: Duration, lasts: Duration) -> Self {
        let mut fade = Self {
            from,
            to,
            began,
            lasts,
            next_step: began,
            shown: State::new(),
        };
        fade.step(began);
        fade
    }

    /// What the output shows at `now`.
    pub(crate) fn at(&self, now: Duration) -> State {
        if self.is_over(now) {
            return self.to.clone();
        }
        let passed = now.saturating_sub(self.began);
        let mut shown = self.to.clone();
        let lit = |state: &State| state.on() == Some(true);
        if let (Some(from), Some(to)) = (level(&self.from), level(&self.to)) {
            shown
                .0
                .insert("on".into(), json!(lit(&self.from) || lit(&self.to)));
            shown.0.insert(
                "brightness".into(),
                json!(self.between(from.into(), to.into(), passed)),
            );
        }
        // A lamp that was dark has no colour to come from; one that goes dark
        // keeps the colour it had.
        if lit(&self.from) && lit(&self.to) {
            if let (Some(from), Some(to)) = (self.from.rgb(), self.to.rgb()) {
                let mixed = from
                    .iter()
                    .zip(to)
                    .map(|(from, to)| self.between((*from).into(), to.into(), passed));
                shown
                    .0
                    .insert("rgb".into(), mixed.map(Value::from).collect());
            }
            if let (Some(from), Some(to)) = (self.from.ct_k(), self.to.ct_k()) {
                shown.0.insert(
                    "ct_k".into(),
                    json!(self.between(from.into(), to.into(), passed)),
                );
            }
        }
        shown
    }

    /// Whether the output has arrived.
    pub(crate) fn is_over(&self, now: Duration) -> bool {
        now.saturating_sub(self.began) >= self.lasts
    }

    /// Goes to what is shown at `now`, and answers what was shown before. The
    /// next step is on the grid of steps, however late this one came, and never
    /// past the end.
    pub(crate) fn step(&mut self, now: Duration) -> State {
        let passed = now.saturating_sub(self.began);
        let steps = passed.as_millis() / STEP.as_millis() + 1;
        let next = STEP.saturating_mul(u32::try_from(steps).unwrap_or(u32::MAX));
        self.next_step = self.began + next.min(self.lasts);
        let shown = self.at(now);
        core::mem::replace(&mut self.shown, shown)
    }

    /// `passed` of the way from one number to another, in whole numbers,
    /// rounded to the nearest.
    fn between(&self, from: i64, to: i64, passed: Duration) -> i64 {
        let millis = |time: Duration| i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
        let lasts = millis(self.lasts).max(1);
        let way = (to - from) * millis(passed).min(lasts);
        let half = if way < 0 { -lasts / 2 } else { lasts / 2 };
        from + (way + half) / lasts
    }
}

/// How bright a light is to the eye, in percent: 0 while it is off. `None`
/// where it cannot be dimmed.
fn level(state: &State) -> Option<u8> {
    let brightness = state.brightness()?;
    Some(if state.on() == Some(true) {
        brightness
    } else {
        0
    })
}
