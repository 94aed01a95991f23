//! Looks up what is called like the words of a search.

use std::collections::HashMap;

use protocol::ComponentKey;

use crate::model::{
    boards::Model,
    searched_words::{Called, SearchedWords},
};
use fleet::{BoardKey, BoardView};

/// The words of a text. Names are those that boards and components have now.
pub(crate) fn searched_words(text: &str, model: &Model) -> SearchedWords {
    let text = text.to_lowercase();
    SearchedWords::new(text.split_whitespace().map(|word| {
        let boards = model.boards();
        let called: HashMap<BoardKey, Called> = boards
            .filter_map(|board| Some((board.key, called(model, board, word)?)))
            .collect();
        (word.to_owned(), called)
    }))
}

fn called(model: &Model, board: &BoardView, word: &str) -> Option<Called> {
    if has(&model.title(board), word) {
        return Some(Called::Board);
    }
    let components = board.components.iter().map(|view| &view.descriptor);
    let keys: Vec<ComponentKey> = components
        .filter(|descriptor| has(&descriptor.name, word))
        .map(|descriptor| descriptor.key.clone())
        .collect();
    (!keys.is_empty()).then_some(Called::Components(keys))
}

fn has(name: &str, word: &str) -> bool {
    name.to_lowercase().contains(word)
}
