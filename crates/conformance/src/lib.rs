//! Whether what answers at an address is a board as docs/protocol.md has it,
//! point by point. Switches nothing unless it may; knows no fleet and no face.
//! What is judged is data and pure functions; `wire.rs` alone moves bytes.

mod announced;
mod around;
mod asking;
mod changing;
mod finding;
mod framing;
mod locked;
mod lookup;
mod messages;
mod opening;
mod places;
mod refusing;
mod shape;
mod talk;
mod wire;

use serde_json::{Value, json};

pub use finding::{Finding, Point, Verdict};
pub use lookup::announced;

use finding::Report;
use keys::{Key, Keys};
use net::client::{Endpoint, Trust};
use talk::Talk;
use wire::Board;

/// Why what would change something was not tried.
const ASK: &str = "it would change something: --allow-changes tries it, and puts back what it was";

/// Why nothing was tried within a lock.
const NO_KEY: &str = "the board is locked, and this computer has no key for it";

/// What is checked.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Where: the address of the control channel, `ws://192.168.1.17/rpc`.
    pub place: Endpoint,
    /// Whose certificates are trusted, for `wss://`.
    pub trust: Trust,
    /// Whether one component may be changed and put back, and commands be sent
    /// that must be refused.
    pub may_change: bool,
    /// The keys of this computer, for boards that are locked.
    pub keys: Keys,
    /// The TXT record, where the board was found by mDNS.
    pub txt: Option<Vec<(String, String)>>,
}

/// Every point that is looked at, in the order in which they are.
pub fn points() -> Vec<Point> {
    let table = messages::EXCHANGES.iter().map(|exchange| exchange.point);
    [opening::POINTS, framing::POINTS, locked::POINTS]
        .into_iter()
        .flatten()
        .copied()
        .chain(table)
        .chain(
            [
                asking::POINTS,
                changing::POINTS,
                refusing::POINTS,
                around::POINTS,
                places::POINTS,
                announced::POINTS,
            ]
            .into_iter()
            .flatten()
            .copied(),
        )
        .collect()
}

/// Checks a board, and tells each finding as it is made. Blocks, for some
/// seconds.
///
/// # Errors
/// Where nobody answers at all, or the system gives no runtime.
pub fn check(asked: &Asked, tell: &mut dyn FnMut(Finding)) -> Result<(), CheckError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(CheckError::Start)?;
    runtime.block_on(examine(asked, &mut Report::new(tell)))
}

async fn examine(asked: &Asked, report: &mut Report<'_>) -> Result<(), CheckError> {
    let board = Board {
        place: asked.place.clone(),
        trust: asked.trust.clone(),
    };
    // Somebody must answer before it makes sense to say of each point that
    // nobody did.
    wire::Wire::connect(&board)
        .await
        .map_err(CheckError::NoAnswer)?;
    opening::check(&board, report).await;
    let greeted = match locked::greeting(&board).await {
        Ok(greeted) => greeted,
        Err(why) => {
            report.rest(points(), &format!("there is no control channel: {why}"));
            return Ok(());
        }
    };
    let key = match &greeted {
        Some(hello) => {
            for point in framing::POINTS {
                report.skipped(
                    *point,
                    "the board is locked: it reads nothing of who has not its key",
                );
            }
            locked::check(&board, hello, report).await;
            noise::Hello::from_bytes(hello)
                .ok()
                .and_then(|hello| asked.keys.get(&hello.board).cloned())
        }
        None => {
            framing::check(&board, report).await;
            locked::skip(report);
            None
        }
    };
    let info = match (&greeted, &key) {
        (Some(_), None) => {
            skip_channel(report, NO_KEY);
            Value::Null
        }
        _ => channel(&board, key.as_ref(), asked.may_change, report).await,
    };
    around::check(&board, &info, greeted.is_some(), report).await;
    places(&board, greeted.is_some(), report).await;
    announced::check(asked.txt.as_deref(), &info, greeted.is_some(), report);
    report.rest(points(), "the board stopped to answer before");
    Ok(())
}

/// Without a key connections to a locked board are no controllers, and make
/// room for each other.
async fn places(board: &Board, locked: bool, report: &mut Report<'_>) {
    if locked {
        for point in places::POINTS {
            report.skipped(
                *point,
                "the board is locked: a place is taken by the first message within the lock",
            );
        }
        return;
    }
    places::check(board, report).await;
}

fn skip_channel(report: &mut Report<'_>, why: &str) {
    let table = messages::EXCHANGES.iter().map(|exchange| exchange.point);
    for point in table
        .chain(asking::POINTS.iter().copied())
        .chain(changing::POINTS.iter().copied())
        .chain(refusing::POINTS.iter().copied())
    {
        report.skipped(point, why);
    }
}

/// Everything that is said on the control channel. What the board says that it
/// is.
async fn channel(
    board: &Board,
    key: Option<&Key>,
    may_change: bool,
    report: &mut Report<'_>,
) -> Value {
    let mut talk = match Talk::open(board, key).await {
        Ok(talk) => talk,
        Err(why) => {
            skip_channel(report, &format!("there is no channel: {why}"));
            return Value::Null;
        }
    };
    // A board that stops to answer is asked the rest on a new connection.
    if asking::table(&mut talk, report).await.is_err()
        || asking::order(&mut talk, report).await.is_err()
    {
        talk = match Talk::open(board, key).await {
            Ok(talk) => talk,
            Err(_) => return Value::Null,
        };
    }
    let mut other = Talk::open(board, key).await.ok();
    let number = match &mut other {
        Some(other) => other
            .call("Device.GetStatus", json!({}))
            .await
            .ok()
            .and_then(|status| status["client"].as_u64()),
        None => None,
    };
    let learnt = asking::learn(&mut talk, number, may_change, report).await;
    match may_change {
        true => refusing::check(&mut talk, &learnt, report).await,
        false => report.rest(refusing::POINTS.iter().copied(), ASK),
    }
    match (may_change, &mut other) {
        (false, _) => changing::skip(report, ASK),
        (true, None) => changing::skip(report, "a second connection could not be had"),
        (true, Some(other)) => changing::check(&mut talk, other, &learnt, report).await,
    }
    talk.close().await;
    if let Some(other) = other {
        other.close().await;
    }
    learnt.info
}

/// Why nothing could be checked.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// Nobody answers there.
    #[error("{0}")]
    NoAnswer(String),
    /// The system gives no runtime.
    #[error("the check could not be started: {0}")]
    Start(std::io::Error),
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_point_comes_from_a_section_of_the_document() {
        let document = include_str!("../../../docs/protocol.md");
        let headings: BTreeSet<_> = document
            .lines()
            .filter(|line| line.starts_with('#'))
            .map(|line| line.trim_start_matches('#').trim())
            .collect();
        for point in points() {
            assert!(
                headings.contains(point.section),
                "{}: {}",
                point.section,
                point.name
            );
        }
    }

    #[test]
    fn no_two_points_have_one_name() {
        let points = points();
        let names: BTreeSet<_> = points
            .iter()
            .map(|point| (point.section, point.name))
            .collect();
        assert_eq!(names.len(), points.len());
    }
}
