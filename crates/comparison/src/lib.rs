//! Push beside poll: one board is followed by both at once while its button is
//! pressed at random, so that what each sees, misses and costs can be compared.
//! It has connections of its own and knows no fleet.

mod conversation;
mod course;
mod follow;
mod judge;
mod notes;
mod press;
mod process;
mod record;
mod report;
mod route;
mod tls;
pub mod usage;

use std::{io, thread::JoinHandle, time::Duration};

use protocol::ComponentKey;
use tokio::{runtime::Builder, sync::oneshot, task::LocalSet};

pub use judge::{Fate, Press, Sighting};
pub use process::Unknown;
pub use record::{Cost, Followed, Follower, Record, Stage, Way};
pub use report::{Report, Row};

use net::client::DialError;
use notes::{Shared, look};

/// The shortest time between two polls; a board is to be followed, not flooded.
pub const POLL_LEAST: Duration = Duration::from_millis(10);
/// The longest time between two polls.
pub const POLL_MOST: Duration = Duration::from_secs(60);
/// So many rates of polling at once; each is tried with connections kept and
/// with a connection a request.
pub const RATES: usize = 2;
/// The longest comparison.
pub const LONGEST: Duration = Duration::from_secs(600);
/// The shortest mean time between two presses.
pub const PRESS_LEAST: Duration = Duration::from_millis(20);
/// The longest mean time between two presses.
pub const PRESS_MOST: Duration = Duration::from_secs(60);

/// What is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The board, `host:port`.
    pub board: String,
    /// How long all follow at once, at most [`LONGEST`].
    pub length: Duration,
    /// How often it is polled, [`POLL_LEAST`] to [`POLL_MOST`]; at most
    /// [`RATES`] of them.
    pub polls: Vec<Duration>,
    /// The mean time between two presses, [`PRESS_LEAST`] to [`PRESS_MOST`].
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

impl Settings {
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
                way: Way::Poll {
                    every: *every,
                    keep_alive,
                },
                tls,
            })
        };
        let mut followers = vec![Follower {
            way: Way::Push,
            tls: false,
        }];
        followers.extend(self.polls.iter().flat_map(|every| polls(every, false)));
        if self.tls {
            followers.push(Follower {
                way: Way::Push,
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
    pub fn check(&self) -> Result<(), SettingsError> {
        let within =
            |time: &Duration, least: Duration, most: Duration| *time >= least && *time <= most;
        if self.polls.is_empty() || self.polls.len() > RATES {
            return Err(SettingsError::Rates(self.polls.len()));
        }
        if !self
            .polls
            .iter()
            .all(|every| within(every, POLL_LEAST, POLL_MOST))
        {
            return Err(SettingsError::Poll);
        }
        if !within(&self.press_every, PRESS_LEAST, PRESS_MOST) {
            return Err(SettingsError::Press);
        }
        if !within(&self.length, Duration::from_secs(1), LONGEST) || self.alone > LONGEST {
            return Err(SettingsError::Length);
        }
        Ok(())
    }
}

/// Why a comparison cannot be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// None, or too many for a board's places.
    #[error(
        "{0} rates of polling; 1 to {RATES} are accepted, as a board has only so many places for \
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
    settings: Settings,
    wanted: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Comparison {
    /// Begins. `wake` is called when there is something new to look at, some
    /// twenty times a second at most.
    ///
    /// # Errors
    /// Where the settings cannot be, or no thread is to be had.
    pub fn start(settings: Settings, wake: impl Fn() + Send + 'static) -> Result<Self, StartError> {
        settings.check()?;
        let record = Shared::new(
            Record::new(
                settings
                    .followers()
                    .into_iter()
                    .map(Followed::new)
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
                        () = course::run(&course, &noted) => {}
                        () = course::wake_for(&noted, &wake) => {}
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
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Looks at what was written down so far; what compares waits meanwhile.
    pub fn look<R>(&self, at: impl FnOnce(&Record) -> R) -> R {
        at(&look(&self.record))
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
    Settings(#[from] SettingsError),
    /// No thread or runtime.
    #[error("the comparison could not be started: {0}")]
    Thread(#[from] io::Error),
}

/// Why a board cannot be followed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
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
