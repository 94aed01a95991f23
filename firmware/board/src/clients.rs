//! The control channels: their queues, and when a silent or slow client is
//! disconnected. Knows nothing of components.

use alloc::{
    collections::{BTreeMap, VecDeque},
    format,
    string::String,
};
use core::time::Duration;

use noise::{KeyId, Role};
use protocol::{Code, Epoch, NotifyEvent, NotifyStatus, RpcError, Source, limits};

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
const SILENT: Outgoing = Outgoing::Close {
    code: 1001,
    reason: "silent for 60 s",
};
/// RFC 6455, section 7.4.1: this endpoint goes away.
const OUTBOUND_CHANGED: Outgoing = Outgoing::Close {
    code: 1001,
    reason: "the address of the outbound connection was changed",
};
/// "Service restart" in IANA's registry.
const RESTARTING: Outgoing = Outgoing::Close {
    code: 1012,
    reason: "restarting",
};
/// RFC 6455, section 7.4.1: a message that violates a policy.
const KEY_REMOVED: Outgoing = Outgoing::Close {
    code: 1008,
    reason: "its key was removed",
};
/// RFC 6455, section 7.4.1: a normal closure.
const CLOSED: Outgoing = Outgoing::Close {
    code: 1000,
    reason: CLOSED_BY_CLIENT,
};
/// "Try again later" in IANA's registry.
const DISPLACED: Outgoing = Outgoing::Close {
    code: 1013,
    reason: "its slot was needed for a key of role control",
};
const NOW_LOCKED: Outgoing = Outgoing::Close {
    code: 1008,
    reason: "the board is locked now",
};
/// "Try again later" in IANA's registry.
const TOO_SLOW: Outgoing = Outgoing::Close {
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

struct Client {
    access: Access,
    queue: VecDeque<Queued>,
    /// Only while the queue is full.
    coalesced: Option<Coalesced>,
    subscribed: bool,
    /// The last `seq` that this client was sent.
    sent: u64,
    contact: Contact,
    next_ping: Duration,
    ping_due: bool,
    log: Option<LogReader>,
    closing: Closing,
    /// Its slot was given to another client; it is closing and no longer
    /// counted.
    displaced: bool,
}

impl Client {
    fn is_open(&self) -> bool {
        matches!(self.closing, Closing::No)
    }

    /// Whether it holds a slot with a key of role `view`.
    fn is_viewer(&self) -> bool {
        self.access.is_view() && !self.displaced
    }

    fn is_full(&self) -> bool {
        self.queue.len() >= limits::QUEUED_MESSAGES
    }
}

/// All clients.
pub(crate) struct Clients {
    slots: usize,
    connected: BTreeMap<ClientId, Client>,
    last_number: u32,
}

impl Clients {
    pub(crate) fn new(slots: usize) -> Self {
        Self {
            slots,
            connected: BTreeMap::new(),
            last_number: 0,
        }
    }

    /// Adds a client. If all slots are taken, a client with a key of role
    /// `control` displaces the one of role `view` that has been connected
    /// longest.
    pub(crate) fn connect(&mut self, now: Duration, access: Access) -> Result<ClientId, RpcError> {
        if let Some(error) = self.slot_error(access) {
            return Err(error);
        }
        if self.used_slots() >= self.slots
            && let Some((_, client)) = self
                .viewers_mut()
                .min_by_key(|(id, client)| (client.contact.since, *id))
        {
            client.displaced = true;
            close_now(client, DISPLACED);
        }
        let id = self.next_number();
        let client = Client {
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
        };
        self.connected.insert(id, client);
        Ok(id)
    }

    /// A number for a new connection of any kind.
    pub(crate) fn next_number(&mut self) -> ClientId {
        // Number 0 stands for the clients that use POST.
        self.last_number = self.last_number.checked_add(1).unwrap_or(1);
        ClientId(self.last_number)
    }

    pub(crate) fn count(&self) -> usize {
        self.connected.len()
    }

    pub(crate) fn ids(&self) -> impl Iterator<Item = ClientId> {
        self.connected.keys().copied()
    }

    pub(crate) fn contact(&self, id: ClientId) -> Option<&Contact> {
        Some(&self.connected.get(&id)?.contact)
    }

    pub(crate) fn contact_mut(&mut self, id: ClientId) -> Option<&mut Contact> {
        Some(&mut self.connected.get_mut(&id)?.contact)
    }

    /// The number of messages that wait for a client, their bytes, and the
    /// memory that they and the client use. A push that waits for several
    /// clients counts for each in part.
    pub(crate) fn queued(&self, id: ClientId) -> Option<(usize, usize, usize)> {
        let client = self.connected.get(&id)?;
        let queue = client.queue.capacity() * size_of::<Queued>();
        let (mut bytes, mut own) = (0, size_of::<(ClientId, Client)>() + queue);
        for queued in &client.queue {
            let (length, part) = match queued {
                Queued::Response(text) => (text.len(), text.capacity()),
                Queued::Push(push) => push.size(),
            };
            bytes += length;
            own += part;
        }
        Some((client.queue.len(), bytes, own))
    }

    /// Closes a connection for another client. Returns whether it exists.
    pub(crate) fn close(&mut self, id: ClientId) -> bool {
        let Some(client) = self.connected.get_mut(&id) else {
            return false;
        };
        if client.is_open() {
            close_now(client, CLOSED);
        }
        true
    }

    /// `None` if there is no such client; otherwise its log reader, if it has
    /// one, for the caller to close.
    pub(crate) fn disconnect(&mut self, id: ClientId) -> Option<Option<LogReader>> {
        Some(self.connected.remove(&id)?.log)
    }

    /// What a client may do. One that has disconnected may only view.
    pub(crate) fn access(&self, id: ClientId) -> Access {
        self.connected
            .get(&id)
            .map_or(Access::Key(KeyId([0; 4]), Role::View), |client| {
                client.access
            })
    }

    /// Closes the connections of a key that was removed.
    pub(crate) fn close_key(&mut self, kid: KeyId) {
        for client in self
            .connected
            .values_mut()
            .filter(|client| client.access.kid() == Some(kid))
        {
            close_now(client, KEY_REMOVED);
        }
    }

    /// Closes the connections without a key: the board was locked.
    pub(crate) fn close_without_key(&mut self) {
        for client in self
            .connected
            .values_mut()
            .filter(|client| client.access == Access::Open)
        {
            close_now(client, NOW_LOCKED);
        }
    }

    /// Closes a connection after its queued messages were sent.
    pub(crate) fn close_after_queue(&mut self, id: ClientId) {
        if let Some(client) = self
            .connected
            .get_mut(&id)
            .filter(|client| client.is_open())
        {
            client.closing = Closing::Pending(OUTBOUND_CHANGED);
        }
    }

    /// Why one more client with this access would be refused, if it would be.
    pub(crate) fn slot_error(&self, access: Access) -> Option<RpcError> {
        let viewers = self
            .connected
            .values()
            .filter(|client| client.is_viewer())
            .count();
        let message = if access.is_view() {
            // One slot is never a viewer's, unless it is the only one.
            let for_view = self.slots.saturating_sub(1).max(1);
            let full = viewers >= for_view || self.used_slots() >= self.slots;
            full.then(|| {
                format!(
                    "all slots for keys of role view are taken ({for_view} of {}); one client \
                         must disconnect first",
                    self.slots
                )
            })
        } else {
            (self.used_slots() >= self.slots && viewers == 0).then(|| {
                format!(
                    "all {} places for controllers are taken; one of them must disconnect first",
                    self.slots
                )
            })
        };
        Some(RpcError::new(
            Code::ResourceExhausted,
            "all_places_taken",
            message?,
        ))
    }

    fn used_slots(&self) -> usize {
        self.connected
            .values()
            .filter(|client| !client.displaced)
            .count()
    }

    fn viewers_mut(&mut self) -> impl Iterator<Item = (&ClientId, &mut Client)> {
        self.connected
            .iter_mut()
            .filter(|(_, client)| client.is_viewer())
    }

    /// Starts or stops reading the log. Returns the previous reader.
    pub(crate) fn subscribe_log(
        &mut self,
        id: ClientId,
        reader: Option<LogReader>,
    ) -> Option<LogReader> {
        match self.connected.get_mut(&id) {
            Some(client) => core::mem::replace(&mut client.log, reader),
            None => reader,
        }
    }

    /// The log reader of a client that is not closing.
    pub(crate) fn log_reader(&mut self, id: ClientId) -> Option<&mut LogReader> {
        self.connected
            .get_mut(&id)
            .filter(|client| client.is_open())?
            .log
            .as_mut()
    }

    pub(crate) fn log_reader_of(&self, id: ClientId) -> Option<&LogReader> {
        self.connected
            .get(&id)
            .filter(|client| client.is_open())?
            .log
            .as_ref()
    }

    /// A frame was received. Returns whether the client is still served.
    pub(crate) fn heard(&mut self, now: Duration, id: ClientId) -> bool {
        let Some(client) = self
            .connected
            .get_mut(&id)
            .filter(|client| client.is_open())
        else {
            return false;
        };
        client.contact.heard = now;
        client.next_ping = now + limits::BOARD_PINGS_AFTER;
        client.ping_due = false;
        true
    }

    /// Starts pushing. The snapshot in the response brings the client up to
    /// `seq`.
    pub(crate) fn subscribe(&mut self, id: ClientId, seq: u64) {
        if let Some(client) = self
            .connected
            .get_mut(&id)
            .filter(|client| !client.subscribed)
        {
            client.subscribed = true;
            client.sent = seq;
        }
    }

    pub(crate) fn is_subscribed(&self, id: ClientId) -> bool {
        self.connected
            .get(&id)
            .is_some_and(|client| client.subscribed)
    }

    pub(crate) fn respond(&mut self, id: ClientId, text: String) {
        let Some(client) = self
            .connected
            .get_mut(&id)
            .filter(|client| client.is_open())
        else {
            return;
        };
        if client.is_full() {
            close_now(client, TOO_SLOW);
        } else {
            client.queue.push_back(Queued::Response(text));
        }
    }

    /// Pushes a change to every subscriber.
    pub(crate) fn push_status(&mut self, status: &NotifyStatus, cause: &Cause) {
        let mut push = None;
        for client in self
            .connected
            .values_mut()
            .filter(|client| client.subscribed && client.is_open())
        {
            if !client.is_full() {
                let push = push.get_or_insert_with(|| SharedPush::new(Push::Status(status)));
                client.queue.push_back(Queued::Push(push.clone()));
                continue;
            }
            match &mut client.coalesced {
                None => {
                    client.coalesced = Some(Coalesced {
                        changes: status.components.clone(),
                        cause: cause.clone(),
                    });
                }
                Some(coalesced) => {
                    coalesced.cause.join(cause);
                    for (key, change) in &status.components {
                        coalesced
                            .changes
                            .entry(key.clone())
                            .or_default()
                            .merge(change);
                    }
                }
            }
        }
    }

    /// Pushes an event to every subscriber.
    pub(crate) fn push_event(&mut self, event: &NotifyEvent) {
        let push = SharedPush::new(Push::Event(event));
        for client in self
            .connected
            .values_mut()
            .filter(|client| client.subscribed && client.is_open())
        {
            if client.is_full() {
                close_now(client, TOO_SLOW);
            } else {
                client.queue.push_back(Queued::Push(push.clone()));
            }
        }
    }

    /// Sends every client an event, then closes its connection.
    pub(crate) fn announce_restart(&mut self, event: &NotifyEvent) {
        let push = SharedPush::new(Push::Event(event));
        for client in self
            .connected
            .values_mut()
            .filter(|client| client.is_open())
        {
            // This may exceed the limit of the queue by one: it is the last.
            client.queue.push_back(Queued::Push(push.clone()));
            client.closing = Closing::Pending(RESTARTING);
        }
    }

    /// Whether every connection has ended.
    pub(crate) fn is_empty(&self) -> bool {
        self.connected.is_empty()
    }

    pub(crate) fn next_outgoing(
        &mut self,
        now: Duration,
        id: ClientId,
        epoch: Epoch,
        seq: u64,
    ) -> Option<Outgoing> {
        let client = self.connected.get_mut(&id)?;
        if core::mem::take(&mut client.ping_due) {
            return Some(Outgoing::Ping);
        }
        let Some(first) = client.queue.pop_front() else {
            return match core::mem::replace(&mut client.closing, Closing::Sent) {
                Closing::No => {
                    client.closing = Closing::No;
                    None
                }
                Closing::Pending(close) => Some(close),
                Closing::Sent => None,
            };
        };
        let message = match first {
            Queued::Response(text) => text,
            Queued::Push(push) => push.take(&mut client.sent),
        };
        if let Some(coalesced) = client.coalesced.take() {
            let status = NotifyStatus {
                epoch,
                prev: 0,
                seq,
                uptime_ms: text::millis(now),
                source: coalesced.cause.source(),
                components: coalesced.changes,
            };
            client
                .queue
                .push_back(Queued::Push(SharedPush::new(Push::Status(&status))));
        }
        Some(Outgoing::Text(message))
    }

    pub(crate) fn has_outgoing(&self, id: ClientId) -> bool {
        self.connected.get(&id).is_some_and(|client| {
            client.ping_due
                || !client.queue.is_empty()
                || matches!(client.closing, Closing::Pending(_))
        })
    }

    pub(crate) fn is_ending(&self, id: ClientId) -> bool {
        self.connected
            .get(&id)
            .is_some_and(|client| !client.is_open())
    }

    pub(crate) fn has_room(&self, id: ClientId) -> bool {
        self.connected.get(&id).is_some_and(|client| {
            client.is_open() && client.queue.len() + ROOM_FOR_A_REQUEST <= limits::QUEUED_MESSAGES
        })
    }

    /// Pings clients, and closes the connections of silent ones.
    pub(crate) fn keep_alive(&mut self, now: Duration) {
        for client in self
            .connected
            .values_mut()
            .filter(|client| client.is_open())
        {
            if now >= client.contact.heard + limits::BOARD_DROPS_AFTER {
                close_now(client, SILENT);
            } else if now >= client.next_ping {
                client.ping_due = true;
                client.next_ping = now + limits::BOARD_PINGS_AFTER;
            }
        }
    }

    pub(crate) fn next_deadline(&self) -> Option<Duration> {
        let due = |client: &Client| {
            client
                .next_ping
                .min(client.contact.heard + limits::BOARD_DROPS_AFTER)
        };
        self.connected
            .values()
            .filter(|client| client.is_open())
            .map(due)
            .min()
    }
}

/// Closes a connection and drops its queued messages.
fn close_now(client: &mut Client, close: Outgoing) {
    client.queue.clear();
    client.coalesced = None;
    client.ping_due = false;
    client.closing = Closing::Pending(close);
}
