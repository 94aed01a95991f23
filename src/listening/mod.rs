//! Takes the connections of boards that call this program. Decides who is let in and how many may wait; which link a board has is the
//! fleet's to decide.

mod arrival;
mod door;
mod own;

use std::{
    collections::HashMap,
    io,
    net::SocketAddr,
    time::{Duration, Instant},
};

use tokio::{
    net::TcpListener,
    sync::mpsc::{Receiver, Sender, channel},
    task::{AbortHandle, JoinHandle, JoinSet, yield_now},
    time::sleep,
};

pub(crate) use arrival::Arrival;
pub(crate) use own::facing;

use crate::eviction::Eviction;

/// Connections that have not said yet who they are. When one more comes, one of the address with the most of them makes room, the one that
/// has waited longest: so strangers that say nothing keep no board out.
const WAITING: usize = 256;

/// Boards that have said who they are, and whom the fleet has not looked at yet.
const ARRIVED: usize = 16;

/// How long accepting rests after an error: no file is free, most likely.
const PAUSE: Duration = Duration::from_millis(100);

/// Where boards arrive.
pub(crate) fn arrivals() -> (Sender<Arrival>, Receiver<Arrival>) {
    channel(ARRIVED)
}

/// A port at which boards call. Dropped, it is closed; boards that were let in stay.
pub(crate) struct Listener {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Listener {
    /// Listens at this address, port 0 being any free one. To be called within a runtime, whose thread hands the boards over.
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
    let (mut waiting, mut tasks) = (Eviction::default(), HashMap::<u64, AbortHandle>::new());
    let mut number = 0;
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, from)) => {
                    if let Some(longest) = waiting.next().filter(|_| waiting.len() >= WAITING).copied() {
                        waiting.remove(&longest);
                        if let Some(task) = tasks.remove(&longest) {
                            task.abort();
                        }
                    }
                    number += 1;
                    let this = number;
                    waiting.confirm(this, Instant::now(), Some(from.ip()));
                    tasks.insert(this, asked.spawn(async move { (this, door::let_in(stream, from).await) }));
                    // Who came with a request is answered before the next is looked at.
                    yield_now().await;
                }
                Err(error) => {
                    log::warn!("listening: {error}");
                    sleep(PAUSE).await;
                }
            },
            Some(done) = asked.join_next() => {
                // One that was aborted was taken out before.
                let Ok((this, arrival)) = done else { continue };
                waiting.remove(&this);
                tasks.remove(&this);
                if let Some(arrival) = arrival
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
