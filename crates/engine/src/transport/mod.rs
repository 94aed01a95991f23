//! The WebSocket of a link. Two libraries implement it, each in one adapter
//! file; [`Transport`] selects one. Decides nothing about links.

mod attempts;
mod ewebsock;
mod fetch;
mod head;
mod stream;
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
};

use families::Endpoint;
use futures_channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
use futures_util::StreamExt;
use link::{output::Payload, socket::Ending, target::Destination};
use net::client::{Reached, Unreached, reach};
use sanitize::bounds;

pub use attempts::Attempts;
pub(crate) use fetch::fetch;
pub use link::socket::{Priority, SocketEvent};

use attempts::{HeldSlot, Slot};

use crate::brokers::Relay;

/// How many bytes of one socket may be unread. A board sends a few messages per
/// second, of at most 4 KiB; one that sends thousands is disconnected.
const UNREAD: usize = 1_024 * 1_024;

/// What an event costs in addition to its payload, in bytes: at most 1,024
/// empty ones may be unread.
const EVENT: usize = 1_024;

/// The library that makes the connections to boards. Boards that connect to
/// this program always use
/// [`Transport::Tungstenite`]: ewebsock has no server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// tokio-tungstenite: a canceled attempt closes its socket, and a message
    /// is bounded as a whole.
    Tungstenite,
    /// ewebsock: a canceled attempt keeps its socket until the peer or the
    /// system closes it, and a fragmented message is bounded only at 64 MiB.
    Ewebsock,
}

static CHOSEN: OnceLock<Transport> = OnceLock::new();

impl Transport {
    /// The names that are accepted.
    pub const NAMES: [&'static str; 2] = ["tungstenite", "ewebsock"];

    /// Selects this library for the whole process. The first selection counts.
    pub fn choose(self) {
        let _ = CHOSEN.set(self);
    }
}

impl Default for Transport {
    /// The library that was selected for this process, otherwise
    /// tokio-tungstenite.
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

/// A text that is not the name of a transport.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a transport. Accepted: {}", Transport::NAMES.join(", "))]
pub struct UnknownTransport {
    text: String,
}

/// What an event costs, in bytes, roughly.
fn cost(event: &SocketEvent) -> usize {
    EVENT
        + match event {
            SocketEvent::Text(text) => text.len(),
            SocketEvent::Binary(bytes) => bytes.len(),
            SocketEvent::Mqtt { topic, payload, .. } => topic.len() + payload.len(),
            SocketEvent::Queued
            | SocketEvent::Started(_)
            | SocketEvent::Reached(_)
            | SocketEvent::Opened
            | SocketEvent::Ping
            | SocketEvent::Pong
            | SocketEvent::Ended(_) => 0,
        }
}

/// Shared between a socket and its reader: how many bytes were reported and not
/// yet read.
#[derive(Debug, Clone, Default)]
pub struct Unread(Arc<AtomicUsize>);

impl Unread {
    /// An event was read. The end, which is reported once, is not counted.
    pub fn read(&self, event: &SocketEvent) {
        if !matches!(event, SocketEvent::Ended(_)) {
            self.0.fetch_sub(cost(event), Ordering::Relaxed);
        }
    }

