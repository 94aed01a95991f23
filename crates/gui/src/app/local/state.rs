//! What the app keeps for this computer.

use std::path::PathBuf;

use channel::Recorder as ChannelRecorder;
use doctor::Examination;
use engine::Lookout;

use super::{
    desktop_preferences::DesktopFollower,
    key_ring::KeyRing,
    notification_service::Notifications,
    running_setup::RunningSetup,
    session_reports::{Recorder, Replayer},
};
use crate::{model::virtual_boards::Samples, pages::lab::channels::load::Loaded};

/// What the app keeps for it.
#[derive(Default)]
pub(in crate::app) struct Local {
    pub(super) recorder: Recorder,
    pub(super) replayer: Replayer,
    /// The boards of the replay.
    pub(super) replayed: Samples,
    /// How the doctor looks for boards: as the fleet does.
    pub(super) lookout: Lookout,
    /// The doctor's current examination.
    pub(super) examination: Option<Examination>,
    /// What runs for the dialog *Set up a board*.
    pub(super) setup: Option<RunningSetup>,
    pub(super) keys: KeyRing,
    /// What the desktop prefers, if it is followed.
    pub(super) desktop: Option<DesktopFollower>,
    /// Notifications of the desktop, if they are wanted.
    pub(super) notifications: Option<Notifications>,
}

/// The result of a file task that only a window with files can do.
#[derive(Debug)]
pub(crate) enum LocalResult {
    /// A recording of the lab's channel with this number has started.
    Recorder(u64, ChannelRecorder),
    /// A channel recording from a file.
    Recording(Loaded),
    /// Where the session is recorded.
    RecordSession(PathBuf),
    /// A recording of a session.
    OpenSession(PathBuf),
}
