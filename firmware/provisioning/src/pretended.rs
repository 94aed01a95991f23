//! A Wi-Fi for boards that have none: three networks, and how each behaves.
//! Owns no clock: it says when what happens.

use alloc::{borrow::ToOwned, vec::Vec};
use core::time::Duration;

use protocol::improv::{Credentials, Network};

/// The network that asks for [`PASSWORD`]. A board joins it after
/// [`JOINED_AFTER`]; with another password it is turned away.
pub const LOCKED: &str = "Switchboard Lab";

/// The password of [`LOCKED`].
pub const PASSWORD: &str = "blinking lights";

/// The network that asks for no password, and does not mind one.
pub const OPEN: &str = "Open Bench";

/// The network that never answers: it asks for a password and takes none.
pub const SILENT: &str = "Far Away";

/// How long joining takes.
pub const JOINED_AFTER: Duration = Duration::from_millis(300);

/// How long being turned away takes; a network that is not there, too.
pub const REFUSED_AFTER: Duration = Duration::from_millis(500);

/// How long a scan takes.
pub const SCANNED_AFTER: Duration = Duration::from_millis(200);

/// What becomes of an attempt to join.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The board is in, after [`JOINED_AFTER`].
    Joined,
    /// It is turned away after [`REFUSED_AFTER`].
    Refused,
    /// Nothing ever happens.
    Nothing,
}

/// What becomes of an attempt to join with these.
pub fn join(credentials: &Credentials) -> Outcome {
    match credentials.ssid() {
        OPEN => Outcome::Joined,
        LOCKED if credentials.password().reveal() == PASSWORD => Outcome::Joined,
        SILENT => Outcome::Nothing,
        _ => Outcome::Refused,
    }
}

/// What a scan finds.
pub fn scan() -> Vec<Network> {
    [(SILENT, -88, true), (LOCKED, -54, true), (OPEN, -67, false)]
        .into_iter()
        .map(|(ssid, rssi, locked)| Network {
            ssid: ssid.to_owned(),
            rssi,
            locked,
        })
        .collect()
}
