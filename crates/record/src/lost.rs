//! Counts records that were lost while nothing could be written.

use crate::format::{Record, Recorded};

/// Records that were lost.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Lost {
    pub(crate) records: u64,
    /// The `at` of the first one.
    from: f64,
    /// The `at` of the last one.
    pub(crate) to: f64,
    /// The `t` of the last one.
    t: f64,
}

impl Lost {
    /// Counts a record with these times.
    pub(crate) fn count(&mut self, at: f64, t: f64) {
        if self.records == 0 {
            self.from = at;
        }
        self.records += 1;
        (self.to, self.t) = (at, t);
    }

    /// The record that reports them.
    pub(crate) fn into_gap(self, reason: String) -> Record {
        Record {
            at: self.to,
            t: self.t,
            board: None,
            what: Recorded::Gap {
                reason,
                records: self.records,
                from: self.from,
                to: self.to,
            },
        }
    }
}
