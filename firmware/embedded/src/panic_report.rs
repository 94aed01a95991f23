//! The text of a panic, as the chip stores it over its reset and the next run
//! prints it.

use alloc::string::String;
use core::{
    fmt::{self, Display},
    panic::PanicInfo,
};

/// What the compiler says instead of a file's name under
/// `-Zlocation-detail=none`.
const UNKNOWN_FILE: &str = "<redacted>";

/// A panic's message, and where it happened if the image knows.
pub struct PanicReport<'a> {
    message: &'a dyn Display,
    location: Option<(&'a str, u32)>,
}

impl<'a> PanicReport<'a> {
    /// The report of a message and its source file and line.
    pub fn new(message: &'a dyn Display, location: Option<(&'a str, u32)>) -> Self {
        Self { message, location }
    }

    /// Passes on the report of what a panic handler is given.
    pub fn with<R>(info: &PanicInfo<'_>, work: impl FnOnce(&PanicReport<'_>) -> R) -> R {
        let location = info.location();
        work(&PanicReport::new(
            &info.message(),
            location.map(|place| (place.file(), place.line())),
        ))
    }
}

impl Display for PanicReport<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.message.fmt(f)?;
        match self.location {
            Some((file, line)) if file != UNKNOWN_FILE => write!(f, " ({file}:{line})"),
            _ => Ok(()),
        }
    }
}

/// A stored report as text of one line. The memory may have changed meanwhile:
/// what is not text is replaced.
pub fn stored(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes)
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}
