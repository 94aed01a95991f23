//! The keys of boards, by board id. Plain data that is cheap to clone; reads no
//! file and accesses no keychain.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use noise::{Key, KeyTextError};
use zeroize::Zeroizing;

use crate::password::{self, Password, PasswordTextError};

/// The most keys in one text: more than any building has boards. A bound
/// against files that are not key files.
const MOST: usize = 10_000;

/// Keys and passwords, one per board, and the boards whose key is unavailable.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Keys {
    held: Arc<BTreeMap<String, Key>>,
    passwords: Arc<BTreeMap<String, Password>>,
    /// The ids of boards whose keys are unavailable, and why. A board is in
    /// only one of the two maps.
    unavailable: Arc<BTreeMap<String, Arc<str>>>,
}

impl Keys {
    /// The key of a board.
    pub fn get(&self, board: &str) -> Option<&Key> {
        self.held.get(board)
    }

    /// The password of a board.
    pub fn password(&self, board: &str) -> Option<&Password> {
        self.passwords.get(board)
    }

    /// All passwords, ordered by board id.
    pub fn passwords(&self) -> impl Iterator<Item = &Password> + Clone {
        self.passwords.values()
    }

    /// Adds a password, replacing the previous one for the same board.
    pub fn insert_password(&mut self, password: Password) {
        if self.unavailable.contains_key(&password.board) {
            Arc::make_mut(&mut self.unavailable).remove(&password.board);
        }
        Arc::make_mut(&mut self.passwords).insert(password.board.clone(), password);
    }

    /// Why this board's key is unavailable, if this computer is known to have
    /// one. Plain text is never sent to such a board.
    pub fn unavailable(&self, board: &str) -> Option<&str> {
        self.unavailable.get(board).map(|why| &**why)
    }

    /// The ids of boards whose keys are unavailable.
    pub fn all_unavailable(&self) -> impl Iterator<Item = &str> {
        self.unavailable.keys().map(String::as_str)
    }

    /// Marks the boards that have a key but are not in this collection as
    /// unavailable, for this reason.
    pub fn expect(&mut self, boards: BTreeSet<String>, why: &str) {
        let why: Arc<str> = why.into();
        let missing = boards
            .into_iter()
            .filter(|board| !self.held.contains_key(board) && !self.passwords.contains_key(board));
        let missing: BTreeMap<_, _> = missing.map(|board| (board, Arc::clone(&why))).collect();
        self.unavailable = Arc::new(missing);
    }

    /// All keys, ordered by board id.
    pub fn iter(&self) -> impl Iterator<Item = &Key> + Clone {
        self.held.values()
    }

    /// The ids of the boards with a key or a password; an id with both occurs
    /// twice.
    pub fn boards(&self) -> impl Iterator<Item = &str> + Clone {
        let held = self.held.keys().chain(self.passwords.keys());
        held.map(String::as_str)
    }

    /// Adds all keys and passwords of `other`, replacing the previous ones for
    /// the same boards.
    pub fn extend(&mut self, other: &Self) {
        other.iter().for_each(|key| self.insert(key.clone()));
        let passwords = other.passwords();
        passwords.for_each(|password| self.insert_password(password.clone()));
    }

    /// Whether there are no keys and no passwords.
    pub fn is_empty(&self) -> bool {
        self.held.is_empty() && self.passwords.is_empty()
    }

    /// Adds a key, replacing the previous key for the same board.
    pub fn insert(&mut self, key: Key) {
        if self.unavailable.contains_key(&key.board) {
            Arc::make_mut(&mut self.unavailable).remove(&key.board);
        }
        Arc::make_mut(&mut self.held).insert(key.board.clone(), key);
    }

    /// Removes the key and the password of this board, also if they are
    /// unavailable; returns whether there was one.
    pub fn remove(&mut self, board: &str) -> bool {
        let expected = self.unavailable.contains_key(board)
            && Arc::make_mut(&mut self.unavailable).remove(board).is_some();
        let held =
            self.held.contains_key(board) && Arc::make_mut(&mut self.held).remove(board).is_some();
        let password = self.passwords.contains_key(board)
            && Arc::make_mut(&mut self.passwords).remove(board).is_some();
        held || expected || password
    }

    /// The keys and passwords as text, one per line. The text contains the
    /// secrets.
    pub fn to_text(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::new());
        for key in self.held.values() {
            text.push_str(&key.to_text());
            text.push('\n');
        }
        for password in self.passwords.values() {
            text.push_str(&password.to_text());
            text.push('\n');
        }
        text
    }

    /// Parses the output of [`Self::to_text`]. Empty lines and lines that begin
    /// with `#` are ignored; the last of several keys for one board wins.
    ///
    /// # Errors
    ///
    /// If a line is not a key. The error contains the line number, but not the
    /// line.
    pub fn from_text(text: &str) -> Result<Self, KeysTextError> {
        let (mut keys, mut passwords) = (BTreeMap::new(), BTreeMap::new());
        for (at, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if keys.len() + passwords.len() >= MOST {
                return Err(KeysTextError::TooMany);
            }
            if line.starts_with(password::PREFIX) {
                let password: Password =
                    line.parse().map_err(|source| KeysTextError::Password {
                        number: at + 1,
                        source,
                    })?;
                passwords.insert(password.board.clone(), password);
                continue;
            }
            let key: Key = line.parse().map_err(|source| KeysTextError::Line {
                number: at + 1,
                source,
            })?;
            keys.insert(key.board.clone(), key);
        }
        Ok(Self {
            held: Arc::new(keys),
            passwords: Arc::new(passwords),
            ..Self::default()
        })
    }
}

