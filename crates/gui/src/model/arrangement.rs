//! Decides which boards are listed, in which order and under which headings.
//! Knows no widget.

use std::collections::{BTreeMap, BTreeSet};

use protocol::Kind;

use crate::model::{link_kind::LinkKind, main_component::main_switch};
use fleet::{BoardKey, BoardView};

pub use disk::settings::{Arrangement, Grouping, Labels, Sorting};

/// The height of a row with a board.
pub(crate) const ROW_HEIGHT: f32 = 48.0;

/// The height of a heading.
pub(crate) const HEADING_HEIGHT: f32 = 28.0;

/// The name of a grouping.
pub(crate) fn grouping_word(grouping: Grouping) -> &'static str {
    match grouping {
        Grouping::Nothing => "No groups",
        Grouping::Room => "By room",
        Grouping::Tag => "By tag",
        Grouping::Kind => "By kind",
        Grouping::State => "By state",
    }
}

/// The name of a sort order.
pub(crate) fn sorting_word(sorting: Sorting) -> &'static str {
    match sorting {
        Sorting::Name => "Sorted by name",
        Sorting::Attention => "Problems first",
    }
}

/// A change of labels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LabelsChange {
    /// Assign this room; an empty text removes it.
    Room(String),
    /// Replace the tags; separated by commas.
    Tags(String),
    /// Hide or show.
    Hidden(bool),
    /// Show a desktop notification when the board is lost, or do not.
    NotifyWhenLost(bool),
}

impl LabelsChange {
    /// Applies the change.
    pub(crate) fn apply(&self, labels: &mut Labels) {
        match self {
            Self::Room(room) => labels.room = room.trim().to_owned(),
            Self::Tags(tags) => {
                let tags = tags.split(',').map(str::trim).filter(|tag| !tag.is_empty());
                labels.tags = tags.map(str::to_owned).collect();
            }
            Self::Hidden(hidden) => labels.hidden = *hidden,
            Self::NotifyWhenLost(notify) => labels.notify_when_lost = *notify,
        }
    }
}

/// A row of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ListRow {
    /// The heading of the group with this index.
    Heading(usize),
    /// A board, and the index of its group.
    Board(BoardKey, usize),
}

impl ListRow {
    /// The height of the row.
    pub(crate) fn height(&self) -> f32 {
        match self {
            Self::Heading(_) => HEADING_HEIGHT,
            Self::Board(..) => ROW_HEIGHT,
        }
    }
}

/// Boards under one heading.
#[derive(Debug, Default)]
pub(crate) struct Group {
    pub(crate) words: String,
    /// The room, if boards are grouped by room; empty for no room.
    pub(crate) room: Option<String>,
    pub(crate) boards: Vec<BoardKey>,
    pub(crate) folded: bool,
    /// The number of boards that can be switched.
    pub(crate) switches: usize,
    /// The number of boards that are on.
    pub(crate) on: usize,
}

impl Group {
    /// `5, 3 on`.
    pub(crate) fn counts(&self) -> String {
        match self.switches {
            0 => self.boards.len().to_string(),
            _ => format!("{}, {} on", self.boards.len(), self.on),
        }
    }
}

/// The list as it is shown.
#[derive(Debug, Default)]
pub(crate) struct Arranged {
    pub(crate) rows: Vec<ListRow>,
    pub(crate) groups: Vec<Group>,
    /// The groups of each board; without headings none.
    groups_of: BTreeMap<BoardKey, Vec<usize>>,
    /// The top of each row.
    pub(crate) tops: Vec<f32>,
    pub(crate) height: f32,
    /// The boards in it, in order, without folded ones; a board may be listed
    /// twice.
    pub(crate) boards: Vec<BoardKey>,
    /// The number of boards in it, each counted once, folded or not.
    pub(crate) listed: usize,
    /// The number of boards that are left out because they are hidden.
    pub(crate) hidden: usize,
}

/// Whether a board's main switch is on. Without a link that is not known.
pub(crate) fn is_on(board: &BoardView) -> bool {
    board.link.is_up() && main_switch(board).and_then(|view| text::on(view)) == Some(true)
}

impl Arranged {
    /// A list without boards.
    pub(crate) const NOTHING: Self = Self {
        rows: Vec::new(),
        groups: Vec::new(),
        groups_of: BTreeMap::new(),
        tops: Vec::new(),
        height: 0.0,
        boards: Vec::new(),
        listed: 0,
        hidden: 0,
    };

    /// A board's main switch was turned on or off.
    pub(crate) fn switched(&mut self, board: BoardKey, on: bool) {
        for group in self.groups_of.get(&board).into_iter().flatten() {
            if let Some(group) = self.groups.get_mut(*group) {
                group.on = match on {
                    true => group.on + 1,
                    false => group.on.saturating_sub(1),
                };
            }
        }
    }

    /// The top of a board's first row.
    pub(crate) fn top_of(&self, board: BoardKey) -> Option<f32> {
        let is = |row: &ListRow| matches!(row, ListRow::Board(key, _) if *key == board);
        let at = self.rows.iter().position(is)?;
        self.tops.get(at).copied()
    }

    /// The rows between two heights.
    pub(crate) fn rows_between(&self, top: f32, bottom: f32) -> std::ops::Range<usize> {
        let first = self.tops.partition_point(|at| *at <= top).saturating_sub(1);
        let last = self.tops.partition_point(|at| *at < bottom);
        first..last.max(first)
    }
}

