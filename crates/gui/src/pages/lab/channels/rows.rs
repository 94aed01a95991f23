//! The rows of a column: the newest entries of a channel in bounded memory, and
//! which of them pass the filter.

use std::{collections::VecDeque, sync::Arc};

use channel::{Content, Direction, Entry, EntryKind, hex};

/// Entries of a live channel that are kept.
const MAX_ENTRIES: usize = 20_000;

/// Their total size, in bytes.
const MAX_BYTES: usize = 32 << 20;

/// The part of a message that is searched, in bytes.
const SEARCHED: usize = 64 << 10;

/// The rows of a column.
#[derive(Default)]
pub(super) struct Rows {
    entries: VecDeque<Arc<Entry>>,
    bytes: usize,
    /// The numbers of the entries that pass.
    passing: VecDeque<u64>,
    /// The search text in lower case.
    find: String,
    only_messages: bool,
    /// How many older entries were dropped.
    pub(super) dropped: u64,
}

impl Rows {
    /// All entries of a recording.
    pub(super) fn of(entries: VecDeque<Arc<Entry>>, dropped: u64) -> Self {
        let passing = entries.iter().map(|entry| entry.number).collect();
        Self {
            entries,
            passing,
            dropped,
            ..Self::default()
        }
    }

    /// Adds an entry.
    pub(super) fn push(&mut self, entry: Arc<Entry>) {
        self.bytes += entry.size();
        if self.passes(&entry) {
            self.passing.push_back(entry.number);
        }
        self.entries.push_back(entry);
        while self.entries.len() > 1
            && (self.entries.len() > MAX_ENTRIES || self.bytes > MAX_BYTES)
            && let Some(oldest) = self.entries.pop_front()
        {
            self.bytes -= oldest.size();
            self.dropped += 1;
            if self.passing.front() == Some(&oldest.number) {
                self.passing.pop_front();
            }
        }
    }

    /// Sets the filter.
    pub(super) fn filter(&mut self, find: &str, only_messages: bool) {
        let find = find.trim().to_lowercase();
        if find == self.find && only_messages == self.only_messages {
            return;
        }
        (self.find, self.only_messages) = (find, only_messages);
        let passing = self
            .entries
            .iter()
            .filter(|entry| self.passes(entry))
            .map(|entry| entry.number)
            .collect();
        self.passing = passing;
    }

    fn passes(&self, entry: &Entry) -> bool {
        match &entry.kind {
            EntryKind::Message(_, content) if !self.find.is_empty() => {
                searched(content).contains(&self.find)
            }
            EntryKind::Message(..) => true,
            _ => !self.only_messages && self.find.is_empty(),
        }
    }

    /// Removes all rows.
    pub(super) fn clear(&mut self) {
        self.entries.clear();
        self.passing.clear();
        (self.bytes, self.dropped) = (0, 0);
    }

    /// The number of entries.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The number of entries that pass.
    pub(super) fn passing(&self) -> usize {
        self.passing.len()
    }

    /// The nth newest entry that passes, from 0.
    pub(super) fn nth_newest(&self, nth: usize) -> Option<&Arc<Entry>> {
        let at = self.passing.len().checked_sub(nth + 1)?;
        self.numbered(*self.passing.get(at)?)
    }

    /// The position of an entry among those that pass, the newest being 0.
    pub(super) fn position(&self, number: u64) -> Option<usize> {
        self.passing
            .binary_search(&number)
            .ok()
            .map(|at| self.passing.len() - 1 - at)
    }

    /// The entry with this number.
    pub(super) fn numbered(&self, number: u64) -> Option<&Arc<Entry>> {
        let at = self
            .entries
            .binary_search_by_key(&number, |entry| entry.number)
            .ok()?;
        self.entries.get(at)
    }

    /// The number and size of the messages in one direction.
    pub(super) fn sum(&self, way: Direction) -> (u64, u64) {
        let of = self
            .entries
            .iter()
            .filter_map(|entry| entry.message())
            .filter(|(other, _)| *other == way);
        of.fold((0, 0), |(messages, bytes), (_, content)| {
            (messages + 1, bytes + content.len() as u64)
        })
    }
}

/// The searched part of a message, in lower case.
fn searched(content: &Content) -> String {
    match content {
        Content::Text(text) => beginning(text, SEARCHED).to_lowercase(),
        Content::Binary(bytes) => hex(&bytes[..bytes.len().min(SEARCHED)]),
    }
}

/// The beginning of a text, at most `most` bytes.
pub(super) fn beginning(text: &str, most: usize) -> &str {
    &text[..text.floor_char_boundary(most)]
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use web_time::SystemTime;

    use super::*;

    fn entry(number: u64, what: EntryKind) -> Arc<Entry> {
        Arc::new(Entry {
            number,
            at: SystemTime::UNIX_EPOCH,
            offset: Duration::ZERO,
            kind: what,
        })
    }

    #[test]
    fn the_newest_entries_are_kept_and_the_filter_applies() {
        let mut rows = Rows::default();
        for number in 0..25_000 {
            rows.push(entry(
                number,
                EntryKind::Message(Direction::In, Content::Text(format!("N{number}").into())),
            ));
        }
        assert_eq!((rows.len(), rows.dropped), (20_000, 5_000));
        rows.filter("n2499", false);
        assert_eq!(rows.passing(), 10);
        assert_eq!(rows.nth_newest(0).map(|entry| entry.number), Some(24_999));
        rows.push(entry(25_000, EntryKind::Connecting));
        rows.push(entry(
            25_001,
            EntryKind::Message(Direction::In, Content::Binary(vec![0xab].into())),
        ));
        assert_eq!((rows.passing(), rows.position(24_999)), (10, Some(0)));
        rows.filter("", true);
        assert_eq!((rows.passing(), rows.position(25_000)), (19_999, None));
        rows.filter("AB", true);
        assert_eq!(rows.position(25_001), Some(0));
    }
}
