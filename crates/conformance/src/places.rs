//! How many controllers a board takes, and what the next one is told. Takes
//! every place that is free for a moment.

use std::time::Duration;

use protocol::limits::CONTROLLERS;
use tokio::time::{Instant, sleep};

use super::{
    finding::{Point, Report},
    opening::{refusal, status},
    wire::{Board, agreed, ask, opening},
};

const FULL: Point = Point {
    section: "Connecting",
    name: "one controller too many",
    expected: "503 with the error -32005 all_places_taken; nobody is put out",
};
const AGAIN: Point = Point {
    section: "Connecting",
    name: "a place that became free",
    expected: "can be had by the next one",
};

/// Every point.
pub(super) const POINTS: &[Point] = &[FULL, AGAIN];

/// Places that a board may have at most; boards have four (docs/protocol.md,
/// "Limits"), virtual ones as many as they are told.
const MOST: usize = 64;

/// A controller that has left is noticed by then.
const NOTICED: Duration = Duration::from_secs(3);

pub(super) async fn check(board: &Board, report: &mut Report<'_>) {
    let request = opening(
        board,
        board.place.path(),
        &["Sec-WebSocket-Protocol: switchboard.v1"],
    );
    let mut taken = Vec::new();
    let refused = loop {
        match ask(board, &request).await {
            Ok((answer, wire)) if agreed(&answer).is_ok() && taken.len() < MOST => taken.push(wire),
            Ok((answer, _)) => break Ok(answer),
            Err(why) => break Err(why),
        }
    };
    let sent = format!("{} connections, and one more", taken.len());
    match &refused {
        Ok(answer) if answer.status == 101 => {
            let why = format!(
                "there is no end of places: {MOST} are taken, four are meant. A chip would run \
                     out of memory."
            );
            report.judged(FULL, &sent, &answer.shown(), Err(why));
        }
        Ok(answer) => {
            let mut thought =
                status(answer, 503).and_then(|()| refusal(answer, -32005, "all_places_taken"));
            for wire in &mut taken {
                let first = wire.next(Duration::from_millis(1)).await;
                if matches!(first, super::wire::Came::End) {
                    thought = Err("somebody was put out for it".to_owned());
                }
            }
            match thought {
                Ok(()) if taken.len() > CONTROLLERS => {
                    let why = format!(
                        "{} controllers were let in; boards have places for {CONTROLLERS}",
                        taken.len()
                    );
                    report.warned(FULL, &sent, &answer.shown(), &why);
                }
                thought => report.judged(FULL, &sent, &answer.shown(), thought),
            }
        }
        Err(why) => report.judged(FULL, &sent, why, Err("there is no answer".to_owned())),
    }
    let had = !taken.is_empty();
    for wire in taken {
        wire.close().await;
    }
    if !had {
        return report.skipped(AGAIN, "others have every place");
    }
    let until = Instant::now() + NOTICED;
    loop {
        let again = ask(board, &request).await;
        match again {
            Ok((answer, wire)) if agreed(&answer).is_ok() => {
                wire.close().await;
                return report.judged(
                    AGAIN,
                    "the connections are closed, a new one is opened",
                    &answer.shown(),
                    Ok(()),
                );
            }
            _ if Instant::now() < until => sleep(Duration::from_millis(100)).await,
            Ok((answer, _)) => {
                return report.judged(
                    AGAIN,
                    "a new connection",
                    &answer.shown(),
                    Err("it is refused".to_owned()),
                );
            }
            Err(why) => {
                return report.judged(
                    AGAIN,
                    "a new connection",
                    &why,
                    Err("there is no answer".to_owned()),
                );
            }
        }
    }
}
