//! Owns the connection to a broker: connects, moves bytes, waits. Decides
//! nothing about messages; [`Session`] does.

use std::{
    collections::hash_map::DefaultHasher,
    future::pending,
    hash::{Hash, Hasher},
    io,
    pin::{Pin, pin},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use backoff::Backoff;
use bytes::BytesMut;
use net::client::{Stream, Traffic, Trust, dial_address};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, WriteHalf},
    runtime::Handle,
    sync::Notify,
    task::JoinHandle,
    time::{Sleep, sleep, sleep_until, timeout},
};
use zeroize::Zeroizing;

use address::BrokerAddress;

use crate::{Event, Problem, Session, SessionSettings, Will};

/// The longest wait for the next attempt.
const LONGEST_WAIT: Duration = Duration::from_secs(15);

/// How long leaving may take.
const LEAVE: Duration = Duration::from_secs(3);

/// How many bytes are read at once.
const READ: usize = 16 * 1024;

/// Which broker, and who connects.
#[derive(Clone)]
pub struct ClientSettings {
    /// The broker, with the user.
    pub broker: BrokerAddress,
    /// The password.
    pub password: Option<Zeroizing<String>>,
    /// The client identifier, unique at the broker.
    pub client_id: String,
    /// What the broker publishes when this client disappears.
    pub will: Option<Will>,
    /// The keep-alive interval: [`crate::KEEP_ALIVE`], or at least 2 s.
    pub keep_alive: Duration,
    /// The trusted certificates.
    pub trust: Trust,
}

/// A client of one broker. Connects again until it is dropped, which
/// disconnects cleanly.
pub struct Client {
    shared: Arc<Shared>,
    task: Option<JoinHandle<()>>,
}

struct Shared {
    session: Mutex<Session>,
    changed: Notify,
    traffic: Arc<Traffic>,
}

