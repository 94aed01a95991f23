//! Which keys are held, by the id of the board that they open. Plain data that is cheap to copy; reads no file, asks no keychain.

use std::{collections::BTreeMap, sync::Arc};

use noise::{Key, KeyTextError};
use zeroize::Zeroizing;

/// The most keys that are read from one text: more than any building has boards; a bound against a file that is none.
const MOST: usize = 10_000;

/// Keys, one for each board.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Keys(Arc<BTreeMap<String, Key>>);

impl Keys {
    /// The key of a board.
    pub fn get(&self, board: &str) -> Option<&Key> {
        self.0.get(board)
    }

    /// All of them, by the boards' ids.
    pub fn iter(&self) -> impl Iterator<Item = &Key> {
        self.0.values()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Holds a key, instead of one for the same board.
    pub fn insert(&mut self, key: Key) {
        Arc::make_mut(&mut self.0).insert(key.board.clone(), key);
    }

    /// Holds no key for this board any more; the one that there was.
    pub fn remove(&mut self, board: &str) -> Option<Key> {
        if self.0.contains_key(board) { Arc::make_mut(&mut self.0).remove(board) } else { None }
    }

    /// One line for each key. It is the secrets themselves.
    pub fn to_text(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::new());
        for key in self.0.values() {
            text.push_str(&key.to_text());
            text.push('\n');
        }
        text
    }

    /// Reads what [`Self::to_text`] writes. Empty lines and those that begin with `#` are passed over; of two keys for one board the
    /// later counts.
    ///
    /// # Errors
    /// Where a line is no key. The error names the line's number, not what is in it.
    pub fn from_text(text: &str) -> Result<Self, KeysTextError> {
        let mut keys = BTreeMap::new();
        for (at, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if keys.len() >= MOST {
                return Err(KeysTextError::TooMany);
            }
            let key: Key = line.parse().map_err(|source| KeysTextError::Line { number: at + 1, source })?;
            keys.insert(key.board.clone(), key);
        }
        Ok(Self(Arc::new(keys)))
    }
}

impl FromIterator<Key> for Keys {
    fn from_iter<T: IntoIterator<Item = Key>>(keys: T) -> Self {
        Self(Arc::new(keys.into_iter().map(|key| (key.board.clone(), key)).collect()))
    }
}

/// Why a text has no keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeysTextError {
    /// A line is none.
    #[error("line {number}: {source}")]
    Line {
        /// From 1.
        number: usize,
        /// What is wrong with it.
        source: KeyTextError,
    },
    /// There are more than anybody has.
    #[error("there are more than {MOST} keys")]
    TooMany,
}

#[cfg(test)]
mod tests {
    use noise::{KeyId, Psk, Role};

    use super::*;

    fn key(board: &str, secret: u8) -> Key {
        Key { board: board.to_owned(), kid: KeyId([secret; 4]), role: Role::Control, psk: Psk::new([secret; 32]) }
    }

    #[test]
    fn what_is_written_is_read_again_and_the_last_key_of_a_board_counts() {
        let mut keys: Keys = [key("sb-1", 1), key("sb-2", 2)].into_iter().collect();
        keys.insert(key("sb-1", 3));
        let read = Keys::from_text(&format!("# mine\n\n{}", keys.to_text().as_str())).expect("keys");
        assert_eq!(read, keys);
        assert_eq!(read.get("sb-1").map(|key| key.kid), Some(KeyId([3; 4])));
        assert_eq!(keys.remove("sb-1").map(|key| key.board).as_deref(), Some("sb-1"));
        assert_eq!((keys.remove("sb-1"), keys.iter().count()), (None, 1));
    }

    #[test]
    fn a_line_that_is_no_key_is_named_by_its_number_and_not_shown() {
        let error = Keys::from_text(&format!("{}\nsecret words", key("sb-1", 1).to_text().as_str())).expect_err("none");
        assert!(matches!(error, KeysTextError::Line { number: 2, .. }), "{error}");
        assert!(!error.to_string().contains("secret words"), "{error}");
    }
}
