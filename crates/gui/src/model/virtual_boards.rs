//! Sample boards: virtual boards that run in this program.

use std::collections::BTreeSet;

use fleet::BoardView;

/// How many sample boards are started: one of each common profile.
pub(crate) const SAMPLES: usize = 3;

/// Whether sample boards can be started from here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VirtualBoards {
    /// This program has none.
    Absent,
    /// They can be started.
    Ready,
    /// They are being started or stopped.
    Starting,
}

/// Runs virtual boards in this program. Called on a thread of its own, so that
/// it may take its time.
pub trait SampleBoards: Send {
    /// Starts this many more.
    ///
    /// # Errors
    /// Why they could not be started.
    fn start(&mut self, count: usize) -> Result<(), String>;

    /// Ends all of them.
    fn stop(&mut self);

    /// The ids of those that run.
    fn ids(&self) -> Vec<String>;
}

/// Which boards are samples, by id.
#[derive(Debug, Default)]
pub struct Samples(BTreeSet<String>);

impl Samples {
    /// The samples with these ids.
    pub fn new(ids: impl IntoIterator<Item = String>) -> Self {
        Self(ids.into_iter().collect())
    }

    /// Adds samples with these ids.
    pub(crate) fn extend(&mut self, ids: impl IntoIterator<Item = String>) {
        self.0.extend(ids);
    }

    /// How many run.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether this board is one.
    pub(crate) fn has(&self, board: &BoardView) -> bool {
        board.id.as_deref().is_some_and(|id| self.0.contains(id))
    }
}
