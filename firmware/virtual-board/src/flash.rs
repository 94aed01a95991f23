//! A virtual board's firmware partitions: two images and which of them boots.
//! They outlive restarts of the board; [`crate::lifecycle`] boots what
//! [`Flash::boot`] returns.

use std::{cell::RefCell, mem, rc::Rc};

use board::{SlotError, UpdateSlot};

use crate::image::Image;

/// The largest image, in bytes: half of the space on a chip with 4 MB.
const CAPACITY: u32 = 0x1e_0000;

/// Which image boots.
#[derive(Debug, Clone, PartialEq, Eq)]
enum BootRecord {
    /// The running one.
    Kept,
    /// This one, for the first time.
    New(Image),
    /// The running one is on trial; this one is the fallback.
    Trying(Image),
}

/// The firmware partitions.
#[derive(Debug)]
pub(crate) struct Flash {
    running: Image,
    record: BootRecord,
    /// Whether the running image was rolled back to.
    came_back: bool,
    /// The image that is being written.
    staged: Vec<u8>,
}

impl Flash {
    /// Partitions of a board that was flashed with this version.
    pub(crate) fn with(version: String) -> Self {
        let running = Image {
            version,
            comes_up: true,
        };
        Self {
            running,
            record: BootRecord::Kept,
            came_back: false,
            staged: Vec::new(),
        }
    }

    /// Does what a boot loader does at a reset; returns the image that runs
    /// now.
    pub(crate) fn boot(&mut self) -> &Image {
        self.staged = Vec::new();
        self.came_back = false;
        match mem::replace(&mut self.record, BootRecord::Kept) {
            BootRecord::Kept => {}
            BootRecord::New(image) => {
                self.record = BootRecord::Trying(mem::replace(&mut self.running, image));
            }
            BootRecord::Trying(before) => {
                self.running = before;
                self.came_back = true;
            }
        }
        &self.running
    }

    /// The running image.
    pub(crate) fn running(&self) -> &Image {
        &self.running
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
        match &flash.record {
            BootRecord::Trying(_) => board::ImageState::OnTrial,
            _ if flash.came_back => board::ImageState::RolledBack,
            _ => board::ImageState::Confirmed,
        }
    }

    fn begin(&mut self, size: u32) -> Result<(), SlotError> {
        self.0.borrow_mut().staged = Vec::with_capacity(size.min(CAPACITY) as usize);
        Ok(())
    }

    fn write(&mut self, _: u32, bytes: &[u8]) -> Result<(), SlotError> {
        let staged = &mut self.0.borrow_mut().staged;
        staged.extend_from_slice(bytes);
        Image::check_beginning(staged).map_err(|error| SlotError::NotAnImage(error.to_string()))
    }

    fn finish(&mut self) -> Result<(), SlotError> {
        let read = Image::read(&self.0.borrow().staged);
        read.map(|_| ())
            .map_err(|error| SlotError::NotAnImage(error.to_string()))
    }

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), SlotError> {
        let flash = self.0.borrow();
        let from = offset as usize;
        let there = flash.staged.get(from..from + bytes.len());
        bytes.copy_from_slice(
            there.ok_or_else(|| SlotError::Failed("nothing was written there".to_owned()))?,
        );
        Ok(())
    }

    fn activate(&mut self) -> Result<(), SlotError> {
        let mut flash = self.0.borrow_mut();
        let image =
            Image::read(&flash.staged).map_err(|error| SlotError::NotAnImage(error.to_string()))?;
        flash.record = BootRecord::New(image);
        Ok(())
    }

    fn abort(&mut self) {
        self.0.borrow_mut().staged = Vec::new();
    }

    fn confirm(&mut self) -> Result<(), SlotError> {
        self.0.borrow_mut().record = BootRecord::Kept;
        Ok(())
    }

    fn roll_back(&mut self) -> Result<(), SlotError> {
        // Already recorded: the next boot brings the other image back.
        Ok(())
    }
}
