//! The update slot: RAM outside of the linker's memory, which a reset
//! preserves. QEMU starts the same program at every reset, so an image is
//! received, checked, stored and reported, but not run. The images are those of
//! virtual boards (`virtual-board image`).
#![expect(unsafe_code, reason = "memory that the linker does not know")]

use alloc::{borrow::ToOwned, string::ToString};
use core::{mem, ptr};

use board::{ImagePlace, ImageState, SlotError, UpdateSlot};
use image::{PublicKey, Target};
use protocol::limits;

/// The boot record; memory.x ends before it, and the check gives the machine 16
/// MiB.
const RECORD: usize = 0x8040_0000;
/// The memory for the two images.
const PLACES: [usize; 2] = [0x8041_0000, 0x8061_0000];
const CAPACITY: u32 = 0x20_0000;

/// Marks a record that was written since the machine started.
const MAGIC: u32 = 0x5357_4232;

/// The values of [`Record::next`].
const KEPT: u32 = 0;
const NEW: u32 = 1;
const TRYING: u32 = 2;
const RETURNED: u32 = 3;

/// The header of a virtual board's image, up to its version.
const HEAD: &[u8] = image::VIRTUAL;

/// What signed images have to be made for.
const TARGET: Target<'static> = Target {
    chip: "emulated",
    board: "qemu-virt",
};

/// The key that is compiled in, the test key by default: build.rs.
const KEY: Option<PublicKey> = match option_env!("SWITCHBOARD_SIGNING_KEY_HEX") {
    Some(digits) => PublicKey::from_hex(digits),
    None => None,
};

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

/// One of the two images.
#[derive(Clone, Copy)]
#[repr(C)]
struct Image {
    version: Version,
    /// Its length in its place. 0 for the program that QEMU starts, which is
    /// in neither.
    length: u32,
}

/// The boot record. Any bytes are a valid one.
#[derive(Clone, Copy)]
#[repr(C)]
struct Record {
    magic: u32,
    next: u32,
    running: Image,
    other: Image,
    /// The place of the running image: the lowest bit.
    place: u32,
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

    /// The address of an image's memory.
    fn place(&self, which: ImagePlace) -> usize {
        let [first, second] = PLACES;
        let is_first = self.place & 1 == 0;
        if is_first == (which == ImagePlace::Running) {
            first
        } else {
            second
        }
    }
}

/// The slot during one run of the board.
pub(crate) struct Slot {
    record: Record,
    came_back: bool,
    /// The length of the image that is being received.
    size: u32,
}

impl Slot {
    /// Does what a boot loader does at a reset. Must be called only once.
    pub(crate) fn boot() -> Self {
        let mut record = Record::load();
        let built = Version::of(env!("CARGO_PKG_VERSION").as_bytes());
        if let Some(version) = built.filter(|_| record.magic != MAGIC) {
            let built = Image { version, length: 0 };
            record = Record {
                magic: MAGIC,
                next: KEPT,
                running: built,
                other: built,
                place: 0,
            };
        }
        let came_back = record.next == TRYING;
        if record.next != KEPT {
            mem::swap(&mut record.running, &mut record.other);
            record.place ^= 1;
            record.next = if record.next == NEW { TRYING } else { KEPT };
        }
        record.save();
        Self {
            record,
            came_back,
            size: 0,
        }
    }

    /// The running version.
    pub(crate) fn version(&self) -> &str {
        self.record.running.version.as_str()
    }

    fn remember(&mut self, next: u32) {
        self.record.next = next;
        self.record.save();
    }

    /// The address of these bytes of an image; `None` if they are beyond its
    /// memory.
    fn address(&self, which: ImagePlace, offset: u32, length: usize) -> Option<usize> {
        let end = usize::try_from(offset).ok()?.checked_add(length)?;
        (end <= CAPACITY as usize).then_some(self.record.place(which) + offset as usize)
    }

    fn load(&self, which: ImagePlace, offset: u32, bytes: &mut [u8]) -> Result<(), SlotError> {
        let from = self
            .address(which, offset, bytes.len())
            .ok_or_else(out_of_place)?;
        // SAFETY: the slot is RAM that nothing else uses, `address` checks the
        // bounds, and no slice of this program overlaps it.
        unsafe { ptr::copy_nonoverlapping(from as *const u8, bytes.as_mut_ptr(), bytes.len()) };
        Ok(())
    }

    /// The version of the image that was received.
    fn received(&self) -> Option<Version> {
        let mut head = [0; HEAD.len() + limits::VERSION + 1];
        self.load(ImagePlace::Other, 0, &mut head).ok()?;
        let rest = head.strip_prefix(HEAD)?;
        let end = rest.iter().position(|byte| *byte == b'\n')?;
        Version::of(rest.get(..end)?)
    }
}

fn out_of_place() -> SlotError {
    SlotError::Failed("that is beyond the place for an image".to_owned())
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

    fn begin(&mut self, size: u32) -> Result<(), SlotError> {
        self.size = size;
        self.record.other.length = 0;
        self.record.save();
        // Invalidates the previous image, including its header.
        self.write(0, &[0; HEAD.len()])
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), SlotError> {
        let to = self
            .address(ImagePlace::Other, offset, bytes.len())
            .ok_or_else(out_of_place)?;
        // SAFETY: as in `load`.
        unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), to as *mut u8, bytes.len()) };
        Ok(())
    }

    fn finish(&mut self) -> Result<(), SlotError> {
        let refuse =
            || SlotError::NotAnImage("an image is what `virtual-board image` writes".to_string());
        self.received().map(|_| ()).ok_or_else(refuse)
    }

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), SlotError> {
        self.load(ImagePlace::Other, offset, bytes)
    }

    fn activate(&mut self) -> Result<(), SlotError> {
        let gone = || SlotError::Failed("the image is gone".to_owned());
        self.record.other = Image {
            version: self.received().ok_or_else(gone)?,
            length: self.size,
        };
        self.remember(NEW);
        Ok(())
    }

    fn abort(&mut self) {}

    fn confirm(&mut self) -> Result<(), SlotError> {
        self.remember(KEPT);
        Ok(())
    }

    fn target(&self) -> Target<'static> {
        TARGET
    }

    fn signing_key(&self) -> Option<PublicKey> {
        KEY
    }

    fn image_len(&mut self, place: ImagePlace) -> Option<u32> {
        let image = match place {
            ImagePlace::Running => &self.record.running,
            ImagePlace::Other => &self.record.other,
        };
        Some(image.length).filter(|length| (1..=CAPACITY).contains(length))
    }

    fn read_image(
        &mut self,
        place: ImagePlace,
        offset: u32,
        bytes: &mut [u8],
    ) -> Result<(), SlotError> {
        self.load(place, offset, bytes)
    }

    fn return_to_other(&mut self) -> Result<(), SlotError> {
        self.remember(RETURNED);
        Ok(())
    }

    fn roll_back(&mut self) -> Result<(), SlotError> {
        // If an image on trial boots again, the other one is restored.
        Ok(())
    }
}
