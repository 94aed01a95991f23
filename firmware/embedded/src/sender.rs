//! Notices that a network driver has stopped sending for good. Restarts
//! nothing: [`crate::station`] decides what follows.
//!
//! esp-radio 1.0.0-beta.1 counts the frames that it has handed to the radio,
//! and sends nothing while there are three. A frame that it drops because the
//! network was lost at that moment stays counted (`esp_wifi_send_data` returns
//! early): after three, nothing is sent again, and nothing received either.

use core::{cell::Cell, task::Context, time::Duration};

use embassy_net::driver::{Capabilities, Driver, HardwareAddress, LinkState};

use crate::time::now;

/// A driver that refuses frames for so long, while it is joined to a network,
/// is stuck. A busy radio sends a frame within milliseconds, and gives one up
/// after about a second.
pub const STUCK_AFTER: Duration = Duration::from_secs(10);

/// Since when a driver refuses frames.
#[derive(Debug, Default)]
pub struct Sender {
    refusing_since: Cell<Option<Duration>>,
}

impl Sender {
    /// A driver that has refused nothing.
    pub const fn new() -> Self {
        Self {
            refusing_since: Cell::new(None),
        }
    }

    /// Records whether the driver accepts a frame. Without a network it accepts
    /// none, which means nothing.
    pub fn record(&self, now: Duration, has_network: bool, accepts: bool) {
        let since = self.refusing_since.get().unwrap_or(now);
        self.refusing_since
            .set((has_network && !accepts).then_some(since));
    }

    /// Whether the driver is stuck.
    pub fn is_stuck(&self, now: Duration) -> bool {
        self.refusing_since
            .get()
            .is_some_and(|since| now.saturating_sub(since) >= STUCK_AFTER)
    }

    /// The driver was restarted.
    pub fn restarted(&self) {
        self.refusing_since.set(None);
    }
}

/// A driver whose sending is recorded each time the network stack uses it. The
/// driver wakes the stack once it accepts frames again.
pub struct Watched<D> {
    driver: D,
    sender: &'static Sender,
}

impl<D: Driver> Watched<D> {
    /// Records the sending of `driver`.
    pub const fn new(driver: D, sender: &'static Sender) -> Self {
        Self { driver, sender }
    }
}

impl<D: Driver> Driver for Watched<D> {
    type RxToken<'a>
        = D::RxToken<'a>
    where
        Self: 'a;
    type TxToken<'a>
        = D::TxToken<'a>
    where
        Self: 'a;

    fn receive(&mut self, cx: &mut Context<'_>) -> Option<(D::RxToken<'_>, D::TxToken<'_>)> {
        // A board without clients only receives, which needs a frame for the
        // answer. An unused token sends nothing.
        drop(self.transmit(cx));
        self.driver.receive(cx)
    }

    fn transmit(&mut self, cx: &mut Context<'_>) -> Option<D::TxToken<'_>> {
        let has_network = self.driver.link_state(cx) == LinkState::Up;
        let token = self.driver.transmit(cx);
        self.sender.record(now(), has_network, token.is_some());
        token
    }

    fn link_state(&mut self, cx: &mut Context<'_>) -> LinkState {
        self.driver.link_state(cx)
    }

    fn capabilities(&self) -> Capabilities {
        self.driver.capabilities()
    }

    fn hardware_address(&self) -> HardwareAddress {
        self.driver.hardware_address()
    }
}
