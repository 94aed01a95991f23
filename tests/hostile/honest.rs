//! An honest client that is served during an attack: a fleet of one board,
//! whose commands must all succeed.

use std::{
    sync::mpsc,
    time::{Duration, Instant},
};

use engine::Settings;
use fleet::{BoardKey, Fleet, LinkState, Outcome};

use crate::{ATTACK, SOON};

/// The board's owner.
pub(crate) struct Owner {
    fleet: Fleet,
    board: BoardKey,
}

impl Owner {
    /// Waits until the board is connected.
    pub(crate) fn of(address: &str) -> Self {
        let fleet = engine::start(Settings {
            discovery: None,
            ..Settings::default()
        })
        .expect("a fleet");
        let (wake, woken) = mpsc::channel();
        let mut watch = fleet.watch(move |_| {
            // At the end the receiver is gone.
            let _ = wake.send(());
        });
        let board = fleet.add_address(address).expect("an address");
        let ready = |fleet: &Fleet| {
            fleet.board(board).is_some_and(|view| {
                view.link == LinkState::Connected && !view.components.is_empty()
            })
        };
        while !ready(&fleet) {
            woken.recv_timeout(SOON).expect("connected");
            watch.drain();
        }
        Self { fleet, board }
    }

    /// Sends commands one after the other during the attack; returns how many
    /// succeeded, and the slowest one's time.
    pub(crate) fn commands(&self) -> Served {
        let end = Instant::now() + ATTACK;
        let mut served = Served::default();
        while Instant::now() < end {
            served.add(self.press());
            // About twenty per second: an owner does not flood.
            std::thread::sleep(Duration::from_millis(50));
        }
        served
    }

    fn press(&self) -> Duration {
        let (tell, told) = mpsc::channel();
        let reply = move |outcome| drop(tell.send(outcome));
        self.fleet.press(
            self.board,
            &"button:0".parse().expect("a key"),
            Some(Box::new(reply)),
        );
        match told.recv_timeout(SOON).expect("an outcome") {
            Outcome::Done { took, .. } => took,
            other => panic!(
                "the owner is not served: {other:?}; {:?}",
                self.fleet.board(self.board).map(|it| it.link.clone())
            ),
        }
    }
}

/// How an honest client was served.
#[derive(Debug, Default)]
pub(crate) struct Served {
    took: Vec<Duration>,
}

impl Served {
    pub(crate) fn add(&mut self, took: Duration) {
        self.took.push(took);
    }

    pub(crate) fn slowest(&self) -> Duration {
        self.took.iter().max().copied().unwrap_or(Duration::MAX)
    }
}

impl std::fmt::Display for Served {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "all {} commands done, the slowest in {} ms",
            self.took.len(),
            self.slowest().as_millis()
        )
    }
}
