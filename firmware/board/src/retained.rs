//! What a board keeps without power: its keys, its name, where it calls, and
//! the state of components that are [`crate::Component::retained`]. Decides
//! what is written and when, and what of it counts at the next boot. Knows no
//! flash: what is to be written goes out as data, by [`Core::take_unsaved`],
//! so that a slow flash holds nobody up, and comes back in [`Board::new`].

use alloc::{borrow::ToOwned, string::String, vec::Vec};
use core::{fmt, str::FromStr, time::Duration};

use protocol::{ComponentKey, Descriptor, KeyError, Kind, Object, Source, State};

use crate::{Core, Hardware, change::Slot, reboot::Reboot, rules, text};

/// From a change to the write that keeps it: flash wears, and a dragged slider
/// changes a hundred times. A write has everything that changed until then, so
/// there is one in this time at most.
pub const SAVE_DELAY: Duration = Duration::from_secs(5);

/// How long a reboot waits for what is being written. Erasing a flash sector
/// takes up to 0.4 s, and a few may be in the way.
pub(crate) const SAVE_TIMEOUT: Duration = Duration::from_secs(5);

/// What something is kept under.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum RetainedKey {
    /// The board's name.
    Name,
    /// The board's keys, all of them.
    Keys,
    /// Where the board calls.
    Outbound,
    /// The state of a component.
    Component(ComponentKey),
}

impl RetainedKey {
    /// The longest as text, in bytes; a plan with a longer one is refused.
    pub const LONGEST: usize = 32;
}

impl fmt::Display for RetainedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name => f.write_str("name"),
            Self::Keys => f.write_str("keys"),
            Self::Outbound => f.write_str("outbound"),
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
            component => component.parse().map(Self::Component),
        }
    }
}

/// Something to keep, or that was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retained {
    /// Under what.
    pub key: RetainedKey,
    /// UTF-8, the name or the address to call as it is (empty where there is
    /// none), or a component's fields as a JSON object; or the keys, which are
    /// bytes and secret.
    pub value: Vec<u8>,
}

impl Retained {
    /// The longest value, in bytes; a component whose state needs more is not
    /// kept. A text of 255 bytes, each escaped, needs 522.
    pub const LONGEST: usize = 640;
}

/// What the embedding shall do to its flash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unsaved {
    /// Write these, in this order; whatever else is kept stays.
    Write(Vec<Retained>),
    /// Erase all that is kept: this, the Wi-Fi's password, keys, everything.
    Erase,
}

/// What is retained, compared with what is so.
pub(crate) struct Retention {
    pub(crate) state: Keeping,
    /// The name as it is retained; `None` if that is not known.
    saved_name: Option<String>,
}

impl Retention {
    /// Of a board that has just booted with this name.
    pub(crate) fn of(name: &str) -> Self {
        Self {
            state: Keeping::Rests,
            saved_name: Some(name.to_owned()),
        }
    }
}

/// How far keeping has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Keeping {
    /// What is kept is what is so.
    Rests,
    /// Something changed.
    Waits { due: Duration },
    /// To be taken.
    Due,
    /// Taken. What changed since is due at `next`.
    Writing { next: Option<Duration> },
    /// Everything is to be erased.
    EraseDue,
    /// Taken; nothing is kept any more.
    Erasing,
    /// Nothing is kept any more.
    Erased,
}

/// What a component is kept as: its fields that may change.
pub(crate) fn value(descriptor: &Descriptor, state: &State) -> String {
    let changes = |field: &String| {
        matches!(descriptor.kind, Kind::Unknown(_))
            || rules::fields(&descriptor.kind).contains(&field.as_str())
    };
    let kept: State = state
        .0
        .iter()
        .filter(|(field, _)| changes(field))
        .map(|(f, v)| (f.clone(), v.clone()))
        .collect();
    text::json(&kept.0)
}

/// The whole state of a component with what was kept of it; `None` where that
/// is no state of this component. Flash may hold anything: a board of another
/// plan wrote it, or nobody did.
pub(crate) fn restored(descriptor: &Descriptor, planned: &State, kept: &[u8]) -> Option<State> {
    if kept.len() > Retained::LONGEST {
        return None;
    }
    let fields: Object = serde_json::from_slice(kept).ok()?;
    let accepted = rules::accept(descriptor, planned, State::from(fields)).ok()?;
    let mut state = planned.clone();
    state.merge(&accepted);
    Some(state)
}

/// The name that was kept; `None` where that is none.
pub(crate) fn restored_name(kept: &[u8]) -> Option<String> {
    let name = core::str::from_utf8(kept).ok()?;
    rules::check_name(name).ok()?;
    Some(name.to_owned())
}

