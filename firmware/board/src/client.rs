//! One control channel: its queue, and when the client is pinged or
//! disconnected.

use alloc::{collections::VecDeque, string::String};
use core::time::Duration;

use protocol::{Epoch, NotifyStatus, Source, limits};

use crate::{
    Changes,
    contact::Contact,
    keys::Access,
    log::LogReader,
    outbox::{Push, SharedPush},
    text,
};

/// A connected client, by the number that `Source::Client` has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientId(pub u32);

/// What to do on a client's connection, in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outgoing {
    /// Send a text message.
    Text(String),
    /// Send a WebSocket ping.
    Ping,
    /// Send a close frame and end the connection.
    Close {
        /// RFC 6455, section 7.4, and IANA's registry of close codes.
        code: u16,
        /// For people.
        reason: &'static str,
    },
}

/// RFC 6455, section 7.4.1: this endpoint goes away, and no protocol error
/// occurred.
pub(crate) const SILENT: Outgoing = Outgoing::Close {
    code: 1001,
    reason: "silent for 60 s",
};
/// RFC 6455, section 7.4.1: this endpoint goes away.
pub(crate) const OUTBOUND_CHANGED: Outgoing = Outgoing::Close {
    code: 1001,
    reason: "the address of the outbound connection was changed",
};
/// "Service restart" in IANA's registry.
pub(crate) const RESTARTING: Outgoing = Outgoing::Close {
    code: 1012,
    reason: "restarting",
};
/// RFC 6455, section 7.4.1: a message that violates a policy.
pub(crate) const KEY_REMOVED: Outgoing = Outgoing::Close {
    code: 1008,
    reason: "its key was removed",
};
/// RFC 6455, section 7.4.1: a normal closure.
pub(crate) const CLOSED: Outgoing = Outgoing::Close {
    code: 1000,
    reason: CLOSED_BY_CLIENT,
};
/// "Try again later" in IANA's registry.
pub(crate) const DISPLACED: Outgoing = Outgoing::Close {
    code: 1013,
    reason: "its slot was needed for a key of role control",
};
pub(crate) const NOW_LOCKED: Outgoing = Outgoing::Close {
    code: 1008,
    reason: "the board is locked now",
};
/// "Try again later" in IANA's registry.
pub(crate) const TOO_SLOW: Outgoing = Outgoing::Close {
    code: 1013,
    reason: "too slow",
};

/// The reason of a connection that is closed by `Clients.Close`.
pub const CLOSED_BY_CLIENT: &str = "closed by another client: Clients.Close";

/// The most messages that a request adds to a queue: the batch before it, its
/// event, its change and its response.
const ROOM_FOR_A_REQUEST: usize = 4;

/// A message that waits for a client.
enum Queued {
    Response(String),
    Push(SharedPush),
}

/// The source of a change; none if changes of several sources were merged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cause(Option<Source>);

impl Cause {
    pub(crate) fn of(source: Source) -> Self {
        Self(Some(source))
    }

    pub(crate) fn join(&mut self, other: &Self) {
        if self != other {
            self.0 = None;
        }
    }

    pub(crate) fn source(self) -> Option<Source> {
        self.0
    }
}

/// Changes that found the queue full: the latest value of each field.
struct Coalesced {
    changes: Changes,
    cause: Cause,
}

/// The stage of closing a connection.
enum Closing {
    No,
    /// Close after the queued messages.
    Pending(Outgoing),
    /// The close was handed out.
    Sent,
}

/// A connected client.
pub(crate) struct Client {
    pub(crate) access: Access,
    queue: VecDeque<Queued>,
    /// Only while the queue is full.
    coalesced: Option<Coalesced>,
    pub(crate) subscribed: bool,
    /// The last `seq` that this client was sent.
    sent: u64,
    pub(crate) contact: Contact,
    next_ping: Duration,
    ping_due: bool,
    pub(crate) log: Option<LogReader>,
    closing: Closing,
    /// Its slot was given to another client; it is closing and no longer
    /// counted.
    pub(crate) displaced: bool,
}

impl Client {
    pub(crate) fn new(now: Duration, access: Access) -> Self {
        Self {
            access,
            queue: VecDeque::new(),
            coalesced: None,
            subscribed: false,
            sent: 0,
            contact: Contact::new(now),
            next_ping: now + limits::BOARD_PINGS_AFTER,
            ping_due: false,
            log: None,
            closing: Closing::No,
            displaced: false,
        }
    }

    pub(crate) fn is_open(&self) -> bool {
        matches!(self.closing, Closing::No)
    }

    /// Whether it holds a slot with a key of role `view`.
    pub(crate) fn is_viewer(&self) -> bool {
        self.access.is_view() && !self.displaced
    }

    fn is_full(&self) -> bool {
        self.queue.len() >= limits::QUEUED_MESSAGES
    }

    /// Whether the queue has room for everything that a request may add.
    pub(crate) fn has_room(&self) -> bool {
        self.is_open() && self.queue.len() + ROOM_FOR_A_REQUEST <= limits::QUEUED_MESSAGES
    }

