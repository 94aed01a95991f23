//! A recording that runs: its thread, and what it reports.

use std::{
    fmt,
    path::{Path, PathBuf},
    str::FromStr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use fleet::{Fleet, Watch};
use jiff::Zoned;
use net::client::Trust;

use crate::{
    file::{FileSettings, FileSink, Parts},
    format::{FORMAT, Header, Record, Recorded},
    observer::{Observer, Selection},
    postgres::{DatabaseAddress, DatabaseAddressError, PostgresSink},
};

/// Changes are taken at most this often.
const DRAIN_EVERY: Duration = Duration::from_millis(20);

/// Where to record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    /// Files; this is the first one.
    Files(PathBuf),
    /// A PostgreSQL database.
    Database(DatabaseAddress),
}

/// Why a text is no destination.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DestinationError {
    /// It is empty.
    #[error("expected a file such as lab.jsonl.gz, or postgres://user@host/database")]
    Empty,
    /// It is a folder.
    #[error("{0} is a folder; expected a file such as {0}/lab.jsonl.gz")]
    Folder(String),
    /// It is no database as expected.
    #[error(transparent)]
    Database(#[from] DatabaseAddressError),
    /// It has another scheme.
    #[error("cannot record to {0}; expected a file or postgres://user@host/database")]
    Scheme(String),
}

impl FromStr for Destination {
    type Err = DestinationError;

    fn from_str(text: &str) -> Result<Self, DestinationError> {
        if text.is_empty() {
            return Err(DestinationError::Empty);
        }
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self::Database(text.parse()?));
        }
        if let Some((scheme, _)) = text.split_once("://") {
            return Err(DestinationError::Scheme(format!("{scheme}://")));
        }
        let path = Path::new(text);
        if path.is_dir() || text.ends_with('/') {
            let folder = text.trim_end_matches('/').to_owned();
            return Err(DestinationError::Folder(folder));
        }
        Ok(Self::Files(path.to_owned()))
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Files(path) => path.display().fmt(f),
            Self::Database(address) => address.fmt(f),
        }
    }
}

/// Something to tell the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// A new file is written.
    Part(PathBuf),
    /// The database is connected, and the session was added to it.
    Database(String),
    /// Nothing can be written, and why. Records are kept for a while.
    Trouble(String),
    /// Writing works again; this many records were lost.
    Resumed {
        /// How many.
        lost: u64,
    },
}

/// What a recording has written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Status {
    /// How many boards it knows.
    pub boards: usize,
    /// How many records it has taken.
    pub records: u64,
    /// How many bytes are on the disk.
    pub bytes: u64,
    /// Why nothing can be written at the moment.
    pub problem: Option<String>,
    /// How many records were lost.
    pub lost: u64,
}

/// Why a recording does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The first file cannot be created.
    #[error("cannot record to {}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: std::io::Error,
    },
    /// The database cannot be used.
    #[error("cannot record to {address}: {problem}")]
    Database {
        /// The database.
        address: DatabaseAddress,
        /// The reason.
        problem: String,
    },
    /// The thread cannot be started.
    #[error("cannot start a thread: {0}")]
    Thread(std::io::Error),
}

/// A recording that runs until it is stopped or dropped.
pub struct Recording {
    stop: Arc<AtomicBool>,
    wake: SyncSender<()>,
    thread: Option<JoinHandle<Result<(), String>>>,
    status: Arc<Mutex<Status>>,
}

/// A recording that can be started on any thread: that creates a file or
/// connects to a database.
pub struct Prepared {
    observer: Observer,
    watch: Watch,
    wake: SyncSender<()>,
    woken: Receiver<()>,
    trust: Trust,
}

impl Prepared {
    /// Verifies databases with these certificates instead of the usual ones.
    #[must_use]
    pub fn with_trust(self, trust: Trust) -> Self {
        Self { trust, ..self }
    }

    /// Starts to record. `tell` is called from the recording's thread.
    ///
    /// # Errors
    /// If the first file cannot be created, or the database cannot be used.
    pub fn start(
        self,
        destination: &Destination,
        settings: FileSettings,
        tell: impl FnMut(Notice) + Send + 'static,
    ) -> Result<Recording, StartError> {
        let Self {
            observer,
            watch,
            wake,
            woken,
            trust,
        } = self;
        let mut tell: Box<dyn FnMut(Notice) + Send> = Box::new(tell);
        let (sink, begun) = Sink::begin(destination, settings, trust, header(&observer))?;
        tell(begun);
        let stop = Arc::new(AtomicBool::new(false));
        let status = Arc::new(Mutex::new(Status::default()));
        let worker = Worker {
            observer,
            watch,
            woken,
            stop: Arc::clone(&stop),
            status: Arc::clone(&status),
            sink,
            tell,
        };
        let thread = std::thread::Builder::new()
            .name("recording".to_owned())
            .spawn(move || worker.run())
            .map_err(StartError::Thread)?;
        Ok(Recording {
            stop,
            wake,
            thread: Some(thread),
            status,
        })
    }
}

impl Recording {
    /// Prepares to record these boards of a fleet.
    pub fn prepare(fleet: &Fleet, selection: Selection) -> Prepared {
        let (wake, woken) = sync_channel(1);
        let on_change = wake.clone();
        let watch = fleet.watch(move |_| {
            // Full: the thread will be woken anyway. Closed: it has ended.
            let _ = on_change.try_send(());
        });
        // The watch reports every board with its first drain.
        let _ = wake.try_send(());
        Prepared {
            observer: Observer::new(Arc::clone(fleet.clock()), selection),
            watch,
            wake,
            woken,
            trust: Trust::usual(),
        }
    }

