//! Writes recordings.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
    thread,
    time::SystemTime,
};

use sanitize::redact::redacted;
use serde_json::json;
use tokio::sync::Notify;

use super::json::{timestamp, to_line};
use crate::{entry::Entry, status::RecordingStatus};

/// Bytes that may wait to be written. Beyond that the channel receives nothing
/// until the file has caught up.
const MAX_BACKLOG: u64 = 8 << 20;

/// Writes a recording on a thread of its own. Dropping it writes the rest in
/// the background; [`Recorder::finish`] waits for that.
#[derive(Debug)]
pub struct Recorder {
    lines: mpsc::Sender<Arc<Entry>>,
    progress: Arc<Progress>,
    thread: thread::JoinHandle<()>,
}

#[derive(Debug)]
struct Progress {
    path: PathBuf,
    /// Bytes waiting to be written.
    backlog: AtomicU64,
    /// Lines written.
    written: AtomicU64,
    has_room: Notify,
    problem: OnceLock<String>,
}

/// Waits for a recorder to catch up.
pub(crate) struct Backlog(Arc<Progress>);

impl Recorder {
    /// Starts a recording of a channel to this address, overwriting the file.
    /// Secrets are removed from the address.
    ///
    /// # Errors
    /// If the file cannot be written, or no thread can be started.
    pub fn create(path: &Path, address: &str) -> io::Result<Self> {
        let mut file = BufWriter::new(files::stream(path)?);
        let address = redacted(address);
        let header = json!({"what": "recording", "version": 1, "address": address, "at": timestamp(SystemTime::now())});
        writeln!(file, "{header}")?;
        file.flush()?;
        let progress = Arc::new(Progress {
            path: path.to_owned(),
            backlog: AtomicU64::new(0),
            written: AtomicU64::new(0),
            has_room: Notify::new(),
            problem: OnceLock::new(),
        });
        let (lines, waiting) = mpsc::channel::<Arc<Entry>>();
        let shared = Arc::clone(&progress);
        let thread = thread::Builder::new()
            .name("recording".to_owned())
            .spawn(move || {
                if let Err(problem) = write_all(file, &waiting, &shared) {
                    let _ = shared.problem.set(format!(
                        "could not write {}: {problem}",
                        shared.path.display()
                    ));
                }
                shared.has_room.notify_one();
            })?;
        Ok(Self {
            lines,
            progress,
            thread,
        })
    }

    /// Queues an entry. The caller must wait for the backlog that is returned.
    pub(crate) fn write(&self, entry: &Arc<Entry>) -> Option<Backlog> {
        self.progress
            .backlog
            .fetch_add(entry.size() as u64, Ordering::AcqRel);
        // If the thread has ended, the status has the problem.
        self.lines.send(Arc::clone(entry)).ok()?;
        Some(Backlog(Arc::clone(&self.progress)))
    }

    /// The progress.
    pub(crate) fn status(&self) -> RecordingStatus {
        RecordingStatus {
            path: self.progress.path.clone(),
            lines: self.progress.written.load(Ordering::Acquire),
            problem: self.progress.problem.get().cloned(),
        }
    }

    /// Waits until everything is written, and returns the number of lines.
    ///
    /// # Errors
    /// Why writing failed.
    pub fn finish(self) -> Result<u64, String> {
        drop(self.lines);
        let _ = self.thread.join();
        match self.progress.problem.get() {
            Some(problem) => Err(problem.clone()),
            None => Ok(self.progress.written.load(Ordering::Acquire)),
        }
    }
}

impl Backlog {
    /// Waits until the backlog is small enough.
    pub(crate) async fn wait(&self) {
        while self.0.backlog.load(Ordering::Acquire) > MAX_BACKLOG && self.0.problem.get().is_none()
        {
            self.0.has_room.notified().await;
        }
    }
}

fn write_all(
    mut file: BufWriter<File>,
    waiting: &mpsc::Receiver<Arc<Entry>>,
    progress: &Progress,
) -> io::Result<()> {
    while let Ok(first) = waiting.recv() {
        let mut next = Some(first);
        while let Some(entry) = next {
            writeln!(file, "{}", to_line(&entry, None))?;
            progress.written.fetch_add(1, Ordering::AcqRel);
            progress
                .backlog
                .fetch_sub(entry.size() as u64, Ordering::AcqRel);
            progress.has_room.notify_one();
            next = waiting.try_recv().ok();
        }
        // Someone who follows the file sees whole lines.
        file.flush()?;
    }
    file.flush()
}
