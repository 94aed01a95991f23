//! Reads an image in a partition of flash, whether it runs or not.

use core::ops::Range;

use embedded_storage::nor_flash::ReadNorFlash;
use image::{Trailer, esp};

/// Reads bytes from any address. Flash is read in whole words.
///
/// # Errors
/// An error of the flash.
pub(crate) fn read<F: ReadNorFlash>(
    flash: &mut F,
    address: u32,
    bytes: &mut [u8],
) -> Result<(), F::Error> {
    let word = u32::try_from(F::READ_SIZE).unwrap_or(1);
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    let (from, to) = (
        address / word * word,
        address.saturating_add(length).next_multiple_of(word),
    );
    let mut words = alloc::vec![0; (to - from) as usize];
    flash.read(from, &mut words)?;
    let skip = (address - from) as usize;
    if let Some(read) = words.get(skip..skip + bytes.len()) {
        bytes.copy_from_slice(read);
    }
    Ok(())
}

/// The length of the image in a partition, with its trailer if it has one.
/// `None` if there is no complete image, or it cannot be read.
pub(crate) fn image_len<F: ReadNorFlash>(flash: &mut F, partition: &Range<u32>) -> Option<u32> {
    let capacity = partition.end.checked_sub(partition.start)?;
    let mut read = |offset: u32, bytes: &mut [u8]| {
        let end = offset.checked_add(u32::try_from(bytes.len()).ok()?)?;
        if end > capacity {
            return None;
        }
        read(flash, partition.start + offset, bytes).ok()
    };
    let image = esp::length(capacity, &mut read)?;
    let mut end = [0; Trailer::LEN];
    if read(image, &mut end).is_some() && Trailer::is_marked(&end) {
        return image.checked_add(u32::try_from(Trailer::LEN).ok()?);
    }
    Some(image)
}
