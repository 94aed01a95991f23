//! The keys of a locked board, and what their roles allow. The handshake in the
//! crate `noise` proves that a controller has a key; the secrets and random
//! numbers for it come from here.

use alloc::{borrow::ToOwned, format, string::String, vec::Vec};
use core::{fmt, time::Duration};

use noise::{Hello, Key, KeyId, Psk, Role};
use protocol::{
    Code, Level, Object, RpcError, Source,
    keys::{KeyAdded, KeyEntry, KeyList},
    limits,
};
use serde_json::json;

use crate::{
    ClientId, Core, Hardware,
    commands::Caller,
    methods::{Reply, Request},
    retained::SaveState,
    rules, text,
};

/// The version of the format in which keys are retained.
const FORMAT: u8 = 1;

/// What a client may do, as proved when it connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Everything: the board is open.
    Open,
    /// What this key allows.
    Key(KeyId, Role),
}

impl Access {
    pub(crate) fn kid(self) -> Option<KeyId> {
        match self {
            Self::Open => None,
            Self::Key(kid, _) => Some(kid),
        }
    }

    /// Whether it may only view.
    pub(crate) fn is_view(self) -> bool {
        matches!(self, Self::Key(_, Role::View))
    }
}

/// One of the board's keys.
struct KeySlot {
    kid: KeyId,
    role: Role,
    name: String,
    psk: Psk,
}

/// The board's keys.
#[derive(Default)]
pub(crate) struct Keys {
    slots: Vec<KeySlot>,
    /// The retained keys cannot be read. The board then counts as locked and
    /// admits no client.
    unreadable: bool,
    /// They differ from the retained keys.
    pub(crate) unsaved: bool,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keys({})", self.slots.len())
    }
}

impl Keys {
    /// The keys that were retained, if any.
    pub(crate) fn restored(retained: Option<&[u8]>) -> Self {
        let Some(retained) = retained else {
            return Self::default();
        };
        let slots = parse(retained).filter(|slots| !slots.is_empty());
        let unreadable = slots.is_none();
        Self {
            slots: slots.unwrap_or_default(),
            unreadable,
            unsaved: false,
        }
    }

    /// The keys in the format in which they are retained.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = alloc::vec![FORMAT];
        for KeySlot {
            kid,
            role,
            name,
            psk,
        } in &self.slots
        {
            bytes.extend_from_slice(&kid.0);
            bytes.push(u8::from(*role == Role::View));
            bytes.extend_from_slice(psk.bytes());
            // At most 32 bytes.
            bytes.push(u8::try_from(name.len()).unwrap_or_default());
            bytes.extend_from_slice(name.as_bytes());
        }
        bytes
    }

    pub(crate) fn is_locked(&self) -> bool {
        self.unreadable || !self.slots.is_empty()
    }

    fn find(&self, kid: KeyId) -> Option<&KeySlot> {
        self.slots.iter().find(|slot| slot.kid == kid)
    }
}

/// Parses what [`Keys::to_bytes`] returned.
fn parse(bytes: &[u8]) -> Option<Vec<KeySlot>> {
    let [FORMAT, rest @ ..] = bytes else {
        return None;
    };
    let mut rest = rest;
    let mut slots = Vec::new();
    while !rest.is_empty() && slots.len() < limits::KEYS {
        let (kid, after) = rest.split_first_chunk()?;
        let [role @ (0 | 1), after @ ..] = after else {
            return None;
        };
        let (psk, after) = after.split_first_chunk()?;
        let [length, after @ ..] = after else {
            return None;
        };
        let (name, after) = after.split_at_checked(usize::from(*length))?;
        let name = core::str::from_utf8(name).ok()?;
        check_name(name).ok()?;
        let role = if *role == 1 {
            Role::View
        } else {
            Role::Control
        };
        slots.push(KeySlot {
            kid: KeyId(*kid),
            role,
            name: name.to_owned(),
            psk: Psk::new(*psk),
        });
        rest = after;
    }
    rest.is_empty().then_some(slots)
}

fn check_name(name: &str) -> Result<(), RpcError> {
    if name.is_empty() || name.len() > limits::KEY_NAME {
        let most = limits::KEY_NAME;
        return Err(rules::invalid(
            "out_of_range",
            format!("a key's name has 1 to {most} bytes, not {}", name.len()),
        ));
    }
    if name.chars().any(char::is_control) {
        return Err(rules::invalid(
            "control_character",
            "a key's name has no control characters".to_owned(),
        ));
    }
    Ok(())
}

