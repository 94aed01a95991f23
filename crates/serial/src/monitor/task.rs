//! The thread of a monitor: opens its port whenever it is there and no other
//! part of the program needs it, and turns what is read into lines.

use std::{
    io::ErrorKind,
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError, TryRecvError},
    },
    time::{Duration, Instant, SystemTime},
};

use super::{
    Command, MonitorState, Shared,
    history::Line,
    host::{Host, OpenPort},
    meaning::{Interpreter, Meaning},
    reset,
    splitter::{Piece, Splitter},
};
use crate::{DeviceKind, Identity, Loan, Problem, Registry};

/// The user of the port, in messages.
const USER: &str = "the serial monitor";

/// The longest read; a command waits for it at most.
const SLICE: Duration = Duration::from_millis(50);

/// The pause before a port is looked for or opened again.
const RETRY: Duration = Duration::from_millis(400);

/// The same for a port that cannot be opened: each attempt looks for the
/// program that uses it.
const RETRY_FAILED: Duration = Duration::from_secs(2);

/// An incomplete line is shown after this silence: it may be a prompt.
const QUIET: Duration = Duration::from_millis(300);

/// A progress display is shown this often.
const PROGRESS: Duration = Duration::from_secs(1);

/// What the board's own lines end with, and what its console accepts.
const LINE_BREAK: &str = "\r\n";

/// The work of a monitor.
pub(super) struct Task<H: Host> {
    pub(super) host: H,
    pub(super) registry: Registry,
    /// The path, as given.
    pub(super) path: String,
    pub(super) baud: u32,
    pub(super) shared: Arc<Shared>,
    pub(super) commands: Receiver<Command>,
}

/// Why reading has ended.
enum End {
    Stopped,
    Recalled,
    Lost,
}

impl<H: Host> Task<H> {
    pub(super) fn run(mut self) {
        let mut device = Identity::among(&self.path, &[]);
        loop {
            let ports = self.host.ports();
            if device.usb().is_none() {
                device = Identity::among(&self.path, &ports);
            }
            let path = match device.usb() {
                Some(_) => device.find(&ports).map(str::to_owned),
                None => Some(self.path.clone()).filter(|path| self.host.exists(path)),
            };
            let state = match path {
                None => MonitorState::Unplugged,
                Some(path) => {
                    // Without a serial number, a claim knows the device by its
                    // current path.
                    device = Identity::among(&path, &ports);
                    match self.open(&device, &path) {
                        Ok(()) => return,
                        Err(state) => state,
                    }
                }
            };
            let pause = match state {
                MonitorState::Lent { .. } => Duration::ZERO,
                MonitorState::Failed { .. } => RETRY_FAILED,
                _ => RETRY,
            };
            self.shared.set_state(state);
            if pause.is_zero() {
                self.registry.wait(RETRY);
            }
            if self.pause(pause) {
                return;
            }
        }
    }

    /// Opens the port and reads it; `Ok` when the monitor is stopped, otherwise
    /// the state until the next attempt.
    fn open(&mut self, device: &Identity, path: &str) -> Result<(), MonitorState> {
        let loan = self
            .registry
            .borrow(device, USER)
            .map_err(|to| MonitorState::Lent { to })?;
        let port = match self.host.open(path, self.baud) {
            Ok(port) => port,
            Err(Problem::NoPort { .. }) => return Err(MonitorState::Unplugged),
            Err(problem) => {
                return Err(MonitorState::Failed {
                    problem: problem.to_string(),
                });
            }
        };
        let kind = device.usb().map_or(DeviceKind::Unknown, |usb| {
            DeviceKind::of(usb.vendor_id, usb.product_id)
        });
        self.shared.set_state(MonitorState::Open {
            path: path.to_owned(),
        });
        let end = Reading {
            port,
            kind,
            shared: &self.shared,
            splitter: Splitter::default(),
            interpreter: Interpreter::default(),
            since: None,
            last: Instant::now(),
        }
        .read(&self.commands, &loan);
        // The port is closed: it may be used again.
        drop(loan);
        match end {
            End::Stopped => Ok(()),
            End::Recalled => Err(MonitorState::Lent {
                to: self.registry.user(device).unwrap_or("another dialog"),
            }),
            End::Lost => Err(MonitorState::Unplugged),
        }
    }

