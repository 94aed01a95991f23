//! The update slot of a chip: two partitions for firmware in NOR flash. Which
//! one boots is recorded by a [`BootRecord`], whose format belongs to the boot
//! loader.

use alloc::{
    format,
    string::{String, ToString},
};
use core::{fmt::Display, ops::Range};

use board::{ImagePlace, ImageState, SlotError, UpdateSlot};
use embedded_storage::nor_flash::NorFlash;
use image::{PublicKey, Target, esp};

use crate::{
    staging::{Staging, StagingError},
    stored,
};

/// Records which of the two images boots. Errors are for people.
pub trait BootRecord {
    /// The other image boots next, on trial.
    ///
    /// # Errors
    /// It could not be recorded; the running image stays active.
    fn activate(&mut self) -> Result<(), String>;

    /// The running image is confirmed.
    ///
    /// # Errors
    /// It could not be recorded; the image stays on trial.
    fn confirm(&mut self) -> Result<(), String>;

    /// The running image is on trial and failed: the other one boots next.
    ///
    /// # Errors
    /// It could not be recorded; the image on trial keeps running.
    fn roll_back(&mut self) -> Result<(), String>;

    /// The other image boots next, without a trial.
    ///
    /// # Errors
    /// It could not be recorded; the running image stays active.
    fn return_to_other(&mut self) -> Result<(), String>;
}

/// What images have to be made for.
#[derive(Debug, Clone, Copy)]
pub struct ImageKind {
    /// The chip's display name.
    pub chip: &'static str,
    /// The chip's number in the header of its images.
    pub chip_number: u16,
    /// What signed images have to name.
    pub target: Target<'static>,
    /// The public key that is compiled in.
    pub signing_key: Option<PublicKey>,
}

/// The two partitions for firmware. They start and end at a sector.
#[derive(Debug, Clone)]
pub struct Partitions {
    /// That of the running image.
    pub running: Range<u32>,
    /// The other one.
    pub other: Range<u32>,
}

/// The update slot.
pub struct ImageSlot<F, R> {
    kind: ImageKind,
    flash: F,
    partitions: Partitions,
    staging: Staging<F>,
    record: R,
    image: ImageState,
}

impl<F: NorFlash<Error: Display> + Clone, R: BootRecord> ImageSlot<F, R> {
    /// The slot of a board that runs an image in this state.
    pub fn new(
        kind: ImageKind,
        flash: F,
        partitions: Partitions,
        record: R,
        image: ImageState,
    ) -> Self {
        let other = partitions.other.clone();
        Self {
            staging: Staging::new(flash.clone(), other, kind.chip_number),
            kind,
            flash,
            partitions,
            record,
            image,
        }
    }

    fn partition(&self, place: ImagePlace) -> Range<u32> {
        match place {
            ImagePlace::Running => self.partitions.running.clone(),
            ImagePlace::Other => self.partitions.other.clone(),
        }
    }

    fn refused(&self, error: StagingError<F::Error>) -> SlotError {
        let chip = self.kind.chip;
        match error {
            StagingError::NotAnImage => SlotError::NotAnImage(format!(
                "an image for {chip} starts with 0xe9; `espflash save-image` writes one"
            )),
            StagingError::AnotherChip(number) => {
                SlotError::NotAnImage(match esp::chip_name(number) {
                    Some(other) => {
                        format!("this image is for another chip, {other}, not for {chip}")
                    }
                    None => {
                        format!("this image is for another chip (number {number}), not for {chip}")
                    }
                })
            }
            StagingError::OutOfBounds => {
                SlotError::Failed("beyond the partition for an image".to_string())
            }
            StagingError::Flash(error) => failed(&error),
        }
    }
}

fn failed(error: &impl Display) -> SlotError {
    SlotError::Failed(format!("flash: {error}"))
}

fn unrecorded(error: &str) -> SlotError {
    SlotError::Failed(format!("cannot record which image boots: {error}"))
}

impl<F: NorFlash<Error: Display> + Clone, R: BootRecord> UpdateSlot for ImageSlot<F, R> {
    fn capacity(&self) -> u32 {
        self.staging.capacity()
    }

    fn image(&self) -> ImageState {
        self.image
    }

    fn begin(&mut self, size: u32) -> Result<(), SlotError> {
        let begun = self.staging.begin(size);
        begun.map_err(|error| self.refused(error))
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), SlotError> {
        let written = self.staging.write(offset, bytes);
        written.map_err(|error| self.refused(error))
    }

    fn finish(&mut self) -> Result<(), SlotError> {
        let finished = self.staging.finish();
        finished.map_err(|error| self.refused(error))
    }

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), SlotError> {
        let read = self.staging.read(offset, bytes);
        read.map_err(|error| self.refused(error))
    }

    fn activate(&mut self) -> Result<(), SlotError> {
        self.record.activate().map_err(|error| unrecorded(&error))
    }

    fn abort(&mut self) {}

    fn confirm(&mut self) -> Result<(), SlotError> {
        self.record.confirm().map_err(|error| unrecorded(&error))?;
        self.image = ImageState::Confirmed;
        Ok(())
    }

    fn target(&self) -> Target<'static> {
        self.kind.target
    }

    fn signing_key(&self) -> Option<PublicKey> {
        self.kind.signing_key
    }

    fn image_len(&mut self, place: ImagePlace) -> Option<u32> {
        let partition = self.partition(place);
        stored::image_len(&mut self.flash, &partition)
    }

    fn read_image(
        &mut self,
        place: ImagePlace,
        offset: u32,
        bytes: &mut [u8],
    ) -> Result<(), SlotError> {
        let partition = self.partition(place);
        let end = u32::try_from(bytes.len())
            .ok()
            .and_then(|length| partition.start.checked_add(offset)?.checked_add(length));
        if end.is_none_or(|end| end > partition.end) {
            return Err(self.refused(StagingError::OutOfBounds));
        }
        stored::read(&mut self.flash, partition.start + offset, bytes)
            .map_err(|error| failed(&error))
    }

    fn return_to_other(&mut self) -> Result<(), SlotError> {
        self.record
            .return_to_other()
            .map_err(|error| unrecorded(&error))
    }

    fn roll_back(&mut self) -> Result<(), SlotError> {
        self.record.roll_back().map_err(|error| unrecorded(&error))
    }
}
