//! Takes the connections of boards that call this program. Decides who is let
//! in and how many may wait; which link a board has is the fleet's to decide.

mod arrival;
mod door;
mod own;

use std::{io, net::SocketAddr, time::Duration};

use tokio::{
    net::TcpListener,
    sync::mpsc::{Receiver, Sender, channel},
    task::{JoinHandle, JoinSet, yield_now},
    time::sleep,
};

pub(crate) use arrival::Arrival;
pub(crate) use own::facing;

use crate::waiting::Waiting;

/// Connections that have not said yet who they are. When one more comes,
/// another ends: so strangers that say nothing keep no board out.
const WAITING: usize = 256;

/// Boards that have said who they are, and whom the fleet has not looked at
/// yet.
const ARRIVED: usize = 16;

/// How long accepting rests after an error: no file is free, most likely.
const PAUSE: Duration = Duration::from_millis(100);

/// Where boards arrive.
pub(crate) fn arrivals() -> (Sender<Arrival>, Receiver<Arrival>) {
    channel(ARRIVED)
}

/// A port at which boards call. Dropped, it is closed; boards that were let in
/// stay.
pub(crate) struct Listener {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Listener {
    /// Listens at this address, port 0 being any free one. To be called within
    /// a runtime, whose thread hands the boards over.
    ///
    /// # Errors
    /// Where the address is taken or none of this computer's.
    pub(crate) fn start(address: SocketAddr, arrivals: Sender<Arrival>) -> io::Result<Self> {
        let listener = std::net::TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        let listener = TcpListener::from_std(listener)?;
        let address = listener.local_addr()?;
        let task = tokio::spawn(listen(listener, arrivals));
        Ok(Self { address, task })
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Closes the port, and waits until it is free.
    pub(crate) async fn close(mut self) {
        self.task.abort();
        // That it was ended is no news.
        let _ = (&mut self.task).await;
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Lets boards in, for ever.
async fn listen(listener: TcpListener, arrivals: Sender<Arrival>) {
    let mut asked = JoinSet::new();
    let mut waiting = Waiting::new(WAITING);
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, from)) => {
                    waiting.add(from.ip(), asked.spawn(door::let_in(stream, from)));
                    // Who came with a request is answered before the next is
                    // looked at.
                    yield_now().await;
                }
                Err(error) => {
                    log::warn!("listening: {error}");
                    sleep(PAUSE).await;
                }
            },
            Some(done) = asked.join_next() => {
                if let Ok(Some(arrival)) = done
                    && arrivals.send(arrival).await.is_err()
                {
                    return;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
