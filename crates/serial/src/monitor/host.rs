//! What a monitor needs of the system: the list of ports, and open ports. Tests
//! have their own.

use std::{
    io::{self, ErrorKind, Read, Write},
    path::Path,
    time::Duration,
};

use serialport::SerialPort;

use super::reset::ControlLines;
use crate::{Port, Problem, ports};

/// How long a write may take; a board that does not read blocks it.
const WRITTEN_WITHIN: Duration = Duration::from_secs(1);

/// The system's serial ports.
pub(super) trait Host: Send + 'static {
    /// An open port, closed when it is dropped.
    type Open: OpenPort;

    /// All ports.
    fn ports(&self) -> Vec<Port>;

    /// Whether this path exists.
    fn exists(&self, path: &str) -> bool;

    /// Opens a port exclusively.
    fn open(&mut self, path: &str, baud: u32) -> Result<Self::Open, Problem>;
}

/// An open port.
pub(super) trait OpenPort: ControlLines {
    /// Reads available bytes; waits for at most this time. Returns 0 after it.
    fn read(&mut self, wait: Duration, bytes: &mut [u8]) -> io::Result<usize>;

    /// Writes all bytes.
    fn write(&mut self, bytes: &[u8]) -> io::Result<()>;
}

/// This computer.
pub(super) struct Computer;

impl Host for Computer {
    type Open = SystemPort;

    fn ports(&self) -> Vec<Port> {
        ports().unwrap_or_default()
    }

    fn exists(&self, path: &str) -> bool {
        // Windows has no files for ports: opening says.
        !cfg!(unix) || Path::new(path).exists()
    }

    fn open(&mut self, path: &str, baud: u32) -> Result<SystemPort, Problem> {
        serialport::new(path, baud)
            .open()
            .map(SystemPort)
            .map_err(|error| Problem::opening(path, &error))
    }
}

/// A port of this computer.
pub(super) struct SystemPort(Box<dyn SerialPort>);

impl OpenPort for SystemPort {
    fn read(&mut self, wait: Duration, bytes: &mut [u8]) -> io::Result<usize> {
        self.0.set_timeout(wait)?;
        match self.0.read(bytes) {
            Ok(0) => Err(ErrorKind::UnexpectedEof.into()),
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::TimedOut | ErrorKind::WouldBlock | ErrorKind::Interrupted
                ) =>
            {
                Ok(0)
            }
            read => read,
        }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.set_timeout(WRITTEN_WITHIN)?;
        self.0.write_all(bytes)
    }
}

impl ControlLines for SystemPort {
    fn set_dtr(&mut self, on: bool) -> bool {
        self.0.write_data_terminal_ready(on).is_ok()
    }

    fn set_rts(&mut self, on: bool) -> bool {
        self.0.write_request_to_send(on).is_ok()
    }
}
