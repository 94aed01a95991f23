//! Saves what was pushed as JSON Lines: asks where through the desktop's portal, on a thread of its own, and writes there.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
    sync::{Arc, mpsc},
    thread,
    time::{Duration, Instant, UNIX_EPOCH},
};

use eframe::egui;
use jiff::{Timestamp, tz::TimeZone};
use serde_json::{Value, json};

use super::words;
use crate::fleet::{Happening, LogEntry};

/// Nobody cancels a dialog faster than this: it was never shown.
const NEVER_SHOWN: Duration = Duration::from_millis(400);

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
pub(super) fn ask_and_save(lines: Vec<Arc<LogEntry>>, ctx: egui::Context) -> io::Result<mpsc::Receiver<Saved>> {
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
pub(super) fn write(path: &Path, lines: &[Arc<LogEntry>]) -> Result<(), SaveError> {
    let all = || -> io::Result<()> {
        let mut file = BufWriter::new(File::create(path)?);
        for entry in lines.iter().rev() {
            writeln!(file, "{}", line(entry))?;
        }
        file.flush()
    };
    all().map_err(|source| SaveError { path: path.to_owned(), source })
}

/// One happening as an object: times in milliseconds since 1970, so that any program can read them.
fn line(entry: &LogEntry) -> Value {
    let at_ms = entry.at.duration_since(UNIX_EPOCH).map(|since| since.as_secs_f64() * 1_000.0).unwrap_or_default();
    let words = words::happening(&entry.what, None);
    let mut line = json!({
        "number": entry.number,
        "at_ms": at_ms,
        "board": &*entry.board_name,
        "subject": words.subject,
        "what": words.what,
        "source": words.source,
    });
    if let Happening::Changed { change, late, .. } = &entry.what {
        line["change"] = json!(change);
        line["late_ms"] = json!(late.map(|late| late.as_secs_f64() * 1_000.0));
    }
    if let Happening::Event { event, late, .. } = &entry.what {
        line["event"] = json!(event);
        line["late_ms"] = json!(late.map(|late| late.as_secs_f64() * 1_000.0));
    }
    line
}
