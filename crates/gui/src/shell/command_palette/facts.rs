//! What the palette has to know of the window.

use crate::model::virtual_boards::VirtualBoards;
use disk::settings::Page;

/// What the palette has to know of the window.
pub(crate) struct WindowFacts {
    /// The page that is shown.
    pub(crate) page: Page,
    /// Whether it is paused; `None` if it cannot be.
    pub(crate) paused: Option<bool>,
    /// Whether a serial port is monitored.
    pub(crate) monitors: bool,
    pub(crate) virtual_boards: VirtualBoards,
}
