//! Follows a board's `/telemetry`: a thread with one connection, which comes
//! back by itself, and what arrived for a face to take. What was lost on the
//! way is counted apart from what this program was too slow to take. Dropped,
//! it ends.

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
pub use inbox::{Arrived, Counts, Piece};

/// Called when there is something to take. It must not block.
pub type Wake = Arc<dyn Fn() + Send + Sync>;

/// How a connection does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// It is being opened.
    Connecting,
    /// Samples come.
    Open,
    /// It ended or was not to be had, and is tried again.
    Waiting {
        /// Why.
        why: String,
    },
    /// The board does not give samples: it is not tried again.
    Refused {
        /// Why, in the board's words.
        why: String,
    },
}

/// What came since it was last taken.
#[derive(Debug)]
pub struct News {
    /// How the connection does now.
    pub state: State,
    /// Descriptions and frames, oldest first.
    pub pieces: Vec<Piece>,
    /// Since the start.
    pub counts: Counts,
}

struct Shared {
    inbox: Mutex<(Inbox, State)>,
    more: Condvar,
    wake: Wake,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, (Inbox, State)> {
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut Inbox, &mut State)) {
        {
            let (inbox, state) = &mut *self.lock();
            change(inbox, state);
        }
        self.more.notify_all();
        (self.wake)();
    }
}

/// A board's telemetry that is followed.
pub struct Following {
    shared: Arc<Shared>,
    wanted: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Following {
    /// Begins to follow the board at `address`, `host:port`. `wake` is called,
    /// on another thread, when there is something to take.
    ///
    /// # Errors
    /// Where no thread can be made.
    pub fn start(address: &str, wake: Wake) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            inbox: Mutex::new((Inbox::default(), State::Connecting)),
            more: Condvar::new(),
            wake,
        });
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let (wanted, unwanted) = oneshot::channel();
        let thread = std::thread::Builder::new()
            .name("telemetry".to_owned())
            .spawn({
                let (shared, address) = (Arc::clone(&shared), address.to_owned());
                move || {
                    runtime.block_on(async {
                        tokio::select! {
                            () = socket::follow(&address, &shared) => {}
                            _ = unwanted => {}
                        }
                    });
                    // A name that is being looked up is not waited for.
                    runtime.shutdown_background();
                }
            })?;
        Ok(Self {
            shared,
            wanted: Some(wanted),
            thread: Some(thread),
        })
    }

    /// What came since this was last called; it never waits.
    pub fn take(&self) -> News {
        let (inbox, state) = &mut *self.shared.lock();
        News {
            state: state.clone(),
            pieces: inbox.take(),
            counts: inbox.counts(),
        }
    }

    /// Waits until there is something to take, or the connection does otherwise
    /// than `known`; at most so long.
    pub fn wait(&self, known: &State, at_most: Duration) {
        let nothing_new = |(inbox, state): &mut (Inbox, State)| inbox.is_empty() && state == known;
        // Woken for nothing or with a poisoned lock: the caller takes what
        // there is.
        drop(
            self.shared
                .more
                .wait_timeout_while(self.shared.lock(), at_most, nothing_new),
        );
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        drop(self.wanted.take());
        if let Some(thread) = self.thread.take() {
            // That it panicked was printed already.
            let _ = thread.join();
        }
    }
}
