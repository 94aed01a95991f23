//! What wakes the window when the fleet changes: what is shown, readings less
//! often than the rest.

use eframe::egui;
use fleet::{Changes, Fleet, Shown, Urgency, Watch};
use web_time::Instant;

use crate::model::pace::Pace;

/// The app's view of the changes of its fleet.
pub(super) struct Wakes {
    watch: Watch,
    pace: Pace,
    /// What the last frame showed.
    shown: Option<Shown>,
}

impl Wakes {
    pub(super) fn new(fleet: &Fleet, ctx: &egui::Context) -> Self {
        let pace = Pace::default();
        let (paced, ctx) = (pace.clone(), ctx.clone());
        let watch = fleet.watch(move |urgency| match urgency {
            Urgency::Prompt => ctx.request_repaint(),
            Urgency::Reading => paced.request_frame(&ctx, Instant::now()),
        });
        Self {
            watch,
            pace,
            shown: None,
        }
    }

    /// Takes the changes, at the beginning of a frame.
    pub(super) fn drain(&mut self, now: Instant) -> Changes {
        self.pace.drawn(now);
        self.watch.drain()
    }

    /// What the last frame showed.
    pub(super) fn shown(&self) -> Option<&Shown> {
        self.shown.as_ref()
    }

    /// Sets what is shown from now on.
    pub(super) fn shows(&mut self, shown: Shown) {
        if self.shown.as_ref() != Some(&shown) {
            self.watch.shows(shown.clone());
            self.shown = Some(shown);
        }
    }
}
