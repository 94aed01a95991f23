//! Keeps a fleet from this computer: finds the boards of its network, keeps a
//! link to each, and publishes the state of every one. Has no user interface
//! and stores nothing on disk.

mod board;
#[doc(hidden)]
pub mod board_state;
mod brokers;
mod context;
mod descriptors;
mod event_loop;
mod image;
mod inbound;
mod listen_address;
mod live_ids;
mod roster;
mod shard;
pub mod transport;

use std::net::SocketAddr;

use address::ip_of;
use event_loop::Engine;
use fleet::{BoardKey, Broker, Fleet, Published};
use inbound::local_address_towards;
use keys::Keys;
use protocol::outbound::OutboundUrl;

pub use listen_address::{ListenAddressError, listen_address};
pub use net::discovery::{Interfaces, Lookout};
pub use shard::{Shard, ShardError};
pub use transport::{Transport, UnknownTransport};

/// The settings of a fleet.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How boards are discovered by mDNS; `None`: not at all.
    pub discovery: Option<Lookout>,
    /// Connect to every discovered board; otherwise only list them until
    /// [`Fleet::connect`].
    pub connect_to_all: bool,
    /// `host:port` of boards that are added at the start.
    pub addresses: Vec<String>,
    /// Keys of locked boards; `None` while they are being loaded: no board is
    /// connected to until [`Fleet::hold_keys`], because nothing may be sent in
    /// plain text to a board whose key exists.
    pub keys: Option<Keys>,
    /// The address on which boards can connect, port 0 being any free one;
    /// `None`, the default: none. The result is in
    /// [`FleetStatus`](fleet::FleetStatus).
    pub listen: Option<SocketAddr>,
    /// The library that connects to boards.
    pub transport: Transport,
    /// The MQTT brokers from which boards are taken.
    pub brokers: Vec<Broker>,
    /// The boards that are connected to: all, by default. Others are neither
    /// added when they are found nor accepted when they connect; one that was
    /// added by its address is disconnected and forgotten when it states its
    /// id.
    pub shard: Shard,
    /// Whether values over time and recent frames of each board are kept, and
    /// changes of components are logged, all to be displayed. They take most of
    /// the memory of boards that push often.
    pub keep_past: bool,
}

impl Default for Settings {
    /// Discovers every board of the network and connects to it.
    fn default() -> Self {
        Self {
            discovery: Some(Lookout::default()),
            connect_to_all: true,
            addresses: Vec::new(),
            keys: Some(Keys::default()),
            listen: None,
            transport: Transport::default(),
            brokers: Vec::new(),
            shard: Shard::default(),
            keep_past: true,
        }
    }
}

/// Starts the I/O thread and discovery.
///
/// # Errors
/// The thread or its runtime cannot be created. A failure of discovery is
/// reported in [`FleetStatus`](fleet::FleetStatus).
pub fn start(settings: Settings) -> Result<Fleet, StartError> {
    // A link is an open file. If the limit stays too low, boards that cannot be
    // connected to report it.
    let _ = rlimit::increase_nofile_limit(u64::MAX);
    let Settings {
        discovery,
        connect_to_all,
        addresses,
        keys,
        listen,
        transport,
        brokers,
        shard,
        keep_past,
    } = settings;
    let published = Published::default();
    let (fleet, requests) = Fleet::new(published.clone());
    // Before there are boards: a new address is compared with those of all. An
    // invalid address must not keep the program from starting.
    for address in addresses {
        let _ = fleet.add_address(&address);
    }
    let engine = Engine::new(
        published,
        connect_to_all,
        shard,
        keys,
        transport,
        discovery.as_ref(),
        keep_past,
    );
    let thread = event_loop::spawn(engine, requests, discovery)?;
    if listen.is_some() {
        fleet.listen(listen);
    }
    for broker in brokers {
        fleet.add_broker(broker);
    }
    Ok(fleet.kept_by(thread))
}

/// The URL at which this board can connect to this program, which listens
/// at `listening`: this computer's address on the interface towards the
/// board. `None` if there is no route to it.
pub fn outbound_url(fleet: &Fleet, board: BoardKey, listening: SocketAddr) -> Option<OutboundUrl> {
    let own = if listening.ip().is_unspecified() {
        let board = fleet.board(board)?;
        let ip = match board.inbound_from {
            Some(caller) => caller.ip(),
            None => ip_of(&board.address)?,
        };
        local_address_towards(ip).ok()?
    } else {
        listening.ip()
    };
    format!("ws://{}/", SocketAddr::new(own, listening.port()))
        .parse()
        .ok()
}

/// Why a fleet could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The thread or its runtime could not be created.
    #[error("the I/O thread could not be started: {0}")]
    Thread(#[from] std::io::Error),
}