/// The value kept under a key; of several the last.
pub(crate) fn find<'a>(retained: &'a [Retained], key: &RetainedKey) -> Option<&'a [u8]> {
    retained
        .iter()
        .rev()
        .find(|kept| kept.key == *key)
        .map(|kept| kept.value.as_slice())
}

impl Slot {
    fn unsaved(&self) -> Option<String> {
        let saved = self.retained.as_ref()?;
        let value = value(&self.descriptor, &self.state);
        (saved.as_ref() != Some(&value) && value.len() <= Retained::LONGEST).then_some(value)
    }
}

impl<H: Hardware> Core<H> {
    /// What is to be written now, if anything is: [`SAVE_DELAY`] a change, and
    /// at once before a reboot. To be asked after each call that takes `now`;
    /// what is taken is answered with [`Self::saved`] or [`Self::save_failed`],
    /// before which nothing more is handed out. An embedding that never asks
    /// keeps nothing.
    pub fn take_unsaved(&mut self, now: Duration) -> Option<Unsaved> {
        match self.retention.state {
            Keeping::EraseDue => {
                self.retention.state = Keeping::Erasing;
                return Some(Unsaved::Erase);
            }
            Keeping::Due => {}
            Keeping::Waits { due } if now >= due || self.reboot.is_requested() => {}
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
            self.retention.state = Keeping::Rests;
            return None;
        }
        self.retention.state = Keeping::Writing { next: None };
        Some(Unsaved::Write(unsaved))
    }

    /// Whether [`Self::take_unsaved`] may have something.
    pub fn has_unsaved(&self) -> bool {
        match self.retention.state {
            Keeping::Due | Keeping::EraseDue => true,
            Keeping::Waits { .. } => self.reboot.is_requested(),
            _ => false,
        }
    }

    /// What was taken has been written or erased.
    pub fn saved(&mut self) {
        self.retention.state = match self.retention.state {
            Keeping::Writing { next: Some(due) } => Keeping::Waits { due },
            Keeping::Writing { next: None } => Keeping::Rests,
            Keeping::Erasing => Keeping::Erased,
            ref other => other.clone(),
        };
    }

    /// What was taken could not be written, or only a part of it: it is handed
    /// out again after [`SAVE_DELAY`], but not before a reboot. What could not
    /// be erased stays.
    pub fn save_failed(&mut self, now: Duration, failed: &Unsaved) {
        self.saved();
        let Unsaved::Write(failed) = failed else {
            return;
        };
        if self.reboot.is_requested() {
            // Flash that fails must not keep a board from restarting.
            self.retention.state = Keeping::Rests;
            return;
        }
        for retained in failed {
            match &retained.key {
                RetainedKey::Name => self.retention.saved_name = None,
                RetainedKey::Keys => self.keys.unsaved = true,
                RetainedKey::Outbound => self.outbound.unsaved = true,
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
        self.note_change(now);
    }

    /// A hand at the board wants it as it was when it was new: everything that
    /// is kept is erased, and the board restarts. Clients are told of the
    /// restart as by `Device.Reboot`.
    pub fn factory_reset(&mut self, now: Duration) {
        self.end_pairing(now, Some("the board is erased"));
        if !matches!(self.retention.state, Keeping::Erasing | Keeping::Erased) {
            self.retention.state = Keeping::EraseDue;
        }
        if !self.reboot.is_requested() {
            self.reboot = Reboot::Requested {
                by: Source::Physical,
                when_alone: true,
            };
            self.announce_reboot(now);
        }
    }

    /// Something that is kept may have changed.
    pub(crate) fn note_change(&mut self, now: Duration) {
        let due = now + SAVE_DELAY;
        match &mut self.retention.state {
            Keeping::Rests => self.retention.state = Keeping::Waits { due },
            Keeping::Writing { next: next @ None } => *next = Some(due),
            _ => {}
        }
    }

    /// The component at this place may have changed.
    pub(crate) fn note_component(&mut self, now: Duration, at: usize) {
        if self
            .components
            .slots
            .get(at)
            .is_some_and(|slot| slot.retained.is_some())
        {
            self.note_change(now);
        }
    }

    /// Hands out what is due.
    pub(crate) fn keep(&mut self, now: Duration) {
        if self.next_keep().is_some_and(|due| due <= now) {
            self.retention.state = Keeping::Due;
        }
    }

    /// When [`Self::keep`] is due.
    pub(crate) fn next_keep(&self) -> Option<Duration> {
        match self.retention.state {
            Keeping::Waits { due } => Some(due),
            _ => None,
        }
    }

    /// Whether a reboot would lose something.
    pub(crate) fn is_saving(&self) -> bool {
        !matches!(self.retention.state, Keeping::Rests | Keeping::Erased)
    }
}
