//! A TLS server on this computer in front of a board, which has no TLS itself,
//! to measure the cost of TLS. Its certificate is generated at start and
//! trusted only here.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use rcgen::generate_simple_self_signed;
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    runtime::Builder,
    sync::oneshot,
    task::{LocalSet, spawn_local},
    time::{sleep, timeout},
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::ring,
        pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
    },
    server::TlsStream,
};

use net::{client::Trust, waiting::Waiting};

use crate::usage::cpu_of_this_thread;

/// How often CPU time is sampled.
const POLL_INTERVAL: Duration = Duration::from_millis(100);

/// Maximum number of pending handshakes. A further one ends another.
const MAX_PENDING: usize = 64;

/// Handshake timeout. Clients are on this computer.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// A TLS server that forwards all connections to a board. Dropping it ends it.
pub(super) struct TlsServer {
    address: SocketAddr,
    trust: Trust,
    cpu: Arc<AtomicU64>,
    _wanted: oneshot::Sender<()>,
}

impl TlsServer {
    /// Starts the server on its own thread.
    ///
    /// # Errors
    /// If no port, certificate or thread can be created.
    pub(super) fn start(board: SocketAddr) -> io::Result<Self> {
        let made =
            generate_simple_self_signed(["127.0.0.1".to_owned()]).map_err(io::Error::other)?;
        let certificate = made.cert.der().clone();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .with_no_client_auth()
            .with_single_cert(vec![certificate.clone()], key)
            .map_err(io::Error::other)?;
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let (wanted, unwanted) = oneshot::channel();
        let cpu = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&cpu);
        std::thread::Builder::new()
            .name("tls".to_owned())
            .spawn(move || {
                LocalSet::new().block_on(&runtime, async {
                    tokio::select! {
                        () = serve(listener, Arc::new(config), board) => {}
                        () = count(&counted) => {}
                        _ = unwanted => {}
                    }
                });
            })?;
        Ok(Self {
            address,
            trust: Trust::only(certificate),
            cpu,
            _wanted: wanted,
        })
    }

    /// The address it listens on.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The trust settings for its certificate.
    pub(super) fn trust(&self) -> &Trust {
        &self.trust
    }

    /// Its CPU time, at most [`POLL_INTERVAL`] old.
    pub(super) fn cpu(&self) -> Duration {
        Duration::from_nanos(self.cpu.load(Ordering::Relaxed))
    }
}

async fn count(cpu: &AtomicU64) {
    loop {
        if let Some(time) = cpu_of_this_thread() {
            cpu.store(
                u64::try_from(time.as_nanos()).unwrap_or(u64::MAX),
                Ordering::Relaxed,
            );
        }
        sleep(POLL_INTERVAL).await;
    }
}

async fn serve(listener: std::net::TcpListener, config: Arc<ServerConfig>, board: SocketAddr) {
    let Ok(listener) = TcpListener::from_std(listener) else {
        return;
    };
    let acceptor = TlsAcceptor::from(config);
    let mut waiting = Waiting::new(MAX_PENDING);
    loop {
        match listener.accept().await {
            Ok((stream, from)) => {
                let task = spawn_local(handshake(stream, acceptor.clone(), board));
                waiting.add(from.ip(), task.abort_handle());
            }
            // No file descriptor is free, for example: retry, but not
            // immediately.
            Err(_) => sleep(POLL_INTERVAL).await,
        }
    }
}

/// After the handshake the connection gets its own task, which no other
/// connection can end.
async fn handshake(stream: TcpStream, acceptor: TlsAcceptor, board: SocketAddr) {
    let _ = stream.set_nodelay(true);
    match timeout(HANDSHAKE, acceptor.accept(stream)).await {
        Ok(Ok(client)) => drop(spawn_local(pass_on(client, board))),
        Ok(Err(error)) => log::debug!("TLS server: {error}"),
        Err(_) => log::debug!("TLS server: no handshake within {} s", HANDSHAKE.as_secs()),
    }
}

async fn pass_on(mut client: TlsStream<TcpStream>, board: SocketAddr) {
    let passed = async {
        let mut board = TcpStream::connect(board).await?;
        board.set_nodelay(true)?;
        copy_bidirectional(&mut client, &mut board).await
    };
    // Either side may end the connection at any time.
    if let Err(error) = passed.await {
        log::debug!("TLS server: {error}");
    }
}
