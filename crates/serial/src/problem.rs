//! What can go wrong while a board is given its Wi-Fi credentials, and what
//! people can do about it.

use std::io;

use platform::Platform;
use protocol::improv::{ErrorState, State};

use super::{Advice, Holder, NoAnswer, Request, holder};

/// Why provisioning failed. Each message says what to do next.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// There is no such port.
    #[error(
        "there is no serial port {port}; check that the board is plugged in with a data cable{}",
        drivers(Platform::HERE)
    )]
    NoPort {
        /// The port, as given.
        port: String,
    },
    /// Another program is using it.
    #[error("{}", busy(port, holder.as_ref()))]
    Busy {
        /// The port, as given.
        port: String,
        /// The program, if the system says so.
        holder: Option<Holder>,
    },
    /// Another part of this program is using it.
    #[error("{by} is using {port}; close it first")]
    InUse {
        /// The port.
        port: String,
        /// Its user, for example "the set-up dialog".
        by: &'static str,
    },
    /// This user may not open it.
    #[error("permission to open {port} was denied; {advice}")]
    Denied {
        /// The port, as given.
        port: String,
        /// What to do about it.
        advice: Advice,
    },
    /// It cannot be opened for another reason.
    #[error("cannot open {port} as a serial port: {reason}")]
    Open {
        /// The port, as given.
        port: String,
        /// The system's message.
        reason: String,
    },
    /// It was disconnected.
    #[error("{port} was disconnected ({source}); plug in the board and try again")]
    Lost {
        /// The port, as given.
        port: String,
        /// The system's message.
        source: io::Error,
    },
    /// Nothing was received.
    #[error(
        "no response on {port}; check that it is the port of a board with Switchboard's firmware, \
         press its reset button and try again"
    )]
    Silent {
        /// The port, as given.
        port: String,
    },
    /// Something was received, but not Improv.
    #[error(
        "the device on {port} sends data but does not speak Improv; check that it is a board with \
         Switchboard's firmware and that it does not restart repeatedly"
    )]
    NotImprov {
        /// The port, as given.
        port: String,
    },
    /// It stopped responding.
    #[error("the board did not respond in time; press its reset button and try again")]
    Late,
    /// It could not connect.
    #[error(
        "the board could not connect to {ssid:?}; check the password and that the network is in \
         range. Most boards support only 2.4 GHz"
    )]
    UnableToConnect {
        /// The network.
        ssid: String,
    },
    /// It needs a button press first.
    #[error("the board requires confirmation: press its button, then try again")]
    NotAuthorized,
    /// It does not accept credentials now.
    #[error(
        "the board does not accept Wi-Fi credentials now; check whether its Wi-Fi is turned off"
    )]
    Stopped,
    /// It cannot scan.
    #[error("the board cannot scan for networks; enter the network's name")]
    NoScan,
    /// It generated no key.
    #[error("the board is not locked: it could not generate a key ({why})")]
    NoKey {
        /// The board's message.
        why: String,
    },
    /// It printed no key.
    #[error(
        "the board has its Wi-Fi credentials, but printed no key within 8 s, so it may still be \
         open; try again with --lock, or press its reset button first"
    )]
    NotLocked,
    /// It reported another error.
    #[error("the board reported an error ({what}); press its reset button and try again")]
    Board {
        /// The error.
        what: &'static str,
    },
    /// The user canceled it.
    #[error("canceled")]
    Canceled,
}

impl Problem {
    /// Whether the board responded with a refusal.
    pub fn is_refusal(&self) -> bool {
        matches!(
            self,
            Self::UnableToConnect { .. }
                | Self::NotAuthorized
                | Self::Stopped
                | Self::NoScan
                | Self::NoKey { .. }
                | Self::Board { .. }
        )
    }

    /// What an error of `serialport` means when a port was opened.
    pub fn opening(port: &str, error: &serialport::Error) -> Self {
        let port = port.to_owned();
        match error.kind() {
            serialport::ErrorKind::Io(io::ErrorKind::NotFound) => Self::NoPort { port },
            serialport::ErrorKind::Io(io::ErrorKind::PermissionDenied) => Self::Denied {
                advice: Advice::on(&port),
                port,
            },
            serialport::ErrorKind::Io(io::ErrorKind::WouldBlock) => Self::in_use(port),
            serialport::ErrorKind::NoDevice => Self::no_device(port, Platform::HERE, exists),
            // ENOTTY, whose text is historical.
            _ if error.description == "Not a typewriter" => Self::Open {
                port,
                reason: "it is a file or another kind of device".to_owned(),
            },
            _ => Self::Open {
                port,
                reason: error.to_string(),
            },
        }
    }

