//! What the app keeps of its recording and its replay, and what their threads
//! report.

use std::{fmt, path::PathBuf, sync::mpsc};

use record::{Notice, Recording, Status};

use crate::model::sessions::Replays;

/// What the recording reports.
pub(crate) enum Report {
    Started(PathBuf, Result<Recording, String>),
    Notice(Notice),
    Stopped(PathBuf, Result<Status, String>),
}

/// The recording of this window, and what it reports.
pub(crate) struct Recorder {
    pub(super) recording: Option<Recording>,
    /// The first file: the chosen one may exist already.
    pub(super) file: Option<PathBuf>,
    pub(super) reports: (mpsc::Sender<Report>, mpsc::Receiver<Report>),
}

impl Default for Recorder {
    fn default() -> Self {
        Self {
            recording: None,
            file: None,
            reports: mpsc::channel(),
        }
    }
}

/// What runs replays.
#[derive(Default)]
pub(crate) enum Replayer {
    #[default]
    Absent,
    Ready(Box<dyn Replays>),
    /// In use on a thread, which returns it.
    Busy(mpsc::Receiver<Returned>),
}

/// What runs replays, and why it could not start one.
pub(crate) type Returned = (Box<dyn Replays>, Option<Started>);

/// A replay was started, or was not.
pub(crate) struct Started {
    pub(super) name: String,
    pub(super) speed: f64,
    pub(super) outcome: Result<(), String>,
}

impl fmt::Debug for Replayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Absent => "Absent",
            Self::Ready(_) => "Ready",
            Self::Busy(_) => "Busy",
        })
    }
}
