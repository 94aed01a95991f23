//! Backups: a board's name, labels and settings, as a file that people can read
//! and as steps that restore them on a board of the same kind. Sends nothing;
//! the command line and the window carry the steps out. Wi-Fi, keys and
//! outbound connections are deliberately absent.

mod file;
mod plan;
mod read_back;
mod take;

pub use file::{Backup, BackupError, SavedBoard, SavedComponent, SavedLabels};
pub use plan::{Plan, Setting, Step};
pub use read_back::{READ_EVERY, READS, ReadBack, Report, Verdict};