/// Arranges boards that are sorted by name.
pub(crate) fn arrange<'a>(
    boards: impl Iterator<Item = (&'a BoardView, Option<&'a Labels>)>,
    how: &Arrangement,
) -> Arranged {
    let mut arranged = Arranged::default();
    let mut listed: Vec<(&BoardView, Option<&Labels>)> = Vec::new();
    for (board, labels) in boards {
        if labels.is_some_and(|labels| labels.hidden) && !how.with_hidden {
            arranged.hidden += 1;
        } else {
            listed.push((board, labels));
        }
    }
    arranged.listed = listed.len();
    if how.sorting == Sorting::Attention {
        listed.sort_by_key(|(board, _)| LinkKind::of(&board.link).attention());
    }
    if how.grouping == Grouping::Nothing {
        arranged.rows = listed
            .iter()
            .map(|(board, _)| ListRow::Board(board.key, 0))
            .collect();
    } else {
        group(&mut arranged, listed, how);
    }
    for row in &arranged.rows {
        arranged.tops.push(arranged.height);
        arranged.height += row.height();
        if let ListRow::Board(board, _) = row {
            arranged.boards.push(*board);
        }
    }
    arranged
}

/// Puts boards under their headings.
fn group(arranged: &mut Arranged, listed: Vec<(&BoardView, Option<&Labels>)>, how: &Arrangement) {
    let mut groups: BTreeMap<(usize, String), Group> = BTreeMap::new();
    for (board, labels) in listed {
        for heading in headings(board, labels, how.grouping) {
            let group = groups.entry(heading).or_default();
            group.boards.push(board.key);
            group.switches += usize::from(main_switch(board).is_some());
            group.on += usize::from(is_on(board));
        }
    }
    // Headings say nothing while no board has a label.
    if let ([(rank, _)], Grouping::Room | Grouping::Tag) =
        (groups.keys().collect::<Vec<_>>().as_slice(), how.grouping)
        && *rank == LAST
    {
        let boards = groups.into_values().flat_map(|group| group.boards);
        arranged.rows = boards.map(|board| ListRow::Board(board, 0)).collect();
        return;
    }
    for (at, ((rank, words), mut group)) in groups.into_iter().enumerate() {
        group.folded = how.folded.contains(&words);
        group.room = (how.grouping == Grouping::Room).then(|| match rank {
            LAST => String::new(),
            _ => words.clone(),
        });
        group.words = words;
        arranged.rows.push(ListRow::Heading(at));
        for board in &group.boards {
            arranged.groups_of.entry(*board).or_default().push(at);
            if !group.folded {
                arranged.rows.push(ListRow::Board(*board, at));
            }
        }
        arranged.groups.push(group);
    }
}

/// The rank of a heading for boards without a label.
const LAST: usize = usize::MAX;

/// The headings that a board is listed under; headings for boards without a
/// label come last.
fn headings(
    board: &BoardView,
    labels: Option<&Labels>,
    grouping: Grouping,
) -> Vec<(usize, String)> {
    match grouping {
        Grouping::Nothing => Vec::new(),
        Grouping::Room => match labels
            .map(|labels| labels.room.as_str())
            .filter(|room| !room.is_empty())
        {
            Some(room) => vec![(0, room.to_owned())],
            None => vec![(LAST, "No room".to_owned())],
        },
        Grouping::Tag => match labels
            .map(|labels| &labels.tags)
            .filter(|tags| !tags.is_empty())
        {
            Some(tags) => tags.iter().map(|tag| (0, tag.clone())).collect(),
            None => vec![(LAST, "No tag".to_owned())],
        },
        Grouping::Kind => {
            let kinds: BTreeSet<String> = board
                .components
                .iter()
                .map(|view| kind(&view.descriptor.kind))
                .collect();
            match kinds.is_empty() {
                true => vec![(LAST, "Unknown".to_owned())],
                false => kinds.into_iter().map(|kind| (0, kind)).collect(),
            }
        }
        Grouping::State => {
            let state = text::link(&board.link);
            vec![(
                LinkKind::of(&board.link).attention(),
                format!("{}{}", state[..1].to_uppercase(), &state[1..]),
            )]
        }
    }
}

/// The heading of a kind.
pub(crate) fn kind(kind: &Kind) -> String {
    match kind {
        Kind::Switch => "Switches".to_owned(),
        Kind::Light => "Lights".to_owned(),
        Kind::Cover => "Covers".to_owned(),
        Kind::Sensor => "Sensors".to_owned(),
        Kind::BinarySensor => "Binary sensors".to_owned(),
        Kind::Number => "Numbers".to_owned(),
        Kind::Select => "Selects".to_owned(),
        Kind::Text => "Texts".to_owned(),
        Kind::TextSensor => "Text sensors".to_owned(),
        Kind::Button => "Buttons".to_owned(),
        Kind::Event => "Events".to_owned(),
        Kind::Update => "Firmware".to_owned(),
        other => text::plain(&other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_divided_by_commas_and_kept_once() {
        let mut labels = Labels::default();
        LabelsChange::Tags(" bench, , lamp,bench ".to_owned()).apply(&mut labels);
        assert_eq!(
            labels.tags.iter().map(String::as_str).collect::<Vec<_>>(),
            ["bench", "lamp"]
        );
        LabelsChange::Tags(String::new()).apply(&mut labels);
        assert!(labels.is_empty());
    }
}