impl FromIterator<Key> for Keys {
    fn from_iter<T: IntoIterator<Item = Key>>(keys: T) -> Self {
        let held = keys
            .into_iter()
            .map(|key| (key.board.clone(), key))
            .collect();
        Self {
            held: Arc::new(held),
            ..Self::default()
        }
    }
}

impl From<Key> for Keys {
    fn from(key: Key) -> Self {
        let mut keys = Self::default();
        keys.insert(key);
        keys
    }
}

impl From<Password> for Keys {
    fn from(password: Password) -> Self {
        let mut keys = Self::default();
        keys.insert_password(password);
        keys
    }
}

/// Why a text could not be parsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeysTextError {
    /// A line is not a key.
    #[error("line {number}: {source}")]
    Line {
        /// The line number, from 1.
        number: usize,
        /// What is wrong with the line.
        source: KeyTextError,
    },
    /// A line is not a password.
    #[error("line {number}: {source}")]
    Password {
        /// The line number, from 1.
        number: usize,
        /// What is wrong with the line.
        source: PasswordTextError,
    },
    /// There are too many keys.
    #[error("there are more than {MOST} keys")]
    TooMany,
}

#[cfg(test)]
mod tests {
    use noise::{KeyId, Psk, Role};

    use super::*;

    fn key(board: &str, secret: u8) -> Key {
        Key {
            board: board.to_owned(),
            kid: KeyId([secret; 4]),
            role: Role::Control,
            psk: Psk::new([secret; 32]),
        }
    }

    #[test]
    fn keys_round_trip_as_text_and_the_last_key_of_a_board_wins() {
        let mut keys: Keys = [key("sb-1", 1), key("sb-2", 2)].into_iter().collect();
        keys.insert(key("sb-1", 3));
        let read =
            Keys::from_text(&format!("# mine\n\n{}", keys.to_text().as_str())).expect("keys");
        assert_eq!(read, keys);
        assert_eq!(read.get("sb-1").map(|key| key.kid), Some(KeyId([3; 4])));
        assert!(keys.remove("sb-1"));
        assert_eq!((keys.remove("sb-1"), keys.iter().count()), (false, 1));
    }

    #[test]
    fn an_unavailable_key_is_known_until_it_is_added_or_removed() {
        let mut keys: Keys = [key("sb-1", 1)].into_iter().collect();
        keys.expect(
            ["sb-1", "sb-2", "sb-3"].map(str::to_owned).into(),
            "the keychain is silent",
        );
        assert_eq!(
            (keys.unavailable("sb-1"), keys.unavailable("sb-4")),
            (None, None)
        );
        assert_eq!(keys.unavailable("sb-2"), Some("the keychain is silent"));
        keys.insert(key("sb-2", 2));
        assert!(keys.remove("sb-3"));
        assert_eq!(keys.all_unavailable().count(), 0);
    }

    #[test]
    fn passwords_round_trip_next_to_keys_and_are_removed_like_them() {
        let password = |board, secret| Password::new(board, secret).expect("valid");
        let mut keys = Keys::from(key("sb-1", 1));
        keys.extend(&password("shelly-1", "old").into());
        keys.extend(&password("shelly-1", "new").into());
        assert_eq!(keys.boards().collect::<Vec<_>>(), ["sb-1", "shelly-1"]);
        let mut read = Keys::from_text(&keys.to_text()).expect("keys");
        assert_eq!(read, keys);
        let secret = read
            .password("shelly-1")
            .map(|password| password.secret.clone());
        assert_eq!(secret.as_deref().map(String::as_str), Some("new"));
        assert!(read.remove("shelly-1"));
        assert_eq!((read.passwords().count(), read.iter().count()), (0, 1));
        let debug = format!("{keys:?}");
        assert!(!debug.contains("new"), "{debug}");
    }

    #[test]
    fn an_invalid_line_is_reported_by_number_and_not_shown() {
        let error = Keys::from_text(&format!(
            "{}\nsecret words",
            key("sb-1", 1).to_text().as_str()
        ))
        .expect_err("no key");
        assert!(
            matches!(error, KeysTextError::Line { number: 2, .. }),
            "{error}"
        );
        assert!(!error.to_string().contains("secret words"), "{error}");
    }
}
