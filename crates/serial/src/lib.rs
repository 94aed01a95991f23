//! Giving a board its Wi-Fi over a serial port, by Improv: the computer's side.
//!
//! [`Conversation`] owns a port and waits for its answers, so that it belongs
//! on a thread that may wait. What is asked again, what an answer means and
//! when it is too late is decided in `exchange`, without a port and without a
//! clock.

mod conversation;
mod exchange;
mod ports;
mod problem;

pub use conversation::{Board, Conversation};
pub use exchange::{
    Answer, BOARD_PATIENCE, CONNECT_PATIENCE, Exchange, NoAnswer, Request, SCAN_PATIENCE,
};
pub use ports::{Port, ports};
pub use problem::Problem;
pub use protocol::improv::{Credentials, CredentialsError, DeviceInfo, Network, Password};
