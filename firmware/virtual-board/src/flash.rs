//! A virtual board's firmware partitions: two images and which of them boots.
//! They outlive restarts of the board; [`crate::lifecycle`] boots what
//! [`Flash::boot`] returns.

use std::{cell::RefCell, mem, rc::Rc};

use ::image::{PublicKey, Target};
use board::{ImagePlace, SlotError, UpdateSlot};

use crate::image::{Image, TARGET};

/// The largest image, in bytes: half of the space on a chip with 4 MB.
const CAPACITY: u32 = 0x1e_0000;

/// Which image boots next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum BootRecord {
    /// The running one.
    Kept,
    /// The other one, for the first time.
    New,
    /// The running one is on trial: the other one is the fallback.
    Trying,
    /// The other one, without a trial.
    Returned,
}

/// The firmware partitions.
#[derive(Debug)]
pub(crate) struct Flash {
    running: Vec<u8>,
    /// Empty if nothing was written there yet.
    other: Vec<u8>,
    record: BootRecord,
    /// Whether the running image was rolled back to.
    came_back: bool,
    /// The key that is compiled into every image.
    key: Option<PublicKey>,
}

impl Flash {
    /// Partitions of a board that was flashed with this image.
    pub(crate) fn with(image: Vec<u8>, key: Option<PublicKey>) -> Self {
        Self {
            running: image,
            other: Vec::new(),
            record: BootRecord::Kept,
            came_back: false,
            key,
        }
    }

    /// Does what a boot loader does at a reset; returns the image that runs
    /// now, or `None` if the bytes are no image.
    pub(crate) fn boot(&mut self) -> Option<Image> {
        let record = mem::replace(&mut self.record, BootRecord::Kept);
        self.came_back = record == BootRecord::Trying;
        if record != BootRecord::Kept {
            mem::swap(&mut self.running, &mut self.other);
        }
        if record == BootRecord::New {
            self.record = BootRecord::Trying;
        }
        Image::read(&self.running).ok()
    }

    fn stored(&self, place: ImagePlace) -> &[u8] {
        match place {
            ImagePlace::Running => &self.running,
            ImagePlace::Other => &self.other,
        }
    }
}

/// The partitions, for updates of a running board.
#[derive(Debug, Clone)]
pub(crate) struct Slot(pub(crate) Rc<RefCell<Flash>>);

impl UpdateSlot for Slot {
    fn capacity(&self) -> u32 {
        CAPACITY
    }

    fn image(&self) -> board::ImageState {
        let flash = self.0.borrow();
        match flash.record {
            BootRecord::Trying => board::ImageState::OnTrial,
            _ if flash.came_back => board::ImageState::RolledBack,
            _ => board::ImageState::Confirmed,
        }
    }

    fn begin(&mut self, size: u32) -> Result<(), SlotError> {
        self.0.borrow_mut().other = Vec::with_capacity(size.min(CAPACITY) as usize);
        Ok(())
    }

    fn write(&mut self, _: u32, bytes: &[u8]) -> Result<(), SlotError> {
        let other = &mut self.0.borrow_mut().other;
        other.extend_from_slice(bytes);
        Image::check_beginning(other).map_err(|error| SlotError::NotAnImage(error.to_string()))
    }

    fn finish(&mut self) -> Result<(), SlotError> {
        let read = Image::read(&self.0.borrow().other);
        read.map(|_| ())
            .map_err(|error| SlotError::NotAnImage(error.to_string()))
    }

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), SlotError> {
        self.read_image(ImagePlace::Other, offset, bytes)
    }

    fn activate(&mut self) -> Result<(), SlotError> {
        let mut flash = self.0.borrow_mut();
        Image::read(&flash.other).map_err(|error| SlotError::NotAnImage(error.to_string()))?;
        flash.record = BootRecord::New;
        Ok(())
    }

    fn abort(&mut self) {
        self.0.borrow_mut().other = Vec::new();
    }

    fn confirm(&mut self) -> Result<(), SlotError> {
        self.0.borrow_mut().record = BootRecord::Kept;
        Ok(())
    }

    fn target(&self) -> Target<'static> {
        TARGET
    }

    fn signing_key(&self) -> Option<PublicKey> {
        self.0.borrow().key
    }

    fn image_len(&mut self, place: ImagePlace) -> Option<u32> {
        let flash = self.0.borrow();
        let stored = flash.stored(place);
        Image::read(stored).ok()?;
        u32::try_from(stored.len()).ok()
    }

    fn read_image(
        &mut self,
        place: ImagePlace,
        offset: u32,
        bytes: &mut [u8],
    ) -> Result<(), SlotError> {
        let flash = self.0.borrow();
        let from = offset as usize;
        let stored = flash.stored(place).get(from..from + bytes.len());
        bytes.copy_from_slice(
            stored.ok_or_else(|| SlotError::Failed("nothing was written there".to_owned()))?,
        );
        Ok(())
    }

    fn return_to_other(&mut self) -> Result<(), SlotError> {
        self.0.borrow_mut().record = BootRecord::Returned;
        Ok(())
    }

    fn roll_back(&mut self) -> Result<(), SlotError> {
        // Already recorded: the next boot brings the other image back.
        Ok(())
    }
}
