//! Checks a board against docs/protocol.md, point by point. Sends commands only
//! if allowed. Independent of the fleet and the user interfaces. The checks are
//! data and pure functions; only `raw.rs` performs I/O.

mod changes;
mod exchanges;
mod finding;
mod framing;
mod http;
mod locked;
mod lookup;
mod opening_handshake;
mod parameters;
mod queries;
mod raw;
mod schema;
mod session;
mod slots;
mod txt_record;
mod updates;

use serde_json::{Value, json};

pub use finding::{Finding, Point, Verdict};
pub use lookup::announced;

use finding::Report;
use keys::{Key, Keys};
use net::client::{Endpoint, Trust};
use raw::Target;
use session::RpcSession;

/// Why a point that changes something was skipped.
const ASK: &str = "it would change a component; --allow-changes runs it and restores the state";

/// Why points inside the encrypted channel were skipped.
const NO_KEY: &str = "the board is locked, and this computer has no key for it";

/// What to check, and how.
#[derive(Debug, Clone)]
pub struct CheckRequest {
    /// The URL of the control channel, `ws://192.168.1.17/rpc`.
    pub endpoint: Endpoint,
    /// Trusted certificates, for `wss://`.
    pub trust: Trust,
    /// Whether to change and restore one component, and to send commands that
    /// must be refused.
    pub may_change: bool,
    /// The keys for locked boards.
    pub keys: Keys,
    /// The TXT record, if the board was found by mDNS.
    pub txt: Option<Vec<(String, String)>>,
}

/// All points, in the order in which they are checked.
pub fn points() -> Vec<Point> {
    let table = exchanges::EXCHANGES.iter().map(|exchange| exchange.point);
    [opening_handshake::POINTS, framing::POINTS, locked::POINTS]
        .into_iter()
        .flatten()
        .copied()
        .chain(table)
        .chain(
            [
                queries::POINTS,
                changes::POINTS,
                parameters::POINTS,
                updates::POINTS,
                http::POINTS,
                slots::POINTS,
                txt_record::POINTS,
            ]
            .into_iter()
            .flatten()
            .copied(),
        )
        .collect()
}

/// Checks a board and reports each finding as it is made. Blocks for a few
/// seconds.
///
/// # Errors
/// If nothing answers at all, or no runtime can be created.
pub fn check(request: &CheckRequest, tell: &mut dyn FnMut(Finding)) -> Result<(), CheckError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(CheckError::Start)?;
    runtime.block_on(examine(request, &mut Report::new(tell)))
}

async fn examine(request: &CheckRequest, report: &mut Report<'_>) -> Result<(), CheckError> {
    let board = Target {
        endpoint: request.endpoint.clone(),
        trust: request.trust.clone(),
    };
    // Without any answer, there is no use in reporting every point as failed.
    raw::RawConnection::connect(&board)
        .await
        .map_err(CheckError::NoAnswer)?;
    opening_handshake::check(&board, report).await;
    let greeted = match locked::greeting(&board).await {
        Ok(greeted) => greeted,
        Err(why) => {
            report.skip_rest(
                points(),
                &format!("the control channel could not be opened: {why}"),
            );
            return Ok(());
        }
    };
    let key = match &greeted {
        Some(hello) => {
            for point in framing::POINTS {
                report.skip(
                    *point,
                    "the board is locked, and ignores frames of clients without a key",
                );
            }
            locked::check(&board, hello, report).await;
            noise::Hello::from_bytes(hello)
                .ok()
                .and_then(|hello| request.keys.get(&hello.board).cloned())
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
        _ => channel(&board, key.as_ref(), request.may_change, report).await,
    };
    http::check(&board, &info, greeted.is_some(), report).await;
    places(&board, greeted.is_some(), report).await;
    txt_record::check(request.txt.as_deref(), &info, greeted.is_some(), report);
    report.skip_rest(points(), "the board stopped answering");
    Ok(())
}

/// Connections to a locked board without a key are not controllers and evict
/// each other.
async fn places(board: &Target, locked: bool, report: &mut Report<'_>) {
    if locked {
        for point in slots::POINTS {
            report.skip(
                *point,
                "the board is locked: only an encrypted message occupies a slot",
            );
        }
        return;
    }
    slots::check(board, report).await;
}

fn skip_channel(report: &mut Report<'_>, why: &str) {
    let table = exchanges::EXCHANGES.iter().map(|exchange| exchange.point);
    for point in table
        .chain(queries::POINTS.iter().copied())
        .chain(changes::POINTS.iter().copied())
        .chain(parameters::POINTS.iter().copied())
        .chain(updates::POINTS.iter().copied())
    {
        report.skip(point, why);
    }
}

/// Runs all checks on the control channel. Returns the result of
/// `Device.GetInfo`.
async fn channel(
    board: &Target,
    key: Option<&Key>,
    may_change: bool,
    report: &mut Report<'_>,
) -> Value {
    let mut session = match RpcSession::open(board, key).await {
        Ok(session) => session,
        Err(why) => {
            skip_channel(report, &format!("the channel could not be opened: {why}"));
            return Value::Null;
        }
    };
    // If the board stops answering, continue on a new connection.
    if queries::table(&mut session, report).await.is_err()
        || queries::order(&mut session, report).await.is_err()
    {
        session = match RpcSession::open(board, key).await {
            Ok(session) => session,
            Err(_) => return Value::Null,
        };
    }
    let mut other = RpcSession::open(board, key).await.ok();
    let number = match &mut other {
        Some(other) => other
            .call("Device.GetStatus", json!({}))
            .await
            .ok()
            .and_then(|status| status["client"].as_u64()),
        None => None,
    };
    let facts = queries::discover(&mut session, number, may_change, report).await;
    match may_change {
        true => {
            parameters::check(&mut session, &facts, report).await;
            updates::check(&mut session, &facts, report).await;
        }
        false => report.skip_rest(
            parameters::POINTS.iter().chain(updates::POINTS).copied(),
            ASK,
        ),
    }
    match (may_change, &mut other) {
        (false, _) => changes::skip(report, ASK),
        (true, None) => changes::skip(report, "a second connection could not be opened"),
        (true, Some(other)) => changes::check(&mut session, other, &facts, report).await,
    }
    session.close().await;
    if let Some(other) = other {
        other.close().await;
    }
    facts.info
}

/// The check could not run.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// Nothing answers at the address.
    #[error("{0}")]
    NoAnswer(String),
    /// No runtime could be created.
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
    fn point_names_are_unique() {
        let points = points();
        let names: BTreeSet<_> = points
            .iter()
            .map(|point| (point.section, point.name))
            .collect();
        assert_eq!(names.len(), points.len());
    }
}
