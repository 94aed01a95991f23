//! Who may control a locked board: its keys, with their roles. Decides which
//! there are and what each allows; that somebody has one is proved by the
//! handshake of the crate noise, whose secrets and random numbers come from
//! here.

use alloc::{borrow::ToOwned, format, string::String, vec::Vec};
use core::{fmt, time::Duration};

use noise::{Hello, Key, KeyId, Psk, Role};
use protocol::{
    Code, Level, Object, RpcError,
    keys::{KeyAdded, KeyEntry, KeyList},
    limits,
};
use serde_json::json;

use crate::{
    ClientId, Core, Hardware,
    commands::Caller,
    methods::{Reply, Request},
    retained::Keeping,
    rules, text,
};

/// The version of the form in which keys are kept.
const FORM: u8 = 1;

/// What a client may do, as it proved when it connected.
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

    /// Whether it is no more than to look.
    pub(crate) fn is_view(self) -> bool {
        matches!(self, Self::Key(_, Role::View))
    }
}

/// One of the board's keys.
struct Slot {
    kid: KeyId,
    role: Role,
    name: String,
    psk: Psk,
}

/// The board's keys.
#[derive(Default)]
pub(crate) struct Keys {
    slots: Vec<Slot>,
    /// Something was kept that is no list of keys: nobody gets in, for it may
    /// have been one.
    broken: bool,
    /// They are others than those that are kept.
    pub(crate) unsaved: bool,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keys({})", self.slots.len())
    }
}

impl Keys {
    /// The keys that were kept, if any were.
    pub(crate) fn restored(kept: Option<&[u8]>) -> Self {
        let Some(kept) = kept else {
            return Self::default();
        };
        let slots = read(kept).filter(|slots| !slots.is_empty());
        let broken = slots.is_none();
        Self {
            slots: slots.unwrap_or_default(),
            broken,
            unsaved: false,
        }
    }

    /// As they are kept.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = alloc::vec![FORM];
        for Slot {
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
        self.broken || !self.slots.is_empty()
    }

    fn find(&self, kid: KeyId) -> Option<&Slot> {
        self.slots.iter().find(|slot| slot.kid == kid)
    }
}

