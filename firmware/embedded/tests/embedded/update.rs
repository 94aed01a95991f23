//! How an image is written to flash, and which image counts at boot.

use board::ImageState;
use embedded_storage::nor_flash::{ErrorType, NorFlash, NorFlashErrorKind, ReadNorFlash};
use switchboard_embedded::{
    staging::{Staging, StagingError},
    trial::{ImageRecord, at_boot},
};

const SECTOR: u32 = 4_096;
const CHIP: u16 = 5;

/// NOR flash: writing only clears bits, erasing sets those of whole sectors.
struct Nor(Vec<u8>);

impl ErrorType for &mut Nor {
    type Error = NorFlashErrorKind;
}

impl ReadNorFlash for &mut Nor {
    const READ_SIZE: usize = 4;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), NorFlashErrorKind> {
        assert!(offset.is_multiple_of(4) && bytes.len().is_multiple_of(4));
        bytes.copy_from_slice(&self.0[offset as usize..][..bytes.len()]);
        Ok(())
    }

    fn capacity(&self) -> usize {
        self.0.len()
    }
}

impl NorFlash for &mut Nor {
    const WRITE_SIZE: usize = 4;
    const ERASE_SIZE: usize = SECTOR as usize;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), NorFlashErrorKind> {
        assert!(from.is_multiple_of(SECTOR) && to.is_multiple_of(SECTOR));
        self.0[from as usize..to as usize].fill(0xff);
        Ok(())
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), NorFlashErrorKind> {
        assert!(offset.is_multiple_of(4) && bytes.len().is_multiple_of(4));
        for (cell, byte) in self.0[offset as usize..].iter_mut().zip(bytes) {
            *cell &= byte;
        }
        Ok(())
    }
}

/// Flash full of old firmware.
fn flash() -> Nor {
    Nor(vec![0x12; 8 * SECTOR as usize])
}

fn image(length: u32) -> Vec<u8> {
    let mut image: Vec<u8> = (0..=250).cycle().take(length as usize).collect();
    image[0] = 0xe9;
    image[12..14].copy_from_slice(&CHIP.to_le_bytes());
    image
}

const PLACE: std::ops::Range<u32> = 2 * SECTOR..7 * SECTOR;

#[test]
fn an_image_in_chunks_of_any_length_is_written_whole() {
    for piece in [1, 3, 13, 960, 4_095, 5_000] {
        let mut nor = flash();
        let length = 3 * SECTOR + 77;
        let image = image(length);
        let mut staging = Staging::new(&mut nor, PLACE, CHIP);
        staging.begin(length).expect("it fits");
        let mut offset = 0;
        for bytes in image.chunks(piece) {
            staging.write(offset, bytes).expect("in order");
            offset += u32::try_from(bytes.len()).expect("a piece");
        }
        staging.finish().expect("whole");
        let mut back = vec![0; image.len() - 5];
        staging.read(5, &mut back).expect("within");
        assert_eq!(back, image[5..], "in pieces of {piece}");
        assert!(
            nor.0[..PLACE.start as usize]
                .iter()
                .all(|byte| *byte == 0x12),
            "before the place nothing changes"
        );
        assert!(
            nor.0[(PLACE.start + 4 * SECTOR) as usize..]
                .iter()
                .all(|byte| *byte == 0x12),
            "nor behind the image"
        );
    }
}

#[test]
fn an_image_for_another_chip_is_refused_before_anything_is_erased() {
    let mut nor = flash();
    let mut foreign = image(100);
    foreign[12] = 13;
    let mut staging = Staging::new(&mut nor, PLACE, CHIP);
    staging.begin(100).expect("it fits");
    assert_eq!(
        staging.write(0, &foreign),
        Err(StagingError::AnotherChip(13))
    );
    staging.begin(100).expect("it fits");
    assert_eq!(
        staging.write(0, b"MZ is how programs of another system begin"),
        Err(StagingError::NotAnImage)
    );
    assert!(nor.0.iter().all(|byte| *byte == 0x12));
}

#[test]
fn an_image_that_is_too_long_or_out_of_order_is_refused() {
    let mut nor = flash();
    let image = image(64);
    let mut staging = Staging::new(&mut nor, PLACE, CHIP);
    assert_eq!(
        staging.begin(staging.capacity() + 1),
        Err(StagingError::OutOfBounds)
    );
    staging.begin(64).expect("it fits");
    staging.write(0, &image[..32]).expect("in order");
    assert_eq!(
        staging.write(36, &image[36..40]),
        Err(StagingError::OutOfBounds)
    );
    assert_eq!(
        staging.finish(),
        Err(StagingError::NotAnImage),
        "half of it is missing"
    );
    assert_eq!(
        staging.write(32, &image[..33]),
        Err(StagingError::OutOfBounds),
        "more than was announced"
    );
}

#[test]
fn an_image_is_on_trial_at_its_first_boot_with_either_kind_of_boot_loader() {
    assert_eq!(
        at_boot(ImageRecord::New, true),
        (ImageState::OnTrial, true),
        "one without rollback: marked by ourselves"
    );
    assert_eq!(
        at_boot(ImageRecord::Pending, true),
        (ImageState::OnTrial, false),
        "one with rollback has marked it"
    );
    assert_eq!(
        at_boot(ImageRecord::Aborted, false),
        (ImageState::RolledBack, false),
        "at the next boot the other one runs"
    );
    assert_eq!(
        at_boot(ImageRecord::Settled, true),
        (ImageState::Confirmed, false)
    );
}
