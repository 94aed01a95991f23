//! Accepts connections: how many, and from where; TLS; HTTP; and from a
//! connection that asks for it, a client.

use std::{
    convert::Infallible,
    future::Future,
    io,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use fleet::Fleet;
use hyper::{server::conn::http1, service::service_fn, upgrade::OnUpgrade};
use hyper_util::rt::{TokioIo, TokioTimer};
use net::waiting::Waiting;
use remote::server::Hub;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    select,
    sync::watch,
    task::{AbortHandle, yield_now},
    time::timeout,
};
use tokio_io_timeout::TimeoutStream;

use crate::{
    Access, Embedded, Limits, Tls,
    attempts::Attempts,
    client::{Client, Socket},
    counts::Counts,
    hosts::Hosts,
    limits::{Addresses, Counted},
    page::Pages,
    refusal::{Ending, RequestRefusal},
    respond::{refuse, respond},
};

/// The largest head of a request, in bytes: hyper's minimum.
const HEAD: usize = 8_192;

/// How long a connection may stay without becoming a client. A browser opens
/// another one.
const LONGEST: Duration = Duration::from_secs(300);

/// Pause after a connection that could not be accepted, for example because no
/// descriptor is free.
const AFTER_ERROR: Duration = Duration::from_millis(100);

/// How long clients have to close when the server ends.
const ENDING: Duration = Duration::from_secs(3);

/// The first byte of a TLS connection (RFC 8446, section 5.1: a handshake).
const HANDSHAKE: u8 = 22;

/// What a server does.
pub struct Options {
    /// Where to listen; port 0 picks a free port.
    pub listen: SocketAddr,
    /// Who may connect.
    pub access: Access,
    /// TLS, if any.
    pub tls: Option<Tls>,
    /// Names of this computer in addition to its own.
    pub hosts: Vec<String>,
    /// The limits.
    pub limits: Limits,
    /// The files of the window.
    pub files: &'static [Embedded],
}

/// Why a server cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Other computers could control the boards.
    #[error(
        "other computers can reach {0}, so a token is required: add --token-file FILE, which is \
         created with a new token if it does not exist; or listen at 127.0.0.1, which only this \
         computer can reach"
    )]
    Open(SocketAddr),
    /// The address is in use, or does not belong to this computer.
    #[error("cannot listen at {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The cause.
        source: io::Error,
    },
}

/// A server that listens.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    shared: Arc<Shared>,
    tls: Option<Tls>,
}

/// What all connections share.
pub(crate) struct Shared {
    pub(crate) hub: Arc<Hub>,
    pub(crate) access: Access,
    pub(crate) limits: Limits,
    pub(crate) hosts: Hosts,
    pub(crate) pages: Pages,
    pub(crate) boards: Counts,
    /// Becomes true when the server ends.
    pub(crate) closing: watch::Sender<bool>,
    attempts: Mutex<Attempts>,
    addresses: Addresses,
}

