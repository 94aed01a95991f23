//! Which entries a typed text finds, and in which order.

use std::cmp::Reverse;

use super::{
    board_verbs::{self, Offers},
    entry::Entry,
    facts::WindowFacts,
    values::{self, TypedValue},
    window_verbs,
};
use crate::model::{action::Action, boards::Model, page_context::PageContext, ranking::Ranking};
use fleet::{BoardView, ComponentView};

/// The maximum number of results; typing more narrows them down.
const MOST: usize = 200;

/// With more boards than this, entries are made only for boards and components
/// whose names, together with the words of verbs, contain every typed word.
const MANY: usize = 50;

/// What an entry of the shown board is worth more than one of another board:
/// less than the difference between a word and a part of a word.
const SHOWN: u32 = 100;

/// What a board itself is worth more than what can be done with it, and what
/// operates a component more than other verbs.
const BOARD: u32 = 120;
const OPERATES: u32 = 20;

/// What a value with a unit is worth, and one that may be part of a name.
const MEASURED: u32 = 1_400;
const BARE: u32 = 400;

/// A row of the palette.
#[derive(Debug)]
pub(super) enum Row {
    Heading(String),
    Entry(Box<Entry>),
}

/// What is shown for a text.
pub(super) fn find(text: &str, context: &PageContext<'_>, facts: &WindowFacts) -> Vec<Row> {
    if text.trim().is_empty() {
        return overview(context, facts);
    }
    let model = context.model;
    let mut search = Search::new(text, model);
    let shown = model
        .selected()
        .filter(|_| model.selection().next().is_none());
    if let Some(board) = shown {
        search.board(board, SHOWN);
    }
    for entry in window_verbs::entries(context, facts) {
        search.add(entry, 0);
    }
    for board in model.in_order() {
        if shown.is_none_or(|shown| shown.key != board.key) {
            search.board(board, 0);
        }
    }
    search.ranked()
}

/// What is shown before anything is typed: the shown board, the boards, and
/// the window.
fn overview(context: &PageContext<'_>, facts: &WindowFacts) -> Vec<Row> {
    let model = context.model;
    let mut rows = Vec::new();
    let mut group = |title: String, entries: Vec<Entry>| {
        if !entries.is_empty() {
            rows.push(Row::Heading(title));
            rows.extend(entries.into_iter().map(|entry| Row::Entry(Box::new(entry))));
        }
    };
    let shown = model
        .selected()
        .filter(|_| model.selection().next().is_none());
    if let Some(board) = shown {
        let few = Offers {
            menu: false,
            options: false,
        };
        let parts = board.components.iter();
        let mut entries: Vec<Entry> = parts
            .filter(|view| view.descriptor.entity_category.is_none())
            .flat_map(|view| board_verbs::of_component(model, board, view, few))
            .collect();
        entries.extend(board_verbs::of_board(model, board, &[]).into_iter().skip(1));
        group(model.title(board), entries);
    }
    let others = model.in_order().take(MOST);
    let others = others.map(|board| board_verbs::shown(model, board));
    group("Boards".to_owned(), others.collect());
    group("Window".to_owned(), window_verbs::entries(context, facts));
    rows
}

struct Search<'a> {
    model: &'a Model,
    ranking: Ranking,
    /// A typed value, and the words without it.
    value: Option<(TypedValue, Ranking)>,
    found: Vec<(u32, Entry)>,
    many: bool,
    /// The words that can be a verb, a value, a document or a room.
    vocabulary: u64,
    /// Whether a word is about documents and plots, about rooms.
    menus: bool,
    rooms: Vec<String>,
}

