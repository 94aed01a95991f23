//! The board's side of Improv (`protocol::improv`), by which it is given its
//! Wi-Fi over a serial port: what it answers, when it connects, scans and
//! stores, and when it gives up.
//!
//! Bytes, outcomes and time go in, [`Action`]s come out. It owns no port, no
//! radio and no flash, and reads no clock. Anyone at the cable is trusted: no
//! command needs a confirmation at the board.
//!
//! A driver passes everything to [`Provisioning::handle`], carries out the
//! actions in order, and calls [`Provisioning::run_until`] at
//! [`Provisioning::next_deadline`]. Late outcomes do no harm, because each
//! names its attempt.
#![no_std]

extern crate alloc;

mod networks;
#[cfg(feature = "pretended")]
pub mod pretended;
mod steps;

use alloc::{string::String, vec::Vec};
use core::{net::SocketAddr, time::Duration};

use protocol::improv::{Credentials, Network, Reader};

/// How long an attempt to connect may take, with DHCP and the writing of the
/// credentials. Then the client is told that the board is unable to connect.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);

/// How long a scan may take. Then the client is told of an error.
pub const SCAN_TIMEOUT: Duration = Duration::from_secs(15);

/// After this long a silence, the beginning of a packet is given up.
pub const STALLED: Duration = Duration::from_millis(500);

/// So many networks are named at most, the strongest.
pub const MAX_NETWORKS: usize = 32;

/// What the firmware is called in the answer to a request for device
/// information.
pub const FIRMWARE: &str = "Switchboard";

/// What a board says of itself, as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// The firmware's version.
    pub version: String,
    /// The chip, for example `ESP32-C3`.
    pub chip: String,
    /// The board's name.
    pub name: String,
    /// The host name that it gives to DHCP and mDNS. It is the board's own; no
    /// client can change it.
    pub hostname: String,
}

/// Tells attempts to connect apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Attempt(u32);

/// What happened. No `Debug`: the bytes may hold a password.
pub enum Input<'a> {
    /// These came in at the port.
    Bytes(&'a [u8]),
    /// An attempt of [`Action::Connect`] led to this address; `None` where it
    /// failed, for example because of a wrong password.
    Connected {
        /// Which.
        attempt: Attempt,
        /// Where the board is served now.
        address: Option<SocketAddr>,
    },
    /// Without an attempt: the stored network was joined, and the board is
    /// served there; `None` where it was left.
    Network(Option<SocketAddr>),
    /// What became of [`Action::Store`]: whether the credentials will be there
    /// after a reset.
    Stored(bool),
    /// What [`Action::Scan`] found, in any order, with several entries where
    /// several stations have one name; `None` where it failed.
    Scanned(Option<Vec<Network>>),
    /// What became of [`Action::Rename`]; [`About::name`] is the name now.
    Renamed(bool),
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Write this to the port, in one piece, at the start of a line.
    Send(Vec<u8>),
    /// Received bytes that do not belong to Improv, for a console.
    Text(Vec<u8>),
    /// Leave the network, if the board is in one, give up earlier attempts, and
    /// connect to this one; answered by [`Input::Connected`].
    Connect {
        /// To be named in the answer.
        attempt: Attempt,
        /// The network and its password.
        credentials: Credentials,
    },
    /// The last attempt is over: go back to the stored network, if there is
    /// one.
    Abandon,
    /// Keep these over a reset: they led to a connection. Answered by
    /// [`Input::Stored`].
    Store(Credentials),
    /// Look for networks; answered by [`Input::Scanned`].
    Scan,
    /// Name the board so; answered by [`Input::Renamed`].
    Rename(String),
}

/// How far an attempt has come.
enum Phase {
    /// No network.
    Idle,
    Connecting {
        attempt: Attempt,
        credentials: Credentials,
        until: Duration,
    },
    /// It worked; the credentials are being written.
    Storing {
        address: SocketAddr,
        until: Duration,
    },
}

/// The board's side of the exchange.
pub struct Provisioning {
    reader: Reader,
    /// When something came in last.
    heard: Duration,
    phase: Phase,
    attempts: u32,
    /// Where the board is served, while it is in a network.
    address: Option<SocketAddr>,
    scanning_until: Option<Duration>,
}

impl Default for Provisioning {
    fn default() -> Self {
        Self::new()
    }
}

impl Provisioning {
    /// A board that is in no network.
    pub fn new() -> Self {
        Self {
            reader: Reader::default(),
            heard: Duration::ZERO,
            phase: Phase::Idle,
            attempts: 0,
            address: None,
            scanning_until: None,
        }
    }

    /// Something happened. `now` is the time since boot and never goes back.
    pub fn handle(&mut self, now: Duration, input: Input<'_>, about: &About) -> Vec<Action> {
        let mut actions = Vec::new();
        match input {
            Input::Bytes(bytes) => {
                self.heard = now;
                for item in self.reader.receive(bytes) {
                    self.read(now, item, about, &mut actions);
                }
            }
            Input::Connected { attempt, address } => self.connected(attempt, address, &mut actions),
            Input::Network(address) => self.network(address, &mut actions),
            Input::Stored(stored) => self.stored(stored, &mut actions),
            Input::Scanned(found) => self.scanned(found, &mut actions),
            Input::Renamed(renamed) => steps::renamed(renamed, about, &mut actions),
        }
        actions
    }

    /// When to call [`Self::run_until`]; `None` is never.
    pub fn next_deadline(&self) -> Option<Duration> {
        let attempt = match &self.phase {
            Phase::Idle => None,
            Phase::Connecting { until, .. } | Phase::Storing { until, .. } => Some(*until),
        };
        let stalled = self.reader.is_waiting().then(|| self.heard + STALLED);
        [attempt, stalled, self.scanning_until]
            .into_iter()
            .flatten()
            .min()
    }

    /// Gives up what has taken too long.
    pub fn run_until(&mut self, now: Duration, about: &About) -> Vec<Action> {
        let mut actions = Vec::new();
        if self.reader.is_waiting() && now >= self.heard + STALLED {
            for item in self.reader.give_up() {
                self.read(now, item, about, &mut actions);
            }
        }
        self.expire(now, &mut actions);
        actions
    }
}