impl Shared {
    pub(crate) fn attempts(&self) -> MutexGuard<'_, Attempts> {
        self.attempts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Server {
    /// Listens.
    ///
    /// # Errors
    /// No token is required although other computers can reach the address, or
    /// it cannot be bound.
    pub async fn bind(options: Options, fleet: Arc<Fleet>) -> Result<Self, StartError> {
        let Options {
            listen,
            access,
            tls,
            hosts,
            limits,
            files,
        } = options;
        if access.is_open() && !listen.ip().to_canonical().is_loopback() {
            return Err(StartError::Open(listen));
        }
        let failed = |source| StartError::Listen {
            address: listen,
            source,
        };
        let listener = TcpListener::bind(listen).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let shared = Arc::new(Shared {
            hub: Hub::new(fleet, limits.clients),
            access,
            hosts: Hosts::new(&hosts),
            pages: Pages::new(files),
            boards: Counts::default(),
            closing: watch::Sender::new(false),
            attempts: Mutex::default(),
            addresses: Addresses::default(),
            limits,
        });
        Ok(Self {
            listener,
            address,
            shared,
            tls,
        })
    }

    /// The address, with the port that the system chose.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `ended`, then closes every client.
    pub async fn run(self, ended: impl Future<Output = ()>) {
        let Self {
            listener,
            shared,
            tls,
            ..
        } = self;
        let counting = shared.boards.clone().follow(Arc::clone(shared.hub.fleet()));
        select! {
            () = ended => {}
            () = counting => {}
            () = accept(listener, &shared, tls.as_ref()) => {}
        }
        shared.closing.send_replace(true);
        // The rest is closed with the process.
        let _ = timeout(ENDING, shared.closing.closed()).await;
    }
}

async fn accept(listener: TcpListener, shared: &Arc<Shared>, tls: Option<&Tls>) {
    let mut waiting = Waiting::new(shared.limits.connections);
    loop {
        match listener.accept().await {
            Ok((stream, from)) => {
                let from = SocketAddr::new(from.ip().to_canonical(), from.port());
                if let Some(task) = begin(stream, from, shared, tls) {
                    waiting.add(from.ip(), task);
                }
                // During a flood, the next connection is always ready: give the
                // accepted ones a turn first.
                yield_now().await;
            }
            Err(error) => {
                log::warn!("a connection could not be accepted: {error}");
                tokio::time::sleep(AFTER_ERROR).await;
            }
        }
    }
}

/// Serves a connection in a task, unless its address has too many.
fn begin(
    stream: TcpStream,
    from: SocketAddr,
    shared: &Arc<Shared>,
    tls: Option<&Tls>,
) -> Option<AbortHandle> {
    let Some(counted) = shared.addresses.count(from.ip(), shared.limits.per_address) else {
        log::debug!("{from} has too many connections");
        if tls.is_none() {
            // As far as it fits into the empty buffer of the socket.
            let _ = stream.try_write(&busy());
        }
        return None;
    };
    let _ = stream.set_nodelay(true);
    let (shared, acceptor) = (Arc::clone(shared), tls.map(Tls::acceptor));
    let task = tokio::spawn(async move {
        let Some(acceptor) = acceptor else {
            return serve(stream, from, shared, counted, Scheme::Expected).await;
        };
        let mut first = [0];
        let head = shared.limits.head;
        match timeout(head, stream.peek(&mut first)).await {
            Ok(Ok(1)) if first == [HANDSHAKE] => {}
            Ok(Ok(1)) => return serve(stream, from, shared, counted, Scheme::NotTls).await,
            _ => return,
        }
        match timeout(head, acceptor.accept(stream)).await {
            Ok(Ok(stream)) => serve(stream, from, shared, counted, Scheme::Expected).await,
            Ok(Err(error)) => log::debug!("{from}: {error}"),
            Err(_) => log::debug!("{from}: the handshake took too long"),
        }
    });
    Some(task.abort_handle())
}

/// Whether a connection uses TLS as it should.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scheme {
    Expected,
    NotTls,
}

/// Answers the requests of a connection; if one asks for a WebSocket, admits a
/// client.
async fn serve<S>(
    stream: S,
    from: SocketAddr,
    shared: Arc<Shared>,
    counted: Counted,
    scheme: Scheme,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(shared.limits.write));
    let stream: Pin<Box<_>> = Box::pin(stream);
    let upgrade: Mutex<Option<OnUpgrade>> = Mutex::default();
    let service = service_fn(|mut request| {
        let answer = match scheme {
            Scheme::NotTls => refuse(&RequestRefusal::NotTls),
            Scheme::Expected => {
                let (answer, upgraded) = respond(&mut request, from, &shared);
                if upgraded.is_some() {
                    *upgrade.lock().unwrap_or_else(PoisonError::into_inner) = upgraded;
                }
                answer
            }
        };
        async move { Ok::<_, Infallible>(answer) }
    });
    let connection = http1::Builder::new()
        .max_buf_size(HEAD)
        .timer(TokioTimer::new())
        .header_read_timeout(shared.limits.head)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    match timeout(LONGEST, connection).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => log::debug!("{from}: {error}"),
        Err(_) => return,
    }
    let upgrade = upgrade.into_inner().unwrap_or_else(PoisonError::into_inner);
    let Some(upgrade) = upgrade else { return };
    let Ok(upgraded) = upgrade.await else { return };
    let mut socket = Socket::new(upgraded).await;
    match Client::admit(&mut socket, from, &shared).await {
        // In a task of its own, which no other connection can end.
        Ok(client) => {
            tokio::spawn(async move { client.serve(socket, from, &shared.limits).await });
        }
        Err(ending) => {
            log_refused(from.ip(), &ending);
            socket.close(&ending).await;
        }
    }
    drop(counted);
}

fn log_refused(from: IpAddr, ending: &Ending) {
    match ending {
        Ending::Closed | Ending::Lost(_) => log::debug!("{from}: {ending}"),
        ending => log::warn!("a client from {from} was refused: {ending}"),
    }
}

/// The response to a connection that is one too many.
fn busy() -> Vec<u8> {
    let refusal = RequestRefusal::TooManyConnections;
    let body = refusal.to_string();
    let head = format!(
        "HTTP/1.1 {}\r\nconnection: close\r\ncontent-type: text/plain; charset=utf-8\r\n\
         content-length: {}\r\n\r\n",
        refusal.status(),
        body.len() + 1,
    );
    format!("{head}{body}\n").into_bytes()
}
