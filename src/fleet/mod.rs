//! The app without a face: it finds boards, keeps a link to each and knows what to believe about every one.

mod view;

pub use view::*;

use std::{sync::Arc, time::Duration};

use protocol::{ComponentKey, Object, RpcError, State};
use serde_json::Value;

/// How a fleet is started.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Look for boards by mDNS.
    pub discover: bool,
    /// Connect to every board that is found; otherwise only list announcements until [`Fleet::connect`].
    pub connect_to_all: bool,
    /// `host:port` of boards that are added by hand.
    pub addresses: Vec<String>,
}

/// What came of a command.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// Done, and its effect is visible; after this long.
    Done {
        /// The board's result.
        result: Value,
        /// From the call to the confirmation.
        took: Duration,
    },
    /// The board said no.
    Refused(RpcError),
    /// No answer within [`protocol::limits::COMMAND_TIMEOUT`]; whether it was carried out is not known.
    Unconfirmed,
    /// The link went down before the answer; whether it was carried out is not known. It is never sent again.
    LinkLost,
    /// Not sent: there is no link.
    NotConnected,
    /// Not sent: a newer command for the same component took its place.
    Superseded,
}

/// The fleet.
pub struct Fleet {}

impl Fleet {
    /// Starts the I/O thread and discovery.
    ///
    /// # Errors
    /// Where the thread or its runtime cannot be made. Discovery that fails is reported in [`FleetStatus`], not here.
    pub fn start(settings: Settings) -> Result<Self, StartError> {
        todo!()
    }

    /// Tells a face of changes. `wake` is called from the I/O thread, once until the next [`Watch::drain`]; it must not block.
    /// The first drain has every board.
    pub fn watch(&self, wake: impl Fn() + Send + Sync + 'static) -> Watch {
        todo!()
    }

    /// Adds a board by `host:port` (port 80 where none is given); one that is there already is not added twice.
    ///
    /// # Errors
    /// Where the text is no address.
    pub fn add_address(&self, address: &str) -> Result<BoardKey, AddressError> {
        todo!()
    }

    /// Ends the link and forgets the board; mDNS may bring it back.
    pub fn forget(&self, board: BoardKey) {
        todo!()
    }

    /// Tries again at once instead of after the backoff.
    pub fn retry_now(&self, board: BoardKey) {
        todo!()
    }

    /// Sets what `change` has, by the `Set` method of the component's kind. The newest change wins: one is under way, at most
    /// one waits, and a newer one is merged into it.
    pub fn set(&self, board: BoardKey, component: &ComponentKey, change: State, reply: Reply) {
        todo!()
    }

    /// `Switch.Toggle`, or `Light.Set` of the opposite.
    pub fn toggle(&self, board: BoardKey, component: &ComponentKey, reply: Reply) {
        todo!()
    }

    /// `Button.Press`.
    pub fn press(&self, board: BoardKey, component: &ComponentKey, reply: Reply) {
        todo!()
    }

    /// Any method.
    pub fn call(&self, board: BoardKey, method: &str, params: Object, reply: Reply) {
        todo!()
    }
}

/// Where the outcome of a command goes: called once, on the I/O thread; it must not block. `None` where nobody waits.
pub type Reply = Option<Box<dyn FnOnce(Outcome) + Send>>;

/// What a face has not seen yet.
pub struct Watch {}

/// What changed since the last drain.
#[derive(Debug, Default)]
pub struct Changes {
    /// Every board that changed, once, as it is now.
    pub boards: Vec<Arc<BoardView>>,
    /// Boards that are gone.
    pub forgotten: Vec<BoardKey>,
    /// What happened, oldest first.
    pub log: Vec<Arc<LogEntry>>,
    /// How many entries of the log were dropped because nobody drained.
    pub missed: u64,
    /// How discovery does, where that changed.
    pub status: Option<FleetStatus>,
}

impl Watch {
    /// Takes what has changed. Never blocks for longer than it takes to move some pointers.
    pub fn drain(&mut self) -> Changes {
        todo!()
    }
}

/// Why a fleet could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// No thread or runtime.
    #[error("the I/O thread could not be started: {0}")]
    Thread(#[from] std::io::Error),
}

/// Why a text is no address of a board.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no address: {reason}. Accepted: host, host:port or [IPv6]:port, for example 192.168.1.17:80")]
pub struct AddressError {
    /// What was given.
    pub text: String,
    /// What is wrong with it.
    pub reason: &'static str,
}
