//! What happened lately, one row per act: a command together with the push that
//! it caused, a change by someone else, an event, a lost link. Changes that
//! come in quick succession share a row per second. Readings are kept apart, so
//! that no flood of them displaces an act.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::{Duration, SystemTime},
};

use protocol::{ComponentKey, State};

use fleet::{BoardKey, LogEntry, LogEvent, Origin, Outcome};

/// Rows of acts that are kept.
const ACTS: usize = 10_000;

/// Rows of readings that are kept.
const READINGS: usize = 4_000;

/// A command and its push are at most this far apart.
const APART: Duration = Duration::from_secs(10);

/// A row.
#[derive(Debug)]
pub(crate) struct TimelineRow {
    /// The number of its first event; identifies the row.
    pub(crate) number: u64,
    /// Its newest event, or the command.
    pub(crate) entry: Arc<LogEntry>,
    /// The push that the command caused.
    pub(crate) effect: Option<Arc<LogEntry>>,
    /// How many changes it stands for.
    pub(crate) changes: u32,
    /// All fields that were changed, if there were several changes.
    pub(crate) merged: Option<State>,
}

impl TimelineRow {
    fn new(entry: Arc<LogEntry>) -> Self {
        Self {
            number: entry.number,
            entry,
            effect: None,
            changes: 1,
            merged: None,
        }
    }

    /// Its newest event, command or push.
    fn newest(&self) -> &Arc<LogEntry> {
        self.effect
            .as_ref()
            .filter(|effect| effect.number > self.entry.number)
            .unwrap_or(&self.entry)
    }

    /// Adds an event of the same component, or gives it back.
    fn absorb(&mut self, entry: Arc<LogEntry>) -> Option<Arc<LogEntry>> {
        match (&self.entry.what, &entry.what) {
            (
                LogEvent::Command { outcome, .. },
                LogEvent::Changed { .. } | LogEvent::Event { .. },
            ) if is_own(&entry) && matches!(outcome, Outcome::Done { .. }) => {
                let first = self.effect.is_none() && near(&self.entry, &entry);
                if !first && !repeats(self.newest(), &entry) {
                    return Some(entry);
                }
                self.changes += u32::from(!first);
                self.merge(&entry);
                self.effect = Some(entry);
            }
            (LogEvent::Command { .. }, LogEvent::Command { .. })
                if is_done(&entry)
                    && self.newest().number > self.entry.number
                    && repeats(&self.entry, &entry) =>
            {
                self.entry = entry;
            }
            (LogEvent::Changed { .. } | LogEvent::Event { .. }, LogEvent::Command { .. })
                if is_done(&entry) && is_own(&self.entry) && near(&self.entry, &entry) =>
            {
                self.effect = Some(std::mem::replace(&mut self.entry, entry));
            }
            (LogEvent::Changed { origin, .. }, LogEvent::Changed { origin: other, .. })
                if origin == other && repeats(&self.entry, &entry) =>
            {
                self.changes += 1;
                self.merge(&entry);
                self.entry = entry;
            }
            _ => return Some(entry),
        }
        None
    }

    fn merge(&mut self, entry: &LogEntry) {
        let before = self.effect.as_ref().unwrap_or(&self.entry);
        if let (LogEvent::Changed { change: older, .. }, LogEvent::Changed { change, .. }) =
            (&before.what, &entry.what)
            && older.0.keys().ne(change.0.keys())
        {
            self.merged
                .get_or_insert_with(|| older.clone())
                .merge(change);
        } else if let (Some(merged), LogEvent::Changed { change, .. }) =
            (&mut self.merged, &entry.what)
        {
            merged.merge(change);
        }
    }
}

fn is_own(entry: &LogEntry) -> bool {
    matches!(
        entry.what,
        LogEvent::Changed {
            origin: Origin::ThisProgram,
            ..
        } | LogEvent::Event {
            origin: Origin::ThisProgram,
            ..
        }
    )
}

fn is_done(entry: &LogEntry) -> bool {
    matches!(
        entry.what,
        LogEvent::Command {
            outcome: Outcome::Done { .. },
            ..
        }
    )
}

