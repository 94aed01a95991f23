//! A component that is remembered beyond this run: by its board's id, and by
//! its key. Plots, scenes and dashboards are made of these.

use protocol::{ComponentKey, board_id};
use serde::{Deserialize, Serialize};

use address::Address;

/// A component of a board, there or not.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Pin {
    /// The board's id, or its address as long as that is all that is known of
    /// it.
    pub board: String,
    /// Which component.
    pub component: ComponentKey,
    /// What both were called when it was pinned, for the time when the board is
    /// not there: `Desk lamp: Light`.
    #[serde(default)]
    pub name: String,
}

impl PartialEq for Pin {
    /// What it was called does not make it another.
    fn eq(&self, other: &Self) -> bool {
        self.board == other.board && self.component == other.component
    }
}

impl Pin {
    /// Whether it can name a board.
    ///
    /// # Errors
    /// What would be accepted.
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

    /// What it was called, or its id and key where nobody said.
    pub fn words(&self) -> String {
        if self.name.is_empty() {
            format!("{}: {}", self.board, self.component)
        } else {
            self.name.clone()
        }
    }
}
