//! Says when which record is played. Reads no file and no clock.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use protocol::{ComponentKey, State};

use crate::format::{BoardRecord, ComponentRecord, Header, Link, Record, Recorded};

/// The pause between two sessions of one recording, in recorded seconds.
const BETWEEN_SESSIONS: f64 = 1.0;

/// Which part of a recording is played, and how fast.
#[derive(Debug, Clone, PartialEq)]
pub struct Window {
    /// How many recorded seconds are played per second.
    pub speed: f64,
    /// The first moment: seconds since the beginning of the recording.
    pub from: f64,
    /// The last moment; `None`: the end.
    pub to: Option<f64>,
    /// Only these boards, by id or name; empty: all.
    pub boards: Vec<String>,
}

impl Default for Window {
    fn default() -> Self {
        Self {
            speed: 1.0,
            from: 0.0,
            to: None,
            boards: Vec::new(),
        }
    }
}

/// Something to play.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// When, since the replay began.
    pub due: Duration,
    /// When it was recorded, in seconds since 1970.
    pub at: f64,
    /// Its board, as it was recorded.
    pub board: String,
    /// What: a board, a state, a push, an event, a line of a log, or a link.
    pub what: Recorded,
}

/// Turns records into steps.
pub struct Player {
    window: Window,
    /// The recorded time at which the present session began.
    base: f64,
    session: Option<String>,
    /// The latest recorded time.
    last: f64,
    /// Boards whose beginning was not played yet, because it lies before
    /// [`Window::from`].
    skipped: BTreeMap<String, Skipped>,
    /// The names of boards by their ids.
    names: BTreeMap<String, String>,
    playing: bool,
    is_over: bool,
}

/// A board before the first moment.
struct Skipped {
    record: BoardRecord,
    at: f64,
}

impl Player {
    /// Plays this part of a recording.
    pub fn new(window: Window) -> Self {
        let playing = window.from <= 0.0;
        Self {
            window,
            base: 0.0,
            session: None,
            last: 0.0,
            skipped: BTreeMap::new(),
            names: BTreeMap::new(),
            playing,
            is_over: false,
        }
    }

    /// Whether everything was played that is to be played.
    pub fn is_over(&self) -> bool {
        self.is_over
    }

    /// How many recorded seconds were read.
    pub fn position(&self) -> f64 {
        self.last
    }

    /// Whether the first moment was reached.
    pub fn has_begun(&self) -> bool {
        self.playing
    }

    /// A file begins.
    pub fn header(&mut self, header: &Header) {
        if self.session.as_ref() == Some(&header.session) {
            return;
        }
        if self.session.is_some() {
            // The program was off in between, however long.
            self.base = self.last + BETWEEN_SESSIONS;
        }
        self.session = Some(header.session.clone());
    }

    /// The steps of a record: none, one, or the beginning of all boards.
    pub fn record(&mut self, record: Record) -> Vec<Step> {
        let time = self.base + record.t.max(0.0);
        // Boards' clocks differ by some milliseconds: the order is that of the
        // records.
        if time.is_finite() {
            self.last = self.last.max(time);
        }
        if self.window.to.is_some_and(|to| self.last > to) {
            self.is_over = true;
        }
        if self.is_over {
            return Vec::new();
        }
        let mut steps = Vec::new();
        if !self.playing && self.last >= self.window.from {
            self.playing = true;
            for (board, Skipped { record, at }) in std::mem::take(&mut self.skipped) {
                let what = Recorded::Board(Box::new(record));
                steps.push(self.step(at, board, what));
            }
        }
        let Some(board) = record.board else {
            return steps;
        };
        if let Recorded::Board(described) = &record.what {
            self.names.insert(board.clone(), described.name.clone());
        }
        if !self.is_chosen(&board) {
            return steps;
        }
        if self.playing {
            if is_played(&record.what) {
                steps.push(self.step(record.at, board, record.what));
            }
        } else {
            self.skip(record.at, board, record.what);
        }
        steps
    }

    fn step(&self, at: f64, board: String, what: Recorded) -> Step {
        let since = (self.last - self.window.from).max(0.0) / self.window.speed;
        Step {
            due: Duration::try_from_secs_f64(since).unwrap_or(Duration::MAX),
            at,
            board,
            what,
        }
    }

    fn is_chosen(&self, board: &str) -> bool {
        let chosen: BTreeSet<_> = self.window.boards.iter().map(String::as_str).collect();
        let name = self.names.get(board).map(String::as_str);
        chosen.is_empty()
            || chosen.contains(board)
            || name.is_some_and(|name| chosen.contains(name))
    }

    /// Applies a record from before the first moment.
    fn skip(&mut self, at: f64, board: String, what: Recorded) {
        match what {
            Recorded::Board(record) => {
                let record = *record;
                self.skipped.insert(board, Skipped { record, at });
            }
            Recorded::Push { components, .. } | Recorded::State { components } => {
                if let Some(skipped) = self.skipped.get_mut(&board) {
                    skipped.at = at;
                    merge(&mut skipped.record.components, components);
                }
            }
            Recorded::Link { link } => {
                if let Some(skipped) = self.skipped.get_mut(&board) {
                    skipped.record.link = link;
                }
            }
            Recorded::Forgotten => {
                self.skipped.remove(&board);
            }
            _ => {}
        }
    }
}

/// Whether a replayed board does something because of it.
fn is_played(what: &Recorded) -> bool {
    matches!(
        what,
        Recorded::Board(_)
            | Recorded::State { .. }
            | Recorded::Push { .. }
            | Recorded::Event { .. }
            | Recorded::Log { .. }
            | Recorded::Link { .. }
            | Recorded::Forgotten
    )
}

fn merge(components: &mut [ComponentRecord], changes: BTreeMap<ComponentKey, State>) {
    for component in components {
        if let Some(change) = changes.get(&component.descriptor.key) {
            component.state.merge(change);
        }
    }
}

impl Link {
    /// Whether a board with this link can be reached in a replay: one that was
    /// never connected to has a link that says nothing about it.
    pub fn is_reachable(&self) -> bool {
        self.state != "unreachable"
    }
}
