//! The board's outbound connection: where it goes, and when it is due.

use board::{Call, Hardware};
use protocol::{
    RpcError,
    outbound::{CallUrl, Outbound},
};

use super::{Controller, Shared};
use crate::clock::Clock;

impl<H: Hardware, C: Clock> Shared<H, C> {
    /// Sets where the board connects to, or disables that: see
    /// [`Board::call_there`](board::Board::call_there).
    ///
    /// # Errors
    /// As [`Board::call_there`](board::Board::call_there).
    pub fn set_outbound(&self, url: Option<CallUrl>) -> Result<(), RpcError> {
        self.with(|board, now| board.call_there(now, url))
    }

    /// The state of the outbound connection, as `Outbound.Get` returns it.
    pub fn outbound(&self) -> Outbound {
        self.inner.borrow().board.outbound(self.clock.now())
    }

    /// Waits until an outbound connection is due.
    pub(crate) async fn outbound_due(&self) -> Call {
        loop {
            self.watch(|inner| inner.board.is_call_due()).await;
            if let Some(call) = self.with(|board, now| board.begin_call(now)) {
                return call;
            }
        }
    }

    /// Waits until an attempt to connect is no longer wanted.
    pub(crate) async fn outbound_cancelled(&self, number: u32) {
        self.watch(|inner| !inner.board.is_call_wanted(number))
            .await;
    }

    /// The attempt succeeded: this controller is at the other end.
    pub(crate) fn outbound_connected(&self, number: u32, controller: &Controller<'_, H, C>) {
        self.with(|board, now| board.call_answered(now, number, controller.client()));
    }

    /// The attempt failed, or its connection has ended.
    pub(crate) fn outbound_ended(&self, number: u32, reason: &str) {
        self.with(|board, now| board.call_over(now, number, reason));
    }
}
