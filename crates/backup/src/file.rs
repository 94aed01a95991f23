//! The file: one JSON object whose field `switchboard` is `backup`. What is in
//! it is validated before use; fields that this version does not know are
//! ignored.

use std::{
    collections::BTreeSet,
    io,
    path::{Path, PathBuf},
};

use disk::settings::Labels;
use files::Access;
use fleet::Family;
use protocol::{ComponentKey, State};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The file version that this program writes, and the newest that it reads.
const VERSION: u64 = 1;

/// The largest file, in bytes.
const MOST_BYTES: u64 = 1 << 20;

/// The most components of a board.
const COMPONENTS: usize = 1_000;

/// The most tags of a board.
const TAGS: usize = 100;

/// The longest text: a name, a room, a tag. In characters.
pub(crate) const TEXT: usize = 255;

/// What is moved from one board to another.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Backup {
    /// The board's name.
    pub name: String,
    /// What the board is.
    pub board: SavedBoard,
    /// When it was saved, in seconds since 1970 (UTC).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub saved_at: Option<u64>,
    /// Its labels on the computer that saved it.
    #[serde(default, skip_serializing_if = "SavedLabels::is_empty")]
    pub labels: SavedLabels,
    /// All its components, also those without a setting.
    pub components: Vec<SavedComponent>,
}

/// What a board is: a board of the same kind has the same `family`, `platform`
/// and `board`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedBoard {
    /// Its family; ours if it is absent.
    #[serde(default)]
    pub family: Family,
    /// Its id, for people: another board has another one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// What its firmware runs on, as in `Device.GetInfo`.
    pub platform: String,
    /// The product or development board, as in `Device.GetInfo`.
    pub board: String,
    /// The version of its firmware, for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub version: String,
}

/// Labels of a board.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SavedLabels {
    /// The room; empty for none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub room: String,
    /// Tags.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub tags: BTreeSet<String>,
}

impl SavedLabels {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// These labels in place of those of a board; whether it is hidden stays.
    pub fn applied_to(&self, labels: &mut Labels) {
        labels.room.clone_from(&self.room);
        labels.tags.clone_from(&self.tags);
    }
}

impl From<&Labels> for SavedLabels {
    fn from(labels: &Labels) -> Self {
        Self {
            room: labels.room.clone(),
            tags: labels.tags.clone(),
        }
    }
}

/// A component.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SavedComponent {
    /// Its key.
    pub key: ComponentKey,
    /// Its name, for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The fields to set; empty if it has no setting, or its state was unknown.
    #[serde(default, skip_serializing_if = "State::is_empty")]
    pub set: State,
}

/// Why a backup cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The file cannot be read.
    #[error("Could not read {}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The file is too large.
    #[error(
        "{} is larger than {} MiB: it is not a backup of a board",
        path.display(),
        MOST_BYTES >> 20
    )]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// The contents are invalid.
    #[error("{}: {problem}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What is wrong and what is expected.
        problem: String,
    },
}

#[derive(Serialize)]
struct Filed<'a> {
    switchboard: &'static str,
    version: u64,
    #[serde(flatten)]
    backup: &'a Backup,
}

impl Backup {
    /// Reads a file.
    ///
    /// # Errors
    /// If the file cannot be read, or is not a backup that this version
    /// understands.
    pub fn read(path: &Path) -> Result<Self, BackupError> {
        let text = files::read_at_most(path, MOST_BYTES)
            .map_err(|source| BackupError::File {
                path: path.to_owned(),
                source,
            })?
            .ok_or_else(|| BackupError::TooLarge {
                path: path.to_owned(),
            })?;
        Self::parse(&text).map_err(|problem| BackupError::Unreadable {
            path: path.to_owned(),
            problem,
        })
    }

