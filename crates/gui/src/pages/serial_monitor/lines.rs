//! The lines that the page keeps, and which of them are shown: by kind, by a
//! text in them, and until when while the page is paused.

use std::{collections::VecDeque, sync::Arc};

use serial::{History, Line, Meaning};

/// Kinds of lines that are shown or hidden together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Output,
    Warnings,
    Errors,
    Resets,
    Sent,
}

impl Kind {
    pub(super) const ALL: [(Self, &'static str); 5] = [
        (Self::Output, "Output"),
        (Self::Warnings, "Warnings"),
        (Self::Errors, "Errors"),
        (Self::Resets, "Resets and panics"),
        (Self::Sent, "Sent"),
    ];

    fn of(meaning: Meaning) -> Self {
        match meaning {
            Meaning::Output | Meaning::Packet => Self::Output,
            Meaning::Warning => Self::Warnings,
            Meaning::Error => Self::Errors,
            Meaning::Reset | Meaning::Panic | Meaning::Trace => Self::Resets,
            Meaning::Sent | Meaning::Port => Self::Sent,
        }
    }
}

/// What is shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Filter {
    pub(super) text: String,
    pub(super) hidden: Vec<Kind>,
}

impl Filter {
    fn fits(&self, line: &Line, letters: &str) -> bool {
        let found = |text: &str| text.to_lowercase().contains(letters);
        !self.hidden.contains(&Kind::of(line.meaning))
            && (letters.is_empty()
                || found(&line.text)
                || line.explanation.as_deref().is_some_and(found))
    }
}

/// How many lines of some kinds there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) resets: u64,
    pub(super) panics: u64,
}

/// The lines.
#[derive(Debug, Default)]
pub(super) struct Lines {
    history: History,
    filter: Filter,
    /// The numbers of the lines that fit the filter.
    fitting: VecDeque<u64>,
    counts: Counts,
    /// Whether the last line was of a panic.
    in_panic: bool,
    lost: u64,
    /// Paused: lines from this number on are not shown.
    held: Option<u64>,
    next: u64,
}

impl Lines {
    /// Adds new lines, before which this many were lost.
    pub(super) fn add(&mut self, lines: impl IntoIterator<Item = Arc<Line>>, lost: u64) {
        self.lost += lost;
        let letters = self.letters();
        for line in lines {
            // A monitor counts from 0; the page goes on counting.
            let number = self.next;
            self.next += 1;
            let line = match line.number == number {
                true => line,
                false => Arc::new(Line {
                    number,
                    ..(*line).clone()
                }),
            };
            match line.meaning {
                // Not the ROM's other lines of the same reset.
                Meaning::Reset => {
                    let mut causes = ["rst:", "rst cause:"].into_iter();
                    let is_cause = causes.any(|code| line.text.contains(code));
                    self.counts.resets += u64::from(is_cause);
                }
                // A panic may have several lines: its place and its message.
                Meaning::Panic => self.counts.panics += u64::from(!self.in_panic),
                _ => {}
            }
            self.in_panic = line.meaning == Meaning::Panic;
            if self.filter.fits(&line, &letters) {
                self.fitting.push_back(number);
            }
            self.history.push(line);
        }
        self.drop_old();
    }

    /// Removes all lines.
    pub(super) fn clear(&mut self) {
        *self = Self {
            filter: std::mem::take(&mut self.filter),
            held: self.held.map(|_| self.next),
            next: self.next,
            ..Self::default()
        };
    }

    /// Shows only what fits.
    pub(super) fn set_filter(&mut self, filter: &Filter) {
        if self.filter == *filter {
            return;
        }
        self.filter = filter.clone();
        let letters = self.letters();
        let fitting = self.history.lines();
        self.fitting = fitting
            .filter(|line| self.filter.fits(line, &letters))
            .map(|line| line.number)
            .collect();
    }

    /// Pauses the list or resumes it. No line is lost.
    pub(super) fn pause(&mut self, paused: bool) {
        self.held = paused.then_some(self.next);
    }

    pub(super) fn is_paused(&self) -> bool {
        self.held.is_some()
    }

    /// How many lines are shown.
    pub(super) fn shown(&self) -> usize {
        match self.held {
            Some(held) => self.fitting.partition_point(|number| *number < held),
            None => self.fitting.len(),
        }
    }

    /// How many fitting lines are new since the list was paused.
    pub(super) fn newer(&self) -> usize {
        self.fitting.len() - self.shown()
    }

    /// The line at this place of the list, oldest first.
    pub(super) fn at(&self, place: usize) -> Option<&Arc<Line>> {
        self.history.get(*self.fitting.get(place)?)
    }

    /// The place of a line in the list.
    pub(super) fn place(&self, number: u64) -> Option<usize> {
        let place = self.fitting.binary_search(&number).ok()?;
        (place < self.shown()).then_some(place)
    }

