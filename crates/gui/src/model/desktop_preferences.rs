//! What the desktop prefers.

/// What the desktop prefers, as far as it says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DesktopPreferences {
    /// A dark theme or a light one.
    pub dark: Option<bool>,
    /// No decorative motion.
    pub reduced_motion: bool,
    /// The main pointer is a finger.
    pub touch: bool,
}
