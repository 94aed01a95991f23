//! `Clients.List` and `Clients.Close`: who is connected, and the end of one.

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
    sides::{Open, Reads},
    text,
};

impl<H: Hardware> Core<H> {
    /// What is known of a connection, for `Clients.List`.
    pub fn set_origin(&mut self, id: ClientId, origin: Origin) {
        if let Some(contact) = self.contact_mut(id) {
            contact.from = origin.from;
            contact.held = origin.held;
        }
    }

    /// How many connections there are, of every kind, for `Clients.List`.
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

    /// A client answered a ping, which counts as life too.
    pub fn pong_received(&mut self, now: Duration, id: ClientId) {
        self.heard(now, id);
        if let Some(contact) = self.contact_mut(id) {
            contact.pong = Some(now);
        }
    }

    /// `Clients.List`: as many as were asked for and fit.
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
            // And the comma before it.
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
                    let kind = match side.reads {
                        Reads::Log(_) => ClientKind::Log,
                        Reads::Telemetry(_) => ClientKind::Telemetry,
                        Reads::Nothing => ClientKind::Echo,
                    };
                    // What waits for it is in a ring that the board has once,
                    // whoever reads.
                    (
                        kind,
                        &side.contact,
                        side.waiting(&self.log, &self.telemetry),
                        size_of::<(ClientId, Open)>(),
                        None,
                    )
                }
                None => {
                    let (queued, bytes, own) = self.connections.clients.waiting(id)?;
                    let key = self
                        .connections
                        .clients
                        .access(id)
                        .kid()
                        .and_then(|kid| self.key_of(kid));
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

    /// `Clients.Close`: ends another's connection.
    pub(crate) fn close_client(&mut self, request: &Request<'_>) -> Result<Reply, RpcError> {
        let Request {
            now,
            caller,
            params,
            ..
        } = request;
        let number = params.needed_whole("id", 1, u64::MAX, "")?;
        // Connections count from 1: none is 0.
        let id = ClientId(u32::try_from(number).unwrap_or_default());
        if *caller == Caller::Client(id) {
            let message = format!("connection {number} is your own: close it at your end");
            return Err(RpcError::new(Code::FailedPrecondition, "your_own", message));
        }
        if let Some(side) = self.connections.sides.get_mut(&id) {
            side.dismissed = true;
        } else if !self.connections.clients.dismiss(id) {
            let message =
                format!("no connection {number}; Clients.List names those that there are");
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
