//! Restarting: clients are told first, then the hardware restarts.

use alloc::borrow::ToOwned;
use core::time::Duration;

use protocol::{Code, Level, Object, RpcError, Source};

use crate::{
    Core, Hardware,
    commands::{Caller, system},
    retained::SAVE_TIMEOUT,
};

/// The longest time from the response to `Device.Reboot` to the reboot.
const REBOOT_AFTER: Duration = Duration::from_millis(500);

/// The stage of a reboot.
pub(crate) enum Reboot {
    /// Not requested.
    No,
    /// Requested, but the response is not queued yet.
    Requested {
        by: Source,
        /// Restart as soon as no client is left. Not after a `POST`: the core
        /// cannot tell when its response has been sent.
        when_alone: bool,
    },
    /// All clients have been told.
    Due { at: Duration, when_alone: bool },
    /// The hardware was told to restart.
    Done,
}

impl Reboot {
    pub(crate) fn requested_by(caller: Caller) -> Self {
        Self::Requested {
            by: caller.source(),
            when_alone: caller.is_client(),
        }
    }

    pub(crate) fn is_requested(&self) -> bool {
        !matches!(self, Self::No)
    }

    pub(crate) fn is_done(&self) -> bool {
        matches!(self, Self::Done)
    }
}

impl<H: Hardware> Core<H> {
    /// Tells all clients that the board restarts. The response to the request
    /// is queued before this.
    pub(crate) fn announce_reboot(&mut self, now: Duration) {
        let Reboot::Requested { by, when_alone } = &self.reboot else {
            return;
        };
        let (by, when_alone) = (by.clone(), *when_alone);
        self.drop_update();
        self.flush(now);
        let mut extra = Object::new();
        let what = if self.is_being_erased() {
            extra.insert("factory_reset".to_owned(), true.into());
            "factory reset"
        } else {
            "restarting"
        };
        self.log(now, Level::Info, format_args!("{what}, requested by {by}"));
        let event = self.event(now, system(), "rebooting", extra, Some(by));
        self.connections.clients.announce_restart(&event);
        self.reboot = Reboot::Due {
            at: now + REBOOT_AFTER,
            when_alone,
        };
    }

    /// Restarts the hardware when that is due.
    pub(crate) fn restart_when_due(&mut self, now: Duration) {
        if self.reboot_deadline().is_some_and(|due| due <= now) {
            self.reboot = Reboot::Done;
            self.hardware.reboot();
        }
    }

    /// When the hardware is to be restarted. Data that is being saved delays
    /// the restart by [`SAVE_TIMEOUT`] at most.
    pub(crate) fn reboot_deadline(&self) -> Option<Duration> {
        match self.reboot {
            Reboot::Due { at, .. } if self.is_saving() => Some(at + SAVE_TIMEOUT),
            _ => self.told_by(),
        }
    }

    /// When all clients have been told that the board restarts, or do not read.
    pub(crate) fn told_by(&self) -> Option<Duration> {
        let Reboot::Due { at, when_alone } = self.reboot else {
            return None;
        };
        let told = when_alone && self.connections.clients.is_empty();
        Some(if told { Duration::ZERO } else { at })
    }
}

/// The error for every request that comes after the command to reboot.
pub(crate) fn rebooting() -> RpcError {
    RpcError::new(
        Code::Busy,
        "rebooting",
        "the board is restarting: connect again in some seconds",
    )
}
