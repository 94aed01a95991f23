//! The sums of a comparison, a row a follower. Reckons only; says nothing in
//! words.

use std::time::Duration;

use super::{
    judge::{Fate, fates, quantile},
    record::{Cost, Followed, Follower, Record},
};

/// What one follower saw, missed and cost.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Who.
    pub follower: Follower,
    /// What came of each change, in the order of the presses.
    pub fates: Vec<Fate>,
    /// Changes that it saw.
    pub seen: usize,
    /// Changes that left no trace for it.
    pub missed: usize,
    /// Changes of which it was told nothing yet.
    pub waiting: usize,
    /// From the press to the sight of it: half were quicker.
    pub median: Option<Duration>,
    /// And 99 of 100.
    pub p99: Option<Duration>,
    /// Requests that it sent.
    pub requests: usize,
    /// Of them without an answer.
    pub failed: u64,
    /// Why the last was not answered.
    pub problem: Option<String>,
    /// Connections that it opened.
    pub connections: usize,
    /// How long one of them took to open, in the median.
    pub connect: Option<Duration>,
    /// Bytes that it sent over TCP: headers of HTTP and WebSocket, and TLS, are
    /// among them, those of TCP and IP not.
    pub sent: u64,
    /// Bytes that it received.
    pub received: u64,
    /// What it costs the board's process.
    pub cost: Cost,
}

/// All rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// Changes that the board confirmed.
    pub changes: usize,
    /// A row a follower.
    pub rows: Vec<Row>,
}

impl Report {
    /// The sums so far.
    pub fn of(record: &Record) -> Self {
        Self {
            changes: record
                .presses
                .iter()
                .filter(|press| press.seq.is_some())
                .count(),
            rows: record
                .followers
                .iter()
                .map(|followed| row(record, followed))
                .collect(),
        }
    }
}

fn row(record: &Record, followed: &Followed) -> Row {
    let fates = fates(&record.presses, &followed.sightings);
    let count = |wanted: Fate| fates.iter().filter(|fate| **fate == wanted).count();
    let mut delays: Vec<Duration> = fates
        .iter()
        .filter_map(|fate| match fate {
            Fate::Seen(delay) => Some(*delay),
            Fate::Missed | Fate::Waiting => None,
        })
        .collect();
    delays.sort_unstable();
    let mut connects = followed.connects.clone();
    connects.sort_unstable();
    Row {
        follower: followed.follower,
        seen: delays.len(),
        missed: count(Fate::Missed),
        waiting: count(Fate::Waiting),
        fates,
        median: quantile(&delays, 0.5),
        p99: quantile(&delays, 0.99),
        requests: followed.asked.len(),
        failed: followed.failed,
        problem: followed.problem.clone(),
        connections: connects.len(),
        connect: quantile(&connects, 0.5),
        sent: followed.traffic.sent(),
        received: followed.traffic.received(),
        cost: followed.cost,
    }
}
