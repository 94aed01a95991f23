//! The board's outbound connection: where it goes, and when it is due.

use board::{Hardware, OutboundAttempt};
use protocol::{
    RpcError,
    outbound::{Outbound, OutboundUrl},
};

use super::{Controller, Shared};
use crate::clock::Clock;

impl<H: Hardware, C: Clock> Shared<H, C> {
    /// Sets where the board connects to, or disables that: see
    /// [`Core::set_outbound_url`](board::Core::set_outbound_url).
    ///
    /// # Errors
    /// As [`Core::set_outbound_url`](board::Core::set_outbound_url).
    pub fn set_outbound(&self, url: Option<OutboundUrl>) -> Result<(), RpcError> {
        self.with(|board, now| board.set_outbound_url(now, url))
    }

    /// The state of the outbound connection, as `Outbound.Get` returns it.
    pub fn outbound(&self) -> Outbound {
        self.inner.borrow().board.outbound(self.clock.now())
    }

    /// Waits until an outbound connection is due.
    pub(crate) async fn outbound_due(&self) -> OutboundAttempt {
        loop {
            self.watch(|inner| inner.board.is_outbound_due()).await;
            if let Some(call) = self.with(|board, now| board.begin_outbound(now)) {
                return call;
            }
        }
    }

    /// Waits until an attempt to connect is no longer wanted.
    pub(crate) async fn outbound_canceled(&self, number: u32) {
        self.watch(|inner| !inner.board.is_outbound_wanted(number))
            .await;
    }

    /// The attempt succeeded: this controller is at the other end.
    pub(crate) fn outbound_connected(&self, number: u32, controller: &Controller<'_, H, C>) {
        self.with(|board, now| board.outbound_connected(now, number, controller.client()));
    }

    /// The attempt failed, or its connection has ended.
    pub(crate) fn outbound_ended(&self, number: u32, reason: &str) {
        self.with(|board, now| board.outbound_ended(now, number, reason));
    }
}
