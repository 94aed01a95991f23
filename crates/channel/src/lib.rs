//! WebSocket connections (RFC 6455) to any `ws://` or `wss://` address: logged,
//! measured, recorded and reconnected. Knows nothing about boards; those have
//! links of their own.
//!
//! A [`ChannelRuntime`] has one thread, on which all channels run. A
//! [`Channel`] is a handle: read it with [`Channel::status`] and
//! [`Channel::entries_since`] after the wake callback, and drop it to close the
//! channel.

mod cause;
mod connection;
mod entry;
mod liveness;
mod meter;
mod pointer;
mod recording;
mod repeat;
mod run;
mod settings;
mod status;
mod store;

use std::{
    fmt, io,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use tokio::sync::mpsc;

pub use cause::{ClosedBy, EndCause, close_code};
pub use entry::{Content, Direction, Entry, EntryKind, HexError, from_hex, hex};
pub use meter::Throughput;
pub use pointer::{Pointer, PointerError, number};
pub use recording::{ReadError, Reader, Recorder, to_line};
pub use repeat::{MAX_RATE, Rate, RateError};
pub use settings::{
    ChannelSettings, ChannelSettingsError, Header, MAX_MESSAGE, Retention, Subprotocol, WhenFull,
};
pub use status::{
    ChannelState, ChannelStatus, PastConnection, PingStats, RecordingStatus, TrafficTotal,
};
pub use store::NewEntries;

use run::{ChannelTask, Command};
use store::Store;

/// How many messages may wait to be sent, and how many bytes.
pub const MAX_QUEUED: (usize, usize) = (1_024, 16 << 20);

/// The shortest interval between wake-ups of a display: 20 per second.
pub const DRAW_INTERVAL: Duration = Duration::from_millis(50);

/// The thread on which channels run. It ends when this handle and all channels
/// have been dropped.
#[derive(Debug, Clone)]
pub struct ChannelRuntime {
    tasks: mpsc::UnboundedSender<ChannelTask>,
}

impl ChannelRuntime {
    /// Starts the thread.
    ///
    /// # Errors
    /// If the system provides no thread or no event queue.
    pub fn start() -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let (tasks, mut new_tasks) = mpsc::unbounded_channel::<ChannelTask>();
        thread::Builder::new()
            .name("channels".to_owned())
            .spawn(move || {
                let mut running = tokio::task::JoinSet::new();
                tokio::task::LocalSet::new().block_on(&runtime, async {
                    while let Some(task) = new_tasks.recv().await {
                        while running.try_join_next().is_some() {}
                        running.spawn_local(task.run());
                    }
                    while running.join_next().await.is_some() {}
                });
            })?;
        Ok(Self { tasks })
    }

    /// Opens a channel. `wake` is called on the runtime's thread after a
    /// change, at most once per `every`, and not again until the handle has
    /// been read.
    pub fn open(
        &self,
        settings: ChannelSettings,
        every: Duration,
        wake: impl Fn() + Send + Sync + 'static,
    ) -> Channel {
        self.open_recorded(settings, None, every, wake)
    }

    /// Opens a channel that is recorded from its start.
    pub fn open_recorded(
        &self,
        settings: ChannelSettings,
        recorder: Option<Recorder>,
        every: Duration,
        wake: impl Fn() + Send + Sync + 'static,
    ) -> Channel {
        let store = Arc::new(Store::new(settings.retention));
        store.record(recorder);
        let (commands, commanded) = mpsc::unbounded_channel();
        let task = ChannelTask::new(
            settings,
            Arc::clone(&store),
            commanded,
            every,
            Box::new(wake),
        );
        // The thread lives as long as this handle.
        let _ = self.tasks.send(task);
        Channel { store, commands }
    }
}

/// A handle to a channel. Dropping it closes the channel with a close frame, in
/// the background.
pub struct Channel {
    store: Arc<Store>,
    /// Messages are bounded by the store's queue limit; other commands are
    /// rare.
    commands: mpsc::UnboundedSender<Command>,
}

impl fmt::Debug for Channel {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Channel").finish_non_exhaustive()
    }
}

impl Channel {
    /// When the channel was first opened; entries give their offset from then.
    pub fn started(&self) -> Instant {
        self.store.started()
    }

    /// The current status.
    pub fn status(&self) -> ChannelStatus {
        self.store.status()
    }

    /// The log entries from number `next` on, at most `most`. If there are
    /// more, `wake` is called again. With [`WhenFull::Wait`], returned entries
    /// are dropped.
    pub fn entries_since(&self, next: u64, most: usize) -> NewEntries {
        self.store.entries_since(next, most)
    }

    /// Queues a message.
    ///
    /// # Errors
    /// If the channel is not open, or the queue is full.
    pub fn send(&self, content: Content) -> Result<(), SendError> {
        self.store.enqueue(content.len(), MAX_QUEUED)?;
        self.command(Command::Send(content))
    }

    /// Repeats a message, replacing an earlier repetition: `times` in total, or
    /// until it is stopped or the connection ends.
    ///
    /// # Errors
    /// If the channel is not open.
    pub fn repeat(
        &self,
        content: Content,
        rate: Rate,
        times: Option<u64>,
    ) -> Result<(), SendError> {
        if !self.status().state.is_open() {
            return Err(SendError::NotOpen);
        }
        self.command(Command::Repeat(content, rate, times))
    }

    /// Stops repeating.
    pub fn stop_repeating(&self) {
        let _ = self.command(Command::StopRepeating);
    }

    /// Sends a ping; the round trip appears in [`ChannelStatus::pings`].
    ///
    /// # Errors
    /// If the channel is not open.
    pub fn ping(&self) -> Result<(), SendError> {
        if !self.status().state.is_open() {
            return Err(SendError::NotOpen);
        }
        self.command(Command::Ping)
    }

    /// Closes the channel for good, with code 1000, after queued messages are
    /// sent. The state is [`ChannelState::Closed`] within 2 s.
    pub fn close(&self) {
        self.store.request_close();
        let _ = self.command(Command::Close);
    }

    /// Starts the next attempt now, if the channel is waiting for it.
    pub fn retry_now(&self) {
        let _ = self.command(Command::RetryNow);
    }

    /// Starts or stops recording, and returns the previous recorder.
    pub fn record(&self, recorder: Option<Recorder>) -> Option<Recorder> {
        self.store.record(recorder)
    }

    fn command(&self, command: Command) -> Result<(), SendError> {
        self.commands.send(command).map_err(|_| SendError::NotOpen)
    }
}

/// Why a message cannot be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// There is no open connection.
    #[error("the channel is not open")]
    NotOpen,
    /// The other side reads too slowly.
    #[error("the send queue is full")]
    QueueFull,
}
