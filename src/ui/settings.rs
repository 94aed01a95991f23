//! What the window remembers from one run to the next, as JSON in eframe's storage. A field that is missing, broken or newer
//! than this program costs nothing but itself.

use std::net::SocketAddr;

use eframe::{Storage, egui};
use protocol::Object;
use serde::{Deserialize, Deserializer, Serialize, de::DeserializeOwned};

use crate::fleet::BoardView;

/// The key in eframe's storage.
const KEY: &str = "switchboard";

/// Which theme is shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ThemeChoice {
    /// The desktop's.
    #[default]
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl From<ThemeChoice> for egui::ThemePreference {
    fn from(choice: ThemeChoice) -> Self {
        match choice {
            ThemeChoice::System => Self::System,
            ThemeChoice::Light => Self::Light,
            ThemeChoice::Dark => Self::Dark,
        }
    }
}

/// A board that is shown in the next run too, there or not.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RememberedBoard {
    /// Where it was last, `host:port`.
    pub address: String,
    /// What it was called last.
    pub name: String,
    /// Its id, once known.
    pub id: Option<String>,
    /// It was added by hand, not found.
    pub by_hand: bool,
}

impl RememberedBoard {
    /// What is worth remembering of a board: all but those that were found on this computer itself, which are gone with it.
    pub fn of(board: &BoardView) -> Option<Self> {
        let here = board.address.parse().is_ok_and(|address: SocketAddr| address.ip().is_loopback());
        (board.by_hand || (board.id.is_some() && !here)).then(|| Self {
            address: board.address.clone(),
            name: board.name.clone(),
            id: board.id.clone(),
            by_hand: board.by_hand,
        })
    }

    /// Whether both are one board: by their ids, or by the address where one has none.
    pub fn is(&self, other: &Self) -> bool {
        match (&self.id, &other.id) {
            (Some(one), Some(other)) => one == other,
            _ => self.address == other.address,
        }
    }
}

/// Everything remembered.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// The theme.
    #[serde(deserialize_with = "or_default")]
    pub theme: ThemeChoice,
    /// Boards that an earlier run knew.
    #[serde(deserialize_with = "or_default")]
    pub boards: Vec<RememberedBoard>,
    /// The id, or else the address, of the board that was shown last.
    #[serde(deserialize_with = "or_default")]
    pub selected: Option<String>,
    /// What was pushed is shown for the chosen board only.
    #[serde(deserialize_with = "or_default")]
    pub pushes_of_one: bool,
    /// Fields of a newer version, kept as they came.
    #[serde(flatten)]
    pub newer: Object,
}

impl Settings {
    /// What is stored; the defaults where nothing is or nothing can be read.
    pub fn load(storage: Option<&dyn Storage>) -> Self {
        let text = storage.and_then(|storage| storage.get_string(KEY));
        text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
    }

    /// Remembers a board as it is now.
    pub fn remember(&mut self, board: RememberedBoard) {
        match self.boards.iter_mut().find(|known| known.is(&board)) {
            Some(known) => *known = board,
            None => self.boards.push(board),
        }
    }

    /// Stores them.
    pub fn save(&self, storage: &mut dyn Storage) {
        if let Ok(text) = serde_json::to_string(self) {
            storage.set_string(KEY, text);
        }
    }
}

fn or_default<'de, T: Default + DeserializeOwned, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    let value = serde_json::Value::deserialize(deserializer)?;
    Ok(serde_json::from_value(value).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_board_is_remembered_once_by_its_id_wherever_it_is() {
        let board = |id: &str, address: &str| RememberedBoard {
            id: Some(id.to_owned()),
            address: address.to_owned(),
            ..RememberedBoard::default()
        };
        let mut settings = Settings::default();
        settings.remember(RememberedBoard { address: "10.0.0.7:80".to_owned(), ..RememberedBoard::default() });
        settings.remember(board("sb-1", "10.0.0.7:80"));
        settings.remember(board("sb-1", "10.0.0.8:80"));
        settings.remember(board("sb-2", "10.0.0.7:80"));
        assert_eq!(settings.boards, [board("sb-1", "10.0.0.8:80"), board("sb-2", "10.0.0.7:80")]);
    }

    #[test]
    fn a_newer_file_loses_only_what_this_program_cannot_read() -> Result<(), serde_json::Error> {
        let stored =
            r#"{"theme":"sepia","selected":"lamp-1","boards":[{"address":"10.0.0.7:80","since":1}],"plots":[1]}"#;
        let settings: Settings = serde_json::from_str(stored)?;
        assert_eq!(settings.theme, ThemeChoice::System);
        assert_eq!(settings.selected.as_deref(), Some("lamp-1"));
        assert_eq!(settings.boards.len(), 1);
        assert!(serde_json::to_string(&settings)?.contains("\"plots\":[1]"));
        Ok(())
    }
}
