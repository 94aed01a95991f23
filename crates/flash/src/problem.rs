//! What can go wrong while a chip is flashed, and what people can do about it.

use std::{fmt, io, path::PathBuf};

use super::{Chip, Step};

/// A part of the flash that is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The second-stage boot loader.
    BootLoader,
    /// The partition table.
    PartitionTable,
    /// The record of the image to start.
    StartRecord,
    /// The firmware.
    Firmware,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BootLoader => "the boot loader",
            Self::PartitionTable => "the partition table",
            Self::StartRecord => "the record of the image to start",
            Self::Firmware => "the firmware",
        })
    }
}

/// Why flashing failed. Each message says what to do next.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// The port cannot be opened, or is gone.
    #[error(transparent)]
    Port(#[from] serial::Problem),
    /// There is no USB port.
    #[error(
        "no board found on USB; plug it in with a cable that carries data, since many cables only \
         charge. If it is plugged in, try another cable and another USB port{}",
        serial::drivers(platform::Platform::HERE)
    )]
    NoPorts,
    /// Nothing responds as a boot loader does.
    #[error("{}", not_in_download_mode(port, *heard))]
    NotInDownloadMode {
        /// The port, as given.
        port: String,
        /// Whether something was received: the board runs its program.
        heard: bool,
    },
    /// The boot loader is that of a chip that cannot be flashed.
    #[error("the chip on {port} is not supported: {why}")]
    UnknownChip {
        /// The port, as given.
        port: String,
        /// What it reported.
        why: String,
    },
    /// The chip accepts only its owner's firmware.
    #[error(
        "this {chip} is protected ({how}) and starts only its owner's firmware; use another board"
    )]
    Protected {
        /// The chip.
        chip: Chip,
        /// By what.
        how: &'static str,
    },
    /// The chip's flash does not respond.
    #[error(
        "the chip responds, but its flash does not; disconnect whatever is wired to the board, and \
         try again"
    )]
    NoFlash,
    /// There is no image for the chip.
    #[error("{}", no_image(*chip, searched))]
    NoImage {
        /// The chip.
        chip: Chip,
        /// The folders that were searched.
        searched: Vec<PathBuf>,
    },
    /// The image is for another chip.
    #[error("the image is for {image}, but the board has {board}; choose an image for {board}")]
    WrongChip {
        /// The image's chip.
        image: Chip,
        /// The board's chip.
        board: Chip,
    },
    /// The image needs a later revision of the chip.
    #[error(
        "the image needs revision {}.{} of the {chip}, but the board has {}.{}; use a newer board",
        needed.0, needed.1, revision.0, revision.1
    )]
    OldChip {
        /// The chip.
        chip: Chip,
        /// The oldest revision that the image runs on.
        needed: (u32, u32),
        /// The board's.
        revision: (u32, u32),
    },
    /// The flash is too small.
    #[error(
        "the board has {} of flash, but the firmware needs {}; use a board with more flash",
        flash(*size), flash(*needed)
    )]
    FlashTooSmall {
        /// What is needed, in bytes.
        needed: u32,
        /// What the board has, in bytes.
        size: u32,
    },
    /// The application does not fit into its partition.
    #[error(
        "the image has {size} bytes, but at most {} fit into its partition; build a smaller one",
        super::plan::SLOT
    )]
    ImageTooLarge {
        /// Its size in bytes.
        size: usize,
    },
    /// A file cannot be read.
    #[error("cannot read {file}: {source}")]
    File {
        /// Its path.
        file: String,
        /// The system's message.
        source: io::Error,
    },
    /// A file is not an image.
    #[error("{file} is not a firmware image: {why}")]
    NotAnImage {
        /// Its path.
        file: String,
        /// Why not.
        why: &'static str,
    },
    /// An image is damaged.
    #[error("{file} is damaged: {why}; download or build it again")]
    Damaged {
        /// Its path.
        file: String,
        /// How that was noticed.
        why: &'static str,
    },
    /// A manifest is invalid.
    #[error("{file} is not a valid manifest: {why}")]
    Manifest {
        /// Its path.
        file: String,
        /// Why not.
        why: String,
    },
    /// The port is gone, or the board stopped responding.
    #[error("{}", lost(port, *step, *gone))]
    Lost {
        /// The port, as given.
        port: String,
        /// What was being done.
        step: Step,
        /// Whether the port itself is gone, as when the cable is pulled.
        gone: bool,
    },
    /// The boot loader refused a command.
    #[error(
        "the board's boot loader reported an error while {}: {why}; press RESET and try again",
        during(*step)
    )]
    Refused {
        /// What was being done.
        step: Step,
        /// The error.
        why: String,
    },
    /// What is in the flash is not what was written.
    #[error(
        "verification failed: {part} is not in the flash as it was written; try again, with a \
         shorter cable or another USB port. If it fails again, the flash may be worn out"
    )]
    Verification {
        /// Which part differs.
        part: Part,
    },
    /// The boot loader cannot be put together.
    #[error("there is no boot loader for this board: {why}")]
    NoBootLoader {
        /// Why not.
        why: String,
    },
    /// The user canceled it.
    #[error("canceled")]
    Canceled,
}

