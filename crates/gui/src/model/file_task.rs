//! Tasks with a file that is still to be chosen, and how the file dialog asks
//! for it. Touches no file.

use std::{
    fmt,
    io::{self, Write},
    sync::Arc,
};

use eframe::egui;
use jiff::Timestamp;

use disk::documents::Document;

use crate::model::boards::Model;
use fleet::{BoardKey, LogEntry};

/// A task with a file that is still to be chosen.
#[derive(Debug, Clone, PartialEq)]
pub enum FileTask {
    /// Update a board's firmware with this image.
    Image(BoardKey),
    /// Back up a board.
    BackUp(BoardKey),
    /// Load a backup, to restore it on this board.
    LoadBackup(BoardKey),
    /// Save these values as a table.
    SaveTable(Content),
    /// Save these samples as a table.
    SaveSamples(Content),
    /// Save these lines of a serial port as text.
    SaveOutput(Content),
    /// Save this picture.
    SavePicture(Arc<egui::ColorImage>),
    /// Save this scene or dashboard.
    SaveDocument(Box<Document>),
    /// Load a scene or a dashboard.
    LoadDocument,
    /// Record the lab's channel with this number, to this address.
    Record(u64, String),
    /// Open a channel recording.
    OpenRecording,
    /// Save these events, oldest first, as JSON Lines or CSV.
    SaveLines(Vec<Arc<LogEntry>>),
    /// Record what all boards push from now on.
    RecordSession,
    /// Choose a recording of a session, to replay it.
    OpenSession,
}

/// Something that can be written to a file, from another thread.
pub(crate) trait WriteFile: Send + Sync {
    /// Writes it.
    ///
    /// # Errors
    /// If the file cannot be written.
    fn write(&self, file: &mut dyn Write) -> io::Result<()>;
}

/// What a page hands over to be written; equal only to itself.
#[derive(Clone)]
pub struct Content(Arc<dyn WriteFile>);

impl Content {
    pub(crate) fn new(content: impl WriteFile + 'static) -> Self {
        Self(Arc::new(content))
    }

    pub(crate) fn write(&self, file: &mut dyn Write) -> io::Result<()> {
        self.0.write(file)
    }
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Content").finish_non_exhaustive()
    }
}

impl PartialEq for Content {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// What a file dialog asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileDialogSpec {
    /// The title of the dialog.
    pub title: String,
    /// Whether the file exists already.
    pub direction: Direction,
    /// File types, with their extensions.
    pub sorts: &'static [(&'static str, &'static [&'static str])],
    /// If the path is typed: what happens with the file, in a sentence.
    pub help: &'static str,
    /// If the path is typed: the label of the button.
    pub done: &'static str,
}

/// Whether the file exists already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Direction {
    /// An existing file.
    Open,
    /// A file that may be new, with a proposed name.
    Save(String),
}

