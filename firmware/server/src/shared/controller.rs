//! A controller: the client of a control channel.

use core::{
    future::poll_fn,
    task::{Context, Poll, Waker},
};

use board::{Board, ClientId, Hardware, Origin, Outgoing};
use noise::KeyId;
use protocol::RpcError;

use super::{Inner, Shared};
use crate::{clock::Clock, deferred_restart::DeferredRestart};

/// The task of a controller's connection.
#[derive(Default)]
pub(super) struct ClientTask {
    pub(super) waker: Option<Waker>,
    /// It holds a message that the board takes once the client's queue has room
    /// for the response.
    waits_for_room: bool,
}

impl<H: Hardware, C: Clock> Shared<H, C> {
    /// Adds a controller that opened the control channel of an open board.
    pub(crate) fn connect(&self, origin: Origin) -> Result<Controller<'_, H, C>, RpcError> {
        let client = self.with(|board, now| board.connect(now))?;
        Ok(self.controller(client, origin))
    }

    /// Adds a controller that has proved this key.
    pub(crate) fn connect_with_key(
        &self,
        kid: KeyId,
        origin: Origin,
    ) -> Result<Controller<'_, H, C>, RpcError> {
        let client = self.with(|board, now| board.connect_with_key(now, kid))?;
        Ok(self.controller(client, origin))
    }

    fn controller(&self, client: ClientId, origin: Origin) -> Controller<'_, H, C> {
        self.with(|board, _| board.set_origin(client, origin));
        self.inner
            .borrow_mut()
            .clients
            .insert(client, ClientTask::default());
        Controller {
            shared: self,
            client,
        }
    }
}

/// A connected controller; dropping it disconnects it.
pub(crate) struct Controller<'a, H: Hardware, C: Clock> {
    shared: &'a Shared<H, C>,
    client: ClientId,
}

impl<'a, H: Hardware, C: Clock> Controller<'a, H, C> {
    pub(crate) fn clock(&self) -> &'a C {
        &self.shared.clock
    }

    pub(super) fn client(&self) -> ClientId {
        self.client
    }

    /// Waits until the board has decided to close the channel.
    pub(crate) async fn dismissed(&self) {
        poll_fn(|cx| self.poll(cx, |board| board.is_ending(self.client).then_some(()))).await;
    }

    /// Waits until the client's queue has room for what a request produces.
    pub(crate) async fn has_room(&self) {
        poll_fn(|cx| {
            let room = self.poll(cx, |board| board.has_room(self.client).then_some(()));
            if let Some(task) = self.shared.inner.borrow_mut().clients.get_mut(&self.client) {
                task.waits_for_room = room.is_pending();
            }
            room
        })
        .await;
    }

    fn poll<R>(
        &self,
        cx: &Context<'_>,
        query: impl FnOnce(&mut Board<DeferredRestart<H>>) -> Option<R>,
    ) -> Poll<R> {
        let mut inner = self.shared.inner.borrow_mut();
        if let Some(ready) = query(&mut inner.board) {
            return Poll::Ready(ready);
        }
        if let Some(task) = inner.clients.get_mut(&self.client) {
            task.waker = Some(cx.waker().clone());
        }
        Poll::Pending
    }

    pub(crate) fn pong_received(&self) {
        let now = self.shared.clock.now();
        let mut inner = self.shared.inner.borrow_mut();
        inner.board.pong_received(now, self.client);
    }

    pub(crate) fn receive(&self, text: &str) {
        self.shared
            .with(|board, now| board.receive(now, self.client, text));
    }

    pub(crate) fn heard(&self) {
        let now = self.shared.clock.now();
        let mut inner = self.shared.inner.borrow_mut();
        inner.board.heard(now, self.client);
    }

    /// What to send next.
    pub(crate) fn poll_outgoing(&self, cx: &Context<'_>) -> Poll<Outgoing> {
        let now = self.shared.clock.now();
        let next = self.poll(cx, |board| board.next_outgoing(now, self.client));
        let mut inner = self.shared.inner.borrow_mut();
        let Inner { board, clients, .. } = &mut *inner;
        if let Some(task) = clients.get(&self.client)
            && task.waits_for_room
            && board.has_room(self.client)
        {
            cx.waker().wake_by_ref();
        }
        next
    }
}

impl<H: Hardware, C: Clock> Drop for Controller<'_, H, C> {
    fn drop(&mut self) {
        self.shared.inner.borrow_mut().clients.remove(&self.client);
        self.shared
            .with(|board, now| board.disconnect(now, self.client));
    }
}
