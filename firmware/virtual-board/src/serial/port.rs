//! A pseudo-terminal as a serial port. The only module that uses the system's
//! API for it.

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

/// The board's end of a serial port of this computer. The other end is a file
/// that is removed when this is dropped.
pub struct SerialPort {
    board_end: File,
    /// Kept open: otherwise the port would hang up whenever no program has it
    /// open.
    _host_end: File,
    path: String,
}

/// Why waiting at a port has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PortEvent {
    /// Bytes were received.
    Bytes,
    /// The time has passed.
    Time,
    /// The board has to end.
    End,
}

impl SerialPort {
    /// Opens a new port.
    ///
    /// # Errors
    /// If the system has none left.
    pub fn open() -> io::Result<Self> {
        let board_end = open_board_end()?;
        grantpt(&board_end)?;
        unlockpt(&board_end)?;
        let path = ptsname(&board_end, Vec::new())?
            .into_string()
            .map_err(io::Error::other)?;
        let host_end: OwnedFd = File::options().read(true).write(true).open(&path)?.into();
        let mut raw = tcgetattr(&host_end)?;
        // Raw bytes without echo: a serial port, not a terminal.
        raw.make_raw();
        tcsetattr(&host_end, OptionalActions::Now, &raw)?;
        ioctl_fionbio(&board_end, true)?;
        Ok(Self {
            board_end: board_end.into(),
            _host_end: host_end.into(),
            path,
        })
    }

    /// The file that a program opens as the port.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Writes to the port. Bytes that do not fit are lost, as at any serial
    /// port that is not read.
    ///
    /// # Errors
    /// If the port is gone.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self.board_end.write_all(bytes) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(()),
            done => done,
        }
    }

    /// Reads received bytes without waiting.
    ///
    /// # Errors
    /// If the port is gone.
    pub fn read(&mut self) -> io::Result<Vec<u8>> {
        let mut bytes = [0; 1_024];
        match self.board_end.read(&mut bytes) {
            Ok(read) => Ok(bytes[..read].to_vec()),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    /// Waits for bytes until this time has passed or the other end of `end` is
    /// closed.
    pub(super) fn wait(&self, time: Option<Duration>, end: &PipeReader) -> io::Result<PortEvent> {
        let time = time.and_then(|time| Timespec::try_from(time).ok());
        let mut awaited = [
            PollFd::new(&self.board_end, PollFlags::IN),
            PollFd::new(end, PollFlags::IN),
        ];
        match poll(&mut awaited, time.as_ref()) {
            Ok(0) | Err(rustix::io::Errno::INTR) => Ok(PortEvent::Time),
            Ok(_) if !awaited[1].revents().is_empty() => Ok(PortEvent::End),
            Ok(_) => Ok(PortEvent::Bytes),
            Err(error) => Err(error.into()),
        }
    }
}

#[cfg(not(target_os = "macos"))]
fn open_board_end() -> io::Result<OwnedFd> {
    Ok(openpt(
        OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC,
    )?)
}

/// macOS's `posix_openpt` does not accept `O_CLOEXEC`.
#[cfg(target_os = "macos")]
fn open_board_end() -> io::Result<OwnedFd> {
    let board_end = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY)?;
    rustix::io::fcntl_setfd(&board_end, rustix::io::FdFlags::CLOEXEC)?;
    Ok(board_end)
}