impl Problem {
    /// The reason as a word, for programs: stable, for example `port_busy`.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Port(problem) => match problem {
                serial::Problem::NoPort { .. } => "no_port",
                serial::Problem::Busy { .. } => "port_busy",
                serial::Problem::Denied { .. } => "permission_denied",
                serial::Problem::InUse { .. } => "port_busy",
                serial::Problem::Lost { .. } => "port_lost",
                _ => "port",
            },
            Self::NoPorts => "no_port",
            Self::NotInDownloadMode { .. } => "not_in_download_mode",
            Self::UnknownChip { .. } => "unknown_chip",
            Self::Protected { .. } => "protected",
            Self::NoFlash => "no_flash",
            Self::NoImage { .. } => "no_image",
            Self::WrongChip { .. } => "wrong_chip",
            Self::OldChip { .. } => "old_chip",
            Self::FlashTooSmall { .. } => "flash_too_small",
            Self::ImageTooLarge { .. } => "image_too_large",
            Self::File { .. } => "file",
            Self::NotAnImage { .. } => "not_an_image",
            Self::Damaged { .. } => "image_damaged",
            Self::Manifest { .. } => "manifest",
            Self::Lost { gone: true, .. } => "port_lost",
            Self::Lost { gone: false, .. } => "no_response",
            Self::Refused { .. } => "refused",
            Self::Verification { .. } => "verification_failed",
            Self::NoBootLoader { .. } => "no_boot_loader",
            Self::Canceled => "canceled",
        }
    }
}

fn not_in_download_mode(port: &str, heard: bool) -> String {
    let what = if heard {
        "the board runs its program"
    } else {
        "no response"
    };
    format!(
        "{port}: {what}, and could not be put into download mode; hold BOOT, press RESET, release \
         BOOT, then try again"
    )
}

fn no_image(chip: Chip, searched: &[PathBuf]) -> String {
    let folders: Vec<_> = searched
        .iter()
        .map(|folder| folder.display().to_string())
        .collect();
    format!(
        "no firmware for {chip} found in {}; put the release's folder firmware there, or choose a \
         file",
        folders.join(" or ")
    )
}

fn lost(port: &str, step: Step, gone: bool) -> String {
    let what = if gone {
        "was disconnected"
    } else {
        "stopped responding"
    };
    let after = match step {
        Step::Connecting => "plug in the board and try again",
        Step::Restarting => "unplug the board and plug it in again to start it",
        _ => {
            "the firmware is incomplete; plug in the board and flash it again, which is always \
             possible"
        }
    };
    format!("{port} {what} while {}; {after}", during(step))
}

fn during(step: Step) -> &'static str {
    match step {
        Step::Connecting => "connecting",
        Step::Erasing => "the flash was erased",
        Step::Writing => "the firmware was written",
        Step::Verifying => "the firmware was verified",
        Step::Restarting => "the board was restarted",
    }
}

/// A size of flash, which is always a power of two.
fn flash(bytes: u32) -> String {
    match bytes >> 20 {
        0 => format!("{} kB", bytes >> 10),
        _ => format!("{} MB", bytes.div_ceil(1 << 20)),
    }
}
