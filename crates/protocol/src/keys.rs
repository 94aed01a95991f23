//! Parameters and results of the `Keys` methods. Only [`KeyAdded`] contains a
//! secret.

use alloc::{string::String, vec::Vec};

use serde::{Deserialize, Serialize};

use crate::Object;

/// The result of `Keys.List`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct KeyList {
    /// In the order in which they were created.
    pub keys: Vec<KeyEntry>,
}

/// One key in `Keys.List`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct KeyEntry {
    /// Its identifier on the board: eight hexadecimal digits.
    pub kid: String,
    /// Display name; 1 to 32 bytes.
    pub name: String,
    /// `control`, `view`, or a word of a newer board.
    pub role: String,
    /// Whether the requesting connection uses it.
    pub yours: bool,
    /// Unknown fields of a newer board, unchanged.
    #[serde(flatten)]
    pub extra: Object,
}

/// The result of `Keys.Add`.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct KeyAdded {
    /// Its identifier on the board: eight hexadecimal digits.
    pub kid: String,
    /// Display name.
    pub name: String,
    /// `control` or `view`.
    pub role: String,
    /// The key as text. This is the secret itself and is returned only once.
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
    /// Display name; 1 to 32 bytes.
    pub name: String,
    /// `control` or `view`.
    pub role: String,
}

/// The parameters of `Keys.Remove`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RemoveKey {
    /// The key's identifier on the board.
    pub kid: String,
}
