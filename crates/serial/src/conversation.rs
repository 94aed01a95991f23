//! A conversation with a board over a serial port: writes, reads and waits. The
//! only place that opens ports.

use std::{
    io::{self, ErrorKind, Read, Write},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use noise::Key;
use protocol::improv::{BAUD, Credentials, DeviceInfo, Network, State};
use serialport::SerialPort;

use super::{Answer, Exchange, Problem, Request};

/// The longest read, so that cancellation is noticed. Applies only while
/// waiting for a response.
const SLICE: Duration = Duration::from_millis(250);

/// A board that responded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Board {
    /// What the board is; `None` if it does not report it.
    pub info: Option<DeviceInfo>,
    /// Its host name, if it reports one; for a Switchboard board, its id.
    pub hostname: Option<String>,
    /// Whether it is already connected to a network.
    pub provisioned: bool,
}

/// An open port.
pub struct Conversation {
    path: String,
    port: Box<dyn SerialPort>,
    exchange: Exchange,
    begun: Instant,
    canceled: Arc<AtomicBool>,
}

impl Conversation {
    /// Opens a port exclusively. Setting `canceled` stops any waiting within
    /// 250 ms.
    ///
    /// # Errors
    /// If the port cannot be opened.
    pub fn open(path: &str, canceled: Arc<AtomicBool>) -> Result<Self, Problem> {
        let port = serialport::new(path, BAUD)
            .timeout(SLICE)
            .open()
            .map_err(|error| Problem::opening(path, &error))?;
        Ok(Self {
            path: path.to_owned(),
            port,
            exchange: Exchange::default(),
            begun: Instant::now(),
            canceled,
        })
    }

    /// Waits until the board identifies itself.
    ///
    /// # Errors
    /// If no board responds, or it does not accept Wi-Fi credentials.
    pub fn board(&mut self) -> Result<Board, Problem> {
        let Answer::State(state) = self.ask(&Request::State)? else {
            return Err(Problem::Late);
        };
        if let Some(problem) = Problem::of_state(state) {
            return Err(problem);
        }
        let info = self.what_it_has(&Request::Info)?;
        let hostname = self.what_it_has(&Request::Hostname)?;
        Ok(Board {
            info: info.and_then(|answer| {
                if let Answer::Info(info) = answer {
                    Some(info)
                } else {
                    None
                }
            }),
            hostname: hostname.and_then(|answer| {
                if let Answer::Hostname(name) = answer {
                    Some(name)
                } else {
                    None
                }
            }),
            provisioned: state == State::Provisioned,
        })
    }

    /// The networks that the board can see.
    ///
    /// # Errors
    /// If it cannot scan, or does not respond.
    pub fn networks(&mut self) -> Result<Vec<Network>, Problem> {
        match self.ask(&Request::Networks)? {
            Answer::Networks(networks) => Ok(networks),
            _ => Err(Problem::Late),
        }
    }

    /// Gives the board credentials and waits until it is connected. Returns the
    /// URL of its page, if it reports one.
    ///
    /// # Errors
    /// If it cannot connect, or does not respond.
    pub fn connect(&mut self, credentials: Credentials) -> Result<Option<String>, Problem> {
        match self.ask(&Request::Connect(credentials))? {
            Answer::Connected(url) => Ok(url),
            _ => Err(Problem::Late),
        }
    }

    /// Makes the board generate a key, which locks it, and print it here. Each
    /// call generates a new key.
    ///
    /// # Errors
    /// If it generates none, the key belongs to another board, or it does not
    /// respond.
    pub fn lock(&mut self, board: &Board) -> Result<Key, Problem> {
        match self.ask(&Request::Lock)? {
            Answer::Key(key) if board.hostname.as_ref().is_none_or(|id| *id == key.board) => {
                Ok(*key)
            }
            Answer::Key(_) => Err(Problem::Board {
                what: "it printed a key for another board",
            }),
            Answer::NoKey(why) => Err(Problem::NoKey { why }),
            _ => Err(Problem::Late),
        }
    }

    /// Requests that not every board supports.
    fn what_it_has(&mut self, request: &Request) -> Result<Option<Answer>, Problem> {
        match self.ask(request) {
            Ok(answer) => Ok(Some(answer)),
            Err(Problem::Board { .. } | Problem::Late) => Ok(None),
            Err(problem) => Err(problem),
        }
    }

    fn ask(&mut self, request: &Request) -> Result<Answer, Problem> {
        self.exchange.ask(self.begun.elapsed(), request.clone());
        loop {
            while let Some(bytes) = self.exchange.next_to_send() {
                self.write(&bytes)?;
            }
            if self.canceled.load(Ordering::Relaxed) {
                return Err(Problem::Canceled);
            }
            let bytes = self.read()?;
            let now = self.begun.elapsed();
            let outcome = self
                .exchange
                .receive(now, &bytes)
                .or_else(|| self.exchange.run_until(now));
            if let Some(outcome) = outcome {
                return outcome.map_err(|why| Problem::unanswered(&self.path, request, why));
            }
        }
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Problem> {
        self.port
            .write_all(bytes)
            .and_then(|()| self.port.flush())
            .map_err(|source| self.lost(source))
    }

    /// Reads available bytes; empty after a timeout.
    fn read(&mut self) -> Result<Vec<u8>, Problem> {
        let left = self.exchange.next_deadline().map_or(SLICE, |deadline| {
            deadline.saturating_sub(self.begun.elapsed())
        });
        // On some systems, a timeout of zero blocks indefinitely.
        let wait = left.clamp(Duration::from_millis(1), SLICE);
        self.port
            .set_timeout(wait)
            .map_err(|error| self.lost(error.into()))?;
        let mut bytes = [0; 1_024];
        match self.port.read(&mut bytes) {
            Ok(0) => Err(self.lost(ErrorKind::UnexpectedEof.into())),
            Ok(read) => Ok(bytes[..read].to_vec()),
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::TimedOut | ErrorKind::WouldBlock | ErrorKind::Interrupted
                ) =>
            {
                Ok(Vec::new())
            }
            Err(error) => Err(self.lost(error)),
        }
    }

    fn lost(&self, source: io::Error) -> Problem {
        Problem::Lost {
            port: self.path.clone(),
            source,
        }
    }
}
