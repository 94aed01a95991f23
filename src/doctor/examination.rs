//! One examination: a thread that tries one thing after another, tells how far
//! it is, and can be told to stop.

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
    boards,
    evidence::{Evidence, Port},
    multicast, port,
};
use crate::{address::Candidates, dial::interfaces, fleet::Lookout, keys::Keys};

/// What is examined.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// The board that is missing, by name, id or address; `None`: whatever
    /// there is.
    pub wanted: Option<String>,
    /// How boards are looked for.
    pub lookout: Lookout,
    /// Keys of locked boards.
    pub keys: Keys,
    /// Boards that are known from before.
    pub known: Vec<Known>,
}

/// A board that is known from before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Its id, once it was known.
    pub id: Option<String>,
    /// What it was called last.
    pub name: String,
    /// Where it was last, `host:port`.
    pub address: String,
    /// Every address at which it may be.
    pub addresses: Candidates,
    /// mDNS told of it, and has not taken it back.
    pub announced: bool,
    /// There is a link to it: nothing needs to be tried, and no further place
    /// on it be taken.
    pub connected: bool,
}

/// What is tried, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Check {
    /// The interfaces of this computer.
    Interfaces,
    /// The port of mDNS.
    Port,
    /// Whether multicast comes through.
    Multicast,
    /// Who announces itself, and whether a link can be had.
    Boards,
    /// Whether the addresses answer at all.
    Hosts,
    /// Whether announcements are confirmed.
    Records,
}

impl Check {
    /// What is done, for people.
    pub fn words(self) -> &'static str {
        match self {
            Self::Interfaces => "Looking at this computer's network interfaces",
            Self::Port => "Sharing UDP port 5353",
            Self::Multicast => "Sending a query by multicast and listening for it",
            Self::Boards => "Listening for boards and connecting to them",
            Self::Hosts => "Trying the addresses of boards that do not answer",
            Self::Records => "Asking anew for boards that do not answer",
        }
    }

    /// How much of the examination is done when this begins, 0 to 1, by how
    /// long each takes at most.
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

/// What an examination tells.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// This is being tried.
    Trying(Check),
    /// It is over.
    Done(Box<Evidence>),
    /// It could not be made.
    Failed(String),
}

/// An examination under way. Dropped, it stops.
#[derive(Debug)]
pub struct Examination {
    steps: Receiver<Step>,
    cancelled: Arc<AtomicBool>,
}

impl Examination {
    /// Begins it. `wake` is called on its thread after each step; it must not
    /// block.
    ///
    /// # Errors
    /// Where there is no thread for it.
    pub fn begin(asked: Asked, wake: impl Fn() + Send + 'static) -> io::Result<Self> {
        let (sender, steps) = channel();
        let cancelled = Arc::new(AtomicBool::new(false));
        let course = Course {
            steps: sender,
            cancelled: Arc::clone(&cancelled),
            wake: Box::new(wake),
        };
        thread::Builder::new()
            .name("doctor".to_owned())
            .spawn(move || course.run(&asked))?;
        Ok(Self { steps, cancelled })
    }

    /// The next step, where there is one already.
    pub fn step(&self) -> Option<Step> {
        match self.steps.try_recv() {
            Ok(step) => Some(step),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => Some(ended()),
        }
    }

    /// Waits for the next step.
    pub fn wait(&self) -> Step {
        self.steps.recv().unwrap_or_else(|_| ended())
    }
}

impl Drop for Examination {
    fn drop(&mut self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }
}

fn ended() -> Step {
    Step::Failed("the examination ended before it was done".to_owned())
}

/// The examination as its thread sees it.
pub(super) struct Course {
    steps: Sender<Step>,
    cancelled: Arc<AtomicBool>,
    wake: Box<dyn Fn() + Send>,
}

impl Course {
    /// Whether nobody wants it any more.
    pub(super) fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    /// Says what is being tried.
    pub(super) fn trying(&self, check: Check) {
        self.tell(Step::Trying(check));
    }

    fn tell(&self, step: Step) {
        // Whoever asked may be gone.
        let _ = self.steps.send(step);
        (self.wake)();
    }

    fn run(self, asked: &Asked) {
        match self.gather(asked) {
            Ok(Some(evidence)) => self.tell(Step::Done(Box::new(evidence))),
            Ok(None) => {}
            Err(problem) => self.tell(Step::Failed(problem)),
        }
    }

    /// Everything, or `None` where it was cancelled.
    fn gather(&self, asked: &Asked) -> Result<Option<Evidence>, String> {
        self.trying(Check::Interfaces);
        let interfaces = interfaces::list().map_err(|error| error.to_string());
        self.trying(Check::Port);
        let port = port::examine();
        self.trying(Check::Multicast);
        let service = asked.lookout.service.clone();
        let multicast = match (&port, &interfaces) {
            (Port::Shared { .. }, Ok(interfaces)) => multicast::examine(interfaces, &service),
            _ => Vec::new(),
        };
        if self.is_cancelled() {
            return Ok(None);
        }
        let Some(seen) = boards::examine(asked, self).map_err(|error| error.to_string())? else {
            return Ok(None);
        };
        let boards::Seen {
            discovery_problem,
            looked,
            boards,
        } = seen;
        Ok(Some(Evidence {
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
