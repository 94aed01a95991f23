//! Controls the virtual boards of this process from any thread. Each method
//! waits until it has taken effect.

use std::{
    sync::mpsc,
    thread::{self, JoinHandle},
};

use async_channel::Sender;
use noise::Role;
use protocol::{ComponentKey, State, outbound::OutboundUrl};

use crate::{
    Options, StartError,
    options::{ActionError, Listening},
    runtime::{self, Action, Request},
};

/// Boards that run until this is dropped; then they send mDNS goodbyes.
///
/// A `board` is an id, or a name that only one board has.
pub struct VirtualBoards {
    requests: Sender<Request>,
    thread: Option<JoinHandle<()>>,
}

impl VirtualBoards {
    /// Starts all boards; they listen when this returns.
    ///
    /// # Errors
    /// If a board cannot be built or cannot listen, or mDNS cannot be started:
    /// then no board runs.
    pub fn start(options: Options) -> Result<Self, StartError> {
        if !(1..=1_000).contains(&options.boards) {
            return Err(StartError::Number(options.boards));
        }
        let (requests, received) = async_channel::unbounded();
        let (report, started) = mpsc::channel();
        let thread = thread::Builder::new()
            .name("virtual boards".into())
            .spawn(move || runtime::run(&options, &report, &received))
            .map_err(StartError::Thread)?;
        let boards = Self {
            requests,
            thread: Some(thread),
        };
        match started.recv() {
            Ok(Ok(())) => Ok(boards),
            Ok(Err(error)) => Err(error),
            Err(_) => Err(StartError::Thread(std::io::Error::other(
                "the thread ended at once",
            ))),
        }
    }

    /// All boards, running or not, in the order in which they were started;
    /// empty after they have ended.
    pub fn list(&self) -> Vec<Listening> {
        let (answer, list) = mpsc::sync_channel(1);
        match self.requests.send_blocking(Request::List { answer }) {
            Ok(()) => list.recv().unwrap_or_default(),
            Err(_) => Vec::new(),
        }
    }

    /// Presses a button at the board: `press`, `double_press` or `long_press`.
    ///
    /// # Errors
    /// [`ActionError`] if there is no such board or button, or it is stopped.
    pub fn press(&self, board: &str, key: &ComponentKey, event: &str) -> Result<(), ActionError> {
        self.request(
            board,
            Action::Press {
                key: key.clone(),
                event: event.to_owned(),
            },
        )
    }

    /// Changes a component at the board, or what a sensor measures.
    ///
    /// # Errors
    /// [`ActionError`] if there is no such board or component, the board is
    /// stopped, or the change is invalid.
    pub fn set(&self, board: &str, key: &ComponentKey, change: State) -> Result<(), ActionError> {
        self.request(
            board,
            Action::Set {
                key: key.clone(),
                change,
            },
        )
    }

    /// Resets a board to factory settings: it erases what it saved and
    /// restarts.
    ///
    /// # Errors
    /// [`ActionError`] if there is no such board, or it is stopped.
    pub fn factory_reset(&self, board: &str) -> Result<(), ActionError> {
        self.request(board, Action::Forget)
    }

    /// Cuts a board's power: its sockets are closed when this returns, without
    /// an mDNS goodbye.
    ///
    /// # Errors
    /// [`ActionError`] if there is no such board, or it is stopped.
    pub fn stop(&self, board: &str) -> Result<(), ActionError> {
        self.request(board, Action::Stop)
    }

    /// Powers a stopped board on again: it boots and listens on its previous
    /// port.
    ///
    /// # Errors
    /// [`ActionError`] if there is no such board, it is running, or the port is
    /// in use.
    pub fn start_again(&self, board: &str) -> Result<(), ActionError> {
        self.request(board, Action::Start { port: None })
    }

    /// As [`Self::start_again`], on another port; 0 is any free port.
    ///
    /// # Errors
    /// As [`Self::start_again`].
    pub fn start_again_on(&self, board: &str, port: u16) -> Result<(), ActionError> {
        self.request(board, Action::Start { port: Some(port) })
    }

