//! Pins in the window: the board and component that each refers to now.

use std::sync::Arc;

use protocol::{ComponentKey, EntityCategory, Kind};

use crate::model::boards::Model;
use fleet::{BoardKey, BoardView, ComponentView};

pub use disk::{documents::Pin, settings::ChannelPin};

impl Model {
    /// Pins a component, if the board has it.
    pub fn pin(&self, board: BoardKey, component: &ComponentKey) -> Option<Pin> {
        let board = self.board(board)?;
        let view = board.component(component)?;
        Some(Pin {
            board: board.id.as_ref().unwrap_or(&board.address).to_string(),
            component: component.clone(),
            name: format!("{}: {}", self.title(board), component_name(board, view)),
        })
    }

    /// The current board and component, if both are known.
    pub(crate) fn pinned(&self, pin: &Pin) -> Option<(&Arc<BoardView>, &Arc<ComponentView>)> {
        let board = self.pinned_board(pin)?;
        Some((board, board.component(&pin.component)?))
    }

    /// The current board, if it is known.
    pub(crate) fn pinned_board(&self, pin: &Pin) -> Option<&Arc<BoardView>> {
        self.board(self.known_as(&pin.board)?)
    }

    /// Refers to a telemetry channel of a board.
    pub(crate) fn channel_pin(&self, board: &BoardView, channel: &str) -> ChannelPin {
        ChannelPin {
            board: board.id.as_ref().unwrap_or(&board.address).to_string(),
            channel: channel.to_owned(),
            board_name: self.title(board),
            index: 0,
        }
    }

    /// The board of a telemetry channel, if it is known.
    pub(crate) fn channel_board(&self, pin: &ChannelPin) -> Option<&Arc<BoardView>> {
        self.board(self.known_as(&pin.board)?)
    }

    /// The current names of both, or the names when it was pinned.
    pub(crate) fn pin_title(&self, pin: &Pin) -> String {
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

/// The name of a component, with its key if another one on the board has the
/// same name.
pub(crate) fn component_name(board: &BoardView, component: &ComponentView) -> String {
    let descriptor = &component.descriptor;
    let alike = board
        .components
        .iter()
        .filter(|other| other.descriptor.name == descriptor.name)
        .count();
    match (descriptor.name.is_empty(), alike) {
        (true, _) => descriptor.key.to_string(),
        (false, 0 | 1) => text::plain(&descriptor.name),
        (false, _) => format!("{} ({})", text::plain(&descriptor.name), descriptor.key),
    }
}

/// Whether a component has values that can be plotted.
pub(crate) fn can_be_plotted(kind: &Kind) -> bool {
    !matches!(
        kind,
        Kind::Select | Kind::Text | Kind::TextSensor | Kind::Button | Kind::Event | Kind::Update
    )
}

/// Whether a component only tells how its board is doing.
pub(crate) fn is_diagnostic(component: &ComponentView) -> bool {
    let descriptor = &component.descriptor;
    descriptor.entity_category == Some(EntityCategory::Diagnostic)
        && matches!(
            descriptor.kind,
            Kind::Sensor | Kind::BinarySensor | Kind::TextSensor
        )
}