    /// The number of messages that wait, their bytes, and the memory that they
    /// use. A push that waits for several clients counts for each in part.
    pub(crate) fn queued(&self) -> (usize, usize, usize) {
        let (mut bytes, mut memory) = (0, self.queue.capacity() * size_of::<Queued>());
        for queued in &self.queue {
            let (length, part) = match queued {
                Queued::Response(text) => (text.len(), text.capacity()),
                Queued::Push(push) => push.size(),
            };
            bytes += length;
            memory += part;
        }
        (self.queue.len(), bytes, memory)
    }

    /// A frame was received.
    pub(crate) fn heard(&mut self, now: Duration) {
        self.contact.heard = now;
        self.next_ping = now + limits::BOARD_PINGS_AFTER;
        self.ping_due = false;
    }

    /// Starts pushing. The snapshot in the response brings the client up to
    /// `seq`.
    pub(crate) fn subscribe(&mut self, seq: u64) {
        if !self.subscribed {
            self.subscribed = true;
            self.sent = seq;
        }
    }

    /// Queues a response, or closes the connection of a client that is too
    /// slow.
    pub(crate) fn respond(&mut self, text: String) {
        if self.is_full() {
            self.close_now(TOO_SLOW);
        } else {
            self.queue.push_back(Queued::Response(text));
        }
    }

    /// Queues a change, or coalesces it. `push` serializes it once for all
    /// clients.
    pub(crate) fn push_status(
        &mut self,
        status: &NotifyStatus,
        cause: &Cause,
        push: impl FnOnce() -> SharedPush,
    ) {
        if !self.is_full() {
            self.queue.push_back(Queued::Push(push()));
            return;
        }
        match &mut self.coalesced {
            None => {
                self.coalesced = Some(Coalesced {
                    changes: status.components.clone(),
                    cause: cause.clone(),
                });
            }
            Some(coalesced) => {
                coalesced.cause.join(cause);
                for (key, change) in &status.components {
                    let fields = coalesced.changes.entry(key.clone()).or_default();
                    fields.merge(change);
                }
            }
        }
    }

    /// Queues an event, or closes the connection of a client that is too slow.
    pub(crate) fn push_event(&mut self, push: SharedPush) {
        if self.is_full() {
            self.close_now(TOO_SLOW);
        } else {
            self.queue.push_back(Queued::Push(push));
        }
    }

    /// Queues an event, and closes the connection after it.
    pub(crate) fn announce_restart(&mut self, push: SharedPush) {
        // This may exceed the limit of the queue by one: it is the last.
        self.queue.push_back(Queued::Push(push));
        self.closing = Closing::Pending(RESTARTING);
    }

    /// Closes the connection, and drops its queued messages.
    pub(crate) fn close_now(&mut self, close: Outgoing) {
        self.queue.clear();
        self.coalesced = None;
        self.ping_due = false;
        self.closing = Closing::Pending(close);
    }

    /// Closes the connection after its queued messages were sent.
    pub(crate) fn close_after_queue(&mut self, close: Outgoing) {
        self.closing = Closing::Pending(close);
    }

    pub(crate) fn has_outgoing(&self) -> bool {
        self.ping_due || !self.queue.is_empty() || matches!(self.closing, Closing::Pending(_))
    }

    pub(crate) fn next_outgoing(
        &mut self,
        now: Duration,
        epoch: Epoch,
        seq: u64,
    ) -> Option<Outgoing> {
        if core::mem::take(&mut self.ping_due) {
            return Some(Outgoing::Ping);
        }
        let Some(first) = self.queue.pop_front() else {
            return match core::mem::replace(&mut self.closing, Closing::Sent) {
                Closing::No => {
                    self.closing = Closing::No;
                    None
                }
                Closing::Pending(close) => Some(close),
                Closing::Sent => None,
            };
        };
        let message = match first {
            Queued::Response(text) => text,
            Queued::Push(push) => push.take(&mut self.sent),
        };
        if let Some(coalesced) = self.coalesced.take() {
            let status = NotifyStatus {
                epoch,
                prev: 0,
                seq,
                uptime_ms: text::millis(now),
                source: coalesced.cause.source(),
                components: coalesced.changes,
            };
            let push = SharedPush::new(Push::Status(&status));
            self.queue.push_back(Queued::Push(push));
        }
        Some(Outgoing::Text(message))
    }

    /// Pings the client, or closes its connection if it is silent.
    pub(crate) fn keep_alive(&mut self, now: Duration) {
        if now >= self.contact.heard + limits::BOARD_DROPS_AFTER {
            self.close_now(SILENT);
        } else if now >= self.next_ping {
            self.ping_due = true;
            self.next_ping = now + limits::BOARD_PINGS_AFTER;
        }
    }

    /// When [`Self::keep_alive`] is due.
    pub(crate) fn next_deadline(&self) -> Duration {
        let drop_at = self.contact.heard + limits::BOARD_DROPS_AFTER;
        self.next_ping.min(drop_at)
    }
}
