//! Channels to anywhere: WebSockets (RFC 6455) to any `ws://` or `wss://`
//! address, kept, measured, recorded and repeated. Boards of the fleet have
//! links of their own; what is here knows no board and has no face.
//!
//! A [`Host`] has one thread, on which all channels of the program run. A
//! [`Channel`] is a handle: what happens is read from it ([`Channel::view`],
//! [`Channel::since`]) whenever the face that was woken likes, and dropping it
//! closes the channel.

mod cause;
mod entry;
mod line;
mod meter;
mod pointer;
mod policy;
mod recording;
mod repeat;
mod run;
mod settings;
mod store;
mod view;

use std::{
    fmt, io,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use tokio::sync::mpsc;

pub use cause::{By, Cause, close_code};
pub use entry::{Content, Direction, Entry, HexError, What, from_hex, hex};
pub use meter::Flow;
pub use pointer::{Pointer, PointerError, number};
pub use recording::{ReadError, Reader, Recorder, to_line};
pub use repeat::{FASTEST, Rate, RateError};
pub use settings::{Full, Header, Keep, LARGEST, Protocol, Settings, SettingsError};
pub use store::Since;
pub use view::{Life, Pings, Recorded, State, Sum, View};

use run::{Command, Run};
use store::Store;

/// How many messages, and how many bytes of them, may wait to be sent.
pub const QUEUE: (usize, usize) = (1_024, 16 << 20);

/// A face that draws is woken no more often: 20 times a second.
pub const DRAWING: Duration = Duration::from_millis(50);

/// The thread on which the channels of a program run. It ends when this and all
/// channels are gone.
#[derive(Debug, Clone)]
pub struct Host {
    runs: mpsc::UnboundedSender<Run>,
}

impl Host {
    /// Starts the thread.
    ///
    /// # Errors
    /// Where the system gives no thread or no event queue.
    pub fn start() -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let (runs, mut waiting) = mpsc::unbounded_channel::<Run>();
        thread::Builder::new()
            .name("channels".to_owned())
            .spawn(move || {
                let mut running = tokio::task::JoinSet::new();
                tokio::task::LocalSet::new().block_on(&runtime, async {
                    while let Some(run) = waiting.recv().await {
                        while running.try_join_next().is_some() {}
                        running.spawn_local(run.go());
                    }
                    while running.join_next().await.is_some() {}
                });
            })?;
        Ok(Self { runs })
    }

    /// Opens a channel. `wake` is called from the thread when something has
    /// changed, no more often than `every`, and not again before the handle was
    /// looked at.
    pub fn open(
        &self,
        settings: Settings,
        every: Duration,
        wake: impl Fn() + Send + Sync + 'static,
    ) -> Channel {
        self.open_recorded(settings, None, every, wake)
    }

    /// The same, recorded from its beginning.
    pub fn open_recorded(
        &self,
        settings: Settings,
        recorder: Option<Recorder>,
        every: Duration,
        wake: impl Fn() + Send + Sync + 'static,
    ) -> Channel {
        let store = Arc::new(Store::new(settings.keep));
        store.record(recorder);
        let (commands, commanded) = mpsc::unbounded_channel();
        let run = Run::new(
            settings,
            Arc::clone(&store),
            commanded,
            every,
            Box::new(wake),
        );
        // The thread lives as long as its host.
        let _ = self.runs.send(run);
        Channel { store, commands }
    }
}

/// A channel. Dropped, it is closed with a close frame, which the thread sees
/// to.
pub struct Channel {
    store: Arc<Store>,
    /// Bounded by the store's count of what waits; the others are a person's or
    /// one at a time.
    commands: mpsc::UnboundedSender<Command>,
}

impl fmt::Debug for Channel {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Channel").finish_non_exhaustive()
    }
}

impl Channel {
    /// When it was opened first: offsets of entries count from then.
    pub fn started(&self) -> Instant {
        self.store.started()
    }

    /// How it is.
    pub fn view(&self) -> View {
        self.store.view()
    }

    /// What happened from this number on, at most `most` entries; if there is
    /// more, the face is woken again. With [`Full::Wait`] what was returned is
    /// forgotten.
    pub fn since(&self, next: u64, most: usize) -> Since {
        self.store.since(next, most)
    }

    /// Sends a message.
    ///
    /// # Errors
    /// Where it is not open, or too much waits already.
    pub fn send(&self, content: Content) -> Result<(), SendError> {
        self.store.enqueue(content.len(), QUEUE)?;
        self.command(Command::Send(content))
    }

    /// Sends a message again and again, instead of what was repeated before;
    /// `times` in all, or until it is stopped or the channel ends.
    ///
    /// # Errors
    /// Where it is not open.
    pub fn repeat(
        &self,
        content: Content,
        rate: Rate,
        times: Option<u64>,
    ) -> Result<(), SendError> {
        if !self.view().state.is_open() {
            return Err(SendError::NotOpen);
        }
        self.command(Command::Repeat(content, rate, times))
    }

    /// Repeats nothing any more.
    pub fn stop_repeating(&self) {
        let _ = self.command(Command::StopRepeating);
    }

    /// Sends a ping; the round trip is in [`View::pings`].
    ///
    /// # Errors
    /// Where it is not open.
    pub fn ping(&self) -> Result<(), SendError> {
        if !self.view().state.is_open() {
            return Err(SendError::NotOpen);
        }
        self.command(Command::Ping)
    }

    /// Closes it for good, with 1000, after what waits was sent. It is closed
    /// once its state says so, 2 s later at the latest.
    pub fn close(&self) {
        self.store.give_up();
        let _ = self.command(Command::Close);
    }

    /// Tries at once, where it waits to be opened again.
    pub fn try_now(&self) {
        let _ = self.command(Command::TryNow);
    }

    /// Records from now on; what was recorded before is returned, to be
    /// finished.
    pub fn record(&self, recorder: Option<Recorder>) -> Option<Recorder> {
        self.store.record(recorder)
    }

    fn command(&self, command: Command) -> Result<(), SendError> {
        self.commands.send(command).map_err(|_| SendError::NotOpen)
    }
}

/// Why nothing is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// There is no connection.
    #[error("the channel is not open")]
    NotOpen,
    /// The other side takes too little.
    #[error("too much waits to be sent already")]
    Full,
}
