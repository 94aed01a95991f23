//! Recordings of a channel: JSON Lines, one object a line for everything that
//! happens, written by a thread and read back.
//!
//! The first line is
//! `{"what":"recording","version":1,"address":"ws://…","at":"…"}`. Every other
//! line has `at`, the wall time (RFC 3339), and `offset_ms`, the time since the
//! channel was opened by a clock that is never set, and then one of
//!
//! | `what` | with |
//! |---|---|
//! | `message` | `way` (`in`, `out`), and `text` or `hex` |
//! | `ping` | `way` |
//! | `pong` | `round_trip_ms`, of a ping that went out |
//! | `connecting` | |
//! | `open` | `protocol`: the subprotocol, or `null` |
//! | `end` | `cause`, a word; `words`, for people; of a `closed` one `by` (`us`, `peer`), `code`, `reason`; of a `refused` one `status` |
//! | `waiting` | `for_ms`: when it is tried again |
//! | `missing` | `entries`: so many lines are missing here |
//!
//! Lines of another kind are kept as they are; fields that are not known are
//! passed over.

use std::{
    borrow::Cow,
    fs::File,
    io::{self, BufRead, BufReader, BufWriter, Read, Write},
    path::{Path, PathBuf},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, SystemTime},
};

use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::sync::Notify;

use super::{
    cause::{By, Cause},
    entry::{Content, Direction, Entry, What, from_hex, hex},
    line::Fields,
    settings::LARGEST,
    view::Recorded,
};
use text::{plain, redact::redacted};

/// So many bytes may wait to be written; then the channel is read no further
/// until they are.
const WAITING: u64 = 8 << 20;

/// The longest line of a recording, in bytes: the largest message with the
/// default limit, with every character escaped.
const LONGEST_LINE: u64 = 6 * LARGEST as u64 + LONGEST_HEAD;

/// The longest first line of a recording, in bytes.
const LONGEST_HEAD: u64 = 64 << 10;

/// An entry as a line of a recording and of `switchboard channel --json`;
/// `found` are the parts of its message that `--path` selects. A line of an
/// unknown kind is written as it was read.
pub fn to_line(entry: &Entry, found: Option<Vec<Value>>) -> String {
    let same = match &entry.what {
        What::Other(text) => plain::json_text(text),
        _ => None,
    };
    same.unwrap_or_else(|| {
        let mut line = to_json(entry);
        if let Some(found) = found {
            line["found"] = Value::Array(found);
        }
        plain::json(&line)
    })
}

fn to_json(entry: &Entry) -> Value {
    let ms = |time: Duration| (time.as_secs_f64() * 1e6).round() / 1e3;
    let mut line = match &entry.what {
        What::Message(way, Content::Text(text)) => {
            json!({"what": "message", "way": word(*way), "text": text})
        }
        What::Message(way, Content::Binary(bytes)) => {
            json!({"what": "message", "way": word(*way), "hex": hex(bytes)})
        }
        What::Ping(way) => json!({"what": "ping", "way": word(*way)}),
        What::Pong(took) => json!({"what": "pong", "round_trip_ms": ms(*took)}),
        What::Connecting => json!({"what": "connecting"}),
        What::Open(protocol) => json!({"what": "open", "protocol": protocol}),
        What::Waiting(time) => json!({"what": "waiting", "for_ms": ms(*time)}),
        What::Missing(entries) => json!({"what": "missing", "entries": entries}),
        What::End(cause) => end(cause),
        What::Other(_) => json!({"what": "other"}),
    };
    line["at"] = stamp(entry.at).into();
    line["offset_ms"] = ms(entry.offset).into();
    line
}

fn end(cause: &Cause) -> Value {
    let mut line = json!({"what": "end", "cause": cause.word(), "words": cause.to_string()});
    match cause {
        Cause::Closed { by, code, reason } => {
            line["by"] = if *by == By::Us { "us" } else { "peer" }.into();
            line["code"] = json!(code);
            line["reason"] = reason.as_str().into();
        }
        Cause::Refused { status, said } => {
            line["status"] = json!(status);
            line["said"] = said.as_str().into();
        }
        Cause::TooLarge { limit } => line["limit"] = json!(limit),
        Cause::Silent(time) => line["silent_ms"] = json!(time.as_secs_f64() * 1e3),
        _ => {}
    }
    line
}

