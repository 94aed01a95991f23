//! The time at which a frame is drawn, and when something drawn in it changes
//! by itself. It reads no clock; who draws asks for the next frame no earlier
//! than anything shown needs it, so that a steady window is idle.

use std::{
    cell::{Cell, RefCell},
    time::{Duration, Instant, SystemTime},
};

use eframe::egui;
use jiff::tz::TimeZone;

use super::words;
use crate::fleet::{BoardKey, Shown, Timeline};

/// The time between two frames of something that moves.
const FRAME: Duration = Duration::from_millis(33);

/// One frame's time.
#[derive(Debug)]
pub struct FrameContext {
    /// For ages of links and commands.
    pub now: Instant,
    /// For everything that the fleet keeps, on the scale of its clock, which
    /// never jumps.
    pub wall: SystemTime,
    /// How that reads on the clock of this computer.
    pub timeline: Timeline,
    /// For times of day.
    pub zone: TimeZone,
    next: Cell<Option<Duration>>,
    shown: RefCell<Shown>,
}

impl FrameContext {
    /// A frame at this time.
    pub fn new(now: Instant, wall: SystemTime, zone: TimeZone) -> Self {
        Self {
            now,
            wall,
            timeline: Timeline::new(wall),
            zone,
            next: Cell::new(None),
            shown: RefCell::default(),
        }
    }

    /// The same with a clock that was set.
    #[must_use]
    pub fn with_timeline(self, timeline: Timeline) -> Self {
        Self { timeline, ..self }
    }

    /// The time of day at which something happened that the fleet keeps.
    pub(super) fn time_of_day(&self, at: SystemTime) -> String {
        words::time_of_day(self.timeline.shown(at), &self.zone)
    }

    /// A frame is wanted after `delay` at the latest.
    pub(super) fn again_in(&self, delay: Duration) {
        self.next
            .set(Some(self.next.get().map_or(delay, |next| next.min(delay))));
    }

    /// What is on this board is drawn.
    pub(super) fn shows(&self, board: BoardKey) {
        let mut shown = self.shown.borrow_mut();
        shown.boards.insert(board);
        shown.round_trips.insert(board);
    }

    /// The round trip of this board is drawn.
    pub(super) fn shows_round_trip(&self, board: BoardKey) {
        self.shown.borrow_mut().round_trips.insert(board);
    }

    /// What happens, of whichever board, is drawn.
    pub(super) fn shows_log(&self) {
        self.shown.borrow_mut().log = true;
    }

    /// What was drawn.
    pub(super) fn shown(&self) -> Shown {
        self.shown.take()
    }

    /// Something moves.
    pub(super) fn moving(&self) {
        self.again_in(FRAME);
    }

    /// The age of something, which then ticks.
    pub(super) fn age(&self, since: Instant) -> Duration {
        self.tick(self.now.saturating_duration_since(since))
    }

    /// The age of something that the fleet keeps.
    pub(super) fn wall_age(&self, since: SystemTime) -> Duration {
        self.tick(self.wall.duration_since(since).unwrap_or_default())
    }

    /// The time until something, which then ticks.
    pub(super) fn until(&self, then: Instant) -> Duration {
        let left = then.saturating_duration_since(self.now);
        if !left.is_zero() {
            self.again_in(Duration::from_millis(u64::from(left.subsec_millis()) + 2));
        }
        left
    }

    fn tick(&self, age: Duration) -> Duration {
        self.again_in(words::length_holds(age));
        age
    }

    /// Asks for the next frame, where one is needed.
    pub(super) fn schedule(&self, ctx: &egui::Context) {
        if let Some(next) = self.next.get() {
            ctx.request_repaint_after(next);
        }
    }

    /// When the next frame is needed at the latest; `None` while everything is
    /// steady.
    pub fn next(&self) -> Option<Duration> {
        self.next.get()
    }
}
