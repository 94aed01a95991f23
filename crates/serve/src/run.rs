//! Runs a server until the process is told to end.

use std::{io, net::SocketAddr, sync::Arc};

use fleet::Fleet;
use tokio::runtime::Builder;

use crate::{Options, Server, StartError};

/// Why a server did not run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// It cannot start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The runtime or the signals of the system.
    #[error("the server could not be started: {0}")]
    Runtime(#[from] io::Error),
}

/// Runs a server until the process is told to end (Ctrl+C, SIGTERM).
/// `listening` receives its address.
///
/// # Errors
/// If it cannot start.
pub fn run(
    options: Options,
    fleet: Arc<Fleet>,
    listening: impl FnOnce(SocketAddr),
) -> Result<(), RunError> {
    let runtime = Builder::new_multi_thread().enable_all().build()?;
    let ran = runtime.block_on(async {
        let ended = ended()?;
        let server = Server::bind(options, fleet).await?;
        listening(server.address());
        server.run(ended).await;
        Ok(())
    });
    // A name that is being resolved must not hold the program up.
    runtime.shutdown_background();
    ran
}

/// Ends on the first signal that tells the process to end.
#[cfg(unix)]
fn ended() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupted = signal(SignalKind::interrupt())?;
    let mut terminated = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupted.recv() => {}
            _ = terminated.recv() => {}
        }
    })
}

/// Ends on Ctrl+C.
#[cfg(not(unix))]
fn ended() -> io::Result<impl Future<Output = ()>> {
    Ok(async {
        // Without the signal the process ends at once.
        let _ = tokio::signal::ctrl_c().await;
    })
}
