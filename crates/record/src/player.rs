//! Says when which record is played. Reads no file and no clock.

use std::{collections::BTreeMap, time::Duration};

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

impl Window {
    /// The speeds that are accepted.
    pub const SPEEDS: std::ops::RangeInclusive<f64> = 0.01..=100_000.0;
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
        let chosen = &self.window.boards;
        let name = self.names.get(board);
        chosen.is_empty()
            || chosen
                .iter()
                .any(|chosen| chosen == board || Some(chosen) == name)
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
                    merge(&mut skipped.record.components, &components);
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

fn merge(components: &mut [ComponentRecord], changes: &BTreeMap<ComponentKey, State>) {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn header(session: &str) -> Header {
        Header {
            switchboard_recording: crate::FORMAT,
            program: String::new(),
            session: session.to_owned(),
            started: 0.0,
            part: 1,
        }
    }

    fn record(t: f64, board: &str, what: Recorded) -> Record {
        Record {
            at: 1_000.0 + t,
            t,
            board: Some(board.to_owned()),
            what,
        }
    }

    fn board(name: &str, on: bool) -> Recorded {
        let key: ComponentKey = "switch:0".parse().expect("a key");
        Recorded::Board(Box::new(BoardRecord {
            name: name.to_owned(),
            family: "switchboard".to_owned(),
            address: "192.0.2.1:80".to_owned(),
            locked: None,
            link: Link {
                state: "connected".to_owned(),
                problem: None,
            },
            info: None,
            components: vec![ComponentRecord {
                descriptor: protocol::Descriptor::new(key.kind, key.id, ""),
                state: State::new().with("on", on),
            }],
        }))
    }

    fn push(on: bool) -> Recorded {
        let key = "switch:0".parse().expect("a key");
        Recorded::Push {
            components: BTreeMap::from([(key, State::new().with("on", on))]),
            origin: None,
            delay_ms: None,
        }
    }

    /// When steps are due, in milliseconds.
    fn due(steps: &[Step]) -> Vec<u128> {
        steps.iter().map(|step| step.due.as_millis()).collect()
    }

    #[test]
    fn steps_keep_the_order_and_the_spacing_divided_by_the_speed() {
        let mut player = Player::new(Window {
            speed: 10.0,
            ..Window::default()
        });
        player.header(&header("1"));
        let mut steps = player.record(record(0.1, "a", board("A", false)));
        // A timestamp that is before the last one is played in the order of the
        // records.
        for t in [1.0, 3.0, 2.9, 5.0] {
            steps.extend(player.record(record(t, "a", push(true))));
        }
        steps.extend(player.record(record(5.1, "a", Recorded::End)));
        assert_eq!(due(&steps), [10, 100, 300, 300, 500]);
    }

    #[test]
    fn a_window_begins_with_the_states_of_its_first_moment_and_ends() {
        let mut player = Player::new(Window {
            from: 10.0,
            to: Some(20.0),
            ..Window::default()
        });
        player.header(&header("1"));
        let mut steps = player.record(record(0.0, "a", board("A", false)));
        steps.extend(player.record(record(1.0, "b", board("B", false))));
        steps.extend(player.record(record(9.0, "a", push(true))));
        steps.extend(player.record(record(9.5, "b", Recorded::Forgotten)));
        assert!(steps.is_empty() && !player.has_begun());
        steps.extend(player.record(record(12.0, "a", push(false))));
        assert_eq!(due(&steps), [2_000, 2_000]);
        let on = match steps.first().map(|step| &step.what) {
            Some(Recorded::Board(first)) => first.components.first().and_then(|one| one.state.on()),
            _ => None,
        };
        assert_eq!(on, Some(true), "the push before the window counts");
        assert!(player.record(record(20.5, "a", push(true))).is_empty());
        assert!(player.is_over());
    }

    #[test]
    fn another_session_follows_after_a_second_however_long_the_pause_was() {
        let mut player = Player::new(Window::default());
        let mut steps = Vec::new();
        for session in ["1", "1", "2"] {
            // The second header is that of another file of the same session.
            player.header(&header(session));
            if session == "1" && steps.is_empty() {
                steps.extend(player.record(record(0.0, "a", board("A", false))));
            }
            let t = if session == "1" { 4.0 } else { 0.5 };
            steps.extend(player.record(record(t, "a", push(true))));
        }
        assert_eq!(due(&steps), [0, 4_000, 4_000, 5_500]);
    }

    #[test]
    fn boards_are_chosen_by_id_or_name() {
        for chosen in ["b", "Bench"] {
            let mut player = Player::new(Window {
                boards: vec![chosen.to_owned()],
                ..Window::default()
            });
            player.header(&header("1"));
            let mut steps = player.record(record(0.0, "a", board("A", false)));
            steps.extend(player.record(record(0.0, "b", board("Bench", false))));
            steps.extend(player.record(record(1.0, "a", push(true))));
            steps.extend(player.record(record(1.0, "b", push(true))));
            let boards: Vec<_> = steps.iter().map(|step| step.board.as_str()).collect();
            assert_eq!(boards, ["b", "b"], "{chosen}");
        }
    }

    #[test]
    fn times_that_are_no_numbers_do_no_harm() {
        let mut player = Player::new(Window::default());
        player.header(&header("1"));
        for t in [f64::NAN, f64::INFINITY, -1e300, 1e300] {
            for step in player.record(record(t, "a", push(true))) {
                assert!(step.due <= Duration::MAX);
            }
        }
    }
}
