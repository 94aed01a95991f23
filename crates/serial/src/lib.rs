//! Gives a board its Wi-Fi credentials and, on request, its first key over a
//! serial port with Improv: the host's side.
//!
//! [`Conversation`] owns a port and blocks, so it needs its own thread.
//! `exchange` decides what is repeated, what a response means, and when it is
//! too late, without a port or a clock.

mod conversation;
mod device;
mod exchange;
mod holder;
mod identity;
mod permission;
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
pub use permission::Advice;
pub use ports::{Port, UsbDevice, ports};
pub use problem::Problem;
pub use protocol::improv::{Credentials, CredentialsError, DeviceInfo, Network, Password};
pub use registry::{Claim, Loan, Registry};
