//! What a virtual board keeps without power: as long as this program runs. What is kept, and when, is the board core's.

use std::{collections::BTreeMap, convert::Infallible};

use board::{Retained, RetainedKey, Unsaved};

/// The memory of one board.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    kept: BTreeMap<RetainedKey, Vec<u8>>,
}

impl Memory {
    /// Everything that is kept.
    pub(crate) fn retained(&self) -> Vec<Retained> {
        self.kept.iter().map(|(key, value)| Retained { key: key.clone(), value: value.clone() }).collect()
    }

    /// The name that is kept, if one is.
    pub(crate) fn name(&self) -> Option<String> {
        String::from_utf8(self.kept.get(&RetainedKey::Name)?.clone()).ok()
    }

    /// Writes or erases.
    pub(crate) fn save(&mut self, unsaved: &Unsaved) -> Result<(), Infallible> {
        match unsaved {
            Unsaved::Write(retained) => {
                self.kept.extend(retained.iter().map(|kept| (kept.key.clone(), kept.value.clone())));
            }
            Unsaved::Erase => self.kept.clear(),
        }
        Ok(())
    }
}
