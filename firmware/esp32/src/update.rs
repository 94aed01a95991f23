//! Firmware updates: a new image goes to the partition that is not running.
//! `embedded::staging` checks and writes images, `embedded::trial` decides
//! which counts at boot; `esp-bootloader-esp-idf` reads and writes the OTA
//! data, which records the image to boot.
//!
//! Activating an image takes two writes of that record. If power is lost
//! between them, the new image starts without a trial; its hash was checked by
//! then.

use alloc::{format, string::ToString};

use board::{ImageState, SlotError, UpdateSlot};
use embedded::{
    staging::{Staging, StagingError},
    trial::{self, ImageRecord},
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

/// The partition for a new image.
pub(crate) struct Slot {
    flash: Flash,
    other: AppPartitionSubType,
    image: ImageState,
    staging: Staging<Flash>,
}

impl Slot {
    /// Reads what runs; has to be called once, at boot. `None` if the partition
    /// table lacks two partitions for firmware.
    pub(crate) fn boot(flash: Flash) -> Option<Self> {
        let (running, first, second) = flash.app_partitions()?;
        let (this, other, partition) = if running == first {
            (AppPartitionSubType::Ota0, AppPartitionSubType::Ota1, second)
        } else {
            (AppPartitionSubType::Ota1, AppPartitionSubType::Ota0, first)
        };
        // Without a record there was no update yet: the first partition runs.
        let found = flash
            .record(|record| Ok((record.current_app_partition()?, record.current_ota_state()?)));
        let (selected, state) = found.unwrap_or((this, OtaImageState::Undefined));
        let (image, abort) = trial::at_boot(record(state), selected == this);
        info!(
            "running the firmware in {}: {}",
            slot_name(this),
            image_name(image)
        );
        if abort
            && let Err(error) =
                flash.record(|record| record.set_current_ota_state(OtaImageState::Aborted))
        {
            error!("cannot record the trial, a failing image will not be rolled back: {error}");
        }
        Some(Self {
            flash,
            other,
            image,
            staging: Staging::new(flash, partition, pins::IMAGE_CHIP),
        })
    }
}

/// A partition's name in `partitions.csv`.
fn slot_name(partition: AppPartitionSubType) -> &'static str {
    match partition {
        AppPartitionSubType::Ota0 => "ota_0",
        _ => "ota_1",
    }
}

fn image_name(image: ImageState) -> &'static str {
    match image {
        ImageState::OnTrial => "on trial",
        ImageState::Confirmed => "confirmed",
        ImageState::RolledBack => "confirmed, a newer one was rolled back",
    }
}

fn record(state: OtaImageState) -> ImageRecord {
    match state {
        OtaImageState::New => ImageRecord::New,
        OtaImageState::PendingVerify => ImageRecord::Pending,
        OtaImageState::Invalid | OtaImageState::Aborted => ImageRecord::Aborted,
        OtaImageState::Valid | OtaImageState::Undefined => ImageRecord::Settled,
    }
}

fn refused(error: StagingError<FlashError>) -> SlotError {
    match error {
        StagingError::NotAnImage => SlotError::NotAnImage(format!(
            "an image for {} starts with 0xe9; `espflash save-image` writes one",
            pins::CHIP
        )),
        StagingError::AnotherChip(chip) => SlotError::NotAnImage(format!(
            "this image is for another chip (number {chip}), not for {}",
            pins::CHIP
        )),
        StagingError::OutOfBounds => {
            SlotError::Failed("beyond the partition for an image".to_string())
        }
        StagingError::Flash(error) => SlotError::Failed(format!("flash: {error}")),
    }
}

fn unrecorded(error: Error) -> SlotError {
    SlotError::Failed(format!("cannot record which image boots: {error}"))
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
