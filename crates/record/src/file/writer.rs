//! Writes records to files. Decides when a new file begins, and keeps records
//! while none can be written. The caller says what time it is.
//!
//! A file is only appended to, in steps of one second: each step is complete on
//! the disk before the next one begins, so that a crash costs at most the last
//! one. A compressed file is one gzip stream that is flushed at each step (RFC
//! 1951, section 3.2.4), which any gunzip reads up to the last step.

use std::{
    fs::File,
    io::{self, Write},
    path::PathBuf,
    time::{Duration, Instant},
};

use flate2::{Compression, write::GzEncoder};
use jiff::civil::Date;

use super::Parts;
use crate::{
    format::{Header, Record},
    lost::Lost,
    recording::Notice,
};

/// How long records may be in memory only.
pub(crate) const FLUSH_EVERY: Duration = Duration::from_secs(1);

/// How long to wait after a failure.
const RETRY: Duration = Duration::from_secs(5);

/// How much is kept in memory while nothing can be written, in bytes of JSON.
/// What is pushed then is lost, and counted.
const HELD: usize = 16 << 20;

/// How a recording is divided into files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileSettings {
    /// A new file begins once one has this size, in bytes on the disk.
    pub size: u64,
    /// A new file begins every day, at midnight of this computer.
    pub daily: bool,
    /// The oldest files are deleted beyond this number; `None` keeps all.
    pub keep: Option<u32>,
}

impl Default for FileSettings {
    fn default() -> Self {
        Self {
            size: 64_000_000,
            daily: true,
            keep: None,
        }
    }
}

/// A file that grows; replaced by a failing one in tests.
pub(crate) trait Growing: Write {
    /// Waits until everything is on the disk.
    fn sync(&mut self) -> io::Result<()>;
    /// Removes everything after this position.
    fn cut(&mut self, length: u64) -> io::Result<()>;
}

impl Growing for File {
    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }

    fn cut(&mut self, length: u64) -> io::Result<()> {
        self.set_len(length)
    }
}

/// Creates a file that does not exist yet.
pub(crate) type Create = Box<dyn Fn(&PathBuf) -> io::Result<Box<dyn Growing + Send>> + Send>;

/// Writes records to the files of one recording.
pub(crate) struct FileSink {
    parts: Parts,
    settings: FileSettings,
    create: Create,
    header: Header,
    open: Option<Open>,
    /// Lines that are not written yet.
    pending: Vec<u8>,
    pending_records: u64,
    lost: Lost,
    /// The last failure.
    problem: Option<String>,
    retry_at: Option<Instant>,
    /// A file begins with the descriptions of all boards.
    needs_snapshot: bool,
    /// Bytes on the disk, in all files of this session.
    pub(crate) written: u64,
}

/// The file that is written to.
struct Open {
    path: PathBuf,
    file: Box<dyn Growing + Send>,
    compressor: Option<GzEncoder<Vec<u8>>>,
    /// How much of it is complete.
    length: u64,
    day: Date,
    /// It has only its first line.
    is_empty: bool,
}

impl FileSink {
    pub(crate) fn new(parts: Parts, settings: FileSettings, header: Header) -> Self {
        let create = |path: &PathBuf| {
            let file = files::create_new(path)?;
            Ok(Box::new(file) as Box<dyn Growing + Send>)
        };
        Self::with(parts, settings, header, Box::new(create))
    }

    fn with(parts: Parts, settings: FileSettings, header: Header, create: Create) -> Self {
        Self {
            parts,
            settings,
            create,
            header,
            open: None,
            pending: Vec::new(),
            pending_records: 0,
            lost: Lost::default(),
            problem: None,
            retry_at: None,
            needs_snapshot: false,
            written: 0,
        }
    }

    /// Whether a file has begun that still needs the descriptions of all
    /// boards.
    pub(crate) fn take_needs_snapshot(&mut self) -> bool {
        std::mem::take(&mut self.needs_snapshot)
    }

