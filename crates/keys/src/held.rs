//! Which keys are held, by the id of the board that they open. Plain data that
//! is cheap to copy; reads no file, asks no keychain.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use noise::{Key, KeyTextError};
use zeroize::Zeroizing;

/// The most keys that are read from one text: more than any building has
/// boards; a bound against a file that is none.
const MOST: usize = 10_000;

/// Keys, one for each board, and which boards have one that is not at hand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Keys {
    held: Arc<BTreeMap<String, Key>>,
    /// The ids of boards whose keys could not be had, and why. A board is in
    /// one of the two.
    unavailable: Arc<BTreeMap<String, Arc<str>>>,
}

impl Keys {
    /// The key of a board.
    pub fn get(&self, board: &str) -> Option<&Key> {
        self.held.get(board)
    }

    /// Why this board's key is not available, if this computer is known to have
    /// one. Such a board is never spoken to in plain text.
    pub fn unavailable(&self, board: &str) -> Option<&str> {
        self.unavailable.get(board).map(|why| &**why)
    }

    /// The ids of boards whose keys are not at hand.
    pub fn all_unavailable(&self) -> impl Iterator<Item = &str> {
        self.unavailable.keys().map(String::as_str)
    }

    /// These boards have keys; those that are not among them are not at hand,
    /// for this reason.
    pub fn expect(&mut self, boards: BTreeSet<String>, why: &str) {
        let why: Arc<str> = why.into();
        let missing = boards
            .into_iter()
            .filter(|board| !self.held.contains_key(board));
        let missing: BTreeMap<_, _> = missing.map(|board| (board, Arc::clone(&why))).collect();
        self.unavailable = Arc::new(missing);
    }

    /// All of them, by the boards' ids.
    pub fn iter(&self) -> impl Iterator<Item = &Key> + Clone {
        self.held.values()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    /// Holds a key, instead of one for the same board.
    pub fn insert(&mut self, key: Key) {
        if self.unavailable.contains_key(&key.board) {
            Arc::make_mut(&mut self.unavailable).remove(&key.board);
        }
        Arc::make_mut(&mut self.held).insert(key.board.clone(), key);
    }

    /// Holds no key for this board any more, and expects none; whether that is
    /// news.
    pub fn remove(&mut self, board: &str) -> bool {
        let expected = self.unavailable.contains_key(board)
            && Arc::make_mut(&mut self.unavailable).remove(board).is_some();
        let held =
            self.held.contains_key(board) && Arc::make_mut(&mut self.held).remove(board).is_some();
        held || expected
    }

    /// One line for each key. It is the secrets themselves.
    pub fn to_text(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::new());
        for key in self.held.values() {
            text.push_str(&key.to_text());
            text.push('\n');
        }
        text
    }

    /// Reads what [`Self::to_text`] writes. Empty lines and those that begin
    /// with `#` are passed over; of two keys for one board the later counts.
    ///
    /// # Errors
    /// Where a line is no key. The error names the line's number, not what is
    /// in it.
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
            let key: Key = line.parse().map_err(|source| KeysTextError::Line {
                number: at + 1,
                source,
            })?;
            keys.insert(key.board.clone(), key);
        }
        Ok(Self {
            held: Arc::new(keys),
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
        Key {
            board: board.to_owned(),
            kid: KeyId([secret; 4]),
            role: Role::Control,
            psk: Psk::new([secret; 32]),
        }
    }

    #[test]
    fn what_is_written_is_read_again_and_the_last_key_of_a_board_counts() {
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
    fn a_board_whose_key_is_not_at_hand_is_known_until_it_is_or_is_forgotten() {
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
    fn a_line_that_is_no_key_is_named_by_its_number_and_not_shown() {
        let error = Keys::from_text(&format!(
            "{}\nsecret words",
            key("sb-1", 1).to_text().as_str()
        ))
        .expect_err("none");
        assert!(
            matches!(error, KeysTextError::Line { number: 2, .. }),
            "{error}"
        );
        assert!(!error.to_string().contains("secret words"), "{error}");
    }
}
