//! How a controller without a key is given one: a hand at the board opens pairing, one controller asks, people compare a code, and a
//! hand says yes. Decides who may ask and when it is over; the code itself is the crate noise's.

use alloc::{format, string::String};
use core::time::Duration;

use noise::{Code as PairingCode, Key, Role};
use protocol::{Code, Level, RpcError, limits};

use crate::{Board, Hardware};

/// How far pairing has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pairing {
    /// Nobody may ask.
    Closed,
    /// The first who asks is served.
    Open { until: Duration },
    /// Somebody asked; the code is shown once it is known.
    Asked { until: Duration, shown: bool },
    /// A hand said yes.
    Confirmed { until: Duration },
}

impl Pairing {
    fn until(self) -> Option<Duration> {
        match self {
            Self::Closed => None,
            Self::Open { until } | Self::Asked { until, .. } | Self::Confirmed { until } => Some(until),
        }
    }
}

impl<H: Hardware> Board<H> {
    /// A hand at the board wants to pair it with a controller: for [`limits::PAIRING`] one may ask.
    pub fn open_pairing(&mut self, now: Duration) {
        self.end_pairing(now, None);
        self.pairing = Pairing::Open { until: now + limits::PAIRING };
        let seconds = limits::PAIRING.as_secs();
        self.log(now, Level::Info, format_args!("pairing is open for {seconds} s"));
    }

    /// A controller asks for a key.
    ///
    /// # Errors
    /// `pairing_closed` where no hand opened pairing; `pairing_ended` where another asks already, which ends it for both.
    pub fn begin_pairing(&mut self, now: Duration) -> Result<(), RpcError> {
        match self.pairing {
            Pairing::Open { until } if now < until => {
                self.pairing = Pairing::Asked { until, shown: false };
                self.log(now, Level::Info, format_args!("a controller asks for a key"));
                Ok(())
            }
            Pairing::Asked { .. } | Pairing::Confirmed { .. } => {
                self.end_pairing(now, Some("two controllers ask: none is served"));
                Err(pairing_ended())
            }
            Pairing::Open { .. } | Pairing::Closed => {
                let message = "pairing is opened at the board: hold its button for 5 s and let go before 10 s, then ask within 120 s";
                Err(RpcError::new(Code::Forbidden, "pairing_closed", message))
            }
        }
    }

    /// The code is known: it is shown, and a hand that presses a button now says yes.
    pub fn show_pairing_code(&mut self, now: Duration, code: PairingCode) {
        if let Pairing::Asked { until, .. } = self.pairing {
            self.pairing = Pairing::Asked { until, shown: true };
            let code: String = format!("{code}");
            self.hardware.show_code(Some(&code));
            let what = "press a button of the board if the controller shows the same";
            self.log(now, Level::Info, format_args!("pairing code {code}: {what}"));
        }
    }

    /// Whether the controller that asks is to go on waiting; `Some(true)` where a hand said yes, `Some(false)` where it is over.
    pub fn pairing_outcome(&self) -> Option<bool> {
        match self.pairing {
            Pairing::Asked { .. } => None,
            Pairing::Confirmed { .. } => Some(true),
            Pairing::Closed | Pairing::Open { .. } => Some(false),
        }
    }

    /// Makes the key of who was paired. Pairing is over then.
    ///
    /// # Errors
    /// `pairing_ended` where no hand has said yes in time; as [`Board::add_key`].
    pub fn take_paired_key(&mut self, now: Duration) -> Result<Key, RpcError> {
        if !matches!(self.pairing, Pairing::Confirmed { until } if now < until) {
            return Err(pairing_ended());
        }
        self.end_pairing(now, Some("a key is handed over"));
        self.add_key(now, "paired", Role::Control)
    }

    /// The controller that asked is gone.
    pub fn leave_pairing(&mut self, now: Duration) {
        if matches!(self.pairing, Pairing::Asked { .. } | Pairing::Confirmed { .. }) {
            self.end_pairing(now, Some("the controller that asked is gone"));
        }
    }

    /// A hand pressed a button. Whether that was a yes, and nothing else.
    pub(crate) fn confirm_pairing(&mut self, now: Duration) -> bool {
        let Pairing::Asked { until, shown: true } = self.pairing else { return false };
        self.pairing = Pairing::Confirmed { until };
        self.log(now, Level::Info, format_args!("pairing confirmed at the board"));
        true
    }

    /// Closes pairing when its time is over.
    pub(crate) fn watch_pairing(&mut self, now: Duration) {
        if self.pairing.until().is_some_and(|until| now >= until) {
            self.end_pairing(now, Some("its time is over"));
        }
    }

    /// When [`Self::watch_pairing`] is due.
    pub(crate) fn pairing_deadline(&self) -> Option<Duration> {
        self.pairing.until()
    }

    fn end_pairing(&mut self, now: Duration, why: Option<&str>) {
        if matches!(self.pairing, Pairing::Asked { shown: true, .. } | Pairing::Confirmed { .. }) {
            self.hardware.show_code(None);
        }
        self.pairing = Pairing::Closed;
        if let Some(why) = why {
            self.log(now, Level::Info, format_args!("pairing is closed: {why}"));
        }
    }
}

fn pairing_ended() -> RpcError {
    let message = "pairing is over, and no key was made: open it again at the board, and ask with one controller only";
    RpcError::new(Code::Forbidden, "pairing_ended", message)
}
