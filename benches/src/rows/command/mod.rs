//! A command of a hundred bytes to one board in another process: from the
//! method call until its effect is confirmed by `seq`, next to a message of a
//! hundred bytes to a bare echo. Further peers attribute the cost to the board
//! and to the thread between.

mod bare;
mod lamp;

use std::{thread, time::Duration};

use engine::Transport;

use crate::{
    Outcome,
    figures::{Figure, Unit},
    peers::Server,
    process::Program,
    table::{Line, Target},
};

use bare::Bare;
use lamp::Lamp;

/// The longest pause between two commands at random times.
const LONGEST_GAP: Duration = Duration::from_millis(25);

/// Which peer the targets hold for: the one that is used as a fleet is, from
/// another thread than that of its socket.
const HELD_TO: usize = 1;

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

/// Sends this many, and returns the median and the 99th percentile of the
/// times, in microseconds.
trait Commander {
    fn round(&self, pace: Pace, commands: u32) -> Outcome<(f64, f64)>;
}

pub(super) fn measure(quick: bool) -> Outcome<Vec<Line>> {
    let (_boards, addresses) = Program::boards(1, &["--profile", "lamp"])?;
    let address = addresses.into_iter().next().ok_or("no board")?;
    let lamp = Lamp::connect(&address, Transport::Tungstenite)?;
    let over_ewebsock = Lamp::connect(&address, Transport::Ewebsock)?;
    let echo = Server::new("tokio-tungstenite echo", Program::part(&["echo-server"])?)?;
    let asked = Bare {
        address: echo.address.clone(),
        path: "/",
        message: || "m".repeat(100),
    };
    let board = Bare {
        address,
        path: "/rpc",
        message: bare::command,
    };
    let mut lines = Vec::new();
    for (pace, commands, rounds) in [(Pace::Lockstep, 1_000, 9), (Pace::RandomGaps, 300, 5)] {
        let (commands, rounds) = if quick { (5, 1) } else { (commands, rounds) };
        let mut ours = Contender::new("", &lamp);
        let mut peers = [
            Contender::new(echo.name, &asked),
            Contender::new("the echo, used from another thread", asked.on_a_thread()),
            Contender::new("bare client of the same board", &board),
            Contender::new("the fleet over ewebsock", &over_ewebsock),
        ];
        let mut chained = Contender::new("", lamp.chained());
        let mut everybody: Vec<_> = [&mut ours].into_iter().chain(&mut peers).collect();
        if let Pace::Lockstep = pace {
            everybody.push(&mut chained);
        }
        for one in &everybody {
            one.commander.round(pace, commands / 5)?;
        }
        for _ in 0..rounds {
            for one in &mut everybody {
                one.add(pace, commands)?;
            }
        }
        let what = format!("a command, {}", pace.name());
        for (at, peer) in peers.iter().enumerate() {
            lines.extend(compared(&what, &ours, peer, at == HELD_TO)?);
        }
        if let Pace::Lockstep = pace {
            lines.extend(compared(
                &format!("{what}, sent by the callback of the last"),
                &chained,
                &peers[0],
                false,
            )?);
        }
    }
    Ok(lines)
}

/// One participant and the results of its rounds.
struct Contender<'a> {
    name: &'static str,
    commander: Box<dyn Commander + 'a>,
    medians: Vec<f64>,
    p99s: Vec<f64>,
}

impl<'a> Contender<'a> {
    fn new(name: &'static str, commander: impl Commander + 'a) -> Self {
        Self {
            name,
            commander: Box::new(commander),
            medians: Vec::new(),
            p99s: Vec::new(),
        }
    }

    fn add(&mut self, pace: Pace, commands: u32) -> Outcome<()> {
        let (median, p99) = self.commander.round(pace, commands)?;
        self.medians.push(median);
        self.p99s.push(p99);
        Ok(())
    }
}

fn compared(
    what: &str,
    ours: &Contender<'_>,
    peer: &Contender<'_>,
    held_to: bool,
) -> Outcome<Vec<Line>> {
    let mut lines = Vec::new();
    for (which, ours, theirs, most) in [
        ("median", &ours.medians, &peer.medians, 1.4),
        ("p99", &ours.p99s, &peer.p99s, 1.5),
    ] {
        let figure = |rounds: &[f64]| Figure::of(rounds, Unit::Microseconds).ok_or("no rounds");
        lines.push(Line {
            row: "command",
            what: format!("{what}, {which}"),
            ours: figure(ours)?,
            peer: Some((peer.name.to_owned(), figure(theirs)?)),
            target: if held_to {
                Target::Ratio(most)
            } else {
                Target::Stated
            },
        });
    }
    Ok(lines)
}
