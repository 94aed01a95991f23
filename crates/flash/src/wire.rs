//! The way to the boot loader in a chip's ROM: opens the port, restarts the
//! chip into its boot loader, and says what an error of espflash means.

use std::{
    error::Error as _,
    io::Read,
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use espflash::{
    Error,
    command::{Command, CommandType},
    connection::{Connection, Port, ResetAfterOperation, ResetBeforeOperation},
};
use serialport::{SerialPort, SerialPortType, UsbPortInfo};

use super::{Problem, Step};

/// The rate of the ROM's boot loader.
const BAUD: u32 = 115_200;

/// How often the chip is restarted into its boot loader. Every second attempt
/// waits longer, for boards with a large capacitor at their reset line.
const ATTEMPTS: usize = 7;

/// How often each attempt asks the boot loader for a response. Each waits 0.1
/// s.
const SYNCS: usize = 5;

/// The responses that follow the first one: the ROM sends eight.
const MORE_SYNC_RESPONSES: usize = 7;

/// What a program that starts instead may have printed.
const HEARD_AT_MOST: u32 = 4_096;

/// A port whose chip is in its boot loader.
pub(super) struct Wire {
    pub(super) connection: Connection,
    pub(super) resets: Resets,
}

/// How the chip at a port is restarted.
pub(super) struct Resets {
    /// Whether the port has the lines that reset the chip.
    lines: bool,
    /// Another handle of the port. Closing it would give up the exclusive use
    /// of the port (TIOCNXCL), so it lives as long as the connection.
    listener: Option<Port>,
}

impl Resets {
    /// Restarts the chip, which then runs its firmware.
    pub(super) fn restart(&self, connection: &mut Connection) -> Result<(), Error> {
        if self.lines {
            connection.reset()
        } else {
            // Without lines, the stub starts the firmware. It does not respond.
            connection.write_command(Command::RunUserCode)
        }
    }
}

/// Opens a port and restarts its chip into the boot loader.
pub(super) fn reach(path: &str, canceled: &AtomicBool) -> Result<Wire, Problem> {
    let port = serialport::new(path, BAUD)
        .timeout(Duration::from_secs(3))
        .open_native()
        .map_err(|error| serial::Problem::opening(path, &error))?;
    let resets = Resets {
        lines: !is_pseudoterminal(path),
        listener: port.try_clone_native().ok(),
    };
    // Resets are done here: espflash's own loop cannot be canceled, and ends
    // where a port lacks the lines.
    let connection = Connection::new(
        port,
        usb(path),
        ResetAfterOperation::NoResetNoStub,
        ResetBeforeOperation::NoReset,
        BAUD,
    );
    let mut wire = Wire { connection, resets };
    let mut heard = false;
    for attempt in 0..ATTEMPTS {
        if canceled.load(Ordering::Relaxed) {
            return Err(Problem::Canceled);
        }
        if wire.resets.lines {
            wire.connection
                .reset_to_flash(attempt % 2 == 1)
                .map_err(|error| serial::Problem::Open {
                    port: path.to_owned(),
                    reason: words(&error),
                })?;
        }
        heard |= wire.resets.listener.as_mut().is_some_and(anything_from);
        for _ in 0..SYNCS {
            match sync(&mut wire.connection) {
                Ok(()) => return Ok(wire),
                Err(_) if !Path::new(path).exists() && cfg!(unix) => {
                    return Err(gone(path, Step::Connecting, true));
                }
                Err(_) => {}
            }
        }
    }
    // Its responses may go to another program, which reads the port too.
    match serial::holder(path) {
        Some(holder) => Err(serial::Problem::Busy {
            port: path.to_owned(),
            holder: Some(holder),
        }
        .into()),
        None => Err(Problem::NotInDownloadMode {
            port: path.to_owned(),
            heard,
        }),
    }
}

/// Whether a port is a pseudoterminal. It has no lines that reset a chip, and
/// the system refuses to set them (ENOTTY); a test, or a bridge to a port
/// elsewhere, has put the chip into its boot loader. Every other port has them,
/// so there an error is one.
fn is_pseudoterminal(path: &str) -> bool {
    let path = std::fs::canonicalize(path).unwrap_or_else(|_| path.into());
    cfg!(target_os = "linux") && path.starts_with("/dev/pts")
        || cfg!(target_os = "macos") && path.to_string_lossy().starts_with("/dev/ttys")
}

/// What USB reports of a port: the resets differ for a chip's own USB port.
fn usb(path: &str) -> UsbPortInfo {
    let canonical = std::fs::canonicalize(path).unwrap_or_else(|_| path.into());
    serialport::available_ports()
        .into_iter()
        .flatten()
        .find(|port| port.port_name == path || Path::new(&port.port_name) == canonical)
        .and_then(|port| match port.port_type {
            SerialPortType::UsbPort(usb) => Some(usb),
            _ => None,
        })
        .unwrap_or(UsbPortInfo {
            vid: 0,
            pid: 0,
            serial_number: None,
            manufacturer: None,
            product: None,
        })
}

/// Reads and drops what a board printed; whether it printed anything.
fn anything_from(port: &mut Port) -> bool {
    let Ok(waiting @ 1..) = port.bytes_to_read() else {
        return false;
    };
    let mut bytes = vec![0; waiting.min(HEARD_AT_MOST) as usize];
    port.read(&mut bytes).is_ok_and(|count| count > 0)
}

/// Synchronizes with the boot loader.
fn sync(connection: &mut Connection) -> Result<(), Error> {
    connection.with_timeout(CommandType::Sync.timeout(), |connection| {
        connection.command(Command::Sync)?;
        for _ in 0..MORE_SYNC_RESPONSES {
            connection.read_response_for_command(CommandType::Sync)?;
        }
        Ok(())
    })
}

pub(super) fn gone(port: &str, step: Step, gone: bool) -> Problem {
    Problem::Lost {
        port: port.to_owned(),
        step,
        gone,
    }
}

/// What an error means.
pub(super) fn problem(port: &str, step: Step, error: &Error) -> Problem {
    log::debug!("{port}: {}", words(error));
    match error {
        Error::ChipDetectError(why) => Problem::UnknownChip {
            port: port.to_owned(),
            why: why.clone(),
        },
        Error::FlashConnect => Problem::NoFlash,
        Error::RomError(_) => Problem::Refused {
            step,
            why: words(error),
        },
        // Timeouts, broken frames and errors of the port. A pulled cable takes
        // the device file away.
        _ => gone(port, step, cfg!(unix) && !Path::new(port).exists()),
    }
}

/// An error with its causes.
pub(super) fn words(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = error.source();
    }
    text
}
