//! Accepts connections of boards that connect to this program. Decides which
//! are admitted and how many may be pending; which link a board has is decided
//! by the fleet.

mod admission;
mod local_address;
mod socket;
#[cfg(test)]
mod tests;

use std::{io, net::SocketAddr, time::Duration};

use net::waiting::Waiting;
use tokio::{
    net::TcpListener,
    sync::mpsc::{Receiver, Sender, channel},
    task::{JoinHandle, JoinSet, yield_now},
    time::sleep,
};

pub(crate) use local_address::local_address_towards;
pub(crate) use socket::InboundSocket;

/// Connections whose handshake is pending. One more ends another, so that
/// silent strangers keep no board out.
const PENDING: usize = 256;

/// Admitted connections that the fleet has not taken yet.
const ADMITTED: usize = 16;

/// How long accepting pauses after an error: most likely there are too many
/// open files.
const PAUSE: Duration = Duration::from_millis(100);

/// The channel on which admitted connections arrive.
pub(crate) fn inbound_sockets() -> (Sender<InboundSocket>, Receiver<InboundSocket>) {
    channel(ADMITTED)
}

/// A port at which boards connect. It is closed on drop; admitted connections
/// stay open.
pub(crate) struct Listener {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Listener {
    /// Listens at this address; port 0 is any free one. Must be called within a
    /// runtime.
    ///
    /// # Errors
    /// The address is in use, or not one of this computer.
    pub(crate) fn start(address: SocketAddr, sockets: Sender<InboundSocket>) -> io::Result<Self> {
        let listener = std::net::TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        let listener = TcpListener::from_std(listener)?;
        let address = listener.local_addr()?;
        let task = tokio::spawn(listen(listener, sockets));
        Ok(Self { address, task })
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Closes the port, and waits until it is free.
    pub(crate) async fn close(mut self) {
        self.task.abort();
        // It always ends with an error: it was aborted.
        let _ = (&mut self.task).await;
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Admits connections until the receiver is dropped.
async fn listen(listener: TcpListener, sockets: Sender<InboundSocket>) {
    let mut handshakes = JoinSet::new();
    let mut waiting = Waiting::new(PENDING);
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, from)) => {
                    waiting.add(from.ip(), handshakes.spawn(admission::admit(stream, from)));
                    // A connection that has already sent its request is
                    // answered before the next one is accepted.
                    yield_now().await;
                }
                Err(error) => {
                    log::warn!("listening: {error}");
                    sleep(PAUSE).await;
                }
            },
            Some(done) = handshakes.join_next() => {
                if let Ok(Some(socket)) = done
                    && sockets.send(socket).await.is_err()
                {
                    return;
                }
            }
        }
    }
}
