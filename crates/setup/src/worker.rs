//! A session on its own thread, with commands in and events out. Lists the
//! serial ports while it is idle.

use std::{
    collections::VecDeque,
    io,
    path::PathBuf,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, Sender, channel},
    },
    thread,
    time::Duration,
};

use disk::keys::Store;
use keys::Key;
use serial::{Board, Claim, Credentials, Network, Port, Problem, Registry, ports};

use crate::{Expected, FlashJob, FoundChip, LockProblem, Session, chip};

/// How often the ports are listed.
const PORTS_EVERY: Duration = Duration::from_secs(1);

/// How long the port of a chip that restarts may be gone.
const REAPPEARS_WITHIN: Duration = Duration::from_secs(5);

/// The user of the port, in errors.
const USER: &str = "the dialog that sets up a board";

/// What the thread uses.
#[derive(Clone, Default)]
pub struct Means {
    /// Where keys are saved.
    pub store: Store,
    /// Monitors that share it give the port up.
    pub registry: Registry,
    /// The folders with firmware images.
    pub images: Vec<PathBuf>,
}

/// Something to do with a board. Commands run one after the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Open this port and identify its board.
    Identify(String),
    /// Find out which chip is at this port. Restarts it.
    Detect(String),
    /// Write firmware to a chip, and restart it.
    Flash(Box<FlashJob>),
    /// Find the networks that the board can see.
    Scan,
    /// Give the board its Wi-Fi credentials.
    Connect(Credentials),
    /// Lock the board, and save its key. Cannot be canceled: the key would be
    /// lost.
    Lock,
    /// Close the port.
    Release,
}

/// What happened.
#[derive(Debug)]
pub enum Event {
    /// The ports of this computer, at first and when they have changed.
    Ports(Result<Vec<Port>, String>),
    /// The outcome of [`Command::Identify`].
    Identified(Result<Board, Problem>),
    /// The outcome of [`Command::Detect`].
    Detected(Result<Box<FoundChip>, flash::Problem>),
    /// How far [`Command::Flash`] is.
    Flashing(flash::Progress),
    /// The outcome of [`Command::Flash`].
    Flashed(Result<flash::Detected, flash::Problem>),
    /// The outcome of [`Command::Scan`].
    Networks(Result<Vec<Network>, Problem>),
    /// The outcome of [`Command::Connect`].
    Connected(Result<Expected, Problem>),
    /// The outcome of [`Command::Lock`].
    Locked(Result<Box<Key>, LockProblem>),
}

/// Runs commands. Dropping it cancels what can be canceled, and closes the
/// port.
#[derive(Debug)]
pub struct Worker {
    shared: Arc<Shared>,
    events: Receiver<Event>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    /// Stops the waiting of the running command.
    canceled: Arc<AtomicBool>,
}

#[derive(Debug, Default)]
struct State {
    queue: VecDeque<Command>,
    /// Whether a command runs that can be canceled.
    cancelable: bool,
    over: bool,
}

impl Worker {
    /// Starts the thread. `wake` is called on it after each event and must not
    /// block.
    ///
    /// # Errors
    /// If no thread can be started.
    pub fn begin(means: Means, wake: impl Fn() + Send + 'static) -> io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let (sender, events) = channel();
        let thread = Thread {
            shared: Arc::clone(&shared),
            events: sender,
            wake: Box::new(wake),
            means,
            session: None,
            restarted: false,
            claim: None,
            ports: None,
        };
        thread::Builder::new()
            .name("setup".to_owned())
            .spawn(move || thread.run())?;
        Ok(Self { shared, events })
    }

    /// Runs a command after those before it.
    pub fn run(&self, command: Command) {
        self.shared.state().queue.push_back(command);
        self.shared.changed.notify_one();
    }

    /// Cancels the running command and forgets those that wait. Their events
    /// say [`Problem::Canceled`], or do not arrive.
    pub fn cancel(&self) {
        self.shared.cancel(&mut self.shared.state());
    }

