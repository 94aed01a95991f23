//! What runs for the dialog *Set up a board*.

use std::sync::mpsc;

use doctor::Examination;
use fleet::Outcome;
use setup::Worker;

/// What runs for the dialog; ends with it.
pub(super) struct RunningSetup {
    pub(super) worker: Worker,
    pub(super) examination: Option<Examination>,
    pub(super) renamed: (mpsc::Sender<Outcome>, mpsc::Receiver<Outcome>),
}

impl RunningSetup {
    /// With this thread, and no examination.
    pub(in crate::app) fn new(worker: Worker) -> Self {
        Self {
            worker,
            examination: None,
            renamed: mpsc::channel(),
        }
    }
}