fn stamp(at: SystemTime) -> String {
    // Times that no calendar has do not come from a clock.
    Timestamp::try_from(at)
        .map(|stamp| format!("{stamp:.6}"))
        .unwrap_or_default()
}

fn word(way: Direction) -> &'static str {
    match way {
        Direction::In => "in",
        Direction::Out => "out",
    }
}

/// Reads a line of a recording.
fn from_json(number: u64, mut text: String) -> Result<Entry, String> {
    let line = Fields::read(&text)?;
    let ms = |field: &str| line.number(field).map(|ms| ms.clamp(0.0, 1e15) / 1e3);
    let length = |field: &str| {
        ms(field)
            .and_then(|s| Duration::try_from_secs_f64(s).ok())
            .unwrap_or_default()
    };
    let at = line
        .text("at")
        .and_then(|at| at.parse::<Timestamp>().ok())
        .ok_or("it has no time `at`")?;
    let way = match line.text("way") {
        Some("out") => Direction::Out,
        _ => Direction::In,
    };
    let what = match line.text("what").ok_or("it has no `what`")? {
        "message" => What::Message(
            way,
            match (line.text("text"), line.text("hex")) {
                (Some(text), _) => Content::Text(text.into()),
                (None, Some(digits)) => Content::Binary(
                    from_hex(digits)
                        .map_err(|error| error.to_string())?
                        .into_boxed_slice(),
                ),
                (None, None) => return Err("its message has neither `text` nor `hex`".to_owned()),
            },
        ),
        "ping" => What::Ping(way),
        "pong" => What::Pong(length("round_trip_ms")),
        "connecting" => What::Connecting,
        "open" => What::Open(line.text("protocol").map(short)),
        "waiting" => What::Waiting(length("for_ms")),
        "missing" => What::Missing(line.whole("entries").unwrap_or_default()),
        "end" => What::End(read_end(&line)),
        _ => {
            let offset = length("offset_ms");
            text.truncate(text.trim_end().len());
            return Ok(Entry {
                number,
                at: at.into(),
                offset,
                what: What::Other(text),
            });
        }
    };
    Ok(Entry {
        number,
        at: at.into(),
        offset: length("offset_ms"),
        what,
    })
}

/// Cuts a text that is not a message: in a recording of this program it is
/// short, but a file can contain anything.
fn short(text: &str) -> String {
    const MOST: usize = 2_048;
    text.get(..text.floor_char_boundary(MOST))
        .unwrap_or_default()
        .to_owned()
}

fn read_end(line: &Fields<'_>) -> Cause {
    let text = |field: &str| line.text(field).map(short).unwrap_or_default();
    let small = |field: &str| {
        line.whole(field)
            .and_then(|number| u16::try_from(number).ok())
    };
    let words = text("words");
    match text("cause").as_str() {
        "closed" => Cause::Closed {
            by: if text("by") == "us" { By::Us } else { By::Peer },
            code: small("code"),
            reason: text("reason"),
        },
        "refused" => Cause::Refused {
            status: small("status").unwrap_or_default(),
            said: text("said"),
        },
        "too_large" => Cause::TooLarge {
            limit: line
                .whole("limit")
                .and_then(|n| usize::try_from(n).ok())
                .unwrap_or_default(),
        },
        "silent" => Cause::Silent(Duration::from_millis(
            line.whole("silent_ms").unwrap_or_default(),
        )),
        "unreachable" => Cause::Unreachable(words),
        "no_answer" => Cause::NoAnswer(words),
        "tls" => Cause::Tls(words),
        "certificates" => Cause::Certificates(words),
        "subprotocol" => Cause::Subprotocol(words),
        _ => Cause::Lost(words),
    }
}

/// Writes a recording, on a thread of its own. Dropped, it writes what is still
/// waiting; [`Recorder::finish`] waits for that.
#[derive(Debug)]
pub struct Recorder {
    lines: mpsc::Sender<Arc<Entry>>,
    progress: Arc<Progress>,
    thread: thread::JoinHandle<()>,
}

#[derive(Debug)]
struct Progress {
    path: PathBuf,
    waiting: AtomicU64,
    written: AtomicU64,
    room: Notify,
    problem: OnceLock<String>,
}

/// Where one waits until there is room to write again.
pub(super) struct Room(Arc<Progress>);

