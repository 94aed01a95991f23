//! How the window calls the key or the password of a board, which depends on
//! its family.

use std::fmt;

use fleet::{BoardView, CredentialKind, Lock};
use keys::Role;
use zeroize::Zeroizing;

/// A typed key or password: zeroed when dropped, omitted from `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// The text.
    pub(crate) fn text(&self) -> &str {
        &self.0
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(Zeroizing::new(text))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(..)")
    }
}

/// What the board asks for. A board of a family that asks for nothing is never
/// locked.
pub(crate) fn kind(board: &BoardView) -> CredentialKind {
    CredentialKind::of(board.family).unwrap_or(CredentialKind::BoardKey)
}

/// What opens the dialog in which it is entered.
pub(crate) fn enter(board: &BoardView) -> &'static str {
    match kind(board) {
        CredentialKind::Password => "Enter password…",
        CredentialKind::BoardKey | CredentialKind::NoiseKey => "Enter key…",
    }
}

/// What opens the dialog in which it is forgotten.
pub(crate) fn forget(kind: CredentialKind) -> &'static str {
    match kind {
        CredentialKind::Password => "Forget password…",
        CredentialKind::BoardKey | CredentialKind::NoiseKey => "Forget key…",
    }
}

/// Whether the board can be paired with: one of ours that can be connected to.
pub(crate) fn can_pair(board: &BoardView) -> bool {
    board.family.is_ours() && !board.inbound_only
}

/// What a banner says about a board whose key or password is missing or
/// rejected.
pub(crate) fn sentence(board: &BoardView, rejected: bool) -> &'static str {
    match (kind(board), rejected) {
        (CredentialKind::BoardKey, false) => "Locked: this computer has no key for this board.",
        (CredentialKind::BoardKey, true) => "Locked: this board rejects the key of this computer.",
        (CredentialKind::Password, false) => "This board asks for a password.",
        (CredentialKind::Password, true) => {
            "This board rejects the password. It is not tried again until you enter another one."
        }
        (CredentialKind::NoiseKey, false) => "This board needs its encryption key.",
        (CredentialKind::NoiseKey, true) => {
            "This board rejects the encryption key. It is not tried again until you enter another \
             one."
        }
    }
}

/// The badge next to the name of a board that is not open, and what it means.
pub(crate) fn badge(board: &BoardView) -> Option<(&'static str, &'static str)> {
    let lock = board.lock();
    Some(match (kind(board), lock) {
        (_, Lock::Unknown | Lock::Open) => return None,
        (CredentialKind::BoardKey, Lock::Unlocked(Role::Control)) => (
            "locked",
            "Encrypted; the key of this computer allows control",
        ),
        (CredentialKind::BoardKey, Lock::Unlocked(Role::View)) => (
            "locked",
            "Encrypted; the key of this computer allows viewing only",
        ),
        (CredentialKind::BoardKey, Lock::NoKey) => (
            "locked, no key",
            "Encrypted; this computer has no key for it",
        ),
        (CredentialKind::BoardKey, Lock::WrongKey) => (
            "locked, wrong key",
            "Encrypted; the board rejects the key of this computer",
        ),
        (CredentialKind::Password, Lock::Unlocked(_)) => (
            "password",
            "Protected by a password, which this computer has; not encrypted",
        ),
        (CredentialKind::Password, Lock::NoKey) => (
            "no password",
            "Protected by a password, which this computer does not have",
        ),
        (CredentialKind::Password, Lock::WrongKey) => (
            "wrong password",
            "Protected by a password; the board rejects the one that this computer has",
        ),
        (CredentialKind::NoiseKey, Lock::Unlocked(_)) => {
            ("encrypted", "Encrypted; this computer has its key")
        }
        (CredentialKind::NoiseKey, Lock::NoKey) => (
            "encrypted, no key",
            "Encrypted; this computer does not have its key",
        ),
        (CredentialKind::NoiseKey, Lock::WrongKey) => (
            "encrypted, wrong key",
            "Encrypted; the board rejects the key of this computer",
        ),
    })
}
