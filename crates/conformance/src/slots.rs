//! How many controllers a board accepts, and how it refuses the next one.
//! Briefly occupies all free slots.

use std::time::Duration;

use protocol::limits::CONTROLLERS;
use tokio::time::{Instant, sleep};

use super::{
    finding::{Point, Report},
    opening_handshake::{refusal, status},
    raw::{Target, ask, check_upgrade, opening},
};

const FULL: Point = Point {
    section: "Connecting",
    name: "one controller too many",
    expected: "503 with the error -32005 all_places_taken; existing clients are not evicted",
};
const AGAIN: Point = Point {
    section: "Connecting",
    name: "a freed slot",
    expected: "is available to the next one",
};

/// All points of this module.
pub(super) const POINTS: &[Point] = &[FULL, AGAIN];

/// Maximum number of slots to occupy. Boards have four (docs/protocol.md,
/// "Limits"), virtual ones as many as configured.
const LIMIT: usize = 64;

/// Time for the board to notice that a controller has disconnected.
const NOTICED: Duration = Duration::from_secs(3);

pub(super) async fn check(board: &Target, report: &mut Report<'_>) {
    let request = opening(
        board,
        board.endpoint.path(),
        &["Sec-WebSocket-Protocol: switchboard.v1"],
    );
    let mut taken = Vec::new();
    let refused = loop {
        match ask(board, &request).await {
            Ok((answer, connection)) if check_upgrade(&answer).is_ok() && taken.len() < LIMIT => {
                taken.push(connection);
            }
            Ok((answer, _)) => break Ok(answer),
            Err(why) => break Err(why),
        }
    };
    let sent = format!("{} connections, and one more", taken.len());
    match &refused {
        Ok(answer) if answer.status == 101 => {
            let why = format!(
                "the number of slots seems unlimited: {LIMIT} are in use, and a board should have \
                    four. A chip would run out of memory."
            );
            report.record(FULL, &sent, &answer.shown(), Err(why));
        }
        Ok(answer) => {
            let mut outcome =
                status(answer, 503).and_then(|()| refusal(answer, -32005, "all_places_taken"));
            for connection in &mut taken {
                let first = connection.next(Duration::from_millis(1)).await;
                if matches!(first, super::raw::Received::End) {
                    outcome = Err("an existing client was evicted".to_owned());
                }
            }
            match outcome {
                Ok(()) if taken.len() > CONTROLLERS => {
                    let why = format!(
                        "{} controllers were accepted; a board should have {CONTROLLERS} slots",
                        taken.len()
                    );
                    report.warn(FULL, &sent, &answer.shown(), &why);
                }
                outcome => report.record(FULL, &sent, &answer.shown(), outcome),
            }
        }
        Err(why) => report.record(FULL, &sent, why, Err("no answer".to_owned())),
    }
    let had = !taken.is_empty();
    for connection in taken {
        connection.close().await;
    }
    if !had {
        return report.skip(AGAIN, "other controllers use all slots");
    }
    let until = Instant::now() + NOTICED;
    loop {
        let again = ask(board, &request).await;
        match again {
            Ok((answer, connection)) if check_upgrade(&answer).is_ok() => {
                connection.close().await;
                return report.record(
                    AGAIN,
                    "the connections were closed, and a new one was opened",
                    &answer.shown(),
                    Ok(()),
                );
            }
            _ if Instant::now() < until => sleep(Duration::from_millis(100)).await,
            Ok((answer, _)) => {
                return report.record(
                    AGAIN,
                    "a new connection",
                    &answer.shown(),
                    Err("the connection was refused".to_owned()),
                );
            }
            Err(why) => {
                return report.record(AGAIN, "a new connection", &why, Err("no answer".to_owned()));
            }
        }
    }
}
