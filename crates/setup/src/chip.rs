//! The chip at a port, and writing firmware to it.

use std::{
    path::PathBuf,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use flash::{Detected, Entry, Image, Images, Plan, Problem, Progress};

/// A chip, and the images that can be written to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundChip {
    /// The chip.
    pub detected: Detected,
    /// The images for it.
    pub images: Vec<Entry>,
    /// Why there are none, or why some were left out.
    pub problems: Vec<String>,
}

/// An image to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImageChoice {
    /// One of those that were found.
    Found(Entry),
    /// A file.
    File(PathBuf),
}

/// What to write to the chip at a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlashJob {
    /// The port.
    pub port: String,
    /// The image.
    pub image: ImageChoice,
    /// Whether all of the flash is erased first, with its settings and keys.
    pub erase: bool,
}

/// Finds out which chip is at a port, and which images in these folders are for
/// it.
pub(crate) fn detect(
    port: &str,
    folders: &[PathBuf],
    canceled: &AtomicBool,
) -> Result<FoundChip, Problem> {
    let detected = flash::detect(port, canceled)?;
    let found = Images::find(folders);
    let images: Vec<Entry> = found.of(detected.chip).cloned().collect();
    let mut problems: Vec<String> = found.problems.iter().map(ToString::to_string).collect();
    if images.is_empty() {
        problems.push(found.none_for(detected.chip).to_string());
    }
    Ok(FoundChip {
        detected,
        images,
        problems,
    })
}

/// Writes an image. `report` gets at most one report per percent.
pub(crate) fn write(
    job: &FlashJob,
    mut report: impl FnMut(Progress),
    canceled: &AtomicBool,
) -> Result<Detected, Problem> {
    let image = match &job.image {
        ImageChoice::Found(entry) => entry.read()?,
        ImageChoice::File(path) => Image::read(path)?,
    };
    let plan = Plan {
        image,
        erase: job.erase,
    };
    let mut last = None;
    let mut progress = |now: Progress| {
        let percent = now.done.saturating_mul(100).checked_div(now.total);
        let now_at = Some((now.step, percent));
        if last != now_at {
            last = now_at;
            report(now);
        }
    };
    flash::flash(&job.port, &plan, &mut progress, canceled)
}

/// Tries again while a port is not there: that of a chip with its own USB
/// disappears for a moment when the chip restarts.
pub(crate) fn reappearing<T>(
    canceled: &AtomicBool,
    most: Duration,
    mut open: impl FnMut() -> Result<T, serial::Problem>,
) -> Result<T, serial::Problem> {
    let end = Instant::now() + most;
    loop {
        let outcome = open();
        let gone = matches!(
            outcome,
            Err(serial::Problem::NoPort { .. } | serial::Problem::Lost { .. })
        );
        if !gone || Instant::now() >= end || canceled.load(Ordering::Relaxed) {
            return outcome;
        }
        thread::sleep(Duration::from_millis(100));
    }
}
