//! Boards that repeat what was recorded of other boards. They have the recorded
//! descriptions, push what they are told to push, and refuse every command.
//!
//! Decides how a replayed board answers; the caller decides what is pushed and
//! when. The board core takes no part in it: it would collect changes for
//! 100 ms and refuse values that only a newer board accepts.

mod connection;
mod runtime;
mod session;

use std::{
    collections::BTreeMap,
    env, io,
    net::{IpAddr, Ipv4Addr},
    sync::mpsc,
    thread::{self, JoinHandle},
};

use async_channel::Sender;
use protocol::{ComponentKey, Descriptor, DeviceInfo, Level, Source, State};

use crate::options::{Listening, StartError};
use runtime::Request;

/// The most boards of a replay.
pub const BOARDS: usize = 1_000;

/// How many requests wait until they are carried out; then the caller waits.
const WAITING: usize = 1_024;

/// How replayed boards are reached.
#[derive(Debug, Clone)]
pub struct ReplayOptions {
    /// The address to listen on. Default 127.0.0.1; 0.0.0.0 is every interface.
    pub bind: IpAddr,
    /// The first board's port; the others use the following ones. 0, the
    /// default, is any free port.
    pub port: u16,
    /// Whether they are announced. Default yes.
    pub mdns: bool,
    /// The mDNS service type, as in [`crate::Options`].
    pub service: String,
}

impl Default for ReplayOptions {
    fn default() -> Self {
        let named = env::var("SWITCHBOARD_SERVICE")
            .ok()
            .filter(|service| !service.is_empty());
        Self {
            bind: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: 0,
            mdns: true,
            service: named.unwrap_or_else(|| protocol::mdns::SERVICE.to_owned()),
        }
    }
}

/// What a replayed board is.
#[derive(Debug, Clone, PartialEq)]
pub struct Description {
    /// What it says of itself. Its features, its epoch and the time since its
    /// boot are replaced.
    pub info: DeviceInfo,
    /// Its components and the whole state of each.
    pub components: Vec<(Descriptor, State)>,
}

/// What a replayed board does.
#[derive(Debug, Clone, PartialEq)]
pub enum Act {
    /// It reports changes, in one push.
    Push {
        /// The fields that changed, by component.
        components: BTreeMap<ComponentKey, State>,
        /// Who caused it.
        source: Option<Source>,
    },
    /// It reports an event.
    Event {
        /// The component.
        component: ComponentKey,
        /// Its name.
        event: String,
        /// Who caused it.
        source: Option<Source>,
    },
    /// It writes a line of its log.
    Log {
        /// Its severity.
        level: Level,
        /// The text.
        message: String,
    },
    /// It can no longer be reached, or again.
    Reachable(bool),
}

/// Replayed boards. They run until this is dropped; then they send mDNS
/// goodbyes.
pub struct ReplayedBoards {
    requests: Sender<Request>,
    thread: Option<JoinHandle<()>>,
}

impl ReplayedBoards {
    /// Starts without boards. `on_controller` is called from their thread
    /// whenever a controller has subscribed to one.
    ///
    /// # Errors
    /// If mDNS or the thread cannot be started.
    pub fn start(
        options: ReplayOptions,
        on_controller: impl Fn() + Send + 'static,
    ) -> Result<Self, StartError> {
        let (requests, received) = async_channel::bounded(WAITING);
        let (report, started) = mpsc::channel();
        let thread = thread::Builder::new()
            .name("replayed boards".into())
            .spawn(move || runtime::run(options, Box::new(on_controller), &report, &received))
            .map_err(StartError::Thread)?;
        let boards = Self {
            requests,
            thread: Some(thread),
        };
        match started.recv() {
            Ok(Ok(())) => Ok(boards),
            Ok(Err(error)) => Err(error),
            Err(_) => Err(ended()),
        }
    }

    /// Adds a board, or describes it again if there is one with this id: with
    /// other components it restarts, as a board with new firmware does.
    ///
    /// # Errors
    /// If it cannot listen, or there are too many.
    pub fn describe(&self, description: Description) -> Result<Listening, StartError> {
        let (answer, outcome) = mpsc::sync_channel(1);
        let request = Request::Describe {
            description: Box::new(description),
            answer,
        };
        self.requests.send_blocking(request).map_err(|_| ended())?;
        outcome.recv().map_err(|_| ended())?
    }

    /// Lets the board with this id do something. One that was not described
    /// does nothing.
    pub fn act(&self, board: &str, act: Act) {
        let board = board.to_owned();
        // The boards end before this only if their thread panicked.
        let _ = self.requests.send_blocking(Request::Act { board, act });
    }

    /// All boards in the order in which they were described, and how many
    /// controllers are subscribed to each.
    pub fn list(&self) -> Vec<(Listening, usize)> {
        let (answer, list) = mpsc::sync_channel(1);
        match self.requests.send_blocking(Request::List { answer }) {
            Ok(()) => list.recv().unwrap_or_default(),
            Err(_) => Vec::new(),
        }
    }
}

impl Drop for ReplayedBoards {
    fn drop(&mut self) {
        self.requests.close();
        if let Some(thread) = self.thread.take() {
            // A panic was printed already.
            let _ = thread.join();
        }
    }
}

fn ended() -> StartError {
    StartError::Thread(io::Error::other("the thread ended at once"))
}
