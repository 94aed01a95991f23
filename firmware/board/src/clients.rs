//! Who is connected, what waits for each, and who has been silent or slow for
//! too long. Knows nothing of components.

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
    outbox::{Push, Waiting},
    text,
};

/// Names a connected client. The number is what `Source::Client` has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientId(pub u32);

/// What shall be done on a client's connection, in this order.
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

/// A silent client, as RFC 6455, section 7.4.1 has it: this end goes away from
/// the connection, nobody did wrong.
const SILENT: Outgoing = Outgoing::Close {
    code: 1001,
    reason: "silent for 60 s",
};
/// RFC 6455, section 7.4.1: this end goes away from the connection; here to
/// another.
const CALLS_ELSEWHERE: Outgoing = Outgoing::Close {
    code: 1001,
    reason: "it calls elsewhere now, or nobody",
};
/// "Service restart" in IANA's registry.
const RESTARTING: Outgoing = Outgoing::Close {
    code: 1012,
    reason: "restarting",
};
/// RFC 6455, section 7.4.1: a message that violates a policy.
const REMOVED: Outgoing = Outgoing::Close {
    code: 1008,
    reason: "its key was removed",
};
/// RFC 6455, section 7.4.1: what the connection was for is done; nobody did
/// wrong.
const DISMISSED: Outgoing = Outgoing::Close {
    code: 1000,
    reason: CLOSED_BY_CLIENT,
};
/// "Try again later" in IANA's registry.
const DISPLACED: Outgoing = Outgoing::Close {
    code: 1013,
    reason: "its place was needed for a key of role control",
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

/// Why a connection ends that `Clients.Close` was called for.
pub const CLOSED_BY_CLIENT: &str = "closed by another client: Clients.Close";

/// The messages that a request may need room for: what was gathered before it,
/// its event, its change and its answer.
const ROOM_FOR_A_REQUEST: usize = 4;

/// What waits for a client.
enum Queued {
    Answer(String),
    Push(Waiting),
}

/// Changes of one source or of several.
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

    /// The source, if it is only one.
    pub(crate) fn source(self) -> Option<Source> {
        self.0
    }
}

/// What a client has missed because its queue was full: the latest of each
/// field.
struct Behind {
    changes: Changes,
    cause: Cause,
}

/// How far the end of a connection has come.
enum Ending {
    /// Not in sight.
    No,
    /// After what is queued.
    Soon(Outgoing),
    /// The close was handed out.
    Sent,
}

struct Client {
    access: Access,
    queue: VecDeque<Queued>,
    /// Not empty only while the queue is full.
    behind: Option<Behind>,
    subscribed: bool,
    /// The last `seq` in what this client was sent.
    sent: u64,
    contact: Contact,
    next_ping: Duration,
    ping_due: bool,
    log: Option<LogReader>,
    ending: Ending,
    /// Its place was given to another: it is on its way out, and no longer
    /// counted.
    displaced: bool,
}

impl Client {
    fn is_open(&self) -> bool {
        matches!(self.ending, Ending::No)
    }

    /// Whether it has a place with a key of role `view`.
    fn is_viewer(&self) -> bool {
        self.access.is_view() && !self.displaced
    }

    fn is_full(&self) -> bool {
        self.queue.len() >= limits::QUEUED_MESSAGES
    }
}

/// All clients.
pub(crate) struct Clients {
    places: usize,
    connected: BTreeMap<ClientId, Client>,
    last_number: u32,
}

impl Clients {
    pub(crate) fn new(places: usize) -> Self {
        Self {
            places,
            connected: BTreeMap::new(),
            last_number: 0,
        }
    }

