//! What people save, keep and share: scenes and dashboards. A file is one JSON
//! object whose field `switchboard` says which of the two it is. Knows no
//! window and no board; what comes from a file is checked whole before anybody
//! sees it.

mod dashboard;
mod pin;
mod scene;
mod shelf;

use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use files::Access;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

pub use dashboard::{Dashboard, Part, Tiles};
pub use pin::Pin;
pub use scene::{Fit, Scene, SceneStep, settable, state_of};
pub use shelf::{Shelf, Shelved};

/// The version of the files that this program writes, and the newest that it
/// reads.
const VERSION: u64 = 1;

/// The largest file that is read, in bytes: a scene of a thousand boards has a
/// tenth of it.
const MOST_BYTES: u64 = 4 << 20;

/// The longest name, in characters.
pub const NAME: usize = 60;

/// Something with a name that is kept on a shelf and in a file of its own.
#[derive(Debug, Clone, PartialEq)]
pub enum Document {
    /// A scene.
    Scene(Scene),
    /// A dashboard.
    Dashboard(Dashboard),
}

/// Which sort of document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DocumentKind {
    /// A scene.
    Scene,
    /// A dashboard.
    Dashboard,
}

impl DocumentKind {
    /// What it is called in a sentence and in a file.
    pub fn word(self) -> &'static str {
        match self {
            Self::Scene => "scene",
            Self::Dashboard => "dashboard",
        }
    }
}

/// Why a file is no document.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// The system does not let it be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// It is larger than any document.
    #[error("{} is larger than {} MiB; a scene or a dashboard is much \
         smaller", path.display(), MOST_BYTES >> 20)]
    TooLarge {
        /// Which file.
        path: PathBuf,
    },
    /// It says something else than it should.
    #[error("{}: {problem}", path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// What is wrong, and what would be right.
        problem: String,
    },
}

impl Document {
    /// Which sort it is.
    pub fn sort(&self) -> DocumentKind {
        match self {
            Self::Scene(_) => DocumentKind::Scene,
            Self::Dashboard(_) => DocumentKind::Dashboard,
        }
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        match self {
            Self::Scene(scene) => &scene.name,
            Self::Dashboard(dashboard) => &dashboard.name,
        }
    }

    /// Reads a file.
    ///
    /// # Errors
    /// Where there is none, or it is no scene and no dashboard that this
    /// program understands.
    pub fn read(path: &Path) -> Result<Self, DocumentError> {
        let refused = |source| DocumentError::File {
            path: path.to_owned(),
            source,
        };
        let mut text = Vec::new();
        let file = File::open(path).map_err(refused)?;
        file.take(MOST_BYTES + 1)
            .read_to_end(&mut text)
            .map_err(refused)?;
        if text.len() as u64 > MOST_BYTES {
            return Err(DocumentError::TooLarge {
                path: path.to_owned(),
            });
        }
        Self::parse(&text).map_err(|problem| DocumentError::Unreadable {
            path: path.to_owned(),
            problem,
        })
    }

    /// Reads what a file holds.
    ///
    /// # Errors
    /// What is wrong, and what would be right.
    pub fn parse(text: &[u8]) -> Result<Self, String> {
        let text = files::text(text).map_err(|error| error.to_string())?;
        let value: Value = serde_json::from_str(&text).map_err(|error| {
            format!(
                "this is no JSON ({error}); a scene or a dashboard saved by Switchboard is expected"
            )
        })?;
        let sort = value.get("switchboard").and_then(Value::as_str);
        let version = value
            .get("version")
            .and_then(Value::as_u64)
            .unwrap_or(VERSION);
        if sort.is_some() && version > VERSION {
            return Err(format!(
                "it was saved by a newer Switchboard (version {version}; this one reads {VERSION})"
            ));
        }
        match sort {
            Some("scene") => checked(value, Scene::check).map(Self::Scene),
            Some("dashboard") => checked(value, Dashboard::check).map(Self::Dashboard),
            other => {
                let found =
                    other.map_or_else(|| "is missing".to_owned(), |other| format!("is {other:?}"));
                Err(format!(
                    "the field \"switchboard\" {found}; \"scene\" or \"dashboard\" is expected"
                ))
            }
        }
    }

    /// What a file of it holds.
    pub fn text(&self) -> String {
        let head = Head {
            switchboard: self.sort(),
            version: VERSION,
        };
        let text = match self {
            Self::Scene(scene) => serde_json::to_string_pretty(&Filed { head, body: scene }),
            Self::Dashboard(dashboard) => serde_json::to_string_pretty(&Filed {
                head,
                body: dashboard,
            }),
        };
        // Every map in a document has texts as keys: nothing in it cannot be
        // written as JSON.
        text.unwrap_or_default() + "\n"
    }

    /// Writes it to a file, whole or not at all; through links, and into a
    /// pipe.
    ///
    /// # Errors
    /// If the system refuses; what was there before is still there then.
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
    value: Value,
    check: impl FnOnce(&T) -> Result<(), String>,
) -> Result<T, String> {
    let document: T = serde_json::from_value(value).map_err(|error| error.to_string())?;
    check(&document)?;
    Ok(document)
}

/// Whether something can be called so.
///
/// # Errors
/// Why not, and what would be accepted.
pub fn check_name(name: &str) -> Result<(), String> {
    let length = name.chars().count();
    match name {
        name if name.trim().is_empty() => {
            Err(format!("a name is expected: 1 to {NAME} characters"))
        }
        _ if length > NAME => Err(format!(
            "the name has {length} characters; at most {NAME} are accepted"
        )),
        name if name.chars().any(char::is_control) => {
            Err("a name is one line, without control characters".to_owned())
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_file_that_an_editor_marked_or_powershell_wrote_is_read() {
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
                .expect_err("no text")
                .contains("not UTF-8")
        );
    }

    fn problem(text: &str) -> String {
        Document::parse(text.as_bytes()).expect_err(text)
    }

    #[test]
    fn what_is_no_document_is_said_with_what_would_be() {
        assert!(problem("name: Evening").contains("no JSON"));
        assert!(
            problem("{}")
                .contains("\"switchboard\" is missing; \"scene\" or \"dashboard\" is expected")
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
    fn a_file_is_replaced_whole_and_read_back() {
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
                .contains("switchboard-document")
        );
        let nowhere = path.join("in").join("a-folder-that-is-not-there.json");
        assert!(scene.write(&nowhere).is_err());
    }
}
