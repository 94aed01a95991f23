//! Whether virtual boards can be started from the window.

/// Whether virtual boards can be started from here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VirtualBoards {
    /// This program has none.
    Absent,
    /// They can be started.
    Ready,
    /// They are being started.
    Starting,
}

/// Starts this many more virtual boards in this program; called on a thread of
/// its own, so that it may take its time.
pub type StartVirtualBoards = Box<dyn FnMut(usize) -> Result<(), String> + Send>;