/// Reads what [`Keys::to_bytes`] wrote.
fn read(bytes: &[u8]) -> Option<Vec<Slot>> {
    let [FORM, rest @ ..] = bytes else {
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
        slots.push(Slot {
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
        return Err(rules::bad(
            "out_of_range",
            format!("a key's name has 1 to {most} bytes, not {}", name.len()),
        ));
    }
    if name.chars().any(char::is_control) {
        return Err(rules::bad(
            "control_character",
            "a key's name has no control characters".to_owned(),
        ));
    }
    Ok(())
}

impl<H: Hardware> Core<H> {
    /// Whether only who has a key is obeyed.
    pub fn is_locked(&self) -> bool {
        self.keys.is_locked()
    }

    /// A controller proved that it has this key, and opened `/rpc`.
    ///
    /// # Errors
    /// As [`Core::connect`]; `wrong_key` where the key was removed meanwhile.
    pub fn connect_with_key(&mut self, now: Duration, kid: KeyId) -> Result<ClientId, RpcError> {
        self.adopt_pending_key(now, kid);
        let Some(role) = self.keys.find(kid).map(|slot| slot.role) else {
            return Err(wrong_key());
        };
        self.admit(now, Access::Key(kid, role))
    }

    /// The secret of a key; `None` where the board has no such key. One that
    /// was given to a controller by pairing and has yet to be proved is among
    /// them.
    pub fn psk(&self, kid: KeyId) -> Option<Psk> {
        let pending = self.pairing.pending().filter(|key| key.kid == kid);
        self.keys
            .find(kid)
            .map(|slot| slot.psk.clone())
            .or_else(|| pending.map(|key| key.psk.clone()))
    }

    /// What a key allows; `None` where the board has no such key.
    pub fn role(&self, kid: KeyId) -> Option<Role> {
        self.keys.find(kid).map(|slot| slot.role)
    }

    /// What a connection is greeted with, and fresh random bytes for the answer
    /// to it. `None` where this hardware has no source of them.
    pub fn greeting(&mut self) -> Option<Hello> {
        self.random()
            .map(|challenge| Hello::new(&self.identity.id, challenge))
    }

    /// Fresh bytes from a cryptographic source.
    pub fn random<const N: usize>(&mut self) -> Option<[u8; N]> {
        let mut bytes = [0; N];
        self.hardware.random(&mut bytes).then_some(bytes)
    }

    /// Makes a key and adds it. To be called for a hand at the board alone, or
    /// for who has proved a key of role control; with its first key the board
    /// is locked, and everyone who is connected without one is let go.
    ///
    /// # Errors
    /// Where the name is none, all places are taken, or there is no source of
    /// random numbers.
    pub fn add_key(&mut self, now: Duration, name: &str, role: Role) -> Result<Key, RpcError> {
        check_name(name)?;
        let key = self.new_key(role)?;
        self.adopt_key(now, &key, name);
        Ok(key)
    }

    /// A key that is not yet one of the board's.
    ///
    /// # Errors
    /// As [`Self::add_key`].
    pub(crate) fn new_key(&mut self, role: Role) -> Result<Key, RpcError> {
        if self.keys.broken {
            let message = "the keys of this board cannot be read: erase it at the board";
            return Err(RpcError::new(
                Code::FailedPrecondition,
                "keys_unreadable",
                message,
            ));
        }
        if self.keys.slots.len() >= limits::KEYS {
            let message = format!(
                "all {} places for keys are taken: remove one first",
                limits::KEYS
            );
            return Err(RpcError::new(
                Code::ResourceExhausted,
                "all_keys_taken",
                message,
            ));
        }
        let no_source = || {
            let message = "this board has no source of random numbers that is good enough for keys";
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

    /// From now on this is one of the board's keys. Where all places were taken
    /// since it was made, it is dropped.
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
        self.keys.slots.push(Slot {
            kid: *kid,
            role: *role,
            name: name.to_owned(),
            psk: psk.clone(),
        });
        self.keep_keys(now);
        self.log(
            now,
            Level::Info,
            format_args!("key {kid} ({role}, {name}) added"),
        );
        if !was_locked {
            self.announcement_changed = true;
            self.connections.clients.let_go_without_key();
            self.drop_update();
        }
    }

    /// Sees to it that the keys are written at once: a key that was handed over
    /// must not be forgotten.
    fn keep_keys(&mut self, now: Duration) {
        self.keys.unsaved = true;
        match &mut self.retention.state {
            Keeping::Rests | Keeping::Waits { .. } => self.retention.state = Keeping::Due,
            Keeping::Writing { next } => *next = Some(now),
            _ => {}
        }
    }

    /// `Keys.List`.
    pub(crate) fn list_keys(&mut self, request: &Request<'_>) -> Result<Reply, RpcError> {
        self.only_locked()?;
        let own = self.access(request.caller).kid();
        let entry = |Slot {
                         kid, role, name, ..
                     }: &Slot| KeyEntry {
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

    /// The name of a key, for people, and what it allows.
    pub(crate) fn key_of(&self, kid: KeyId) -> Option<(KeyId, &str, Role)> {
        self.keys
            .find(kid)
            .map(|slot| (slot.kid, slot.name.as_str(), slot.role))
    }

    /// `Keys.Add`.
    pub(crate) fn add_key_remotely(&mut self, request: &Request<'_>) -> Result<Reply, RpcError> {
        let Request { now, params, .. } = request;
        self.only_locked()?;
        let name = params.needed_text("name", "1 to 32 bytes of UTF-8")?;
        let role = params.needed_text("role", "control or view")?;
        let role: Role = role.parse().map_err(|_| {
            rules::bad(
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
        self.only_locked()?;
        let word = params.needed_text("kid", "the key's name, 8 hexadecimal digits")?;
        let known = word
            .parse()
            .ok()
            .filter(|kid| self.keys.find(*kid).is_some());
        let Some(kid) = known else {
            let message = format!(
                "no key {}; Keys.List names those that there are",
                text::clipped(word)
            );
            return Err(RpcError::new(Code::NotFound, "not_found", message));
        };
        let controls = |slot: &Slot| slot.kid != kid && slot.role == Role::Control;
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
        self.keep_keys(now);
        self.log(now, Level::Info, format_args!("key {kid} removed"));
        self.connections.clients.let_go(kid);
        Ok(Reply::Value(json!({})))
    }

    /// What who asks may do.
    pub(crate) fn access(&self, caller: Caller) -> Access {
        match caller {
            Caller::Client(id) => self.connections.clients.access(id),
            Caller::Post => Access::Open,
        }
    }

    fn only_locked(&self) -> Result<(), RpcError> {
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

/// The refusal of whoever speaks in plain text to a locked board.
pub fn locked() -> RpcError {
    let message = "this board is locked: it speaks Noise with who has one of its keys \
         (docs/protocol.md, \"Locked boards\"); \
                   other programs reach it through `switchboard proxy`";
    RpcError::new(Code::Forbidden, "locked", message)
}

/// The refusal of a key that is none of this board's.
pub fn wrong_key() -> RpcError {
    let message = "this board has no such key: it was removed, or never was one; ask who controls \
         the board for a new one";
    RpcError::new(Code::Forbidden, "wrong_key", message)
}
