//! Rows of the timeline in the order of their numbers; the oldest are dropped.

use std::collections::VecDeque;

use super::row::TimelineRow;

/// Rows in the order of their numbers.
#[derive(Debug, Default)]
pub(super) struct Rows(pub(super) VecDeque<TimelineRow>);

impl Rows {
    pub(super) fn place(&self, number: u64) -> usize {
        self.0.partition_point(|row| row.number < number)
    }

    pub(super) fn get(&self, number: u64) -> Option<&TimelineRow> {
        self.0
            .get(self.place(number))
            .filter(|row| row.number == number)
    }

    pub(super) fn get_mut(&mut self, number: u64) -> Option<&mut TimelineRow> {
        let place = self.place(number);
        self.0.get_mut(place).filter(|row| row.number == number)
    }

    pub(super) fn push(&mut self, row: TimelineRow, most: usize) {
        if self.0.len() == most {
            self.0.pop_front();
        }
        self.0.push_back(row);
    }
}
