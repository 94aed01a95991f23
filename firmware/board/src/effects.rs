//! What a driver has to do after it has changed a board.

use core::time::Duration;

use crate::{Core, Hardware};

/// What changed while [`crate::Board::handle`] ran, for its caller to act on.
///
/// Take it apart without `..`, so that an effect that is added later does not
/// compile until it is handled.
#[must_use = "the driver has to act on what changed"]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Effects {
    /// A client may have something to send: see [`Core::has_outgoing`].
    pub outgoing: bool,
    /// The board has another name, or was locked: announce it again by mDNS.
    pub announcement: bool,
    /// A side channel was closed by `Clients.Close`: see
    /// [`Core::is_closed_remotely`].
    pub closed: bool,
    /// An outbound connection is due or no longer wanted: see
    /// [`Core::begin_outbound`] and [`Core::is_outbound_wanted`].
    pub outbound: bool,
    /// [`Core::pairing_state`] may have changed for a controller that waits.
    pub pairing: bool,
    /// There is something to write: see [`Core::take_unsaved`].
    pub unsaved: bool,
    /// There are new log lines or telemetry frames: see [`Core::has_unread`].
    pub unread: bool,
    /// When [`Core::run_until`] is due next; a time in the past means at once.
    pub next_deadline: Option<Duration>,
}

/// What the driver has seen of the log and the telemetry.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Reported {
    lines: u64,
    frames: u64,
}

impl<H: Hardware> Core<H> {
    /// The effects since this was last called.
    pub(crate) fn take_effects(&mut self) -> Effects {
        self.close_replaced_connection();
        let reported = Reported {
            lines: self.log.total(),
            frames: self.telemetry.total(),
        };
        let unread = self.reported != reported;
        self.reported = reported;
        Effects {
            outgoing: self
                .connections
                .clients
                .ids()
                .any(|id| self.has_outgoing(id)),
            announcement: core::mem::take(&mut self.announcement_changed),
            closed: core::mem::take(&mut self.connections.closed),
            outbound: self.outbound.take_changed(),
            pairing: self.pairing.take_changed(),
            unsaved: self.has_unsaved(),
            unread,
            next_deadline: self.next_deadline(),
        }
    }
}
