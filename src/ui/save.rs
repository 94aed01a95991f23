//! Saves what happened as JSON Lines or CSV: asks where through the desktop's portal, on a thread of its own, and writes there.

use std::{
    collections::HashMap,
    fs::File,
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
    sync::{Arc, mpsc},
    thread,
    time::{Duration, Instant},
};

use eframe::egui;
use jiff::{Timestamp, tz::TimeZone};

use super::{record, words};
use crate::fleet::{BoardKey, BoardView, LogEntry};

/// Nobody cancels a dialog faster than this: it was never shown.
pub(super) const NEVER_SHOWN: Duration = Duration::from_millis(400);

/// Lines to be saved, oldest first, and the boards that they are of.
#[derive(Clone)]
pub(super) struct Lines {
    pub(super) entries: Vec<Arc<LogEntry>>,
    pub(super) boards: HashMap<BoardKey, Arc<BoardView>>,
}

/// What came of asking.
pub(super) enum Saved {
    /// Written there.
    To(PathBuf),
    /// The person changed their mind.
    Cancelled,
    /// No file dialog of the desktop answered: these are still to be saved.
    NoDialog(Lines),
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
pub(super) fn ask_and_save(lines: Lines, ctx: egui::Context) -> io::Result<mpsc::Receiver<Saved>> {
    on_a_thread(ctx, move || {
        let asked = Instant::now();
        let dialog = rfd::AsyncFileDialog::new().set_title("Save what happened").set_file_name(proposed_name());
        let dialog = dialog.add_filter("JSON Lines", &["jsonl"]).add_filter("CSV", &["csv"]);
        let chosen = tokio::runtime::Builder::new_current_thread()
            .build()
            .ok()
            .and_then(|runtime| runtime.block_on(dialog.save_file()));
        match chosen {
            Some(file) => saved(file.path(), &lines),
            None if asked.elapsed() < NEVER_SHOWN => Saved::NoDialog(lines),
            None => Saved::Cancelled,
        }
    })
}

/// Saves there; the answer arrives later, and `ctx` is woken for it.
pub(super) fn save_to(path: PathBuf, lines: Lines, ctx: egui::Context) -> io::Result<mpsc::Receiver<Saved>> {
    on_a_thread(ctx, move || saved(&path, &lines))
}

fn on_a_thread(ctx: egui::Context, run: impl FnOnce() -> Saved + Send + 'static) -> io::Result<mpsc::Receiver<Saved>> {
    let (sender, receiver) = mpsc::channel();
    thread::Builder::new().name("save".to_owned()).spawn(move || {
        // The window may be gone; then nobody waits for the answer.
        let _ = sender.send(run());
        ctx.request_repaint();
    })?;
    Ok(receiver)
}

fn saved(path: &Path, lines: &Lines) -> Saved {
    match write(path, lines) {
        Ok(()) => Saved::To(path.to_owned()),
        Err(error) => Saved::Failed(error),
    }
}

/// A name that says when.
fn proposed_name() -> String {
    let now = Timestamp::now().to_zoned(TimeZone::system());
    format!("switchboard-{}.jsonl", now.strftime("%Y-%m-%d-%H%M%S"))
}

/// The same in the person's own folder, for who types it.
pub(super) fn proposed_path() -> String {
    std::env::home_dir().unwrap_or_default().join(proposed_name()).display().to_string()
}

/// Writes the lines, oldest first: as CSV where the file is called so, otherwise as JSON Lines.
fn write(path: &Path, lines: &Lines) -> Result<(), SaveError> {
    let csv = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("csv"));
    let all = || -> io::Result<()> {
        let mut file = BufWriter::new(File::create(path)?);
        if csv { write_csv(&mut file, lines) } else { write_json(&mut file, lines) }?;
        file.flush()
    };
    all().map_err(|source| SaveError { path: path.to_owned(), source })
}

fn write_json(file: &mut impl Write, Lines { entries, boards }: &Lines) -> io::Result<()> {
    entries.iter().try_for_each(|entry| {
        let board = boards.get(&entry.board).map(AsRef::as_ref);
        writeln!(file, "{}", record::happening(board, entry))
    })
}

/// RFC 4180, with a head. Times are RFC 3339 in UTC, so that they sort and every spreadsheet reads them.
fn write_csv(file: &mut impl Write, Lines { entries, boards }: &Lines) -> io::Result<()> {
    let mut rows = csv::Writer::from_writer(file);
    rows.write_record(["time", "board", "id", "subject", "what", "source", "timing"])?;
    for entry in entries {
        let time = Timestamp::try_from(entry.at).map(|at| at.to_string()).unwrap_or_default();
        let id = boards.get(&entry.board).and_then(|board| board.id.as_deref()).unwrap_or_default();
        let words::Line { subject, what, source, timing } = words::happening(&entry.what, None);
        rows.write_record([&*time, &*entry.board_name, id, &subject, &what, &source, &timing])?;
    }
    rows.flush()
}
