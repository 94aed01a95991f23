//! Receives the sample stream of a board, `/telemetry`, on a thread with one
//! connection that reconnects automatically. Counts what was lost on the way
//! separately from what this program read too slowly.

mod inbox;
mod socket;

use std::{
    io,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::JoinHandle,
    time::Duration,
};

use tokio::{runtime::Builder, sync::oneshot};

use inbox::Inbox;
pub use inbox::{Item, ReceivedFrame, TelemetryCounts};

/// Called when something arrived. It must not block.
pub type Wake = Arc<dyn Fn() + Send + Sync>;

/// The state of the connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TelemetryState {
    /// The connection is being opened.
    Connecting,
    /// The connection is open.
    Open,
    /// The connection ended or failed; the next attempt follows.
    Waiting {
        /// Why.
        why: String,
    },
    /// The board refused to send samples; there is no further attempt.
    Refused {
        /// The board's reason.
        why: String,
    },
}

/// What arrived since the last read.
#[derive(Debug)]
pub struct TelemetryUpdate {
    /// The state of the connection.
    pub state: TelemetryState,
    /// Descriptions and frames, oldest first.
    pub items: Vec<Item>,
    /// Totals since the start.
    pub counts: TelemetryCounts,
}

struct Shared {
    inbox: Mutex<(Inbox, TelemetryState)>,
    more: Condvar,
    wake: Wake,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, (Inbox, TelemetryState)> {
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut Inbox, &mut TelemetryState)) {
        {
            let (inbox, state) = &mut *self.lock();
            change(inbox, state);
        }
        self.more.notify_all();
        (self.wake)();
    }
}

/// A subscription to the telemetry of a board. Dropping it ends the connection.
pub struct TelemetryClient {
    shared: Arc<Shared>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl TelemetryClient {
    /// Connects to the board at `address`, `host:port`. `wake` is called on
    /// another thread when something arrived.
    ///
    /// # Errors
    /// If no thread can be started.
    pub fn start(address: &str, wake: Wake) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            inbox: Mutex::new((Inbox::default(), TelemetryState::Connecting)),
            more: Condvar::new(),
            wake,
        });
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::Builder::new()
            .name("telemetry".to_owned())
            .spawn({
                let (shared, address) = (Arc::clone(&shared), address.to_owned());
                move || {
                    runtime.block_on(async {
                        tokio::select! {
                            () = socket::keep_connected(&address, &shared) => {}
                            _ = stopped => {}
                        }
                    });
                    // Do not wait for a pending name lookup.
                    runtime.shutdown_background();
                }
            })?;
        Ok(Self {
            shared,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// What arrived since the last call; does not block.
    pub fn take(&self) -> TelemetryUpdate {
        let (inbox, state) = &mut *self.shared.lock();
        TelemetryUpdate {
            state: state.clone(),
            items: inbox.take(),
            counts: inbox.counts(),
        }
    }

    /// Blocks until something arrived or the state is no longer `known`, at
    /// most for `timeout`.
    pub fn wait(&self, known: &TelemetryState, timeout: Duration) {
        let nothing_new =
            |(inbox, state): &mut (Inbox, TelemetryState)| inbox.is_empty() && state == known;
        // After a spurious wake-up or with a poisoned lock the caller just
        // finds nothing new.
        drop(
            self.shared
                .more
                .wait_timeout_while(self.shared.lock(), timeout, nothing_new),
        );
    }
}

impl Drop for TelemetryClient {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic has already been printed.
            let _ = thread.join();
        }
    }
}
