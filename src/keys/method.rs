//! The methods of a locked board that are about its keys (docs/protocol.md, "Roles and keys").

/// Which keys the board has.
pub(crate) const KEYS_LIST: &str = "Keys.List";

/// Makes a key, and tells it once.
pub(crate) const KEYS_ADD: &str = "Keys.Add";

/// Makes a key worthless.
pub(crate) const KEYS_REMOVE: &str = "Keys.Remove";
