//! Decides in which order and under which headings the boards are listed, and
//! which of them. Knows no widget.

use std::collections::{BTreeMap, BTreeSet};

use protocol::Kind;

use super::theme;
use crate::fleet::{BoardKey, BoardView, LinkState};

pub use crate::settings::{Arrangement, Grouping, Labels, Sorting};

/// What a grouping is called.
pub(super) fn grouping_word(grouping: Grouping) -> &'static str {
    match grouping {
        Grouping::Nothing => "No groups",
        Grouping::Room => "By room",
        Grouping::Tag => "By tag",
        Grouping::Kind => "By kind",
        Grouping::State => "By state",
    }
}

/// What an order is called.
pub(super) fn sorting_word(sorting: Sorting) -> &'static str {
    match sorting {
        Sorting::Name => "Sorted by name",
        Sorting::Attention => "Troubled first",
    }
}

/// A change of notes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LabelsChange {
    /// Put into this room; an empty one is none.
    Room(String),
    /// With these tags and no others, divided by commas.
    Tags(String),
    /// Hidden or not.
    Hidden(bool),
}

impl LabelsChange {
    /// Makes it.
    pub(super) fn apply(&self, note: &mut Labels) {
        match self {
            Self::Room(room) => note.room = room.trim().to_owned(),
            Self::Tags(tags) => {
                let tags = tags.split(',').map(str::trim).filter(|tag| !tag.is_empty());
                note.tags = tags.map(str::to_owned).collect();
            }
            Self::Hidden(hidden) => note.hidden = *hidden,
        }
    }
}

/// A line of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Row {
    /// A heading, how many boards are under it, and whether they are folded
    /// away.
    Heading {
        words: String,
        boards: usize,
        folded: bool,
    },
    /// A board.
    Board(BoardKey),
}

impl Row {
    /// How high it is.
    pub(super) fn height(&self) -> f32 {
        match self {
            Self::Heading { .. } => theme::LIST_HEADING,
            Self::Board(_) => theme::LIST_ROW,
        }
    }
}

/// The list as it is arranged.
#[derive(Debug, Default)]
pub(super) struct Arranged {
    pub(super) rows: Vec<Row>,
    /// Where each row begins.
    pub(super) tops: Vec<f32>,
    pub(super) height: f32,
    /// The boards in it, in its order, without those that are folded away; one
    /// may be there twice.
    pub(super) boards: Vec<BoardKey>,
    /// How many boards there are in it, each counted once, folded away or not.
    pub(super) listed: usize,
    /// Boards that are left out because they are hidden.
    pub(super) hidden: usize,
}

impl Arranged {
    /// Of no board.
    pub(super) const NOTHING: Self = Self {
        rows: Vec::new(),
        tops: Vec::new(),
        height: 0.0,
        boards: Vec::new(),
        listed: 0,
        hidden: 0,
    };

    /// The rows that are between two heights.
    pub(super) fn rows_between(&self, top: f32, bottom: f32) -> std::ops::Range<usize> {
        let first = self.tops.partition_point(|at| *at <= top).saturating_sub(1);
        let last = self.tops.partition_point(|at| *at < bottom);
        first..last.max(first)
    }
}

/// Arranges boards that come by name.
pub(super) fn arrange<'a>(
    boards: impl Iterator<Item = (&'a BoardView, Option<&'a Labels>)>,
    how: &Arrangement,
) -> Arranged {
    let mut arranged = Arranged::default();
    let mut listed: Vec<(&BoardView, Option<&Labels>)> = Vec::new();
    for (board, note) in boards {
        if note.is_some_and(|note| note.hidden) && !how.with_hidden {
            arranged.hidden += 1;
        } else {
            listed.push((board, note));
        }
    }
    arranged.listed = listed.len();
    if how.sorting == Sorting::Attention {
        listed.sort_by_key(|(board, _)| attention(&board.link));
    }
    if how.grouping == Grouping::Nothing {
        arranged.rows = listed
            .iter()
            .map(|(board, _)| Row::Board(board.key))
            .collect();
    } else {
        let mut groups: BTreeMap<(usize, String), Vec<BoardKey>> = BTreeMap::new();
        for (board, note) in listed {
            for heading in headings(board, note, how.grouping) {
                groups.entry(heading).or_default().push(board.key);
            }
        }
        for ((_, words), boards) in groups {
            let folded = how.folded.contains(&words);
            arranged.rows.push(Row::Heading {
                words,
                boards: boards.len(),
                folded,
            });
            if !folded {
                arranged.rows.extend(boards.into_iter().map(Row::Board));
            }
        }
    }
    for row in &arranged.rows {
        arranged.tops.push(arranged.height);
        arranged.height += row.height();
        if let Row::Board(board) = row {
            arranged.boards.push(*board);
        }
    }
    arranged
}

/// What needs attention comes first.
fn attention(link: &LinkState) -> usize {
    match link {
        LinkState::Unreachable { .. } => 0,
        LinkState::Stale => 1,
        LinkState::Connecting => 2,
        LinkState::Announced => 3,
        LinkState::Connected => 4,
    }
}

/// The headings that a board is under; those that say that there is none come
/// last.
fn headings(board: &BoardView, note: Option<&Labels>, grouping: Grouping) -> Vec<(usize, String)> {
    const LAST: usize = usize::MAX;
    match grouping {
        Grouping::Nothing => Vec::new(),
        Grouping::Room => match note
            .map(|note| note.room.as_str())
            .filter(|room| !room.is_empty())
        {
            Some(room) => vec![(0, room.to_owned())],
            None => vec![(LAST, "In no room".to_owned())],
        },
        Grouping::Tag => match note.map(|note| &note.tags).filter(|tags| !tags.is_empty()) {
            Some(tags) => tags.iter().map(|tag| (0, tag.clone())).collect(),
            None => vec![(LAST, "Without a tag".to_owned())],
        },
        Grouping::Kind => {
            let kinds: BTreeSet<String> = board
                .components
                .iter()
                .map(|view| kind(&view.descriptor.kind))
                .collect();
            match kinds.is_empty() {
                true => vec![(LAST, "Nothing known".to_owned())],
                false => kinds.into_iter().map(|kind| (0, kind)).collect(),
            }
        }
        Grouping::State => {
            let state = super::words::link(&board.link);
            vec![(
                attention(&board.link),
                format!("{}{}", state[..1].to_uppercase(), &state[1..]),
            )]
        }
    }
}

/// A kind as a heading.
pub(super) fn kind(kind: &Kind) -> String {
    match kind {
        Kind::Switch => "Switches".to_owned(),
        Kind::Light => "Lights".to_owned(),
        Kind::Sensor => "Sensors".to_owned(),
        Kind::BinarySensor => "Binary sensors".to_owned(),
        Kind::Number => "Numbers".to_owned(),
        Kind::Select => "Selects".to_owned(),
        Kind::Text => "Texts".to_owned(),
        Kind::Button => "Buttons".to_owned(),
        Kind::Update => "Firmware".to_owned(),
        other => super::words::plain(&other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_divided_by_commas_and_kept_once() {
        let mut note = Labels::default();
        LabelsChange::Tags(" bench, , lamp,bench ".to_owned()).apply(&mut note);
        assert_eq!(
            note.tags.iter().map(String::as_str).collect::<Vec<_>>(),
            ["bench", "lamp"]
        );
        LabelsChange::Tags(String::new()).apply(&mut note);
        assert!(note.is_empty());
    }
}
