//! One examination: a thread that runs the checks in order, reports progress,
//! and can be canceled.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, Sender, TryRecvError, channel},
    },
    thread,
};

use super::{
    evidence::{Evidence, MdnsPort},
    multicast, port, scan,
};
use address::Candidates;
use engine::Lookout;
use fleet::Family;
use keys::Keys;
use net::client::interfaces;
use platform::Platform;

/// What to examine.
#[derive(Debug, Clone, Default)]
pub struct DoctorRequest {
    /// The missing board, by name, id or address; `None` for all boards.
    pub wanted: Option<String>,
    /// How to discover boards.
    pub lookout: Lookout,
    /// Keys of locked boards.
    pub keys: Keys,
    /// Boards that are known already.
    pub known: Vec<KnownDevice>,
}

/// A board that is known already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownDevice {
    /// Its id, if known.
    pub id: Option<String>,
    /// Its family.
    pub family: Family,
    /// Its last name.
    pub name: String,
    /// Its last address, `host:port`.
    pub address: String,
    /// All its candidate addresses.
    pub addresses: Candidates,
    /// It is announced by mDNS.
    pub announced: bool,
    /// It is connected: no check is needed, and no further slot is taken.
    pub connected: bool,
}

/// The checks, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Check {
    /// This computer's interfaces.
    Interfaces,
    /// The mDNS port.
    Port,
    /// Whether multicast is received.
    Multicast,
    /// Which boards announce themselves, and whether they accept a connection.
    Boards,
    /// Whether addresses answer at all.
    Hosts,
    /// Whether announcements are confirmed.
    Records,
}

impl Check {
    /// What the check does, for display.
    pub fn words(self) -> &'static str {
        match self {
            Self::Interfaces => "Checking this computer's network interfaces",
            Self::Port => "Checking UDP port 5353",
            Self::Multicast => "Sending and receiving a multicast query",
            Self::Boards => "Listening for boards and connecting to them",
            Self::Hosts => "Checking the addresses of boards that do not answer",
            Self::Records => "Querying the announcements of boards that do not answer",
        }
    }

    /// The progress when this check begins, 0 to 1, based on the maximum time
    /// of each check.
    pub fn share(self) -> f32 {
        match self {
            Self::Interfaces => 0.0,
            Self::Port => 0.02,
            Self::Multicast => 0.04,
            Self::Boards => 0.2,
            Self::Hosts => 0.5,
            Self::Records => 0.75,
        }
    }
}

/// The progress of an examination.
#[derive(Debug, Clone, PartialEq)]
pub enum DoctorProgress {
    /// This check is running.
    Running(Check),
    /// The examination is complete.
    Done(Box<Evidence>),
    /// The examination failed.
    Failed(String),
}

/// A running examination. Dropping it cancels it.
#[derive(Debug)]
pub struct Examination {
    steps: Receiver<DoctorProgress>,
    canceled: Arc<AtomicBool>,
}

impl Examination {
    /// Starts an examination. Calls `wake` on its thread after each step; it
    /// must not block.
    ///
    /// # Errors
    /// If no thread can be started.
    pub fn begin(request: DoctorRequest, wake: impl Fn() + Send + 'static) -> io::Result<Self> {
        let (sender, steps) = channel();
        let canceled = Arc::new(AtomicBool::new(false));
        let worker = Worker {
            steps: sender,
            canceled: Arc::clone(&canceled),
            wake: Box::new(wake),
        };
        thread::Builder::new()
            .name("doctor".to_owned())
            .spawn(move || worker.run(&request))?;
        Ok(Self { steps, canceled })
    }

    /// The next progress report, if there is one already.
    pub fn step(&self) -> Option<DoctorProgress> {
        match self.steps.try_recv() {
            Ok(step) => Some(step),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => Some(stopped_early()),
        }
    }

    /// Waits for the next progress report.
    pub fn wait(&self) -> DoctorProgress {
        self.steps.recv().unwrap_or_else(|_| stopped_early())
    }
}

impl Drop for Examination {
    fn drop(&mut self) {
        self.canceled.store(true, Ordering::Relaxed);
    }
}

fn stopped_early() -> DoctorProgress {
    DoctorProgress::Failed("the examination ended early".to_owned())
}

/// The state of the examination's thread.
pub(super) struct Worker {
    steps: Sender<DoctorProgress>,
    canceled: Arc<AtomicBool>,
    wake: Box<dyn Fn() + Send>,
}

impl Worker {
    /// Whether the examination was canceled.
    pub(super) fn is_canceled(&self) -> bool {
        self.canceled.load(Ordering::Relaxed)
    }

    /// Reports the running check.
    pub(super) fn begin_check(&self, check: Check) {
        self.report(DoctorProgress::Running(check));
    }

    fn report(&self, step: DoctorProgress) {
        // The receiver may have been dropped.
        let _ = self.steps.send(step);
        (self.wake)();
    }

    fn run(self, request: &DoctorRequest) {
        match self.gather(request) {
            Ok(Some(evidence)) => self.report(DoctorProgress::Done(Box::new(evidence))),
            Ok(None) => {}
            Err(problem) => self.report(DoctorProgress::Failed(problem)),
        }
    }

    /// Runs all checks; `None` if canceled.
    fn gather(&self, request: &DoctorRequest) -> Result<Option<Evidence>, String> {
        self.begin_check(Check::Interfaces);
        let interfaces = interfaces::list().map_err(|error| error.to_string());
        self.begin_check(Check::Port);
        let port = port::examine();
        self.begin_check(Check::Multicast);
        let service = request.lookout.service().to_owned();
        let multicast = match (&port, &interfaces) {
            (MdnsPort::Shared { .. }, Ok(interfaces)) => multicast::examine(interfaces, &service),
            _ => Vec::new(),
        };
        if self.is_canceled() {
            return Ok(None);
        }
        let Some(seen) = scan::examine(request, self).map_err(|error| error.to_string())? else {
            return Ok(None);
        };
        let scan::ScanResult {
            discovery_problem,
            looked,
            boards,
        } = seen;
        Ok(Some(Evidence {
            platform: Platform::HERE,
            service,
            interfaces,
            port,
            multicast,
            discovery_problem,
            looked,
            boards,
        }))
    }
}
