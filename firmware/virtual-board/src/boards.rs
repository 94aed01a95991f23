//! The handle on the boards of this process, for any thread. Calls wait until
//! what they ask for is done.

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
    world::{self, Action, Order},
};

/// Boards that run until this is dropped; then they say goodbye.
///
/// Where a board is asked for, its id is meant, or its name if no other has it.
pub struct VirtualBoards {
    orders: Sender<Order>,
    thread: Option<JoinHandle<()>>,
}

impl VirtualBoards {
    /// Starts them all; they listen when this is over.
    ///
    /// # Errors
    /// Where one of them cannot listen or be built, or nothing can be
    /// announced: then none runs.
    pub fn start(options: Options) -> Result<Self, StartError> {
        if !(1..=1_000).contains(&options.boards) {
            return Err(StartError::Number(options.boards));
        }
        let (orders, received) = async_channel::unbounded();
        let (report, started) = mpsc::channel();
        let thread = thread::Builder::new()
            .name("virtual boards".into())
            .spawn(move || world::run(&options, &report, &received))
            .map_err(StartError::Thread)?;
        let boards = Self {
            orders,
            thread: Some(thread),
        };
        match started.recv() {
            Ok(Ok(())) => Ok(boards),
            Ok(Err(error)) => Err(error),
            Err(_) => Err(StartError::Thread(std::io::Error::other(
                "it ended at once",
            ))),
        }
    }

    /// All boards, running or not, in the order in which they were started;
    /// none where they have ended.
    pub fn list(&self) -> Vec<Listening> {
        let (answer, list) = mpsc::sync_channel(1);
        match self.orders.send_blocking(Order::List { answer }) {
            Ok(()) => list.recv().unwrap_or_default(),
            Err(_) => Vec::new(),
        }
    }

    /// A hand presses a button: `press`, `double_press` or `long_press`.
    ///
    /// # Errors
    /// [`ActionError`] where there is no such board or button, or it does not
    /// run.
    pub fn press(&self, board: &str, key: &ComponentKey, event: &str) -> Result<(), ActionError> {
        self.order(
            board,
            Action::Press {
                key: key.clone(),
                event: event.to_owned(),
            },
        )
    }

    /// A hand, or the world, changes a component.
    ///
    /// # Errors
    /// [`ActionError`] where there is no such board or component, it does not
    /// run, or the change does not fit.
    pub fn set(&self, board: &str, key: &ComponentKey, change: State) -> Result<(), ActionError> {
        self.order(
            board,
            Action::Set {
                key: key.clone(),
                change,
            },
        )
    }

    /// A hand wants a board as it was when it was new: it erases what it keeps,
    /// and restarts.
    ///
    /// # Errors
    /// [`ActionError`] where there is no such board, or it does not run.
    pub fn factory_reset(&self, board: &str) -> Result<(), ActionError> {
        self.order(board, Action::Forget)
    }

    /// Takes a board's power: its sockets are closed when this is over, and it
    /// says no goodbye.
    ///
    /// # Errors
    /// [`ActionError`] where there is no such board, or it does not run.
    pub fn stop(&self, board: &str) -> Result<(), ActionError> {
        self.order(board, Action::Stop)
    }

    /// Gives a stopped board its power again: a new run of it, on the port that
    /// it had.
    ///
    /// # Errors
    /// [`ActionError`] where there is no such board, it runs, or the port is
    /// taken.
    pub fn start_again(&self, board: &str) -> Result<(), ActionError> {
        self.order(board, Action::Start { port: None })
    }

    /// As [`Self::start_again`], on another port; 0 is any free one.
    ///
    /// # Errors
    /// As [`Self::start_again`].
    pub fn start_again_on(&self, board: &str, port: u16) -> Result<(), ActionError> {
        self.order(board, Action::Start { port: Some(port) })
    }

    /// Makes a board hang: its sockets stay open, nothing is read and nothing
    /// is answered.
    ///
    /// # Errors
    /// [`ActionError`] where there is no such board, or it does not run.
    pub fn hold(&self, board: &str) -> Result<(), ActionError> {
        self.order(board, Action::Hold)
    }

    /// Lets a board that hangs go on.
    ///
    /// # Errors
    /// [`ActionError`] where there is no such board.
    pub fn release(&self, board: &str) -> Result<(), ActionError> {
        self.order(board, Action::Release)
    }

    /// Names a board, as `Device.SetName` does.
    ///
    /// # Errors
    /// [`ActionError`] where there is no such board, it does not run, or the
    /// name is refused.
    pub fn rename(&self, board: &str, name: &str) -> Result<(), ActionError> {
        self.order(
            board,
            Action::Rename {
                name: name.to_owned(),
            },
        )
    }

    /// A hand at a board makes a key, and gets it as text; with its first key a
    /// board is locked.
    ///
    /// # Errors
    /// [`ActionError`] where there is no such board, it does not run, or the
    /// key is refused.
    pub fn add_key(&self, board: &str, name: &str, role: Role) -> Result<String, ActionError> {
        let (done, outcome) = mpsc::sync_channel(1);
        let order = Order::Key {
            board: board.to_owned(),
            name: name.to_owned(),
            role,
            done,
        };
        self.orders
            .send_blocking(order)
            .map_err(|_| ActionError::Ended)?;
        outcome.recv().map_err(|_| ActionError::Ended)?
    }

    /// A hand at a board opens pairing: one controller may ask for a key, and a
    /// press of a button says yes to the code.
    ///
    /// # Errors
    /// [`ActionError`] where there is no such board, or it does not run.
    pub fn open_pairing(&self, board: &str) -> Result<(), ActionError> {
        self.order(board, Action::Pair)
    }

    /// A hand at a board tells it whom to call from now on; `None` is nobody.
    ///
    /// # Errors
    /// [`ActionError`] where there is no such board, or it does not run.
    pub fn call(&self, board: &str, url: Option<OutboundUrl>) -> Result<(), ActionError> {
        self.order(board, Action::Call { url })
    }

    /// A person types a line at a board's serial port: `lock`, `pair`, `call
    /// URL`; what is printed there, and nothing for any other line.
    ///
    /// # Errors
    /// [`ActionError`] where there is no such board, or it does not run.
    pub fn type_line(&self, board: &str, line: &str) -> Result<Option<String>, ActionError> {
        let (done, outcome) = mpsc::sync_channel(1);
        let order = Order::Line {
            board: board.to_owned(),
            line: line.to_owned(),
            done,
        };
        self.orders
            .send_blocking(order)
            .map_err(|_| ActionError::Ended)?;
        outcome.recv().map_err(|_| ActionError::Ended)?
    }

    /// The code that a board shows while a controller is paired with it.
    pub fn pairing_code(&self, board: &str) -> Option<String> {
        let (answer, code) = mpsc::sync_channel(1);
        self.orders
            .send_blocking(Order::Code {
                board: board.to_owned(),
                answer,
            })
            .ok()?;
        code.recv().ok()?
    }

    fn order(&self, board: &str, action: Action) -> Result<(), ActionError> {
        let (done, outcome) = mpsc::sync_channel(1);
        let order = Order::Act {
            board: board.to_owned(),
            action,
            done,
        };
        self.orders
            .send_blocking(order)
            .map_err(|_| ActionError::Ended)?;
        outcome.recv().map_err(|_| ActionError::Ended)?
    }
}

impl Drop for VirtualBoards {
    fn drop(&mut self) {
        self.orders.close();
        if let Some(thread) = self.thread.take() {
            // That it panicked was printed already.
            let _ = thread.join();
        }
    }
}
