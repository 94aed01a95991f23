//! Flash with two slots for images and a record of the slot to boot, as a
//! chip's boot loader has it. The power can be cut after any number of
//! operations.

use image::{PublicKey, Target};
use switchboard_board::{ImagePlace, ImageState, SlotError, UpdateSlot};

/// What its images have to be made for.
pub(crate) const TARGET: Target<'static> = Target {
    chip: "virtual",
    board: "test-bench",
};

/// The first byte of every image.
pub(crate) const MAGIC: u8 = 0xe9;

/// The record that the boot loader reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Boot {
    /// Boot this slot; it is confirmed.
    Kept(usize),
    /// Boot this slot for the first time.
    New(usize),
    /// This slot has been booted once.
    Trying(usize),
}

/// The memory of a board.
#[derive(Debug, Clone)]
pub(crate) struct TestFlash {
    slots: [Vec<u8>; 2],
    boot: Boot,
    running: usize,
    image: ImageState,
    /// The number of operations until the power cut, if there is one.
    pub(crate) power: Option<usize>,
    pub(crate) operations: usize,
    /// Positions in the other slot that cannot be written: bad cells.
    pub(crate) bad: Option<usize>,
    /// The record can no longer be written.
    pub(crate) worn: bool,
    /// The key that is compiled into each image.
    pub(crate) key: Option<PublicKey>,
}

impl TestFlash {
    /// A board that runs this image.
    pub(crate) fn with(image: &[u8]) -> Self {
        Self {
            slots: [image.to_vec(), Vec::new()],
            boot: Boot::Kept(0),
            running: 0,
            image: ImageState::Confirmed,
            power: None,
            operations: 0,
            bad: None,
            worn: false,
            key: None,
        }
    }

    /// The same memory after a reset.
    pub(crate) fn reset(mut self) -> Self {
        (self.boot, self.image) = match self.boot {
            Boot::Kept(slot) => (Boot::Kept(slot), ImageState::Confirmed),
            Boot::New(slot) => (Boot::Trying(slot), ImageState::OnTrial),
            Boot::Trying(slot) => (Boot::Kept(1 - slot), ImageState::RolledBack),
        };
        let (Boot::Kept(slot) | Boot::New(slot) | Boot::Trying(slot)) = self.boot;
        self.running = slot;
        self.power = None;
        self
    }

    /// The running image.
    pub(crate) fn running(&self) -> &[u8] {
        &self.slots[self.running]
    }

    /// The image that does not run.
    pub(crate) fn stored(&mut self) -> &mut Vec<u8> {
        self.other()
    }

    fn other(&mut self) -> &mut Vec<u8> {
        &mut self.slots[1 - self.running]
    }

    fn at(&self, place: ImagePlace) -> usize {
        match place {
            ImagePlace::Running => self.running,
            ImagePlace::Other => 1 - self.running,
        }
    }

    /// Counts one operation. Returns whether there was power for it.
    fn operate(&mut self) -> bool {
        self.operations += 1;
        let on = self.power != Some(0);
        self.power = self.power.map(|left| left.saturating_sub(1));
        on
    }

    fn record(&mut self, boot: Boot) -> Result<(), SlotError> {
        if self.worn {
            return Err(SlotError::Failed("the record does not take a write".into()));
        }
        if self.operate() {
            self.boot = boot;
        }
        Ok(())
    }
}

impl UpdateSlot for TestFlash {
    fn capacity(&self) -> u32 {
        16_384
    }

    fn image(&self) -> ImageState {
        self.image
    }

    fn begin(&mut self, _: u32) -> Result<(), SlotError> {
        assert_ne!(
            self.image,
            ImageState::OnTrial,
            "the image to roll back to would be lost"
        );
        if self.operate() {
            self.other().clear();
        }
        Ok(())
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), SlotError> {
        if offset == 0 && bytes.first() != Some(&MAGIC) {
            return Err(SlotError::NotAnImage("an image begins with 0xe9".into()));
        }
        for byte in bytes {
            if self.operate() {
                let at = self.other().len();
                let stuck = self.bad == Some(at);
                self.other().push(if stuck { !byte } else { *byte });
            }
        }
        if self.power.is_none() {
            assert_eq!(
                self.other().len(),
                offset as usize + bytes.len(),
                "writes are contiguous"
            );
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<(), SlotError> {
        Ok(())
    }

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), SlotError> {
        let from = offset as usize;
        match self.other().get(from..from + bytes.len()) {
            Some(found) => bytes.copy_from_slice(found),
            None => bytes.fill(0xff),
        }
        Ok(())
    }

    fn activate(&mut self) -> Result<(), SlotError> {
        self.record(Boot::New(1 - self.running))
    }

    fn abort(&mut self) {}

    fn confirm(&mut self) -> Result<(), SlotError> {
        self.record(Boot::Kept(self.running))?;
        self.image = ImageState::Confirmed;
        Ok(())
    }

    fn target(&self) -> Target<'static> {
        TARGET
    }

    fn signing_key(&self) -> Option<PublicKey> {
        self.key
    }

    fn image_len(&mut self, place: ImagePlace) -> Option<u32> {
        let length = self.slots[self.at(place)].len();
        u32::try_from(length).ok().filter(|length| *length > 0)
    }

    fn read_image(
        &mut self,
        place: ImagePlace,
        offset: u32,
        bytes: &mut [u8],
    ) -> Result<(), SlotError> {
        let from = offset as usize;
        let image = &self.slots[self.at(place)];
        match image.get(from..from + bytes.len()) {
            Some(found) => bytes.copy_from_slice(found),
            None => return Err(SlotError::Failed("beyond the image".into())),
        }
        Ok(())
    }

    fn return_to_other(&mut self) -> Result<(), SlotError> {
        self.record(Boot::Kept(1 - self.running))
    }

    fn roll_back(&mut self) -> Result<(), SlotError> {
        self.record(Boot::Kept(1 - self.running))
    }
}
