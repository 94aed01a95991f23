//! Sets up a board over a serial port: identifies it, writes firmware to it,
//! gives it its Wi-Fi credentials, locks it with a key that is saved on this
//! computer, and says which board of the network it is. Draws and prints
//! nothing.
//!
//! A [`Session`] blocks; the command line uses it directly. A [`Worker`] runs
//! one on its own thread, with commands in and events out, for the window.

mod chip;
mod expected;
mod session;
mod worker;

use std::time::Duration;

pub use chip::{FlashJob, FoundChip, ImageChoice};
pub use expected::{Expected, Firmware};
pub use flash;
pub use serial::{
    Board, Credentials, CredentialsError, DeviceInfo, Network, Password, Port, Problem, Registry,
    UsbDevice, ports,
};
pub use session::{LockProblem, Session};
pub use worker::{Command, Event, Means, Worker};

/// How long to wait until a board is found on the network: enough for DHCP, and
/// a second or two for mDNS.
pub const FOUND_WITHIN: Duration = Duration::from_secs(30);
