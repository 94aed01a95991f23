//! What happened, as far back as it is kept, and the part of it that somebody
//! looks for. A search through everything is done a little at a time, newest
//! first, so that no frame waits for it.

use std::{
    collections::VecDeque,
    sync::Arc,
    time::{Duration, Instant},
};

use super::words;
use crate::fleet::{BoardKey, LogEntry, LogEvent, Outcome};

/// Events that are kept: some 140 MB of changes of one value, measured with
/// `examples/window_load.rs`.
pub(super) const KEPT: usize = 100_000;

/// After so many entries it is looked at the clock.
const STRIDE: usize = 64;

/// Everything that happened.
#[derive(Default)]
pub struct Journal {
    /// Oldest first; their numbers rise, with gaps where some were lost.
    entries: VecDeque<Arc<LogEntry>>,
}

impl Journal {
    /// One more happened.
    pub fn add(&mut self, entry: Arc<LogEntry>) {
        if self.entries.len() == KEPT {
            self.entries.pop_front();
        }
        self.entries.push_back(entry);
    }

    /// How many are kept.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether nothing is kept.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The entry with this number, while it is kept.
    pub fn get(&self, number: u64) -> Option<&Arc<LogEntry>> {
        self.entries.get(
            self.entries
                .binary_search_by_key(&number, |entry| entry.number)
                .ok()?,
        )
    }

    /// Newest first.
    pub fn newest_first(&self) -> impl Iterator<Item = &Arc<LogEntry>> {
        self.entries.iter().rev()
    }

    /// The number after the last.
    pub fn end(&self) -> u64 {
        self.entries.back().map_or(0, |last| last.number + 1)
    }

    fn first(&self) -> u64 {
        self.entries.front().map_or(0, |first| first.number)
    }

    /// The place of the first entry with this number or a higher one.
    fn place(&self, number: u64) -> usize {
        self.entries.partition_point(|entry| entry.number < number)
    }
}

/// Sorts of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    /// State that was pushed.
    Changes,
    /// Events that were pushed.
    Events,
    /// What came of commands.
    Commands,
    /// Links and what was asked anew.
    Links,
    /// Lines of boards' own logs.
    Logs,
}

impl Sort {
    /// All of them.
    pub(super) const ALL: [Self; 5] = [
        Self::Changes,
        Self::Events,
        Self::Commands,
        Self::Links,
        Self::Logs,
    ];

    /// For people.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Changes => "Changes",
            Self::Events => "Events",
            Self::Commands => "Commands",
            Self::Links => "Links",
            Self::Logs => "Logs",
        }
    }

    fn of(event: &LogEvent) -> Self {
        match event {
            LogEvent::Changed { .. } => Self::Changes,
            LogEvent::Event { .. } => Self::Events,
            LogEvent::Command { .. } => Self::Commands,
            LogEvent::Link(_)
            | LogEvent::Resync(_)
            | LogEvent::Unreadable(_)
            | LogEvent::IdClaimed(_) => Self::Links,
            LogEvent::Log { .. } | LogEvent::LogLost(_) | LogEvent::NoLog(_) => Self::Logs,
        }
    }
}

/// What is looked for.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Filter {
    /// Of this board only.
    pub(super) board: Option<BoardKey>,
    /// Sorts that are left out.
    pub(super) without: Vec<Sort>,
    /// Commands are left out whose effect a push has told.
    pub(super) without_echoes: bool,
    /// With this in its words, or in the name of its board; in lower case.
    pub(super) text: String,
}

impl Filter {
    fn passes(&self, entry: &LogEntry) -> bool {
        self.board.is_none_or(|board| board == entry.board)
            && !self.without.contains(&Sort::of(&entry.what))
            && !(self.without_echoes && is_echo(&entry.what))
            && (self.text.is_empty() || self.has_text(entry))
    }

    fn has_text(&self, entry: &LogEntry) -> bool {
        let line = words::event(&entry.what, None);
        [&*entry.board_name, &line.subject, &line.what, &line.source]
            .into_iter()
            .any(|words| words.to_lowercase().contains(&self.text))
    }
}

/// What a successful command did is pushed by the board itself; a call that
/// pushes nothing is worth a line.
fn is_echo(event: &LogEvent) -> bool {
    matches!(
        event,
        LogEvent::Command {
            component: Some(_),
            outcome: Outcome::Done { .. },
            ..
        }
    )
}

/// The entries that pass a filter, as far as they have been looked through.
#[derive(Debug, Default)]
pub(super) struct Matches {
    filter: Filter,
    /// Numbers of entries that pass, rising.
    numbers: VecDeque<u64>,
    /// All entries from the first of these numbers up to the second have been
    /// looked at.
    from: u64,
    to: u64,
}

impl Matches {
    /// What is looked for from now on.
    pub(super) fn look_for(&mut self, filter: Filter, journal: &Journal) {
        if self.filter != filter {
            *self = Self {
                filter,
                numbers: VecDeque::new(),
                from: journal.end(),
                to: journal.end(),
            };
        }
    }

