//! Pins in the window: which component of which board they mean now.

use std::sync::Arc;

use protocol::ComponentKey;

use super::{model::Model, words};
use crate::fleet::{BoardKey, BoardView, ComponentView};

pub use crate::documents::Pin;

impl Model {
    /// Pins a component, where the board has it.
    pub fn pin(&self, board: BoardKey, component: &ComponentKey) -> Option<Pin> {
        let board = self.board(board)?;
        let view = board
            .components
            .iter()
            .find(|view| view.descriptor.key == *component)?;
        Some(Pin {
            board: board.id.clone().unwrap_or_else(|| board.address.clone()),
            component: component.clone(),
            name: format!("{}: {}", self.title(board), component_name(board, view)),
        })
    }

    /// The board and the component as they are now, where both are known.
    pub(super) fn pinned(&self, pin: &Pin) -> Option<(&Arc<BoardView>, &Arc<ComponentView>)> {
        let board = self.pinned_board(pin)?;
        let component = board
            .components
            .iter()
            .find(|view| view.descriptor.key == pin.component)?;
        Some((board, component))
    }

    /// The board as it is now, where it is known.
    pub(super) fn pinned_board(&self, pin: &Pin) -> Option<&Arc<BoardView>> {
        self.board(self.known_as(&pin.board)?)
    }

    /// What both are called now, or were when it was pinned.
    pub(super) fn pin_title(&self, pin: &Pin) -> String {
        match self.pinned(pin) {
            Some((board, component)) => format!(
                "{}: {}",
                self.title(board),
                component_name(board, component)
            ),
            None => pin.words(),
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
