//! The words of a search in the log, and which boards and components are called
//! like them: looked up once per search, not per event.

use std::{collections::HashMap, sync::Arc};

use protocol::ComponentKey;

use fleet::{BoardKey, LogEntry};

/// A word, in lower case.
#[derive(Debug, PartialEq)]
struct Word {
    text: String,
    /// What is called like it.
    called: HashMap<BoardKey, Called>,
}

/// What is called like a word.
#[derive(Debug, PartialEq)]
pub(super) enum Called {
    /// The board: all its events match.
    Board,
    /// These components.
    Components(Vec<ComponentKey>),
}

/// The words of a search; an event has to match all of them.
#[derive(Debug, Clone, Default)]
pub(crate) struct SearchedWords(Arc<[Word]>);

impl PartialEq for SearchedWords {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0 == other.0
    }
}

impl SearchedWords {
    /// These words, and what is called like each.
    pub(super) fn new(words: impl Iterator<Item = (String, HashMap<BoardKey, Called>)>) -> Self {
        Self(words.map(|(text, called)| Word { text, called }).collect())
    }

    /// Whether an event matches; `line` is its text.
    pub(super) fn match_event(&self, entry: &LogEntry, line: impl Fn() -> String) -> bool {
        let mut text = None;
        self.0.iter().all(|word| {
            let by_name = match word.called.get(&entry.board) {
                Some(Called::Board) => true,
                Some(Called::Components(keys)) => {
                    entry.what.component().is_some_and(|key| keys.contains(key))
                }
                None => false,
            };
            by_name
                || text
                    .get_or_insert_with(|| line().to_lowercase())
                    .contains(&word.text)
        })
    }
}
