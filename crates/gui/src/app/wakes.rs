//! What wakes the window when the fleet changes: what is shown, readings less
//! often than the rest.

use std::time::Instant;

use eframe::egui;
use fleet::{Changes, Fleet, Shown, Watch};

use crate::model::{
    boards::Model,
    pace::{Pace, prompt},
};

/// The app's view of the changes of its fleet.
pub(super) struct Wakes {
    /// Sees everything; wakes the window at the [pace](Pace) of readings.
    all: Watch,
    /// Only wakes the window, at once, for what is shown and is no reading. A
    /// watch wakes once until it is drained, so `all` cannot do both.
    prompt: Watch,
    pace: Pace,
    /// What the last frame showed, and which version of the roster it was.
    shown: Option<(Shown, u64)>,
}

impl Wakes {
    pub(super) fn new(fleet: &Fleet, ctx: &egui::Context) -> Self {
        let pace = Pace::default();
        let (paced, of_readings, woken) = (pace.clone(), ctx.clone(), ctx.clone());
        let all = fleet.watch(move || paced.request_frame(&of_readings, Instant::now()));
        let prompt = fleet.watch(move || woken.request_repaint());
        prompt.shows(Shown::default());
        Self {
            all,
            prompt,
            pace,
            shown: None,
        }
    }

    /// Takes the changes, at the beginning of a frame.
    pub(super) fn drain(&mut self, now: Instant) -> Changes {
        self.pace.drawn(now);
        // First, so that a change between the two wakes the window once more.
        self.prompt.drain();
        self.all.drain()
    }

    /// What the last frame showed.
    pub(super) fn shown(&self) -> Option<&Shown> {
        self.shown.as_ref().map(|(shown, _)| shown)
    }

    /// Sets what is shown from now on.
    pub(super) fn shows(&mut self, shown: Shown, model: &Model) {
        let now = (shown, model.roster_version());
        if self.shown.as_ref() == Some(&now) {
            return;
        }
        // Components that appear or disappear change the roster.
        self.prompt.shows(prompt(&now.0, |board| {
            let components = model.board(board).map(|view| &view.components);
            let components = components.into_iter().flatten();
            components.map(|view| view.descriptor.key.clone()).collect()
        }));
        if self.shown() != Some(&now.0) {
            self.all.shows(now.0.clone());
        }
        self.shown = Some(now);
    }
}
