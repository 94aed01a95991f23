//! What a board retains without power: its keys, its name, the address of its
//! outbound connection, and the state of components that are
//! [`crate::Component::retained`]. Decides what is written and when, and what
//! is restored at the next boot. Knows no flash: [`Core::take_unsaved`] returns
//! the data to write, so that slow flash does not block the board, and
//! [`crate::Board::new`] takes it back.

use alloc::{borrow::ToOwned, string::String, vec::Vec};
use core::{fmt, str::FromStr, time::Duration};

use protocol::{ComponentKey, Descriptor, KeyError, Kind, Object, RpcError, Source, State};

use crate::{
    Core, Hardware,
    change::Slot,
    methods::{Reply, Request},
    reboot::Reboot,
    rules, text,
    update::failed_precondition,
};

/// The time from a change to the write that saves it. Flash wears, and a
/// dragged slider changes a hundred times: everything that changes in this time
/// is written at once.
pub const SAVE_DELAY: Duration = Duration::from_secs(5);

/// How long a reboot waits for a write. Erasing a flash sector takes up to 0.4
/// s, and a write may need a few.
pub(crate) const SAVE_TIMEOUT: Duration = Duration::from_secs(5);

/// The key of a retained value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum RetainedKey {
    /// The board's name.
    Name,
    /// All keys of the board.
    Keys,
    /// The address of the outbound connection.
    Outbound,
    /// Whether signed firmware is required.
    Signatures,
    /// The state of a component.
    Component(ComponentKey),
}

impl RetainedKey {
    /// The longest key as text, in bytes. A plan with a longer one is refused.
    pub const MAX_LEN: usize = 32;
}

impl fmt::Display for RetainedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name => f.write_str("name"),
            Self::Keys => f.write_str("keys"),
            Self::Outbound => f.write_str("outbound"),
            Self::Signatures => f.write_str("signatures"),
            Self::Component(key) => key.fmt(f),
        }
    }
}

impl FromStr for RetainedKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        match text {
            "name" => Ok(Self::Name),
            "keys" => Ok(Self::Keys),
            "outbound" => Ok(Self::Outbound),
            "signatures" => Ok(Self::Signatures),
            component => component.parse().map(Self::Component),
        }
    }
}

/// A retained value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retained {
    /// Its key.
    pub key: RetainedKey,
    /// The name, or the address of the outbound connection (empty for none), as
    /// UTF-8; `1` or `0` for signatures; the fields of a component as a JSON
    /// object; or the keys, which are secret bytes.
    pub value: Vec<u8>,
}

impl Retained {
    /// The longest value, in bytes. A component whose state needs more is not
    /// retained. A text of 255 bytes, each escaped, needs 522.
    pub const MAX_LEN: usize = 640;
}

/// What the driver has to do to its flash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unsaved {
    /// Write these values in this order, and leave the others.
    Write(Vec<Retained>),
    /// Erase everything that is retained, including the Wi-Fi password.
    Erase,
}

/// What is being saved, and what was saved last.
pub(crate) struct Retention {
    pub(crate) state: SaveState,
    /// The name that was saved last; `None` if that is not known.
    saved_name: Option<String>,
}

impl Retention {
    /// For a board that has just booted with this name.
    pub(crate) fn of(name: &str) -> Self {
        Self {
            state: SaveState::Idle,
            saved_name: Some(name.to_owned()),
        }
    }
}

/// The stage of saving.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SaveState {
    /// Everything is saved.
    Idle,
    /// Something changed; it is saved at `due`.
    Waiting { due: Duration },
    /// Ready to be taken.
    Due,
    /// Being written. What changed since then is saved at `next`.
    Writing { next: Option<Duration> },
    /// Everything is to be erased as soon as the clients have been told.
    EraseRequested,
    /// The erase command is ready to be taken.
    EraseDue,
    /// Being erased; nothing is saved any more.
    Erasing,
    /// Erased; nothing is saved any more.
    Erased,
}

/// The retained value of a component: its fields that can change.
pub(crate) fn value(descriptor: &Descriptor, state: &State) -> String {
    let can_change = |field: &str| {
        matches!(descriptor.kind, Kind::Unknown(_))
            || rules::fields(&descriptor.kind).contains(&field)
    };
    let retained: State = state
        .0
        .iter()
        .filter(|(field, _)| can_change(field))
        .map(|(field, value)| (field, value.clone()))
        .collect();
    text::json(&retained.0)
}

