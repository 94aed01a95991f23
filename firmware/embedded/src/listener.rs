//! The TCP port as the server accepts from it, with room for clients that come
//! at the same moment. Which connection may stay is the server's to decide.
//!
//! edge-nal-embassy listens with one socket at a time: whoever knocks while a
//! client is let in is refused, and of two controllers that come at once, one
//! fails. Nor does it tell the other side of a connection that is dropped.

use core::{cell::RefCell, future::poll_fn, net::SocketAddr, pin::pin, task::Poll};

use edge_nal::TcpAccept;
use embassy_net::{
    Stack,
    tcp::{Error, State},
};

use crate::connection::{Buffers, Connection, Sockets, socket};

/// Clients that may knock while every connection is taken: they wait until the
/// server lets them in, or tells them.
pub(crate) const KNOCKING: usize = 2;

/// The port.
pub struct Listener {
    port: u16,
    /// Those that are no connection listen, all of them.
    sockets: RefCell<Sockets>,
}

impl Listener {
    /// A port for so many connections at once ([`crate::connections`]). The
    /// stack must have room for them and a few more ([`crate::sockets`]), which
    /// are never given back.
    pub fn new(stack: Stack<'static>, port: u16, connections: usize, buffers: Buffers) -> Self {
        let sockets = (0..connections + KNOCKING)
            .map(|_| socket(stack, buffers))
            .collect();
        Self {
            port,
            sockets: RefCell::new(Sockets::new(sockets)),
        }
    }
}

impl TcpAccept for Listener {
    type Error = Error;

    type Socket<'a> = Connection<'a>;

    async fn accept(&self) -> Result<(SocketAddr, Connection<'_>), Error> {
        poll_fn(|cx| {
            let Sockets {
                idle: listening,
                waiting: accepting,
            } = &mut *self.sockets.borrow_mut();
            accepting.register(cx.waker());
            let mut arrived = None;
            for (place, socket) in listening.iter_mut().enumerate() {
                match socket.state() {
                    // The reset of its last connection leaves first. Then, to
                    // be polled once makes it listen.
                    State::Closed if pin!(socket.flush()).poll(cx).is_pending() => {}
                    State::Closed => drop(pin!(socket.accept(self.port)).poll(cx)),
                    // Whatever becomes of it wakes those who wait to write.
                    State::Listen | State::SynReceived => {
                        let _ = pin!(socket.wait_write_ready()).poll(cx);
                    }
                    _ => arrived = Some(place),
                }
            }
            let Some(place) = arrived else {
                return Poll::Pending;
            };
            let socket = listening.swap_remove(place);
            // One whose client has gone meanwhile has no address, and ends with
            // the first read.
            let address = socket
                .remote_endpoint()
                .map_or(SocketAddr::from(([0, 0, 0, 0], 0)), |remote| {
                    SocketAddr::new(remote.addr.into(), remote.port)
                });
            Poll::Ready(Ok((address, Connection::new(socket, &self.sockets))))
        })
        .await
    }
}