fn near(one: &LogEntry, other: &LogEntry) -> bool {
    let between = other
        .steady
        .duration_since(one.steady)
        .unwrap_or_else(|error| error.duration());
    between <= APART
}

/// Whether an event continues the previous one: in the same second, and nothing
/// was turned on or off, unless the board does that itself.
fn repeats(before: &LogEntry, entry: &LogEntry) -> bool {
    let second = |at: SystemTime| {
        at.duration_since(SystemTime::UNIX_EPOCH)
            .map(|since| since.as_secs())
            .ok()
    };
    let continues = match &entry.what {
        LogEvent::Changed { change, origin, .. } => {
            *origin == Origin::Board || entry.what.is_reading() || !change.0.contains_key("on")
        }
        LogEvent::Command { params, .. } => !params.is_empty() && !params.contains_key("on"),
        _ => false,
    };
    continues && second(before.steady) == second(entry.steady)
}

/// Rows in the order of their numbers.
#[derive(Debug, Default)]
struct Rows(VecDeque<TimelineRow>);

impl Rows {
    fn place(&self, number: u64) -> usize {
        self.0.partition_point(|row| row.number < number)
    }

    fn get(&self, number: u64) -> Option<&TimelineRow> {
        self.0
            .get(self.place(number))
            .filter(|row| row.number == number)
    }

    fn get_mut(&mut self, number: u64) -> Option<&mut TimelineRow> {
        let place = self.place(number);
        self.0.get_mut(place).filter(|row| row.number == number)
    }

    fn push(&mut self, row: TimelineRow, most: usize) {
        if self.0.len() == most {
            self.0.pop_front();
        }
        self.0.push_back(row);
    }
}

/// The rows of all boards.
#[derive(Debug, Default)]
pub(crate) struct Timeline {
    acts: Rows,
    readings: Rows,
    /// The newest row of each component.
    newest: HashMap<BoardKey, HashMap<ComponentKey, u64>>,
}

impl Timeline {
    /// Adds an event.
    pub(crate) fn add(&mut self, entry: &Arc<LogEntry>) {
        let component = match &entry.what {
            LogEvent::Changed { component, .. }
            | LogEvent::Event { component, .. }
            | LogEvent::Command {
                component: Some(component),
                ..
            } => component,
            // The boards' own logs are on the page of all activity.
            LogEvent::Log { .. } | LogEvent::LogLost(_) | LogEvent::NoLog(_) => return,
            _ => {
                self.acts.push(TimelineRow::new(Arc::clone(entry)), ACTS);
                return;
            }
        };
        let (rows, most) = if entry.what.is_reading() {
            (&mut self.readings, READINGS)
        } else {
            (&mut self.acts, ACTS)
        };
        let known = self.newest.entry(entry.board).or_default();
        let newest = known.get_mut(component);
        let rest = match newest.as_ref().and_then(|number| rows.get_mut(**number)) {
            Some(row) => row.absorb(Arc::clone(entry)),
            None => Some(Arc::clone(entry)),
        };
        let Some(rest) = rest else { return };
        match newest {
            Some(newest) => *newest = rest.number,
            None => {
                known.insert(component.clone(), rest.number);
            }
        }
        rows.push(TimelineRow::new(rest), most);
    }

    /// A board is gone: no event of it follows.
    pub(crate) fn forget(&mut self, board: BoardKey) {
        self.newest.remove(&board);
    }

    /// The row with this number.
    pub(crate) fn row(&self, number: u64) -> Option<&TimelineRow> {
        self.acts.get(number).or_else(|| self.readings.get(number))
    }

    /// The newest act.
    pub(crate) fn newest(&self) -> Option<&TimelineRow> {
        self.acts.0.back()
    }
}

/// What of the timeline is shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Choice {
    /// Only this board.
    pub(crate) board: Option<BoardKey>,
    /// Readings too.
    pub(crate) readings: bool,
}

/// The numbers of the rows that are shown, rising; follows the timeline.
#[derive(Debug, Default)]
struct Numbers {
    numbers: VecDeque<u64>,
    /// Rows before this number were looked at.
    next: u64,
}

