//! A door on this computer to one locked board, for programs that speak plain JSON over WebSocket: each client gets an encrypted
//! connection of its own. It listens on loopback addresses only, and lets in who knows the token; no web page.

mod door;
mod locked;
mod relay;

use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread::JoinHandle,
};

use tokio::{
    net::{TcpListener, TcpStream},
    runtime::Builder,
    sync::oneshot,
    task::LocalSet,
    time::{Duration, sleep},
};

pub use door::{Token, TokenError};

use crate::keys::Key;

/// Clients at once; a board has places for four controllers.
const CLIENTS: usize = 16;

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
    /// Where the address is none of this computer alone, is taken, or no thread can be made.
    pub fn start(settings: Settings) -> Result<Self, ProxyError> {
        let asked = settings.listen;
        if !asked.ip().is_loopback() {
            return Err(ProxyError::NotLoopback(asked));
        }
        let listen = |source| ProxyError::Listen { address: asked, source };
        let listener = std::net::TcpListener::bind(asked).map_err(listen)?;
        listener.set_nonblocking(true).map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let runtime = Builder::new_current_thread().enable_all().build().map_err(ProxyError::Start)?;
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
        Ok(Self { address, wanted: Some(wanted), thread: Some(thread) })
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
    let settings = Arc::new(settings);
    let clients = Arc::new(AtomicUsize::new(0));
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let place = Place::take(&clients);
                tokio::task::spawn_local(client(stream, Arc::clone(&settings), place));
            }
            Err(error) => {
                log::warn!("proxy: {error}");
                // No file is free, for example: it is tried again, and not at once.
                sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn client(stream: TcpStream, settings: Arc<Settings>, place: Option<Place>) {
    if let Some(client) = door::let_in(stream, &settings.token, place.is_some()).await {
        relay::relay(client, &settings).await;
    }
    drop(place);
}

/// One of the places for clients.
struct Place(Arc<AtomicUsize>);

impl Place {
    fn take(clients: &Arc<AtomicUsize>) -> Option<Self> {
        let place = Self(Arc::clone(clients));
        (clients.fetch_add(1, Ordering::Relaxed) < CLIENTS).then_some(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Why a proxy did not start.
#[derive(Debug, thiserror::Error)]
pub enum ProxyError {
    /// Others than this computer could reach it.
    #[error(
        "{0} can be reached from the network, where what a proxy says is not encrypted. Accepted: an address of this computer alone, 127.0.0.1:PORT or [::1]:PORT, port 0 for any free one"
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
