//! A serial monitor: shows what a board prints, sends lines to it and resets
//! it. It gives the port up while another part of the program needs it, and
//! opens it again afterwards and when the cable is back.

mod history;
mod host;
mod meaning;
mod reset;
mod splitter;
mod task;
#[cfg(test)]
mod tests;

use std::{
    collections::VecDeque,
    fmt::{self, Display, Formatter},
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc},
    thread,
    time::SystemTime,
};

pub use history::{History, KEPT_BYTES, KEPT_LINES, Line};
pub use meaning::{Interpreter, Meaning};
pub use splitter::{LONGEST_LINE, Piece, Splitter};

use crate::Registry;
use host::{Computer, Host};
use task::Task;

/// The usual speed, in baud.
pub const MONITOR_BAUD: u32 = 115_200;

/// The state of a monitor's port.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum MonitorState {
    /// It is being opened.
    #[default]
    Opening,
    /// It is open.
    Open {
        /// Where the device is now.
        path: String,
    },
    /// The device is not there. It is opened when it is back.
    Unplugged,
    /// Another part of the program uses it. It is opened again afterwards.
    Lent {
        /// Its user.
        to: &'static str,
    },
    /// It cannot be opened. The monitor tries again.
    Failed {
        /// Why, and what to do.
        problem: String,
    },
}

impl MonitorState {
    /// Whether the port is open.
    pub fn is_open(&self) -> bool {
        matches!(self, Self::Open { .. })
    }
}

impl Display for MonitorState {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Opening => f.write_str("opening"),
            Self::Open { path } => write!(f, "connected to {path}"),
            Self::Unplugged => f.write_str("the board is unplugged; waiting for it"),
            Self::Lent { to } => write!(f, "paused while {to} uses the port"),
            Self::Failed { problem } => f.write_str(problem),
        }
    }
}

/// What is new since the last call.
#[derive(Debug, Default)]
pub struct MonitorUpdate {
    /// The state of the port.
    pub state: MonitorState,
    /// New lines, oldest first.
    pub lines: VecDeque<Arc<Line>>,
    /// How many lines were dropped because they were not taken in time.
    pub dropped: u64,
}

enum Command {
    Send(String),
    Reset,
}

/// A monitor of a port. Its thread ends soon after this is dropped.
pub struct Monitor {
    shared: Arc<Shared>,
    commands: mpsc::Sender<Command>,
}

impl Monitor {
    /// Starts to monitor a port, which need not exist yet. `wake` is called
    /// when there is something new, and not again before [`Self::take`].
    ///
    /// # Errors
    /// If no thread can be started.
    pub fn start(
        path: &str,
        baud: u32,
        registry: &Registry,
        wake: impl Fn() + Send + Sync + 'static,
    ) -> io::Result<Self> {
        Self::start_on(Computer, path, baud, registry, wake)
    }

    fn start_on(
        host: impl Host,
        path: &str,
        baud: u32,
        registry: &Registry,
        wake: impl Fn() + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            news: Mutex::default(),
            wake: Box::new(wake),
        });
        let (commands, receiver) = mpsc::channel();
        let task = Task {
            host,
            registry: registry.clone(),
            path: path.to_owned(),
            baud,
            shared: Arc::clone(&shared),
            commands: receiver,
        };
        thread::Builder::new()
            .name("serial monitor".to_owned())
            .spawn(move || task.run())?;
        Ok(Self { shared, commands })
    }

    /// What is new.
    pub fn take(&self) -> MonitorUpdate {
        let mut news = self.shared.lock();
        news.woken = false;
        let (lines, dropped) = news.lines.take();
        MonitorUpdate {
            state: news.state.clone(),
            lines,
            dropped,
        }
    }

    /// Sends a line to the board. It appears among the lines.
    pub fn send(&self, line: &str) {
        // The thread ends only after this is dropped.
        let _ = self.commands.send(Command::Send(line.to_owned()));
    }

    /// Resets the board. The outcome appears among the lines.
    pub fn reset(&self) {
        let _ = self.commands.send(Command::Reset);
    }
}

/// What the thread and the monitor share.
struct Shared {
    news: Mutex<News>,
    wake: Box<dyn Fn() + Send + Sync>,
}

#[derive(Default)]
struct News {
    state: MonitorState,
    lines: History,
    /// The number of the next line.
    next: u64,
    woken: bool,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, News> {
        self.news.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a line and numbers it.
    fn add(&self, line: Line) {
        self.change(|news| news.add(line));
    }

    /// Adds a line of this program.
    fn say(&self, text: &str, meaning: Meaning) {
        self.change(|news| news.say(text, meaning));
    }

    fn note(&self, text: &str) {
        self.say(text, Meaning::Port);
    }

    /// Changes the state, with a line that says so.
    fn set_state(&self, state: MonitorState) {
        if self.lock().state == state {
            return;
        }
        self.change(|news| {
            news.say(&state.to_string(), Meaning::Port);
            news.state = state;
        });
    }

    fn change(&self, change: impl FnOnce(&mut News)) {
        let mut news = self.lock();
        change(&mut news);
        let wakes = !std::mem::replace(&mut news.woken, true);
        drop(news);
        if wakes {
            (self.wake)();
        }
    }
}

impl News {
    fn add(&mut self, line: Line) {
        let number = self.next;
        self.next += 1;
        self.lines.push(Arc::new(Line { number, ..line }));
    }

    fn say(&mut self, text: &str, meaning: Meaning) {
        self.add(Line {
            number: 0,
            at: SystemTime::now(),
            text: text.to_owned(),
            meaning,
            explanation: None,
            continues: false,
        });
    }
}