/// The whole state of a component with its retained fields; `None` if they do
/// not fit. Flash may hold values of another plan, or any other bytes.
pub(crate) fn restored(descriptor: &Descriptor, planned: &State, retained: &[u8]) -> Option<State> {
    if retained.len() > Retained::MAX_LEN {
        return None;
    }
    let fields: Object = serde_json::from_slice(retained).ok()?;
    let accepted = rules::accept(descriptor, planned, State::from(fields)).ok()?;
    let mut state = planned.clone();
    state.merge(&accepted);
    Some(state)
}

/// The retained name, if it is valid.
pub(crate) fn restored_name(retained: &[u8]) -> Option<String> {
    let name = core::str::from_utf8(retained).ok()?;
    rules::check_name(name).ok()?;
    Some(name.to_owned())
}

/// The retained value of a key; the last one if there are several.
pub(crate) fn find<'a>(retained: &'a [Retained], key: &RetainedKey) -> Option<&'a [u8]> {
    retained
        .iter()
        .rev()
        .find(|entry| entry.key == *key)
        .map(|entry| entry.value.as_slice())
}

impl Slot {
    fn unsaved(&self) -> Option<String> {
        let saved = self.retained.as_ref()?;
        let value = value(&self.descriptor, &self.state);
        (saved.as_ref() != Some(&value) && value.len() <= Retained::MAX_LEN).then_some(value)
    }
}

impl<H: Hardware> Core<H> {
    /// What to write now, if anything: [`SAVE_DELAY`] after a change, and at
    /// once before a reboot. The driver reports the outcome with
    /// [`Self::saved`] or [`Self::save_failed`], and gets nothing more until
    /// then. A driver that never calls this retains nothing.
    pub fn take_unsaved(&mut self, now: Duration) -> Option<Unsaved> {
        match self.retention.state {
            SaveState::EraseDue => {
                self.retention.state = SaveState::Erasing;
                return Some(Unsaved::Erase);
            }
            SaveState::Due => {}
            SaveState::Waiting { due } if now >= due || self.reboot.is_requested() => {}
            _ => return None,
        }
        let mut unsaved = Vec::new();
        if core::mem::take(&mut self.keys.unsaved) {
            unsaved.push(Retained {
                key: RetainedKey::Keys,
                value: self.keys.to_bytes(),
            });
        }
        if self.retention.saved_name.as_ref() != Some(&self.identity.name) {
            unsaved.push(Retained {
                key: RetainedKey::Name,
                value: self.identity.name.clone().into_bytes(),
            });
            self.retention.saved_name = Some(self.identity.name.clone());
        }
        if core::mem::take(&mut self.outbound.unsaved) {
            unsaved.push(Retained {
                key: RetainedKey::Outbound,
                value: self.outbound.to_bytes(),
            });
        }
        if core::mem::take(&mut self.update.signatures.unsaved) {
            unsaved.push(Retained {
                key: RetainedKey::Signatures,
                value: self.update.signatures.to_bytes(),
            });
        }
        for slot in &mut self.components.slots {
            let Some(value) = slot.unsaved() else {
                continue;
            };
            let key = RetainedKey::Component(slot.descriptor.key.clone());
            unsaved.push(Retained {
                key,
                value: value.clone().into_bytes(),
            });
            slot.retained = Some(Some(value));
        }
        if unsaved.is_empty() {
            self.retention.state = SaveState::Idle;
            return None;
        }
        self.retention.state = SaveState::Writing { next: None };
        Some(Unsaved::Write(unsaved))
    }

    /// Whether [`Self::take_unsaved`] may return something, as in
    /// [`crate::Effects`].
    pub fn has_unsaved(&self) -> bool {
        match self.retention.state {
            SaveState::Due | SaveState::EraseDue => true,
            SaveState::Waiting { .. } => self.reboot.is_requested(),
            _ => false,
        }
    }

    /// What was taken was written or erased.
    pub fn saved(&mut self) {
        self.retention.state = match self.retention.state {
            SaveState::Writing { next: Some(due) } => SaveState::Waiting { due },
            SaveState::Writing { next: None } => SaveState::Idle,
            SaveState::Erasing => SaveState::Erased,
            ref other => other.clone(),
        };
    }

