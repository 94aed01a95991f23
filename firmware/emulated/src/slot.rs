//! The update slot: RAM outside of the linker's memory, which a reset
//! preserves. QEMU starts the same program at every reset, so an image is
//! received, checked, stored and reported, but not run. The images are those of
//! virtual boards (`virtual-board image`).
#![expect(unsafe_code, reason = "memory that the linker does not know")]

use alloc::{borrow::ToOwned, string::ToString};
use core::{mem, ptr};

use board::{ImageState, SlotError, UpdateSlot};
use protocol::limits;

/// The boot record; memory.x ends before it, and the check gives the machine 16
/// MiB.
const RECORD: usize = 0x8040_0000;
/// The image that is being received.
const PLACE: usize = 0x8041_0000;
const CAPACITY: u32 = 0x20_0000;

/// Marks a record that was written since the machine started.
const MAGIC: u32 = 0x5357_4231;

/// The values of [`Record::next`].
const KEPT: u32 = 0;
const NEW: u32 = 1;
const TRYING: u32 = 2;

/// The header of a virtual board's image, up to its version.
const HEAD: &[u8] = b"switchboard virtual image\nversion ";

/// A version with its length.
#[derive(Clone, Copy)]
#[repr(C)]
struct Version {
    length: u32,
    bytes: [u8; limits::VERSION],
}

impl Version {
    /// Parses a text of at most [`limits::VERSION`] bytes.
    fn of(text: &[u8]) -> Option<Self> {
        core::str::from_utf8(text)
            .ok()
            .filter(|text| !text.is_empty() && !text.chars().any(char::is_control))?;
        let mut bytes = [0; limits::VERSION];
        bytes.get_mut(..text.len())?.copy_from_slice(text);
        Some(Self {
            length: u32::try_from(text.len()).ok()?,
            bytes,
        })
    }

    fn as_str(&self) -> &str {
        self.bytes
            .get(..self.length as usize)
            .and_then(|bytes| core::str::from_utf8(bytes).ok())
            .unwrap_or_default()
    }
}

/// The boot record. Any bytes are a valid one.
#[derive(Clone, Copy)]
#[repr(C)]
struct Record {
    magic: u32,
    next: u32,
    running: Version,
    other: Version,
}

impl Record {
    fn load() -> Self {
        // SAFETY: it is aligned RAM that nothing else uses, and any bytes are a
        // valid record.
        unsafe { ptr::read_volatile(RECORD as *const Self) }
    }

    fn save(self) {
        // SAFETY: as in `load`.
        unsafe { ptr::write_volatile(RECORD as *mut Self, self) }
    }
}

/// The slot during one run of the board.
pub(crate) struct Slot {
    record: Record,
    came_back: bool,
}

impl Slot {
    /// Does what a boot loader does at a reset. Must be called only once.
    pub(crate) fn boot() -> Self {
        let mut record = Record::load();
        let built = Version::of(env!("CARGO_PKG_VERSION").as_bytes());
        if let Some(built) = built.filter(|_| record.magic != MAGIC) {
            record = Record {
                magic: MAGIC,
                next: KEPT,
                running: built,
                other: built,
            };
        }
        let came_back = record.next == TRYING;
        if record.next != KEPT {
            mem::swap(&mut record.running, &mut record.other);
            record.next = if came_back { KEPT } else { TRYING };
        }
        record.save();
        Self { record, came_back }
    }

    /// The running version.
    pub(crate) fn version(&self) -> &str {
        self.record.running.as_str()
    }

    fn remember(&mut self, next: u32) {
        self.record.next = next;
        self.record.save();
    }
}

/// The address of these bytes of the image; `None` if they are beyond the slot.
fn place(offset: u32, length: usize) -> Option<usize> {
    let end = usize::try_from(offset).ok()?.checked_add(length)?;
    (end <= CAPACITY as usize).then_some(PLACE + offset as usize)
}

fn out_of_place() -> SlotError {
    SlotError::Failed("that is beyond the place for an image".to_owned())
}

/// The version of the image in the slot.
fn version() -> Option<Version> {
    let mut head = [0; HEAD.len() + limits::VERSION + 1];
    load(0, &mut head).ok()?;
    let rest = head.strip_prefix(HEAD)?;
    let end = rest.iter().position(|byte| *byte == b'\n')?;
    Version::of(rest.get(..end)?)
}

fn load(offset: u32, bytes: &mut [u8]) -> Result<(), SlotError> {
    let from = place(offset, bytes.len()).ok_or_else(out_of_place)?;
    // SAFETY: the slot is RAM that nothing else uses, `place` checks the
    // bounds, and no slice of this program overlaps it.
    unsafe { ptr::copy_nonoverlapping(from as *const u8, bytes.as_mut_ptr(), bytes.len()) };
    Ok(())
}

impl UpdateSlot for Slot {
    fn capacity(&self) -> u32 {
        CAPACITY
    }

    fn image(&self) -> ImageState {
        match self.record.next {
            TRYING => ImageState::OnTrial,
            _ if self.came_back => ImageState::RolledBack,
            _ => ImageState::Confirmed,
        }
    }

    fn begin(&mut self, _: u32) -> Result<(), SlotError> {
        // Invalidates the previous image, including its header.
        self.write(0, &[0; HEAD.len()])
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), SlotError> {
        let to = place(offset, bytes.len()).ok_or_else(out_of_place)?;
        // SAFETY: as in `load`.
        unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), to as *mut u8, bytes.len()) };
        Ok(())
    }

    fn finish(&mut self) -> Result<(), SlotError> {
        let refuse =
            || SlotError::NotAnImage("an image is what `virtual-board image` writes".to_string());
        version().map(|_| ()).ok_or_else(refuse)
    }

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), SlotError> {
        load(offset, bytes)
    }

    fn activate(&mut self) -> Result<(), SlotError> {
        self.record.other =
            version().ok_or_else(|| SlotError::Failed("the image is gone".to_owned()))?;
        self.remember(NEW);
        Ok(())
    }

    fn abort(&mut self) {}

    fn confirm(&mut self) -> Result<(), SlotError> {
        self.remember(KEPT);
        Ok(())
    }

    fn roll_back(&mut self) -> Result<(), SlotError> {
        // If an image on trial boots again, the other one is restored.
        Ok(())
    }
}