impl Shared {
    fn session(&self) -> MutexGuard<'_, Session> {
        self.session.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Client {
    /// Starts connecting, on this runtime. `events` is called from it and must
    /// not block.
    pub fn start(
        settings: ClientSettings,
        runtime: &Handle,
        events: impl FnMut(Event) + Send + 'static,
    ) -> Self {
        let session = Session::new(SessionSettings {
            client_id: settings.client_id.clone(),
            user: settings.broker.user().map(str::to_owned),
            password: settings.password.clone(),
            will: settings.will.clone(),
            keep_alive: settings.keep_alive,
        });
        let shared = Arc::new(Shared {
            session: Mutex::new(session),
            changed: Notify::new(),
            traffic: Arc::new(Traffic::default()),
        });
        let driver = Driver {
            shared: Arc::clone(&shared),
            settings,
            events,
        };
        let task = Some(runtime.spawn(driver.run()));
        Self { shared, task }
    }

    fn with(&self, change: impl FnOnce(&mut Session)) {
        change(&mut self.shared.session());
        self.shared.changed.notify_one();
    }

    /// Subscribes, now and after each reconnection.
    pub fn subscribe(&self, filter: &str) {
        self.with(|session| session.subscribe(filter));
    }

    /// Ends a subscription.
    pub fn unsubscribe(&self, filter: &str) {
        self.with(|session| session.unsubscribe(filter));
    }

    /// Sets the retained value of a topic. Only the newest is published, again
    /// after each reconnection.
    pub fn state(&self, topic: &str, payload: Vec<u8>) {
        self.with(|session| session.state(topic, payload));
    }

    /// Publishes an event; without a connection it is dropped and counted.
    pub fn event(&self, topic: &str, payload: Vec<u8>) {
        self.with(|session| session.event(topic, payload));
    }

    /// Publishes a command at most once. Its ticket is reported as
    /// [`Event::Sent`], then [`Event::Acknowledged`] or
    /// [`Event::Unconfirmed`]; or as [`Event::Unsent`].
    pub fn command(&self, topic: &str, payload: Vec<u8>, ticket: u64) {
        self.with(|session| session.command(topic, payload, ticket));
    }

    /// Publishes a reply after all states that were set before, at most once.
    /// Its ticket is reported like that of a command.
    pub fn reply(&self, topic: &str, payload: Vec<u8>, ticket: u64) {
        self.with(|session| session.reply(topic, payload, ticket));
    }

    /// Whether the broker has accepted this client.
    pub fn is_connected(&self) -> bool {
        self.shared.session().is_connected()
    }

    /// How many events were not published and not reported as
    /// [`Event::Dropped`] yet. For a client that is given up.
    pub fn take_dropped(&self) -> u64 {
        self.shared.session().take_dropped()
    }

    /// Publishes what waits and the will, and disconnects; takes at most 3 s.
    pub async fn close(self) {
        self.end(true).await;
    }

    /// Publishes what waits, and disconnects without the will; takes at most
    /// 3 s.
    pub async fn close_without_will(self) {
        self.end(false).await;
    }

    async fn end(mut self, with_will: bool) {
        self.with(|session| session.leave(with_will));
        if let Some(task) = self.task.take() {
            let abort = task.abort_handle();
            if timeout(LEAVE, task).await.is_err() {
                abort.abort();
            }
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.with(|session| session.leave(true));
    }
}

struct Driver<E> {
    shared: Arc<Shared>,
    settings: ClientSettings,
    events: E,
}

impl<E: FnMut(Event) + Send> Driver<E> {
    async fn run(mut self) {
        let mut hasher = DefaultHasher::new();
        (&self.settings.client_id, std::process::id()).hash(&mut hasher);
        let mut backoff = Backoff::new(hasher.finish());
        while !self.shared.session().is_leaving() {
            let problem = match self.connect().await {
                Some(Ok(stream)) => self.converse(stream).await,
                Some(Err(problem)) => problem,
                None => break,
            };
            let good = self.shared.session().closed(problem, Instant::now());
            self.report();
            if good {
                backoff.reset();
            }
            let wait = backoff.next_wait().min(LONGEST_WAIT);
            self.meanwhile(sleep(wait)).await;
        }
        self.report();
    }

    /// Connects; `None` if the client leaves meanwhile.
    async fn connect(&mut self) -> Option<Result<Stream, Problem>> {
        let (broker, trust) = (self.settings.broker.clone(), self.settings.trust.clone());
        let traffic = Arc::clone(&self.shared.traffic);
        let dialing = async move {
            let (place, secure) = (broker.to_string(), broker.is_secure());
            dial_address(&place, broker.address(), secure, &trust, traffic).await
        };
        let dialed = self.meanwhile(dialing).await?;
        Some(dialed.map_err(Problem::from))
    }

    /// Waits for this; `None` if the client leaves meanwhile. What is asked for
    /// while the broker is away is answered at once.
    async fn meanwhile<T>(&mut self, waited: impl Future<Output = T> + Send) -> Option<T> {
        let mut waited = pin!(waited);
        loop {
            self.report();
            if self.shared.session().is_leaving() {
                return None;
            }
            tokio::select! {
                done = &mut waited => return Some(done),
                () = self.shared.changed.notified() => {}
            }
        }
    }

    fn report(&mut self) {
        loop {
            // Not held while the event is handled, which may publish.
            let event = self.shared.session().poll();
            match event {
                Some(event) => (self.events)(event),
                None => return,
            }
        }
    }

    /// Takes what was read.
    fn received(&self, read: io::Result<usize>, incoming: &mut BytesMut) -> Result<(), Problem> {
        match read {
            Ok(0) => return Err(Problem::Ended),
            Ok(_) => self.shared.session().received(incoming, Instant::now()),
            Err(error) => return Err(of_io(&error)),
        }
        incoming.clear();
        incoming.reserve(READ);
        Ok(())
    }

    /// Moves bytes until the connection ends.
    async fn converse(&mut self, stream: Stream) -> Problem {
        let (mut reader, mut writer) = tokio::io::split(stream);
        let mut incoming = BytesMut::with_capacity(READ);
        let mut out = BytesMut::new();
        let mut flush = false;
        let mut leave_at = None;
        let mut timer = pin!(sleep_until(Instant::now().into()));
        self.shared.session().opened(Instant::now());
        loop {
            self.report();
            let (deadline, ended) = {
                let mut session = self.shared.session();
                if out.is_empty() {
                    session.fill(&mut out, Instant::now());
                }
                if session.is_leaving() && leave_at.is_none() {
                    leave_at = Some(Instant::now() + LEAVE);
                }
                (session.deadline(), session.ended().cloned())
            };
            self.report();
            if let Some(problem) = ended
                && (out.is_empty() && !flush || !self.shared.session().is_leaving())
            {
                let _ = timeout(LEAVE, writer.shutdown()).await;
                return problem;
            }
            tokio::select! {
                read = reader.read_buf(&mut incoming) => {
                    if let Err(problem) = self.received(read, &mut incoming) {
                        return problem;
                    }
                }
                written = write(&mut writer, &mut out, &mut flush), if !out.is_empty() || flush => {
                    if let Err(error) = written {
                        return of_io(&error);
                    }
                }
                () = self.shared.changed.notified() => {}
                () = passed(timer.as_mut(), deadline) => {
                    // If this thread was busy with other things, what arrived
                    // meanwhile comes first: the broker was not silent. The
                    // runtime asks the system what arrived when a task yields.
                    tokio::task::yield_now().await;
                    let arrived = timeout(Duration::ZERO, reader.read_buf(&mut incoming)).await;
                    if let Ok(read) = arrived
                        && let Err(problem) = self.received(read, &mut incoming)
                    {
                        return problem;
                    }
                    self.shared.session().passed(Instant::now());
                }
                () = until(leave_at) => return Problem::Silent,
            }
        }
    }
}

/// Writes everything and flushes. May be canceled: what is left is in `out`.
async fn write(
    writer: &mut WriteHalf<Stream>,
    out: &mut BytesMut,
    flush: &mut bool,
) -> io::Result<()> {
    while !out.is_empty() {
        if writer.write_buf(out).await? == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        *flush = true;
    }
    writer.flush().await?;
    *flush = false;
    Ok(())
}

/// Waits until a deadline that moves with every packet. The timer is set again
/// only for an earlier one, or when it fires too early.
async fn passed(mut timer: Pin<&mut Sleep>, deadline: Option<Instant>) {
    let Some(deadline) = deadline else {
        return pending().await;
    };
    if timer.is_elapsed() || timer.deadline() > deadline.into() {
        timer.as_mut().reset(deadline.into());
    }
    loop {
        timer.as_mut().await;
        if Instant::now() >= deadline {
            return;
        }
        timer.as_mut().reset(deadline.into());
    }
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline.into()).await,
        None => pending().await,
    }
}

fn of_io(error: &io::Error) -> Problem {
    match error.kind() {
        io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe
        | io::ErrorKind::UnexpectedEof => Problem::Ended,
        io::ErrorKind::TimedOut => Problem::Silent,
        _ => Problem::Unreachable(error.to_string()),
    }
}
