//! Compares push with polling: followers of both types observe one board at the
//! same time while its button is pressed at random, and what each sees, misses
//! and costs is measured. Uses its own connections and is independent of the
//! fleet.

mod detection;
mod follow;
pub mod format;
mod measurements;
mod process;
mod recorder;
mod report;
mod route;
mod rpc;
mod run;
mod tls;
mod trigger;
pub mod usage;

use std::{io, thread::JoinHandle, time::Duration};

use protocol::ComponentKey;
use tokio::{runtime::Builder, sync::oneshot, task::LocalSet};

pub use detection::{ChangeOutcome, Observation, Press};
pub use measurements::{Cost, FollowMode, Follower, FollowerMeasurements, Measurements, Stage};
pub use process::CostUnknown;
pub use report::{Report, Row};

use net::client::DialError;
use recorder::{Shared, lock};

/// Minimum time between two polls, so that a board is not flooded.
pub const MIN_POLL_INTERVAL: Duration = Duration::from_millis(10);
/// Maximum time between two polls.
pub const MAX_POLL_INTERVAL: Duration = Duration::from_secs(60);
/// Maximum number of polling rates; each is measured with persistent
/// connections and with one connection per request.
pub const MAX_POLL_RATES: usize = 2;
/// Maximum duration of a comparison.
pub const MAX_LENGTH: Duration = Duration::from_secs(600);
/// Minimum mean time between two presses.
pub const MIN_PRESS_INTERVAL: Duration = Duration::from_millis(20);
/// Maximum mean time between two presses.
pub const MAX_PRESS_INTERVAL: Duration = Duration::from_secs(60);

/// Settings of a comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComparisonSettings {
    /// The board, `host:port`.
    pub board: String,
    /// How long all followers run together, at most [`MAX_LENGTH`].
    pub length: Duration,
    /// Polling intervals, [`MIN_POLL_INTERVAL`] to [`MAX_POLL_INTERVAL`]; at
    /// most [`MAX_POLL_RATES`].
    pub polls: Vec<Duration>,
    /// Mean time between two presses, [`MIN_PRESS_INTERVAL`] to
    /// [`MAX_PRESS_INTERVAL`].
    pub press_every: Duration,
    /// What to press; by default the first button, otherwise the first switch
    /// or light.
    pub press: Option<ComponentKey>,
    /// Whether to repeat the push and the first polling rate through a TLS
    /// server on this computer.
    pub tls: bool,
    /// How long to measure the board's process with each follower separately;
    /// zero to skip this.
    pub alone: Duration,
    /// Seed of the random press times.
    pub seed: u64,
}

impl ComparisonSettings {
    /// The default settings, with a random seed.
    pub fn of(board: String) -> Self {
        Self {
            board,
            length: Duration::from_secs(30),
            polls: vec![Duration::from_secs(1), Duration::from_millis(100)],
            press_every: Duration::from_millis(500),
            press: None,
            tls: false,
            alone: Duration::from_secs(3),
            seed: fastrand::u64(..),
        }
    }

    /// The followers, in the order of the report.
    pub fn followers(&self) -> Vec<Follower> {
        let polls = |every: &Duration, tls| {
            [true, false].map(|keep_alive| Follower {
                mode: FollowMode::Poll {
                    every: *every,
                    keep_alive,
                },
                tls,
            })
        };
        let mut followers = vec![Follower {
            mode: FollowMode::Push,
            tls: false,
        }];
        followers.extend(self.polls.iter().flat_map(|every| polls(every, false)));
        if self.tls {
            followers.push(Follower {
                mode: FollowMode::Push,
                tls: true,
            });
            followers.extend(
                self.polls
                    .first()
                    .into_iter()
                    .flat_map(|every| polls(every, true)),
            );
        }
        followers
    }