    /// Adds records; they are written with the next flush.
    pub(crate) fn add(&mut self, records: &[Record]) {
        for record in records {
            if self.problem.is_some() && self.pending.len() >= HELD {
                self.lost.count(record.at, record.t);
                continue;
            }
            self.line(record);
            self.pending_records += 1;
        }
    }

    fn line(&mut self, line: &impl serde::Serialize) {
        // Texts, numbers and maps with text keys can always be serialized.
        if serde_json::to_writer(&mut self.pending, line).is_ok() {
            self.pending.push(b'\n');
        }
    }

    /// Begins the first file, so that the caller learns whether it can.
    ///
    /// # Errors
    /// If it cannot be created.
    pub(crate) fn begin(&mut self, today: Date) -> io::Result<PathBuf> {
        let path = self.begin_part(today)?;
        // The recording begins with descriptions anyway.
        self.needs_snapshot = false;
        Ok(path)
    }

    /// Writes what is pending, if a second has passed since the last time or
    /// the last failure is long enough ago.
    pub(crate) fn flush(&mut self, now: Instant, today: Date) -> Vec<Notice> {
        let mut events = Vec::new();
        if self.retry_at.is_some_and(|at| now < at) {
            return events;
        }
        let full = |open: &Open| {
            open.length >= self.settings.size || (self.settings.daily && open.day != today)
        };
        if self.open.as_ref().is_some_and(full) {
            // Pending records still belong to it.
            self.write(now, &mut events);
            self.close(now, &mut events);
        }
        if self.open.is_none() {
            match self.begin_part(today) {
                Ok(path) => events.push(Notice::Part(path)),
                Err(error) => {
                    self.failed(now, &error, &mut events);
                    return events;
                }
            }
        }
        self.write(now, &mut events);
        if self.open.is_none() {
            // The new file was removed again.
            events.retain(|event| !matches!(event, Notice::Part(_)));
        }
        events
    }

    /// Writes what is pending to the open file.
    fn write(&mut self, now: Instant, events: &mut Vec<Notice>) {
        let Some(open) = &mut self.open else {
            return;
        };
        if self.pending.is_empty() {
            return;
        }
        match open.append(&self.pending) {
            Ok(bytes) => {
                let began = std::mem::take(&mut open.is_empty);
                self.written += bytes;
                self.pending.clear();
                self.pending.shrink_to(1 << 20);
                self.pending_records = 0;
                if began {
                    self.delete_old(self.settings.keep);
                }
                self.worked(events);
            }
            Err(error) => {
                // What was written of this step is removed, so that what
                // precedes it stays readable.
                let length = open.length;
                let _ = open.file.cut(length);
                // Each attempt would leave a file without records.
                let empty = open.is_empty.then(|| open.path.clone());
                self.open = None;
                if let Some(path) = empty
                    && std::fs::remove_file(path).is_ok()
                {
                    self.written -= length;
                }
                self.failed(now, &error, events);
            }
        }
    }

    /// Writing works: what was lost is recorded.
    fn worked(&mut self, events: &mut Vec<Notice>) {
        self.retry_at = None;
        let Some(reason) = self.problem.take() else {
            return;
        };
        let lost = std::mem::take(&mut self.lost);
        let records = lost.records;
        if records > 0 {
            self.line(&lost.into_gap(reason));
        }
        self.needs_snapshot = true;
        events.push(Notice::Resumed { lost: records });
    }

    fn failed(&mut self, now: Instant, error: &io::Error, events: &mut Vec<Notice>) {
        self.retry_at = Some(now + RETRY);
        let problem = problem(error);
        if self.problem.as_ref() != Some(&problem) {
            events.push(Notice::Trouble(problem.clone()));
        }
        self.problem = Some(problem);
    }

