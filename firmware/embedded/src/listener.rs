//! The TCP port that the server accepts connections from, with a backlog for
//! clients that connect at the same time. The server decides which connections
//! it admits.
//!
//! edge-nal-embassy listens with one socket at a time: of two clients that
//! connect at once, one is refused. It also drops connections without a reset.

use core::{cell::RefCell, future::poll_fn, net::SocketAddr, pin::pin, task::Poll};

use edge_nal::TcpAccept;
use embassy_net::{
    Stack,
    tcp::{Error, State},
};

use crate::connection::{Buffers, Connection, Sockets, socket};

/// Clients that may connect while all connections are in use: they wait until
/// the server admits or refuses them.
pub(crate) const BACKLOG: usize = 2;

/// A listening TCP port.
pub struct Listener {
    port: u16,
    /// All sockets without a connection listen.
    sockets: RefCell<Sockets>,
}

impl Listener {
    /// A port for this many connections ([`crate::connections`]). The stack
    /// needs room for them and the backlog ([`crate::sockets`]); the sockets
    /// are never freed.
    pub fn new(stack: Stack<'static>, port: u16, connections: usize, buffers: Buffers) -> Self {
        let sockets = (0..connections + BACKLOG)
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
            for (index, socket) in listening.iter_mut().enumerate() {
                match socket.state() {
                    // The reset of its last connection is sent first. Polling
                    // `accept` once then makes it listen.
                    State::Closed if pin!(socket.flush()).poll(cx).is_pending() => {}
                    State::Closed => {
                        let _ = pin!(socket.accept(self.port)).poll(cx);
                    }
                    // Every change of its state wakes tasks that wait to write.
                    State::Listen | State::SynReceived => {
                        let _ = pin!(socket.wait_write_ready()).poll(cx);
                    }
                    _ => arrived = Some(index),
                }
            }
            let Some(index) = arrived else {
                return Poll::Pending;
            };
            let socket = listening.swap_remove(index);
            // A client that has disconnected meanwhile has no address; the
            // first read ends its connection.
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
