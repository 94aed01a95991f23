//! Documents that people save and share: scenes and dashboards. A file contains
//! one JSON object whose field `switchboard` names its kind. Knows nothing
//! about the window or boards; the contents of a file are validated before use.

mod dashboard;
mod pin;
mod scene;
mod shelf;

use std::{
    io,
    path::{Path, PathBuf},
};

use files::Access;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

pub use dashboard::{COLUMNS, Dashboard, Place, ROWS_MOST, Tile};
pub use pin::Pin;
pub use scene::{Fit, Scene, SceneStep, settable, state_of};
pub use shelf::{Shelf, Shelved};

/// The file version that this program writes, and the newest that it reads.
const VERSION: u64 = 1;

/// The largest file, in bytes: ten times a scene of a thousand boards.
const MOST_BYTES: u64 = 4 << 20;

/// The longest name, in characters.
pub const NAME: usize = 60;

/// A document.
#[derive(Debug, Clone, PartialEq)]
pub enum Document {
    /// A scene.
    Scene(Scene),
    /// A dashboard.
    Dashboard(Dashboard),
}

/// The kind of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DocumentKind {
    /// A scene.
    Scene,
    /// A dashboard.
    Dashboard,
}

impl DocumentKind {
    /// Its name in sentences and files.
    pub fn word(self) -> &'static str {
        match self {
            Self::Scene => "scene",
            Self::Dashboard => "dashboard",
        }
    }
}

/// Why a document cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// The file cannot be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The file is too large.
    #[error(
        "{} is larger than {} MiB, which is too large for a scene or a dashboard",
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

impl Document {
    /// Its kind.
    pub fn kind(&self) -> DocumentKind {
        match self {
            Self::Scene(_) => DocumentKind::Scene,
            Self::Dashboard(_) => DocumentKind::Dashboard,
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        match self {
            Self::Scene(scene) => &scene.name,
            Self::Dashboard(dashboard) => &dashboard.name,
        }
    }

    /// Reads a file.
    ///
    /// # Errors
    /// If the file cannot be read, or is not a scene or dashboard that this
    /// version understands.
    pub fn read(path: &Path) -> Result<Self, DocumentError> {
        let text = files::read_at_most(path, MOST_BYTES)
            .map_err(|source| DocumentError::File {
                path: path.to_owned(),
                source,
            })?
            .ok_or_else(|| DocumentError::TooLarge {
                path: path.to_owned(),
            })?;
        Self::parse(&text).map_err(|problem| DocumentError::Unreadable {
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
            format!(
                "this is not JSON ({error}); expected a scene or dashboard saved by Switchboard"
            )
        })?;
        let kind = value.get("switchboard").and_then(Value::as_str);
        let version = value
            .get("version")
            .and_then(Value::as_u64)
            .unwrap_or(VERSION);
        if kind.is_some() && version > VERSION {
            return Err(format!(
                "it was saved by a newer version of Switchboard (file version {version}; this \
                 version reads up to {VERSION})"
            ));
        }
        match kind {
            Some("scene") => checked(value, Scene::check).map(Self::Scene),
            Some("dashboard") => checked(value, Dashboard::check).map(Self::Dashboard),
            other => {
                let found =
                    other.map_or_else(|| "is missing".to_owned(), |other| format!("is {other:?}"));
                Err(format!(
                    "the field \"switchboard\" {found}; expected \"scene\" or \"dashboard\""
                ))
            }
        }
    }

    /// The contents of its file.
    pub fn text(&self) -> String {
        let head = Head {
            switchboard: self.kind(),
            version: VERSION,
        };
        let text = match self {
            Self::Scene(scene) => serde_json::to_string_pretty(&Filed { head, body: scene }),
            Self::Dashboard(dashboard) => serde_json::to_string_pretty(&Filed {
                head,
                body: dashboard,
            }),
        };
        // All maps in a document have string keys, so serialization cannot
        // fail.
        text.unwrap_or_default() + "\n"
    }

    /// Writes the file as a whole or not at all; follows links and accepts
    /// pipes.
    ///
    /// # Errors
    /// If the system refuses; the previous contents are then kept.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        files::write(path, self.text().as_bytes(), Access::AsBefore)
    }
}

#[derive(Serialize)]
struct Head {
    switchboard: DocumentKind,
    version: u64,
}

#[derive(Serialize)]
struct Filed<'a, T> {
    #[serde(flatten)]
    head: Head,
    #[serde(flatten)]
    body: &'a T,
}

fn checked<T: DeserializeOwned>(
    mut value: Value,
    check: impl FnOnce(&T) -> Result<(), String>,
) -> Result<T, String> {
    // The head is not a part of what the file contains.
    if let Value::Object(fields) = &mut value {
        fields.remove("switchboard");
        fields.remove("version");
    }
    let document: T = serde_json::from_value(value).map_err(|error| error.to_string())?;
    check(&document)?;
    Ok(document)
}

/// Validates a name.
///
/// # Errors
///
/// A message about what is accepted.
pub fn check_name(name: &str) -> Result<(), String> {
    let length = name.chars().count();
    match name {
        name if name.trim().is_empty() => {
            Err(format!("a name is required: 1 to {NAME} characters"))
        }
        _ if length > NAME => Err(format!(
            "the name has {length} characters; the limit is {NAME}"
        )),
        name if name.chars().any(char::is_control) => {
            Err("a name must be a single line without control characters".to_owned())
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_byte_order_mark_and_utf_16_are_accepted() {
        let scene = Document::Scene(Scene::new("Evening"));
        let marked = [b"\xef\xbb\xbf", scene.text().as_bytes()].concat();
        assert_eq!(Document::parse(&marked).as_ref(), Ok(&scene));
        let text = scene.text();
        let wide: Vec<u8> = [0xff, 0xfe]
            .into_iter()
            .chain(text.encode_utf16().flat_map(u16::to_le_bytes))
            .collect();
        assert_eq!(Document::parse(&wide).as_ref(), Ok(&scene));
        assert!(
            Document::parse(b"{\xff}")
                .expect_err("not UTF-8")
                .contains("not UTF-8")
        );
    }

    fn problem(text: &str) -> String {
        Document::parse(text.as_bytes()).expect_err(text)
    }

    #[test]
    fn an_invalid_document_is_refused_with_what_is_expected() {
        assert!(problem("name: Evening").contains("not JSON"));
        assert!(
            problem("{}")
                .contains("\"switchboard\" is missing; expected \"scene\" or \"dashboard\"")
        );
        assert!(problem(r#"{"switchboard":"recipe"}"#).contains("is \"recipe\""));
        assert!(
            problem(r#"{"switchboard":"scene","version":2,"name":"x","steps":[]}"#)
                .contains("newer")
        );
        assert!(
            problem(r#"{"switchboard":"scene","version":1,"steps":[]}"#)
                .contains("missing field `name`")
        );
    }

    #[test]
    fn a_file_is_replaced_and_read_back() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("file.json");
        fs::write(&path, "something older").expect("written");
        let scene = Document::Scene(Scene::new("Evening"));
        scene.write(&path).expect("saved");
        assert_eq!(Document::read(&path).expect("read"), scene);
        fs::write(&path, vec![b' '; 5 << 20]).expect("written");
        assert!(matches!(
            Document::read(&path),
            Err(DocumentError::TooLarge { .. })
        ));
        fs::remove_file(&path).expect("removed");
        assert!(
            Document::read(&path)
                .expect_err("it is gone")
                .to_string()
                .contains("file.json")
        );
        let nowhere = path.join("in").join("a-folder-that-is-not-there.json");
        assert!(scene.write(&nowhere).is_err());
    }
}