    fn begin_part(&mut self, today: Date) -> io::Result<PathBuf> {
        let existing = self.parts.existing()?;
        let mut number = existing.last().map_or(1, |last| last.saturating_add(1));
        let (path, file) = loop {
            let path = self.parts.path(number);
            match (self.create)(&path) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
                Err(error) => return Err(error),
                Ok(file) => break (path, file),
            }
        };
        let compressed = self.parts.is_compressed();
        let compressor = compressed.then(|| GzEncoder::new(Vec::new(), Compression::default()));
        let mut open = Open {
            path: path.clone(),
            file,
            compressor,
            length: 0,
            day: today,
            is_empty: true,
        };
        self.header.part = number;
        let mut line = serde_json::to_vec(&self.header).map_err(io::Error::other)?;
        line.push(b'\n');
        if let Err(error) = open.append(&line) {
            // An empty file would be taken for a recording.
            let _ = std::fs::remove_file(&path);
            return Err(error);
        }
        self.written += open.length;
        self.open = Some(open);
        self.needs_snapshot = true;
        // Makes room for the new file, but keeps the one before it until the
        // new one has records.
        self.delete_old(self.settings.keep.map(|keep| keep.max(2)));
        Ok(path)
    }

    /// Deletes the oldest files, if only some are kept.
    fn delete_old(&self, keep: Option<u32>) {
        let (Some(keep), Ok(existing)) = (keep, self.parts.existing()) else {
            return;
        };
        let old = self.header.part.saturating_sub(keep.max(1));
        for number in existing.iter().filter(|number| **number <= old) {
            let path = self.parts.path(*number);
            if let Err(error) = std::fs::remove_file(&path) {
                log::warn!("cannot delete {}: {error}", path.display());
            }
        }
    }

    /// Writes the rest and ends the file; how many bytes are on the disk.
    ///
    /// # Errors
    /// If it cannot be written; then it ends after the last complete step.
    pub(crate) fn finish(mut self, now: Instant, today: Date) -> Result<u64, String> {
        let (before, lost) = (self.problem.clone(), self.lost.records);
        let mut events = Vec::new();
        // Does not wait for the next attempt: there may be room by now.
        if self.open.is_none()
            && !self.pending.is_empty()
            && let Err(error) = self.begin_part(today)
        {
            self.failed(now, &error, &mut events);
        }
        self.write(now, &mut events);
        // The record of what was lost.
        self.write(now, &mut events);
        self.close(now, &mut events);
        for event in events {
            if let Notice::Trouble(problem) = event {
                log::warn!("the end of the recording: {problem}");
            }
        }
        match (self.problem.or(before), self.pending_records + lost) {
            (Some(problem), records) if records > 0 => {
                Err(format!("{problem}; {records} records could not be written"))
            }
            _ => Ok(self.written),
        }
    }

    /// Ends the open file.
    fn close(&mut self, now: Instant, events: &mut Vec<Notice>) {
        let Some(open) = self.open.take() else {
            return;
        };
        let before = open.length;
        match open.finish() {
            Ok(length) => self.written += length - before,
            Err(error) => self.failed(now, &error, events),
        }
    }
}

impl Open {
    /// Writes one step; returns how many bytes it took.
    fn append(&mut self, lines: &[u8]) -> io::Result<u64> {
        let bytes = match &mut self.compressor {
            None => lines,
            Some(compressor) => {
                compressor.get_mut().clear();
                compressor.write_all(lines)?;
                compressor.flush()?;
                compressor.get_ref()
            }
        };
        self.file.write_all(bytes)?;
        self.file.sync()?;
        let written = bytes.len() as u64;
        self.length += written;
        Ok(written)
    }

    /// Ends the compressed stream; its length.
    fn finish(mut self) -> io::Result<u64> {
        if let Some(mut compressor) = self.compressor.take() {
            compressor.get_mut().clear();
            let rest = compressor.finish()?;
            let written = self.file.write_all(&rest).and_then(|()| self.file.sync());
            if written.is_err() {
                // Without its end the stream is still readable.
                let _ = self.file.cut(self.length);
            }
            return written.map(|()| self.length + rest.len() as u64);
        }
        Ok(self.length)
    }
}

/// An error as it is reported.
fn problem(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::StorageFull => "the disk is full".to_owned(),
        io::ErrorKind::QuotaExceeded => "the disk quota is exceeded".to_owned(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
