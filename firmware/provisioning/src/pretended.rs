//! Simulated Wi-Fi for boards without a radio: three networks and their
//! behavior. Owns no clock, but defines how long everything takes.

use alloc::{borrow::ToOwned, vec::Vec};
use core::time::Duration;

use protocol::improv::{Credentials, Network};

/// The network that asks for [`PASSWORD`]. A board joins it after
/// [`JOINED_AFTER`]; with another password it is refused.
pub const LOCKED: &str = "Switchboard Lab";

/// The password of [`LOCKED`].
pub const PASSWORD: &str = "blinking lights";

/// The network that needs no password, but accepts any.
pub const OPEN: &str = "Open Bench";

/// The network that never answers: it needs a password but accepts none.
pub const SILENT: &str = "Far Away";

/// How long joining takes.
pub const JOINED_AFTER: Duration = Duration::from_millis(300);

/// How long a refusal takes, also of a network that does not exist.
pub const REFUSED_AFTER: Duration = Duration::from_millis(500);

/// How long a scan takes.
pub const SCANNED_AFTER: Duration = Duration::from_millis(200);

/// The outcome of an attempt to join.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The board is connected after [`JOINED_AFTER`].
    Joined,
    /// The board is refused after [`REFUSED_AFTER`].
    Refused,
    /// Nothing ever happens.
    Nothing,
}

/// The outcome of an attempt to join with these credentials.
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
