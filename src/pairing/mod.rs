//! A controller without a key is given one by a board that a hand at it opened for pairing. `conversation.rs` decides what is said,
//! without a socket; [`Pairing`] says it, on a thread of its own.

mod conversation;

use std::{io, time::Duration};

use protocol::{
    PAIR_PATH,
    limits::{CONNECT_TIMEOUT, PAIRING},
};
use tokio::{
    runtime::{Builder, Runtime},
    sync::{
        mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
        oneshot,
    },
    time::{Instant, sleep_until, timeout},
};

use crate::{
    address::Candidates,
    keys::Key,
    link::{
        bounds,
        state::{Ending, LinkProblem},
        target::Destination,
        transport::{Opening, Socket, SocketEvent, Unread},
    },
};

use conversation::{Conversation, Random, Step};

/// At the end the socket is given this long to send its close frame.
const FAREWELL: Duration = Duration::from_millis(250);

/// How a pairing goes on.
#[derive(Debug)]
pub enum Progress {
    /// The person is to compare this code with the one at the board, and to say yes there.
    Code {
        /// The board's id, as it says.
        board: String,
        /// Six digits.
        code: String,
    },
    /// The board gave a key. Nothing comes after it.
    Paired(Box<Key>),
    /// There is none. Nothing comes after it.
    Failed(PairProblem),
}

/// Why a pairing came to nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PairProblem {
    /// HTTP 403: no hand opened it, or another controller asks too, which ends it for both.
    #[error(
        "it cannot be paired now: open pairing at the board (hold its button for 5 s and let it go) and try again within 2 minutes"
    )]
    Closed,
    /// The board ended it.
    #[error(
        "pairing ended without a key: nobody said yes at the board in time, or another controller asked too; open it again at the board"
    )]
    Ended,
    /// No link to it.
    #[error("{0}")]
    NoLink(LinkProblem),
    /// What it said is nothing that a board says, or was changed on its way.
    #[error("what it says is not how a board pairs, or was changed on its way: {0}")]
    NotABoard(String),
}

/// A pairing that is under way. Dropped, it is given up.
pub struct Pairing {
    _wanted: oneshot::Sender<()>,
}

impl Pairing {
    /// Asks the board at whichever of these addresses answers first for a key. `tell` is called from a thread of its own; it must not block.
    ///
    /// # Errors
    /// Where no thread can be made, or the system gives no random numbers.
    pub fn begin(addresses: Candidates, tell: impl Fn(Progress) + Send + 'static) -> io::Result<Self> {
        let mut random = [0; 48];
        getrandom::fill(&mut random).map_err(|error| io::Error::other(error.to_string()))?;
        let conversation = Conversation::new(Random::new(random));
        // ewebsock reorders what is sent on any other kind of runtime.
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let to = Destination { addresses, last: Vec::new() };
        let (wanted, unwanted) = oneshot::channel();
        std::thread::Builder::new()
            .name("pairing".to_owned())
            .spawn(move || run(&runtime, to, conversation, unwanted, &tell))?;
        Ok(Self { _wanted: wanted })
    }
}

fn run(
    runtime: &Runtime,
    to: Destination,
    conversation: Conversation,
    unwanted: oneshot::Receiver<()>,
    tell: &dyn Fn(Progress),
) {
    let _entered = runtime.enter();
    let unread = Unread::default();
    let (events, mut told) = unbounded_channel();
    let socket = open(to, unread.clone(), events);
    let outcome = runtime
        .block_on(async {
            let outcome = tokio::select! {
                outcome = converse(&socket, &mut told, &unread, conversation, tell) => Some(outcome),
                _ = unwanted => None,
            };
            drop(socket);
            let _ = timeout(FAREWELL, async { while told.recv().await.is_some() {} }).await;
            outcome
        })
        .unwrap_or(Err(PairProblem::Ended));
    tell(outcome.map_or_else(Progress::Failed, |key| Progress::Paired(Box::new(key))));
}

fn open(to: Destination, unread: Unread, events: UnboundedSender<SocketEvent>) -> Socket {
    Socket::open(Opening::alone(to, PAIR_PATH), unread, move |event| {
        // Nobody wants to know any more.
        let _ = events.send(event);
    })
}

async fn converse(
    socket: &Socket,
    told: &mut UnboundedReceiver<SocketEvent>,
    unread: &Unread,
    mut conversation: Conversation,
    tell: &dyn Fn(Progress),
) -> Result<Key, PairProblem> {
    let mut deadline = Instant::now() + CONNECT_TIMEOUT;
    loop {
        let event = tokio::select! {
            event = told.recv() => event,
            () = sleep_until(deadline) => return Err(conversation.too_late()),
        };
        let Some(event) = event else { return Err(PairProblem::NoLink(LinkProblem::Closed)) };
        unread.read(&event);
        let steps = match event {
            SocketEvent::Binary(bytes) => conversation.heard(&bytes)?,
            SocketEvent::Text(text) => return Err(conversation::refusal(&text)),
            SocketEvent::Ended(ending) => return Err(problem(ending)),
            SocketEvent::Queued
            | SocketEvent::Begun(_)
            | SocketEvent::Reached(_)
            | SocketEvent::Opened
            | SocketEvent::Ping
            | SocketEvent::Pong => Vec::new(),
        };
        for step in steps {
            match step {
                Step::Send(bytes) => socket.send_binary(bytes),
                Step::Code { board, code } => {
                    // From here on it is waited for a hand at the board, who has so long, and for the key on its way.
                    deadline = Instant::now() + PAIRING + CONNECT_TIMEOUT;
                    tell(Progress::Code { board, code });
                }
                Step::Key(key) => return Ok(*key),
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
