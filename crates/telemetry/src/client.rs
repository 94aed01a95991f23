//! The connection to the telemetry of a board, on a thread of its own.

use std::{
    io,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::JoinHandle,
    time::Duration,
};

use tokio::{runtime::Builder, sync::oneshot};

use crate::{
    inbox::Inbox,
    socket,
    update::{TelemetryState, TelemetryUpdate},
};

/// Called when something arrived. It must not block.
pub type Wake = Arc<dyn Fn() + Send + Sync>;

pub(crate) struct Shared {
    inbox: Mutex<(Inbox, TelemetryState)>,
    more: Condvar,
    wake: Wake,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, (Inbox, TelemetryState)> {
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn change(&self, change: impl FnOnce(&mut Inbox, &mut TelemetryState)) {
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
