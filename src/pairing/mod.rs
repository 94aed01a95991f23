//! A controller without a key is given one by a board on which pairing was
//! opened. `conversation.rs` decides what is said, without a socket;
//! [`Pairing`] says it, on a thread of its own.
//!
//! A key is stored only after a person said that both codes match, and the
//! board counts it only after it was stored here and proved: what is broken off
//! on the way leaves the board and this computer's keys as they were.

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

use crate::{
    address::Candidates,
    keys::{Key, KeyId, Loaded, Store},
    link::{
        state::{Ending, LinkProblem},
        target::Destination,
        transport::{Opening, Socket, SocketEvent, Unread},
    },
};
use sanitize::bounds;

use conversation::{Conversation, Random, Step};

/// At the end the socket is given this long to send its close frame.
const FAREWELL: Duration = Duration::from_millis(250);

/// A board that has not answered for this long serves another controller first.
const SERVED_SOON: Duration = Duration::from_secs(2);

/// Before it asks again a board that had no time, or made room for others.
const ASK_AGAIN: Duration = Duration::from_millis(700);

/// Which board is paired, and where its key goes.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Where it is looked for; the first that answers is asked.
    pub addresses: Candidates,
    /// The id of the board that the person chose, where it is known: another is
    /// refused.
    pub board: Option<String>,
    /// Where the key is stored.
    pub store: Store,
    /// Whether the person wants a key that is held for the board to be
    /// replaced.
    pub replace: bool,
}

/// How a pairing goes on.
#[derive(Debug)]
pub enum Progress {
    /// The board serves another controller first.
    Waits,
    /// The person is to say whether the board shows this code:
    /// [`Pairing::codes_match`], or drop the pairing. A short press of the
    /// board's button confirms it there.
    Code {
        /// The board's id, as it says.
        board: String,
        /// Six digits.
        code: String,
    },
    /// The code was confirmed at the board.
    Confirmed,
    /// The board has the key for its own, and it is stored. Nothing comes after
    /// it.
    Paired(Box<Key>),
    /// There is none. Nothing comes after it.
    Failed(PairProblem),
}

/// Why a pairing came to nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PairProblem {
    /// HTTP 403: pairing was not opened.
    #[error(
        "pairing is not open. Hold the board's button until the light blinks red (5 s), release \
             it before 10 s, and try again within \
         2 minutes"
    )]
    Closed,
    /// The board ended it.
    #[error(
        "pairing ended without a key: it was not confirmed at the board in time, or was refused \
             there. Open it again at the board"
    )]
    Ended,
    /// Too many ask.
    #[error(
        "too many other controllers ask this board for a key. Lock the board over its cable instead"
    )]
    Busy,
    /// Another board answers there.
    #[error("board {found} answers there instead of {expected}. No key was asked for")]
    AnotherBoard {
        /// The id of the board that was chosen.
        expected: String,
        /// The id that the other end says it has.
        found: String,
    },
    /// A key for this board is held, and nobody said that it may be replaced.
    #[error("this computer already has key {kid} for {board}, and pairing would replace it")]
    HasKey {
        /// The board's id.
        board: String,
        /// The key that is held.
        kid: KeyId,
    },
    /// The person said that the codes differ, or gave up.
    #[error("the codes were not confirmed here, so no key was stored")]
    Declined,
    /// The key cannot be stored.
    #[error("the key cannot be stored, so the board was not paired: {0}")]
    Store(String),
    /// This key was proved, and the board's answer did not arrive.
    #[error(
        "the connection ended before the board confirmed the key. The key is stored. If the board \
             says that it is open, pair it again"
    )]
    Unclear(Box<Key>),
    /// No link to it.
    #[error("{0}")]
    NoLink(LinkProblem),
    /// What it said is nothing that a board says, or was changed on its way.
    #[error("what it says is not how a board pairs, or was changed on its way: {0}")]
    NotABoard(String),
}

/// A pairing that is under way. Dropped, it is given up.
pub struct Pairing {
    matches: UnboundedSender<()>,
}

impl Pairing {
    /// Asks a board for a key. `tell` is called from a thread of its own; it
    /// must not block.
    ///
    /// # Errors
    /// Where no thread can be made.
    pub fn begin(wanted: Wanted, tell: impl Fn(Progress) + Send + 'static) -> io::Result<Self> {
        // ewebsock reorders what is sent on any other kind of runtime.
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let (matches, answers) = unbounded_channel();
        std::thread::Builder::new()
            .name("pairing".to_owned())
            .spawn(move || run(&runtime, &wanted, answers, &tell))?;
        Ok(Self { matches })
    }

    /// The person says that the board shows the same code.
    pub fn codes_match(&self) {
        // Where it has ended, that was told.
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
    // Before anything is asked: a board must not have a key that cannot be
    // stored.
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

/// Whether it may be otherwise in a moment.
fn is_passing(problem: &PairProblem) -> bool {
    matches!(
        problem,
        PairProblem::Busy | PairProblem::NoLink(LinkProblem::Closed | LinkProblem::AllPlacesTaken)
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
        .map_err(|error| PairProblem::Store(format!("no random numbers: {error}")))?;
    let mut conversation = Conversation::new(Random::new(random), wanted.board.clone());
    let unread = Unread::default();
    let (events, mut told) = unbounded_channel();
    let to = Destination {
        addresses: wanted.addresses.clone(),
        last: Vec::new(),
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
        // Nobody wants to know any more.
        let _ = events.send(event);
    })
}

/// The key of the board on this computer: what was held before, and what is
/// stored.
struct Saving<'a> {
    wanted: &'a Wanted,
    loaded: Loaded,
    stored: Option<String>,
}

impl<'a> Saving<'a> {
    /// Checks that keys can be read and stored.
    fn prepare(wanted: &'a Wanted) -> Result<Self, PairProblem> {
        let failed = |error: crate::keys::StoreError| PairProblem::Store(error.to_string());
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

    /// The board does not have the key that was stored: what was held before is
    /// held again.
    fn take_back(&mut self) {
        let Some(board) = self.stored.take() else {
            return;
        };
        let undone = match self.loaded.keys.get(&board) {
            Some(before) => self.wanted.store.add(before.clone()),
            None => self.wanted.store.remove(&board).map(drop),
        };
        if let Err(error) = undone {
            log::warn!("the key of {board} that came to nothing cannot be deleted: {error}");
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
                    let Some(event) = event else { return Err(PairProblem::NoLink(LinkProblem::Closed)) };
                    self.unread.read(&event);
                    match event {
                        SocketEvent::Binary(bytes) => conversation.heard(&bytes)?,
                        SocketEvent::Text(text) => return Err(conversation::refusal(&text)),
                        SocketEvent::Ended(ending) => return Err(problem(ending)),
                        SocketEvent::Queued
                        | SocketEvent::Begun(_)
                        | SocketEvent::Reached(_)
                        | SocketEvent::Opened
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
                    Step::Send(bytes) => self.socket.send_binary(bytes),
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
