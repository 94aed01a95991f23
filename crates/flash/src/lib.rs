//! Writes firmware to a chip over a serial port: finds out which chip it is,
//! chooses an image, writes boot loader, partition table and image, verifies
//! them and restarts the chip.
//!
//! Everything here blocks, so it needs its own thread. [`detect`] and [`flash`]
//! open the port and close it again; [`Session`] keeps it open in between. The
//! protocol of the chips' boot loaders is espflash's.

mod chip;
mod image;
mod images;
mod parts;
mod plan;
mod problem;
mod progress;
mod session;
mod wire;

use std::sync::atomic::AtomicBool;

pub use chip::Chip;
pub use image::{Image, Kind};
pub use images::{Described, Entry, Images, Manifest};
pub use plan::{FLASH_NEEDED, Plan};
pub use problem::{Part, Problem};
pub use progress::{Progress, Step};
pub use serial::{Port, ports};
pub use session::{Detected, Session};

/// Finds out which chip is connected to a port, and restarts it. Setting
/// `canceled` ends it within about three seconds.
///
/// # Errors
/// If the port cannot be opened, or no chip responds.
pub fn detect(port: &str, canceled: &AtomicBool) -> Result<Detected, Problem> {
    let session = Session::open(port, canceled)?;
    let detected = session.detected().clone();
    session.restart()?;
    Ok(detected)
}

/// Carries out a plan: connects, writes, verifies, and restarts the chip, which
/// then runs the new firmware. Setting `canceled` ends it within about three
/// seconds, except while all of the flash is erased; the chip then has no
/// complete firmware, and can be flashed again.
///
/// # Errors
/// If the port cannot be opened, no chip responds, the plan is not for this
/// chip, or writing or verifying fails.
pub fn flash(
    port: &str,
    plan: &Plan,
    progress: &mut dyn FnMut(Progress),
    canceled: &AtomicBool,
) -> Result<Detected, Problem> {
    progress(Progress::begin(Step::Connecting));
    let session = Session::open(port, canceled)?;
    let detected = session.detected().clone();
    session.flash(plan, progress, canceled)?;
    Ok(detected)
}
