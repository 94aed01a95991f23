//! What the window remembers from one run to the next, as JSON in eframe's storage. A field that is missing, broken or newer
//! than this program costs nothing but itself.

use eframe::{Storage, egui};
use protocol::Object;
use serde::{Deserialize, Deserializer, Serialize, de::DeserializeOwned};

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

/// A board that was added by hand.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RememberedBoard {
    /// `host:port`.
    pub address: String,
    /// What it was called last; shown until it answers.
    pub name: String,
    /// Its id, once known.
    pub id: Option<String>,
}

/// Everything remembered.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// The theme.
    #[serde(deserialize_with = "or_default")]
    pub theme: ThemeChoice,
    /// Boards that were added by hand.
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