impl Recorder {
    /// Begins a recording of a channel to this address, which is written
    /// without the secrets in it; a file that is there is emptied.
    ///
    /// # Errors
    /// Where the file cannot be written, or there is no thread for it.
    pub fn create(path: &Path, address: &str) -> io::Result<Self> {
        let mut file = BufWriter::new(files::stream(path)?);
        let address = redacted(address);
        let head = json!({"what": "recording", "version": 1, "address": address, "at": stamp(SystemTime::now())});
        writeln!(file, "{head}")?;
        file.flush()?;
        let progress = Arc::new(Progress {
            path: path.to_owned(),
            waiting: AtomicU64::new(0),
            written: AtomicU64::new(0),
            room: Notify::new(),
            problem: OnceLock::new(),
        });
        let (lines, waiting) = mpsc::channel::<Arc<Entry>>();
        let shared = Arc::clone(&progress);
        let thread = thread::Builder::new()
            .name("recording".to_owned())
            .spawn(move || {
                if let Err(problem) = write_all(file, &waiting, &shared) {
                    let _ = shared.problem.set(format!(
                        "{} cannot be written any more: {problem}",
                        shared.path.display()
                    ));
                }
                shared.room.notify_one();
            })?;
        Ok(Self {
            lines,
            progress,
            thread,
        })
    }

    /// Writes an entry soon; where too much waits, it is said where to wait.
    pub(super) fn write(&self, entry: &Arc<Entry>) -> Option<Room> {
        self.progress
            .waiting
            .fetch_add(entry.size() as u64, Ordering::AcqRel);
        // Where the thread has ended the problem is told by the view.
        self.lines.send(Arc::clone(entry)).ok()?;
        Some(Room(Arc::clone(&self.progress)))
    }

    /// How it does.
    pub(super) fn recorded(&self) -> Recorded {
        Recorded {
            path: self.progress.path.clone(),
            lines: self.progress.written.load(Ordering::Acquire),
            problem: self.progress.problem.get().cloned(),
        }
    }

    /// Ends it, and waits until all is written.
    ///
    /// # Errors
    /// Why not all of it could be written.
    pub fn finish(self) -> Result<u64, String> {
        drop(self.lines);
        let _ = self.thread.join();
        match self.progress.problem.get() {
            Some(problem) => Err(problem.clone()),
            None => Ok(self.progress.written.load(Ordering::Acquire)),
        }
    }
}

impl Room {
    /// Waits until less is waiting to be written.
    pub(super) async fn wait(&self) {
        while self.0.waiting.load(Ordering::Acquire) > WAITING && self.0.problem.get().is_none() {
            self.0.room.notified().await;
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
                .waiting
                .fetch_sub(entry.size() as u64, Ordering::AcqRel);
            progress.room.notify_one();
            next = waiting.try_recv().ok();
        }
        // Whoever reads along sees whole lines at once.
        file.flush()?;
    }
    file.flush()
}