impl Numbers {
    fn follow(&mut self, rows: &Rows, board: Option<BoardKey>) {
        let first = rows.0.front().map_or(u64::MAX, |row| row.number);
        while self.numbers.front().is_some_and(|number| *number < first) {
            self.numbers.pop_front();
        }
        for row in rows.0.range(rows.place(self.next)..) {
            if board.is_none_or(|board| board == row.entry.board) {
                self.numbers.push_back(row.number);
            }
            self.next = row.number + 1;
        }
    }

    fn before(&self, end: u64) -> usize {
        self.numbers.partition_point(|number| *number < end)
    }
}

/// The rows that are shown, in the order of their numbers.
#[derive(Debug, Default)]
pub(crate) struct TimelineView {
    choice: Choice,
    acts: Numbers,
    readings: Numbers,
}

impl TimelineView {
    /// Follows the timeline; looks only at new rows unless the choice changed.
    pub(crate) fn follow(&mut self, timeline: &Timeline, choice: Choice) {
        if choice.board != self.choice.board {
            *self = Self::default();
        }
        self.choice = choice;
        self.acts.follow(&timeline.acts, choice.board);
        if choice.readings {
            self.readings.follow(&timeline.readings, choice.board);
        } else {
            self.readings = Numbers::default();
        }
    }

    /// One more than the last number.
    pub(crate) fn end(&self) -> u64 {
        let last = |numbers: &Numbers| numbers.numbers.back().map_or(0, |last| last + 1);
        last(&self.acts).max(last(&self.readings))
    }

    /// How many rows before `end` are shown.
    pub(crate) fn before(&self, end: u64) -> usize {
        self.acts.before(end) + self.readings.before(end)
    }

    /// The row at `index` among those before `end`, newest first.
    pub(crate) fn newest(&self, index: usize, end: u64) -> Option<u64> {
        let (acts, readings) = (self.acts.before(end), self.readings.before(end));
        let back = |numbers: &Numbers, len: usize, at: usize| {
            numbers.numbers.get(len.checked_sub(at + 1)?).copied()
        };
        let (act, reading) = (
            |at| back(&self.acts, acts, at),
            |at| back(&self.readings, readings, at),
        );
        // How many of the newer rows are acts.
        let (mut low, mut high) = (index.saturating_sub(readings), index.min(acts));
        while low < high {
            let middle = usize::midpoint(low, high);
            if act(middle) > reading(index - middle - 1) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        act(low).max(reading(index - low))
    }

    /// The index of a row among those before `end`, newest first.
    pub(crate) fn position(&self, number: u64, end: u64) -> Option<usize> {
        let shown = self.before(number + 1);
        (shown > self.before(number)).then(|| self.before(end).checked_sub(shown))?
    }
}

#[cfg(test)]
mod tests {
    use fleet::{LinkState, Trail};
    use protocol::Kind;
    use serde_json::{Value, json};

    use super::*;

    fn entry(number: u64, ms: u64, board: u32, what: LogEvent) -> Arc<LogEntry> {
        let at = SystemTime::UNIX_EPOCH + Duration::from_millis(ms);
        Arc::new(LogEntry {
            number,
            at,
            steady: at,
            board: BoardKey(board),
            board_name: Arc::from("Board"),
            what,
        })
    }

    fn changed(kind: Kind, field: &str, value: Value, origin: Origin) -> LogEvent {
        LogEvent::Changed {
            component: ComponentKey::new(kind, 0),
            change: State::new().with(field, value),
            origin,
            delay: None,
        }
    }

    fn command(params: Value, outcome: Outcome) -> LogEvent {
        LogEvent::Command {
            component: Some(ComponentKey::new(Kind::Light, 0)),
            method: "Light.Set".to_owned(),
            params: params.as_object().cloned().unwrap_or_default(),
            outcome,
            trail: Box::new(Trail::default()),
        }
    }

    fn done() -> Outcome {
        Outcome::Done {
            result: Value::Null,
            took: Duration::from_millis(1),
        }
    }

