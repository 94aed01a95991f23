//! Parts of the benchmark that run as processes of their own, so that their
//! cost can be measured. Each runs until it is killed.

mod bare;
mod bridge;
mod core;
mod esphome;
mod fleet;
mod publisher;
mod servers;
mod slow_link;

use std::{
    io::{self, BufRead},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use clap::Subcommand;

use crate::{Outcome, counts::Counts, sockets};

/// The part to run. No name is that of a row.
#[derive(Subcommand)]
pub(crate) enum Part {
    /// tokio-tungstenite: an echo server
    EchoServer,
    /// tokio-tungstenite: a broadcast server
    BroadcastServer {
        /// How many bytes it reads at a time
        #[arg(long)]
        read_buffer: Option<usize>,
    },
    /// A relay to a server that delays each direction
    SlowLink {
        /// The server, `host:port`
        to: String,
        /// The delay, in milliseconds
        delay_ms: u64,
    },
    /// The fleet without a window, linked to the boards whose addresses are on
    /// standard input
    FleetAlone(fleet::Options),
    /// A bridge without a command line, of the boards whose addresses are on
    /// standard input
    BridgeAlone {
        /// The port of the broker on this computer
        broker: u16,
    },
    /// The simplest bridge, of the boards whose addresses are on standard input
    BarePublisher {
        /// The port of the broker on this computer
        broker: u16,
    },
    /// A bare client task for each of the boards whose addresses are on
    /// standard input
    BareClients,
    /// Boards that speak ESPHome's native API, with three sensors each
    EsphomeBoards {
        /// How many
        #[arg(long)]
        boards: u32,
        /// How often each sends the states of its sensors
        #[arg(long)]
        per_second: f64,
    },
    /// The board core without a socket, for callgrind
    CoreAlone {
        /// How many commands it receives
        #[arg(long)]
        commands: u32,
        /// How many clients receive the change
        #[arg(long)]
        clients: u32,
    },
}

impl Part {
    pub(crate) fn run(self) -> Outcome<()> {
        match self {
            Self::EchoServer => sockets::run(servers::echo()),
            Self::BroadcastServer { read_buffer } => sockets::run(servers::broadcast(read_buffer)),
            Self::SlowLink { to, delay_ms } => {
                sockets::run(slow_link::run(to, Duration::from_millis(delay_ms)))
            }
            Self::FleetAlone(options) => fleet::run(&options),
            Self::BridgeAlone { broker } => bridge::run(broker),
            Self::BarePublisher { broker } => sockets::run(publisher::run(broker)),
            Self::BareClients => sockets::run(bare::run()),
            Self::EsphomeBoards { boards, per_second } => {
                sockets::run(esphome::run(boards, per_second))
            }
            Self::CoreAlone { commands, clients } => core::run(commands, clients),
        }
    }
}

/// Reads addresses, one per line, until an empty line.
fn addresses() -> io::Result<Vec<String>> {
    io::stdin()
        .lock()
        .lines()
        .take_while(|line| !matches!(line, Ok(line) if line.is_empty()))
        .collect()
}

/// The counts until now.
#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Counts>>);

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Prints the counts for each line on standard input.
fn answer_with(counts: Shared) {
    thread::spawn(move || {
        for _ in io::stdin().lock().lines() {
            println!("{}", *counts.lock());
        }
    });
}
