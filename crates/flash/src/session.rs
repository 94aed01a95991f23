//! A chip in its boot loader: what it is, and writing to it.

use std::sync::atomic::{AtomicBool, Ordering};

use espflash::{
    Error,
    flasher::{FlashSize, Flasher, SpiAttachParams},
    image_format::Segment,
    target::{Esp32Target, FlashTarget, ProgressCallbacks, XtalFrequency},
};
use md5::{Digest, Md5};

use super::{
    Chip, Plan, Problem, Progress, Step,
    parts::{Hardware, Piece, pieces},
    wire::{self, Resets},
};

/// The rate while writing. Every common USB converter has it; higher ones are
/// not faster on a chip that erases meanwhile.
const BAUD: u32 = 460_800;

/// How much is written between two checks for cancellation: a multiple of
/// the 64 kB that flash erases fastest.
const CHUNK: usize = 0x1_0000;

/// A chip that was detected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detected {
    /// Which chip it is.
    pub chip: Chip,
    /// Its revision, major and minor; `None` if it does not say.
    pub revision: Option<(u32, u32)>,
    /// The size of its flash in bytes.
    pub flash_size: u32,
    /// Its Wi-Fi address, for example `24:0a:c4:1f:67:7d`; `None` if it does
    /// not say.
    pub mac: Option<String>,
}

/// A chip in its boot loader. It stays there, and the port stays open, until
/// [`restart`](Self::restart).
pub struct Session {
    port: String,
    flasher: Flasher,
    detected: Detected,
    crystal: XtalFrequency,
    flash: FlashSize,
    resets: Resets,
}

impl Session {
    /// Opens a port, restarts its chip into the boot loader, and finds out what
    /// it is.
    ///
    /// # Errors
    /// If the port cannot be opened, or no chip responds.
    pub fn open(port: &str, canceled: &AtomicBool) -> Result<Self, Problem> {
        let (mut flasher, resets) = match connect(port, Some(BAUD), canceled) {
            // The converter or the cable may not have the higher rate.
            Err(Problem::Lost { gone: false, .. }) => connect(port, None, canceled)?,
            result => result?,
        };
        let problem = |error: &Error| wire::problem(port, Step::Connecting, error);
        let chip = flasher.chip();
        if let Some(how) = protection(&mut flasher) {
            resets
                .restart(flasher.connection())
                .map_err(|error| problem(&error))?;
            return Err(Problem::Protected {
                chip: Chip(chip),
                how,
            });
        }
        let info = match flasher.device_info() {
            Ok(info) => info,
            Err(error) => {
                // Whether it succeeds or not, the first problem is the one to
                // report.
                let _ = resets.restart(flasher.connection());
                return Err(problem(&error));
            }
        };
        Ok(Self {
            port: port.to_owned(),
            detected: Detected {
                chip: Chip(chip),
                revision: info.revision,
                flash_size: info.flash_size.size(),
                mac: info.mac_address,
            },
            crystal: info.crystal_frequency,
            flash: info.flash_size,
            flasher,
            resets,
        })
    }

    /// The chip.
    #[must_use]
    pub fn detected(&self) -> &Detected {
        &self.detected
    }

    /// Carries out a plan and restarts the chip, which then runs the new
    /// firmware. A chip that the plan is not for is restarted too.
    ///
    /// # Errors
    /// If the plan is not for this chip, or writing or verifying fails.
    pub fn flash(
        mut self,
        plan: &Plan,
        progress: &mut dyn FnMut(Progress),
        canceled: &AtomicBool,
    ) -> Result<(), Problem> {
        if let Err(problem) = plan.check(&self.detected) {
            // Whether it succeeds or not, the plan's problem is the one to
            // report.
            let _ = self.restart();
            return Err(problem);
        }
        let hardware = Hardware {
            chip: self.detected.chip,
            flash: self.flash,
            crystal: self.crystal,
        };
        let pieces = match pieces(&plan.image, hardware) {
            Ok(pieces) => pieces,
            Err(problem) => {
                let _ = self.restart();
                return Err(problem);
            }
        };
        if plan.erase {
            progress(Progress::begin(Step::Erasing));
            self.flasher
                .erase_flash()
                .map_err(|error| self.problem(Step::Erasing, &error))?;
        }
        self.write(&pieces, progress, canceled)?;
        self.verify(&pieces, progress, canceled)?;
        progress(Progress::begin(Step::Restarting));
        self.restart()
    }

