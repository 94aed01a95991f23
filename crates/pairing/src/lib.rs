//! Gets a key from a board in pairing mode. `conversation.rs` decides which
//! messages are sent, without a socket; [`Pairing`] sends them on its own
//! thread.
//!
//! A key is stored only after the user has confirmed that both codes match, and
//! the board accepts it only after it was stored here and proved. An
//! interrupted pairing leaves the board and this computer's keys unchanged.

mod conversation;

use std::{io, time::Duration};

use protocol::{
    PAIR_PATH,
    limits::{CONNECT_TIMEOUT, PAIRING, PAIRING_ANSWER},
};
use tokio::{
    runtime::{Builder, Runtime},
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    time::{Instant, sleep, sleep_until, timeout},
};

use engine::transport::{Opening, Socket, SocketEvent, Unread};
use link::{output::Payload, socket::Ending, state::LinkProblem, target::Destination};

use address::Candidates;
use disk::keys::{Loaded, Store};
use keys::{Key, KeyId};
use sanitize::bounds;

use conversation::{Conversation, Random, Step};

/// How long the socket may take to send its close frame.
const FAREWELL: Duration = Duration::from_millis(250);

/// A board that has not responded for this long is pairing with another
/// controller first.
const SERVED_SOON: Duration = Duration::from_secs(2);

/// The delay before a board is asked again that was busy.
const ASK_AGAIN: Duration = Duration::from_millis(700);

/// The board to pair with, and where to store its key.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Its possible addresses; the first that responds is used.
    pub addresses: Candidates,
    /// The id of the selected board, if known; other boards are refused.
    pub board: Option<String>,
    /// Where the key is stored.
    pub store: Store,
    /// Whether an existing key for the board may be replaced.
    pub replace: bool,
}

/// The progress of a pairing.
#[derive(Debug)]
pub enum Progress {
    /// The board is pairing with another controller first.
    Waits,
    /// Ask the user whether the board shows this code, then call
    /// [`Pairing::codes_match`] or drop the pairing. A short press of the
    /// board's button confirms it there.
    Code {
        /// The board's id, as reported by the board.
        board: String,
        /// Six digits.
        code: String,
    },
    /// The code was confirmed at the board.
    Confirmed,
    /// The board has accepted the key, and it is stored. This is the last
    /// report.
    Paired(Box<Key>),
    /// The pairing failed. This is the last report.
    Failed(PairProblem),
}

/// Why a pairing failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PairProblem {
    /// HTTP 403: pairing was not opened.
    #[error(
        "the board is not in pairing mode. Hold its button until the light blinks red (5 s), \
         release it within 10 s, and try again within 2 minutes"
    )]
    Closed,
    /// The board ended the pairing.
    #[error(
        "pairing ended without a key: it was not confirmed at the board in time, or was refused \
             there. Open it again at the board"
    )]
    Ended,
    /// Too many controllers are pairing.
    #[error(
        "too many other controllers are pairing with this board. Lock the board over its cable \
         instead"
    )]
    Busy,
    /// Another board responded.
    #[error("board {found} responded instead of {expected}. No key was requested")]
    AnotherBoard {
        /// The id of the selected board.
        expected: String,
        /// The id that the responding board reported.
        found: String,
    },
    /// There is a key for this board, and it may not be replaced.
    #[error("this computer already has key {kid} for {board}, and pairing would replace it")]
    HasKey {
        /// The board's id.
        board: String,
        /// The existing key.
        kid: KeyId,
    },
    /// The user said that the codes differ, or canceled.
    #[error("the codes were not confirmed here, so no key was stored")]
    Declined,
    /// The key cannot be stored.
    #[error("cannot store the key, so the board was not paired: {0}")]
    Store(String),
    /// The key was proved, but the board's response did not arrive.
    #[error(
        "the connection ended before the board confirmed the key. The key is stored. If the board \
         still reports that it is open, pair it again"
    )]
    Unclear(Box<Key>),
    /// The connection failed.
    #[error("{0}")]
    NoLink(LinkProblem),
    /// A message was invalid or tampered with.
    #[error("a message from the board was invalid or tampered with: {0}")]
    NotABoard(String),
}

/// A pairing in progress. Dropping it cancels the pairing.
pub struct Pairing {
    matches: UnboundedSender<()>,
}

