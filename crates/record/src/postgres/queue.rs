//! The records that PostgreSQL has not confirmed yet. Bounded; knows neither a
//! socket nor a clock.

use std::collections::VecDeque;

use serde_json::Value;

use crate::{format::Record, lost::Lost};

/// How much waits for a database that is away, in bytes of JSON: with a hundred
/// boards that push once per second, about an hour.
pub(crate) const HELD: usize = 64 << 20;

/// How many records are sent in one statement.
pub(crate) const BATCH: usize = 1_000;

/// A row of `switchboard_records`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Row {
    /// Counts from 0 within the session.
    pub(crate) number: i64,
    pub(crate) at: f64,
    pub(crate) t: f64,
    pub(crate) board: Option<String>,
    pub(crate) what: String,
    /// The whole line as JSON.
    pub(crate) record: String,
}

/// Rows in the order in which they were recorded.
pub(crate) struct Queue {
    rows: VecDeque<Row>,
    bytes: usize,
    most: usize,
    next: i64,
    lost: Lost,
}

impl Queue {
    /// An empty queue for this many bytes.
    pub(crate) fn new(most: usize) -> Self {
        Self {
            rows: VecDeque::new(),
            bytes: 0,
            most,
            next: 0,
            lost: Lost::default(),
        }
    }

    /// Adds a record; if there is no room, it is counted as lost.
    pub(crate) fn add(&mut self, record: &Record) {
        let Some(row) = self.row(record) else {
            return;
        };
        if self.bytes + row.record.len() > self.most {
            self.lost.count(record.at, record.t);
            return;
        }
        self.bytes += row.record.len();
        self.next += 1;
        self.rows.push_back(row);
    }

    fn row(&self, record: &Record) -> Option<Row> {
        // Texts, numbers and maps with text keys can always be serialized.
        let mut value = serde_json::to_value(record).ok()?;
        without_nul(&mut value);
        let what = value.get("what")?.as_str()?.to_owned();
        Some(Row {
            number: self.next,
            at: record.at,
            t: record.t,
            board: record.board.as_ref().map(|board| board.replace('\0', "")),
            what,
            record: value.to_string(),
        })
    }

    /// The next rows to send; they stay until [`Self::confirm`].
    pub(crate) fn batch(&self, most: usize) -> Vec<Row> {
        self.rows.iter().take(most).cloned().collect()
    }

    /// The database has the first rows.
    pub(crate) fn confirm(&mut self, rows: usize) {
        for row in self.rows.drain(..rows.min(self.rows.len())) {
            self.bytes -= row.record.len();
        }
    }

    /// What was lost since the last call, once there is room again.
    pub(crate) fn take_lost(&mut self) -> Option<Lost> {
        let some = self.lost.records > 0 && self.bytes < self.most / 2;
        some.then(|| std::mem::take(&mut self.lost))
    }

    /// Counts the first row as lost: the database does not accept it.
    pub(crate) fn drop_first(&mut self) {
        if let Some(row) = self.rows.pop_front() {
            self.bytes -= row.record.len();
            self.lost.count(row.at, row.t);
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// How many records were lost and are not reported yet.
    pub(crate) fn lost(&self) -> u64 {
        self.lost.records
    }
}

/// Replaces NUL characters, which `jsonb` cannot store (PostgreSQL's manual,
/// section 8.14).
fn without_nul(value: &mut Value) {
    const REPLACEMENT: &str = "\u{fffd}";
    match value {
        Value::String(text) if text.contains('\0') => *text = text.replace('\0', REPLACEMENT),
        Value::Array(values) => values.iter_mut().for_each(without_nul),
        Value::Object(fields) => {
            if fields.keys().any(|name| name.contains('\0')) {
                let renamed = std::mem::take(fields).into_iter();
                *fields = renamed
                    .map(|(name, value)| (name.replace('\0', REPLACEMENT), value))
                    .collect();
            }
            fields.values_mut().for_each(without_nul);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::Recorded;

    fn record(at: f64, message: &str) -> Record {
        Record {
            at,
            t: at,
            board: Some("sb-1".to_owned()),
            what: Recorded::Log {
                level: protocol::Level::Info,
                message: message.to_owned(),
            },
        }
    }

    #[test]
    fn a_full_queue_keeps_what_it_has_and_counts_what_it_drops() {
        let mut queue = Queue::new(1_000);
        for at in 0..100_u8 {
            queue.add(&record(at.into(), "a line of some length"));
        }
        let kept = queue.len();
        assert!((5..15).contains(&kept), "{kept}");
        assert_eq!(queue.take_lost(), None, "there is no room yet");
        queue.confirm(kept);
        let lost = queue.take_lost().expect("records were lost");
        assert_eq!(lost.records, 100 - kept as u64);
        assert_eq!(lost.to.to_bits(), 99_f64.to_bits());
        assert_eq!(queue.take_lost(), None, "it is reported once");
        queue.add(&record(100.0, "again"));
        let next = queue.batch(BATCH);
        assert_eq!(next.first().map(|row| row.number), Some(kept as i64));
    }

    #[test]
    fn characters_that_the_database_cannot_store_are_replaced() {
        let mut queue = Queue::new(HELD);
        queue.add(&record(0.0, "a\0b \\u0000"));
        let batch = queue.batch(BATCH);
        let row = batch.first().expect("a row");
        assert!(row.record.contains("a\u{fffd}b"), "{}", row.record);
        assert!(row.record.contains(r"\\u0000"), "{}", row.record);
        assert_eq!(row.what, "log");
    }
}
