//! The kinds of dialogs.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
};

use backup::{Backup, Plan};

use crate::model::file_task::FileDialogSpec;
use fleet::{BoardKey, BoardView, Listening};

/// The kind of a dialog.
#[derive(Debug, Clone, PartialEq)]
pub enum DialogKind {
    /// The address of a board.
    Address,
    /// The address of an MQTT broker; those in use are listed.
    Broker,
    /// The password of the user at this broker.
    BrokerPassword(String),
    /// The address for inbound connections.
    Listen {
        /// Whether this computer already listens.
        on: bool,
        /// The URLs that boards can connect to.
        urls: Vec<String>,
    },
    /// The outbound connection of a board.
    Call {
        /// Which board.
        board: BoardKey,
        /// Whether this computer has to start listening for it.
        begins: bool,
    },
    /// The room of boards.
    Room(Vec<BoardKey>),
    /// The tags of boards.
    Tags(Vec<BoardKey>),
    /// Confirmation to reboot boards.
    Reboot(Vec<BoardKey>),
    /// Confirmation to accept only signed firmware.
    RequireSignatures(BoardKey),
    /// Confirmation to erase a board.
    FactoryReset {
        /// Which board.
        board: BoardKey,
        /// The question.
        title: String,
        /// Whether this computer has a key for it.
        has_key: bool,
    },
    /// Confirmation to restore a backup on a board.
    Restore {
        /// Which board.
        board: BoardKey,
        /// The question.
        title: String,
        /// What will be set, and what does not fit.
        plan: Box<Plan>,
    },
    /// The key of a board, as text.
    Key(BoardKey),
    /// Confirmation that the board is ready to pair.
    Pair {
        /// Which board.
        board: BoardKey,
        /// Whether an existing key is replaced.
        replaces: bool,
    },
    /// Confirmation to delete the key of a board.
    ForgetKey(BoardKey),
    /// Confirmation to undo an act, or to do it again.
    Turn {
        /// The number of the act.
        act: u64,
        /// Whether it is undone.
        undo: bool,
        /// The question.
        title: String,
        /// When it was done.
        age: String,
        /// What changed since, and who changed it.
        changed: Vec<String>,
        /// What will be sent.
        effect: String,
    },
    /// The speed at which this recording is replayed.
    Replay(PathBuf),
    /// The path for a file task.
    Path(Box<FileDialogSpec>),
}

impl DialogKind {
    /// Confirmation to erase this board.
    pub(crate) fn factory_reset(board: &BoardView) -> Self {
        Self::FactoryReset {
            board: board.key,
            title: format!("Erase {}?", text::plain(&board.name)),
            has_key: board.held.is_some(),
        }
    }

    /// Confirmation to restore a backup on this board.
    pub(crate) fn restore(backup: &Backup, board: &BoardView) -> Self {
        Self::Restore {
            board: board.key,
            title: format!("Restore {}?", text::plain(&board.name)),
            plan: Box::new(Plan::new(backup, board)),
        }
    }

    /// Confirmation that this board is ready to pair.
    pub(crate) fn pair(board: &BoardView) -> Self {
        Self::Pair {
            board: board.key,
            replaces: board.held.is_some(),
        }
    }
}

/// The addresses of this computer.
#[cfg(not(target_arch = "wasm32"))]
use doctor::own_addresses;

/// A browser does not tell the addresses of its computer.
#[cfg(target_arch = "wasm32")]
fn own_addresses(_v4: bool) -> Vec<IpAddr> {
    Vec::new()
}

/// The default address for inbound connections.
pub(crate) const EVERYWHERE: SocketAddr =
    SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), protocol::outbound::PORT);

/// The dialog for inbound connections, and the address to begin with.
pub(crate) fn listen_dialog(listening: &Listening) -> (DialogKind, String) {
    let (on, address) = match listening {
        Listening::Off => (false, EVERYWHERE),
        Listening::At(address) | Listening::Failed { address, .. } => (true, *address),
    };
    let url = |ip| format!("ws://{}/", SocketAddr::new(ip, address.port()));
    let own = if address.ip().is_unspecified() {
        own_addresses(address.is_ipv4())
    } else {
        vec![address.ip()]
    };
    let urls = own.into_iter().map(url).collect();
    (DialogKind::Listen { on, urls }, address.to_string())
}
