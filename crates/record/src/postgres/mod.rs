//! Recordings in PostgreSQL. A thread of its own writes batches; while the
//! database is away, records wait in a bounded queue.

mod address;
mod database;
mod queue;
mod tls;

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread::JoinHandle,
    time::{Duration, Instant},
};

use net::client::Trust;
use tokio::{
    sync::Notify,
    time::{sleep, sleep_until},
};

use crate::{
    format::{Header, Record},
    recording::Notice,
};
pub use address::{DatabaseAddress, DatabaseAddressError};
use database::{Database, InsertError};
use queue::{BATCH, HELD, Queue, Row};
use tls::Tls;

/// How long to wait after a failure; longer each time.
const RETRY: [Duration; 4] = [
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(5),
    Duration::from_secs(10),
];

/// How long records are collected for one statement.
const BATCH_EVERY: Duration = Duration::from_millis(500);

/// How long the end waits for a database that is away.
const END: Duration = Duration::from_secs(10);

/// Writes records into a database.
pub(crate) struct PostgresSink {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    state: Mutex<State>,
    changed: Notify,
}

struct State {
    queue: Queue,
    /// When it has to end, if it has to.
    ends: Option<Instant>,
    /// Why nothing can be written.
    problem: Option<String>,
    notices: Vec<Notice>,
    needs_snapshot: bool,
    written: u64,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl PostgresSink {
    /// Connects, creates the tables if they are missing, and adds a session.
    ///
    /// # Errors
    /// Why that is impossible, in a sentence.
    pub(crate) fn begin(
        address: &DatabaseAddress,
        trust: Trust,
        header: Header,
    ) -> Result<Self, String> {
        let config = address.config()?;
        let tls = Tls(trust);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| error.to_string())?;
        let database = runtime.block_on(async {
            let database = Database::connect(&config, &tls).await?;
            database.prepare(&header).await?;
            Ok::<_, String>(database)
        })?;
        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                queue: Queue::new(HELD),
                ends: None,
                problem: None,
                notices: Vec::new(),
                needs_snapshot: false,
                written: 0,
            }),
            changed: Notify::new(),
        });
        let worker = Worker {
            config,
            tls,
            header,
            shared: Arc::clone(&shared),
        };
        let thread = std::thread::Builder::new()
            .name("postgres".to_owned())
            .spawn(move || runtime.block_on(worker.run(database)))
            .map_err(|error| error.to_string())?;
        Ok(Self {
            shared,
            thread: Some(thread),
        })
    }

    /// Adds records; they are written soon.
    pub(crate) fn add(&mut self, records: &[Record]) {
        let mut state = self.shared.lock();
        for record in records {
            state.queue.add(record);
        }
        drop(state);
        self.shared.changed.notify_one();
    }

    /// What happened since the last call.
    pub(crate) fn notices(&mut self) -> Vec<Notice> {
        std::mem::take(&mut self.shared.lock().notices)
    }

    /// Whether records were lost, so that all boards have to be described
    /// again.
    pub(crate) fn take_needs_snapshot(&mut self) -> bool {
        std::mem::take(&mut self.shared.lock().needs_snapshot)
    }

    /// How many bytes of JSON were written.
    pub(crate) fn written(&self) -> u64 {
        self.shared.lock().written
    }

    /// Writes the rest and ends; how many bytes of JSON were written.
    ///
    /// # Errors
    /// If the database is away and records are lost.
    pub(crate) fn finish(mut self) -> Result<u64, String> {
        self.end();
        let state = self.shared.lock();
        let left = state.queue.len() as u64 + state.queue.lost();
        match left {
            0 => Ok(state.written),
            left => {
                let why = state.problem.clone();
                let why = why.unwrap_or_else(|| "the database does not respond".to_owned());
                Err(format!("{why}; {left} records could not be written"))
            }
        }
    }

    fn end(&mut self) {
        self.shared.lock().ends = Some(Instant::now() + END);
        self.shared.changed.notify_one();
        if let Some(thread) = self.thread.take() {
            // A panic was printed already.
            let _ = thread.join();
        }
    }
}

impl Drop for PostgresSink {
    fn drop(&mut self) {
        self.end();
    }
}

/// The thread that writes.
struct Worker {
    config: tokio_postgres::Config,
    tls: Tls,
    header: Header,
    shared: Arc<Shared>,
}

