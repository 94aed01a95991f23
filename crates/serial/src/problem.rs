//! What can go wrong on the way to a board's Wi-Fi, and what a person can do
//! about it.

use std::io;

use protocol::improv::{ErrorState, State};

use super::{NoAnswer, Request};

/// Why a board was not given its Wi-Fi. Each says what to do next.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// There is no such port.
    #[error(
        "there is no serial port {port}; is the board plugged in, with a cable that carries data?"
    )]
    NoPort {
        /// As it was given.
        port: String,
    },
    /// Another program has it.
    #[error(
        "another program uses {port}; close its serial monitor, or any other program that flashes \
             or reads the board"
    )]
    Busy {
        /// As it was given.
        port: String,
    },
    /// This user may not open it.
    #[error(
        "you may not open {port}; on Linux, add yourself to the group that it belongs to (sudo \
             usermod -a -G dialout $USER, on Arch \
         uucp), then log out and in again"
    )]
    Denied {
        /// As it was given.
        port: String,
    },
    /// It cannot be opened for another reason.
    #[error("{port} cannot be opened as a serial port: {reason}")]
    Open {
        /// As it was given.
        port: String,
        /// What the system says.
        reason: String,
    },
    /// It was there, and is no more.
    #[error(
        "{port} went away ({source}); was the board unplugged, or reset? Plug it in and try again"
    )]
    Lost {
        /// As it was given.
        port: String,
        /// What the system says.
        source: io::Error,
    },
    /// Nothing at all came.
    #[error(
        "nothing answers on {port}; is it a board with Switchboard's firmware, and is this its \
             port? Press its reset button and try \
         again"
    )]
    Silent {
        /// As it was given.
        port: String,
    },
    /// Something came, but no Improv.
    #[error(
        "what is on {port} talks, but does not speak Improv; is it a board with Switchboard's \
             firmware? A board that starts again and \
         again does not answer either"
    )]
    NotImprov {
        /// As it was given.
        port: String,
    },
    /// It answered before, and stopped.
    #[error("the board did not answer in time; press its reset button and try again")]
    Late,
    /// It could not connect.
    #[error(
        "the board is unable to connect to {ssid:?}: is the password right, and is the network \
             within its reach? Most boards have \
         2.4 GHz only"
    )]
    UnableToConnect {
        /// The network.
        ssid: String,
    },
    /// It wants a hand at the board first.
    #[error("the board wants to be allowed to: press the button on it, then try again")]
    NotAuthorized,
    /// It takes no credentials at all now.
    #[error("the board takes no Wi-Fi settings now; is its Wi-Fi switched off in its settings?")]
    Stopped,
    /// It cannot scan.
    #[error("the board cannot look for networks; give the network's name yourself")]
    NoScan,
    /// It makes no key.
    #[error("the board is not locked: it makes no key ({why})")]
    NoKey {
        /// In the board's words.
        why: String,
    },
    /// It printed no key.
    #[error(
        "the board has its Wi-Fi, but printed no key within 8 s, so that it may be open still; \
             try again with --lock, or press its reset button first"
    )]
    NotLocked,
    /// It reported another error.
    #[error("the board reports an error ({what}); press its reset button and try again")]
    Board {
        /// Which.
        what: &'static str,
    },
    /// Who asked does not want it any more.
    #[error("it was cancelled")]
    Cancelled,
}

impl Problem {
    /// Whether the board answered, and said no.
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

    pub(super) fn opening(port: &str, error: &serialport::Error) -> Self {
        let port = port.to_owned();
        match error.kind() {
            serialport::ErrorKind::Io(io::ErrorKind::NotFound) => Self::NoPort { port },
            serialport::ErrorKind::Io(io::ErrorKind::PermissionDenied) => Self::Denied { port },
            serialport::ErrorKind::Io(io::ErrorKind::WouldBlock) => Self::Busy { port },
            // A port that is locked by another program, on Linux and macOS. On
            // Windows also one that is not there.
            serialport::ErrorKind::NoDevice if cfg!(unix) => Self::Busy { port },
            serialport::ErrorKind::NoDevice => Self::Open {
                port,
                reason: "it is not there, or in use".to_owned(),
            },
            _ => Self::Open {
                port,
                reason: error.to_string(),
            },
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
                what: "its answer is malformed",
            },
            (_, NoAnswer::Error(error)) => match error {
                ErrorState::NotAuthorized => Self::NotAuthorized,
                ErrorState::InvalidPacket => Self::Board {
                    what: "it got a damaged request",
                },
                ErrorState::UnknownCommand => Self::Board {
                    what: "it does not have the command",
                },
                ErrorState::UnableToConnect => Self::Board {
                    what: "it is unable to connect",
                },
                ErrorState::BadHostname => Self::Board {
                    what: "it does not take the host name",
                },
                ErrorState::None | ErrorState::Unknown(_) => Self::Board {
                    what: "it does not say which",
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
