//! Serial ports: which there are and who uses them, a monitor of what a board
//! prints, and Improv, which gives a board its Wi-Fi credentials and, on
//! request, its first key.
//!
//! [`Conversation`] owns a port and blocks, so it needs its own thread.
//! `exchange` decides what is repeated, what a response means, and when it is
//! too late, without a port or a clock. [`Monitor`] has its own thread.
//!
//! [`Registry`] shares ports within the program: a dialog that opens one
//! holds a [`Claim`], and monitors give their ports up for it.

mod conversation;
mod device;
mod exchange;
mod holder;
mod identity;
mod monitor;
mod permission;
mod port_watch;
mod ports;
mod problem;
mod registry;

pub use conversation::{Board, Conversation};
pub use device::{DeviceKind, ESPRESSIF, SERIAL_JTAG};
pub use exchange::{
    Answer, BOARD_PATIENCE, CONNECT_PATIENCE, Exchange, NoAnswer, Request, SCAN_PATIENCE,
};
pub use holder::{Holder, holder};
pub use identity::Identity;
pub use monitor::{
    History, Interpreter, KEPT_BYTES, KEPT_LINES, LONGEST_LINE, Line, MONITOR_BAUD, Meaning,
    Monitor, MonitorState, MonitorUpdate, Piece, Splitter,
};
pub use permission::Advice;
pub use port_watch::PortWatch;
pub use ports::{Port, UsbDevice, ports};
pub use problem::{Problem, drivers, no_port_found};
pub use protocol::improv::{Credentials, CredentialsError, DeviceInfo, Network, Password};
pub use registry::{Claim, Loan, Registry};