impl<H: Hardware> Core<H> {
    /// Whether the board is locked: only clients with a key are served.
    pub fn is_locked(&self) -> bool {
        self.keys.is_locked()
    }

    /// A controller opened `/rpc` and proved that it has this key.
    ///
    /// # Errors
    /// As [`Core::connect`]; `wrong_key` if the key has been removed in the
    /// meantime.
    pub fn connect_with_key(&mut self, now: Duration, kid: KeyId) -> Result<ClientId, RpcError> {
        self.adopt_pending_key(now, kid);
        let Some(role) = self.keys.find(kid).map(|slot| slot.role) else {
            return Err(wrong_key());
        };
        self.admit(now, Access::Key(kid, role))
    }

    /// The secret of a key, or of a key from pairing that is not proved yet;
    /// `None` if the board has no such key.
    pub fn psk(&self, kid: KeyId) -> Option<Psk> {
        let pending = self.pairing.pending().filter(|key| key.kid == kid);
        self.keys
            .find(kid)
            .map(|slot| slot.psk.clone())
            .or_else(|| pending.map(|key| key.psk.clone()))
    }

    /// The role of a key; `None` if the board has no such key.
    pub fn role(&self, kid: KeyId) -> Option<Role> {
        self.keys.find(kid).map(|slot| slot.role)
    }

    /// The board's first message of a handshake, with a random challenge.
    /// `None` if the hardware has no source of random numbers.
    pub fn greeting(&mut self) -> Option<Hello> {
        self.random()
            .map(|challenge| Hello::new(&self.identity.id, challenge))
    }

    /// Random bytes from a cryptographic source, if the hardware has one.
    pub fn random<const N: usize>(&mut self) -> Option<[u8; N]> {
        let mut bytes = [0; N];
        self.hardware.random(&mut bytes).then_some(bytes)
    }

    /// Makes a key and adds it. The driver calls this only for a person at the
    /// board. The first key locks the board, and the connections of all clients
    /// without a key are closed.
    ///
    /// # Errors
    /// The name is not valid, all key slots are taken, or there is no source of
    /// random numbers.
    pub fn add_key(&mut self, now: Duration, name: &str, role: Role) -> Result<Key, RpcError> {
        check_name(name)?;
        let key = self.new_key(role)?;
        self.adopt_key(now, &key, name);
        Ok(key)
    }

    /// Makes a key without adding it.
    ///
    /// # Errors
    /// As [`Self::add_key`].
    pub(crate) fn new_key(&mut self, role: Role) -> Result<Key, RpcError> {
        if self.keys.unreadable {
            let message = "the keys of this board cannot be read: erase it at the board";
            return Err(RpcError::new(
                Code::FailedPrecondition,
                "keys_unreadable",
                message,
            ));
        }
        if self.keys.slots.len() >= limits::KEYS {
            let message = format!("all {} key slots are taken: remove one first", limits::KEYS);
            return Err(RpcError::new(
                Code::ResourceExhausted,
                "all_keys_taken",
                message,
            ));
        }
        let no_source = || {
            let message = "this board has no cryptographic source of random numbers for keys";
            RpcError::new(Code::FailedPrecondition, "not_supported", message)
        };
        let psk = Psk::new(self.random().ok_or_else(no_source)?);
        let kid = loop {
            let kid = KeyId(self.random().ok_or_else(no_source)?);
            if self.psk(kid).is_none() {
                break kid;
            }
        };
        Ok(Key {
            board: self.identity.id.clone(),
            kid,
            role,
            psk,
        })
    }

    /// Adds a key, unless all key slots were taken since it was made.
    pub(crate) fn adopt_key(
        &mut self,
        now: Duration,
        Key { kid, role, psk, .. }: &Key,
        name: &str,
    ) {
        if self.keys.slots.len() >= limits::KEYS {
            return;
        }
        let was_locked = self.is_locked();
        self.keys.slots.push(KeySlot {
            kid: *kid,
            role: *role,
            name: name.to_owned(),
            psk: psk.clone(),
        });
        self.save_keys(now);
        self.log(
            now,
            Level::Info,
            format_args!("key {kid} ({role}, {name}) added"),
        );
        if !was_locked {
            self.announcement_changed = true;
            self.connections.clients.close_without_key();
            self.end_update_at_lock(now);
            self.report_requirement(now, Source::Physical);
        }
    }

