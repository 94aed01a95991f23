//! Which connections are open, and what a restart waits for.

use board::Hardware;

use super::Shared;
use crate::clock::Clock;

impl<H: Hardware, C: Clock> Shared<H, C> {
    /// Waits until a restart is due: controllers have been told, and nothing
    /// new is started.
    pub(crate) async fn restarting(&self) {
        self.watch(|inner| inner.board.hardware().restart_is_due())
            .await;
    }

    /// Restarts the hardware.
    pub(crate) fn restart(&self) {
        self.with_hardware(Hardware::reboot);
    }

    /// Starts an exchange; dropping the guard finishes it.
    pub(crate) fn begin_exchange(&self) -> Exchange<'_, H, C> {
        self.inner.borrow_mut().exchanges += 1;
        Exchange { shared: self }
    }

    /// Waits until no connection has anything to finish.
    pub(crate) async fn exchanges_finished(&self) {
        self.watch(|inner| inner.exchanges == 0).await;
    }

    /// Counts a connection until the guard is dropped.
    pub(crate) fn count_connection(&self) -> ConnectionCount<'_, H, C> {
        self.inner.borrow_mut().connections += 1;
        ConnectionCount { shared: self }
    }

    /// The memory that each connection takes, in bytes: its task, and its
    /// buffers here and in the network.
    pub(crate) fn set_connection_size(&self, bytes: usize) {
        self.connection_size.set(bytes);
    }

    pub(crate) fn connection_size(&self) -> Option<usize> {
        Some(self.connection_size.get()).filter(|bytes| *bytes > 0)
    }
}

/// Something that a restart waits for: from a request to the end of its answer,
/// for example.
pub(crate) struct Exchange<'a, H: Hardware, C: Clock> {
    shared: &'a Shared<H, C>,
}

impl<H: Hardware, C: Clock> Drop for Exchange<'_, H, C> {
    fn drop(&mut self) {
        let mut inner = self.shared.inner.borrow_mut();
        inner.exchanges -= 1;
        if inner.exchanges == 0 {
            inner.wake_watchers();
        }
    }
}

/// An open connection.
pub(crate) struct ConnectionCount<'a, H: Hardware, C: Clock> {
    shared: &'a Shared<H, C>,
}

impl<H: Hardware, C: Clock> Drop for ConnectionCount<'_, H, C> {
    fn drop(&mut self) {
        self.shared.inner.borrow_mut().connections -= 1;
    }
}
