//! Where a new firmware image goes: the place of the two that does not run.
//! What an image is and which counts at a boot is decided in
//! `embedded::staging` and `embedded::trial`; the record of what boots is
//! `esp-bootloader-esp-idf`'s.
//!
//! To activate takes two writes of that record. A cut of power between them
//! starts the new image without a trial; its hash has been checked by then.

use alloc::{format, string::ToString};

use board::{ImageState, SlotError, UpdateSlot};
use embedded::{
    staging::{Staging, StagingError},
    trial::{self, Record},
};
use esp_bootloader_esp_idf::{
    ota::OtaImageState,
    partitions::{AppPartitionSubType, Error},
};
use log::{error, info};

use crate::{
    flash::{Flash, FlashError},
    pins,
};

/// The other place.
pub(crate) struct Slot {
    flash: Flash,
    other: AppPartitionSubType,
    image: ImageState,
    staging: Staging<Flash>,
}

impl Slot {
    /// What a boot finds; to be called once. `None` where the partition table
    /// has no two places for firmware.
    pub(crate) fn boot(flash: Flash) -> Option<Self> {
        let (running, first, second) = flash.app_places()?;
        let (this, other, place) = if running == first {
            (AppPartitionSubType::Ota0, AppPartitionSubType::Ota1, second)
        } else {
            (AppPartitionSubType::Ota1, AppPartitionSubType::Ota0, first)
        };
        // Without a record there was no update yet: the first place runs.
        let found = flash
            .record(|record| Ok((record.current_app_partition()?, record.current_ota_state()?)));
        let (selected, state) = found.unwrap_or((this, OtaImageState::Undefined));
        let (image, abort) = trial::at_boot(record(state), selected == this);
        info!("the firmware of {this:?} runs: {image:?}");
        if abort
            && let Err(error) =
                flash.record(|record| record.set_current_ota_state(OtaImageState::Aborted))
        {
            error!("an image that fails will not be taken back: {error:?}");
        }
        Some(Self {
            flash,
            other,
            image,
            staging: Staging::new(flash, place, pins::IMAGE_CHIP),
        })
    }
}

fn record(state: OtaImageState) -> Record {
    match state {
        OtaImageState::New => Record::New,
        OtaImageState::PendingVerify => Record::Pending,
        OtaImageState::Invalid | OtaImageState::Aborted => Record::Aborted,
        OtaImageState::Valid | OtaImageState::Undefined => Record::Settled,
    }
}

fn refused(error: StagingError<FlashError>) -> SlotError {
    match error {
        StagingError::NotAnImage => SlotError::NotAnImage(format!(
            "an image for {} begins with 0xe9; `espflash save-image` writes one",
            pins::CHIP
        )),
        StagingError::AnotherChip(chip) => SlotError::NotAnImage(format!(
            "this image is for another chip (number {chip}) than {}",
            pins::CHIP
        )),
        StagingError::OutOfPlace => {
            SlotError::Failed("that is beyond the place for an image".to_string())
        }
        StagingError::Flash(error) => SlotError::Failed(format!("flash: {error:?}")),
    }
}

fn unrecorded(error: Error) -> SlotError {
    SlotError::Failed(format!("what boots cannot be recorded: {error:?}"))
}

impl UpdateSlot for Slot {
    fn capacity(&self) -> u32 {
        self.staging.capacity()
    }

    fn image(&self) -> ImageState {
        self.image
    }

    fn begin(&mut self, size: u32) -> Result<(), SlotError> {
        self.staging.begin(size).map_err(refused)
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), SlotError> {
        self.staging.write(offset, bytes).map_err(refused)
    }

    fn finish(&mut self) -> Result<(), SlotError> {
        self.staging.finish().map_err(refused)
    }

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), SlotError> {
        self.staging.read(offset, bytes).map_err(refused)
    }

    fn activate(&mut self) -> Result<(), SlotError> {
        let other = self.other;
        let activated = self.flash.record(|record| {
            record.set_current_app_partition(other)?;
            record.set_current_ota_state(OtaImageState::New)
        });
        activated.map_err(unrecorded)
    }

    fn abort(&mut self) {}

    fn confirm(&mut self) -> Result<(), SlotError> {
        self.flash
            .record(|record| record.set_current_ota_state(OtaImageState::Valid))
            .map_err(unrecorded)?;
        self.image = ImageState::Confirmed;
        Ok(())
    }

    fn roll_back(&mut self) -> Result<(), SlotError> {
        self.flash
            .record(|record| record.set_current_ota_state(OtaImageState::Aborted))
            .map_err(unrecorded)
    }
}