impl<'a> Search<'a> {
    fn new(text: &str, model: &'a Model) -> Self {
        let mut ranking = Ranking::new(text);
        let value = TypedValue::find(text).map(|value| {
            let words = Ranking::new(&value.rest);
            (value, words)
        });
        let names = &model.documents;
        let mut menus = ranking.touches("Add to plots Pin to new dashboard scene");
        menus |= names
            .dashboards
            .iter()
            .chain(&names.scenes)
            .any(|name| ranking.touches(name));
        let mut rooms: Vec<String> = model
            .labels()
            .values()
            .map(|labels| labels.room.clone())
            .filter(|room| !room.is_empty())
            .collect();
        rooms.sort();
        rooms.dedup();
        let about_rooms = ranking.touches("move to room");
        rooms.retain(|room| about_rooms || ranking.touches(room));
        let mut vocabulary = ranking.hits(board_verbs::VOCABULARY);
        for name in names.dashboards.iter().chain(&names.scenes).chain(&rooms) {
            vocabulary |= ranking.hits(name);
        }
        // A number without a unit is part of many names.
        if let Some((value, _)) = value.as_ref().filter(|(value, _)| value.has_unit()) {
            vocabulary |= value.words;
        }
        Self {
            model,
            ranking,
            value,
            found: Vec::new(),
            many: model.len() > MANY,
            vocabulary,
            menus,
            rooms,
        }
    }

    fn add(&mut self, entry: Entry, bonus: u32) {
        if let Some(score) = self.ranking.score(&entry.words) {
            self.found.push((score + bonus, entry));
        }
    }

    /// Adds what is found of a board and its components.
    fn board(&mut self, board: &BoardView, bonus: u32) {
        let title = self.model.title(board);
        let hits = self.ranking.hits(&title);
        let (named, whole) = (hits | self.vocabulary, self.ranking.all_hits());
        let all = bonus > 0 || !self.many;
        if !all && hits == whole {
            // Of many boards with the same words in their names, the verbs are
            // not listed.
            self.add(board_verbs::shown(self.model, board), BOARD);
        } else if all || (hits != 0 && named == whole) {
            let entries = board_verbs::of_board(self.model, board, &self.rooms);
            for (at, entry) in entries.into_iter().enumerate() {
                let first = if at == 0 { BOARD } else { 0 };
                self.add(entry, bonus + first);
            }
        }
        for view in &board.components {
            let is_named = |component: u64| {
                hits != whole && hits | component != 0 && named | component == whole
            };
            if all || is_named(self.hits_of_component(view)) {
                self.component(board, view, bonus);
            }
        }
    }

    /// Which words the name of a component and its options contain.
    fn hits_of_component(&mut self, view: &ComponentView) -> u64 {
        let mut hits = self.ranking.hits(&view.descriptor.name);
        let caps = &view.descriptor.caps;
        for option in caps.effects.iter().chain(&caps.palettes) {
            hits |= self.ranking.hits(option);
        }
        for option in view.shown().options() {
            hits |= self.ranking.hits(option);
        }
        hits
    }

    fn component(&mut self, board: &BoardView, view: &ComponentView, bonus: u32) {
        let offers = Offers {
            menu: self.menus,
            options: true,
        };
        for entry in board_verbs::of_component(self.model, board, view, offers) {
            let operates = match entry.actions.as_slice() {
                [Action::Board(_)] => OPERATES,
                _ => 0,
            };
            self.add(entry, bonus + operates);
        }
        let Some((value, words)) = &mut self.value else {
            return;
        };
        // A number alone is for the shown board.
        if value.rest.is_empty() && bonus == 0 {
            return;
        }
        let worth = if value.has_unit() { MEASURED } else { BARE };
        for entry in values::of_component(self.model, board, view, value) {
            if let Some(score) = words.score(&entry.words) {
                self.found.push((score + worth + bonus, entry));
            }
        }
    }

    fn ranked(mut self) -> Vec<Row> {
        self.found.sort_by_key(|(score, _)| Reverse(*score));
        self.found.truncate(MOST);
        let entries = self.found.into_iter();
        entries
            .map(|(_, entry)| Row::Entry(Box::new(entry)))
            .collect()
    }
}
