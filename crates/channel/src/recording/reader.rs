//! Reads recordings, entry by entry, in memory proportional to one line.

use std::{
    borrow::Cow,
    fs::File,
    io::{self, BufRead, BufReader, Read},
    path::{Path, PathBuf},
};

use super::{fields::Fields, json::from_line};
use crate::{entry::Entry, settings::MAX_MESSAGE};

/// The longest line of a recording, in bytes: a message at the default limit
/// with every character escaped.
const MAX_LINE: u64 = 6 * MAX_MESSAGE as u64 + MAX_HEADER;

/// The longest first line of a recording, in bytes.
const MAX_HEADER: u64 = 64 << 10;

/// Reads a recording, entry by entry.
pub struct Reader {
    lines: BufReader<Box<dyn Read + Send>>,
    path: PathBuf,
    line: u64,
    address: String,
}

impl Reader {
    /// Opens a recording.
    ///
    /// # Errors
    /// If the file cannot be read or is not a recording.
    pub fn open(path: &Path) -> Result<Self, ReadError> {
        let file = File::open(path).map_err(|source| ReadError::File {
            path: path.to_owned(),
            source,
        })?;
        let mut reader = Self {
            lines: BufReader::new(Box::new(file)),
            path: path.to_owned(),
            line: 0,
            address: String::new(),
        };
        let first = reader.next_line(MAX_HEADER)?.unwrap_or_default();
        let header = Fields::read(&first)
            .ok()
            .filter(|header| header.text("what") == Some("recording"));
        let header = header.ok_or_else(|| ReadError::NotARecording {
            path: path.to_owned(),
        })?;
        match header.whole("version") {
            Some(1) => {}
            version => {
                return Err(ReadError::Version {
                    path: path.to_owned(),
                    version: version.unwrap_or_default(),
                });
            }
        }
        reader.address = header.text("address").unwrap_or_default().to_owned();
        Ok(reader)
    }

    /// The address of the channel.
    pub fn address(&self) -> &str {
        &self.address
    }

    fn next_line(&mut self, longest: u64) -> Result<Option<String>, ReadError> {
        let mut line = Vec::new();
        let read = self
            .lines
            .by_ref()
            .take(longest)
            .read_until(b'\n', &mut line);
        self.line += 1;
        match read {
            Ok(0) => Ok(None),
            Ok(read) if read as u64 == longest && line.last() != Some(&b'\n') => Err(self.broken(
                format!("the line is longer than {longest} bytes, the limit for recordings"),
            )),
            Ok(_) => self.text(&line).map(Some),
            Err(source) => Err(ReadError::File {
                path: self.path.clone(),
                source,
            }),
        }
    }

    fn text(&self, line: &[u8]) -> Result<String, ReadError> {
        let text = match self.line {
            // Only the first line can have a byte order mark. UTF-16 cannot be
            // split into lines by bytes.
            1 if line.starts_with(&[0xff, 0xfe]) || line.starts_with(&[0xfe, 0xff]) => {
                return Err(self.broken("the file is UTF-16; save it as UTF-8".to_owned()));
            }
            1 => files::text(line).map(Cow::into_owned).ok(),
            _ => std::str::from_utf8(line).map(str::to_owned).ok(),
        };
        text.ok_or_else(|| self.broken("the line is not UTF-8".to_owned()))
    }

    fn broken(&self, why: String) -> ReadError {
        ReadError::Line {
            path: self.path.clone(),
            line: self.line,
            why,
        }
    }
}

impl Iterator for Reader {
    type Item = Result<Entry, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.next_line(MAX_LINE) {
                Ok(None) => return None,
                Ok(Some(line)) if line.trim().is_empty() => {}
                Ok(Some(line)) => {
                    let number = self.line.saturating_sub(2);
                    return Some(from_line(number, line).map_err(|why| self.broken(why)));
                }
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

/// Why a recording cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file cannot be read.
    #[error("could not read {}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// The file is not a recording.
    #[error("{} is not a recording of a channel: its first line is not \
         {{\"what\":\"recording\",…}}", path.display())]
    NotARecording {
        /// The file.
        path: PathBuf,
    },
    /// The version is not supported.
    #[error("{} is a recording of version {version}; only version 1 is supported", path.display())]
    Version {
        /// The file.
        path: PathBuf,
        /// The version; 0 if it is missing.
        version: u64,
    },
    /// A line cannot be parsed.
    #[error("line {line} of {}: {why}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The number of the line, from 1.
        line: u64,
        /// The reason.
        why: String,
    },
}

