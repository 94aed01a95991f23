//! The report of a comparison, one row per follower. Computes only; formats
//! nothing.

use std::time::Duration;

use super::{
    detection::{ChangeOutcome, outcomes, quantile},
    measurements::{Cost, Follower, FollowerMeasurements, Measurements},
};

/// What one follower saw, missed and cost.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The follower.
    pub follower: Follower,
    /// The outcome of each change, in the order of the presses.
    pub outcomes: Vec<ChangeOutcome>,
    /// Number of changes that it saw.
    pub seen: usize,
    /// Number of changes that it missed.
    pub missed: usize,
    /// Number of changes about which it has no information yet.
    pub pending: usize,
    /// Median time from the press until the follower saw it.
    pub median: Option<Duration>,
    /// 99th percentile of this time.
    pub p99: Option<Duration>,
    /// Number of requests sent.
    pub requests: usize,
    /// Number of requests without an answer.
    pub failed: u64,
    /// Why the last of them failed.
    pub problem: Option<String>,
    /// Number of connections opened.
    pub connections: usize,
    /// Median time to open a connection.
    pub connect: Option<Duration>,
    /// Bytes sent over TCP, including headers of HTTP and WebSocket, and TLS,
    /// but not those of TCP and IP.
    pub sent: u64,
    /// Bytes received.
    pub received: u64,
    /// CPU cost for the board's process.
    pub cost: Cost,
}

/// The report.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// Number of changes that the board confirmed.
    pub changes: usize,
    /// One row per follower.
    pub rows: Vec<Row>,
}

impl Report {
    /// Computes the report of the measurements so far.
    pub fn of(record: &Measurements) -> Self {
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

fn row(record: &Measurements, followed: &FollowerMeasurements) -> Row {
    let outcomes = outcomes(&record.presses, &followed.observations);
    let count = |wanted: ChangeOutcome| {
        outcomes
            .iter()
            .filter(|outcome| **outcome == wanted)
            .count()
    };
    let mut delays: Vec<Duration> = outcomes
        .iter()
        .filter_map(|outcome| match outcome {
            ChangeOutcome::Seen(delay) => Some(*delay),
            ChangeOutcome::Missed | ChangeOutcome::Pending => None,
        })
        .collect();
    delays.sort_unstable();
    let mut connects = followed.connects.clone();
    connects.sort_unstable();
    Row {
        follower: followed.follower,
        seen: delays.len(),
        missed: count(ChangeOutcome::Missed),
        pending: count(ChangeOutcome::Pending),
        outcomes,
        median: quantile(&delays, 0.5),
        p99: quantile(&delays, 0.99),
        requests: followed.requests.len(),
        failed: followed.failed,
        problem: followed.problem.clone(),
        connections: connects.len(),
        connect: quantile(&connects, 0.5),
        sent: followed.traffic.sent(),
        received: followed.traffic.received(),
        cost: followed.cost,
    }
}
