//! How far flashing is.

use std::fmt;

/// What is being done. They follow in this order; [`Step::Erasing`] is left out
/// if it was not requested.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The chip is restarted into its boot loader and identified.
    Connecting,
    /// All of the flash is erased, which takes up to a minute.
    Erasing,
    /// Boot loader, partition table and image are written.
    Writing,
    /// What was written is compared with what should have been.
    Verifying,
    /// The chip is restarted with its new firmware.
    Restarting,
}

impl Step {
    /// The name for programs, for example `writing`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Connecting => "connecting",
            Self::Erasing => "erasing",
            Self::Writing => "writing",
            Self::Verifying => "verifying",
            Self::Restarting => "restarting",
        }
    }
}

/// For people, for example `Writing the firmware`.
impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connecting => "Connecting to the board",
            Self::Erasing => "Erasing the flash",
            Self::Writing => "Writing the firmware",
            Self::Verifying => "Verifying the firmware",
            Self::Restarting => "Restarting the board",
        })
    }
}

/// How far flashing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// What is being done.
    pub step: Step,
    /// Bytes done in this step.
    pub done: u64,
    /// Bytes to do in this step; 0 if it has no measure.
    pub total: u64,
}

impl Progress {
    pub(crate) fn begin(step: Step) -> Self {
        Self {
            step,
            done: 0,
            total: 0,
        }
    }

    /// How far this step is, 0 to 1; `None` if it has no measure.
    #[must_use]
    pub fn fraction(self) -> Option<f32> {
        #[expect(
            clippy::cast_precision_loss,
            reason = "a bar needs no more than 24 bits"
        )]
        (self.total > 0).then(|| self.done as f32 / self.total as f32)
    }
}
