//! Takes a firmware image into a part of NOR flash while it comes over the
//! network, in pieces of any length. Which image boots is not decided here.

use alloc::vec::Vec;
use core::ops::Range;

use embedded_storage::nor_flash::NorFlash;

/// How much of an image tells what it is.
const HEAD: usize = 14;

/// How each image of an ESP chip begins (esptool's documentation, "Firmware
/// Image Format").
const MAGIC: u8 = 0xe9;

/// Why an image is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StagingError<E> {
    /// The bytes are no image of an ESP chip.
    NotAnImage,
    /// It is an image for another chip, whose number this is.
    AnotherChip(u16),
    /// It does not fit, or does not go on where the last bytes ended.
    OutOfPlace,
    /// The flash.
    Flash(E),
}

/// The place for an image.
pub struct Staging<F> {
    flash: F,
    /// Where it is: whole sectors.
    place: Range<u32>,
    /// Which chip the image is to be for (the header's `chip_id`).
    chip: u16,
    size: u32,
    /// What the flash has.
    written: u32,
    /// What it has not: less than it can write at once.
    held: Vec<u8>,
}

impl<F: NorFlash> Staging<F> {
    /// A place that begins and ends with whole sectors of this flash.
    pub fn new(flash: F, place: Range<u32>, chip: u16) -> Self {
        Self {
            flash,
            place,
            chip,
            size: 0,
            written: 0,
            held: Vec::new(),
        }
    }

    /// The largest image.
    pub fn capacity(&self) -> u32 {
        self.place.end - self.place.start
    }

    /// An image of so many bytes will come.
    ///
    /// # Errors
    /// [`StagingError::OutOfPlace`] where it is larger than [`Self::capacity`].
    pub fn begin(&mut self, size: u32) -> Result<(), StagingError<F::Error>> {
        if size > self.capacity() {
            return Err(StagingError::OutOfPlace);
        }
        (self.size, self.written) = (size, 0);
        self.held.clear();
        Ok(())
    }

    /// Takes the next bytes. A sector is erased before its first byte is
    /// written.
    ///
    /// # Errors
    /// As [`StagingError`] has them; what it is, is told by the first 14 bytes.
    pub fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), StagingError<F::Error>> {
        let taken = self.written + length(&self.held);
        if offset != taken || length(bytes) > self.size.saturating_sub(taken) {
            return Err(StagingError::OutOfPlace);
        }
        self.held.extend_from_slice(bytes);
        if self.written == 0 {
            if self.held.len() < HEAD {
                return Ok(());
            }
            check(&self.held, self.chip)?;
        }
        let whole = self.held.len() / F::WRITE_SIZE * F::WRITE_SIZE;
        self.flush(whole)
    }

    /// Everything came: writes what is still held.
    ///
    /// # Errors
    /// [`StagingError::NotAnImage`] where less came than was announced, and
    /// those of the flash.
    pub fn finish(&mut self) -> Result<(), StagingError<F::Error>> {
        if self.written + length(&self.held) != self.size || self.size < length_of(HEAD) {
            return Err(StagingError::NotAnImage);
        }
        let whole = self.held.len().next_multiple_of(F::WRITE_SIZE);
        self.held.resize(whole, 0xff);
        self.flush(whole)
    }

    /// Reads back from the flash.
    ///
    /// # Errors
    /// [`StagingError::OutOfPlace`] beyond the image, and those of the flash.
    pub fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), StagingError<F::Error>> {
        if offset
            .checked_add(length(bytes))
            .is_none_or(|end| end > self.size)
        {
            return Err(StagingError::OutOfPlace);
        }
        // Flash is read in words: from the one before to the one behind.
        let word = length_of(F::READ_SIZE);
        let (from, to) = (
            offset / word * word,
            (offset + length(bytes)).next_multiple_of(word),
        );
        let mut words = alloc::vec![0; (to - from) as usize];
        self.flash
            .read(self.place.start + from, &mut words)
            .map_err(StagingError::Flash)?;
        let skip = (offset - from) as usize;
        bytes.copy_from_slice(&words[skip..skip + bytes.len()]);
        Ok(())
    }

    /// Writes the first of what is held, a multiple of what the flash writes at
    /// once.
    fn flush(&mut self, whole: usize) -> Result<(), StagingError<F::Error>> {
        if whole == 0 {
            return Ok(());
        }
        let sector = length_of(F::ERASE_SIZE);
        let (from, to) = (self.written, self.written + length(&self.held[..whole]));
        let mut next = from.next_multiple_of(sector);
        while next < to {
            let at = self.place.start + next;
            self.flash
                .erase(at, at + sector)
                .map_err(StagingError::Flash)?;
            next += sector;
        }
        self.flash
            .write(self.place.start + from, &self.held[..whole])
            .map_err(StagingError::Flash)?;
        self.held.drain(..whole);
        self.written = to;
        Ok(())
    }
}

fn check<E>(head: &[u8], chip: u16) -> Result<(), StagingError<E>> {
    match head {
        [MAGIC, _, _, _, _, _, _, _, _, _, _, _, low, high, ..] => {
            match u16::from_le_bytes([*low, *high]) {
                its if its == chip => Ok(()),
                other => Err(StagingError::AnotherChip(other)),
            }
        }
        _ => Err(StagingError::NotAnImage),
    }
}

fn length(bytes: &[u8]) -> u32 {
    length_of(bytes.len())
}

fn length_of(size: usize) -> u32 {
    u32::try_from(size).unwrap_or(u32::MAX)
}
