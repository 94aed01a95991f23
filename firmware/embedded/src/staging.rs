//! Takes a firmware image into a part of NOR flash while it arrives over the
//! network, in chunks of any length. Which image boots is decided elsewhere.

use alloc::vec::Vec;
use core::ops::Range;

use embedded_storage::nor_flash::NorFlash;
use image::esp;

use crate::stored;

/// The length of an image's header, in bytes, up to and including the chip.
const HEADER: usize = 14;

/// Why an image is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StagingError<E> {
    /// The bytes are no image for an ESP chip.
    NotAnImage,
    /// The image is for another chip, with this number.
    AnotherChip(u16),
    /// The image does not fit, or the chunk does not follow the last one.
    OutOfBounds,
    /// The flash reported an error.
    Flash(E),
}

/// Writes an image into its partition.
pub struct Staging<F> {
    flash: F,
    /// Whole sectors.
    partition: Range<u32>,
    /// The chip that the image has to be for (the header's `chip_id`).
    chip: u16,
    size: u32,
    /// The bytes that are in the flash.
    written: u32,
    /// The bytes that are not: less than the flash can write at once.
    pending: Vec<u8>,
}

impl<F: NorFlash> Staging<F> {
    /// A partition of this flash, which starts and ends at a sector.
    pub fn new(flash: F, partition: Range<u32>, chip: u16) -> Self {
        Self {
            flash,
            partition,
            chip,
            size: 0,
            written: 0,
            pending: Vec::new(),
        }
    }

    /// The size of the largest image, in bytes.
    pub fn capacity(&self) -> u32 {
        self.partition.end - self.partition.start
    }

    /// Starts an image of this many bytes.
    ///
    /// # Errors
    /// [`StagingError::OutOfBounds`] if it is larger than [`Self::capacity`].
    pub fn begin(&mut self, size: u32) -> Result<(), StagingError<F::Error>> {
        if size > self.capacity() {
            return Err(StagingError::OutOfBounds);
        }
        (self.size, self.written) = (size, 0);
        self.pending.clear();
        Ok(())
    }

    /// Writes the next chunk. A sector is erased before its first byte is
    /// written.
    ///
    /// # Errors
    /// See [`StagingError`]. The first 14 bytes decide whether it is an image.
    pub fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), StagingError<F::Error>> {
        let taken = self.written + length(&self.pending);
        if offset != taken || length(bytes) > self.size.saturating_sub(taken) {
            return Err(StagingError::OutOfBounds);
        }
        self.pending.extend_from_slice(bytes);
        if self.written == 0 {
            if self.pending.len() < HEADER {
                return Ok(());
            }
            check(&self.pending, self.chip)?;
        }
        let whole = self.pending.len() / F::WRITE_SIZE * F::WRITE_SIZE;
        self.flush(whole)
    }

    /// Finishes the image: writes the pending bytes.
    ///
    /// # Errors
    /// [`StagingError::NotAnImage`] if the image is shorter than announced,
    /// and errors of the flash.
    pub fn finish(&mut self) -> Result<(), StagingError<F::Error>> {
        if self.written + length(&self.pending) != self.size || self.size < length_of(HEADER) {
            return Err(StagingError::NotAnImage);
        }
        let whole = self.pending.len().next_multiple_of(F::WRITE_SIZE);
        self.pending.resize(whole, 0xff);
        self.flush(whole)
    }

    /// Reads from the image in the flash.
    ///
    /// # Errors
    /// [`StagingError::OutOfBounds`] beyond the image, and errors of the flash.
    pub fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), StagingError<F::Error>> {
        if offset
            .checked_add(length(bytes))
            .is_none_or(|end| end > self.size)
        {
            return Err(StagingError::OutOfBounds);
        }
        stored::read(&mut self.flash, self.partition.start + offset, bytes)
            .map_err(StagingError::Flash)
    }

    /// Writes the first pending bytes, a multiple of what the flash writes at
    /// once.
    fn flush(&mut self, whole: usize) -> Result<(), StagingError<F::Error>> {
        if whole == 0 {
            return Ok(());
        }
        let sector = length_of(F::ERASE_SIZE);
        let (from, to) = (self.written, self.written + length(&self.pending[..whole]));
        let mut next = from.next_multiple_of(sector);
        while next < to {
            let at = self.partition.start + next;
            self.flash
                .erase(at, at + sector)
                .map_err(StagingError::Flash)?;
            next += sector;
        }
        self.flash
            .write(self.partition.start + from, &self.pending[..whole])
            .map_err(StagingError::Flash)?;
        self.pending.drain(..whole);
        self.written = to;
        Ok(())
    }
}

fn check<E>(head: &[u8], chip: u16) -> Result<(), StagingError<E>> {
    match esp::chip_number(head) {
        Some(its) if its == chip => Ok(()),
        Some(other) => Err(StagingError::AnotherChip(other)),
        None => Err(StagingError::NotAnImage),
    }
}

fn length(bytes: &[u8]) -> u32 {
    length_of(bytes.len())
}

fn length_of(size: usize) -> u32 {
    u32::try_from(size).unwrap_or(u32::MAX)
}
