//! A server on this computer for one locked board and programs that speak plain
//! JSON over WebSocket: each client gets an encrypted connection of its own. It
//! listens on loopback addresses only, and admits clients that know the token,
//! and no web page.

mod door;
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

pub use door::{Token, TokenError};

use keys::Key;
use net::waiting::Waiting;

/// Clients at once; a board has places for four controllers. Only a client that
/// knows the token takes one of these.
const CLIENTS: usize = 16;

/// Connections that have not shown the token yet. When one more comes, another
/// ends.
const WAITING: usize = 64;

/// How a proxy is started.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where it listens; port 0 is any free one.
    pub listen: SocketAddr,
    /// What a client must know.
    pub token: Token,
    /// Where the board is, `host:port`.
    pub board: String,
    /// Its key.
    pub key: Key,
}

/// A proxy that listens. Dropped, it ends with every connection.
pub struct Proxy {
    address: SocketAddr,
    wanted: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Proxy {
    /// Starts to listen.
    ///
    /// # Errors
    /// Where the address is none of this computer alone, is taken, or no thread
    /// can be made.
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

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits until it ends, which it does not by itself.
    pub fn wait(mut self) {
        self.join();
    }

    fn join(&mut self) {
        if let Some(thread) = self.thread.take() {
            // That it panicked was printed already.
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
    let places = Places::default();
    let mut waiting = Waiting::new(WAITING);
    loop {
        match listener.accept().await {
            Ok((stream, from)) => {
                let task = spawn_local(client(stream, Rc::clone(&settings), places.clone()));
                waiting.add(from.ip(), task.abort_handle());
                // In a flood the next connection is there already: those that
                // were accepted have their turn first.
                yield_now().await;
            }
            Err(error) => {
                log::warn!("proxy: {error}");
                // No file is free, for example: it is tried again, and not at
                // once.
                sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

/// Waits for the token; what follows is a task of its own, which no other
/// connection can end.
async fn client(stream: TcpStream, settings: Rc<Settings>, places: Places) {
    if let Some((client, place)) = door::let_in(stream, &settings.token, &places).await {
        spawn_local(async move {
            relay::relay(client, &settings).await;
            drop(place);
        });
    }
}

/// How many places for clients are taken.
#[derive(Debug, Clone, Default)]
struct Places(Rc<Cell<usize>>);

/// One of the places for clients, until it is dropped.
#[derive(Debug)]
struct Place(Places);

impl Places {
    /// `None` where all are taken.
    fn take(&self) -> Option<Place> {
        if self.0.get() >= CLIENTS {
            return None;
        }
        self.0.set(self.0.get() + 1);
        Some(Place(self.clone()))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.0.set(self.0.0.get() - 1);
    }
}

/// Why a proxy did not start.
#[derive(Debug, thiserror::Error)]
pub enum ProxyError {
    /// Others than this computer could reach it.
    #[error(
        "{0} can be reached from the network, where what a proxy says is not encrypted. Accepted: \
             an address of this computer alone, 127.0.0.1:PORT or [::1]:PORT, port 0 for any free one"
    )]
    NotLoopback(SocketAddr),
    /// The address is taken or none of this computer.
    #[error("cannot listen at {address}: {source}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// No thread or runtime.
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
    fn connections_without_the_token_take_no_place_of_a_client_that_has_it() {
        let settings = Settings {
            listen: (Ipv4Addr::LOCALHOST, 0).into(),
            token: "0123456789abcdef".parse().unwrap(),
            // Nothing listens there; the client has its place before that is
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