    /// Goes on looking, for so long at most: first at what is new, then further
    /// back. Whether all has been looked through.
    pub(super) fn go_on(&mut self, journal: &Journal, budget: Duration) -> bool {
        let begun = Instant::now();
        let over = |looked: usize| looked % STRIDE == STRIDE - 1 && begun.elapsed() >= budget;
        while self
            .numbers
            .front()
            .is_some_and(|number| *number < journal.first())
        {
            self.numbers.pop_front();
        }
        for (looked, entry) in journal.entries.range(journal.place(self.to)..).enumerate() {
            if over(looked) {
                return false;
            }
            self.to = entry.number + 1;
            if self.filter.passes(entry) {
                self.numbers.push_back(entry.number);
            }
        }
        for (looked, entry) in journal
            .entries
            .range(..journal.place(self.from))
            .rev()
            .enumerate()
        {
            if over(looked) {
                return false;
            }
            self.from = entry.number;
            if self.filter.passes(entry) {
                self.numbers.push_front(entry.number);
            }
        }
        self.from = self.from.min(journal.first());
        true
    }

    /// How many were found.
    pub(super) fn len(&self) -> usize {
        self.numbers.len()
    }

    /// Whether none was found.
    pub(super) fn is_empty(&self) -> bool {
        self.numbers.is_empty()
    }

    /// The number of the newest but `index`, among those before `end`.
    pub(super) fn newest(&self, index: usize, end: u64) -> Option<u64> {
        let known = self.before(end);
        known
            .checked_sub(index + 1)
            .and_then(|place| self.numbers.get(place))
            .copied()
    }

    /// How many were found before the number `end`.
    pub(super) fn before(&self, end: u64) -> usize {
        self.numbers.partition_point(|number| *number < end)
    }

    /// What was found before the number `end`, oldest first.
    pub(super) fn entries<'a>(
        &'a self,
        journal: &'a Journal,
        end: u64,
    ) -> impl Iterator<Item = &'a Arc<LogEntry>> {
        self.numbers
            .iter()
            .take(self.before(end))
            .filter_map(|number| journal.get(*number))
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use protocol::{ComponentKey, Kind, State};

    use super::*;
    use crate::fleet::{LinkState, Origin};

    /// Ten seconds are enough for anything here; a budget of nothing is used
    /// where it matters.
    const PATIENCE: Duration = Duration::from_secs(10);

    fn entry(number: u64, board: u32, what: LogEvent) -> Arc<LogEntry> {
        let board_name = Arc::from(format!("Board {board}"));
        Arc::new(LogEntry {
            number,
            at: SystemTime::UNIX_EPOCH,
            steady: SystemTime::UNIX_EPOCH,
            board: BoardKey(board),
            board_name,
            what,
        })
    }

    fn value(value: u64) -> LogEvent {
        let component = ComponentKey::new(Kind::Sensor, 0);
        LogEvent::Changed {
            component,
            change: State::new().with("value", value),
            origin: Origin::Board,
            delay: None,
        }
    }

    fn journal(entries: u64) -> Journal {
        let mut journal = Journal::default();
        for number in 0..entries {
            let what = if number % 10 == 0 {
                LogEvent::Link(LinkState::Stale)
            } else {
                value(number)
            };
            journal.add(entry(number, u32::from(number % 2 == 1), what));
        }
        journal
    }

    fn found(filter: Filter, journal: &Journal) -> Vec<u64> {
        let mut matches = Matches::default();
        matches.look_for(filter, journal);
        assert!(matches.go_on(journal, PATIENCE));
        matches
            .entries(journal, u64::MAX)
            .map(|entry| entry.number)
            .collect()
    }

    #[test]
    fn a_filter_leaves_what_passes_all_of_it() {
        let journal = journal(40);
        assert_eq!(found(Filter::default(), &journal).len(), 40);
        let links = Filter {
            without: vec![Sort::Changes],
            ..Filter::default()
        };
        assert_eq!(found(links, &journal), [0, 10, 20, 30]);
        let text = Filter {
            text: "board 1".to_owned(),
            ..Filter::default()
        };
        assert_eq!(found(text.clone(), &journal).len(), 20);
        assert_eq!(
            found(
                Filter {
                    text: "sensor:0".to_owned(),
                    ..text
                },
                &journal
            )
            .len(),
            36
        );
        let both = Filter {
            board: Some(BoardKey(1)),
            text: "39".to_owned(),
            ..Filter::default()
        };
        assert_eq!(found(both, &journal), [39]);
    }

    #[test]
    fn a_search_that_takes_long_goes_on_in_the_next_frames_and_finds_the_same() {
        let mut journal = journal(5_000);
        let filter = Filter {
            text: "7".to_owned(),
            ..Filter::default()
        };
        let mut matches = Matches::default();
        matches.look_for(filter.clone(), &journal);
        let mut frames = 1;
        while !matches.go_on(&journal, Duration::ZERO) {
            frames += 1;
            // New ones come meanwhile.
            journal.add(entry(journal.end(), 1, value(7)));
            assert!(frames < 1_000, "it never ends");
        }
        assert!(frames > 10, "it was not done a little at a time");
        let all: Vec<u64> = matches
            .entries(&journal, u64::MAX)
            .map(|entry| entry.number)
            .collect();
        assert_eq!(all, found(filter, &journal));
        assert_eq!(matches.newest(0, u64::MAX), Some(journal.end() - 1));
        assert_eq!(matches.newest(0, 5_000), Some(4_997));
    }

    #[test]
    fn what_is_forgotten_is_found_no_more() {
        let mut journal = journal(KEPT as u64);
        let mut matches = Matches::default();
        assert!(matches.go_on(&journal, PATIENCE));
        for _ in 0..10 {
            journal.add(entry(journal.end(), 0, value(1)));
        }
        assert!(matches.go_on(&journal, PATIENCE));
        assert_eq!((journal.len(), matches.len()), (KEPT, KEPT));
        assert_eq!(matches.newest(KEPT - 1, u64::MAX), Some(10));
    }
}
