//! Connections to a board, and the messages of its clients.

use alloc::string::String;
use core::time::Duration;

use protocol::{Level, RpcError};

use crate::{
    ClientId, Core, Hardware, Outgoing,
    clients::Clients,
    commands::Caller,
    keys::{Access, locked},
    reboot::rebooting,
    sides::Sides,
};

/// Every connection that the board knows of.
pub(crate) struct Connections {
    /// The control channels.
    pub(crate) clients: Clients,
    /// The side channels.
    pub(crate) sides: Sides,
    /// The number of all connections, as the driver counts them.
    pub(crate) total: usize,
    /// A side channel or a client was closed by `Clients.Close` since
    /// [`crate::Effects`] were last returned.
    pub(crate) closed: bool,
}

impl Connections {
    pub(crate) fn new(controllers: usize) -> Self {
        Self {
            clients: Clients::new(controllers),
            sides: Sides::new(),
            total: 0,
            closed: false,
        }
    }
}

impl<H: Hardware> Core<H> {
    /// A controller opened `/rpc` of an open board.
    ///
    /// # Errors
    /// `resource_exhausted` if all connection slots are taken, `busy` while the
    /// board restarts: refuse the connection with HTTP 503 and this as its
    /// body. `locked` if the board is locked.
    pub fn connect(&mut self, now: Duration) -> Result<ClientId, RpcError> {
        if self.is_locked() {
            return Err(locked());
        }
        self.admit(now, Access::Open)
    }

    pub(crate) fn admit(&mut self, now: Duration, access: Access) -> Result<ClientId, RpcError> {
        if self.reboot.is_requested() {
            return Err(rebooting());
        }
        match self.connections.clients.connect(now, access) {
            Ok(client) => {
                self.log(
                    now,
                    Level::Info,
                    format_args!("controller {} connected", client.0),
                );
                Ok(client)
            }
            Err(error) => {
                self.log(
                    now,
                    Level::Warn,
                    format_args!("a controller was refused: {}", error.message),
                );
                Err(error)
            }
        }
    }

    /// A controller's connection ended. After [`Outgoing::Close`] the driver
    /// reports that too; until then the connection keeps its slot.
    pub fn disconnect(&mut self, now: Duration, client: ClientId) {
        self.update.client_left(client);
        self.outbound_client_left(client);
        let Some(log_reader) = self.connections.clients.disconnect(client) else {
            return;
        };
        if let Some(reader) = log_reader {
            self.log.close(reader);
        }
        self.log(
            now,
            Level::Info,
            format_args!("controller {} disconnected", client.0),
        );
    }

    /// A controller sent a text message. A driver that keeps reading while
    /// messages wait to be sent checks [`Self::has_room`] first.
    pub fn receive(&mut self, now: Duration, client: ClientId, text: &str) {
        if !self.connections.clients.heard(now, client) {
            return;
        }
        if let Some(response) = self.carry_out(now, Caller::Client(client), text) {
            self.connections.clients.respond(client, response);
        }
        self.announce_reboot(now);
    }

    /// `POST /rpc`: one request, and its response; `None` for a notification.
    /// Pushes name its source `client:0`.
    pub fn call(&mut self, now: Duration, text: &str) -> Option<String> {
        let response = self.carry_out(now, Caller::Post, text);
        self.announce_reboot(now);
        response
    }

    /// Whether a client's queue has room for everything that a request may add.
    /// Do not read from a client until it has; a client that is served anyway
    /// is closed as too slow.
    pub fn has_room(&self, client: ClientId) -> bool {
        self.connections.clients.has_room(client)
    }

    /// A client sent another frame, for example a ping. Any frame shows that
    /// the client is alive.
    pub fn heard(&mut self, now: Duration, client: ClientId) {
        if let Some(side) = self.connections.sides.get_mut(&client) {
            side.contact.heard = now;
        }
        self.connections.clients.heard(now, client);
    }

    /// What to send to a controller next. Ask until it returns `None`, each
    /// time after a message has been handed to the network; messages that are
    /// not taken are coalesced.
    pub fn next_outgoing(&mut self, now: Duration, client: ClientId) -> Option<Outgoing> {
        let (epoch, seq) = (self.components.epoch, self.components.seq);
        if let Some(outgoing) = self
            .connections
            .clients
            .next_outgoing(now, client, epoch, seq)
        {
            if let Outgoing::Close { reason, .. } = outgoing {
                self.log(
                    now,
                    Level::Info,
                    format_args!("controller {} is let go: {reason}", client.0),
                );
            }
            return Some(outgoing);
        }
        // Log lines come last. They take no room in the client's queue.
        let reader = self.connections.clients.log_reader_mut(client)?;
        self.log
            .notification(now, epoch, reader)
            .map(Outgoing::Text)
    }

    /// Whether [`Self::next_outgoing`] has something.
    pub fn has_outgoing(&self, client: ClientId) -> bool {
        let clients = &self.connections.clients;
        clients.has_outgoing(client)
            || clients
                .log_reader(client)
                .is_some_and(|reader| self.log.has_unread(reader))
    }

    /// Whether the client's connection is about to end:
    /// [`Self::next_outgoing`] returns a close after at most a few messages. Do
    /// not wait for messages that are being written to it.
    pub fn is_ending(&self, client: ClientId) -> bool {
        self.connections.clients.is_ending(client)
    }
}
