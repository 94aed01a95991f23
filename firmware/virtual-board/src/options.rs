//! What virtual boards are started with, and why they may not start.

use std::{
    env, io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
};

use board::PlanError;
use protocol::{limits, outbound::OutboundUrl};
use serde::Serialize;
use server::Origin;

use crate::Profile;

/// Virtual boards to start.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// How many; 1 to 1,000. Default 1.
    pub boards: usize,
    /// What is on them. Default: mixed.
    pub profile: Profile,
    /// What their names begin with; each profile has its own words where there
    /// is none.
    pub name: Option<String>,
    /// Where they listen. Default 127.0.0.1; 0.0.0.0 is every interface.
    pub bind: IpAddr,
    /// The first board's port, the others have the following; 0, the default,
    /// is any free port.
    pub port: u16,
    /// Of everything random: ids, first states, weather. The same seed makes
    /// the same boards, with the same ids; `None`, the default, makes others
    /// each time, so that boards of two programs are not taken for one.
    pub seed: Option<u64>,
    /// Where boards keep what they keep without power, a file each, named after
    /// its id. The seed is kept there too where none is given, so that the next
    /// start makes the same boards. `None`, the default, keeps it as long as
    /// the boards run.
    pub state_dir: Option<PathBuf>,
    /// Boards are locked: where they put the first key of each that has none
    /// yet, `ID.key`, which only its owner can read. `None`, the default, makes
    /// no keys.
    pub keys: Option<PathBuf>,
    /// Whom they call from the start, whatever they have kept; what a board is
    /// told afterwards it keeps. `None`, the default: whom they called before,
    /// if they kept that.
    pub call: Option<OutboundUrl>,
    /// How often a sensor is read. Default: as the profile has it.
    pub samples_per_second: Option<f64>,
    /// Controllers at once. Default 4.
    pub controllers: usize,
    /// Whose web pages may drive them. Default: nobody's.
    pub allowed_origins: &'static [Origin],
    /// Whether they start at once. Default yes; others are started one by one,
    /// with [`crate::VirtualBoards::start_again`].
    pub started: bool,
    /// Whether they are announced. Default yes.
    pub mdns: bool,
    /// The service that they are announced as, with its domain. Default: what
    /// the environment variable `SWITCHBOARD_SERVICE` names, else
    /// [`protocol::mdns::SERVICE`]. Tests have their own, so that they meet
    /// neither each other nor a real board.
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
    /// The board's name, as it is now.
    pub name: String,
    /// Where it listens; where it listened, if it is stopped.
    pub address: SocketAddr,
}

/// Why no boards run.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// From 1 to 1,000 boards are possible.
    #[error("from 1 to 1,000 boards are possible, not {0}")]
    Number(usize),
    /// The ports from the first on do not suffice.
    #[error("there are not {boards} ports from {port} on")]
    Ports {
        /// The first.
        port: u16,
        /// So many are needed.
        boards: usize,
    },
    /// A board cannot be as it was asked for.
    #[error("board {number} cannot be built: {reason}")]
    Plan {
        /// From 1.
        number: usize,
        /// What is wrong.
        reason: PlanError,
    },
    /// A board cannot listen.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// What boards keep cannot be kept or read.
    #[error("cannot keep a board's state in {}: {source}", path.display())]
    State {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A board's first key cannot be made or written.
    #[error("cannot write a board's key to {}: {reason}", path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A board cannot be told to call.
    #[error("a board cannot call: {0}")]
    Call(protocol::RpcError),
    /// No announcements are possible.
    #[error(
        "cannot announce by mDNS ({0}); without announcements the boards can be added by address"
    )]
    Mdns(mdns_sd::Error),
    /// The boards' thread cannot be started.
    #[error("cannot start a thread: {0}")]
    Thread(io::Error),
}

/// Why a board does not do what a hand at it did.
#[derive(Debug, thiserror::Error)]
pub enum ActionError {
    /// No board has this name or id.
    #[error("no board has the name or id {0:?}")]
    NoSuchBoard(String),
    /// Several boards have this name.
    #[error("several boards have the name {0:?}: use an id")]
    Ambiguous(String),
    /// It was stopped before.
    #[error("{0:?} is stopped")]
    Stopped(String),
    /// It runs.
    #[error("{0:?} is running")]
    Running(String),
    /// The board refuses.
    #[error("{0}")]
    Refused(#[from] protocol::RpcError),
    /// A board cannot start again.
    #[error(transparent)]
    Start(#[from] StartError),
    /// All boards have ended.
    #[error("the boards have ended")]
    Ended,
}
