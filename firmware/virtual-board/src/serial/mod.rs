//! A board at a serial port. It has no network, and is not served, until it is
//! given one by Improv.
//!
//! `firmware/provisioning` decides what is answered; the Wi-Fi is the simulated
//! one of `provisioning::pretended`. Only for systems with pseudo-terminals,
//! which Windows lacks.

mod port;

use std::{
    collections::VecDeque,
    io::{self, PipeReader, PipeWriter},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use provisioning::{
    About, Action, Attempt, Input, Provisioning,
    pretended::{JOINED_AFTER, Outcome, REFUSED_AFTER, SCANNED_AFTER, join, scan},
};

use server::serial_console::SerialConsole;

pub use port::SerialPort;

use crate::{Listening, VirtualBoards};
use port::PortEvent;

/// A board behind a serial port, until this is dropped.
pub struct SerialBoard {
    path: String,
    /// The thread ends when this is closed.
    end: Option<PipeWriter>,
    thread: Option<JoinHandle<()>>,
}

impl SerialBoard {
    /// Puts the only one of `boards`, which must not have started, behind a new
    /// serial port. `on_address` gets to know where it listens, each time it
    /// has joined a network.
    ///
    /// # Errors
    /// Where there is no port, no thread, or no board.
    pub fn start(
        boards: Arc<VirtualBoards>,
        on_address: impl Fn(&Listening) + Send + 'static,
    ) -> io::Result<Self> {
        Self::start_at(SerialPort::open()?, boards, on_address)
    }

    /// As [`start`](Self::start), behind a port that something else was behind
    /// before, such as a chip without firmware.
    ///
    /// # Errors
    /// Where there is no thread, or no board.
    pub fn start_at(
        port: SerialPort,
        boards: Arc<VirtualBoards>,
        on_address: impl Fn(&Listening) + Send + 'static,
    ) -> io::Result<Self> {
        let board = boards
            .list()
            .into_iter()
            .next()
            .ok_or_else(|| io::Error::other("there is no board"))?;
        let path = port.path().to_owned();
        let (ended, end) = io::pipe()?;
        let task = SerialPortTask {
            port,
            boards,
            board,
            on_address,
            provisioning: Provisioning::new(),
            begun: Instant::now(),
            pending: Vec::new(),
            has_network: false,
            console: SerialConsole::default(),
        };
        let thread = thread::Builder::new()
            .name("serial board".into())
            .spawn(move || {
                // If the port is gone, the board ends, and the error has no
                // receiver.
                let _ = task.run(&ended);
            })?;
        Ok(Self {
            path,
            end: Some(end),
            thread: Some(thread),
        })
    }

    /// The file that a program opens as the board's port.
    pub fn path(&self) -> &str {
        &self.path
    }
}

impl Drop for SerialBoard {
    fn drop(&mut self) {
        self.end.take();
        if let Some(thread) = self.thread.take() {
            // A panic was printed already.
            let _ = thread.join();
        }
    }
}

/// What the simulated radio reports later.
enum RadioEvent {
    Connected { attempt: Attempt, joined: bool },
    Scanned,
}

struct SerialPortTask<F> {
    port: SerialPort,
    boards: Arc<VirtualBoards>,
    board: Listening,
    on_address: F,
    provisioning: Provisioning,
    begun: Instant,
    pending: Vec<(Duration, RadioEvent)>,
    /// Whether credentials were stored. They last as long as this process.
    has_network: bool,
    /// Commands that are typed between packets.
    console: SerialConsole,
}

impl<F: Fn(&Listening)> SerialPortTask<F> {
    fn run(mut self, ended: &PipeReader) -> io::Result<()> {
        self.log("started without a network")?;
        loop {
            let next = self
                .pending
                .iter()
                .map(|(at, _)| *at)
                .chain(self.provisioning.next_deadline())
                .min();
            let wait = next.map(|at| at.saturating_sub(self.begun.elapsed()));
            match self.port.wait(wait, ended)? {
                PortEvent::End => return Ok(()),
                PortEvent::Bytes => {
                    let bytes = self.port.read()?;
                    self.handle(Input::Bytes(&bytes))?;
                }
                PortEvent::Time => {}
            }
            self.catch_up()?;
        }
    }

    /// Handles what is due.
    fn catch_up(&mut self) -> io::Result<()> {
        let now = self.begun.elapsed();
        while let Some(due) = self.pending.iter().position(|(at, _)| *at <= now) {
            match self.pending.remove(due).1 {
                RadioEvent::Connected { attempt, joined } => {
                    let address = if joined { self.serve()? } else { None };
                    self.handle(Input::Connected { attempt, address })?;
                }
                RadioEvent::Scanned => self.handle(Input::Scanned(Some(scan())))?,
            }
        }
        let actions = self.provisioning.run_until(now, &self.about());
        self.carry_out(actions)
    }

    fn handle(&mut self, input: Input<'_>) -> io::Result<()> {
        let about = self.about();
        let actions = self
            .provisioning
            .handle(self.begun.elapsed(), input, &about);
        self.carry_out(actions)
    }

    fn carry_out(&mut self, actions: Vec<Action>) -> io::Result<()> {
        let mut actions = VecDeque::from(actions);
        while let Some(action) = actions.pop_front() {
            let input = match action {
                Action::Send(bytes) => {
                    self.port.write(&bytes)?;
                    continue;
                }
                Action::Text(text) => {
                    let (boards, id) = (&self.boards, &self.board.id);
                    let typed = |line: &str| match boards.type_line(id, line) {
                        Ok(printed) => printed,
                        Err(_) if line.trim().is_empty() => None,
                        Err(error) => Some(format!("failed: {error}")),
                    };
                    if let Some(printed) = self.console.read_with(&text, typed) {
                        self.port.write(printed.as_bytes())?;
                    }
                    continue;
                }
                Action::Connect {
                    attempt,
                    credentials,
                } => {
                    self.log(&format!("joining {:?}", credentials.ssid()))?;
                    self.leave();
                    let now = self.begun.elapsed();
                    self.pending.clear();
                    match join(&credentials) {
                        Outcome::Nothing => {}
                        outcome => {
                            let joined = outcome == Outcome::Joined;
                            let after = if joined { JOINED_AFTER } else { REFUSED_AFTER };
                            self.pending
                                .push((now + after, RadioEvent::Connected { attempt, joined }));
                        }
                    }
                    continue;
                }
                Action::Abandon => {
                    self.leave();
                    if !self.has_network {
                        continue;
                    }
                    Input::Network(self.serve()?)
                }
                Action::Store(_) => {
                    self.has_network = true;
                    Input::Stored(true)
                }
                Action::Scan => {
                    self.pending
                        .push((self.begun.elapsed() + SCANNED_AFTER, RadioEvent::Scanned));
                    continue;
                }
                Action::Rename(name) => {
                    let renamed = self.boards.rename(&self.board.id, &name).is_ok();
                    self.refresh();
                    Input::Renamed(renamed)
                }
            };
            let about = self.about();
            actions.extend(
                self.provisioning
                    .handle(self.begun.elapsed(), input, &about),
            );
        }
        Ok(())
    }

    /// Starts the board; `None` if its port is in use.
    fn serve(&mut self) -> io::Result<Option<SocketAddr>> {
        if let Err(error) = self.boards.start_again(&self.board.id) {
            self.log(&format!("cannot serve: {error}"))?;
            return Ok(None);
        }
        self.refresh();
        (self.on_address)(&self.board);
        Ok(Some(reachable(self.board.address)))
    }

    fn leave(&mut self) {
        // It may be stopped already.
        let _ = self.boards.stop(&self.board.id);
        self.refresh();
    }

    fn refresh(&mut self) {
        let now = self
            .boards
            .list()
            .into_iter()
            .find(|board| board.id == self.board.id);
        self.board = now.unwrap_or_else(|| self.board.clone());
    }

    fn about(&self) -> About {
        About {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            chip: "virtual".to_owned(),
            name: self.board.name.clone(),
            hostname: self.board.id.clone(),
        }
    }

    /// Writes a line of the board's log, which uses the same port.
    fn log(&mut self, line: &str) -> io::Result<()> {
        self.port.write(
            format!(
                "[{:>7} ms] {} {line}\r\n",
                self.begun.elapsed().as_millis(),
                self.board.name
            )
            .as_bytes(),
        )
    }
}

/// The address by which this computer reaches a board, which may listen on all
/// interfaces.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(match address.ip() {
            IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    address
}
