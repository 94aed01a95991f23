//! One lamp, an observer, and one row of the table with the measurements for
//! one fault.

use std::{
    io::{self, Write},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::{BACK_WITHIN, SLACK, actors::Actor, lan::Lan, observer::Observer};

/// How long what the board pushes may take to be counted.
const COUNTER_WITHIN: Duration = Duration::from_secs(5);

/// A lamp on the second computer of a network, and a fleet that found it on the
/// first.
pub(crate) struct Desk {
    pub(crate) boards: Actor,
    pub(crate) observer: Observer,
    pub(crate) id: String,
    pressed: Vec<u64>,
}

impl Desk {
    /// Waits until the lamp is connected.
    pub(crate) fn new(lan: &Lan) -> Self {
        let mut boards = Actor::at(lan, 2, "boards 1");
        let id = ids(&boards.answer()).remove(0);
        boards.ask(&format!("count {id}"));
        let mut observer = Observer::finding(lan, 1);
        observer.connected(&id);
        Self {
            boards,
            observer,
            id,
            pressed: Vec::new(),
        }
    }

    /// What the board says about its light, over a separate connection.
    pub(crate) fn truth(&mut self) -> Value {
        truth(&mut self.boards, &self.id)
    }

    /// Presses through the fleet.
    pub(crate) fn press(&mut self) -> u64 {
        let number = self.observer.press(&self.id);
        self.pressed.push(number);
        number
    }

    /// Presses at the board.
    pub(crate) fn hand(&mut self) {
        assert_eq!(
            self.boards.ask(&format!("press {}", self.id)),
            true,
            "a hand at the board"
        );
    }

    /// The time from `since` until the board is no longer shown as connected;
    /// waits until `end`.
    pub(crate) fn shown_after(&mut self, since: Instant, end: Instant) -> Option<Duration> {
        let id = self.id.clone();
        let left = end.saturating_duration_since(Instant::now());
        self.observer
            .within(left, |seen| !seen.is(&id, "connected"))
            .map(|at| at.saturating_duration_since(since))
    }

    /// Reads reports for a fixed time, as the fault requires.
    pub(crate) fn pass(&mut self, until: Instant) {
        self.observer
            .within(until.saturating_duration_since(Instant::now()), |_| false);
    }

    /// The times from `since` until the lamp is permanently connected with its
    /// current state, and until it executes a command. Earlier commands are
    /// then done, or never will be.
    pub(crate) fn right_after(&mut self, since: Instant) -> Right {
        let shown = self.shown_right_after(since);
        let end = Instant::now() + BACK_WITHIN + SLACK;
        loop {
            let number = self.press();
            if self.observer.outcome(number) == "done" {
                break;
            }
            assert!(Instant::now() < end, "it is shown right and does not obey");
        }
        let obeys = since.elapsed();
        self.shown_right_after(since);
        Right { shown, obeys }
    }

    fn shown_right_after(&mut self, since: Instant) -> Duration {
        let end = Instant::now() + BACK_WITHIN + SLACK;
        loop {
            let truth = self.truth();
            let id = self.id.clone();
            let right = |seen: &Observer| {
                seen.is(&id, "connected") && seen.board(&id)["shown"]["light:0"] == truth
            };
            // A delayed change may still arrive; then the board is queried
            // again.
            let so = self
                .observer
                .within(Duration::from_secs(1), right)
                .is_some();
            if so && self.truth() == truth {
                let (at, _) = self.observer.boards.get(&id).expect("shown");
                return at.saturating_duration_since(since);
            }
            assert!(
                Instant::now() < end,
                "is {truth}, shown is {:#}",
                self.observer.board(&id)
            );
        }
    }

    /// Compares the outcomes of the fleet's presses with what the board
    /// executed: none twice, and every one that was reported as done.
    pub(crate) fn tally(&mut self) -> Tally {
        let mut tally = Tally::default();
        for number in std::mem::take(&mut self.pressed) {
            match self.observer.outcome(number).as_str() {
                "done" => tally.done += 1,
                "unconfirmed" | "link lost" => tally.unknown += 1,
                _ => tally.not_done += 1,
            }
        }
        // The counter reads what the board pushes, and may be behind.
        let end = Instant::now() + COUNTER_WITHIN;
        loop {
            tally.by_the_board = self.boards.ask("counted").as_u64().expect("a count");
            if tally.by_the_board >= tally.done || Instant::now() >= end {
                break;
            }
            thread::sleep(Duration::from_millis(20));
        }
        let Tally {
            done,
            unknown,
            by_the_board,
            ..
        } = tally;
        assert!(by_the_board <= done + unknown, "done twice: {tally:?}");
        assert!(by_the_board >= done, "told as done and not done: {tally:?}");
        tally
    }
}

/// The outcomes of commands.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) done: u64,
    /// Unconfirmed, or the link was lost.
    pub(crate) unknown: u64,
    /// Reported as not sent: there was no link.
    pub(crate) not_done: u64,
    /// The number that the board executed.
    pub(crate) by_the_board: u64,
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            done,
            unknown,
            not_done,
            by_the_board,
        } = self;
        write!(
            f,
            "{done} done, {unknown} not known, {not_done} not done; {by_the_board} at the board"
        )
    }
}

/// The ids that boards report.
pub(crate) fn ids(list: &Value) -> Vec<String> {
    let boards = list.as_array().expect("a list");
    boards
        .iter()
        .map(|board| board["id"].as_str().expect("an id").to_owned())
        .collect()
}

/// What a board says about its light, over a separate connection.
pub(crate) fn truth(boards: &mut Actor, id: &str) -> Value {
    boards.ask(&format!("call {id} Device.GetStatus"))["result"]["light:0"].clone()
}

/// The times of the recovery.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Right {
    /// The board was connected and its current state shown.
    pub(crate) shown: Duration,
    /// A command was done.
    pub(crate) obeys: Duration,
}

impl Right {
    /// If only one of both was measured.
    pub(crate) fn at(both: Duration) -> Self {
        Self {
            shown: both,
            obeys: both,
        }
    }
}

/// Prints a row of the table: the fault, the times until it was noticed, until
/// the shown state was correct again and until a command succeeded, and the
/// outcomes of commands meanwhile.
pub(crate) fn print(fault: &str, noticed: Option<Duration>, right: Right, commands: &str) {
    let seconds = |time: Duration| format!("{:.1} s", time.as_secs_f64());
    let noticed = noticed.map_or_else(|| "-".to_owned(), seconds);
    let row = format!(
        "ROW | {fault} | {noticed} | {} | {} | {commands} |",
        seconds(right.shown),
        seconds(right.obeys)
    );
    // Not printed by a macro, whose output the test runner would capture.
    let _ = writeln!(io::stderr(), "{row}");
}
