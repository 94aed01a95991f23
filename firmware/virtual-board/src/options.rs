//! Options of virtual boards, and why they may fail to start.

use std::{
    env, io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
};

use board::PlanError;
use image::PublicKey;
use protocol::{limits, outbound::OutboundUrl};
use serde::Serialize;
use server::Origin;

use crate::Profile;

/// Virtual boards to start.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// The number of boards, 1 to 1,000. Default 1.
    pub boards: usize,
    /// The components of the boards. Default: mixed.
    pub profile: Profile,
    /// The prefix of their names. Default: a name per profile.
    pub name: Option<String>,
    /// The address to listen on. Default 127.0.0.1; 0.0.0.0 is every interface.
    pub bind: IpAddr,
    /// The first board's port; the others use the following ones. 0, the
    /// default, is any free port.
    pub port: u16,
    /// The seed of everything random: ids, initial states, weather. The same
    /// seed makes the same boards with the same ids. `None`, the default, makes
    /// different boards each time, so that the boards of two programs do not
    /// collide.
    pub seed: Option<u64>,
    /// The folder for saved state, one file per board, named after its id.
    /// Without a seed, the seed is saved there too, so that the next start
    /// makes the same boards. `None`, the default, saves state only in memory.
    pub state_dir: Option<PathBuf>,
    /// Locks the boards: the folder for the first key of each board that has
    /// none yet, `ID.key`, readable only by its owner. `None`, the default,
    /// makes no keys.
    pub keys: Option<PathBuf>,
    /// Where the boards connect to from the start, regardless of their saved
    /// setting; later changes are saved. `None`, the default, uses the saved
    /// setting.
    pub call: Option<OutboundUrl>,
    /// How often sensors are read per second. Default: depends on the profile.
    pub samples_per_second: Option<f64>,
    /// The controllers that may be connected at once. Default 4.
    pub controllers: usize,
    /// Origins of web pages that may control them. Default: none.
    pub allowed_origins: &'static [Origin],
    /// The public key that is compiled into their firmware: a locked board
    /// accepts only images that are signed with it. Default: the test key of
    /// `crates/image`, whose private half is public.
    pub signing_key: Option<PublicKey>,
    /// Whether they are powered on at once. Default yes; otherwise each is
    /// started with [`crate::VirtualBoards::start_again`].
    pub started: bool,
    /// Whether they are announced. Default yes.
    pub mdns: bool,
    /// The mDNS service type with its domain. Default: the environment variable
    /// `SWITCHBOARD_SERVICE`, else [`protocol::mdns::SERVICE`]. Tests use their
    /// own, so that they see neither each other nor real boards.
    pub service: String,
}

impl Default for Options {
    fn default() -> Self {
        let named = env::var("SWITCHBOARD_SERVICE")
            .ok()
            .filter(|service| !service.is_empty());
        Self {
            boards: 1,
            profile: Profile::Mixed,
            name: None,
            bind: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: 0,
            seed: None,
            state_dir: None,
            keys: None,
            call: None,
            samples_per_second: None,
            controllers: limits::CONTROLLERS,
            allowed_origins: &[],
            signing_key: PublicKey::parse(image::TEST_KEY),
            started: true,
            mdns: true,
            service: named.unwrap_or_else(|| protocol::mdns::SERVICE.to_owned()),
        }
    }
}

/// A board that listens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Listening {
    /// The board's id.
    pub id: String,
    /// The board's current name.
    pub name: String,
    /// The address that it listens on, or last listened on if it is stopped.
    pub address: SocketAddr,
}

/// Why boards do not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// From 1 to 1,000 boards are possible.
    #[error("from 1 to 1,000 boards are possible, not {0}")]
    Number(usize),
    /// There are not enough ports from the first on.
    #[error("there are not {boards} ports from {port} on")]
    Ports {
        /// The first.
        port: u16,
        /// The number of ports needed.
        boards: usize,
    },
    /// A board cannot be built as requested.
    #[error("board {number} cannot be built: {reason}")]
    Plan {
        /// From 1.
        number: usize,
        /// The reason.
        reason: PlanError,
    },
    /// A board cannot listen.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The reason.
        source: io::Error,
    },
    /// A board's state cannot be saved or read.
    #[error("cannot save a board's state in {}: {source}", path.display())]
    State {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// A board's first key cannot be made or written.
    #[error("cannot write a board's key to {}: {reason}", path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// The reason.
        reason: String,
    },
    /// A board's outbound connection cannot be set.
    #[error("cannot set a board's outbound connection: {0}")]
    Call(protocol::RpcError),
    /// mDNS cannot be started.
    #[error(
        "cannot announce by mDNS ({0}); without announcements the boards can be added by address"
    )]
    Mdns(mdns_sd::Error),
    /// The boards' thread cannot be started.
    #[error("cannot start a thread: {0}")]
    Thread(io::Error),
}

/// Why something could not be done with a board.
#[derive(Debug, thiserror::Error)]
pub enum ActionError {
    /// No board has this name or id.
    #[error("no board has the name or id {0:?}")]
    NoSuchBoard(String),
    /// Several boards have this name.
    #[error("several boards have the name {0:?}: use an id")]
    Ambiguous(String),
    /// The board is stopped.
    #[error("{0:?} is stopped")]
    Stopped(String),
    /// The board is running.
    #[error("{0:?} is running")]
    Running(String),
    /// The program is the board, and ends with it.
    #[error("this program is one board that runs until quit; stop and start are for virtual-board")]
    OnlyRuns,
    /// The board refused.
    #[error("{0}")]
    Refused(#[from] protocol::RpcError),
    /// A board cannot start again.
    #[error(transparent)]
    Start(#[from] StartError),
    /// All boards have ended.
    #[error("the boards have ended")]
    Ended,
}