    pub(super) fn get(&self, number: u64) -> Option<&Arc<Line>> {
        self.history.get(number)
    }

    /// The shown lines, oldest first.
    pub(super) fn all_shown(&self) -> Vec<Arc<Line>> {
        (0..self.shown())
            .filter_map(|place| self.at(place).cloned())
            .collect()
    }

    /// How many lines there are, shown or not.
    pub(super) fn len(&self) -> usize {
        self.history.len()
    }

    pub(super) fn counts(&self) -> Counts {
        self.counts
    }

    /// How many lines were dropped for lack of room, or because the window did
    /// not keep up.
    pub(super) fn dropped(&self) -> u64 {
        self.history.dropped() + self.lost
    }

    fn letters(&self) -> String {
        self.filter.text.trim().to_lowercase()
    }

    fn drop_old(&mut self) {
        let first = self.history.lines().next();
        let first = first.map_or(self.next, |line| line.number);
        while self.fitting.front().is_some_and(|number| *number < first) {
            self.fitting.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {

    use serial::KEPT_LINES;
    use web_time::SystemTime;

    use super::*;

    fn line(number: u64, text: &str, meaning: Meaning) -> Arc<Line> {
        Arc::new(Line {
            number,
            at: SystemTime::UNIX_EPOCH,
            text: text.to_owned(),
            meaning,
            explanation: None,
            continues: false,
        })
    }

    fn some() -> Lines {
        let mut lines = Lines::default();
        lines.add(
            [
                line(0, "rst:0x1 (POWERON)", Meaning::Reset),
                line(1, "Hello", Meaning::Output),
                line(2, "E (1) wifi: hello", Meaning::Error),
                line(3, "panicked at a.rs", Meaning::Panic),
            ],
            0,
        );
        lines
    }

    fn texts(lines: &Lines) -> Vec<String> {
        let shown = lines.all_shown();
        shown.iter().map(|line| line.text.clone()).collect()
    }

    #[test]
    fn lines_are_shown_by_text_and_kind() {
        let mut lines = some();
        assert_eq!(lines.shown(), 4);
        let counts = Counts {
            resets: 1,
            panics: 1,
        };
        assert_eq!(lines.counts(), counts);
        lines.set_filter(&Filter {
            text: " HELLO".to_owned(),
            hidden: Vec::new(),
        });
        assert_eq!(texts(&lines), ["Hello", "E (1) wifi: hello"]);
        lines.add([line(4, "hello again", Meaning::Output)], 0);
        lines.add([line(5, "bye", Meaning::Output)], 0);
        lines.set_filter(&Filter {
            text: "hello".to_owned(),
            hidden: vec![Kind::Errors],
        });
        assert_eq!(texts(&lines), ["Hello", "hello again"]);
        assert_eq!(lines.place(4), Some(1));
        assert_eq!(lines.place(2), None);
        assert_eq!(lines.len(), 6);
    }

    #[test]
    fn a_panic_of_several_lines_counts_once() {
        let mut lines = some();
        lines.add([line(4, "out of memory", Meaning::Panic)], 0);
        assert_eq!(lines.counts().panics, 1);
        lines.add([line(5, "Hello", Meaning::Output)], 0);
        lines.add([line(6, "panicked at b.rs", Meaning::Panic)], 0);
        assert_eq!(lines.counts().panics, 2);
    }

    #[test]
    fn a_pause_hides_what_is_new_and_loses_nothing() {
        let mut lines = some();
        lines.pause(true);
        lines.add([line(4, "new", Meaning::Output)], 0);
        assert_eq!((lines.shown(), lines.newer()), (4, 1));
        lines.pause(false);
        assert_eq!((lines.shown(), lines.newer()), (5, 0));
        lines.clear();
        assert_eq!((lines.shown(), lines.counts()), (0, Counts::default()));
        // Another monitor counts from 0.
        lines.add([line(0, "after", Meaning::Output)], 3);
        assert_eq!(texts(&lines), ["after"]);
        assert_eq!(lines.dropped(), 3);
        assert!(lines.get(5).is_some_and(|line| line.text == "after"));
    }

    #[test]
    fn old_lines_leave_the_list() {
        let mut lines = Lines::default();
        lines.set_filter(&Filter {
            text: "odd".to_owned(),
            hidden: Vec::new(),
        });
        for number in 0..KEPT_LINES as u64 * 2 {
            let text = ["even", "odd"][usize::from(number % 2 == 1)];
            lines.add([line(number, text, Meaning::Output)], 0);
        }
        assert_eq!(lines.shown(), KEPT_LINES / 2);
        assert!((0..lines.shown()).all(|place| lines.at(place).is_some()));
        assert_eq!(lines.dropped(), KEPT_LINES as u64);
    }
}