    /// Parses the contents of a file.
    ///
    /// # Errors
    /// A message about what is wrong and what is expected.
    pub fn parse(text: &[u8]) -> Result<Self, String> {
        let text = files::text(text).map_err(|error| error.to_string())?;
        let value: Value = serde_json::from_str(&text).map_err(|error| {
            format!("this is not JSON ({error}); expected a backup saved by Switchboard")
        })?;
        match value.get("switchboard").and_then(Value::as_str) {
            Some("backup") => {}
            Some(other) => {
                return Err(format!(
                    "this is a {}, not a backup of a board",
                    text::plain(other)
                ));
            }
            None => {
                return Err("the field \"switchboard\" is missing; expected \"backup\"".to_owned());
            }
        }
        match value.get("version").and_then(Value::as_u64) {
            Some(1..=VERSION) => {}
            Some(version) if version > VERSION => {
                return Err(format!(
                    "it was saved by a newer version of Switchboard (file version {version}; this \
                     version reads up to {VERSION}): update Switchboard"
                ));
            }
            _ => return Err(format!("\"version\" must be a number from 1 to {VERSION}")),
        }
        let backup: Self = serde_json::from_value(value).map_err(|error| error.to_string())?;
        backup.check()?;
        Ok(backup)
    }

    /// The contents of its file.
    pub fn text(&self) -> String {
        let filed = Filed {
            switchboard: "backup",
            version: VERSION,
            backup: self,
        };
        // All maps have string keys, so serialization cannot fail.
        serde_json::to_string_pretty(&filed).unwrap_or_default() + "\n"
    }

    /// Writes the file as a whole or not at all; follows links and accepts
    /// pipes.
    ///
    /// # Errors
    /// If the system refuses; the previous contents are then kept.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        files::write(path, self.text().as_bytes(), Access::AsBefore)
    }

    /// How many components have a setting in it.
    pub fn settings(&self) -> usize {
        self.components
            .iter()
            .filter(|saved| !saved.set.is_empty())
            .count()
    }

    pub(crate) fn check(&self) -> Result<(), String> {
        if self.name.is_empty() {
            return Err("the field \"name\" is empty".to_owned());
        }
        let SavedBoard {
            family: _,
            id,
            platform,
            board,
            version,
        } = &self.board;
        let SavedLabels { room, tags } = &self.labels;
        let named = [
            ("name", &self.name),
            ("board.id", id),
            ("board.platform", platform),
            ("board.board", board),
            ("board.version", version),
            ("labels.room", room),
        ];
        let tags_of = tags.iter().map(|tag| ("labels.tags", tag));
        let names = self
            .components
            .iter()
            .map(|saved| ("name of a component", &saved.name));
        for (field, value) in named.into_iter().chain(tags_of).chain(names) {
            check_text(field, value)?;
        }
        if tags.len() > TAGS {
            return Err(format!("it has {} tags; the limit is {TAGS}", tags.len()));
        }
        if self.components.len() > COMPONENTS {
            return Err(format!(
                "it has {} components; the limit is {COMPONENTS}",
                self.components.len()
            ));
        }
        let mut seen = BTreeSet::new();
        for SavedComponent { key, .. } in &self.components {
            if !seen.insert(key) {
                return Err(format!("{} is in it twice", text::plain(&key.to_string())));
            }
        }
        Ok(())
    }
}

