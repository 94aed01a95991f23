//! Memory per connection next to other servers', and per board among a thousand
//! in one process.

use std::time::Duration;

use tokio::time::sleep;

use super::broadcast::servers;
use crate::{
    Outcome,
    audience::Audience,
    figures::{Figure, Unit},
    process::Program,
    sockets,
    table::{Line, Target},
};

/// How long to wait after connecting.
const SETTLE: Duration = Duration::from_secs(2);

#[expect(clippy::cast_precision_loss, reason = "at most a thousand")]
pub(super) fn measure(quick: bool) -> Outcome<Vec<Line>> {
    let (clients, boards, rounds) = if quick { (4, 3, 1) } else { (500, 1_000, 3) };
    let mut lines = sockets::run(connections(clients, rounds))?;
    let mut rounds_of_boards = Vec::new();
    for _ in 0..rounds {
        let of = |count: usize| -> Outcome<f64> {
            let (boards, _) = Program::boards(count, &[])?;
            std::thread::sleep(SETTLE);
            Ok(boards.reading()?.memory_kb)
        };
        rounds_of_boards.push((of(boards)? - of(1)?) / (boards - 1) as f64);
    }
    lines.push(Line {
        row: "memory",
        what: format!("memory per board, {boards} of them without a client"),
        ours: Figure::of(&rounds_of_boards, Unit::Kilobytes).ok_or("no rounds")?,
        peer: None,
        target: Target::AtMost(40.0),
    });
    Ok(lines)
}

async fn connections(clients: u64, rounds: u32) -> Outcome<Vec<Line>> {
    let mut of: Vec<(&'static str, Vec<f64>)> = Vec::new();
    for _ in 0..rounds {
        // New processes each time: a process does not give memory back.
        for (at, (server, trigger)) in servers(clients + 3)?.into_iter().enumerate() {
            // What is allocated only once, the first time.
            let mut first = Audience::connect(&server, trigger, 1).await?;
            // Two, so that the next change differs from what the lamp shows
            // then.
            first.cause_changes(2).await?;
            let before = server.process.reading()?.memory_kb;
            let mut all = Audience::connect(&server, trigger, clients).await?;
            all.cause_changes(1).await?;
            sleep(SETTLE).await;
            #[expect(clippy::cast_precision_loss, reason = "at most five hundred")]
            let each = (server.process.reading()?.memory_kb - before) / (clients + 1) as f64;
            match of.get_mut(at) {
                Some((_, rounds)) => rounds.push(each),
                None => of.push((server.name, vec![each])),
            }
        }
    }
    let figure = |rounds: &[f64]| Figure::of(rounds, Unit::Kilobytes).ok_or("no rounds");
    let [(_, ours), peers @ ..] = of.as_slice() else {
        return Ok(Vec::new());
    };
    let mut lines = Vec::new();
    for (name, rounds) in peers {
        lines.push(Line {
            row: "memory",
            what: format!("memory per connection, {clients} clients"),
            ours: figure(ours)?,
            peer: Some(((*name).to_owned(), figure(rounds)?)),
            target: Target::AtMost(10.0),
        });
    }
    Ok(lines)
}
