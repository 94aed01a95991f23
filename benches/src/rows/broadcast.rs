//! The cost of delivering one change to many clients, in the server's process.

use crate::{
    Outcome,
    audience::{Audience, Trigger},
    figures::{Figure, Unit},
    peers::Server,
    process::Program,
    sockets::{self, SMALL_BUFFER},
    table::{Line, Target},
};

/// Deliveries per round.
const DELIVERIES: u64 = 20_000;

/// A board with this many subscribers, as a server like the others.
pub(super) fn board(controllers: u64) -> Outcome<Server> {
    let places = controllers.to_string();
    let (process, addresses) =
        Program::boards(1, &["--profile", "lamp", "--controllers", &places])?;
    let address = addresses.into_iter().next().ok_or("no board")?;
    Ok(Server {
        name: "virtual board",
        process,
        address,
    })
}

/// The library with its own buffer, and with a small one.
const LARGE: &str = "tokio-tungstenite";
const SMALL: &str = "tokio-tungstenite, 4 KiB buffer";

/// A board, tokio-tungstenite, and the other peers.
pub(super) fn servers(controllers: u64) -> Outcome<Vec<(Server, Trigger)>> {
    let mut servers = vec![
        (board(controllers)?, Trigger::Command),
        (Server::tungstenite(LARGE, None)?, Trigger::Message),
        (
            Server::tungstenite(SMALL, Some(SMALL_BUFFER))?,
            Trigger::Message,
        ),
    ];
    servers.extend(
        Server::others()?
            .into_iter()
            .map(|server| (server, Trigger::Message)),
    );
    Ok(servers)
}

pub(super) fn measure(quick: bool) -> Outcome<Vec<Line>> {
    let mut lines = Vec::new();
    for size in [4, 50, 500] {
        let (deliveries, rounds, size) = if quick {
            (8, 1, size.min(4))
        } else {
            (DELIVERIES, 7, size)
        };
        lines.extend(sockets::run(deliver(size, deliveries / size, rounds))?);
        if quick {
            break;
        }
    }
    Ok(lines)
}

async fn deliver(size: u64, changes: u64, rounds: u32) -> Outcome<Vec<Line>> {
    let mut followers = Vec::new();
    for (server, trigger) in servers(size + 1)? {
        let mut audience = Audience::connect(&server, trigger, size).await?;
        audience.cause_changes(changes.div_ceil(5)).await?;
        followers.push((server, audience, Vec::new()));
    }
    for _ in 0..rounds {
        for (server, audience, costs) in &mut followers {
            let before = server.process.reading()?.cpu;
            let received = audience.cause_changes(changes).await?;
            let cpu = server.process.reading()?.cpu.saturating_sub(before);
            #[expect(clippy::cast_precision_loss, reason = "a few thousand")]
            costs.push(cpu.as_secs_f64() * 1e6 / received as f64);
        }
    }
    let mut figures = Vec::new();
    for (server, _, costs) in &followers {
        figures.push((
            server.name,
            Figure::of(costs, Unit::Microseconds).ok_or("no rounds")?,
        ));
    }
    let [(_, ours), peers @ ..] = figures.as_slice() else {
        return Ok(Vec::new());
    };
    let lines = peers.iter().map(|(name, figure)| Line {
        row: "broadcast",
        what: format!("CPU per delivery, {size} clients"),
        ours: *ours,
        peer: Some(((*name).to_owned(), *figure)),
        target: match *name {
            LARGE => Target::Ratio(1.0),
            SMALL => Target::Ratio(1.1),
            _ => Target::Stated,
        },
    });
    Ok(lines.collect())
}
