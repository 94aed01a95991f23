//! Firmware updates: a new image goes to the partition that is not running.
//! `embedded::image_slot` checks, writes and reads images, `embedded::trial`
//! decides which counts at boot; `esp-bootloader-esp-idf` reads and writes the
//! OTA data, which records the image to boot.
//!
//! Activating an image takes two writes of that record. If power is lost
//! between them, the new image starts without a trial; it was verified by then.

use alloc::string::{String, ToString};

use board::ImageState;
use embedded::{
    image_slot::{BootRecord, ImageKind, ImageSlot, Partitions},
    trial::{self, ImageRecord},
};
use esp_bootloader_esp_idf::{
    ota::OtaImageState,
    partitions::{AppPartitionSubType, Error},
};
use image::{PublicKey, Target};
use log::{error, info};

use crate::{flash::Flash, pins};

/// What images have to be made for.
const KIND: ImageKind = ImageKind {
    chip: pins::CHIP,
    chip_number: pins::IMAGE_CHIP,
    target: Target {
        chip: pins::PLATFORM,
        board: pins::TARGET_BOARD,
    },
    // From the environment of the build: build.rs.
    signing_key: match option_env!("SWITCHBOARD_SIGNING_KEY_HEX") {
        Some(digits) => PublicKey::from_hex(digits),
        None => None,
    },
};

/// The partitions for images.
pub(crate) type Slot = ImageSlot<Flash, OtaRecord>;

/// Reads what runs; has to be called once, at boot. `None` if the partition
/// table lacks two partitions for firmware.
pub(crate) fn boot(flash: Flash) -> Option<Slot> {
    let (running, first, second) = flash.app_partitions()?;
    let (this, other, partition) = if running == first {
        (AppPartitionSubType::Ota0, AppPartitionSubType::Ota1, second)
    } else {
        (AppPartitionSubType::Ota1, AppPartitionSubType::Ota0, first)
    };
    // Without a record there was no update yet: the first partition runs.
    let found =
        flash.record(|record| Ok((record.current_app_partition()?, record.current_ota_state()?)));
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
    let partitions = Partitions {
        running,
        other: partition,
    };
    let record = OtaRecord { flash, other };
    Some(ImageSlot::new(KIND, flash, partitions, record, image))
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

/// The OTA data.
pub(crate) struct OtaRecord {
    flash: Flash,
    /// The partition that does not run.
    other: AppPartitionSubType,
}

impl OtaRecord {
    fn select(&self, state: OtaImageState) -> Result<(), String> {
        let other = self.other;
        let selected = self.flash.record(|record| {
            record.set_current_app_partition(other)?;
            record.set_current_ota_state(state)
        });
        selected.map_err(reason)
    }

    fn set_state(&self, state: OtaImageState) -> Result<(), String> {
        self.flash
            .record(|record| record.set_current_ota_state(state))
            .map_err(reason)
    }
}

fn reason(error: Error) -> String {
    error.to_string()
}

impl BootRecord for OtaRecord {
    fn activate(&mut self) -> Result<(), String> {
        self.select(OtaImageState::New)
    }

    fn confirm(&mut self) -> Result<(), String> {
        self.set_state(OtaImageState::Valid)
    }

    fn roll_back(&mut self) -> Result<(), String> {
        self.set_state(OtaImageState::Aborted)
    }

    fn return_to_other(&mut self) -> Result<(), String> {
        self.select(OtaImageState::Valid)
    }
}
