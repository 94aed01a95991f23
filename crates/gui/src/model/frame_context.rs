//! The time of a frame, what it shows, and when the next frame is needed. Reads
//! no clock. The next frame is requested no earlier than something shown
//! changes, so that a steady window is idle.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeSet,
    time::Duration,
};

use eframe::egui;
use jiff::tz::TimeZone;
use protocol::ComponentKey;
use web_time::{Instant, SystemTime};

use fleet::{BoardKey, Shown, Timeline};

/// The time between two frames of something that moves.
const FRAME: Duration = Duration::from_millis(33);

/// The context of one frame.
#[derive(Debug)]
pub struct FrameContext {
    /// For ages of links and commands.
    pub now: Instant,
    /// For times that the fleet keeps, on its own clock, which never jumps.
    pub wall: SystemTime,
    /// Converts the fleet's clock to the clock of this computer.
    pub timeline: Timeline,
    /// For times of day.
    pub zone: TimeZone,
    next: Cell<Option<Duration>>,
    shown: RefCell<Shown>,
    /// Boards whose live preview is in sight.
    previews: RefCell<BTreeSet<BoardKey>>,
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
            previews: RefCell::default(),
        }
    }

    /// The same with another timeline.
    #[must_use]
    pub fn with_timeline(self, timeline: Timeline) -> Self {
        Self { timeline, ..self }
    }

    /// The time of day of an event that the fleet keeps.
    pub(crate) fn time_of_day(&self, at: SystemTime) -> String {
        text::time_of_day(self.timeline.shown(at), &self.zone)
    }

    /// Requests a frame after `delay` at the latest.
    pub(crate) fn again_in(&self, delay: Duration) {
        self.next
            .set(Some(self.next.get().map_or(delay, |next| next.min(delay))));
    }

    /// This board is shown.
    pub(crate) fn shows(&self, board: BoardKey) {
        let mut shown = self.shown.borrow_mut();
        shown.boards.insert(board);
        shown.round_trips.insert(board);
    }

    /// The round trip of this board is shown.
    pub(crate) fn shows_round_trip(&self, board: BoardKey) {
        self.shown.borrow_mut().round_trips.insert(board);
    }

    /// Only these components of this board are shown.
    pub(crate) fn shows_parts(&self, board: BoardKey, parts: Vec<ComponentKey>) {
        self.shown.borrow_mut().parts.insert(board, parts);
    }

    /// The live preview of this board is in sight.
    pub(crate) fn shows_preview(&self, board: BoardKey) {
        self.previews.borrow_mut().insert(board);
    }

    /// The boards whose live preview this frame shows.
    pub(crate) fn previews(&self) -> BTreeSet<BoardKey> {
        self.previews.take()
    }

    /// Events of all boards are shown.
    pub(crate) fn shows_log(&self) {
        self.shown.borrow_mut().log = true;
    }

    /// Events of all boards are shown, without readings.
    pub(crate) fn shows_news(&self) {
        self.shown.borrow_mut().news = true;
    }

    /// Whether a board, or its row in the list, was shown so far.
    pub(crate) fn is_shown(&self, board: BoardKey) -> bool {
        let shown = self.shown.borrow();
        shown.boards.contains(&board) || shown.parts.contains_key(&board)
    }

    /// What this frame shows.
    pub(crate) fn shown(&self) -> Shown {
        self.shown.take()
    }

    /// Requests the next frame of an animation.
    pub(crate) fn moving(&self) {
        self.again_in(FRAME);
    }

    /// The age of something, updated while it is shown.
    pub(crate) fn age(&self, since: Instant) -> Duration {
        self.tick(self.now.saturating_duration_since(since))
    }

    /// The age of something that the fleet keeps, updated while it is shown.
    pub(crate) fn wall_age(&self, since: SystemTime) -> Duration {
        self.tick(self.wall.duration_since(since).unwrap_or_default())
    }

    /// The time until something, updated while it is shown.
    pub(crate) fn until(&self, then: Instant) -> Duration {
        let left = then.saturating_duration_since(self.now);
        if !left.is_zero() {
            self.again_in(Duration::from_millis(u64::from(left.subsec_millis()) + 2));
        }
        left
    }

    fn tick(&self, age: Duration) -> Duration {
        self.again_in(text::length_holds(age));
        age
    }

    /// Requests the next frame if one is needed.
    pub(crate) fn schedule(&self, ctx: &egui::Context) {
        if let Some(next) = self.next.get() {
            ctx.request_repaint_after(next);
        }
    }

    /// When the next frame is needed at the latest; `None` if nothing changes.
    pub fn next(&self) -> Option<Duration> {
        self.next.get()
    }
}
