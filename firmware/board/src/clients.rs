//! The control channels, and which client gets a connection slot. Knows nothing
//! of components.

use alloc::{collections::BTreeMap, format, string::String};
use core::time::Duration;

use noise::{KeyId, Role};
use protocol::{Code, Epoch, NotifyEvent, NotifyStatus, RpcError};

use crate::{
    ClientId, Outgoing,
    client::{CLOSED, Cause, Client, DISPLACED, KEY_REMOVED, NOW_LOCKED, OUTBOUND_CHANGED},
    contact::Contact,
    keys::Access,
    log::LogReader,
    outbox::{Push, SharedPush},
};

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
        if self.used_slots() >= self.slots {
            let viewers = self
                .connected
                .iter_mut()
                .filter(|(_, client)| client.is_viewer());
            let oldest = viewers.min_by_key(|(id, client)| (client.contact.since, **id));
            if let Some((_, client)) = oldest {
                client.displaced = true;
                client.close_now(DISPLACED);
            }
        }
        let id = self.next_number();
        self.connected.insert(id, Client::new(now, access));
        Ok(id)
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
                    "the board is full: {0} of {0} clients; one must disconnect first",
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

    /// A number for a new connection of any kind.
    pub(crate) fn next_number(&mut self) -> ClientId {
        // Number 0 stands for the clients that use POST.
        self.last_number = self.last_number.checked_add(1).unwrap_or(1);
        ClientId(self.last_number)
    }

    pub(crate) fn count(&self) -> usize {
        self.connected.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.connected.is_empty()
    }

    pub(crate) fn ids(&self) -> impl Iterator<Item = ClientId> {
        self.connected.keys().copied()
    }

    fn get(&self, id: ClientId) -> Option<&Client> {
        self.connected.get(&id)
    }

    /// A client that is not closing.
    fn open(&self, id: ClientId) -> Option<&Client> {
        self.get(id).filter(|client| client.is_open())
    }

    /// A client that is not closing.
    fn open_mut(&mut self, id: ClientId) -> Option<&mut Client> {
        self.connected
            .get_mut(&id)
            .filter(|client| client.is_open())
    }

    fn all_open_mut(&mut self) -> impl Iterator<Item = &mut Client> {
        self.connected
            .values_mut()
            .filter(|client| client.is_open())
    }

    pub(crate) fn contact(&self, id: ClientId) -> Option<&Contact> {
        Some(&self.get(id)?.contact)
    }

    pub(crate) fn contact_mut(&mut self, id: ClientId) -> Option<&mut Contact> {
        Some(&mut self.connected.get_mut(&id)?.contact)
    }

    /// The number of messages that wait for a client, their bytes, and the
    /// memory that they and the client use.
    pub(crate) fn queued(&self, id: ClientId) -> Option<(usize, usize, usize)> {
        let (messages, bytes, memory) = self.get(id)?.queued();
        Some((messages, bytes, memory + size_of::<(ClientId, Client)>()))
    }

    /// What a client may do. One that has disconnected may only view.
    pub(crate) fn access(&self, id: ClientId) -> Access {
        self.get(id)
            .map_or(Access::Key(KeyId([0; 4]), Role::View), |client| {
                client.access
            })
    }

    /// Closes a connection for another client. Returns whether it exists.
    pub(crate) fn close(&mut self, id: ClientId) -> bool {
        if let Some(client) = self.open_mut(id) {
            client.close_now(CLOSED);
        }
        self.get(id).is_some()
    }

    /// Closes the connections of a key that was removed.
    pub(crate) fn close_key(&mut self, kid: KeyId) {
        for client in self.connected.values_mut() {
            if client.access.kid() == Some(kid) {
                client.close_now(KEY_REMOVED);
            }
        }
    }

    /// Closes the connections without a key: the board was locked.
    pub(crate) fn close_without_key(&mut self) {
        for client in self.connected.values_mut() {
            if client.access == Access::Open {
                client.close_now(NOW_LOCKED);
            }
        }
    }

    /// Closes the outbound connection to a previous address, after its queued
    /// messages were sent.
    pub(crate) fn close_after_queue(&mut self, id: ClientId) {
        if let Some(client) = self.open_mut(id) {
            client.close_after_queue(OUTBOUND_CHANGED);
        }
    }

    /// `None` if there is no such client; otherwise its log reader, if it has
    /// one, for the caller to close.
    pub(crate) fn disconnect(&mut self, id: ClientId) -> Option<Option<LogReader>> {
        Some(self.connected.remove(&id)?.log)
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
    pub(crate) fn log_reader_mut(&mut self, id: ClientId) -> Option<&mut LogReader> {
        self.open_mut(id)?.log.as_mut()
    }

    /// The log reader of a client that is not closing.
    pub(crate) fn log_reader(&self, id: ClientId) -> Option<&LogReader> {
        self.open(id)?.log.as_ref()
    }

    /// A frame was received. Returns whether the client is still served.
    pub(crate) fn heard(&mut self, now: Duration, id: ClientId) -> bool {
        self.open_mut(id).map(|client| client.heard(now)).is_some()
    }

    /// Starts pushing. The snapshot in the response brings the client up to
    /// `seq`.
    pub(crate) fn subscribe(&mut self, id: ClientId, seq: u64) {
        if let Some(client) = self.connected.get_mut(&id) {
            client.subscribe(seq);
        }
    }

    pub(crate) fn is_subscribed(&self, id: ClientId) -> bool {
        self.get(id).is_some_and(|client| client.subscribed)
    }

    pub(crate) fn respond(&mut self, id: ClientId, text: String) {
        if let Some(client) = self.open_mut(id) {
            client.respond(text);
        }
    }

    /// Pushes a change to every subscriber.
    pub(crate) fn push_status(&mut self, status: &NotifyStatus, cause: &Cause) {
        let mut push = None;
        for client in self.all_open_mut().filter(|client| client.subscribed) {
            client.push_status(status, cause, || {
                push.get_or_insert_with(|| SharedPush::new(Push::Status(status)))
                    .clone()
            });
        }
    }

    /// Pushes an event to every subscriber.
    pub(crate) fn push_event(&mut self, event: &NotifyEvent) {
        let push = SharedPush::new(Push::Event(event));
        for client in self.all_open_mut().filter(|client| client.subscribed) {
            client.push_event(push.clone());
        }
    }

    /// Sends every client an event, then closes its connection.
    pub(crate) fn announce_restart(&mut self, event: &NotifyEvent) {
        let push = SharedPush::new(Push::Event(event));
        for client in self.all_open_mut() {
            client.announce_restart(push.clone());
        }
    }

    pub(crate) fn next_outgoing(
        &mut self,
        now: Duration,
        id: ClientId,
        epoch: Epoch,
        seq: u64,
    ) -> Option<Outgoing> {
        self.connected.get_mut(&id)?.next_outgoing(now, epoch, seq)
    }

    pub(crate) fn has_outgoing(&self, id: ClientId) -> bool {
        self.get(id).is_some_and(Client::has_outgoing)
    }

    pub(crate) fn is_ending(&self, id: ClientId) -> bool {
        self.get(id).is_some_and(|client| !client.is_open())
    }

    pub(crate) fn has_room(&self, id: ClientId) -> bool {
        self.get(id).is_some_and(Client::has_room)
    }

    /// Pings clients, and closes the connections of silent ones.
    pub(crate) fn keep_alive(&mut self, now: Duration) {
        for client in self.all_open_mut() {
            client.keep_alive(now);
        }
    }

    /// When [`Self::keep_alive`] is due.
    pub(crate) fn next_deadline(&self) -> Option<Duration> {
        self.connected
            .values()
            .filter(|client| client.is_open())
            .map(Client::next_deadline)
            .min()
    }
}
