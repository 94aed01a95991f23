//! A TLS server on this computer in front of a board, which has none itself:
//! what TLS costs is measured with it. Its certificate is made when it starts
//! and trusted by nobody else.

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

/// How often the time on a processor is looked at.
const LOOK: Duration = Duration::from_millis(100);

/// Connections in the middle of their handshake. When one more comes, another
/// ends.
const WAITING: usize = 64;

/// How long a handshake may take. Clients are on this computer.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// A TLS server that passes everything on to a board. Dropped, it ends.
pub(super) struct TlsServer {
    address: SocketAddr,
    trust: Trust,
    cpu: Arc<AtomicU64>,
    _wanted: oneshot::Sender<()>,
}

impl TlsServer {
    /// Starts it, on a thread of its own.
    ///
    /// # Errors
    /// Where no port, certificate or thread can be had.
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

    /// Where it listens.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// What trusts it.
    pub(super) fn trust(&self) -> &Trust {
        &self.trust
    }

    /// How long it was on a processor, at most [`LOOK`] ago.
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
        sleep(LOOK).await;
    }
}

async fn serve(listener: std::net::TcpListener, config: Arc<ServerConfig>, board: SocketAddr) {
    let Ok(listener) = TcpListener::from_std(listener) else {
        return;
    };
    let acceptor = TlsAcceptor::from(config);
    let mut waiting = Waiting::new(WAITING);
    loop {
        match listener.accept().await {
            Ok((stream, from)) => {
                let task = spawn_local(handshake(stream, acceptor.clone(), board));
                waiting.add(from.ip(), task.abort_handle());
            }
            // No file is free, for example: it is tried again, and not at once.
            Err(_) => sleep(LOOK).await,
        }
    }
}

/// What follows the handshake is a task of its own, which no other connection
/// can end.
async fn handshake(stream: TcpStream, acceptor: TlsAcceptor, board: SocketAddr) {
    let _ = stream.set_nodelay(true);
    match timeout(HANDSHAKE, acceptor.accept(stream)).await {
        Ok(Ok(client)) => drop(spawn_local(pass_on(client, board))),
        Ok(Err(error)) => log::debug!("the TLS server: {error}"),
        Err(_) => log::debug!(
            "the TLS server: no handshake within {} s",
            HANDSHAKE.as_secs()
        ),
    }
}

async fn pass_on(mut client: TlsStream<TcpStream>, board: SocketAddr) {
    let passed = async {
        let mut board = TcpStream::connect(board).await?;
        board.set_nodelay(true)?;
        copy_bidirectional(&mut client, &mut board).await
    };
    // Either side may end it as it likes.
    if let Err(error) = passed.await {
        log::debug!("the TLS server: {error}");
    }
}
