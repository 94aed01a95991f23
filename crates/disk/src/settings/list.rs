//! How the list of boards is arranged, and what a person noted of boards.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// What the headings of the list are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Grouping {
    /// None.
    #[default]
    Nothing,
    /// The rooms that boards were put in.
    Room,
    /// Tags; a board is under each of its own.
    Tag,
    /// What is on the boards: lights, sensors; a board is under each of its
    /// own.
    Kind,
    /// How the links are.
    State,
}

impl Grouping {
    /// All groupings, in the order of a menu.
    pub const ALL: [Self; 5] = [
        Self::Nothing,
        Self::Room,
        Self::Tag,
        Self::Kind,
        Self::State,
    ];
}

/// In which order boards are listed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sorting {
    /// As people sort names.
    #[default]
    Name,
    /// What needs attention first, then by name.
    Attention,
}

impl Sorting {
    /// All orders, as a menu lists them.
    pub const ALL: [Self; 2] = [Self::Name, Self::Attention];
}

/// How the list is arranged.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Arrangement {
    /// Its headings.
    pub grouping: Grouping,
    /// Its order.
    pub sorting: Sorting,
    /// Boards that were hidden are listed too.
    pub with_hidden: bool,
    /// Headings whose boards are folded away.
    pub folded: BTreeSet<String>,
}

/// What a person noted of a board.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Labels {
    /// Where it is.
    pub room: String,
    /// Words for it, sorted.
    pub tags: BTreeSet<String>,
    /// It is not listed.
    pub hidden: bool,
}

impl Labels {
    /// Whether the board has no labels.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