    /// Saves the keys without the usual delay: a key that was handed over must
    /// not be lost.
    fn save_keys(&mut self, now: Duration) {
        self.keys.unsaved = true;
        match &mut self.retention.state {
            SaveState::Idle | SaveState::Waiting { .. } => self.retention.state = SaveState::Due,
            SaveState::Writing { next } => *next = Some(now),
            _ => {}
        }
    }

    /// `Keys.List`.
    pub(crate) fn list_keys(&mut self, request: &Request<'_>) -> Result<Reply, RpcError> {
        self.check_locked()?;
        let own = self.access(request.caller).kid();
        let entry = |KeySlot {
                         kid, role, name, ..
                     }: &KeySlot| KeyEntry {
            kid: format!("{kid}"),
            name: name.clone(),
            role: role.word().into(),
            yours: own == Some(*kid),
            extra: Object::new(),
        };
        Ok(Reply::Value(json!(KeyList {
            keys: self.keys.slots.iter().map(entry).collect()
        })))
    }

    /// The name of a key and its role.
    pub(crate) fn key_details(&self, kid: KeyId) -> Option<(KeyId, &str, Role)> {
        self.keys
            .find(kid)
            .map(|slot| (slot.kid, slot.name.as_str(), slot.role))
    }

    /// `Keys.Add`.
    pub(crate) fn add_key_remotely(&mut self, request: &Request<'_>) -> Result<Reply, RpcError> {
        let Request { now, params, .. } = request;
        self.check_locked()?;
        let name = params.required_text("name", "1 to 32 bytes of UTF-8")?;
        let role = params.required_text("role", "control or view")?;
        let role: Role = role.parse().map_err(|_| {
            rules::invalid(
                "not_an_option",
                format!("role is control or view, not {}", text::clipped(role)),
            )
        })?;
        let key = self.add_key(*now, name, role)?;
        let (kid, text) = (format!("{}", key.kid), key.to_text());
        Ok(Reply::Value(json!(KeyAdded {
            kid,
            name: name.into(),
            role: role.word().into(),
            key: text.as_str().into()
        })))
    }

    /// `Keys.Remove`.
    pub(crate) fn remove_key(&mut self, request: &Request<'_>) -> Result<Reply, RpcError> {
        let (now, params) = (request.now, &request.params);
        self.check_locked()?;
        let word = params.required_text("kid", "the key's id, 8 hexadecimal digits")?;
        let known = word
            .parse()
            .ok()
            .filter(|kid| self.keys.find(*kid).is_some());
        let Some(kid) = known else {
            let message = format!("no key {}; see Keys.List", text::clipped(word));
            return Err(RpcError::new(Code::NotFound, "not_found", message));
        };
        let controls = |slot: &KeySlot| slot.kid != kid && slot.role == Role::Control;
        if !self.keys.slots.iter().any(controls) {
            let message = "this is the last key of role control: add another first, or erase the \
                 board at the board";
            return Err(RpcError::new(
                Code::FailedPrecondition,
                "last_control_key",
                message,
            ));
        }
        self.keys.slots.retain(|slot| slot.kid != kid);
        self.save_keys(now);
        self.log(now, Level::Info, format_args!("key {kid} removed"));
        self.connections.clients.close_key(kid);
        Ok(Reply::Value(json!({})))
    }

    /// What the sender of a request may do.
    pub(crate) fn access(&self, caller: Caller) -> Access {
        match caller {
            Caller::Client(id) => self.connections.clients.access(id),
            Caller::Post => Access::Open,
        }
    }

    fn check_locked(&self) -> Result<(), RpcError> {
        if self.is_locked() {
            return Ok(());
        }
        let message = "this board is open: its first key is made at the board, over its serial \
             port or by pairing";
        Err(RpcError::new(
            Code::FailedPrecondition,
            "not_locked",
            message,
        ))
    }
}

/// The error for plain text to a locked board.
pub fn locked() -> RpcError {
    let message = "this board is locked: it speaks only Noise, with clients that have one of its \
         keys (docs/protocol.md, \"Locked boards\"); other programs reach it through \
         `switchboard proxy`";
    RpcError::new(Code::Forbidden, "locked", message)
}

/// The error for a key that this board does not have.
pub fn wrong_key() -> RpcError {
    let message = "this board has no such key: it was removed, or belongs to another board; ask \
         for a new one from a person who controls the board";
    RpcError::new(Code::Forbidden, "wrong_key", message)
}