    /// Waits; returns whether the monitor was stopped. Without a port, commands
    /// cannot be carried out.
    fn pause(&self, time: Duration) -> bool {
        let end = Instant::now() + time;
        loop {
            match self
                .commands
                .recv_timeout(end.saturating_duration_since(Instant::now()))
            {
                Ok(_) => self.shared.note("the port is not open: nothing was sent"),
                Err(RecvTimeoutError::Timeout) => return false,
                Err(RecvTimeoutError::Disconnected) => return true,
            }
        }
    }
}

/// An open port, until it is closed.
struct Reading<'a, P> {
    port: P,
    kind: DeviceKind,
    shared: &'a Shared,
    splitter: Splitter,
    interpreter: Interpreter,
    /// When the incomplete line began.
    since: Option<(SystemTime, Instant)>,
    /// When bytes were received last.
    last: Instant,
}

impl<P: OpenPort> Reading<'_, P> {
    fn read(mut self, commands: &Receiver<Command>, loan: &Loan) -> End {
        let mut bytes = [0; 4_096];
        let end = loop {
            if loan.is_recalled() {
                break End::Recalled;
            }
            match commands.try_recv() {
                Ok(command) => {
                    if !self.carry_out(command) {
                        break End::Lost;
                    }
                    continue;
                }
                Err(TryRecvError::Empty) => {}
                Err(TryRecvError::Disconnected) => break End::Stopped,
            }
            match self.port.read(SLICE, &mut bytes) {
                Ok(0) => self.quiet(),
                Ok(read) => self.receive(bytes.get(..read).unwrap_or_default()),
                Err(_) => break End::Lost,
            }
        };
        let pieces = self.splitter.end();
        self.show(pieces);
        end
    }

    fn receive(&mut self, bytes: &[u8]) {
        self.last = Instant::now();
        let pieces = self.splitter.receive(bytes);
        self.show(pieces);
        if self.splitter.is_incomplete() {
            let (_, since) = *self
                .since
                .get_or_insert_with(|| (SystemTime::now(), Instant::now()));
            if self.splitter.is_progress() && since.elapsed() >= PROGRESS {
                let piece = self.splitter.flush();
                self.show(piece);
            }
        } else {
            self.since = None;
        }
    }

    /// Nothing was received for a while.
    fn quiet(&mut self) {
        if self.last.elapsed() < QUIET {
            return;
        }
        if self.splitter.is_waiting() {
            let pieces = self.splitter.give_up();
            self.show(pieces);
        }
        let piece = self.splitter.flush();
        self.show(piece);
    }

    fn show(&mut self, pieces: impl IntoIterator<Item = Piece>) {
        for piece in pieces {
            let at = self
                .since
                .take()
                .map_or_else(SystemTime::now, |(since, _)| since);
            match piece {
                Piece::Line { text, continues } => {
                    let (meaning, explanation) = self.interpreter.line(&text);
                    self.shared.add(Line {
                        number: 0,
                        at,
                        text,
                        meaning,
                        explanation,
                        continues,
                    });
                }
                Piece::Packet => self.shared.say("Improv packet", Meaning::Packet),
            }
        }
    }

    /// Carries out a command; `false` if the port is gone.
    fn carry_out(&mut self, command: Command) -> bool {
        match command {
            Command::Send(text) => {
                let written = self.port.write(format!("{text}{LINE_BREAK}").as_bytes());
                match written {
                    Ok(()) => self
                        .shared
                        .say(&sanitize::names::visible(&text), Meaning::Sent),
                    Err(error) if error.kind() == ErrorKind::TimedOut => {
                        self.shared.note("not sent: the board does not read");
                    }
                    Err(_) => return false,
                }
            }
            Command::Reset => {
                if reset::reset(&mut self.port, self.kind) {
                    self.shared.note("the board was reset");
                } else {
                    self.shared.note(
                        "this port has no reset line; press the reset button of the board instead",
                    );
                }
            }
        }
        true
    }
}
