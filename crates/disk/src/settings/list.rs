//! The arrangement of the board list, and the labels of boards.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// How the list is grouped.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Grouping {
    /// Not grouped.
    #[default]
    Nothing,
    /// By room.
    Room,
    /// By tag; a board appears under each of its tags.
    Tag,
    /// By component kind, such as light or sensor; a board appears under each
    /// of its kinds.
    Kind,
    /// By connection state.
    State,
}

impl Grouping {
    /// All groupings, in menu order.
    pub const ALL: [Self; 5] = [
        Self::Nothing,
        Self::Room,
        Self::Tag,
        Self::Kind,
        Self::State,
    ];
}

/// How the list is sorted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sorting {
    /// By name, in natural order.
    #[default]
    Name,
    /// Boards that need attention first, then by name.
    Attention,
}

impl Sorting {
    /// All sort orders, in menu order.
    pub const ALL: [Self; 2] = [Self::Name, Self::Attention];
}

/// The arrangement of the list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Arrangement {
    /// The grouping.
    pub grouping: Grouping,
    /// The sort order.
    pub sorting: Sorting,
    /// Whether hidden boards are shown.
    pub with_hidden: bool,
    /// Collapsed groups.
    pub folded: BTreeSet<String>,
}

/// The labels that the user gave a board.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Labels {
    /// The room.
    pub room: String,
    /// Tags, sorted.
    pub tags: BTreeSet<String>,
    /// Whether the board is hidden from the list.
    pub hidden: bool,
    /// Whether a desktop notification is shown when the board is lost.
    #[serde(
        deserialize_with = "super::or_default",
        skip_serializing_if = "std::ops::Not::not"
    )]
    pub notify_when_lost: bool,
}

impl Labels {
    /// Whether the board has no labels.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
