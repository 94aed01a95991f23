//! What becomes of file tasks.

use backup::Backup;
use disk::documents::Document;

use crate::app::local::state::LocalResult;
use fleet::{BoardKey, ImageSource};

/// The result of a file task.
#[derive(Debug)]
pub(crate) enum FileResult {
    /// The file was written; where.
    Saved(String),
    /// A scene or a dashboard from a file.
    Document(Box<Document>),
    /// A firmware image.
    Image(BoardKey, ImageSource),
    /// A backup from a file, to restore it on this board.
    Backup(BoardKey, Box<Backup>),
    /// What only a window with files can do.
    Local(LocalResult),
}

/// The outcome of asking for a file or of the task.
#[derive(Debug)]
pub(crate) enum TaskOutcome {
    /// Done.
    FileResult(FileResult),
    /// The person canceled.
    Canceled,
    /// The desktop opened no file dialog: the path has to be typed.
    NoDialog,
    /// The task failed; why, in a sentence.
    Failed(String),
}

impl From<LocalResult> for FileResult {
    fn from(result: LocalResult) -> Self {
        Self::Local(result)
    }
}
