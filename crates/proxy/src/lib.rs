//! A proxy on this computer that lets programs use one locked board over a
//! WebSocket with plain JSON: each client gets its own encrypted connection. It
//! listens only on loopback addresses, requires the token, and refuses web
//! pages.

mod admission;
mod locked;
mod relay;

use std::{cell::Cell, io, net::SocketAddr, rc::Rc, thread::JoinHandle};

use tokio::{
    net::{TcpListener, TcpStream},
    runtime::Builder,
    sync::oneshot,
    task::{LocalSet, spawn_local, yield_now},
    time::{Duration, sleep},
};

pub use admission::{Token, TokenError};

use keys::Key;
use net::waiting::Waiting;

/// The most clients at the same time; a board has slots for four controllers.
/// Only a client with the token takes a slot.
const CLIENTS: usize = 16;

/// The most connections that have not shown the token yet. One more evicts
/// another.
const WAITING: usize = 64;

/// The options of a proxy.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where to listen; port 0 picks a free port.
    pub listen: SocketAddr,
    /// The token that clients must present.
    pub token: Token,
    /// The board's address, `host:port`.
    pub board: String,
    /// The board's key.
    pub key: Key,
}

/// A running proxy. Dropping it closes all its connections.
pub struct Proxy {
    address: SocketAddr,
    wanted: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Proxy {
    /// Starts to listen.
    ///
    /// # Errors
    /// If the address is not a loopback address or is in use, or no thread can
    /// be started.
    pub fn start(settings: Settings) -> Result<Self, ProxyError> {
        let asked = settings.listen;
        if !asked.ip().is_loopback() {
            return Err(ProxyError::NotLoopback(asked));
        }
        let listen = |source| ProxyError::Listen {
            address: asked,
            source,
        };
        let listener = std::net::TcpListener::bind(asked).map_err(listen)?;
        listener.set_nonblocking(true).map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(ProxyError::Start)?;
        let (wanted, unwanted) = oneshot::channel();
        let thread = std::thread::Builder::new()
            .name("proxy".to_owned())
            .spawn(move || {
                LocalSet::new().block_on(&runtime, async {
                    tokio::select! {
                        () = serve(listener, settings) => {}
                        _ = unwanted => {}
                    }
                });
            })
            .map_err(ProxyError::Start)?;
        Ok(Self {
            address,
            wanted: Some(wanted),
            thread: Some(thread),
        })
    }

    /// The address on which it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits until it ends, which only an error causes.
    pub fn wait(mut self) {
        self.join();
    }

    fn join(&mut self) {
        if let Some(thread) = self.thread.take() {
            // The panic was already printed.
            let _ = thread.join();
        }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        drop(self.wanted.take());
        self.join();
    }
}

async fn serve(listener: std::net::TcpListener, settings: Settings) {
    let listener = match TcpListener::from_std(listener) {
        Ok(listener) => listener,
        Err(error) => return log::error!("proxy: {error}"),
    };
    let settings = Rc::new(settings);
    let slots = Slots::default();
    let mut waiting = Waiting::new(WAITING);
    loop {
        match listener.accept().await {
            Ok((stream, from)) => {
                let task = spawn_local(client(stream, Rc::clone(&settings), slots.clone()));
                waiting.add(from.ip(), task.abort_handle());
                // During a flood, the next connection is always ready: give the
                // accepted ones a turn first.
                yield_now().await;
            }
            Err(error) => {
                log::warn!("proxy: {error}");
                // For example, no file descriptor is free: retry, but not
                // immediately.
                sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

/// Waits for the token. The rest runs in a separate task, which no other
/// connection can end.
async fn client(stream: TcpStream, settings: Rc<Settings>, slots: Slots) {
    if let Some((client, slot)) = admission::admit(stream, &settings.token, &slots).await {
        spawn_local(async move {
            relay::relay(client, &settings).await;
            drop(slot);
        });
    }
}

/// The number of taken slots.
#[derive(Debug, Clone, Default)]
struct Slots(Rc<Cell<usize>>);

/// A client's slot, until it is dropped.
#[derive(Debug)]
struct Slot(Slots);

impl Slots {
    /// `None` if all are taken.
    fn take(&self) -> Option<Slot> {
        if self.0.get() >= CLIENTS {
            return None;
        }
        self.0.set(self.0.get() + 1);
        Some(Slot(self.clone()))
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.0.set(self.0.0.get() - 1);
    }
}

/// Why a proxy did not start.
#[derive(Debug, thiserror::Error)]
pub enum ProxyError {
    /// Other computers could reach it.
    #[error(
        "{0} can be reached from the network, where the proxy's messages would not be encrypted. \
         Accepted: a loopback address, 127.0.0.1:PORT or [::1]:PORT; port 0 picks a free port"
    )]
    NotLoopback(SocketAddr),
    /// The address is in use, or does not belong to this computer.
    #[error("cannot listen at {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The cause.
        source: io::Error,
    },
    /// No thread or runtime could be started.
    #[error("the proxy could not be started: {0}")]
    Start(io::Error),
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

    use std::{
        io::{Read, Write},
        net::{Ipv4Addr, TcpStream},
    };

    use super::*;

    const KEY: &str =
        "switchboard-key:1:sb-59f0d6:5f3a91c2:control:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

    /// The status of an opening handshake with this token.
    fn asked(proxy: SocketAddr, token: &str) -> String {
        let mut stream = TcpStream::connect(proxy).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(10)))
            .unwrap();
        let head = format!(
            "GET /?token={token} HTTP/1.1\r\nHost: {proxy}\r\nOrigin: \
                 http://{proxy}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        let mut status = [0; 12];
        stream.read_exact(&mut status).unwrap();
        String::from_utf8_lossy(&status).into_owned()
    }

    #[test]
    fn connections_without_the_token_take_no_slot() {
        let settings = Settings {
            listen: (Ipv4Addr::LOCALHOST, 0).into(),
            token: "0123456789abcdef".parse().unwrap(),
            // Nothing listens there; the client gets its slot before that is
            // known.
            board: "127.0.0.1:1".to_owned(),
            key: KEY.parse().unwrap(),
        };
        let proxy = Proxy::start(settings).unwrap();
        let silent: Vec<TcpStream> = (0..3 * WAITING)
            .map(|_| TcpStream::connect(proxy.address()).unwrap())
            .collect();
        assert_eq!(asked(proxy.address(), "another-token"), "HTTP/1.1 401");
        assert_eq!(asked(proxy.address(), "0123456789abcdef"), "HTTP/1.1 101");
        drop(silent);
    }
}
