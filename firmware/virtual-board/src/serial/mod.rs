//! A board at a serial port: it is in no network until it is given one by
//! Improv. Then it starts to serve.
//!
//! What it answers is decided in `firmware/provisioning`; its Wi-Fi is the one
//! of `provisioning::pretended`. Only on systems with pseudo-terminals, which
//! is all but Windows.

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
use port::Awaited;

/// A board behind a serial port, until this is dropped.
pub struct SerialBoard {
    path: String,
    /// The thread ends when this is closed.
    end: Option<PipeWriter>,
    thread: Option<JoinHandle<()>>,
}

impl SerialBoard {
    /// Puts the only one of `boards`, which must not have started, behind a new
    /// serial port. `tell` gets to know where it listens, each time it has
    /// joined a network.
    ///
    /// # Errors
    /// Where there is no port, no thread, or no board.
    pub fn start(
        boards: Arc<VirtualBoards>,
        tell: impl Fn(&Listening) + Send + 'static,
    ) -> io::Result<Self> {
        let board = boards
            .list()
            .into_iter()
            .next()
            .ok_or_else(|| io::Error::other("there is no board"))?;
        let port = SerialPort::open()?;
        let path = port.path().to_owned();
        let (ended, end) = io::pipe()?;
        let desk = Desk {
            port,
            boards,
            board,
            tell,
            provisioning: Provisioning::new(),
            begun: Instant::now(),
            coming: Vec::new(),
            has_network: false,
            console: SerialConsole::default(),
        };
        let thread = thread::Builder::new()
            .name("serial board".into())
            .spawn(move || {
                // That the port is gone ends the board, and there is nobody to
                // tell.
                let _ = desk.run(&ended);
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
            // That it panicked was printed already.
            let _ = thread.join();
        }
    }
}

/// What the pretended radio is going to report.
enum Coming {
    Connected { attempt: Attempt, joined: bool },
    Scanned,
}

struct Desk<F> {
    port: SerialPort,
    boards: Arc<VirtualBoards>,
    board: Listening,
    tell: F,
    provisioning: Provisioning,
    begun: Instant,
    coming: Vec<(Duration, Coming)>,
    /// Whether credentials were stored. They last as long as this process.
    has_network: bool,
    /// What is typed between the packets.
    console: SerialConsole,
}

impl<F: Fn(&Listening)> Desk<F> {
    fn run(mut self, ended: &PipeReader) -> io::Result<()> {
        self.log("starts, and is in no network")?;
        loop {
            let next = self
                .coming
                .iter()
                .map(|(at, _)| *at)
                .chain(self.provisioning.next_deadline())
                .min();
            let wait = next.map(|at| at.saturating_sub(self.begun.elapsed()));
            match self.port.wait(wait, ended)? {
                Awaited::End => return Ok(()),
                Awaited::Bytes => {
                    let bytes = self.port.read()?;
                    self.handle(Input::Bytes(&bytes))?;
                }
                Awaited::Time => {}
            }
            self.catch_up()?;
        }
    }

    /// Does what is due.
    fn catch_up(&mut self) -> io::Result<()> {
        let now = self.begun.elapsed();
        while let Some(due) = self.coming.iter().position(|(at, _)| *at <= now) {
            match self.coming.remove(due).1 {
                Coming::Connected { attempt, joined } => {
                    let address = if joined { self.serve()? } else { None };
                    self.handle(Input::Connected { attempt, address })?;
                }
                Coming::Scanned => self.handle(Input::Scanned(Some(scan())))?,
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
                        Err(error) => Some(format!("it cannot: {error}")),
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
                    self.log(&format!("joins {:?}", credentials.ssid()))?;
                    self.leave();
                    let now = self.begun.elapsed();
                    self.coming.clear();
                    match join(&credentials) {
                        Outcome::Nothing => {}
                        outcome => {
                            let joined = outcome == Outcome::Joined;
                            let after = if joined { JOINED_AFTER } else { REFUSED_AFTER };
                            self.coming
                                .push((now + after, Coming::Connected { attempt, joined }));
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
                    self.coming
                        .push((self.begun.elapsed() + SCANNED_AFTER, Coming::Scanned));
                    continue;
                }
                Action::Rename(name) => {
                    let renamed = self.boards.rename(&self.board.id, &name).is_ok();
                    self.look();
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

    /// Starts the board; `None` where its port is taken.
    fn serve(&mut self) -> io::Result<Option<SocketAddr>> {
        if let Err(error) = self.boards.start_again(&self.board.id) {
            self.log(&format!("cannot serve: {error}"))?;
            return Ok(None);
        }
        self.look();
        (self.tell)(&self.board);
        Ok(Some(reached(self.board.address)))
    }

    fn leave(&mut self) {
        // It may not be in a network.
        let _ = self.boards.stop(&self.board.id);
        self.look();
    }

    fn look(&mut self) {
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

    /// A line of the board's log, which is on the same port.
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

/// Of a board on every interface, the one that this computer reaches.
fn reached(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(match address.ip() {
            IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    address
}
