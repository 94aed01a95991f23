//! Recordings in PostgreSQL. A thread of its own writes batches; while the
//! database is away, records wait in a bounded queue.

mod database;
mod queue;

use std::{
    env, fmt,
    str::FromStr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread::JoinHandle,
    time::{Duration, Instant},
};

use tokio::{sync::Notify, time::sleep};

use crate::{
    format::{Header, Record, Recorded},
    recording::Notice,
};
use database::{Database, InsertError};
use queue::{BATCH, HELD, Lost, Queue, Row};

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

/// The environment variable with the password, as `psql` has it.
const PASSWORD: &str = "PGPASSWORD";

/// A database: `postgres://user@host:5432/database`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatabaseAddress(String);

/// Why a text is no database.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DatabaseAddressError {
    /// It has another form.
    #[error("expected postgres://user@host:5432/database: {0}")]
    Form(String),
    /// It contains a password.
    #[error(
        "a password in the address is visible to all users of this computer; set {PASSWORD} \
         instead"
    )]
    Password,
    /// It asks for TLS.
    #[error(
        "TLS to PostgreSQL is not supported; use a Unix socket, a server on this computer, or a \
         tunnel (ssh -L), and leave out sslmode"
    )]
    Tls,
}

impl FromStr for DatabaseAddress {
    type Err = DatabaseAddressError;

    fn from_str(text: &str) -> Result<Self, DatabaseAddressError> {
        let form = |why: String| DatabaseAddressError::Form(why);
        let rest = ["postgres://", "postgresql://"]
            .iter()
            .find_map(|scheme| text.strip_prefix(scheme))
            .ok_or_else(|| form("another scheme".to_owned()))?;
        let authority = rest.split(['/', '?']).next().unwrap_or_default();
        if authority
            .rsplit_once('@')
            .is_some_and(|(user, _)| user.contains(':'))
        {
            return Err(DatabaseAddressError::Password);
        }
        let query = rest.split_once('?').map_or("", |(_, query)| query);
        for pair in query.split('&') {
            match pair.split_once('=') {
                Some(("password", _)) => return Err(DatabaseAddressError::Password),
                Some(("sslmode", mode)) if !matches!(mode, "disable" | "prefer") => {
                    return Err(DatabaseAddressError::Tls);
                }
                _ => {}
            }
        }
        let config: tokio_postgres::Config = text
            .parse()
            .map_err(|error: tokio_postgres::Error| form(error.to_string()))?;
        if config.get_hosts().is_empty() {
            return Err(form("a host is missing".to_owned()));
        }
        if config.get_user().is_none() {
            return Err(form("a user is missing".to_owned()));
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for DatabaseAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl DatabaseAddress {
    fn config(&self) -> Result<tokio_postgres::Config, String> {
        let mut config: tokio_postgres::Config = self
            .0
            .parse()
            .map_err(|error: tokio_postgres::Error| error.to_string())?;
        if let Ok(password) = env::var(PASSWORD)
            && !password.is_empty()
        {
            config.password(password);
        }
        config.application_name("switchboard record");
        config.connect_timeout(Duration::from_secs(10));
        Ok(config)
    }
}

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
    pub(crate) fn begin(address: &DatabaseAddress, header: Header) -> Result<Self, String> {
        let config = address.config()?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| error.to_string())?;
        let database = runtime.block_on(async {
            let database = Database::connect(&config).await?;
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

    /// Writes the rest and ends.
    ///
    /// # Errors
    /// If the database is away and records are lost.
    pub(crate) fn finish(mut self) -> Result<(), String> {
        self.end();
        let state = self.shared.lock();
        let left = state.queue.len() as u64 + state.queue.lost();
        match left {
            0 => Ok(()),
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
                match self.connect().await {
                    Ok(database) => connected = Some(database),
                    Err(problem) => self.failed(problem, &mut failures).await,
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
            match database.insert(&self.header.session, &batch).await {
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
        let database = Database::connect(&self.config).await?;
        // Someone may have replaced the database by an empty one.
        database.prepare(&self.header).await?;
        Ok(database)
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
            state.queue.add(&gap(reason, &lost));
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

/// The record of lost records.
fn gap(reason: String, lost: &Lost) -> Record {
    let Lost {
        records,
        from,
        to,
        t,
    } = *lost;
    Record {
        at: to,
        t,
        board: None,
        what: Recorded::Gap {
            reason,
            records,
            from,
            to,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_user_and_a_host_and_no_password() {
        for text in [
            "postgres://me@localhost/lab",
            "postgresql://me@db.example:5433/lab",
            "postgres://me@/lab?host=/var/run/postgresql",
            "postgres://me@localhost/lab?sslmode=prefer",
        ] {
            assert!(text.parse::<DatabaseAddress>().is_ok(), "{text}");
        }
        let failed = |text: &str| text.parse::<DatabaseAddress>().expect_err(text);
        for text in [
            "postgres://me:secret@localhost/lab",
            "postgres://me@localhost/lab?password=secret",
        ] {
            assert_eq!(failed(text), DatabaseAddressError::Password, "{text}");
        }
        assert_eq!(
            failed("postgres://me@localhost/lab?sslmode=require"),
            DatabaseAddressError::Tls
        );
        for text in [
            "postgres://",
            "postgres://localhost/lab",
            "mysql://me@localhost/lab",
        ] {
            let error = failed(text).to_string();
            assert!(
                error.starts_with("expected postgres://user@host"),
                "{error}"
            );
        }
    }
}