    /// Counts an event, unless that would be too much.
    fn add(&self, event: &SocketEvent) -> bool {
        let cost = cost(event);
        let bounded = |unread: usize| unread.checked_add(cost).filter(|unread| *unread <= UNREAD);
        self.0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, bounded)
            .is_ok()
    }
}

/// What a TCP connection becomes.
#[derive(Debug)]
pub enum Upgrade {
    /// A WebSocket.
    WebSocket {
        /// The path of the request.
        path: String,
        /// The subprotocol that is offered.
        subprotocol: Option<&'static str>,
    },
    /// It stays a stream of bytes, which are reported as
    /// [`SocketEvent::Binary`], divided anywhere.
    Stream,
}

impl Upgrade {
    /// What a connection to an endpoint becomes; `None` if it is virtual.
    pub fn of(endpoint: Endpoint) -> Option<Self> {
        match endpoint {
            Endpoint::WebSocket { path, subprotocol } => Some(Self::WebSocket {
                path: path.to_owned(),
                subprotocol,
            }),
            Endpoint::Tcp => Some(Self::Stream),
            Endpoint::Broker => None,
        }
    }
}

/// The parameters of an attempt.
#[derive(Debug)]
pub struct Opening {
    /// The library that is used.
    pub transport: Transport,
    /// The addresses; the first that answers is used.
    pub to: Destination,
    /// What the connection becomes.
    pub upgrade: Upgrade,
    /// The attempts that share its queue.
    pub attempts: Attempts,
    /// Its priority in the queue.
    pub priority: Priority,
}

impl Opening {
    /// A single attempt, with a queue of its own.
    pub fn alone(to: Destination, path: &str) -> Self {
        Self {
            transport: Transport::default(),
            to,
            upgrade: Upgrade::WebSocket {
                path: path.to_owned(),
                subprotocol: None,
            },
            attempts: Attempts::default(),
            priority: Priority::Trusted,
        }
    }
}

/// The part of an attempt that leads to a TCP connection. It lives as long as
/// the connection: its slot is free only when the socket is closed.
struct Attempt {
    to: Destination,
    attempts: Attempts,
    priority: Priority,
    held: HeldSlot,
}

impl Attempt {
    /// Waits until the attempt may start, and connects to the address that
    /// answers first.
    async fn reach<F: Fn(SocketEvent)>(&self, reporter: &Reporter<F>) -> Result<Reached, Ending> {
        let Self {
            to,
            attempts,
            priority,
            held,
        } = self;
        held.hold(slot(attempts, &to.host(), *priority, reporter).await?);
        let reached = reach(&to.addresses, &to.last).await.map_err(unreached)?;
        reporter.tell(SocketEvent::Reached(reached.address.to_string()));
        Ok(reached)
    }
}

/// The request that turns a TCP connection into a WebSocket.
struct Request {
    path: String,
    subprotocol: Option<&'static str>,
}

/// A socket. Dropping it cancels the attempt, or sends a close frame and closes
/// the connection.
#[derive(Debug)]
pub struct Socket(Kind);

#[derive(Debug)]
enum Kind {
    /// A task owns it. An empty queue of tokio would take 2 kB for each board.
    Own {
        to_send: UnboundedSender<Payload>,
        slot: HeldSlot,
    },
    /// It is virtual: some topics of a broker.
    Relayed(Relay),
}

impl Socket {
    /// Starts to open a socket, on the present runtime. `tell` gets its events,
    /// on a thread of the runtime; for each event the reader calls
    /// [`Unread::read`].
    pub fn open(
        opening: Opening,
        unread: Unread,
        tell: impl Fn(SocketEvent) + Send + Sync + 'static,
    ) -> Self {
        let (sender, to_send) = unbounded();
        let (reporter, slot) = (Reporter::new(tell, unread), HeldSlot::default());
        let Opening {
            transport,
            to,
            upgrade,
            attempts,
            priority,
        } = opening;
        let attempt = Attempt {
            to,
            attempts,
            priority,
            held: slot.clone(),
        };
        match (upgrade, transport) {
            (Upgrade::Stream, _) => drop(tokio::spawn(stream::run(attempt, to_send, reporter))),
            (Upgrade::WebSocket { path, subprotocol }, Transport::Tungstenite) => {
                let request = Request { path, subprotocol };
                drop(tokio::spawn(tungstenite::run(
                    attempt, request, to_send, reporter,
                )));
            }
            (Upgrade::WebSocket { path, subprotocol }, Transport::Ewebsock) => {
                let request = Request { path, subprotocol };
                drop(tokio::spawn(ewebsock::run(
                    attempt, request, to_send, reporter,
                )));
            }
        }
        Self::own(sender, slot)
    }

