//! Reads the files of a recording, one record after the other. Memory does not
//! grow with their size.

use std::{
    collections::VecDeque,
    fs::File,
    io::{self, BufRead, BufReader, Read},
    path::{Path, PathBuf},
};

use flate2::bufread::MultiGzDecoder;

use crate::{
    file::Parts,
    format::{FORMAT, Header, Record},
};

/// The longest line. A board with every component there can be needs less.
const LONGEST: usize = 8 << 20;

/// The first bytes of a gzip stream (RFC 1952, section 2.3.1).
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Why a recording cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The system refuses.
    #[error("cannot read {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// It has no first line, or one of something else.
    #[error(
        "{} is not a recording of Switchboard: its first line should begin with \
         {{\"switchboard_recording\":{FORMAT}",
        path.display()
    )]
    NotARecording {
        /// The file.
        path: PathBuf,
    },
    /// A newer program wrote it.
    #[error(
        "{} has version {found} of the format, and this program reads version {FORMAT}: update \
         Switchboard",
        path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u32,
    },
    /// A line is no record.
    #[error("{}, line {line}: {why}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The number of the line, from 1.
        line: u64,
        /// What is wrong.
        why: String,
    },
    /// The compressed data are damaged.
    #[error(
        "{} is damaged after line {line}: {why}. What precedes it can be replayed",
        path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The last line that could be read.
        line: u64,
        /// What is wrong.
        why: String,
    },
}

/// What a recording consists of.
#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    /// The beginning of a file.
    Header(Header),
    /// A record.
    Record(Box<Record>),
    /// Something worth telling.
    Note(Note),
}

/// Something about a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Note {
    /// It was not ended: the recording program was killed, or the disk was
    /// full. It was read up to its last complete line.
    Torn(PathBuf),
    /// A file is missing before this one.
    MissingPart(PathBuf),
}

impl std::fmt::Display for Note {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Torn(path) => write!(
                f,
                "{} was not ended properly; it is read up to its last complete line",
                path.display()
            ),
            Self::MissingPart(path) => write!(f, "the file before {} is missing", path.display()),
        }
    }
}

/// Reads a recording from its first line to its last.
pub struct Reader {
    files: VecDeque<(u32, PathBuf)>,
    open: Option<OpenFile>,
    /// The number of the last file.
    last: Option<u32>,
    pending: VecDeque<Item>,
}

struct OpenFile {
    path: PathBuf,
    input: Box<dyn BufRead + Send>,
    line: u64,
}

impl Reader {
    /// A recording with all its files, whichever exist. The first line of the
    /// first one is read.
    ///
    /// # Errors
    /// If it cannot be read, or is not a recording.
    pub fn open(first: &Path) -> Result<Self, ReadError> {
        let parts = Parts::of(first);
        let mut files: VecDeque<_> = parts
            .existing()
            .unwrap_or_default()
            .into_iter()
            .map(|number| (number, parts.path(number)))
            .collect();
        if files.is_empty() {
            // The error says why it cannot be opened.
            files.push_back((1, first.to_owned()));
        }
        let mut reader = Self {
            files,
            open: None,
            last: None,
            pending: VecDeque::new(),
        };
        reader.next_file()?;
        Ok(reader)
    }

    /// A recording in memory.
    ///
    /// # Errors
    /// If it is not a recording.
    pub fn of_bytes(bytes: Vec<u8>) -> Result<Self, ReadError> {
        let mut reader = Self {
            files: VecDeque::new(),
            open: None,
            last: None,
            pending: VecDeque::new(),
        };
        reader.begin(PathBuf::from("the recording"), io::Cursor::new(bytes))?;
        Ok(reader)
    }

    fn next_file(&mut self) -> Result<bool, ReadError> {
        let Some((number, path)) = self.files.pop_front() else {
            return Ok(false);
        };
        if self.last.is_some_and(|last| last + 1 != number) {
            self.pending
                .push_back(Item::Note(Note::MissingPart(path.clone())));
        }
        self.last = Some(number);
        let file = File::open(&path).map_err(|source| ReadError::Io {
            path: path.clone(),
            source,
        })?;
        self.begin(path, file)?;
        Ok(true)
    }

