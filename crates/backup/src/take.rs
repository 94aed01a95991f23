//! What of a board goes into a backup.

use disk::{documents::state_of, settings::Labels};
use fleet::BoardView;
use protocol::{Kind, State};
use web_time::SystemTime;

use crate::{Backup, SavedBoard, SavedComponent, file::TEXT};

impl Backup {
    /// A backup of a board, with its labels on this computer.
    ///
    /// # Errors
    /// The board is not connected, or is beyond the limits of a backup.
    pub fn of(board: &BoardView, labels: Option<&Labels>, now: SystemTime) -> Result<Self, String> {
        let Some(info) = board.info.as_ref().filter(|_| board.link.is_up()) else {
            return Err("the board is not connected: its settings are not known".to_owned());
        };
        let components = board.components.iter().map(|view| SavedComponent {
            key: view.descriptor.key.clone(),
            name: bounded(&view.descriptor.name),
            set: settings(&view.descriptor.kind, &view.reported),
        });
        let backup = Self {
            name: bounded(&board.name),
            board: SavedBoard {
                family: board.family,
                id: info.id.clone(),
                platform: bounded(&info.platform),
                board: bounded(&info.board),
                version: bounded(&info.version),
            },
            saved_at: now
                .duration_since(SystemTime::UNIX_EPOCH)
                .ok()
                .map(|since| since.as_secs()),
            labels: labels.map(Into::into).unwrap_or_default(),
            components: components.collect(),
        };
        backup.check()?;
        Ok(backup)
    }
}

/// A text of a board as a backup may have it.
pub(crate) fn bounded(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_control())
        .take(TEXT)
        .collect()
}

/// The fields of a component that are its setting. The position of a cover does
/// not count: to restore it, something heavy would have to move.
fn settings(kind: &Kind, reported: &State) -> State {
    match kind {
        Kind::Cover => State::new(),
        kind => state_of(kind, reported).unwrap_or_default(),
    }
}
