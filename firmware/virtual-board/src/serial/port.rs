//! A pseudo-terminal as a serial port. The only place that knows how this
//! system makes one.

use std::{
    fs::File,
    io::{self, ErrorKind, PipeReader, Read, Write},
    os::fd::OwnedFd,
    time::Duration,
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::ioctl_fionbio,
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
    termios::{OptionalActions, tcgetattr, tcsetattr},
};

/// A serial port of this computer: the board's end of it. The other end is a
/// file, and is gone when this is dropped.
pub struct SerialPort {
    boards_end: File,
    /// Kept open: without it the port would be hung up whenever nobody has it
    /// open.
    _computers_end: File,
    path: String,
}

/// What was waited for at a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Awaited {
    /// Something came in.
    Bytes,
    /// The time is over.
    Time,
    /// The board is to end.
    End,
}

impl SerialPort {
    /// Opens a new one.
    ///
    /// # Errors
    /// Where the system has none left.
    pub fn open() -> io::Result<Self> {
        let boards_end = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
        grantpt(&boards_end)?;
        unlockpt(&boards_end)?;
        let path = ptsname(&boards_end, Vec::new())?
            .into_string()
            .map_err(io::Error::other)?;
        let computers_end: OwnedFd = File::options().read(true).write(true).open(&path)?.into();
        let mut raw = tcgetattr(&computers_end)?;
        // Bytes as they are, and no echo: a serial port and no terminal.
        raw.make_raw();
        tcsetattr(&computers_end, OptionalActions::Now, &raw)?;
        ioctl_fionbio(&boards_end, true)?;
        Ok(Self {
            boards_end: boards_end.into(),
            _computers_end: computers_end.into(),
            path,
        })
    }

    /// The file that a program opens as the port.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Writes to the port. What finds no room is lost, as at any serial port
    /// that nobody reads.
    ///
    /// # Errors
    /// Where the port is gone.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self.boards_end.write_all(bytes) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(()),
            done => done,
        }
    }

    /// Reads what has come in, without waiting.
    ///
    /// # Errors
    /// Where the port is gone.
    pub fn read(&mut self) -> io::Result<Vec<u8>> {
        let mut bytes = [0; 1_024];
        match self.boards_end.read(&mut bytes) {
            Ok(read) => Ok(bytes[..read].to_vec()),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    /// Waits for bytes, for so long at most, or until the other end of `end` is
    /// closed.
    pub(super) fn wait(&self, time: Option<Duration>, end: &PipeReader) -> io::Result<Awaited> {
        let time = time.and_then(|time| Timespec::try_from(time).ok());
        let mut awaited = [
            PollFd::new(&self.boards_end, PollFlags::IN),
            PollFd::new(end, PollFlags::IN),
        ];
        match poll(&mut awaited, time.as_ref()) {
            Ok(0) | Err(rustix::io::Errno::INTR) => Ok(Awaited::Time),
            Ok(_) if !awaited[1].revents().is_empty() => Ok(Awaited::End),
            Ok(_) => Ok(Awaited::Bytes),
            Err(error) => Err(error.into()),
        }
    }
}