fn check_text(field: &str, value: &str) -> Result<(), String> {
    let length = value.chars().count();
    if length > TEXT {
        return Err(format!(
            "{field} has {length} characters; the limit is {TEXT}"
        ));
    }
    match value.chars().any(char::is_control) {
        true => Err(format!("{field} has control characters")),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use serde_json::json;

    use super::*;

    fn lamp() -> Backup {
        let component = |key: &str, set: Value| SavedComponent {
            key: key.parse().expect("a key"),
            name: String::new(),
            set: serde_json::from_value(set).expect("a state"),
        };
        Backup {
            name: "Desk lamp".to_owned(),
            board: SavedBoard {
                platform: "virtual".to_owned(),
                board: "lamp".to_owned(),
                ..SavedBoard::default()
            },
            saved_at: Some(1_800_000_000),
            labels: SavedLabels {
                room: "Workshop".to_owned(),
                tags: ["bench".to_owned()].into(),
            },
            components: vec![
                component("number:0", json!({ "value": 0.1 })),
                component("sensor:0", json!({})),
            ],
        }
    }

    #[test]
    fn a_backup_round_trips_through_its_file() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("lamp.json");
        fs::write(&path, "something older").expect("written");
        lamp().write(&path).expect("saved");
        assert_eq!(Backup::read(&path).expect("read"), lamp());
        assert_eq!(lamp().settings(), 1);
    }

    /// The file of the documentation, and what a newer program may add.
    #[test]
    fn unknown_fields_are_ignored_and_optional_ones_may_be_missing() {
        let text = br#"{"switchboard":"backup","version":1,"name":"Lamp","color":"red",
            "board":{"platform":"virtual","board":"lamp","rack":7},
            "components":[{"key":"fan:3","set":{"speed":2}},{"key":"light:0","note":"x"}]}"#;
        let read = Backup::parse(text).expect("read");
        assert_eq!(read.board.family, Family::Switchboard);
        assert_eq!(read.components.len(), 2);
        assert!(read.labels.is_empty() && read.saved_at.is_none());
    }

    #[test]
    fn a_damaged_file_is_refused_with_what_is_wrong() {
        let whole = lamp().text();
        let with = |from: &str, to: &str| {
            assert!(whole.contains(from), "{from}");
            whole.replacen(from, to, 1)
        };
        let long = "x".repeat(256);
        for (text, said) in [
            (whole[..whole.len() / 2].to_owned(), "not JSON"),
            (String::new(), "not JSON"),
            ("[]".to_owned(), "\"switchboard\" is missing"),
            (with("\"backup\"", "\"scene\""), "a scene, not a backup"),
            (with("\"version\": 1", "\"version\": 2"), "newer version"),
            (with("\"version\": 1", "\"version\": 0"), "from 1 to 1"),
            (with("\"version\": 1", "\"version\": \"1\""), "from 1 to 1"),
            (with("\"Desk lamp\"", "\"\""), "\"name\" is empty"),
            (with("\"Desk lamp\"", "7"), "expected a string"),
            (with("Desk lamp", "Desk\\nlamp"), "control characters"),
            (with("Workshop", &long), "labels.room has 256 characters"),
            (with("sensor:0", "number:0"), "number:0 is in it twice"),
            (with("sensor:0", "sensor"), "sensor"),
            (
                with("\"components\"", "\"parts\""),
                "missing field `components`",
            ),
        ] {
            let problem = Backup::parse(text.as_bytes()).expect_err(said);
            assert!(problem.contains(said), "{problem}");
        }
        assert!(Backup::parse(b"\xff{").is_err());
    }

    #[test]
    fn what_is_too_large_is_refused() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("large.json");
        fs::write(&path, vec![b' '; (1 << 20) + 1]).expect("written");
        let problem = Backup::read(&path).expect_err("too large").to_string();
        assert!(problem.contains("larger than 1 MiB"), "{problem}");
        let mut many = lamp();
        many.components = (0..=COMPONENTS)
            .map(|at| SavedComponent {
                key: format!("sensor:{at}").parse().expect("a key"),
                name: String::new(),
                set: State::new(),
            })
            .collect();
        assert!(
            Backup::parse(many.text().as_bytes())
                .expect_err("too many")
                .contains("1001 components")
        );
    }

    proptest::proptest! {
        /// Whatever happened to a file, it is refused or read; what was read
        /// can be written and read again.
        #[test]
        fn a_file_with_any_bytes_changed_is_refused_or_read(
            at in 0_usize..600,
            by in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..8),
            cut in 0_usize..8,
        ) {
            let mut text = lamp().text().into_bytes();
            let at = at.min(text.len());
            let end = (at + cut).min(text.len());
            text.splice(at..end, by);
            if let Ok(read) = Backup::parse(&text) {
                assert_eq!(Backup::parse(read.text().as_bytes()), Ok(read));
            }
        }
    }
}
