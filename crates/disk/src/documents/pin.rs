//! A reference to a component that outlives a run: its board's id and its key.
//! Plots, scenes and dashboards use it.

use protocol::{ComponentKey, board_id};
use serde::{Deserialize, Serialize};

use address::Address;

/// A reference to a component of a board, which may be unreachable.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Pin {
    /// The board's id, or its address while the id is unknown.
    pub board: String,
    /// The component.
    pub component: ComponentKey,
    /// The names of both when the reference was made, shown while the board is
    /// unreachable: `Desk lamp: Light`.
    #[serde(default)]
    pub name: String,
}

impl PartialEq for Pin {
    /// The name is not compared.
    fn eq(&self, other: &Self) -> bool {
        self.board == other.board && self.component == other.component
    }
}

impl Pin {
    /// Validates the board.
    ///
    /// # Errors
    ///
    /// A message about what is accepted.
    pub(super) fn check(&self) -> Result<(), String> {
        let is_address = self.board.contains(':') && self.board.parse::<Address>().is_ok();
        match board_id(&self.board) {
            Err(error) if !is_address => Err(format!(
                "\"board\" is {:?}, which is neither an id nor host:port: {error}",
                self.board
            )),
            _ => Ok(()),
        }
    }

    /// The saved name, or otherwise the id and key.
    pub fn words(&self) -> String {
        if self.name.is_empty() {
            format!("{}: {}", self.board, self.component)
        } else {
            self.name.clone()
        }
    }
}
