//! What the tests of all families share: doubles, and what an observer saw of
//! their links.

use std::{sync::mpsc::Receiver, time::Duration};

use doubles::{Announce, Shelly, ShellyOptions, Wled, WledOptions};
use engine::{Interfaces, Lookout, Settings};
use fleet::{BoardView, Family, LogEvent, Outcome};
use keys::{Keys, Password};
use protocol::State;

use crate::desk::{Observer, SOON, key, reply};

/// A Shelly on loopback.
pub(crate) fn shelly(options: ShellyOptions) -> Shelly {
    Shelly::start(options).expect("a Shelly")
}

/// A WLED on loopback.
pub(crate) fn wled(options: WledOptions) -> Wled {
    Wled::start(options).expect("a WLED")
}

/// An observer of one typed address of this family.
pub(crate) fn observing(family: Family, address: impl std::fmt::Display) -> Observer {
    Observer::of(&[&format!("{family}://{address}")])
}

/// An observer that holds passwords: pairs of a board's id and its password.
pub(crate) fn holding(addresses: &[&str], passwords: &[(&str, &str)]) -> Observer {
    let mut keys = Keys::default();
    for (board, password) in passwords {
        keys.insert_password(Password::new(board, password).expect("a password"));
    }
    Observer::new(Settings {
        discovery: None,
        addresses: addresses
            .iter()
            .map(|address| (*address).to_owned())
            .collect(),
        keys: Some(keys),
        ..Settings::default()
    })
}

/// An observer that finds boards of ours by `ours`, and those of a family by
/// `theirs`, on loopback.
pub(crate) fn finding(ours: &str, family: Family, theirs: &str) -> Observer {
    Observer::new(Settings {
        discovery: Some(Lookout::only(ours, Interfaces::Loopback).with(family, theirs)),
        ..Settings::default()
    })
}

pub(crate) fn announced(service: &str) -> Announce {
    Announce::As(service.to_owned())
}

impl Observer {
    /// Sets a component; the outcome.
    pub(crate) fn set(&mut self, board: &BoardView, component: &str, change: State) -> Outcome {
        self.start_set(board, component, change)
            .recv_timeout(SOON)
            .expect("an outcome")
    }

    /// Sets a component, without waiting.
    pub(crate) fn start_set(
        &mut self,
        board: &BoardView,
        component: &str,
        change: State,
    ) -> Receiver<Outcome> {
        let (reply, outcome) = reply();
        self.fleet.set(board.key, &key(component), change, reply);
        outcome
    }

    /// Draws what has happened since.
    pub(crate) fn look(&mut self) {
        self.until("a look", SOON, |_| Some(()));
    }

    /// Looks for this long; each time `check` may fail.
    pub(crate) fn for_a_while(&mut self, length: Duration, mut check: impl FnMut(&Self)) {
        let end = std::time::Instant::now() + length;
        while std::time::Instant::now() < end {
            self.until("a look", SOON, |seen| {
                check(seen);
                Some(())
            });
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Every state of the link of a board, in order.
    pub(crate) fn links(&self, board: &BoardView) -> Vec<String> {
        let of_board = self.log.iter().filter(|entry| entry.board == board.key);
        let links = of_board.filter_map(|entry| match &entry.what {
            LogEvent::Link(link) => Some(format!("{link:?}")),
            _ => None,
        });
        links.collect()
    }
}

/// Whether a command was carried out.
pub(crate) fn is_done(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Done { .. })
}
