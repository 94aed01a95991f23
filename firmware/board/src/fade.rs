//! A light that fades. Computes what the output shows at a given time; reports
//! nothing.

use core::time::Duration;

use protocol::State;
use serde_json::{Value, json};

/// The time between two steps of an output: 50 steps per second look smooth.
const STEP_INTERVAL: Duration = Duration::from_millis(20);

/// A running fade. The reported state is already `to`.
#[derive(Debug, Clone)]
pub(crate) struct Fade {
    from: State,
    to: State,
    began: Duration,
    duration: Duration,
    /// When the output is to be set next.
    pub(crate) next_step: Duration,
    /// The state that the output was set to last.
    pub(crate) shown: State,
}

impl Fade {
    /// A fade from what the output shows to `to`. The caller sets the first
    /// step, [`Self::shown`].
    pub(crate) fn new(from: State, to: State, began: Duration, duration: Duration) -> Self {
        let mut fade = Self {
            from,
            to,
            began,
            duration,
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
        // A light that was off has no color to fade from; one that turns off
        // keeps its color.
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

    /// Whether the output shows the target.
    pub(crate) fn is_over(&self, now: Duration) -> bool {
        now.saturating_sub(self.began) >= self.duration
    }

    /// Steps to the state at `now`, and returns the state that was shown
    /// before. After a delay the next step is on the same grid again, and never
    /// past the end.
    pub(crate) fn step(&mut self, now: Duration) -> State {
        let passed = now.saturating_sub(self.began);
        let steps = passed.as_millis() / STEP_INTERVAL.as_millis() + 1;
        let next = STEP_INTERVAL.saturating_mul(u32::try_from(steps).unwrap_or(u32::MAX));
        self.next_step = self.began + next.min(self.duration);
        let shown = self.at(now);
        core::mem::replace(&mut self.shown, shown)
    }

    /// Interpolates between two numbers, rounded to the nearest whole number.
    fn between(&self, from: i64, to: i64, passed: Duration) -> i64 {
        let millis = |time: Duration| i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
        let duration = millis(self.duration).max(1);
        let change = (to - from) * millis(passed).min(duration);
        let half = if change < 0 {
            -duration / 2
        } else {
            duration / 2
        };
        from + (change + half) / duration
    }
}

/// How bright a light appears, in percent: 0 while it is off. `None` if it
/// cannot be dimmed.
fn level(state: &State) -> Option<u8> {
    let brightness = state.brightness()?;
    Some(if state.on() == Some(true) {
        brightness
    } else {
        0
    })
}