    /// A socket that a task owns, which is sent to through `to_send`.
    fn own(to_send: UnboundedSender<Payload>, slot: HeldSlot) -> Self {
        Self(Kind::Own { to_send, slot })
    }

    /// A virtual connection through a broker.
    pub(crate) fn relayed(relay: Relay) -> Self {
        Self(Kind::Relayed(relay))
    }

    /// A board answered: the attempt is over, and others may start.
    pub fn settled(&self) {
        if let Kind::Own { slot, .. } = &self.0 {
            slot.release();
        }
    }

    /// Sends a message, if the connection has not ended: then an event reports
    /// that.
    pub fn send(&self, message: Payload) {
        match &self.0 {
            Kind::Own { to_send, .. } => drop(to_send.unbounded_send(message)),
            Kind::Relayed(relay) => relay.send(message),
        }
    }
}

/// Returns when the socket is dropped. What is sent before it is open is
/// discarded.
async fn canceled(to_send: &mut UnboundedReceiver<Payload>) {
    while to_send.next().await.is_some() {}
}

/// Waits until the attempt may start.
async fn slot<F: Fn(SocketEvent)>(
    attempts: &Attempts,
    host: &str,
    priority: Priority,
    reporter: &Reporter<F>,
) -> Result<Slot, Ending> {
    let ticket = match attempts.take(host, priority) {
        Ok(slot) => return Ok(slot),
        Err(ticket) => ticket,
    };
    reporter.tell(SocketEvent::Queued);
    let slot = ticket.slot().await.ok_or(Ending::Closed)?;
    reporter.tell(SocketEvent::Started(slot.within));
    Ok(slot)
}

/// Why no address of a board could be connected to.
fn unreached(error: Unreached) -> Ending {
    match error {
        Unreached::Elsewhere { addresses } => Ending::Elsewhere(addresses),
        failed @ Unreached::Failed { .. } => Ending::NoConnection(bounds::text(failed.to_string())),
    }
}

/// What an HTTP status in place of a handshake means (docs/protocol.md,
/// "HTTP"); `shown` is the status as text.
fn refused_with(status: u16, shown: &str) -> Ending {
    match status {
        503 => Ending::AllSlotsTaken,
        403 => Ending::Forbidden(format!("it answers HTTP {shown}")),
        // This program's handshake is valid: the board can only object to its
        // subprotocol.
        400 | 426 => Ending::OtherSubprotocol(format!("another subprotocol (HTTP {shown})")),
        // RFC 9110, section 15.5.20. A board cannot tell a DNS name of its own
        // from one that a stranger pointed at it.
        421 => Ending::NotWebSocket(format!(
            "it does not accept that name; use its IP address or a name under .local (HTTP {shown})"
        )),
        _ => Ending::NotWebSocket(format!("it answers HTTP {shown}")),
    }
}

/// Reports the events of a socket, within bounds. Lives in the socket's task;
/// some endings show only by its drop.
pub(crate) struct Reporter<F: Fn(SocketEvent)> {
    tell: F,
    unread: Unread,
    ended: AtomicBool,
}

impl<F: Fn(SocketEvent)> Reporter<F> {
    /// For a socket that is not open yet.
    pub(crate) fn new(tell: F, unread: Unread) -> Self {
        Self {
            tell,
            unread,
            ended: AtomicBool::new(false),
        }
    }

    /// Reports an event. One that exceeds the bounds ends the socket, and
    /// nothing is reported after that.
    pub(crate) fn tell(&self, event: SocketEvent) {
        if self.has_ended() {
            return;
        }
        if cost(&event) > EVENT + protocol::limits::MESSAGE_INTO_CONTROLLER {
            let length = cost(&event) - EVENT;
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
    pub(crate) fn end(&self, ending: Ending) {
        if !self.ended.swap(true, Ordering::Relaxed) {
            (self.tell)(SocketEvent::Ended(ending));
        }
    }
}

impl<F: Fn(SocketEvent)> Drop for Reporter<F> {
    fn drop(&mut self) {
        self.end(Ending::Closed);
    }
}
