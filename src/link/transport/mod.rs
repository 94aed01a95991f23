//! The WebSocket of a link: what is asked of it and what it reports. Two
//! libraries implement it, each in one adapter file; [`Transport`] says which
//! one is used. Decides nothing about links.

pub(crate) mod attempts;
mod ewebsock;
mod head;
pub(crate) mod tungstenite;

#[cfg(test)]
mod tests;

use std::{
    fmt,
    str::FromStr,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::{state::Ending, target::Destination};
use crate::dial::Unreached;
use attempts::{Attempts, Held, Slot, Standing};
use sanitize::bounds;

/// How many bytes of one socket may wait to be read. A board sends a few
/// messages per second, of 4 KiB at most; one that sends thousands is
/// disconnected.
const UNREAD: usize = 1_024 * 1_024;

/// What an event costs in addition to its payload, in bytes: so 1,024 empty
/// ones may wait.
const EVENT: usize = 1_024;

/// The library that makes the connections to boards. Boards that connect to
/// this program always use
/// [`Transport::Tungstenite`]: ewebsock has no server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// tokio-tungstenite: an attempt that is given up closes its socket, a
    /// message is bounded as a whole.
    Tungstenite,
    /// ewebsock: an attempt that is given up keeps its socket until the other
    /// side or the system ends it, and a message in fragments is bounded at 64
    /// MiB only.
    Ewebsock,
}

static CHOSEN: OnceLock<Transport> = OnceLock::new();

impl Transport {
    /// The names that are accepted.
    pub const NAMES: [&'static str; 2] = ["tungstenite", "ewebsock"];

    /// Makes this the library that the whole process uses from now on. The
    /// first choice counts.
    pub fn choose(self) {
        let _ = CHOSEN.set(self);
    }
}

impl Default for Transport {
    /// The library that was chosen for this process, tokio-tungstenite where
    /// none was.
    fn default() -> Self {
        CHOSEN.get().copied().unwrap_or(Self::Tungstenite)
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Tungstenite => Self::NAMES[0],
            Self::Ewebsock => Self::NAMES[1],
        })
    }
}

impl FromStr for Transport {
    type Err = UnknownTransport;

    fn from_str(text: &str) -> Result<Self, UnknownTransport> {
        [Self::Tungstenite, Self::Ewebsock]
            .into_iter()
            .find(|transport| transport.to_string() == text)
            .ok_or_else(|| UnknownTransport {
                text: text.to_owned(),
            })
    }
}

/// A text that names no transport.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no transport. Accepted: {}", Transport::NAMES.join(", "))]
pub struct UnknownTransport {
    text: String,
}

/// What a socket reports.
#[derive(Debug)]
pub(crate) enum SocketEvent {
    /// Too many attempts are under way: this one waits until others have ended.
    Queued,
    /// An attempt that waited has begun, and has this long.
    Begun(Duration),
    /// This address answered.
    Reached(String),
    /// It is open.
    Opened,
    /// A text message arrived.
    Text(String),
    /// A binary message arrived: from a locked board.
    Binary(Vec<u8>),
    /// A ping arrived; the library answers it.
    Ping,
    /// A pong arrived.
    Pong,
    /// It ended, or never opened. This is the last event.
    Ended(Ending),
}

impl SocketEvent {
    /// In bytes, roughly.
    fn cost(&self) -> usize {
        EVENT
            + match self {
                Self::Text(text) => text.len(),
                Self::Binary(bytes) => bytes.len(),
                Self::Queued
                | Self::Begun(_)
                | Self::Reached(_)
                | Self::Opened
                | Self::Ping
                | Self::Pong
                | Self::Ended(_) => 0,
            }
    }
}

/// Shared between a socket and its reader: how many bytes were reported and not
/// yet read.
#[derive(Debug, Clone, Default)]
pub(crate) struct Unread(Arc<AtomicUsize>);

impl Unread {
    /// An event was read. The end, which is reported once, is not counted.
    pub(crate) fn read(&self, event: &SocketEvent) {
        if !matches!(event, SocketEvent::Ended(_)) {
            self.0.fetch_sub(event.cost(), Ordering::Relaxed);
        }
    }

    /// Counts an event, unless that would be too much.
    fn add(&self, event: &SocketEvent) -> bool {
        let cost = event.cost();
        let bounded = |unread: usize| unread.checked_add(cost).filter(|unread| *unread <= UNREAD);
        self.0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, bounded)
            .is_ok()
    }
}

/// A message to be sent.
#[derive(Debug)]
pub(crate) enum ToSend {
    Text(String),
    Binary(Vec<u8>),
}

/// Where an attempt goes, and how.
#[derive(Debug)]
pub(crate) struct Opening {
    pub(crate) transport: Transport,
    /// To whichever of these addresses answers first.
    pub(crate) to: Destination,
    pub(crate) path: String,
    pub(crate) subprotocol: Option<&'static str>,
    /// Among which attempts it waits for its turn.
    pub(crate) attempts: Attempts,
    pub(crate) standing: Standing,
}

impl Opening {
    /// A single attempt, which waits for no other.
    pub(crate) fn alone(to: Destination, path: &str) -> Self {
        Self {
            transport: Transport::default(),
            to,
            path: path.to_owned(),
            subprotocol: None,
            attempts: Attempts::default(),
            standing: Standing::Trusted,
        }
    }
}