    /// On Linux and macOS, another program has locked the port. Windows reports
    /// the same if the port does not exist.
    fn no_device(port: String, platform: Platform, exists: impl FnOnce(&str) -> bool) -> Self {
        match platform {
            Platform::Windows if !exists(&port) => Self::NoPort { port },
            _ => Self::in_use(port),
        }
    }

    fn in_use(port: String) -> Self {
        Self::Busy {
            holder: holder(&port),
            port,
        }
    }

    pub(super) fn unanswered(port: &str, request: &Request, why: NoAnswer) -> Self {
        let port = port.to_owned();
        match (request, why) {
            (Request::State, NoAnswer::Late { heard: false }) => Self::Silent { port },
            (Request::State, NoAnswer::Late { heard: true }) => Self::NotImprov { port },
            (Request::Networks, NoAnswer::Error(ErrorState::UnknownCommand)) => Self::NoScan,
            (Request::Connect(credentials), NoAnswer::Error(ErrorState::UnableToConnect)) => {
                Self::UnableToConnect {
                    ssid: credentials.ssid().to_owned(),
                }
            }
            (Request::Lock, NoAnswer::Late { .. }) => Self::NotLocked,
            (_, NoAnswer::Late { .. }) => Self::Late,
            (_, NoAnswer::Malformed) => Self::Board {
                what: "its response is malformed",
            },
            (_, NoAnswer::Error(error)) => match error {
                ErrorState::NotAuthorized => Self::NotAuthorized,
                ErrorState::InvalidPacket => Self::Board {
                    what: "it received a damaged request",
                },
                ErrorState::UnknownCommand => Self::Board {
                    what: "it does not support the command",
                },
                ErrorState::UnableToConnect => Self::Board {
                    what: "it could not connect",
                },
                ErrorState::BadHostname => Self::Board {
                    what: "it rejected the host name",
                },
                ErrorState::None | ErrorState::Unknown(_) => Self::Board {
                    what: "unknown error",
                },
            },
        }
    }

    /// What a state means for credentials.
    pub(super) fn of_state(state: State) -> Option<Self> {
        match state {
            State::Stopped => Some(Self::Stopped),
            State::AuthorizationRequired => Some(Self::NotAuthorized),
            _ => None,
        }
    }
}

/// The message where this computer has no serial port.
#[must_use]
pub fn no_port_found() -> String {
    format!(
        "no serial port found; plug in the board with a cable that carries data{}",
        drivers(Platform::HERE)
    )
}

/// Advice about drivers, to append to an error: without a period at its end, as
/// errors are.
#[must_use]
pub fn drivers(platform: Platform) -> String {
    match platform.driver_advice().strip_suffix('.') {
        Some(advice) => format!(".{advice}"),
        None => String::new(),
    }
}

fn busy(port: &str, holder: Option<&Holder>) -> String {
    match holder {
        Some(holder) => format!("{port} is in use by {holder}; close it and try again"),
        None => format!(
            "another program is using {port}; close its serial monitor, or any other program that \
             flashes or reads the board"
        ),
    }
}

/// Whether the system lists the port. Windows accepts COM3 in any case, and as
/// `\\.\COM3`.
fn exists(port: &str) -> bool {
    let name = port.trim_start_matches(r"\\.\");
    serialport::available_ports()
        .unwrap_or_default()
        .iter()
        .any(|info| info.port_name.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_port_may_lack_its_driver() {
        assert_eq!(drivers(Platform::Linux), "");
        assert!(drivers(Platform::Windows).starts_with(". A board with a CH340"));
        assert!(!drivers(Platform::Windows).ends_with('.'));
    }

    #[test]
    fn a_port_that_cannot_be_opened_is_missing_or_in_use() {
        let problem = |platform, exists: bool| {
            Problem::no_device("COM3".to_owned(), platform, |_| exists).to_string()
        };
        assert!(problem(Platform::Windows, false).contains("there is no serial port COM3"));
        for (platform, exists) in [
            (Platform::Windows, true),
            (Platform::Linux, false),
            (Platform::MacOs, false),
        ] {
            let said = problem(platform, exists);
            assert!(said.contains("another program is using COM3"), "{said}");
        }
    }
}