    /// Validates the settings.
    ///
    /// # Errors
    /// The setting that is out of range, and what would be accepted.
    pub fn check(&self) -> Result<(), ComparisonSettingsError> {
        let within =
            |time: &Duration, least: Duration, most: Duration| *time >= least && *time <= most;
        if self.polls.is_empty() || self.polls.len() > MAX_POLL_RATES {
            return Err(ComparisonSettingsError::Rates(self.polls.len()));
        }
        if !self
            .polls
            .iter()
            .all(|every| within(every, MIN_POLL_INTERVAL, MAX_POLL_INTERVAL))
        {
            return Err(ComparisonSettingsError::Poll);
        }
        if !within(&self.press_every, MIN_PRESS_INTERVAL, MAX_PRESS_INTERVAL) {
            return Err(ComparisonSettingsError::Press);
        }
        if !within(&self.length, Duration::from_secs(1), MAX_LENGTH) || self.alone > MAX_LENGTH {
            return Err(ComparisonSettingsError::Length);
        }
        Ok(())
    }
}

/// Settings are out of range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ComparisonSettingsError {
    /// No polling rate, or too many for a board's connections.
    #[error("{0} polling rates; choose 1 to {MAX_POLL_RATES}, because a board has few connections")]
    Rates(usize),
    /// Out of range.
    #[error("the polling interval must be 10 ms to 60 s")]
    Poll,
    /// Out of range.
    #[error("the mean time between presses must be 20 ms to 60 s")]
    Press,
    /// Out of range.
    #[error("the length of a comparison must be 1 s to 10 min")]
    Length,
}

/// A running comparison. Dropping it ends it.
#[derive(Debug)]
pub struct Comparison {
    record: Shared,
    settings: ComparisonSettings,
    wanted: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Comparison {
    /// Starts a comparison. Calls `wake` when there are new measurements, at
    /// most about twenty times per second.
    ///
    /// # Errors
    /// If the settings are invalid or no thread can be started.
    pub fn start(
        settings: ComparisonSettings,
        wake: impl Fn() + Send + 'static,
    ) -> Result<Self, StartError> {
        settings.check()?;
        let record = Shared::new(
            Measurements::new(
                settings
                    .followers()
                    .into_iter()
                    .map(FollowerMeasurements::new)
                    .collect(),
            )
            .into(),
        );
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let (wanted, unwanted) = oneshot::channel();
        let (course, noted) = (settings.clone(), Shared::clone(&record));
        let thread = std::thread::Builder::new()
            .name("comparison".to_owned())
            .spawn(move || {
                LocalSet::new().block_on(&runtime, async {
                    tokio::select! {
                        () = run::run(&course, &noted) => {}
                        () = run::wake_for(&noted, &wake) => {}
                        _ = unwanted => {}
                    }
                });
                wake();
            })?;
        Ok(Self {
            record,
            settings,
            wanted: Some(wanted),
            thread: Some(thread),
        })
    }

    /// The settings of this comparison.
    pub fn settings(&self) -> &ComparisonSettings {
        &self.settings
    }

    /// Reads the measurements so far. Blocks the comparison meanwhile.
    pub fn read<R>(&self, at: impl FnOnce(&Measurements) -> R) -> R {
        at(&lock(&self.record))
    }
}

impl Drop for Comparison {
    fn drop(&mut self) {
        drop(self.wanted.take());
        if let Some(thread) = self.thread.take() {
            // The panic message was printed already.
            let _ = thread.join();
        }
    }
}

/// A comparison could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The settings are invalid.
    #[error(transparent)]
    Settings(#[from] ComparisonSettingsError),
    /// No thread or runtime could be created.
    #[error("the comparison could not be started: {0}")]
    Thread(#[from] io::Error),
}

/// A board cannot be followed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FollowError {
    #[error(transparent)]
    Dial(#[from] DialError),
    #[error("the board answered HTTP {status}: {words}")]
    Refused { status: u16, words: String },
    #[error("no answer within 5 s")]
    Timeout,
    #[error("the connection ended: {0}")]
    Disconnected(String),
    #[error("{method} was refused: {words}")]
    Rejected { method: String, words: String },
    #[error("not a Switchboard board: {0}")]
    Invalid(String),
    #[error("the board is locked, and polling over HTTP cannot use a key. Choose an open board")]
    Locked,
    #[error("nothing on the board can be pressed; a button, a switch or a light is needed")]
    NothingPressable,
    #[error("{0} cannot be pressed; choose a button, a switch or a light, for example button:0")]
    NotPressable(ComponentKey),
    #[error(
        "pressing {0} changes nothing on this board, so a poll would never see it; choose a \
            switch or a light instead"
    )]
    ChangesNothing(ComponentKey),
}