impl FileTask {
    /// The spec of its file dialog.
    pub(crate) fn dialog_spec(&self, model: &Model) -> FileDialogSpec {
        match self {
            Self::Image(board) => FileDialogSpec {
                title: format!(
                    "Firmware for {}",
                    model.board(*board).map_or("a board", |view| &view.name)
                ),
                direction: Direction::Open,
                sorts: &[("Firmware images", &["bin"]), ("All files", &["*"])],
                help: "Enter the path of the image. The board restarts after the update.",
                done: "Update",
            },
            Self::BackUp(board) => FileDialogSpec {
                title: format!("Back up {}", model.title_of(*board)),
                direction: Direction::Save(format!(
                    "{}-backup.json",
                    named(&model.title_of(*board))
                )),
                sorts: &[("JSON", &["json"])],
                help: "Enter a path. The file has the name, labels and settings of the board, and \
                    neither Wi-Fi nor keys.",
                done: "Back up",
            },
            Self::LoadBackup(board) => FileDialogSpec {
                title: format!("Restore {}", model.title_of(*board)),
                direction: Direction::Open,
                sorts: &[("JSON", &["json"]), ("All files", &["*"])],
                help: "Enter the path of a backup. Nothing is changed before you confirm it.",
                done: "Open",
            },
            Self::SaveTable(_) => FileDialogSpec {
                title: "Save values".to_owned(),
                direction: Direction::Save(dated("csv")),
                sorts: &[("CSV", &["csv"])],
                help: "Enter a path. The file is a table with one row per value.",
                done: "Save",
            },
            Self::SaveSamples(_) => FileDialogSpec {
                title: "Save samples".to_owned(),
                direction: Direction::Save(dated("csv")),
                sorts: &[("CSV", &["csv"])],
                help: "Enter a path. The file is a table with one row per sample.",
                done: "Save",
            },
            Self::SaveOutput(_) => FileDialogSpec {
                title: "Save serial output".to_owned(),
                direction: Direction::Save(dated("log")),
                sorts: &[("Text", &["log", "txt"])],
                help: "Enter a path. The file is text, with the lines of the list. Board keys are \
                       removed.",
                done: "Save",
            },
            Self::SavePicture(_) => FileDialogSpec {
                title: "Save picture".to_owned(),
                direction: Direction::Save(dated("png")),
                sorts: &[("PNG", &["png"])],
                help: "Enter a path. The picture is saved as PNG.",
                done: "Save",
            },
            Self::SaveDocument(document) => FileDialogSpec {
                title: format!("Save {} {}", document.kind().word(), document.name()),
                direction: Direction::Save(format!("{}.json", named(document.name()))),
                sorts: &[("JSON", &["json"])],
                help: "Enter a path. The file is JSON, and another Switchboard can load it.",
                done: "Save",
            },
            Self::LoadDocument => FileDialogSpec {
                title: "Load scene or dashboard".to_owned(),
                direction: Direction::Open,
                sorts: &[("JSON", &["json"]), ("All files", &["*"])],
                help: "Enter the path of the scene or dashboard. Existing ones are kept.",
                done: "Load",
            },
            Self::Record(_, address) => FileDialogSpec {
                title: format!("Record {address}"),
                direction: Direction::Save(dated("jsonl")),
                sorts: &[("JSON Lines", &["jsonl"])],
                help: "Enter a path. Each event is recorded as one JSON object per line.",
                done: "Record",
            },
            Self::OpenRecording => FileDialogSpec {
                title: "Open channel recording".to_owned(),
                direction: Direction::Open,
                sorts: &[("JSON Lines", &["jsonl"]), ("All files", &["*"])],
                help: "Enter the path of the recording.",
                done: "Open",
            },
            Self::RecordSession => FileDialogSpec {
                title: "Record session".to_owned(),
                direction: Direction::Save(dated("jsonl.gz")),
                sorts: &[
                    ("Compressed JSON Lines", &["gz"]),
                    ("JSON Lines", &["jsonl"]),
                ],
                help: "Enter a path. Everything that the boards push and every command is \
                       recorded, until you stop it.",
                done: "Record",
            },
            Self::OpenSession => FileDialogSpec {
                title: "Replay recording".to_owned(),
                direction: Direction::Open,
                sorts: &[("Recordings", &["gz", "jsonl"]), ("All files", &["*"])],
                help: "Enter the path of a recording. Its boards appear in the list with \
                       (replay) after their names.",
                done: "Open",
            },
            Self::SaveLines(_) => FileDialogSpec {
                title: "Save events".to_owned(),
                direction: Direction::Save(dated("jsonl")),
                sorts: &[("JSON Lines", &["jsonl"]), ("CSV", &["csv"])],
                help: "Enter a path. A name that ends in .csv saves a table; any other name saves \
                    one JSON object per line.",
                done: "Save",
            },
        }
    }
}

impl FileDialogSpec {
    /// The initial path for typing, in the home folder.
    pub(crate) fn proposed(&self) -> String {
        match &self.direction {
            Direction::Open => String::new(),
            Direction::Save(name) => std::env::home_dir()
                .unwrap_or_default()
                .join(name)
                .display()
                .to_string(),
        }
    }
}

/// A document's name as a file name.
fn named(name: &str) -> String {
    let name = text::slug(name);
    if name.is_empty() {
        "switchboard".to_owned()
    } else {
        name
    }
}

/// A file name with the current time and this extension.
fn dated(ending: &str) -> String {
    let now = Timestamp::now().to_zoned(text::local_zone().0);
    format!("switchboard-{}.{ending}", now.strftime("%Y-%m-%d-%H%M%S"))
}
