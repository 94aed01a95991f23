//! `Clients.List` and `Clients.Close`.

use alloc::{format, string::ToString, vec::Vec};
use core::time::Duration;

use protocol::{
    Code, Level, Object, Response, RpcError,
    clients::{ClientEntry, ClientKind, ClientList},
    limits,
};
use serde_json::json;

use crate::{
    ClientId, Core, Hardware,
    commands::Caller,
    contact::{Contact, Origin},
    methods::{Reply, Request},
    sides::{SideChannel, SideReader},
    text,
};

impl<H: Hardware> Core<H> {
    /// Sets what the driver knows of a connection, for `Clients.List`.
    pub fn set_origin(&mut self, id: ClientId, origin: Origin) {
        if let Some(contact) = self.contact_mut(id) {
            contact.from = origin.from;
            contact.held = origin.held;
        }
    }

    /// Sets the number of connections of every kind, for `Clients.List`.
    pub fn set_connections(&mut self, connections: usize) {
        self.connections.total = connections;
    }

    fn contact_mut(&mut self, id: ClientId) -> Option<&mut Contact> {
        match self.connections.clients.contact_mut(id) {
            Some(contact) => Some(contact),
            None => self
                .connections
                .sides
                .get_mut(&id)
                .map(|side| &mut side.contact),
        }
    }

    /// A client sent a pong. Like any frame, it shows that the client is alive.
    pub fn pong_received(&mut self, now: Duration, id: ClientId) {
        self.heard(now, id);
        if let Some(contact) = self.contact_mut(id) {
            contact.pong = Some(now);
        }
    }

    /// `Clients.List`: as many as were requested and fit.
    pub(crate) fn list_clients(&mut self, request: &Request<'_>) -> Result<Reply, RpcError> {
        let Request {
            now,
            caller,
            id,
            params,
        } = request;
        let (offset, limit) = params.page()?;
        let total = self.connections.clients.count() + self.connections.sides.len();
        let mut list = ClientList {
            offset,
            total,
            uptime_ms: text::millis(*now),
            others: self.connections.total.saturating_sub(total),
            clients: Vec::new(),
            extra: Object::new(),
        };
        let empty = Response {
            id: (*id).cloned(),
            outcome: Ok(json!(list)),
        };
        let mut bytes = empty.to_json().len();
        let mut ids: Vec<ClientId> = self
            .connections
            .clients
            .ids()
            .chain(self.connections.sides.keys().copied())
            .collect();
        ids.sort_unstable();
        for id in ids.into_iter().skip(offset).take(limit) {
            let Some(entry) = self.entry(id, *caller) else {
                continue;
            };
            // One more for the comma.
            bytes += text::json(&entry).len() + 1;
            if bytes > limits::MESSAGE_OUT_OF_BOARD {
                break;
            }
            list.clients.push(entry);
        }
        Ok(Reply::Value(json!(list)))
    }

    fn entry(&self, id: ClientId, caller: Caller) -> Option<ClientEntry> {
        let (kind, contact, (queued, queued_bytes, lost), own, key) =
            match self.connections.sides.get(&id) {
                Some(side) => {
                    let kind = match side.reader {
                        SideReader::Log(_) => ClientKind::Log,
                        SideReader::Telemetry(_) => ClientKind::Telemetry,
                        SideReader::None => ClientKind::Echo,
                    };
                    // Unread lines and frames do not count: all readers share
                    // one ring.
                    (
                        kind,
                        &side.contact,
                        side.unread(&self.log, &self.telemetry),
                        size_of::<(ClientId, SideChannel)>(),
                        None,
                    )
                }
                None => {
                    let (queued, bytes, own) = self.connections.clients.queued(id)?;
                    let key = self
                        .connections
                        .clients
                        .access(id)
                        .kid()
                        .and_then(|kid| self.key_details(kid));
                    (
                        ClientKind::Rpc,
                        self.connections.clients.contact(id)?,
                        (queued, bytes, 0),
                        own,
                        key,
                    )
                }
            };
        let (kid, key_name, role) = match key {
            Some((kid, name, role)) => (
                Some(kid.to_string()),
                Some(name.into()),
                Some(role.word().into()),
            ),
            None => (None, None, None),
        };
        Some(ClientEntry {
            id: id.0,
            kind,
            from: contact.from.map(|from| from.to_string()),
            since_ms: text::millis(contact.since),
            heard_ms: text::millis(contact.heard),
            pong_ms: contact.pong.map(text::millis),
            queued,
            queued_bytes,
            lost,
            memory: contact.held.map(|held| held + own),
            kid,
            key_name,
            role,
            you: caller == Caller::Client(id),
            extra: Object::new(),
        })
    }

    /// `Clients.Close`: closes another client's connection.
    pub(crate) fn close_client(&mut self, request: &Request<'_>) -> Result<Reply, RpcError> {
        let Request {
            now,
            caller,
            params,
            ..
        } = request;
        let number = params.required_whole("id", 1, u64::MAX, "")?;
        // No connection has the number 0.
        let id = ClientId(u32::try_from(number).unwrap_or_default());
        if *caller == Caller::Client(id) {
            let message = format!("connection {number} is your own: close it yourself");
            return Err(RpcError::new(Code::FailedPrecondition, "your_own", message));
        }
        if let Some(side) = self.connections.sides.get_mut(&id) {
            side.is_closed_remotely = true;
        } else if !self.connections.clients.close(id) {
            let message = format!("no connection {number}; see Clients.List");
            return Err(RpcError::new(Code::NotFound, "not_found", message));
        }
        self.connections.closed = true;
        self.log(
            *now,
            Level::Info,
            format_args!("connection {number} is closed by {}", caller.source()),
        );
        Ok(Reply::Value(json!({})))
    }
}