/// A socket. Dropping it gives the attempt up, or sends a close frame and
/// closes the connection.
#[derive(Debug)]
pub(crate) struct Socket {
    to_send: UnboundedSender<ToSend>,
    slot: Held,
}

impl Socket {
    /// Starts to open a socket, on the runtime that is entered. `tell` gets the
    /// events, on a thread of the runtime; for each event the reader calls
    /// [`Unread::read`].
    pub(crate) fn open(
        opening: Opening,
        unread: Unread,
        tell: impl Fn(SocketEvent) + Send + Sync + 'static,
    ) -> Self {
        let (sender, to_send) = unbounded_channel();
        let (teller, slot) = (Teller::new(tell, unread), Held::default());
        match opening.transport {
            Transport::Tungstenite => drop(tokio::spawn(tungstenite::run(
                opening,
                to_send,
                teller,
                slot.clone(),
            ))),
            Transport::Ewebsock => drop(tokio::spawn(ewebsock::run(
                opening,
                to_send,
                teller,
                slot.clone(),
            ))),
        }
        Self {
            to_send: sender,
            slot,
        }
    }

    /// What answers is a board: this is not an attempt any more, and others may
    /// begin.
    pub(crate) fn settled(&self) {
        self.slot.release();
    }

    pub(crate) fn send(&self, text: String) {
        // Where the connection has ended, that is reported by its event.
        let _ = self.to_send.send(ToSend::Text(text));
    }

    pub(crate) fn send_binary(&self, bytes: Vec<u8>) {
        let _ = self.to_send.send(ToSend::Binary(bytes));
    }
}

/// Returns when the socket is not wanted any more. What is sent before it is
/// open is dropped.
async fn given_up(to_send: &mut UnboundedReceiver<ToSend>) {
    while to_send.recv().await.is_some() {}
}

/// Waits until the attempt may begin.
async fn slot<F: Fn(SocketEvent)>(
    attempts: &Attempts,
    host: &str,
    standing: Standing,
    teller: &Teller<F>,
) -> Result<Slot, Ending> {
    let ticket = match attempts.take(host, standing) {
        Ok(slot) => return Ok(slot),
        Err(ticket) => ticket,
    };
    teller.tell(SocketEvent::Queued);
    let slot = ticket.slot().await.ok_or(Ending::Closed)?;
    teller.tell(SocketEvent::Begun(slot.within));
    Ok(slot)
}

/// Why no address of a board was connected to.
fn unreached(error: Unreached) -> Ending {
    match error {
        Unreached::Elsewhere { addresses } => Ending::Elsewhere(addresses),
        failed @ Unreached::Failed { .. } => Ending::NoConnection(bounds::text(failed.to_string())),
    }
}

/// What an HTTP status in place of a handshake means (docs/protocol.md,
/// "HTTP"); `shown` is the status in words.
fn refused_with(status: u16, shown: &str) -> Ending {
    match status {
        503 => Ending::AllPlacesTaken,
        403 => Ending::Forbidden(format!("it answers HTTP {shown}")),
        // This program's handshake is a valid one: what can be wrong with it is
        // the subprotocol it names.
        400 | 426 => Ending::OtherSubprotocol(format!("another subprotocol (HTTP {shown})")),
        // RFC 9110, section 15.5.20. A board cannot tell a name of DNS from one
        // that a stranger had point at it.
        421 => Ending::NotWebSocket(format!(
            "it does not go by that name, use its IP address or a name under .local (HTTP {shown})"
        )),
        _ => Ending::NotWebSocket(format!("it answers HTTP {shown}")),
    }
}

/// Reports the events of a socket, within its bounds. Lives in the socket's
/// task; some endings show only in its being dropped.
struct Teller<F: Fn(SocketEvent)> {
    tell: F,
    unread: Unread,
    ended: AtomicBool,
}

impl<F: Fn(SocketEvent)> Teller<F> {
    /// For a socket that is not open yet.
    fn new(tell: F, unread: Unread) -> Self {
        Self {
            tell,
            unread,
            ended: AtomicBool::new(false),
        }
    }

    /// Reports an event; one that is too much is the end. Nothing is reported
    /// after that.
    fn tell(&self, event: SocketEvent) {
        if self.has_ended() {
            return;
        }
        if event.cost() > EVENT + protocol::limits::MESSAGE_INTO_CONTROLLER {
            let length = event.cost() - EVENT;
            return self.end(Ending::Misbehaved(format!(
                "a message of {length} bytes is too long"
            )));
        }
        if !self.unread.add(&event) {
            return self.end(Ending::Misbehaved(
                "messages arrived faster than they were read".to_owned(),
            ));
        }
        (self.tell)(event);
    }

    /// Whether the end was reported.
    fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Relaxed)
    }

    /// Reports the end, once.
    fn end(&self, ending: Ending) {
        if !self.ended.swap(true, Ordering::Relaxed) {
            (self.tell)(SocketEvent::Ended(ending));
        }
    }
}

impl<F: Fn(SocketEvent)> Drop for Teller<F> {
    fn drop(&mut self) {
        self.end(Ending::Closed);
    }
}
