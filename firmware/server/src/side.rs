//! A connection beside the control channel, as its task has it: what the board
//! gives it, and when it is to end.

use alloc::{string::String, vec::Vec};
use core::{future::poll_fn, task::Poll};

use board::{CLOSED_BY_CLIENT, ClientId, Hardware, Origin, SideChannelKind, Unread};
use embassy_futures::select::{Either, select};
use protocol::RpcError;

use crate::{
    clock::Clock,
    shared::Shared,
    ws::{Close, close_frame},
};

/// A place in the board's list of clients, until it is dropped.
pub(crate) struct SideChannel<'a, H: Hardware, C: Clock> {
    shared: &'a Shared<H, C>,
    side: SideChannelKind,
    id: ClientId,
}

impl<H: Hardware, C: Clock> Shared<H, C> {
    /// A client opened a channel beside the control channel.
    pub(crate) fn open_side_channel(
        &self,
        side: SideChannelKind,
        origin: Origin,
    ) -> Result<SideChannel<'_, H, C>, RpcError> {
        let id = self.with(|board, now| {
            let id = board.open_side_channel(now, side)?;
            board.set_origin(id, origin);
            Ok(id)
        })?;
        Ok(SideChannel {
            shared: self,
            side,
            id,
        })
    }
}

impl<'a, H: Hardware, C: Clock> SideChannel<'a, H, C> {
    pub(crate) fn clock(&self) -> &'a C {
        self.shared.clock()
    }

    pub(crate) fn side(&self) -> SideChannelKind {
        self.side
    }

    pub(crate) fn heard(&self) {
        self.shared.with(|board, now| board.heard(now, self.id));
    }

    pub(crate) fn pong_received(&self) {
        self.shared
            .with(|board, now| board.pong_received(now, self.id));
    }

    /// Waits until the channel is to end, and comes to what is said then.
    pub(crate) async fn ends(&self) -> Vec<u8> {
        let dismissed = self
            .shared
            .watch(|inner| inner.board().is_dismissed(self.id));
        match select(self.shared.restarting(), dismissed).await {
            Either::First(()) => close_frame(Some(Close::SERVICE_RESTART), "the board restarts"),
            Either::Second(()) => close_frame(Some(Close::NORMAL), CLOSED_BY_CLIENT),
        }
    }

    /// Waits until there is something to read.
    pub(crate) async fn news(&self) {
        poll_fn(|cx| {
            let mut inner = self.shared.inner();
            if inner.board().has_unread(self.id) {
                return Poll::Ready(());
            }
            inner.reads(cx.waker());
            Poll::Pending
        })
        .await;
    }

    /// The next lines of the log, at most `most`.
    pub(crate) fn read_lines(&self, most: usize) -> Unread {
        self.shared.with(|board, _| board.read_log(self.id, most))
    }

    /// The next frame of telemetry.
    pub(crate) fn read_frame<R>(&self, made: impl FnOnce(&[u8]) -> R) -> Option<R> {
        self.shared
            .with(|board, _| board.read_telemetry(self.id).map(made))
    }

    /// What is said before the first frame.
    pub(crate) fn telemetry(&self) -> Option<String> {
        self.shared.with(|board, now| board.telemetry_header(now))
    }
}

impl<H: Hardware, C: Clock> Drop for SideChannel<'_, H, C> {
    fn drop(&mut self) {
        self.shared
            .with(|board, _| board.close_side_channel(self.id));
    }
}