impl Pairing {
    /// Requests a key from a board. `tell` is called on another thread and must
    /// not block.
    ///
    /// # Errors
    ///
    /// If no thread can be started.
    pub fn begin(wanted: Wanted, tell: impl Fn(Progress) + Send + 'static) -> io::Result<Self> {
        // ewebsock reorders messages on any other kind of runtime.
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let (matches, answers) = unbounded_channel();
        std::thread::Builder::new()
            .name("pairing".to_owned())
            .spawn(move || run(&runtime, &wanted, answers, &tell))?;
        Ok(Self { matches })
    }

    /// The user confirms that the board shows the same code.
    pub fn codes_match(&self) {
        // If it has ended, that was already reported.
        let _ = self.matches.send(());
    }
}

fn run(
    runtime: &Runtime,
    wanted: &Wanted,
    mut answers: UnboundedReceiver<()>,
    tell: &dyn Fn(Progress),
) {
    let _entered = runtime.enter();
    // Checked first: a board must not have a key that cannot be stored.
    let outcome = Saving::prepare(wanted).and_then(|mut saving| {
        let given_up = Instant::now() + PAIRING;
        loop {
            let mut again = false;
            let outcome = attempt(runtime, wanted, &mut saving, &mut answers, tell, &mut again);
            match outcome {
                Err(ref problem) if again && is_passing(problem) && Instant::now() < given_up => {
                    let gone = runtime.block_on(async {
                        tokio::select! {
                            gone = answers.recv() => gone.is_none(),
                            () = sleep(ASK_AGAIN) => false,
                        }
                    });
                    if gone {
                        return Err(PairProblem::Declined);
                    }
                }
                outcome => return outcome,
            }
        }
    });
    tell(outcome.map_or_else(Progress::Failed, |key| Progress::Paired(Box::new(key))));
}

/// Whether it may succeed a moment later.
fn is_passing(problem: &PairProblem) -> bool {
    matches!(
        problem,
        PairProblem::Busy | PairProblem::NoLink(LinkProblem::Closed | LinkProblem::AllSlotsTaken)
    )
}

fn attempt(
    runtime: &Runtime,
    wanted: &Wanted,
    saving: &mut Saving<'_>,
    answers: &mut UnboundedReceiver<()>,
    tell: &dyn Fn(Progress),
    again: &mut bool,
) -> Result<Key, PairProblem> {
    let mut random = [0; 80];
    getrandom::fill(&mut random)
        .map_err(|error| PairProblem::Store(format!("cannot generate random numbers: {error}")))?;
    let mut conversation = Conversation::new(Random::new(random), wanted.board.clone());
    let unread = Unread::default();
    let (events, mut told) = unbounded_channel();
    let to = Destination {
        addresses: wanted.addresses.clone(),
        last: Vec::new(),
        via: None,
    };
    let socket = open(to, unread.clone(), events);
    let outcome = runtime.block_on(async {
        let mut talk = Talk {
            socket: &socket,
            told: &mut told,
            unread: &unread,
            tell,
        };
        let outcome = talk.converse(&mut conversation, saving, answers).await;
        drop(socket);
        let _ = timeout(FAREWELL, async { while told.recv().await.is_some() {} }).await;
        outcome
    });
    *again = conversation.may_ask_again();
    outcome.map_err(|problem| {
        let problem = conversation.ended(problem);
        if !matches!(problem, PairProblem::Unclear(_)) {
            saving.take_back();
        }
        problem
    })
}

fn open(to: Destination, unread: Unread, events: UnboundedSender<SocketEvent>) -> Socket {
    Socket::open(Opening::alone(to, PAIR_PATH), unread, move |event| {
        // The receiver is gone.
        let _ = events.send(event);
    })
}

/// The board's key on this computer: the previous one and the new one.
struct Saving<'a> {
    wanted: &'a Wanted,
    loaded: Loaded,
    stored: Option<String>,
}

impl<'a> Saving<'a> {
    /// Verifies that keys can be read and stored.
    fn prepare(wanted: &'a Wanted) -> Result<Self, PairProblem> {
        let failed = |error: disk::keys::StoreError| PairProblem::Store(error.to_string());
        let mut loaded = wanted.store.load();
        if let Some(problem) = loaded.problem.take() {
            return Err(failed(problem));
        }
        wanted.store.try_out().map_err(failed)?;
        let saving = Self {
            wanted,
            loaded,
            stored: None,
        };
        wanted
            .board
            .as_deref()
            .map_or(Ok(()), |board| saving.check(board))?;
        Ok(saving)
    }

