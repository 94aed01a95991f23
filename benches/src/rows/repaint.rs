//! A button is pressed at the board: the time until the fleet requests a
//! repaint, next to the time until a bare client of the same board has received
//! the same push. Both are in this process, each on a thread of its own, so
//! that one clock times both.

use std::{
    collections::BTreeSet,
    sync::mpsc::{Receiver, Sender, channel},
    thread,
    time::{Duration, Instant},
};

use engine::Settings;
use fleet::{Fleet, Shown, Watch};
use futures_util::{SinkExt, StreamExt};
use protocol::{ComponentKey, Kind};
use tokio_tungstenite::tungstenite::Message;

use crate::{
    Outcome,
    figures::{Figure, Unit, quantile},
    process::Program,
    rows::linked::{TIMEOUT, connected},
    sockets::{self, connect},
    table::{Line, Target},
};

/// The pause between two presses: a press and its toggle are pushed and drawn.
const GAP: Duration = Duration::from_millis(20);

/// How much later than at a bare client an event may request a repaint, in
/// microseconds.
const MOST: f64 = 200.0;

const SUBSCRIBE: &str = r#"{"jsonrpc":"2.0","id":1,"method":"Device.Subscribe"}"#;

pub(super) fn measure(quick: bool) -> Outcome<Vec<Line>> {
    let (rounds, presses) = if quick { (2, 3) } else { (10, 150) };
    let mut waits = [Waits::default(), Waits::default(), Waits::default()];
    for round in 0..rounds {
        // A board notifies its clients one after the other: each of the two is
        // first in every second round.
        let mut pair = Pair::connect(round % 2 == 0)?;
        pair.round(presses / 5)?;
        for (waits, round) in waits.iter_mut().zip(pair.round(presses)?) {
            waits.add(round)?;
        }
    }
    let [asked, received, later] = waits;
    let mut lines = Vec::new();
    for (share, of) in [
        (
            "median",
            (|waits| &waits.medians) as fn(&Waits) -> &Vec<f64>,
        ),
        ("p99", |waits| &waits.p99s),
    ] {
        let figure = |waits| Figure::of(of(waits), Unit::Microseconds).ok_or("no rounds");
        lines.push(Line {
            row: "repaint",
            what: format!("a press at the board to the request for a repaint, {share}"),
            ours: figure(&asked)?,
            peer: Some((
                "bare client of the same board has received it".to_owned(),
                figure(&received)?,
            )),
            target: Target::Stated,
        });
        lines.push(Line {
            row: "repaint",
            what: format!("the request for a repaint after the bare client, {share}"),
            ours: figure(&later)?,
            peer: None,
            target: Target::AtMost(MOST),
        });
    }
    Ok(lines)
}

/// Of each round, in microseconds.
#[derive(Default)]
struct Waits {
    medians: Vec<f64>,
    p99s: Vec<f64>,
}

impl Waits {
    fn add(&mut self, mut waits: Vec<f64>) -> Outcome<()> {
        waits.sort_by(f64::total_cmp);
        self.medians
            .push(quantile(&waits, 0.5).ok_or("no presses")?);
        self.p99s.push(quantile(&waits, 0.99).ok_or("no presses")?);
        Ok(())
    }
}

/// A board, a fleet whose observer shows it, and a bare client.
struct Pair {
    board: Program,
    name: String,
    face: Face,
    received: Receiver<Instant>,
}

impl Pair {
    fn connect(fleet_first: bool) -> Outcome<Self> {
        let name = "Desk lamp".to_owned();
        let (board, addresses) = Program::boards(1, &["--profile", "lamp", "--name", &name])?;
        let address = addresses.first().cloned().ok_or("no board")?;
        let (face, received);
        if fleet_first {
            face = Face::connect(addresses)?;
            received = bare(address)?;
        } else {
            received = bare(address)?;
            face = Face::connect(addresses)?;
        }
        Ok(Self {
            board,
            name,
            face,
            received,
        })
    }

    /// This many presses: the time until the request for a repaint, until the
    /// bare client received it, and the difference.
    fn round(&mut self, presses: u32) -> Outcome<[Vec<f64>; 3]> {
        let mut waits = [Vec::new(), Vec::new(), Vec::new()];
        for _ in 0..presses {
            thread::sleep(GAP);
            // Drains the changes of the previous press: an observer is woken
            // again only after it has looked.
            self.face.watch.drain();
            self.face
                .woken
                .try_iter()
                .chain(self.received.try_iter())
                .for_each(drop);
            let begun = Instant::now();
            self.board
                .send(&format!("press \"{}\" button:0", self.name))?;
            let asked = self
                .face
                .woken
                .recv_timeout(TIMEOUT)
                .map_err(|_| "no repaint was asked for")?;
            let received = self
                .received
                .recv_timeout(TIMEOUT)
                .map_err(|_| "the bare client received nothing")?;
            let [asked, received] =
                [asked, received].map(|at| at.duration_since(begun).as_secs_f64() * 1e6);
            for (waits, wait) in waits.iter_mut().zip([asked, received, asked - received]) {
                waits.push(wait);
            }
        }
        Ok(waits)
    }
}

/// An observer of a fleet that shows one board, as the window does. Where it is
/// woken, the window requests a repaint.
struct Face {
    /// It ends with the observer.
    _fleet: Fleet,
    watch: Watch,
    woken: Receiver<Instant>,
}

impl Face {
    fn connect(addresses: Vec<String>) -> Outcome<Self> {
        let fleet = engine::start(Settings {
            discovery: None,
            addresses,
            ..Settings::default()
        })?;
        let (wake, woken) = channel();
        let mut watch = fleet.watch(move |_| {
            // At the end there is no receiver any more.
            let _ = wake.send(Instant::now());
        });
        let board = connected(&mut watch, &woken, &ComponentKey::new(Kind::Button, 0))?;
        watch.shows(Shown {
            boards: BTreeSet::from([board]),
            log: true,
            ..Shown::default()
        });
        Ok(Self {
            _fleet: fleet,
            watch,
            woken,
        })
    }
}

/// A bare client on a thread of its own, which ends with the board: when it
/// received each message after its subscription.
fn bare(address: String) -> Outcome<Receiver<Instant>> {
    let (tell, received) = channel();
    thread::spawn(move || {
        sockets::run(follow(address, tell))
            .unwrap_or_else(|problem| eprintln!("bare client: {problem}"));
    });
    // The response to the subscription.
    received
        .recv_timeout(TIMEOUT)
        .map_err(|_| "the bare client is not subscribed")?;
    Ok(received)
}

async fn follow(address: String, tell: Sender<Instant>) -> Outcome<()> {
    let mut socket = connect(&address, "/rpc").await?;
    socket.send(Message::text(SUBSCRIBE)).await?;
    while let Some(Ok(_)) = socket.next().await {
        // At the end there is no receiver any more.
        let _ = tell.send(Instant::now());
    }
    Ok(())
}