impl Worker {
    async fn run(self, database: Database) {
        let mut connected = Some(database);
        let mut failures = 0;
        let mut most = BATCH;
        while !self.is_over() {
            let Some(database) = &connected else {
                match self.in_time(self.connect()).await {
                    Some(Ok(database)) => connected = Some(database),
                    Some(Err(problem)) => self.failed(problem, &mut failures).await,
                    None => break,
                }
                continue;
            };
            let batch = self.shared.lock().queue.batch(most);
            if batch.is_empty() {
                self.shared.changed.notified().await;
                if !self.ends() {
                    // Everything within this time goes into one statement.
                    sleep(BATCH_EVERY).await;
                }
                continue;
            }
            let inserted = database.insert(&self.header.session, &batch);
            let Some(inserted) = self.in_time(inserted).await else {
                break;
            };
            match inserted {
                Ok(()) => {
                    failures = 0;
                    self.worked(&batch);
                }
                Err(InsertError::Rejected(_)) if batch.len() > 1 => most = batch.len() / 2,
                Err(InsertError::Rejected(problem)) => {
                    self.rejected(problem);
                    most = BATCH;
                }
                Err(InsertError::Away(problem)) => {
                    connected = None;
                    self.failed(problem, &mut failures).await;
                }
            }
        }
        if let Some(database) = connected {
            database.close().await;
        }
    }

    async fn connect(&self) -> Result<Database, String> {
        let database = Database::connect(&self.config, &self.tls).await?;
        // Someone may have replaced the database by an empty one.
        database.prepare(&self.header).await?;
        Ok(database)
    }

    /// The result of an attempt; `None` once the time to end is over.
    async fn in_time<T>(&self, attempt: impl Future<Output = T>) -> Option<T> {
        let over = async {
            loop {
                let ends = self.shared.lock().ends;
                match ends {
                    Some(ends) => return sleep_until(ends.into()).await,
                    None => self.shared.changed.notified().await,
                }
            }
        };
        tokio::select! {
            result = attempt => Some(result),
            () = over => None,
        }
    }

    /// Whether the recording was stopped.
    fn ends(&self) -> bool {
        self.shared.lock().ends.is_some()
    }

    /// Whether it was stopped and everything is written, or the time is over.
    fn is_over(&self) -> bool {
        let state = self.shared.lock();
        state
            .ends
            .is_some_and(|ends| state.queue.len() == 0 || Instant::now() >= ends)
    }

    /// The database has these rows.
    fn worked(&self, rows: &[Row]) {
        let mut state = self.shared.lock();
        state.queue.confirm(rows.len());
        state.written += rows.iter().map(|row| row.record.len() as u64).sum::<u64>();
        if let Some(lost) = state.queue.take_lost() {
            let reason = state.problem.take();
            let reason = reason.unwrap_or_else(|| "the database is too slow".to_owned());
            let records = lost.records;
            state.queue.add(&lost.into_gap(reason));
            state.needs_snapshot = true;
            state.notices.push(Notice::Resumed { lost: records });
        } else if state.queue.lost() == 0 && state.problem.take().is_some() {
            state.notices.push(Notice::Resumed { lost: 0 });
        }
    }

    /// The database does not accept the first row.
    fn rejected(&self, problem: String) {
        let mut state = self.shared.lock();
        state.queue.drop_first();
        state.notices.push(Notice::Trouble(problem.clone()));
        state.problem = Some(problem);
    }

    /// The database is away: waits before the next attempt.
    async fn failed(&self, problem: String, failures: &mut usize) {
        let pause = {
            let mut state = self.shared.lock();
            if state.problem.as_ref() != Some(&problem) {
                state.notices.push(Notice::Trouble(problem.clone()));
            }
            state.problem = Some(problem);
            let last = RETRY.len() - 1;
            let pause = RETRY
                .get((*failures).min(last))
                .copied()
                .unwrap_or_default();
            match state.ends {
                Some(_) => pause.min(Duration::from_secs(1)),
                None => pause,
            }
        };
        *failures += 1;
        // The end does not wait.
        let ended = async {
            while !self.ends() {
                self.shared.changed.notified().await;
            }
        };
        if self.ends() {
            sleep(pause).await;
        } else {
            tokio::select! {
                () = sleep(pause) => {}
                () = ended => {}
            }
        }
    }
}
