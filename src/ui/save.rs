//! Saves what was pushed as JSON Lines: asks where through the desktop's portal, on a thread of its own, and writes there.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use eframe::egui;
use jiff::{Timestamp, tz::TimeZone};
use serde_json::Value;

/// Nobody cancels a dialog faster than this: it was never shown.
pub(super) const NEVER_SHOWN: Duration = Duration::from_millis(400);

/// What came of asking.
#[derive(Debug)]
pub(super) enum Saved {
    /// Written there.
    To(PathBuf),
    /// The person changed their mind.
    Cancelled,
    /// No file dialog of the desktop answered.
    NoDialog,
    /// It could not be written.
    Failed(SaveError),
}

/// Why it could not be written.
#[derive(Debug, thiserror::Error)]
#[error("{} could not be written: {source}", path.display())]
pub(super) struct SaveError {
    path: PathBuf,
    source: io::Error,
}

/// Asks where and saves; the answer arrives later, and `ctx` is woken for it.
pub(super) fn ask_and_save(lines: Vec<Value>, ctx: egui::Context) -> io::Result<mpsc::Receiver<Saved>> {
    let (sender, receiver) = mpsc::channel();
    thread::Builder::new().name("save".to_owned()).spawn(move || {
        let asked = Instant::now();
        let dialog = rfd::AsyncFileDialog::new().set_title("Save what was pushed").set_file_name(proposed_name());
        let chosen = tokio::runtime::Builder::new_current_thread()
            .build()
            .ok()
            .and_then(|runtime| runtime.block_on(dialog.add_filter("JSON Lines", &["jsonl"]).save_file()));
        let saved = match chosen {
            Some(file) => match write(file.path(), &lines) {
                Ok(()) => Saved::To(file.path().to_owned()),
                Err(error) => Saved::Failed(error),
            },
            None if asked.elapsed() < NEVER_SHOWN => Saved::NoDialog,
            None => Saved::Cancelled,
        };
        // The window may be gone; then nobody waits for the answer.
        let _ = sender.send(saved);
        ctx.request_repaint();
    })?;
    Ok(receiver)
}

/// A name that says when.
fn proposed_name() -> String {
    let now = Timestamp::now().to_zoned(TimeZone::system());
    format!("switchboard-pushes-{}.jsonl", now.strftime("%Y-%m-%d-%H%M%S"))
}

/// The same in the person's own folder, for who types it.
pub(super) fn proposed_path() -> String {
    std::env::home_dir().unwrap_or_default().join(proposed_name()).display().to_string()
}

/// Writes the lines, oldest first.
///
/// # Errors
/// Where the file cannot be made or written.
pub(super) fn write(path: &Path, lines: &[Value]) -> Result<(), SaveError> {
    let all = || -> io::Result<()> {
        let mut file = BufWriter::new(File::create(path)?);
        for line in lines.iter().rev() {
            writeln!(file, "{line}")?;
        }
        file.flush()
    };
    all().map_err(|source| SaveError { path: path.to_owned(), source })
}