    fn timeline(events: Vec<(u64, LogEvent)>) -> Timeline {
        let mut timeline = Timeline::default();
        for (number, (ms, what)) in (0..).zip(events) {
            timeline.add(&entry(number, ms, 1, what));
        }
        timeline
    }

    fn shown(timeline: &Timeline, choice: Choice) -> Vec<u64> {
        let mut view = TimelineView::default();
        view.follow(timeline, choice);
        (0..view.before(u64::MAX))
            .filter_map(|index| view.newest(index, u64::MAX))
            .collect()
    }

    #[test]
    fn a_command_and_its_push_share_a_row_whichever_comes_first() {
        let own = || changed(Kind::Light, "on", json!(true), Origin::ThisProgram);
        let on = json!({"on": true});
        for events in [
            vec![(10, own()), (12, command(on.clone(), done()))],
            vec![(10, command(on.clone(), done())), (12, own())],
        ] {
            let timeline = timeline(events);
            let row = timeline.row(0).expect("a row");
            assert!(is_done(&row.entry) && row.effect.as_deref().is_some_and(is_own));
            assert_eq!(shown(&timeline, Choice::default()), [0]);
        }
        let refused = command(on, Outcome::Unconfirmed);
        let timeline = timeline(vec![(10, own()), (12, refused)]);
        assert_eq!(shown(&timeline, Choice::default()), [1, 0]);
    }

    #[test]
    fn a_drag_is_one_row_per_second_and_turning_on_and_off_are_two() {
        let mut drag = Vec::new();
        for step in 0..10 {
            let brightness = json!({ "brightness": step });
            let push = changed(Kind::Light, "brightness", json!(step), Origin::ThisProgram);
            drag.push((900 + step * 20, push));
            drag.push((901 + step * 20, command(brightness, done())));
        }
        let drag = timeline(drag);
        assert_eq!(shown(&drag, Choice::default()).len(), 2);
        let on = |on: bool| (5, changed(Kind::Light, "on", json!(on), Origin::Physical));
        let twice = timeline(vec![on(true), on(false)]);
        assert_eq!(shown(&twice, Choice::default()), [1, 0]);
    }

    #[test]
    fn readings_are_one_row_per_second_and_do_not_displace_acts() {
        let mut timeline = Timeline::default();
        timeline.add(&entry(0, 0, 1, LogEvent::Link(LinkState::Connected)));
        for number in 1..=100_000 {
            let what = changed(Kind::Sensor, "value", json!(number), Origin::Board);
            timeline.add(&entry(number, number * 100, 1, what));
        }
        assert_eq!(shown(&timeline, Choice::default()), [0]);
        let readings = Choice {
            readings: true,
            ..Choice::default()
        };
        let shown = shown(&timeline, readings);
        assert_eq!((shown.len(), shown.last()), (READINGS + 1, Some(&0)));
        assert!(shown.is_sorted_by(|newer, older| newer > older));
        assert_eq!(timeline.row(shown[1]).expect("a row").changes, 10);
    }

    #[test]
    fn the_rows_of_one_board_follow_the_timeline() {
        let mut timeline = Timeline::default();
        let mut view = TimelineView::default();
        let choice = Choice {
            board: Some(BoardKey(1)),
            readings: true,
        };
        for number in 0..(ACTS as u64 * 3) {
            let board = u32::from(number % 3 == 0);
            let what = match number % 2 {
                0 => LogEvent::Link(LinkState::Stale),
                _ => changed(Kind::Sensor, "value", json!(1), Origin::Board),
            };
            timeline.add(&entry(number, number * 1_000, board, what));
            view.follow(&timeline, choice);
        }
        let newest = view.newest(0, u64::MAX).expect("a row");
        assert_eq!(newest, ACTS as u64 * 3 - 3);
        assert_eq!(view.position(newest, view.end()), Some(0));
        for index in 0..view.before(u64::MAX) {
            let number = view.newest(index, u64::MAX).expect("a number");
            assert!(number % 3 == 0 && timeline.row(number).is_some());
            assert_eq!(view.position(number, u64::MAX), Some(index));
        }
    }
}
