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

/// The timeout of a connection attempt, including DHCP and storing the
/// credentials. After it, the client is told that the board is unable to
/// connect.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);

/// The timeout of a scan. After it, the client receives an error.
pub const SCAN_TIMEOUT: Duration = Duration::from_secs(15);

/// An incomplete packet is discarded after this time without further bytes.
pub const STALLED: Duration = Duration::from_millis(500);

/// The maximum number of networks in a scan result; the strongest are kept.
pub const MAX_NETWORKS: usize = 32;

/// The firmware's name in the response to a request for device information.
pub const FIRMWARE: &str = "Switchboard";

/// The current description of a board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// The firmware's version.
    pub version: String,
    /// The chip, for example `ESP32-C3`.
    pub chip: String,
    /// The board's name.
    pub name: String,
    /// The host name for DHCP and mDNS. Clients cannot change it.
    pub hostname: String,
}

/// Identifies a connection attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Attempt(u32);

/// An event to handle. Without `Debug`, because the bytes may contain a
/// password.
pub enum Input<'a> {
    /// Bytes received at the port.
    Bytes(&'a [u8]),
    /// The result of [`Action::Connect`]: the board's address; `None` if it
    /// failed, for example because of a wrong password.
    Connected {
        /// The attempt.
        attempt: Attempt,
        /// Where the board is served now.
        address: Option<SocketAddr>,
    },
    /// The stored network was joined without an attempt, and the board is
    /// served at this address; `None` if the board left the network.
    Network(Option<SocketAddr>),
    /// The result of [`Action::Store`]: whether the credentials survive a
    /// reset.
    Stored(bool),
    /// The result of [`Action::Scan`], in any order, with several entries if
    /// several stations have the same name; `None` if it failed.
    Scanned(Option<Vec<Network>>),
    /// The result of [`Action::Rename`]; [`About::name`] is now the current
    /// name.
    Renamed(bool),
}

/// An action for the driver to execute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Write this to the port, in one piece, at the start of a line.
    Send(Vec<u8>),
    /// Pass received bytes that do not belong to Improv to a console.
    Text(Vec<u8>),
    /// Leave the network, if the board is in one, give up earlier attempts, and
    /// connect to this one; answered by [`Input::Connected`].
    Connect {
        /// Identifies the attempt in the result.
        attempt: Attempt,
        /// The network and its password.
        credentials: Credentials,
    },
    /// The last attempt is over: go back to the stored network, if there is
    /// one.
    Abandon,
    /// Store these credentials, which led to a connection. Answered by
    /// [`Input::Stored`].
    Store(Credentials),
    /// Look for networks; answered by [`Input::Scanned`].
    Scan,
    /// Give the board this name; answered by [`Input::Renamed`].
    Rename(String),
}

/// The phase of an attempt.
enum Phase {
    /// No attempt is running.
    Idle,
    Connecting {
        attempt: Attempt,
        credentials: Credentials,
        until: Duration,
    },
    /// The board is connected; the credentials are being stored.
    Storing {
        address: SocketAddr,
        until: Duration,
    },
}

/// The board's side of the exchange.
pub struct Provisioning {
    reader: Reader,
    /// The time of the last received bytes.
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
    /// A board without a network.
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

    /// Handles an input. `now` is the time since boot and never decreases.
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

    /// When to call [`Self::run_until`]; `None` means never.
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

    /// Handles all timeouts that have expired.
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
