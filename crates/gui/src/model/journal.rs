//! The event log of the window, and searches in it. A search runs a little per
//! frame, newest events first, so that no frame waits for it.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use web_time::Instant;

use crate::model::searched_words::SearchedWords;
use fleet::{BoardKey, LogEntry, LogEvent};

/// Events that are kept: some 140 MB of changes of one value, measured with
/// `examples/window_load.rs`.
pub(crate) const KEPT: usize = 100_000;

/// The clock is read once per this many entries.
const STRIDE: usize = 64;

/// The log of events, as far back as it is kept.
#[derive(Default)]
pub struct Journal {
    /// Oldest first; their numbers rise, with gaps where events were lost.
    entries: VecDeque<Arc<LogEntry>>,
}

impl Journal {
    /// Appends an event.
    pub fn add(&mut self, entry: Arc<LogEntry>) {
        if self.entries.len() == KEPT {
            self.entries.pop_front();
        }
        self.entries.push_back(entry);
    }

    /// The number of events.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it is empty.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The event with this number, if it is still kept.
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

    /// One more than the last number.
    pub fn end(&self) -> u64 {
        self.entries.back().map_or(0, |last| last.number + 1)
    }

    fn first(&self) -> u64 {
        self.entries.front().map_or(0, |first| first.number)
    }

    /// The index of the first event with this number or a higher one.
    fn place(&self, number: u64) -> usize {
        self.entries.partition_point(|entry| entry.number < number)
    }
}

/// Categories of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EventCategory {
    /// Pushed state.
    Changes,
    /// Pushed events.
    Events,
    /// Results of commands.
    Commands,
    /// Links and resynchronization.
    Links,
    /// Lines of the boards' own logs.
    Logs,
}

impl EventCategory {
    /// All categories.
    pub(crate) const ALL: [Self; 5] = [
        Self::Changes,
        Self::Events,
        Self::Commands,
        Self::Links,
        Self::Logs,
    ];

    /// The label of the category.
    pub(crate) fn word(self) -> &'static str {
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

/// What a search looks for.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Filter {
    /// Only this board.
    pub(crate) board: Option<BoardKey>,
    /// Categories that are left out.
    pub(crate) without: Vec<EventCategory>,
    /// Words in the event, or in the name of its component or board.
    pub(crate) words: SearchedWords,
}

impl Filter {
    fn passes(&self, entry: &LogEntry, line: &impl Fn(&LogEntry) -> String) -> bool {
        self.board.is_none_or(|board| board == entry.board)
            && !self.without.contains(&EventCategory::of(&entry.what))
            && self.words.match_event(entry, || line(entry))
    }
}

/// The events that match a filter, as far as the log was searched.
#[derive(Debug, Default)]
pub(crate) struct Matches {
    filter: Filter,
    /// Numbers of matching events, rising.
    numbers: VecDeque<u64>,
    /// All events from the first of these numbers up to the second were
    /// searched.
    from: u64,
    to: u64,
}

impl Matches {
    /// Starts a new search if the filter has changed.
    pub(crate) fn set_filter(&mut self, filter: Filter, journal: &Journal) {
        if self.filter == filter {
            // Equal words are compared by address the next time.
            self.filter = filter;
        } else {
            *self = Self {
                filter,
                numbers: VecDeque::new(),
                from: journal.end(),
                to: journal.end(),
            };
        }
    }

    /// Continues the search for at most `budget`: first new events, then older
    /// ones. Returns whether it is complete. `line` is the text of an event.
    pub(crate) fn search_more(
        &mut self,
        journal: &Journal,
        line: impl Fn(&LogEntry) -> String,
        budget: Duration,
    ) -> bool {
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
            if self.filter.passes(entry, &line) {
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
            if self.filter.passes(entry, &line) {
                self.numbers.push_front(entry.number);
            }
        }
        self.from = self.from.min(journal.first());
        true
    }

    /// The number of matches.
    pub(crate) fn len(&self) -> usize {
        self.numbers.len()
    }

    /// The match at `index`, newest first, among those before `end`.
    pub(crate) fn newest(&self, index: usize, end: u64) -> Option<u64> {
        let known = self.before(end);
        known
            .checked_sub(index + 1)
            .and_then(|place| self.numbers.get(place))
            .copied()
    }

    /// The number of matches before `end`.
    pub(crate) fn before(&self, end: u64) -> usize {
        self.numbers.partition_point(|number| *number < end)
    }

    /// The matches before `end`, oldest first.
    pub(crate) fn entries<'a>(
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

    use protocol::{ComponentKey, Kind, State};
    use web_time::SystemTime;

    use super::*;
    use crate::model::{boards::Model, name_lookup::searched_words};
    use fleet::{LinkState, Origin};

    /// Ten seconds are enough for anything here; where it matters, the budget
    /// is zero.
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

    fn line(entry: &LogEntry) -> String {
        let line = text::event(fleet::Family::Switchboard, &entry.what, None);
        format!("{} {} {}", entry.board_name, line.subject, line.what)
    }

    fn words(text: &str) -> SearchedWords {
        searched_words(text, &Model::default())
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
        matches.set_filter(filter, journal);
        assert!(matches.search_more(journal, line, PATIENCE));
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
            without: vec![EventCategory::Changes],
            ..Filter::default()
        };
        assert_eq!(found(links, &journal), [0, 10, 20, 30]);
        let text = Filter {
            words: words("board sensor"),
            ..Filter::default()
        };
        assert_eq!(found(text.clone(), &journal).len(), 36);
        assert_eq!(
            found(
                Filter {
                    words: words("sensor:0"),
                    ..text
                },
                &journal
            )
            .len(),
            36
        );
        let both = Filter {
            board: Some(BoardKey(1)),
            words: words("39"),
            ..Filter::default()
        };
        assert_eq!(found(both, &journal), [39]);
    }

    #[test]
    fn a_search_that_takes_long_goes_on_in_the_next_frames_and_finds_the_same() {
        let mut journal = journal(5_000);
        let filter = Filter {
            words: words("7"),
            ..Filter::default()
        };
        let mut matches = Matches::default();
        matches.set_filter(filter.clone(), &journal);
        let mut frames = 1;
        while !matches.search_more(&journal, line, Duration::ZERO) {
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
        assert!(matches.search_more(&journal, line, PATIENCE));
        for _ in 0..10 {
            journal.add(entry(journal.end(), 0, value(1)));
        }
        assert!(matches.search_more(&journal, line, PATIENCE));
        assert_eq!((journal.len(), matches.len()), (KEPT, KEPT));
        assert_eq!(matches.newest(KEPT - 1, u64::MAX), Some(10));
    }
}