#[cfg(test)]
mod tests {
    use std::{
        sync::Arc,
        time::{Duration, SystemTime},
    };

    use super::*;
    use crate::{
        cause::{ClosedBy, EndCause},
        entry::{Content, Direction, EntryKind},
        recording::Recorder,
    };

    #[test]
    fn recordings_round_trip() {
        let path = std::env::temp_dir().join(format!(
            "switchboard-recording-{}.jsonl",
            std::process::id()
        ));
        let recorder = Recorder::create(&path, "ws://127.0.0.1:1/ws").expect("a file");
        let all = [
            EntryKind::Connecting,
            EntryKind::Open(Some("a.v1".to_owned())),
            EntryKind::Message(
                Direction::Out,
                Content::Text("{\"a\":\"\u{1b}\u{e4}\"}".into()),
            ),
            EntryKind::Message(Direction::In, Content::Binary(vec![0, 255].into())),
            EntryKind::Ping(Direction::Out),
            EntryKind::Pong(Duration::from_micros(1_250)),
            EntryKind::Missing(7),
            EntryKind::End(EndCause::Closed {
                by: ClosedBy::Peer,
                code: Some(1012),
                reason: "back".to_owned(),
            }),
            EntryKind::End(EndCause::Refused {
                status: 404,
                body: "none".to_owned(),
            }),
            EntryKind::End(EndCause::Tls("not trusted".to_owned())),
            EntryKind::Waiting(Duration::from_secs(2)),
        ];
        let at = SystemTime::UNIX_EPOCH + Duration::from_micros(1_764_000_000_123_456);
        for (number, kind) in (0..).zip(&all) {
            let offset = Duration::from_millis(number * 10);
            recorder.write(&Arc::new(Entry {
                number,
                at,
                offset,
                kind: kind.clone(),
            }));
        }
        assert_eq!(recorder.finish(), Ok(11));
        let reader = Reader::open(&path).expect("a recording");
        assert_eq!(reader.address(), "ws://127.0.0.1:1/ws");
        let read: Vec<Entry> = reader.map(|entry| entry.expect("a line")).collect();
        assert!(
            read.iter()
                .zip(&all)
                .all(|(entry, kind)| entry.kind == *kind && entry.at == at),
            "{read:?}"
        );
        assert_eq!(
            (read.len(), read[3].offset, read[3].number),
            (11, Duration::from_millis(30), 3)
        );
        std::fs::remove_file(&path).expect("it is there");
    }

    #[test]
    fn secrets_in_the_address_are_not_recorded() {
        let path =
            std::env::temp_dir().join(format!("switchboard-secret-{}.jsonl", std::process::id()));
        Recorder::create(&path, "ws://me:hidden@127.0.0.1:1/ws?stream=a&token=hidden")
            .expect("a file")
            .finish()
            .expect("written");
        let text = std::fs::read_to_string(&path).expect("text");
        assert!(
            text.contains("stream=a") && !text.contains("hidden"),
            "{text}"
        );
        std::fs::remove_file(&path).expect("it is there");
    }

    #[test]
    fn errors_name_the_line() {
        let path = std::env::temp_dir().join(format!(
            "switchboard-no-recording-{}.jsonl",
            std::process::id()
        ));
        let read = |text: &str| {
            std::fs::write(&path, text).expect("written");
            match Reader::open(&path) {
                Ok(reader) => reader
                    .filter_map(Result::err)
                    .map(|error| error.to_string())
                    .collect::<String>(),
                Err(error) => error.to_string(),
            }
        };
        assert!(read("{}\n").contains("is not a recording of a channel"));
        let marked = "\u{feff}{\"what\":\"recording\",\"version\":1}\n{\"what\":\"open\",\"at\":\"2026-01-01T00:00:00Z\"}\n";
        assert_eq!(
            read(marked),
            "",
            "a byte order mark is not part of the first line"
        );
        assert!(read("{\"what\":\"recording\",\"version\":9}\n").contains("version 9"));
        assert!(
            read("{\"what\":\"recording\",\"version\":1}\n\n{\"what\":\"open\"}\n")
                .contains("line 3")
        );
        assert!(read("{\"what\":\"recording\",\"version\":1}\n{\"what\":\"message\",\"at\":\"2026-01-01T00:00:00Z\",\"hex\":\"0\"}\n").contains("a digit is missing"));
        assert_eq!(
            read(
                "{\"what\":\"recording\",\"version\":1}\n{\"what\":\"newer\",\"at\":\"2026-01-01T00:00:00Z\"}\n"
            ),
            ""
        );
        std::fs::remove_file(&path).expect("it is there");
    }
}