    /// What it has written so far.
    pub fn status(&self) -> Status {
        lock(&self.status).clone()
    }

    /// Writes the rest and ends.
    ///
    /// # Errors
    /// If something could not be written.
    pub fn stop(mut self) -> Result<Status, String> {
        let ended = self.end();
        ended.map(|()| self.status())
    }

    fn end(&mut self) -> Result<(), String> {
        self.stop.store(true, Ordering::Release);
        let _ = self.wake.try_send(());
        match self.thread.take().map(JoinHandle::join) {
            Some(Ok(ended)) => ended,
            Some(Err(_)) => Err("the recording ended unexpectedly".to_owned()),
            None => Ok(()),
        }
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        if let Err(problem) = self.end() {
            log::warn!("the recording: {problem}");
        }
    }
}

fn lock(status: &Mutex<Status>) -> MutexGuard<'_, Status> {
    status.lock().unwrap_or_else(PoisonError::into_inner)
}

fn header(observer: &Observer) -> Header {
    let started = observer.started();
    Header {
        switchboard_recording: FORMAT,
        program: concat!("switchboard ", env!("CARGO_PKG_VERSION")).to_owned(),
        session: format!("{:.6}-{}", started, std::process::id()),
        started,
        part: 1,
    }
}

/// The thread of a recording.
struct Worker {
    observer: Observer,
    watch: Watch,
    woken: Receiver<()>,
    stop: Arc<AtomicBool>,
    status: Arc<Mutex<Status>>,
    sink: Sink,
    tell: Box<dyn FnMut(Notice) + Send>,
}

impl Worker {
    fn run(mut self) -> Result<(), String> {
        let mut next_flush = Instant::now() + crate::file::FLUSH_EVERY;
        loop {
            let left = next_flush.saturating_duration_since(Instant::now());
            let woken = match self.woken.recv_timeout(left) {
                Ok(()) => true,
                Err(RecvTimeoutError::Timeout) => false,
                Err(RecvTimeoutError::Disconnected) => break,
            };
            let stops = self.stop.load(Ordering::Acquire);
            if woken || stops {
                self.drain();
            }
            if stops {
                break;
            }
            if Instant::now() >= next_flush {
                self.flush();
                next_flush = Instant::now() + crate::file::FLUSH_EVERY;
            } else if woken {
                // Boards that push all the time are taken together.
                std::thread::sleep(DRAIN_EVERY);
            }
        }
        let end = self.observer.remark(Recorded::End);
        self.sink.add(&[end]);
        let Self { sink, status, .. } = self;
        let bytes = sink.finish()?;
        lock(&status).bytes = bytes;
        Ok(())
    }

    /// Takes the changes of the fleet.
    fn drain(&mut self) {
        let changes = self.watch.drain();
        let records = self.observer.observe(&changes);
        self.sink.add(&records);
        let mut status = lock(&self.status);
        status.records += records.len() as u64;
        status.boards = self.observer.boards();
    }

    fn flush(&mut self) {
        let notices = self.sink.flush();
        if self.sink.take_needs_snapshot() {
            let snapshot = self.observer.snapshot();
            self.sink.add(&snapshot);
        }
        {
            let mut status = lock(&self.status);
            status.bytes = self.sink.written();
            for notice in &notices {
                match notice {
                    Notice::Part(_) | Notice::Database(_) => {}
                    Notice::Trouble(problem) => status.problem = Some(problem.clone()),
                    Notice::Resumed { lost } => {
                        status.problem = None;
                        status.lost += lost;
                    }
                }
            }
        }
        for notice in notices {
            (self.tell)(notice);
        }
    }
}

/// Where records go.
enum Sink {
    Files(Box<FileSink>),
    Database(PostgresSink),
}

impl Sink {
    fn begin(
        destination: &Destination,
        settings: FileSettings,
        trust: Trust,
        header: Header,
    ) -> Result<(Self, Notice), StartError> {
        match destination {
            Destination::Files(path) => {
                let mut sink = FileSink::new(Parts::of(path), settings, header);
                let first = sink.begin(Zoned::now().date()).map_err(|source| {
                    let path = path.clone();
                    StartError::File { path, source }
                })?;
                Ok((Self::Files(Box::new(sink)), Notice::Part(first)))
            }
            Destination::Database(address) => {
                let session = header.session.clone();
                let sink = PostgresSink::begin(address, trust, header).map_err(|problem| {
                    let address = address.clone();
                    StartError::Database { address, problem }
                })?;
                Ok((Self::Database(sink), Notice::Database(session)))
            }
        }
    }

    fn add(&mut self, records: &[Record]) {
        match self {
            Self::Files(sink) => sink.add(records),
            Self::Database(sink) => sink.add(records),
        }
    }

    /// Writes what is due; what there is to say about it.
    fn flush(&mut self) -> Vec<Notice> {
        match self {
            Self::Files(sink) => sink.flush(Instant::now(), Zoned::now().date()),
            Self::Database(sink) => sink.notices(),
        }
    }

    fn take_needs_snapshot(&mut self) -> bool {
        match self {
            Self::Files(sink) => sink.take_needs_snapshot(),
            Self::Database(sink) => sink.take_needs_snapshot(),
        }
    }

    fn written(&self) -> u64 {
        match self {
            Self::Files(sink) => sink.written,
            Self::Database(sink) => sink.written(),
        }
    }

    /// Writes the rest and ends; how many bytes were written.
    fn finish(self) -> Result<u64, String> {
        match self {
            Self::Files(sink) => sink.finish(Instant::now(), Zoned::now().date()),
            Self::Database(sink) => sink.finish(),
        }
    }
}
