//! Push beside poll: one board is followed by both at once while its button is
//! pressed at random, so that what each sees, misses and costs can be compared.
//! It has connections of its own and knows no fleet.

mod detection;
mod follow;
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

/// The shortest time between two polls; a board is to be followed, not flooded.
pub const MIN_POLL_INTERVAL: Duration = Duration::from_millis(10);
/// The longest time between two polls.
pub const MAX_POLL_INTERVAL: Duration = Duration::from_secs(60);
/// So many rates of polling at once; each is tried with connections kept and
/// with a connection a request.
pub const MAX_POLL_RATES: usize = 2;
/// The longest comparison.
pub const MAX_LENGTH: Duration = Duration::from_secs(600);
/// The shortest mean time between two presses.
pub const MIN_PRESS_INTERVAL: Duration = Duration::from_millis(20);
/// The longest mean time between two presses.
pub const MAX_PRESS_INTERVAL: Duration = Duration::from_secs(60);

/// What is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComparisonSettings {
    /// The board, `host:port`.
    pub board: String,
    /// How long all follow at once, at most [`MAX_LENGTH`].
    pub length: Duration,
    /// How often it is polled, [`MIN_POLL_INTERVAL`] to [`MAX_POLL_INTERVAL`]; at most
    /// [`MAX_POLL_RATES`] of them.
    pub polls: Vec<Duration>,
    /// The mean time between two presses, [`MIN_PRESS_INTERVAL`] to [`MAX_PRESS_INTERVAL`].
    pub press_every: Duration,
    /// What is pressed; without it the first button, or else the first switch
    /// or light.
    pub press: Option<ComponentKey>,
    /// The same once more through a TLS server on this computer, for the push
    /// and the first rate.
    pub tls: bool,
    /// How long the board's process is observed with each follower alone; zero:
    /// not at all.
    pub alone: Duration,
    /// The same presses come of the same seed.
    pub seed: u64,
}

impl ComparisonSettings {
    /// The usual comparison, with a seed of its own.
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

    /// Who follows, in the order of the table.
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

    /// Whether it can be done.
    ///
    /// # Errors
    /// What is out of its range, and what would be accepted.
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

/// Why a comparison cannot be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ComparisonSettingsError {
    /// None, or too many for a board's places.
    #[error(
        "{0} rates of polling; 1 to {MAX_POLL_RATES} are accepted, as a board has only so many places for \
             connections"
    )]
    Rates(usize),
    /// Out of range.
    #[error("a board is polled every 10 ms to 60 s")]
    Poll,
    /// Out of range.
    #[error("the button is pressed every 20 ms to 60 s in the mean")]
    Press,
    /// Out of range.
    #[error("a comparison takes 1 s to 10 min")]
    Length,
}

/// A comparison that runs. Dropped, it ends.
#[derive(Debug)]
pub struct Comparison {
    record: Shared,
    settings: ComparisonSettings,
    wanted: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Comparison {
    /// Begins. `wake` is called when there is something new to look at, some
    /// twenty times a second at most.
    ///
    /// # Errors
    /// Where the settings cannot be, or no thread is to be had.
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

    /// What is compared.
    pub fn settings(&self) -> &ComparisonSettings {
        &self.settings
    }

    /// Looks at what was written down so far; what compares waits meanwhile.
    pub fn read<R>(&self, at: impl FnOnce(&Measurements) -> R) -> R {
        at(&lock(&self.record))
    }
}

impl Drop for Comparison {
    fn drop(&mut self) {
        drop(self.wanted.take());
        if let Some(thread) = self.thread.take() {
            // That it panicked was printed already.
            let _ = thread.join();
        }
    }
}

/// Why a comparison did not begin.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// It cannot be done so.
    #[error(transparent)]
    Settings(#[from] ComparisonSettingsError),
    /// No thread or runtime.
    #[error("the comparison could not be started: {0}")]
    Thread(#[from] io::Error),
}

/// Why a board cannot be followed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FollowError {
    #[error(transparent)]
    Dial(#[from] DialError),
    #[error("the board answered HTTP {status}: {words}")]
    Refused { status: u16, words: String },
    #[error("no answer within 5 s")]
    NoAnswer,
    #[error("the connection ended: {0}")]
    Lost(String),
    #[error("{method} was refused: {words}")]
    Answered { method: String, words: String },
    #[error("the other side does not speak as a board: {0}")]
    Strange(String),
    #[error(
        "the board is locked: without a key it says nothing, and a poll over HTTP has no way to \
             use one. Accepted: an open board"
    )]
    Locked,
    #[error("nothing on the board can be pressed; a button, a switch or a light is needed")]
    NothingToPress,
    #[error(
        "{0} cannot be pressed; accepted are a button, a switch or a light, for example button:0"
    )]
    NotPressed(ComponentKey),
    #[error(
        "pressing {0} changes nothing on this board, so that a poll would never see it; choose a \
             switch or a light instead"
    )]
    ChangesNothing(ComponentKey),
}
