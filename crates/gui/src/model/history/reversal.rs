//! How an act is undone, or done again after it was undone.

use protocol::ComponentKey;

use disk::{
    documents::{Document, DocumentKind},
    settings::{PlotSettings, RememberedBoard},
};

use crate::model::{
    arrangement::Labels,
    batch::{BatchStep, Operation},
};
use fleet::BoardKey;

/// How an act is undone, or done again after it was undone.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Reversal {
    /// By commands.
    Send {
        /// The commands, in their order.
        steps: Vec<ReversedStep>,
        /// How many components stay as they are, because their previous state
        /// was unknown.
        left_out: usize,
    },
    /// By other labels of boards.
    Labels(Vec<LabelsExchange>),
    /// By forgetting boards, or restoring them.
    Boards(BoardsExchange),
    /// By other curves on the page of plots.
    Plots(Box<PlotsExchange>),
    /// By exchanging a scene or dashboard.
    Document(Box<DocumentExchange>),
    /// Not at all; why, in a sentence.
    Impossible(String),
}

/// A command, and the one that leads back to the state before it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ReversedStep {
    /// The command to send.
    pub(crate) to: BatchStep,
    /// The command that was sent before, and led to the present state.
    pub(crate) from: BatchStep,
}

/// Forgets boards, or restores them.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct BoardsExchange {
    pub(crate) boards: Vec<RememberedBoard>,
    /// Whether they are to be in the list.
    pub(crate) there: bool,
}

/// Exchanges the labels of a board.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct LabelsExchange {
    /// The board's id.
    pub(crate) id: String,
    pub(crate) to: Labels,
    pub(crate) from: Labels,
}

/// Exchanges the curves on the page of plots.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PlotsExchange {
    pub(crate) to: PlotSettings,
    pub(crate) from: PlotSettings,
}

/// Exchanges one state of a scene or dashboard for another.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct DocumentExchange {
    pub(crate) kind: DocumentKind,
    /// Its index.
    pub(crate) at: usize,
    /// As it is to be; `None`: it does not exist.
    pub(crate) to: Option<Document>,
    /// As it was left; `None`: it does not exist.
    pub(crate) from: Option<Document>,
}

impl Reversal {
    pub(super) const NOTHING: Self = Self::Impossible(String::new());

    /// The reversal of `all` commands, some of them known.
    pub(crate) fn send(steps: Vec<ReversedStep>, all: usize, why_none: &str) -> Self {
        match steps.len() {
            0 => Self::Impossible(why_none.to_owned()),
            known => Self::Send {
                steps,
                left_out: all.saturating_sub(known),
            },
        }
    }

    /// The way back, after this was carried out.
    pub(crate) fn back(self) -> Self {
        match self {
            Self::Send { steps, left_out } => Self::Send {
                steps: steps
                    .into_iter()
                    .rev()
                    .map(|ReversedStep { to, from }| ReversedStep { to: from, from: to })
                    .collect(),
                left_out,
            },
            Self::Labels(boards) => Self::Labels(
                boards
                    .into_iter()
                    .map(|LabelsExchange { id, to, from }| LabelsExchange {
                        id,
                        to: from,
                        from: to,
                    })
                    .collect(),
            ),
            Self::Boards(BoardsExchange { boards, there }) => Self::Boards(BoardsExchange {
                boards,
                there: !there,
            }),
            Self::Plots(mut exchange) => {
                let PlotsExchange { to, from } = &mut *exchange;
                std::mem::swap(to, from);
                Self::Plots(exchange)
            }
            Self::Document(mut change) => {
                let DocumentExchange { to, from, .. } = &mut *change;
                std::mem::swap(to, from);
                Self::Document(change)
            }
            Self::Impossible(why) => Self::Impossible(why),
        }
    }

    /// Takes the reversal of an act that followed and belongs to this one: the
    /// state before both stays the one to return to.
    pub(super) fn merge(&mut self, newer: Self) {
        match (self, newer) {
            (Self::Send { steps: old, .. }, Self::Send { steps: new, .. }) => {
                if let ([old], [new]) = (old.as_mut_slice(), new.as_slice()) {
                    old.from = new.from.clone();
                }
            }
            (Self::Boards(old), Self::Boards(new)) => old.boards.extend(new.boards),
            (Self::Document(old), Self::Document(new)) => old.from = new.from,
            _ => {}
        }
    }

    /// Whether it sets this component.
    pub(super) fn sets(&self, board: BoardKey, component: &ComponentKey) -> bool {
        match self {
            Self::Send { steps, .. } => steps.iter().any(|step| step.sets(board, component)),
            _ => false,
        }
    }

    /// A board goes on under another key.
    pub(super) fn goes_on(&mut self, before: BoardKey, now: BoardKey) {
        if let Self::Send { steps, .. } = self {
            let steps = steps.iter_mut();
            let boards = steps.flat_map(|step| [&mut step.to.board, &mut step.from.board]);
            for board in boards.filter(|board| **board == before) {
                *board = now;
            }
        }
    }

    /// Leaves this component alone.
    pub(super) fn leave_alone(&mut self, board: BoardKey, component: &ComponentKey) {
        if let Self::Send { steps, .. } = self {
            steps.retain(|step| !step.sets(board, component));
            if steps.is_empty() {
                *self = Self::Impossible("Nothing is left to undo.".to_owned());
            }
        }
    }
}

impl ReversedStep {
    fn sets(&self, board: BoardKey, component: &ComponentKey) -> bool {
        self.to.board == board
            && matches!(&self.to.what, Operation::Set(key, _) if key == component)
    }
}
