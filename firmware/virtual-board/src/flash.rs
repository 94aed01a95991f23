//! The part of a virtual board's memory that holds firmware: two places for an
//! image, and which of them boots. It outlives the board's runs. It runs
//! nothing: [`crate::life`] does what [`Flash::boot`] says.

use std::{cell::RefCell, mem, rc::Rc};

use board::{SlotError, UpdateSlot};

use crate::image::Image;

/// The largest image: what a chip with 4 MB has for each of two.
const CAPACITY: u32 = 0x1e_0000;

/// Which image boots.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Record {
    /// The one that runs.
    Kept,
    /// This one, for the first time.
    New(Image),
    /// The one that runs has had its first boot; this one is to come back.
    Trying(Image),
}

/// The memory.
#[derive(Debug)]
pub(crate) struct Flash {
    running: Image,
    record: Record,
    /// Why the running one runs.
    came_back: bool,
    /// The other place, as far as it has been written.
    coming: Vec<u8>,
}

impl Flash {
    /// A board that was flashed with this version.
    pub(crate) fn with(version: String) -> Self {
        let running = Image {
            version,
            comes_up: true,
        };
        Self {
            running,
            record: Record::Kept,
            came_back: false,
            coming: Vec::new(),
        }
    }

    /// What a boot loader does at a reset. Answers the image that runs from now
    /// on.
    pub(crate) fn boot(&mut self) -> &Image {
        self.coming = Vec::new();
        self.came_back = false;
        match mem::replace(&mut self.record, Record::Kept) {
            Record::Kept => {}
            Record::New(image) => {
                self.record = Record::Trying(mem::replace(&mut self.running, image));
            }
            Record::Trying(before) => {
                self.running = before;
                self.came_back = true;
            }
        }
        &self.running
    }

    /// The image that runs.
    pub(crate) fn running(&self) -> &Image {
        &self.running
    }
}

/// The memory as a run of the board has it.
#[derive(Debug, Clone)]
pub(crate) struct Slot(pub(crate) Rc<RefCell<Flash>>);

impl UpdateSlot for Slot {
    fn capacity(&self) -> u32 {
        CAPACITY
    }

    fn image(&self) -> board::ImageState {
        let flash = self.0.borrow();
        match &flash.record {
            Record::Trying(_) => board::ImageState::OnTrial,
            _ if flash.came_back => board::ImageState::RolledBack,
            _ => board::ImageState::Confirmed,
        }
    }

    fn begin(&mut self, size: u32) -> Result<(), SlotError> {
        self.0.borrow_mut().coming = Vec::with_capacity(size.min(CAPACITY) as usize);
        Ok(())
    }

    fn write(&mut self, _: u32, bytes: &[u8]) -> Result<(), SlotError> {
        let coming = &mut self.0.borrow_mut().coming;
        coming.extend_from_slice(bytes);
        Image::check_beginning(coming).map_err(|error| SlotError::NotAnImage(error.to_string()))
    }

    fn finish(&mut self) -> Result<(), SlotError> {
        let read = Image::read(&self.0.borrow().coming);
        read.map(|_| ())
            .map_err(|error| SlotError::NotAnImage(error.to_string()))
    }

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), SlotError> {
        let flash = self.0.borrow();
        let from = offset as usize;
        let there = flash.coming.get(from..from + bytes.len());
        bytes.copy_from_slice(
            there.ok_or_else(|| SlotError::Failed("nothing was written there".to_owned()))?,
        );
        Ok(())
    }

    fn activate(&mut self) -> Result<(), SlotError> {
        let mut flash = self.0.borrow_mut();
        let image =
            Image::read(&flash.coming).map_err(|error| SlotError::NotAnImage(error.to_string()))?;
        flash.record = Record::New(image);
        Ok(())
    }

    fn abort(&mut self) {
        self.0.borrow_mut().coming = Vec::new();
    }

    fn confirm(&mut self) -> Result<(), SlotError> {
        self.0.borrow_mut().record = Record::Kept;
        Ok(())
    }

    fn roll_back(&mut self) -> Result<(), SlotError> {
        // As it stands there already: the next boot brings the other one back.
        Ok(())
    }
}
