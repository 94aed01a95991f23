//! Parts of the bench that run in a process of their own, so that what they
//! cost is theirs alone. Each ends when it is told to, from outside.

mod bare;
mod core;
mod fleet;
mod servers;
mod slow_link;

use std::{
    io::{self, BufRead},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use clap::Subcommand;
use switchboard::fleet::Transport;

use crate::{Outcome, counts::Counts, sockets};

/// What to be. The names are none of a row's.
#[derive(Subcommand)]
pub(crate) enum Part {
    /// tokio-tungstenite: sends back what it is sent
    EchoServer,
    /// tokio-tungstenite: what one says all the others hear
    BroadcastServer,
    /// A way to a server that takes so long in each direction
    SlowLink {
        /// Where it leads, `host:port`
        to: String,
        /// How long, in milliseconds
        delay_ms: u64,
    },
    /// The fleet without a face, linked to the boards whose addresses come on
    /// standard input
    FleetAlone {
        /// The library that connects to them
        #[arg(long, default_value_t = Transport::Tungstenite)]
        transport: Transport,
    },
    /// A bare client task for each of the boards whose addresses come on
    /// standard input
    BareClients,
    /// The core of a board without a socket, for callgrind
    CoreAlone {
        /// How many commands it is given
        #[arg(long)]
        commands: u32,
        /// How many clients are pushed the change
        #[arg(long)]
        clients: u32,
    },
}

impl Part {
    pub(crate) fn run(self) -> Outcome<()> {
        match self {
            Self::EchoServer => sockets::run(servers::echo()),
            Self::BroadcastServer => sockets::run(servers::broadcast()),
            Self::SlowLink { to, delay_ms } => {
                sockets::run(slow_link::run(to, Duration::from_millis(delay_ms)))
            }
            Self::FleetAlone { transport } => fleet::run(transport),
            Self::BareClients => sockets::run(bare::run()),
            Self::CoreAlone { commands, clients } => core::run(commands, clients),
        }
    }
}

/// Addresses, a line each, until an empty one.
fn addresses() -> io::Result<Vec<String>> {
    io::stdin()
        .lock()
        .lines()
        .take_while(|line| !matches!(line, Ok(line) if line.is_empty()))
        .collect()
}

/// What was seen until now, for who asks.
#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Counts>>);

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Prints what was seen for each line on standard input.
fn answer_with(counts: Shared) {
    thread::spawn(move || {
        for _ in io::stdin().lock().lines() {
            println!("{}", *counts.lock());
        }
    });
}