    fn write(
        &mut self,
        pieces: &[Piece<'_>],
        progress: &mut dyn FnMut(Progress),
        canceled: &AtomicBool,
    ) -> Result<(), Problem> {
        let step = Step::Writing;
        // Attaches the flash, with what was found when connecting.
        self.flasher
            .disable_watchdog()
            .map_err(|error| self.problem(step, &error))?;
        let mut target = Esp32Target::new(
            self.detected.chip.0,
            SpiAttachParams::default(),
            true,
            false,
            false,
        );
        let mut meter = Meter::new(step, pieces, progress);
        for piece in pieces {
            let mut address = piece.address;
            for chunk in piece.bytes.chunks(CHUNK) {
                if canceled.load(Ordering::Relaxed) {
                    return Err(Problem::Canceled);
                }
                meter.chunk = chunk.len();
                target
                    .write_segment(
                        self.flasher.connection(),
                        Segment::new(address, chunk),
                        &mut meter,
                    )
                    .map_err(|error| wire::problem(&self.port, step, &error))?;
                meter.add(chunk.len());
                address += length(chunk);
            }
        }
        // Leaves the mode of writing, but not the boot loader.
        target
            .finish(self.flasher.connection(), false)
            .map_err(|error| self.problem(step, &error))
    }

    fn verify(
        &mut self,
        pieces: &[Piece<'_>],
        progress: &mut dyn FnMut(Progress),
        canceled: &AtomicBool,
    ) -> Result<(), Problem> {
        let mut meter = Meter::new(Step::Verifying, pieces, progress);
        for piece in pieces {
            if canceled.load(Ordering::Relaxed) {
                return Err(Problem::Canceled);
            }
            let found = self
                .flasher
                .checksum_md5(piece.address, length(&piece.bytes))
                .map_err(|error| wire::problem(&self.port, Step::Verifying, &error))?;
            if found.to_be_bytes()[..] != Md5::digest(&piece.bytes)[..] {
                return Err(Problem::Verification { part: piece.part });
            }
            meter.add(piece.bytes.len());
        }
        Ok(())
    }

    /// Restarts the chip, which then runs its firmware, and closes the port.
    ///
    /// # Errors
    /// If the port is gone.
    pub fn restart(mut self) -> Result<(), Problem> {
        self.resets
            .restart(self.flasher.connection())
            .map_err(|error| self.problem(Step::Restarting, &error))
    }

    fn problem(&self, step: Step, error: &Error) -> Problem {
        wire::problem(&self.port, step, error)
    }
}

/// Reaches the boot loader and loads the stub, a program that espflash runs in
/// the chip's RAM: it compresses, and can erase all of the flash.
fn connect(
    port: &str,
    baud: Option<u32>,
    canceled: &AtomicBool,
) -> Result<(Flasher, Resets), Problem> {
    let wire::Wire { connection, resets } = wire::reach(port, canceled)?;
    match Flasher::try_connect(connection, true, false, false, None, baud) {
        Ok(flasher) => Ok((flasher, resets)),
        Err(failed) => {
            let (error, mut connection) = *failed;
            let problem = wire::problem(port, Step::Connecting, &error);
            // Whether it succeeds or not, the first problem is the one to tell.
            let _ = resets.restart(&mut connection);
            Err(problem)
        }
    }
}

/// What keeps a chip from starting our firmware. The classic ESP32 does not
/// say.
fn protection(flasher: &mut Flasher) -> Option<&'static str> {
    const SECURE_BOOT: u32 = 1;
    if flasher.secure_download_mode() {
        return Some("secure download mode");
    }
    let info = flasher.security_info().ok()?;
    if info.flags & SECURE_BOOT != 0 {
        Some("secure boot")
    } else if info.flash_crypt_cnt.count_ones() % 2 == 1 {
        Some("flash encryption")
    } else {
        None
    }
}

/// Pieces are smaller than any flash.
fn length(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX)
}

/// Turns espflash's progress of a segment into ours of all.
struct Meter<'a> {
    step: Step,
    total: u64,
    /// Bytes of complete chunks.
    done: u64,
    /// Bytes of the chunk that is being written, and espflash's blocks of it.
    chunk: usize,
    blocks: usize,
    progress: &'a mut dyn FnMut(Progress),
}

impl<'a> Meter<'a> {
    fn new(step: Step, pieces: &[Piece<'_>], progress: &'a mut dyn FnMut(Progress)) -> Self {
        let total = pieces.iter().map(|piece| piece.bytes.len() as u64).sum();
        let mut meter = Self {
            step,
            total,
            done: 0,
            chunk: 0,
            blocks: 0,
            progress,
        };
        meter.report(0);
        meter
    }

    fn add(&mut self, bytes: usize) {
        self.done += bytes as u64;
        self.report(0);
    }

    fn report(&mut self, more: u64) {
        (self.progress)(Progress {
            step: self.step,
            done: self.done + more,
            total: self.total,
        });
    }
}

impl ProgressCallbacks for Meter<'_> {
    fn init(&mut self, _: u32, blocks: usize) {
        self.blocks = blocks;
    }

    fn update(&mut self, block: usize) {
        // The last one is reported as the whole chunk.
        if block < self.blocks {
            self.report((self.chunk * block / self.blocks) as u64);
        }
    }

    fn verifying(&mut self) {}

    fn finish(&mut self, _: bool) {}
}