    /// The next event, if there is one.
    pub fn event(&self) -> Option<Event> {
        self.events.try_recv().ok()
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let mut state = self.shared.state();
        state.over = true;
        self.shared.cancel(&mut state);
        self.shared.changed.notify_one();
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it holds the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn cancel(&self, state: &mut State) {
        state.queue.clear();
        if state.cancelable {
            self.canceled.store(true, Ordering::Relaxed);
        }
    }

    /// Waits for the next command; `None` after a while without one.
    fn next(&self) -> Next {
        let mut state = self.state();
        if state.queue.is_empty() && !state.over {
            (state, _) = self
                .changed
                .wait_timeout(state, PORTS_EVERY)
                .unwrap_or_else(PoisonError::into_inner);
        }
        if state.over {
            return Next::End;
        }
        let Some(command) = state.queue.pop_front() else {
            return Next::Idle;
        };
        state.cancelable = command != Command::Lock;
        self.canceled.store(false, Ordering::Relaxed);
        Next::Run(command)
    }
}

enum Next {
    Run(Command),
    Idle,
    End,
}

struct Thread {
    shared: Arc<Shared>,
    events: Sender<Event>,
    wake: Box<dyn Fn() + Send>,
    means: Means,
    session: Option<Session>,
    /// Keeps monitors of this program off the port. After the session, so that
    /// the port is closed first.
    claim: Option<(String, Claim)>,
    /// Whether the chip was restarted since the port was last open.
    restarted: bool,
    ports: Option<Result<Vec<Port>, String>>,
}

impl Thread {
    fn run(mut self) {
        self.list_ports();
        loop {
            match self.shared.next() {
                Next::Run(command) => {
                    let event = self.execute(command);
                    self.shared.state().cancelable = false;
                    if let Some(event) = event {
                        self.tell(event);
                    }
                }
                Next::Idle => self.list_ports(),
                Next::End => return,
            }
        }
    }

    fn tell(&self, event: Event) {
        // The receiver may have been dropped.
        let _ = self.events.send(event);
        (self.wake)();
    }

    fn list_ports(&mut self) {
        let now = ports();
        if self.ports.as_ref() != Some(&now) {
            self.ports = Some(now.clone());
            self.tell(Event::Ports(now));
        }
    }

    fn execute(&mut self, command: Command) -> Option<Event> {
        Some(match command {
            Command::Identify(port) => Event::Identified(self.identify(&port)),
            Command::Detect(port) => Event::Detected(self.detect(&port).map(Box::new)),
            Command::Flash(job) => Event::Flashed(self.flash(&job)),
            Command::Scan => Event::Networks(self.with(Session::networks)),
            Command::Connect(credentials) => {
                Event::Connected(self.with(|session| session.connect(credentials)))
            }
            Command::Lock => {
                let locked = match &mut self.session {
                    Some(session) => session.lock(&self.means.store).map(Box::new),
                    None => Err(self.without_board().into()),
                };
                Event::Locked(locked)
            }
            Command::Release => {
                self.session = None;
                self.claim = None;
                return None;
            }
        })
    }

    fn identify(&mut self, port: &str) -> Result<Board, Problem> {
        // A port can be open only once.
        self.session = None;
        self.claim(port)?;
        let patience = match std::mem::take(&mut self.restarted) {
            true => REAPPEARS_WITHIN,
            false => Duration::ZERO,
        };
        let canceled = &self.shared.canceled;
        let session = chip::reappearing(canceled, patience, || {
            Session::open(port, Arc::clone(canceled))
        })?;
        let board = session.board().clone();
        self.session = Some(session);
        Ok(board)
    }

    fn detect(&mut self, port: &str) -> Result<FoundChip, flash::Problem> {
        self.session = None;
        self.claim(port)?;
        self.restarted = true;
        chip::detect(port, &self.means.images, &self.shared.canceled)
    }

    fn flash(&mut self, job: &FlashJob) -> Result<flash::Detected, flash::Problem> {
        self.session = None;
        self.claim(&job.port)?;
        self.restarted = true;
        let report = |progress| self.tell(Event::Flashing(progress));
        chip::write(job, report, &self.shared.canceled)
    }

    /// Makes monitors of this program give the port up, until it is released.
    fn claim(&mut self, port: &str) -> Result<(), Problem> {
        if self
            .claim
            .as_ref()
            .is_none_or(|(claimed, _)| claimed != port)
        {
            self.claim = None;
            let claim = self.means.registry.claim(port, USER)?;
            self.claim = Some((port.to_owned(), claim));
        }
        Ok(())
    }

    /// Does something with the board. The port is closed where it is lost.
    fn with<T>(
        &mut self,
        task: impl FnOnce(&mut Session) -> Result<T, Problem>,
    ) -> Result<T, Problem> {
        let Some(session) = &mut self.session else {
            return Err(self.without_board());
        };
        let outcome = task(session);
        if matches!(outcome, Err(Problem::Lost { .. })) {
            self.session = None;
        }
        outcome
    }

    /// Why nothing can be done with a board: its port was lost, or none is
    /// open.
    fn without_board(&self) -> Problem {
        self.claim.as_ref().map_or(Problem::Canceled, |(port, _)| {
            let port = port.clone();
            Problem::NoPort { port }
        })
    }
}
