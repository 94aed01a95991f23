//! Finds the active sector and checks for blank ones, for erasing.

use core::{fmt::Debug, ops::Range};

use embedded_storage_async::nor_flash::NorFlash;

use crate::StorageError;

/// An erased byte.
const ERASED: u8 = 0xff;

/// Half the bits of a byte: with at least this many zeros, sequential-storage
/// considers a sector's mark as set.
const MARKED: u32 = 4;

/// Each sector.
pub(crate) fn all<F: NorFlash>(range: Range<u32>) -> impl Iterator<Item = Range<u32>> {
    let size = u32::try_from(F::ERASE_SIZE).unwrap_or(u32::MAX);
    range
        .step_by(F::ERASE_SIZE)
        .map(move |start| start..start + size)
}

/// The start of the sector that sequential-storage writes to: its first word is
/// marked and its last is not.
pub(crate) async fn active<F: NorFlash>(
    range: Range<u32>,
    flash: &mut F,
) -> Result<Option<u32>, StorageError<F::Error>>
where
    F::Error: Debug,
{
    for sector in all::<F>(range) {
        let word = u32::try_from(F::WRITE_SIZE.max(F::READ_SIZE)).unwrap_or(u32::MAX);
        if is_marked(sector.start, flash).await? && !is_marked(sector.end - word, flash).await? {
            return Ok(Some(sector.start));
        }
    }
    Ok(None)
}

async fn is_marked<F: NorFlash>(at: u32, flash: &mut F) -> Result<bool, StorageError<F::Error>>
where
    F::Error: Debug,
{
    let mut word = [ERASED; 32];
    let word = word.get_mut(..F::READ_SIZE).ok_or(StorageError::Range)?;
    flash.read(at, word).await.map_err(StorageError::Flash)?;
    Ok(word.iter().map(|byte| byte.count_zeros()).sum::<u32>() >= MARKED)
}

/// Whether all sectors are blank.
pub(crate) async fn are_blank<F: NorFlash>(
    range: Range<u32>,
    flash: &mut F,
    buffer: &mut [u8],
) -> Result<bool, StorageError<F::Error>>
where
    F::Error: Debug,
{
    // A power of two divides the sector size.
    const PIECE: usize = 512;
    let buffer = buffer
        .get_mut(..PIECE.min(F::ERASE_SIZE))
        .ok_or(StorageError::Range)?;
    for at in range.step_by(buffer.len()) {
        flash.read(at, buffer).await.map_err(StorageError::Flash)?;
        if buffer.iter().any(|byte| *byte != ERASED) {
            return Ok(false);
        }
    }
    Ok(true)
}
