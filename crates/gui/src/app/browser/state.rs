//! What the app keeps for its browser.

use super::preferences::BrowserFollower;

/// What it keeps.
#[derive(Default)]
pub(in crate::app) struct Local {
    pub(super) preferences: BrowserFollower,
}

/// The result of a file task that only a window with files can do: it does not
/// exist.
#[derive(Debug, Clone, Copy)]
pub(crate) enum LocalResult {}
