//! The states of a link that the window tells apart: in counts, filters,
//! groups, icons and colors.

use fleet::{LinkProblem, LinkState};

/// The state of a link, without its details.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LinkKind {
    /// The link is live.
    Connected,
    /// It is being opened.
    Connecting,
    /// It is silent.
    Stale,
    /// The board is locked, and this computer has no key that it accepts.
    Locked,
    /// There is no link.
    Unreachable,
    /// The board is only announced.
    Announced,
}

impl LinkKind {
    /// All of them, in the order of the counts.
    pub(crate) const ALL: [Self; 6] = [
        Self::Connected,
        Self::Connecting,
        Self::Stale,
        Self::Locked,
        Self::Unreachable,
        Self::Announced,
    ];

    /// The kind of a state.
    pub(crate) fn of(link: &LinkState) -> Self {
        match link {
            LinkState::Announced => Self::Announced,
            LinkState::Connecting => Self::Connecting,
            LinkState::Connected => Self::Connected,
            LinkState::Stale => Self::Stale,
            LinkState::Unreachable {
                problem: LinkProblem::Locked | LinkProblem::WrongKey,
                ..
            } => Self::Locked,
            LinkState::Unreachable { .. } => Self::Unreachable,
        }
    }

    /// Its name.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Connected => "connected",
            Self::Connecting => "connecting",
            Self::Stale => "stale",
            Self::Locked => "locked",
            Self::Unreachable => "unreachable",
            Self::Announced => "announced",
        }
    }

    /// Its rank in a list whose problems come first.
    pub(crate) fn attention(self) -> usize {
        match self {
            Self::Unreachable => 0,
            Self::Locked => 1,
            Self::Stale => 2,
            Self::Connecting => 3,
            Self::Announced => 4,
            Self::Connected => 5,
        }
    }
}
