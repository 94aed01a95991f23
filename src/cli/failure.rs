//! Why a command failed, and its exit status.

use std::io;

use protocol::RpcError;

use super::{backup, channel, find, flash, new, scene};
use disk::keys::StoreError;
use engine::StartError;
use serial::Problem;

/// Why a command failed; determines the exit status.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// 1: the board refused the command.
    #[error("{board} refused: {error}")]
    Refused { board: String, error: Box<RpcError> },
    /// 1: the board is incompatible, and waiting does not help.
    #[error("{board} {problem}")]
    Incompatible { board: String, problem: String },
    /// 1: only boards of ours have what the command needs.
    #[error(
        "{board} is a board of another family ({}); this command needs Switchboard's own firmware",
        family.title()
    )]
    AnotherFamily {
        board: String,
        family: fleet::Family,
    },
    /// 1: the board still runs its previous firmware.
    #[error("{board}: {problem}")]
    Update {
        board: String,
        problem: Box<fleet::UpdateProblem>,
    },
    /// 1: the board is locked, and this computer has no key that it accepts.
    #[error(
        "{board}: {problem}. If you have a key file, run: switchboard keys add FILE. Otherwise, \
         hold the board's button for 5 s, release it, and run: switchboard keys pair {typed}"
    )]
    NoKey {
        board: String,
        typed: String,
        problem: fleet::LinkProblem,
    },
    /// 1: a board of another family asks for a password or a key that this
    /// computer does not have, or rejects it.
    #[error("{board} {problem}. To enter the {noun}, run: switchboard keys set {typed}")]
    NoCredential {
        board: String,
        typed: String,
        noun: &'static str,
        problem: String,
    },
    /// 1: the board is known to be locked, and its key cannot be read.
    #[error(
        "{board}: {problem}. If the board was erased and is open now, run: switchboard keys \
         forget {id}"
    )]
    KeyUnavailable {
        board: String,
        id: String,
        problem: String,
    },
    /// 1: pairing did not produce a key.
    #[error("{board}: {problem}")]
    NotPaired {
        board: String,
        problem: pairing::PairProblem,
    },
    /// 2: the keys on this computer cannot be read or saved.
    #[error(transparent)]
    Keys(#[from] StoreError),
    /// 2: the arguments are invalid.
    #[error("{0}")]
    Usage(String),
    /// 3: no such board, or several.
    #[error("{0}")]
    NoSuchBoard(#[from] find::NotFound),
    /// 3: this computer has no key for such a board.
    #[error("{0}")]
    NoStoredKey(String),
    /// 1: the board rejected its Wi-Fi credentials, and said why.
    #[error(transparent)]
    NotProvisioned(Problem),
    /// 3: no such port.
    #[error(transparent)]
    NoPort(Problem),
    /// 4: no board can be reached over the cable.
    #[error(transparent)]
    Cable(Problem),
    /// 1, 2, 3 or 4: firmware was not written over the cable.
    #[error(transparent)]
    Flash(#[from] ::flash::Problem),
    /// 1 or 2: a project was not written.
    #[error(transparent)]
    Project(#[from] scaffold::WriteError),
    /// 4: no answer in time.
    #[error("{0}")]
    NoAnswer(String),
    /// 4: the fleet could not be started.
    #[error(transparent)]
    Start(#[from] StartError),
    /// 1, 3 or 4: a scene was not applied completely; the details were printed.
    #[error(transparent)]
    Scene(#[from] scene::Incomplete),
    /// 1: a backup was not restored completely.
    #[error(transparent)]
    NotRestored(#[from] backup::NotRestored),
    /// 1, 2 or 4: a channel failed.
    #[error(transparent)]
    Channel(#[from] channel::ChannelFailure),
    /// 1: nothing can be recorded, or something was not.
    #[error("{0}")]
    Recording(String),
    /// 1: a recording cannot be replayed.
    #[cfg(feature = "window")]
    #[error("{0}")]
    Replay(String),
    /// 5: the doctor found faults, which were printed.
    #[error("{}", text::count(u64::try_from(*.0).unwrap_or(u64::MAX), "fault"))]
    Faults(usize),
    /// 6: the server does not conform to the protocol; the details were
    /// printed.
    #[error("{} failed; see docs/protocol.md", text::count(*.0, "check"))]
    NotConforming(u64),
    /// The output was closed, or cannot be written.
    #[error(transparent)]
    Output(#[from] io::Error),
}

impl Failure {
    pub(super) fn status(&self) -> u8 {
        match self {
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => 0,
            Self::Refused { .. }
            | Self::Incompatible { .. }
            | Self::AnotherFamily { .. }
            | Self::Update { .. }
            | Self::NoKey { .. }
            | Self::NoCredential { .. }
            | Self::KeyUnavailable { .. }
            | Self::NotPaired { .. }
            | Self::NotProvisioned(_)
            | Self::NotRestored(_)
            | Self::Recording(_)
            | Self::Output(_) => 1,
            #[cfg(feature = "window")]
            Self::Replay(_) => 1,
            Self::Usage(_) | Self::Keys(_) => 2,
            Self::Flash(problem) => flash::status(problem),
            Self::Project(error) => new::status(error),
            Self::Scene(incomplete) => incomplete.status(),
            Self::Channel(failure) => failure.status(),
            Self::NoSuchBoard(_) | Self::NoPort(_) | Self::NoStoredKey(_) => 3,
            Self::NoAnswer(_) | Self::Start(_) | Self::Cable(_) => 4,
            Self::Faults(_) => 5,
            Self::NotConforming(_) => 6,
        }
    }
}
