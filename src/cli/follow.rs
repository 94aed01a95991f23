//! Follows boards and prints their events until the time is over.

use std::time::{Duration, Instant};

use super::{
    Failure,
    client::Client,
    print::Printer,
    watching::{Reach, Watching},
};
use fleet::{BoardKey, LogEvent};

/// The boards whose events are printed.
pub(super) struct Watched {
    pub(super) watching: Watching,
    pub(super) only: Option<BoardKey>,
}

impl Watched {
    pub(super) fn one(client: Client) -> Self {
        let only = Some(client.key());
        Self {
            watching: client.into_watching(),
            only,
        }
    }
}

/// The board that is named, otherwise all of them.
pub(super) fn watched(reach: Reach<'_>, board: Option<&str>) -> Result<Watched, Failure> {
    match board {
        None => Ok(Watched {
            watching: Watching::start(reach, true, true)?,
            only: None,
        }),
        Some(board) => Client::connect(reach, board).map(Watched::one),
    }
}

/// Prints events until the time is over.
pub(super) fn follow(
    watched: Watched,
    printed: impl Fn(&LogEvent) -> bool,
    wait: Option<Duration>,
    printer: &mut Printer,
) -> Result<(), Failure> {
    let Watched { mut watching, only } = watched;
    let end = wait.map(|wait| Instant::now() + wait);
    loop {
        // Without an end, wait an hour at a time.
        let until = end.unwrap_or_else(|| Instant::now() + Duration::from_secs(3_600));
        match watching.wait(until) {
            Some(changes) => {
                for entry in &changes.log {
                    if only.is_none_or(|only| only == entry.board) && printed(&entry.what) {
                        printer.event(watching.boards().get(&entry.board), entry)?;
                    }
                }
                if changes.missed > 0 {
                    printer.missed(changes.missed)?;
                }
            }
            None if end.is_some() => return Ok(()),
            None => {}
        }
    }
}