    /// Adds a client. Where all places are taken, one with a key of role
    /// `control` displaces the one of role `view` that has been connected for
    /// longest.
    pub(crate) fn connect(&mut self, now: Duration, access: Access) -> Result<ClientId, RpcError> {
        if let Some(error) = self.no_place_for(access) {
            return Err(error);
        }
        if self.taken() >= self.places
            && let Some((_, client)) = self
                .viewers_mut()
                .min_by_key(|(id, client)| (client.contact.since, *id))
        {
            client.displaced = true;
            end_now(client, DISPLACED);
        }
        let id = self.next_number();
        let client = Client {
            access,
            queue: VecDeque::new(),
            behind: None,
            subscribed: false,
            sent: 0,
            contact: Contact::new(now),
            next_ping: now + limits::BOARD_PINGS_AFTER,
            ping_due: false,
            log: None,
            ending: Ending::No,
            displaced: false,
        };
        self.connected.insert(id, client);
        Ok(id)
    }

    /// A number that no connection has, whatever it is for.
    pub(crate) fn next_number(&mut self) -> ClientId {
        // Number 0 is whoever uses POST.
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

    /// How many messages wait for a client, their bytes, and what of the
    /// board's memory is for this client: a push that waits for several is
    /// counted in parts.
    pub(crate) fn waiting(&self, id: ClientId) -> Option<(usize, usize, usize)> {
        let client = self.connected.get(&id)?;
        let queue = client.queue.capacity() * size_of::<Queued>();
        let (mut bytes, mut own) = (0, size_of::<(ClientId, Client)>() + queue);
        for queued in &client.queue {
            let (length, part) = match queued {
                Queued::Answer(text) => (text.len(), text.capacity()),
                Queued::Push(push) => push.size(),
            };
            bytes += length;
            own += part;
        }
        Some((client.queue.len(), bytes, own))
    }

    /// Ends a connection because another asked for it. Answers whether there is
    /// such a client.
    pub(crate) fn dismiss(&mut self, id: ClientId) -> bool {
        let Some(client) = self.connected.get_mut(&id) else {
            return false;
        };
        if client.is_open() {
            end_now(client, DISMISSED);
        }
        true
    }

    /// `None` where there is no such client; otherwise its reader of the log,
    /// if it had one, which is to be closed.
    pub(crate) fn disconnect(&mut self, id: ClientId) -> Option<Option<LogReader>> {
        Some(self.connected.remove(&id)?.log)
    }

    /// What a client may do; one that is gone may only look.
    pub(crate) fn access(&self, id: ClientId) -> Access {
        self.connected
            .get(&id)
            .map_or(Access::Key(KeyId([0; 4]), Role::View), |client| {
                client.access
            })
    }

    /// Ends the connections of a key that is none any more.
    pub(crate) fn let_go(&mut self, kid: KeyId) {
        for client in self
            .connected
            .values_mut()
            .filter(|client| client.access.kid() == Some(kid))
        {
            end_now(client, REMOVED);
        }
    }

    /// Ends the connections of who has no key: from now on the board is locked.
    pub(crate) fn let_go_without_key(&mut self) {
        for client in self
            .connected
            .values_mut()
            .filter(|client| client.access == Access::Open)
        {
            end_now(client, NOW_LOCKED);
        }
    }

    /// Ends a connection once it was sent what waits for it.
    pub(crate) fn let_go_politely(&mut self, id: ClientId) {
        if let Some(client) = self
            .connected
            .get_mut(&id)
            .filter(|client| client.is_open())
        {
            client.ending = Ending::Soon(CALLS_ELSEWHERE);
        }
    }

    /// Why one more client with this access would be refused; `None` where it
    /// would not be.
    pub(crate) fn no_place_for(&self, access: Access) -> Option<RpcError> {
        let viewers = self
            .connected
            .values()
            .filter(|client| client.is_viewer())
            .count();
        let message = if access.is_view() {
            // One place is never a viewer's; a board with a single place has no
            // other.
            let for_view = self.places.saturating_sub(1).max(1);
            let full = viewers >= for_view || self.taken() >= self.places;
            full.then(|| {
                format!(
                    "all places for keys of role view are taken ({for_view} of {}); one client \
                         must disconnect first",
                    self.places
                )
            })
        } else {
            (self.taken() >= self.places && viewers == 0).then(|| {
                format!(
                    "all {} places for controllers are taken; one of them must disconnect first",
                    self.places
                )
            })
        };
        Some(RpcError::new(
            Code::ResourceExhausted,
            "all_places_taken",
            message?,
        ))
    }

    /// Places that are taken.
    fn taken(&self) -> usize {
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

    /// The client reads the log from now on, or no more. Comes to the reader
    /// that it had.
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

    /// The reader of a client that is served.
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

    /// A frame came. Answers whether the client is still served.
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

    /// Pushes from now on; the snapshot that is answered brings the client up
    /// to `seq`.
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

    pub(crate) fn answer(&mut self, id: ClientId, text: String) {
        let Some(client) = self
            .connected
            .get_mut(&id)
            .filter(|client| client.is_open())
        else {
            return;
        };
        if client.is_full() {
            end_now(client, TOO_SLOW);
        } else {
            client.queue.push_back(Queued::Answer(text));
        }
    }

    /// Tells every subscriber of a change.
    pub(crate) fn push_status(&mut self, status: &NotifyStatus, cause: &Cause) {
        let mut push = None;
        for client in self
            .connected
            .values_mut()
            .filter(|client| client.subscribed && client.is_open())
        {
            if !client.is_full() {
                let push = push.get_or_insert_with(|| Waiting::new(Push::Status(status)));
                client.queue.push_back(Queued::Push(push.clone()));
                continue;
            }
            match &mut client.behind {
                None => {
                    client.behind = Some(Behind {
                        changes: status.components.clone(),
                        cause: cause.clone(),
                    });
                }
                Some(behind) => {
                    behind.cause.join(cause);
                    for (key, change) in &status.components {
                        behind.changes.entry(key.clone()).or_default().merge(change);
                    }
                }
            }
        }
    }

    /// Tells every subscriber of an event.
    pub(crate) fn push_event(&mut self, event: &NotifyEvent) {
        let push = Waiting::new(Push::Event(event));
        for client in self
            .connected
            .values_mut()
            .filter(|client| client.subscribed && client.is_open())
        {
            if client.is_full() {
                end_now(client, TOO_SLOW);
            } else {
                client.queue.push_back(Queued::Push(push.clone()));
            }
        }
    }

    /// Says goodbye to everyone, subscribed or not: an event, then the end.
    pub(crate) fn restart(&mut self, event: &NotifyEvent) {
        let push = Waiting::new(Push::Event(event));
        for client in self
            .connected
            .values_mut()
            .filter(|client| client.is_open())
        {
            // The last message may be the ninth: nothing comes after it.
            client.queue.push_back(Queued::Push(push.clone()));
            client.ending = Ending::Soon(RESTARTING);
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
            return match core::mem::replace(&mut client.ending, Ending::Sent) {
                Ending::No => {
                    client.ending = Ending::No;
                    None
                }
                Ending::Soon(close) => Some(close),
                Ending::Sent => None,
            };
        };
        let message = match first {
            Queued::Answer(text) => text,
            Queued::Push(push) => push.take(&mut client.sent),
        };
        if let Some(behind) = client.behind.take() {
            let status = NotifyStatus {
                epoch,
                prev: 0,
                seq,
                uptime_ms: text::millis(now),
                source: behind.cause.source(),
                components: behind.changes,
            };
            client
                .queue
                .push_back(Queued::Push(Waiting::new(Push::Status(&status))));
        }
        Some(Outgoing::Text(message))
    }

    pub(crate) fn has_outgoing(&self, id: ClientId) -> bool {
        self.connected.get(&id).is_some_and(|client| {
            client.ping_due || !client.queue.is_empty() || matches!(client.ending, Ending::Soon(_))
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

    /// Pings and drops the silent.
    pub(crate) fn keep_alive(&mut self, now: Duration) {
        for client in self
            .connected
            .values_mut()
            .filter(|client| client.is_open())
        {
            if now >= client.contact.heard + limits::BOARD_DROPS_AFTER {
                end_now(client, SILENT);
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

/// Ends a connection without what waits for it.
fn end_now(client: &mut Client, close: Outgoing) {
    client.queue.clear();
    client.behind = None;
    client.ping_due = false;
    client.ending = Ending::Soon(close);
}
