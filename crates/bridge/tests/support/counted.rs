//! What metrics count.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use fleet::{BoardKey, Health, LinkProblem, LinkState, LogEntry, LogEvent, Outcome};

/// The outcome of a command, in the log of the board.
pub(crate) fn command(outcome: Outcome) -> LogEntry {
    LogEntry {
        number: 0,
        at: SystemTime::UNIX_EPOCH,
        steady: SystemTime::UNIX_EPOCH,
        board: BoardKey(1),
        board_name: "Bench".into(),
        what: LogEvent::Command {
            component: None,
            method: "Switch.Set".to_owned(),
            params: serde_json::Map::new(),
            outcome,
            trail: Box::default(),
        },
    }
}

/// A link that was lost for these reasons.
pub(crate) fn health(problems: impl IntoIterator<Item = LinkProblem>) -> Arc<Health> {
    let mut health = Health::default();
    let at = SystemTime::UNIX_EPOCH;
    health.round_trip(at, Duration::from_millis(8));
    for problem in problems {
        health.link(at, &LinkState::Connected);
        let retry_at = None;
        health.link(at, &LinkState::Unreachable { problem, retry_at });
    }
    Arc::new(health)
}
