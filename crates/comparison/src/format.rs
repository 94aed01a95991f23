//! Formats the results of a comparison of push and polling.

use std::time::Duration;

use text::{bytes, round, short};

use crate::{Cost, FollowMode, Follower, Measurements, Row, Stage};

/// How a board is followed: `push`, `poll every 1 s`, `poll every 100 ms,
/// reconnecting, TLS`.
pub fn follower(Follower { mode, tls }: Follower) -> String {
    let words = match mode {
        FollowMode::Push => "push".to_owned(),
        FollowMode::Poll {
            every,
            keep_alive: true,
        } => format!("poll every {}", round(every)),
        FollowMode::Poll {
            every,
            keep_alive: false,
        } => format!("poll every {}, reconnecting", round(every)),
    };
    if tls { words + ", TLS" } else { words }
}

/// The current stage of a comparison.
pub fn stage(record: &Measurements) -> String {
    match &record.stage {
        Stage::Preparing => "Connecting and testing what the button changes".to_owned(),
        Stage::Together => "Running all followers".to_owned(),
        Stage::Waiting => "Waiting for the slowest poll".to_owned(),
        Stage::Alone { follower: None } => "Measuring the board without followers".to_owned(),
        Stage::Alone {
            follower: Some(place),
        } => {
            let words = record
                .followers
                .get(*place)
                .map(|followed| follower(followed.follower))
                .unwrap_or_default();
            format!("Measuring the board with one follower: {words}")
        }
        Stage::Done => "Done".to_owned(),
        Stage::Failed(problem) => problem.clone(),
    }
}

/// The headings of [`sums`].
pub const SUMS: [&str; 11] = [
    "",
    "Seen",
    "Missed",
    "Delay",
    "p99",
    "Requests",
    "Connections",
    "Connect time",
    "Sent",
    "Received",
    "Board CPU",
];

/// A row of a comparison's table, under [`SUMS`].
pub fn sums(row: &Row) -> [String; 11] {
    let time = |time: Option<Duration>| time.map_or_else(|| "-".to_owned(), short);
    [
        follower(row.follower),
        row.seen.to_string(),
        row.missed.to_string(),
        time(row.median),
        time(row.p99),
        row.requests.to_string(),
        row.connections.to_string(),
        time(row.connect),
        bytes(row.sent as f64),
        bytes(row.received as f64),
        cost(row.cost),
    ]
}

/// The CPU time of the board's process that a follower costs: `1.2 ms/s`.
fn cost(cost: Cost) -> String {
    match cost {
        Cost::Unmeasured | Cost::Unknown(_) => "-".to_owned(),
        Cost::PerSecond(cost) => format!("{:.2} ms/s", cost.as_secs_f64() * 1e3),
    }
}
