//! What a locked board answers about its keys. No secret is in any of these but
//! in [`KeyAdded`].

use alloc::{string::String, vec::Vec};

use serde::{Deserialize, Serialize};

use crate::Object;

/// The result of `Keys.List`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct KeyList {
    /// In the order in which they were made.
    pub keys: Vec<KeyEntry>,
}

/// A key as `Keys.List` names it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct KeyEntry {
    /// Its name on the board: eight hexadecimal digits.
    pub kid: String,
    /// For people; 1 to 32 bytes.
    pub name: String,
    /// `control`, `view`, or a word of a newer board.
    pub role: String,
    /// The connection that asks was opened with it.
    pub yours: bool,
    /// Fields of a newer board, kept as they came.
    #[serde(flatten)]
    pub extra: Object,
}

/// The result of `Keys.Add`.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct KeyAdded {
    /// Its name on the board: eight hexadecimal digits.
    pub kid: String,
    /// For people.
    pub name: String,
    /// What it allows.
    pub role: String,
    /// The key as text: the secret itself, told once.
    pub key: String,
}

impl core::fmt::Debug for KeyAdded {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("KeyAdded")
            .field("kid", &self.kid)
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}

/// The parameters of `Keys.Add`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AddKey {
    /// For people; 1 to 32 bytes.
    pub name: String,
    /// `control` or `view`.
    pub role: String,
}

/// The parameters of `Keys.Remove`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RemoveKey {
    /// Its name on the board.
    pub kid: String,
}
