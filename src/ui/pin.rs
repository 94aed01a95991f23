//! Pins in the window: which component of which board they mean now.

use std::sync::Arc;

use protocol::ComponentKey;

use super::{model::Model, words};
use crate::fleet::{BoardKey, BoardView, ComponentView};

pub use crate::documents::Pin;

impl Pin {
    /// Pins a component, where the board has it.
    pub fn of(model: &Model, board: BoardKey, component: &ComponentKey) -> Option<Self> {
        let board = model.board(board)?;
        let view = board
            .components
            .iter()
            .find(|view| view.descriptor.key == *component)?;
        Some(Self {
            board: board.id.clone().unwrap_or_else(|| board.address.clone()),
            component: component.clone(),
            name: format!("{}: {}", model.title(board), component_name(board, view)),
        })
    }

    /// The board and the component as they are now, where both are known.
    pub(super) fn find<'a>(
        &self,
        model: &'a Model,
    ) -> Option<(&'a Arc<BoardView>, &'a Arc<ComponentView>)> {
        let board = self.board(model)?;
        let component = board
            .components
            .iter()
            .find(|view| view.descriptor.key == self.component)?;
        Some((board, component))
    }

    /// The board as it is now, where it is known.
    pub(super) fn board<'a>(&self, model: &'a Model) -> Option<&'a Arc<BoardView>> {
        model.board(model.known_as(&self.board)?)
    }

    /// What both are called now, or were when it was pinned.
    pub(super) fn title(&self, model: &Model) -> String {
        match self.find(model) {
            Some((board, component)) => format!(
                "{}: {}",
                model.title(board),
                component_name(board, component)
            ),
            None => self.words(),
        }
    }
}

/// The name of a component, with its key where another one of the board has the
/// same name.
pub(super) fn component_name(board: &BoardView, component: &ComponentView) -> String {
    let descriptor = &component.descriptor;
    let alike = board
        .components
        .iter()
        .filter(|other| other.descriptor.name == descriptor.name)
        .count();
    match (descriptor.name.is_empty(), alike) {
        (true, _) => descriptor.key.to_string(),
        (false, 0 | 1) => words::plain(&descriptor.name),
        (false, _) => format!("{} ({})", words::plain(&descriptor.name), descriptor.key),
    }
}
