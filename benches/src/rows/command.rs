//! A command of a hundred bytes to one board in another process: from the fleet's call until its effect is confirmed by `seq`, beside a
//! message of a hundred bytes to a bare echo.

use std::{
    thread,
    time::{Duration, Instant},
};

use futures_util::{SinkExt, StreamExt};
use protocol::{ComponentKey, Kind, State};
use tokio_tungstenite::tungstenite::Message;

use super::linked::Linked;
use crate::{
    Outcome,
    figures::{Figure, Unit, median_and_p99},
    peers::Server,
    process::Program,
    sockets::{self, WebSocket, connect},
    table::{Line, Target},
};

/// The longest pause between two commands that come at random.
const LONGEST_GAP: Duration = Duration::from_millis(25);

/// How commands follow each other.
#[derive(Clone, Copy)]
enum Pace {
    Lockstep,
    RandomGaps,
}

impl Pace {
    fn name(self) -> &'static str {
        match self {
            Self::Lockstep => "lockstep",
            Self::RandomGaps => "gaps of 0-25 ms",
        }
    }

    fn wait(self) {
        if let Self::RandomGaps = self {
            thread::sleep(LONGEST_GAP.mul_f64(fastrand::f64()));
        }
    }
}

pub(super) fn measure(quick: bool) -> Outcome<Vec<Line>> {
    let (_boards, addresses) = Program::boards(1, &["--profile", "lamp"])?;
    let address = addresses.into_iter().next().ok_or("no board")?;
    let lamp = Linked::connect(&address, &ComponentKey::new(Kind::Light, 0))?;
    let echo = Server::new("tokio-tungstenite echo", Program::part(&["echo-server"])?)?;
    let peers = [
        Bare { name: echo.name, address: echo.address.clone(), path: "/", message: || "m".repeat(100) },
        // What of it is the board's and what the fleet's.
        Bare { name: "bare client of the same board", address, path: "/rpc", message: command },
    ];
    let mut lines = Vec::new();
    for (pace, commands, rounds) in [(Pace::Lockstep, 1_000, 9), (Pace::RandomGaps, 300, 5)] {
        let (commands, rounds) = if quick { (5, 1) } else { (commands, rounds) };
        round(&lamp, pace, commands / 5)?;
        let mut ours = Rounds::default();
        let mut theirs = [Rounds::default(), Rounds::default()];
        for peer in &peers {
            peer.round(pace, commands / 5)?;
        }
        for _ in 0..rounds {
            ours.add(round(&lamp, pace, commands)?);
            for (peer, rounds) in peers.iter().zip(&mut theirs) {
                rounds.add(peer.round(pace, commands)?);
            }
        }
        for (peer, theirs) in peers.iter().zip(&theirs) {
            for (what, ours, theirs, most) in
                [("median", &ours.medians, &theirs.medians, 1.5), ("p99", &ours.p99s, &theirs.p99s, 3.0)]
            {
                let figure = |rounds: &[f64]| Figure::of(rounds, Unit::Microseconds).ok_or("no rounds");
                lines.push(Line {
                    row: "command",
                    what: format!("a command, {}, {what}", pace.name()),
                    ours: figure(ours)?,
                    peer: Some((peer.name.to_owned(), figure(theirs)?)),
                    target: if peer.path == "/" { Target::Ratio(most) } else { Target::Stated },
                });
            }
        }
    }
    Ok(lines)
}

fn round(lamp: &Linked, pace: Pace, commands: u32) -> Outcome<(f64, f64)> {
    let light = ComponentKey::new(Kind::Light, 0);
    let mut times = Vec::new();
    for number in 0..commands {
        pace.wait();
        let change = State::new().with("on", true).with("ct_k", 3000).with("brightness", number % 100);
        times.push(lamp.set(&light, change)?);
    }
    Ok(median_and_p99(times).ok_or("no commands")?)
}

/// In each round.
#[derive(Default)]
struct Rounds {
    medians: Vec<f64>,
    p99s: Vec<f64>,
}

impl Rounds {
    fn add(&mut self, (median, p99): (f64, f64)) {
        self.medians.push(median);
        self.p99s.push(p99);
    }
}

/// A bare client of some server.
struct Bare {
    name: &'static str,
    address: String,
    path: &'static str,
    message: fn() -> String,
}

/// A command that changes a lamp's light, as the fleet sends it.
fn command() -> String {
    let brightness = fastrand::u8(..=100);
    format!(
        r#"{{"jsonrpc":"2.0","id":1000,"method":"Light.Set","params":{{"brightness":{brightness},"ct_k":3000,"id":0,"on":true}}}}"#
    )
}

impl Bare {
    /// As many messages there and back.
    fn round(&self, pace: Pace, messages: u32) -> Outcome<(f64, f64)> {
        sockets::run(async {
            let mut socket = connect(&self.address, self.path, None).await?;
            let mut times = Vec::new();
            for _ in 0..messages {
                pace.wait();
                times.push(there_and_back(&mut socket, (self.message)()).await?);
            }
            Ok(median_and_p99(times).ok_or("no messages")?)
        })
    }
}

async fn there_and_back(socket: &mut WebSocket, message: String) -> Outcome<Duration> {
    let begun = Instant::now();
    socket.send(Message::text(message)).await?;
    socket.next().await.ok_or("the server has ended")??;
    Ok(begun.elapsed())
}