    /// Makes a board hang: its sockets stay open, but nothing is read or
    /// answered.
    ///
    /// # Errors
    /// [`ActionError`] if there is no such board, or it is stopped.
    pub fn hold(&self, board: &str) -> Result<(), ActionError> {
        self.request(board, Action::Hold)
    }

    /// Lets a hanging board continue.
    ///
    /// # Errors
    /// [`ActionError`] if there is no such board.
    pub fn release(&self, board: &str) -> Result<(), ActionError> {
        self.request(board, Action::Release)
    }

    /// Renames a board, as `Device.SetName` does.
    ///
    /// # Errors
    /// [`ActionError`] if there is no such board, it is stopped, or the name is
    /// refused.
    pub fn rename(&self, board: &str, name: &str) -> Result<(), ActionError> {
        self.request(
            board,
            Action::Rename {
                name: name.to_owned(),
            },
        )
    }

    /// Adds a key at the board and returns it as text; the first key locks the
    /// board.
    ///
    /// # Errors
    /// [`ActionError`] if there is no such board, it is stopped, or the key is
    /// refused.
    pub fn add_key(&self, board: &str, name: &str, role: Role) -> Result<String, ActionError> {
        let (done, outcome) = mpsc::sync_channel(1);
        let request = Request::Key {
            board: board.to_owned(),
            name: name.to_owned(),
            role,
            done,
        };
        self.requests
            .send_blocking(request)
            .map_err(|_| ActionError::Ended)?;
        outcome.recv().map_err(|_| ActionError::Ended)?
    }

    /// Opens pairing at the board: a controller may request a key, and pressing
    /// a button confirms the code.
    ///
    /// # Errors
    /// [`ActionError`] if there is no such board, or it is stopped.
    pub fn open_pairing(&self, board: &str) -> Result<(), ActionError> {
        self.request(board, Action::Pair)
    }

    /// Sets where the board connects to; `None` disables its outbound
    /// connection.
    ///
    /// # Errors
    /// [`ActionError`] if there is no such board, or it is stopped.
    pub fn call(&self, board: &str, url: Option<OutboundUrl>) -> Result<(), ActionError> {
        self.request(board, Action::Call { url })
    }

    /// Types a command at the board's serial port: `lock`, `pair`, `call URL`.
    /// Returns what is printed, or `None` for any other line.
    ///
    /// # Errors
    /// [`ActionError`] if there is no such board, or it is stopped.
    pub fn type_line(&self, board: &str, line: &str) -> Result<Option<String>, ActionError> {
        let (done, outcome) = mpsc::sync_channel(1);
        let request = Request::Line {
            board: board.to_owned(),
            line: line.to_owned(),
            done,
        };
        self.requests
            .send_blocking(request)
            .map_err(|_| ActionError::Ended)?;
        outcome.recv().map_err(|_| ActionError::Ended)?
    }

    /// The code that a board shows while a controller is paired with it.
    pub fn pairing_code(&self, board: &str) -> Option<String> {
        let (answer, code) = mpsc::sync_channel(1);
        self.requests
            .send_blocking(Request::Code {
                board: board.to_owned(),
                answer,
            })
            .ok()?;
        code.recv().ok()?
    }

    fn request(&self, board: &str, action: Action) -> Result<(), ActionError> {
        let (done, outcome) = mpsc::sync_channel(1);
        let request = Request::Act {
            board: board.to_owned(),
            action,
            done,
        };
        self.requests
            .send_blocking(request)
            .map_err(|_| ActionError::Ended)?;
        outcome.recv().map_err(|_| ActionError::Ended)?
    }
}

impl Drop for VirtualBoards {
    fn drop(&mut self) {
        self.requests.close();
        if let Some(thread) = self.thread.take() {
            // A panic was printed already.
            let _ = thread.join();
        }
    }
}