    /// Reads the first line of a file.
    fn begin(&mut self, path: PathBuf, input: impl Read + Send + 'static) -> Result<(), ReadError> {
        let mut input = BufReader::with_capacity(64 << 10, input);
        let io = |source| ReadError::Io {
            path: path.clone(),
            source,
        };
        let is_compressed = input.fill_buf().map_err(io)?.starts_with(&GZIP);
        let input: Box<dyn BufRead + Send> = match is_compressed {
            true => Box::new(BufReader::new(MultiGzDecoder::new(input))),
            false => Box::new(input),
        };
        let mut open = OpenFile {
            path: path.clone(),
            input,
            line: 0,
        };
        let line = match open.line()? {
            Line::Whole(line) => line,
            Line::End | Line::Torn => return Err(ReadError::NotARecording { path }),
        };
        let version = |text: &[u8]| {
            let value: serde_json::Value = serde_json::from_slice(text).ok()?;
            u32::try_from(value.get("switchboard_recording")?.as_u64()?).ok()
        };
        match version(&line) {
            Some(FORMAT) => {}
            Some(found) if found > FORMAT => return Err(ReadError::Newer { path, found }),
            _ => return Err(ReadError::NotARecording { path }),
        }
        let header = serde_json::from_slice(&line).map_err(|error| ReadError::Line {
            path,
            line: 1,
            why: error.to_string(),
        })?;
        self.pending.push_back(Item::Header(header));
        self.open = Some(open);
        Ok(())
    }
}

impl Iterator for Reader {
    type Item = Result<Item, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(item) = self.pending.pop_front() {
                return Some(Ok(item));
            }
            let Some(open) = &mut self.open else {
                match self.next_file() {
                    Ok(true) => continue,
                    Ok(false) => return None,
                    Err(error) => {
                        self.files.clear();
                        return Some(Err(error));
                    }
                }
            };
            match open.line() {
                Ok(Line::Whole(line)) if line.trim_ascii().is_empty() => {}
                Ok(Line::Whole(line)) => match serde_json::from_slice(&line) {
                    Ok(record) => return Some(Ok(Item::Record(record))),
                    Err(error) => {
                        let failed = open.wrong(error.to_string());
                        self.end();
                        return Some(Err(failed));
                    }
                },
                Ok(Line::Torn) => {
                    let note = Note::Torn(open.path.clone());
                    self.open = None;
                    return Some(Ok(Item::Note(note)));
                }
                Ok(Line::End) => self.open = None,
                Err(error) => {
                    self.end();
                    return Some(Err(error));
                }
            }
        }
    }
}

impl Reader {
    /// Nothing is read after an error.
    fn end(&mut self) {
        self.open = None;
        self.files.clear();
    }
}

/// A line of a file.
enum Line {
    Whole(Vec<u8>),
    /// The file ends here, properly.
    End,
    /// The file ends within a line, or within a compressed stream.
    Torn,
}

impl OpenFile {
    fn line(&mut self) -> Result<Line, ReadError> {
        let mut line = Vec::new();
        let limit = LONGEST as u64 + 1;
        let read = self.input.by_ref().take(limit).read_until(b'\n', &mut line);
        match read {
            Ok(0) => Ok(Line::End),
            Ok(_) if line.ends_with(b"\n") => {
                self.line += 1;
                Ok(Line::Whole(line))
            }
            Ok(_) if line.len() > LONGEST => {
                self.line += 1;
                Err(self.wrong(format!("it has more than {} MiB", LONGEST >> 20)))
            }
            Ok(_) => Ok(Line::Torn),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(Line::Torn),
            Err(error)
                if error.kind() == io::ErrorKind::InvalidInput
                    || error.kind() == io::ErrorKind::InvalidData =>
            {
                Err(ReadError::Damaged {
                    path: self.path.clone(),
                    line: self.line,
                    why: error.to_string(),
                })
            }
            Err(source) => Err(ReadError::Io {
                path: self.path.clone(),
                source,
            }),
        }
    }

    /// What is wrong with the last line.
    fn wrong(&self, why: String) -> ReadError {
        ReadError::Line {
            path: self.path.clone(),
            line: self.line,
            why,
        }
    }
}
