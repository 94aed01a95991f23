//! Connects to any `ws://` or `wss://` address and counts the bytes of each TCP
//! connection. Speaks neither HTTP nor WebSocket; the fleet connects to its
//! boards itself.

mod certificate;
mod endpoint;
pub mod interfaces;
mod problem;
mod race;
mod reach;
mod traffic;
mod trust;

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use address::{Address, Candidates, Host};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::{TlsConnector, rustls::pki_types::ServerName};

pub use reach::{Reached, find, reach, reach_now};

pub use endpoint::{Endpoint, EndpointError};
pub use problem::TlsProblem;
pub use reach::Unreached;
pub use tokio_rustls::client::TlsStream;
pub use traffic::{Counted, Traffic};
pub use trust::{Trust, TrustError};

/// The timeout for a connection, including TLS.
pub const GIVE_UP: Duration = Duration::from_secs(10);

/// A connection with or without TLS.
#[derive(Debug)]
pub enum Stream {
    /// TCP.
    Plain(Counted<TcpStream>),
    /// TLS over TCP; the counted bytes are encrypted.
    Tls(Box<TlsStream<Counted<TcpStream>>>),
}

/// Connects, with Nagle's algorithm off.
///
/// # Errors
/// If the name is unknown, there is no response within [`GIVE_UP`], or the
/// certificate is not trusted.
pub async fn dial(
    place: &Endpoint,
    trust: &Trust,
    traffic: Arc<Traffic>,
) -> Result<Stream, DialError> {
    let secure = place.is_secure();
    dial_address(&place.to_string(), place.address(), secure, trust, traffic).await
}

/// Connects to a server of any protocol, with Nagle's algorithm off. `place`
/// names it in errors.
///
/// # Errors
/// As [`dial`].
pub async fn dial_address(
    place: &str,
    address: &Address,
    secure: bool,
    trust: &Trust,
    traffic: Arc<Traffic>,
) -> Result<Stream, DialError> {
    timeout(GIVE_UP, connect(place, address, secure, trust, traffic))
        .await
        .unwrap_or_else(|_| {
            Err(DialError::NoAnswer {
                place: place.to_owned(),
            })
        })
}

async fn connect(
    place: &str,
    address: &Address,
    secure: bool,
    trust: &Trust,
    traffic: Arc<Traffic>,
) -> Result<Stream, DialError> {
    let unreachable = |source| DialError::Unreachable {
        place: place.to_owned(),
        source,
    };
    let reached = reach(&Candidates::given(address.clone()), &[])
        .await
        .map_err(unreachable)?;
    let stream = Counted::new(reached.stream, traffic);
    if !secure {
        return Ok(Stream::Plain(stream));
    }
    let stream = encrypt(stream, &host_of(address), trust)
        .await
        .map_err(|problem| DialError::Tls {
            place: place.to_owned(),
            problem,
        })?;
    Ok(Stream::Tls(Box::new(stream)))
}

/// Begins TLS on a connection to this host, which a protocol may have used
/// before.
///
/// # Errors
/// If the other side does not speak TLS, or its certificate is not trusted or
/// for another host.
pub async fn encrypt<S>(stream: S, host: &str, trust: &Trust) -> Result<TlsStream<S>, TlsProblem>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let name = ServerName::try_from(host.to_owned()).map_err(|_| TlsProblem::NoName {
        host: host.to_owned(),
    })?;
    let connector = TlsConnector::from(trust.client());
    let connected = connector.connect(name, stream).await;
    connected.map_err(|error| TlsProblem::of_handshake(&error))
}

/// The host of an address, without brackets and zone.
fn host_of(address: &Address) -> String {
    match address.host() {
        Host::Name(name) => name.clone(),
        Host::V4(ip) => ip.to_string(),
        Host::V6 { ip, .. } => ip.to_string(),
    }
}

/// Why a connection failed.
#[derive(Debug, thiserror::Error)]
pub enum DialError {
    /// The name is unknown, or the connection was refused.
    #[error("could not reach {place}: {source}")]
    Unreachable {
        /// The address.
        place: String,
        /// The result for each address.
        source: Unreached,
    },
    /// There was no response.
    #[error("{place} did not respond within {} s", GIVE_UP.as_secs())]
    NoAnswer {
        /// The address.
        place: String,
    },
    /// The other side does not speak TLS, or its certificate is not trusted.
    #[error("no TLS with {place}: {}", .problem.with_advice("ws://", "wss://"))]
    Tls {
        /// The address.
        place: String,
        /// The cause.
        problem: TlsProblem,
    },
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(context, buffer),
            Self::Tls(stream) => Pin::new(stream).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(context, bytes),
            Self::Tls(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(context),
            Self::Tls(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}