/// Reads a recording, an entry at a time.
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
    /// Where the file cannot be read or is none.
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
        let first = reader.next_line(LONGEST_HEAD)?.unwrap_or_default();
        let head = Fields::read(&first)
            .ok()
            .filter(|head| head.text("what") == Some("recording"));
        let head = head.ok_or_else(|| ReadError::None {
            path: path.to_owned(),
        })?;
        match head.whole("version") {
            Some(1) => {}
            version => {
                return Err(ReadError::Version {
                    path: path.to_owned(),
                    version: version.unwrap_or_default(),
                });
            }
        }
        reader.address = head.text("address").unwrap_or_default().to_owned();
        Ok(reader)
    }

    /// Where the channel went.
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
                format!("it is longer than {longest} bytes; no line of a recording is"),
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
            // Where there is a byte order mark it is here. UTF-16 has no lines
            // of bytes.
            1 if line.starts_with(&[0xff, 0xfe]) || line.starts_with(&[0xfe, 0xff]) => {
                return Err(self.broken("it is UTF-16; save the file as UTF-8".to_owned()));
            }
            1 => files::text(line).map(Cow::into_owned).ok(),
            _ => std::str::from_utf8(line).map(str::to_owned).ok(),
        };
        text.ok_or_else(|| self.broken("it is not UTF-8".to_owned()))
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
            match self.next_line(LONGEST_LINE) {
                Ok(None) => return None,
                Ok(Some(line)) if line.trim().is_empty() => {}
                Ok(Some(line)) => {
                    let number = self.line.saturating_sub(2);
                    return Some(from_json(number, line).map_err(|why| self.broken(why)));
                }
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

/// Why a recording cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The system said no.
    #[error("{} cannot be read: {source}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// It is none.
    #[error("{} is no recording of a channel: its first line is not \
         {{\"what\":\"recording\",…}}", path.display())]
    None {
        /// Which file.
        path: PathBuf,
    },
    /// It is of a newer version.
    #[error("{} is a recording of version {version}; version 1 is read", path.display())]
    Version {
        /// Which file.
        path: PathBuf,
        /// Its version; 0 where it says none.
        version: u64,
    },
    /// A line is none.
    #[error("line {line} of {}: {why}", path.display())]
    Line {
        /// Which file.
        path: PathBuf,
        /// Which line, from 1.
        line: u64,
        /// What is wrong.
        why: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_is_written_is_read_back() {
        let path = std::env::temp_dir().join(format!(
            "switchboard-recording-{}.jsonl",
            std::process::id()
        ));
        let recorder = Recorder::create(&path, "ws://127.0.0.1:1/ws").expect("a file");
        let all = [
            What::Connecting,
            What::Open(Some("a.v1".to_owned())),
            What::Message(
                Direction::Out,
                Content::Text("{\"a\":\"\u{1b}\u{e4}\"}".into()),
            ),
            What::Message(Direction::In, Content::Binary(vec![0, 255].into())),
            What::Ping(Direction::Out),
            What::Pong(Duration::from_micros(1_250)),
            What::Missing(7),
            What::End(Cause::Closed {
                by: By::Peer,
                code: Some(1012),
                reason: "back".to_owned(),
            }),
            What::End(Cause::Refused {
                status: 404,
                said: "none".to_owned(),
            }),
            What::End(Cause::Tls("not trusted".to_owned())),
            What::Waiting(Duration::from_secs(2)),
        ];
        let at = SystemTime::UNIX_EPOCH + Duration::from_micros(1_764_000_000_123_456);
        for (number, what) in (0..).zip(&all) {
            let offset = Duration::from_millis(number * 10);
            recorder.write(&Arc::new(Entry {
                number,
                at,
                offset,
                what: what.clone(),
            }));
        }
        assert_eq!(recorder.finish(), Ok(11));
        let reader = Reader::open(&path).expect("a recording");
        assert_eq!(reader.address(), "ws://127.0.0.1:1/ws");
        let read: Vec<Entry> = reader.map(|entry| entry.expect("a line")).collect();
        assert!(
            read.iter()
                .zip(&all)
                .all(|(entry, what)| entry.what == *what && entry.at == at),
            "{read:?}"
        );
        assert_eq!(
            (read.len(), read[3].offset, read[3].number),
            (11, Duration::from_millis(30), 3)
        );
        std::fs::remove_file(&path).expect("it is there");
    }

    #[test]
    fn a_recording_does_not_keep_the_secrets_of_its_address() {
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
    fn what_is_no_recording_is_told_with_its_line() {
        let path = std::env::temp_dir().join(format!(
            "switchboard-no-recording-{}.jsonl",
            std::process::id()
        ));
        let words = |text: &str| {
            std::fs::write(&path, text).expect("written");
            match Reader::open(&path) {
                Ok(reader) => reader
                    .filter_map(Result::err)
                    .map(|error| error.to_string())
                    .collect::<String>(),
                Err(error) => error.to_string(),
            }
        };
        assert!(words("{}\n").contains("is no recording of a channel"));
        let marked = "\u{feff}{\"what\":\"recording\",\"version\":1}\n{\"what\":\"open\",\"at\":\"2026-01-01T00:00:00Z\"}\n";
        assert_eq!(
            words(marked),
            "",
            "a byte order mark is no part of the first line"
        );
        assert!(words("{\"what\":\"recording\",\"version\":9}\n").contains("version 9"));
        assert!(
            words("{\"what\":\"recording\",\"version\":1}\n\n{\"what\":\"open\"}\n")
                .contains("line 3")
        );
        assert!(words("{\"what\":\"recording\",\"version\":1}\n{\"what\":\"message\",\"at\":\"2026-01-01T00:00:00Z\",\"hex\":\"0\"}\n").contains("half a byte"));
        assert_eq!(
            words(
                "{\"what\":\"recording\",\"version\":1}\n{\"what\":\"newer\",\"at\":\"2026-01-01T00:00:00Z\"}\n"
            ),
            ""
        );
        std::fs::remove_file(&path).expect("it is there");
    }
}
