//! What boards of each family ask for before they obey: what the user enters,
//! and how a missing or rejected one is reported. Plain data and text.

use families::Family;
use keys::{Key, KeyTextError, Keys, NoiseKeyError, Password, PasswordTextError, esphome_key};

use crate::state::LinkProblem;

/// What a board asks for before it obeys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CredentialKind {
    /// One of the keys that our boards make: a line of text.
    BoardKey,
    /// The password of a Shelly.
    Password,
    /// The key in the YAML file of an ESPHome board.
    NoiseKey,
}

/// A text is not what the board asks for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CredentialError {
    /// It is not a key of one of our boards.
    #[error(transparent)]
    BoardKey(#[from] KeyTextError),
    /// It is the key of another board.
    #[error("this key belongs to {found}, not to {expected}")]
    OtherBoard {
        /// The board that it is entered for.
        expected: String,
        /// The board that it belongs to.
        found: String,
    },
    /// It is not a password.
    #[error("a password has 1 to 256 bytes")]
    Password(#[from] PasswordTextError),
    /// It is not a key of an ESPHome board.
    #[error(transparent)]
    NoiseKey(#[from] NoiseKeyError),
    /// The board did not say which it is, and the text does not either.
    #[error(
        "this board has not said its id yet, under which its {} would be stored; connect to it \
         once, or wait until it announces itself",
        .0.noun()
    )]
    UnknownId(CredentialKind),
    /// Boards of this family ask for nothing.
    #[error("boards of {} have neither a password nor a key", .0.title())]
    Needless(Family),
}

impl CredentialKind {
    /// What boards of this family ask for; `None`: for nothing.
    pub const fn of(family: Family) -> Option<Self> {
        match family {
            Family::Switchboard => Some(Self::BoardKey),
            Family::Shelly => Some(Self::Password),
            Family::Esphome => Some(Self::NoiseKey),
            Family::Wled | Family::Tasmota | Family::Homie => None,
        }
    }

    /// The word for it.
    pub const fn noun(self) -> &'static str {
        match self {
            Self::BoardKey => "key",
            Self::Password => "password",
            Self::NoiseKey => "encryption key",
        }
    }

    /// What the user entered for the board with this id, if that is known. The
    /// key of a board of ours contains the id.
    ///
    /// # Errors
    /// If the text is not of this kind, or for another board. The error does
    /// not contain the text.
    pub fn parse(self, board: Option<&str>, text: &str) -> Result<Keys, CredentialError> {
        let known = board.ok_or(CredentialError::UnknownId(self));
        match self {
            Self::BoardKey => {
                let key: Key = text.parse()?;
                match board.filter(|board| *board != key.board) {
                    None => Ok(key.into()),
                    Some(expected) => Err(CredentialError::OtherBoard {
                        expected: expected.to_owned(),
                        found: key.board,
                    }),
                }
            }
            Self::Password => Ok(Password::new(known?, text)?.into()),
            Self::NoiseKey => Ok(esphome_key(known?, text)?.into()),
        }
    }
}

impl LinkProblem {
    /// What is said about a board of this family: [`Self`] as text speaks of
    /// our boards, which are locked and have keys.
    pub fn of_family(&self, family: Family) -> String {
        let words = match (CredentialKind::of(family), self) {
            (Some(CredentialKind::Password), Self::Locked) => {
                "asks for a password, and this computer has none for it"
            }
            (Some(CredentialKind::Password), Self::WrongKey) => {
                "rejects the password that this computer has for it"
            }
            (Some(CredentialKind::NoiseKey), Self::Locked) => {
                "needs its encryption key, and this computer does not have it"
            }
            (Some(CredentialKind::NoiseKey), Self::WrongKey) => {
                "rejects the encryption key that this computer has for it"
            }
            (
                Some(kind @ (CredentialKind::Password | CredentialKind::NoiseKey)),
                Self::KeyUnavailable { why, .. },
            ) => {
                let noun = kind.noun();
                return format!(
                    "is known to have a {noun}, which could not be read ({why}); nothing is sent \
                     to it without it"
                );
            }
            (Some(CredentialKind::Password), Self::NotLocked { board }) => {
                return format!(
                    "asks for no password although this computer has one for {board}: its \
                     password was removed, or another device answers in its place"
                );
            }
            (Some(CredentialKind::NoiseKey), Self::NotLocked { board }) => {
                return format!(
                    "is not encrypted although this computer has a key for {board}: it was \
                     flashed without encryption, or another device answers in its place"
                );
            }
            _ => return self.to_string(),
        };
        words.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_family_is_asked_for_what_it_has() {
        let kind = |family| CredentialKind::of(family);
        assert_eq!(kind(Family::Wled), None);
        let password = kind(Family::Shelly).map(|kind| kind.parse(Some("shelly-1"), "open sesame"));
        let keys = password.and_then(Result::ok).unwrap_or_default();
        assert!(keys.password("shelly-1").is_some());
        let key = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";
        for family in [Family::Shelly, Family::Esphome] {
            let unknown = kind(family).map(|kind| kind.parse(None, key));
            let expected = kind(family).map(|kind| Err(CredentialError::UnknownId(kind)));
            assert_eq!(unknown, expected);
        }
        let stored = CredentialKind::NoiseKey.parse(Some("esphome-1"), key);
        assert_eq!(stored.map(|keys| keys.iter().count()), Ok(1));
        let wrong = CredentialKind::NoiseKey.parse(Some("esphome-1"), "open sesame");
        assert!(wrong.is_err_and(|error| !error.to_string().contains("sesame")));
    }

    #[test]
    fn a_foreign_board_is_not_said_to_be_locked() {
        for family in [Family::Shelly, Family::Esphome] {
            for problem in [LinkProblem::Locked, LinkProblem::WrongKey] {
                let words = problem.of_family(family);
                assert!(!words.contains("locked"), "{words}");
            }
        }
        let ours = LinkProblem::Locked.of_family(Family::Switchboard);
        assert_eq!(ours, LinkProblem::Locked.to_string());
    }
}
