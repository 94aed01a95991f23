//! The flash: the second of the virt board's two pairs of CFI chips
//! (hw/riscv/virt.c: 32 MiB from 0x2200_0000 on, sectors of 256 KiB; the first
//! is for firmware to boot from). Two 16-bit chips with Intel's command set
//! work in parallel, so each word contains a command twice
//! (hw/block/pflash_cfi01.c; JEDEC JEP137, command set 0001).
//!
//! With `-drive if=pflash,unit=1,…` QEMU stores it in a file; without, its
//! contents survive resets until QEMU ends.
#![expect(
    unsafe_code,
    reason = "flash is memory, and commands are written to it"
)]

use core::{
    fmt,
    ptr::{read_volatile, write_volatile},
};

use embedded_storage::nor_flash::{
    ErrorType, NorFlash, NorFlashError, NorFlashErrorKind, ReadNorFlash,
};

const START: usize = 0x2200_0000;
const SIZE: usize = 32 << 20;
const SECTOR: u32 = 256 << 10;
const WORD: usize = 4;

/// The commands, for both chips of a word.
const READ_ARRAY: u32 = 0x00ff_00ff;
const PROGRAM: u32 = 0x0040_0040;
const CLEAR_STATUS: u32 = 0x0050_0050;
const ERASE: u32 = 0x0020_0020;
const CONFIRM: u32 = 0x00d0_00d0;

/// Status bits: ready; erase error, program error, locked sector.
const READY: u32 = 0x0080_0080;
const FAILED: u32 = 0x0032_0032;

/// The machine's only flash.
pub(crate) struct Flash(());

impl Flash {
    /// The range for the storage, which needs at least three sectors.
    pub(crate) const STORAGE: core::ops::Range<u32> = 0..4 * SECTOR;

    /// The flash.
    ///
    /// # Safety
    /// It must be called only once: a second instance could read a status while
    /// the first expects data.
    pub(crate) unsafe fn take() -> Self {
        Self(())
    }

    fn check(offset: u32, length: usize, unit: usize) -> Result<usize, FlashError> {
        let offset = offset as usize;
        if !offset.is_multiple_of(unit) || !length.is_multiple_of(unit) {
            return Err(FlashError::NotAligned);
        }
        if offset.checked_add(length).is_none_or(|end| end > SIZE) {
            return Err(FlashError::OutOfBounds);
        }
        Ok(START + offset)
    }

    fn command(address: usize, word: u32) {
        // SAFETY: `check` ensures that it is a word of the flash, which is not
        // part of this program's memory.
        unsafe { write_volatile(address as *mut u32, word) }
    }

    fn word(address: usize) -> u32 {
        // SAFETY: as in `command`.
        unsafe { read_volatile(address as *const u32) }
    }

    /// Waits until a command is done, and switches the chips back to reading
    /// data.
    fn finish(address: usize) -> Result<(), FlashError> {
        let status = loop {
            let status = Self::word(address);
            if status & READY == READY {
                break status;
            }
        };
        Self::command(address, CLEAR_STATUS);
        Self::command(address, READ_ARRAY);
        if status & FAILED == 0 {
            Ok(())
        } else {
            Err(FlashError::Failed(status))
        }
    }
}

/// Why a flash operation failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FlashError {
    /// The address is not a multiple of the word or sector size.
    NotAligned,
    /// The range is beyond the end of the flash.
    OutOfBounds,
    /// The chips report this status.
    Failed(u32),
}

impl fmt::Display for FlashError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(status) => write!(f, "the chips report status {status:#x}"),
            other => other.kind().fmt(f),
        }
    }
}

impl NorFlashError for FlashError {
    fn kind(&self) -> NorFlashErrorKind {
        match self {
            Self::NotAligned => NorFlashErrorKind::NotAligned,
            Self::OutOfBounds => NorFlashErrorKind::OutOfBounds,
            Self::Failed(_) => NorFlashErrorKind::Other,
        }
    }
}

impl ErrorType for Flash {
    type Error = FlashError;
}

impl ReadNorFlash for Flash {
    const READ_SIZE: usize = WORD;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), FlashError> {
        let start = Self::check(offset, bytes.len(), WORD)?;
        for (number, chunk) in bytes.chunks_exact_mut(WORD).enumerate() {
            chunk.copy_from_slice(&Self::word(start + number * WORD).to_le_bytes());
        }
        Ok(())
    }

    fn capacity(&self) -> usize {
        SIZE
    }
}

impl NorFlash for Flash {
    const WRITE_SIZE: usize = WORD;
    const ERASE_SIZE: usize = SECTOR as usize;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), FlashError> {
        let length = to.checked_sub(from).ok_or(FlashError::OutOfBounds)? as usize;
        let start = Self::check(from, length, Self::ERASE_SIZE)?;
        for sector in (start..start + length).step_by(Self::ERASE_SIZE) {
            Self::command(sector, ERASE);
            Self::command(sector, CONFIRM);
            Self::finish(sector)?;
        }
        Ok(())
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), FlashError> {
        let start = Self::check(offset, bytes.len(), WORD)?;
        for (number, chunk) in bytes.chunks_exact(WORD).enumerate() {
            let address = start + number * WORD;
            let word = chunk
                .iter()
                .rev()
                .fold(0, |word, byte| word << 8 | u32::from(*byte));
            Self::command(address, PROGRAM);
            Self::command(address, word);
            Self::finish(address)?;
        }
        Ok(())
    }
}