    fn check(&self, board: &str) -> Result<(), PairProblem> {
        match self.loaded.keys.get(board) {
            Some(key) if !self.wanted.replace => Err(PairProblem::HasKey {
                board: board.to_owned(),
                kid: key.kid,
            }),
            _ => Ok(()),
        }
    }

    fn store(&mut self, key: &Key) -> Result<(), PairProblem> {
        self.wanted
            .store
            .add(key.clone())
            .map_err(|error| PairProblem::Store(error.to_string()))?;
        self.stored = Some(key.board.clone());
        Ok(())
    }

    /// The board did not accept the stored key: restores the previous one.
    fn take_back(&mut self) {
        let Some(board) = self.stored.take() else {
            return;
        };
        let undone = match self.loaded.keys.get(&board) {
            Some(before) => self.wanted.store.add(before.clone()),
            None => self.wanted.store.remove(&board).map(drop),
        };
        if let Err(error) = undone {
            log::warn!("cannot delete the unused key of {board}: {error}");
        }
    }
}

struct Talk<'a> {
    socket: &'a Socket,
    told: &'a mut UnboundedReceiver<SocketEvent>,
    unread: &'a Unread,
    tell: &'a dyn Fn(Progress),
}

impl Talk<'_> {
    async fn converse(
        &mut self,
        conversation: &mut Conversation,
        saving: &mut Saving<'_>,
        answers: &mut UnboundedReceiver<()>,
    ) -> Result<Key, PairProblem> {
        let mut deadline = Instant::now() + CONNECT_TIMEOUT;
        let mut waits: Option<Instant> = None;
        loop {
            let soon = waits.unwrap_or(deadline);
            let steps = tokio::select! {
                event = self.told.recv() => {
                    let Some(event) = event else {
                        return Err(PairProblem::NoLink(LinkProblem::Closed));
                    };
                    self.unread.read(&event);
                    match event {
                        SocketEvent::Binary(bytes) => conversation.heard(&bytes)?,
                        SocketEvent::Text(text) => return Err(conversation::refusal(&text)),
                        SocketEvent::Ended(ending) => return Err(problem(ending)),
                        SocketEvent::Queued
                        | SocketEvent::Started(_)
                        | SocketEvent::Reached(_)
                        | SocketEvent::Opened
                        | SocketEvent::Mqtt { .. }
                        | SocketEvent::Ping
                        | SocketEvent::Pong => Vec::new(),
                    }
                }
                answer = answers.recv() => match answer {
                    Some(()) => conversation.codes_match().into_iter().collect(),
                    None => return Err(PairProblem::Declined),
                },
                () = sleep_until(soon) => {
                    if waits.take().is_some() {
                        (self.tell)(Progress::Waits);
                        continue;
                    }
                    return Err(conversation.too_late());
                }
            };
            let mut steps = std::collections::VecDeque::from(steps);
            while let Some(step) = steps.pop_front() {
                match step {
                    Step::Send(bytes) => self.socket.send(Payload::Binary(bytes)),
                    Step::Board(board) => {
                        saving.check(&board)?;
                        waits = Some(Instant::now() + SERVED_SOON);
                        deadline = Instant::now() + PAIRING + PAIRING_ANSWER;
                    }
                    Step::Code { board, code } => {
                        waits = None;
                        deadline = Instant::now() + PAIRING_ANSWER + CONNECT_TIMEOUT;
                        (self.tell)(Progress::Code { board, code });
                    }
                    Step::Confirmed => {
                        deadline = Instant::now() + PAIRING_ANSWER + CONNECT_TIMEOUT;
                        (self.tell)(Progress::Confirmed);
                    }
                    Step::Store(key) => {
                        saving.store(&key)?;
                        deadline = Instant::now() + CONNECT_TIMEOUT;
                        steps.extend(conversation.stored()?);
                    }
                    Step::Paired(key) => return Ok(*key),
                }
            }
        }
    }
}

fn problem(ending: Ending) -> PairProblem {
    match ending {
        Ending::Forbidden(_) => PairProblem::Closed,
        Ending::Misbehaved(what) => PairProblem::NotABoard(bounds::text(what)),
        ending => PairProblem::NoLink(ending.into()),
    }
}
