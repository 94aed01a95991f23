//! The words of a search in the log, and which boards and components are called
//! like them: looked up once per search, not per event.

use std::{collections::HashMap, sync::Arc};

use protocol::ComponentKey;

use crate::model::{boards::Model, event_text::component};
use fleet::{BoardKey, LogEntry};

/// A word, in lower case.
#[derive(Debug, PartialEq)]
struct Word {
    text: String,
    /// What is called like it.
    called: HashMap<BoardKey, Called>,
}

#[derive(Debug, PartialEq)]
enum Called {
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
    /// The words of a text. Names are those that boards and components have
    /// now.
    pub(crate) fn of(text: &str, model: &Model) -> Self {
        let text = text.to_lowercase();
        let words = text.split_whitespace().map(|word| {
            let called = model
                .boards()
                .filter_map(|board| {
                    if has(&model.title(board), word) {
                        return Some((board.key, Called::Board));
                    }
                    let components = board.components.iter().map(|view| &view.descriptor);
                    let keys: Vec<ComponentKey> = components
                        .filter(|descriptor| has(&descriptor.name, word))
                        .map(|descriptor| descriptor.key.clone())
                        .collect();
                    (!keys.is_empty()).then_some((board.key, Called::Components(keys)))
                })
                .collect();
            Word {
                text: word.to_owned(),
                called,
            }
        });
        Self(words.collect())
    }

    /// Whether an event matches; `line` is its text.
    pub(super) fn match_event(&self, entry: &LogEntry, line: impl Fn() -> String) -> bool {
        let mut text = None;
        self.0.iter().all(|word| {
            let by_name = match word.called.get(&entry.board) {
                Some(Called::Board) => true,
                Some(Called::Components(keys)) => {
                    component(&entry.what).is_some_and(|key| keys.contains(key))
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

fn has(name: &str, word: &str) -> bool {
    name.to_lowercase().contains(word)
}
