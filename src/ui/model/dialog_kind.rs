//! What the dialogs of the window ask for.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use crate::{
    doctor::own_addresses,
    documents::DocumentKind,
    fleet::{BoardKey, Listening},
    ui::model::file_task::FileDialogSpec,
};

/// What a dialog asks for.
#[derive(Debug, Clone, PartialEq)]
pub enum DialogKind {
    /// The address of a board.
    Address,
    /// Where boards can call.
    Listen {
        /// They can already.
        on: bool,
        /// What they are to be told to call.
        urls: Vec<String>,
    },
    /// Whom a board shall call.
    Call {
        /// Which board.
        board: BoardKey,
        /// This computer begins to listen with that.
        begins: bool,
    },
    /// Another name for a board.
    Rename(BoardKey),
    /// The room of boards.
    Room(Vec<BoardKey>),
    /// The tags of boards.
    Tags(Vec<BoardKey>),
    /// Whether boards shall restart; answered without a text.
    Reboot(Vec<BoardKey>),
    /// The key of a board, as text.
    Key(BoardKey),
    /// Whether the board is ready to be paired; answered without a text.
    Pair {
        /// Which board.
        board: BoardKey,
        /// This computer has a key for it, which is replaced.
        replaces: bool,
    },
    /// Whether the key of a board shall be deleted; answered without a text.
    ForgetKey(BoardKey),
    /// The name of the document in this place.
    Name(DocumentKind, usize),
    /// The file of an errand.
    Path(Box<FileDialogSpec>),
}

/// Where a computer listens unless its person wants otherwise.
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