    /// What was taken could not be written completely. It is returned again
    /// after [`SAVE_DELAY`], but not before a reboot. A failed erase is not
    /// repeated.
    pub fn save_failed(&mut self, now: Duration, failed: &Unsaved) {
        self.saved();
        let Unsaved::Write(failed) = failed else {
            return;
        };
        if self.reboot.is_requested() {
            // Failing flash must not prevent a restart.
            if !self.is_being_erased() {
                self.retention.state = SaveState::Idle;
            }
            return;
        }
        for retained in failed {
            match &retained.key {
                RetainedKey::Name => self.retention.saved_name = None,
                RetainedKey::Keys => self.keys.unsaved = true,
                RetainedKey::Outbound => self.outbound.unsaved = true,
                RetainedKey::Signatures => self.update.signatures.unsaved = true,
                RetainedKey::Component(key) => {
                    if let Some(at) = self.position(key)
                        && let Some(slot) = self.components.slots.get_mut(at)
                        && slot.retained.is_some()
                    {
                        slot.retained = Some(None);
                    }
                }
            }
        }
        self.schedule_save(now);
    }

    /// `Device.FactoryReset`: as [`Self::factory_reset`], but the flash is
    /// erased only once the response has left the board, because a chip sends
    /// nothing while it erases.
    pub(crate) fn request_factory_reset(
        &mut self,
        request: &Request<'_>,
    ) -> Result<Reply, RpcError> {
        if !self.is_locked() && self.requires_signatures() {
            let message = "a factory reset would switch off the required signatures: reset this \
                 open board at the board";
            return Err(failed_precondition("at_the_board", message));
        }
        self.end_pairing(request.now, Some("the board is erased"));
        self.drop_update();
        self.return_to_signed_image();
        self.retention.state = SaveState::EraseRequested;
        self.reboot = Reboot::requested_by(request.caller);
        Ok(Reply::DONE)
    }

    /// A person at the board resets it: everything that is retained is erased,
    /// and the board restarts. Clients are told as by `Device.FactoryReset`. If
    /// the running image is not signed and the other one is, that one runs
    /// then.
    pub fn factory_reset(&mut self, now: Duration) {
        self.end_pairing(now, Some("the board is erased"));
        if !matches!(self.retention.state, SaveState::Erasing | SaveState::Erased) {
            self.retention.state = SaveState::EraseDue;
        }
        if !self.reboot.is_requested() {
            self.drop_update();
            self.return_to_signed_image();
            self.reboot = Reboot::Requested {
                by: Source::Physical,
                when_alone: true,
            };
            self.announce_reboot(now);
        }
    }

    /// A retained value may have changed.
    pub(crate) fn schedule_save(&mut self, now: Duration) {
        let due = now + SAVE_DELAY;
        match &mut self.retention.state {
            SaveState::Idle => self.retention.state = SaveState::Waiting { due },
            SaveState::Writing { next: next @ None } => *next = Some(due),
            _ => {}
        }
    }

    /// The component at this position may have changed.
    pub(crate) fn schedule_component_save(&mut self, now: Duration, at: usize) {
        if self
            .components
            .slots
            .get(at)
            .is_some_and(|slot| slot.retained.is_some())
        {
            self.schedule_save(now);
        }
    }

    /// Makes what is due ready to be taken.
    pub(crate) fn save_when_due(&mut self, now: Duration) {
        if self.next_save().is_some_and(|due| due <= now) {
            self.retention.state = match self.retention.state {
                SaveState::EraseRequested => SaveState::EraseDue,
                _ => SaveState::Due,
            };
        }
    }

    /// When [`Self::save_when_due`] is due.
    pub(crate) fn next_save(&self) -> Option<Duration> {
        match self.retention.state {
            SaveState::Waiting { due } => Some(due),
            SaveState::EraseRequested => self.told_by(),
            _ => None,
        }
    }

    /// Whether the restart that was requested erases the board.
    pub(crate) fn is_being_erased(&self) -> bool {
        matches!(
            self.retention.state,
            SaveState::EraseRequested
                | SaveState::EraseDue
                | SaveState::Erasing
                | SaveState::Erased
        )
    }

    /// Whether a reboot would lose a change.
    pub(crate) fn is_saving(&self) -> bool {
        !matches!(self.retention.state, SaveState::Idle | SaveState::Erased)
    }
}
