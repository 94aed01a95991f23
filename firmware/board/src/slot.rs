//! The interface to the memory for a new firmware image: flash partitions on a
//! chip, a list of bytes in a test.

use alloc::string::String;

use image::{PublicKey, Target};

/// One of the two images of a board.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImagePlace {
    /// The one that runs.
    Running,
    /// The one that ran before, or was written last.
    Other,
}

/// The state of the running image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImageState {
    /// It is confirmed.
    Confirmed,
    /// This is its first run: a reset before [`UpdateSlot::confirm`] rolls back
    /// to the previous image.
    OnTrial,
    /// It is confirmed, and runs because a newer one was rolled back.
    RolledBack,
}

/// Why an operation of a slot failed, for people. The text is cut at
/// [`protocol::limits::UPDATE_ERROR`] bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SlotError {
    /// The bytes are not an image, or are one for other hardware.
    #[error("{0}")]
    NotAnImage(String),
    /// The memory failed.
    #[error("{0}")]
    Failed(String),
}

/// The memory for a new image, next to the running one.
///
/// The core uses [`Self::begin`], [`Self::write`] until the image is complete,
/// [`Self::finish`], [`Self::read`] for the hash, and [`Self::activate`], then
/// reboots. It may use [`Self::abort`] at any time between `begin` and
/// `activate`, and after every error. Power may be lost at any time: until the
/// one atomic write of `activate`, the running image is the one that boots.
/// Every function returns within milliseconds: a sector is erased when its
/// first byte is written, not all of them in `begin`.
pub trait UpdateSlot {
    /// The largest image, in bytes.
    fn capacity(&self) -> u32;

    /// The state of the running image.
    fn image(&self) -> ImageState;

    /// Begins an image of `size` bytes, and discards what the slot held.
    ///
    /// # Errors
    /// [`SlotError::Failed`].
    fn begin(&mut self, size: u32) -> Result<(), SlotError>;

    /// Writes the next 1 to [`protocol::limits::UPDATE_CHUNK`] bytes; `offset`
    /// is the end of the last write. The length need not be a multiple of what
    /// flash can write at once.
    ///
    /// # Errors
    /// [`SlotError::NotAnImage`] as early as possible, [`SlotError::Failed`].
    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), SlotError>;

    /// Writes buffered bytes, and checks the whole image. All `size` bytes have
    /// been written.
    ///
    /// # Errors
    /// [`SlotError::NotAnImage`], [`SlotError::Failed`].
    fn finish(&mut self) -> Result<(), SlotError>;

    /// Reads the image back, after [`Self::finish`]. The hash is computed from
    /// this, so that bytes which flash failed to store are detected.
    ///
    /// # Errors
    /// [`SlotError::Failed`].
    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), SlotError>;

    /// Makes the image run from the next boot on, on trial, in one atomic
    /// write.
    ///
    /// # Errors
    /// [`SlotError::Failed`]; the running image stays active.
    fn activate(&mut self) -> Result<(), SlotError>;

    /// Discards the image that was begun.
    fn abort(&mut self);

    /// Confirms the running image.
    ///
    /// # Errors
    /// [`SlotError::Failed`]; it stays on trial, and this is tried again at the
    /// next request.
    fn confirm(&mut self) -> Result<(), SlotError>;

    /// The chip and the board that signed images have to be made for.
    fn target(&self) -> Target<'static>;

    /// The public key that was compiled into the running image; `None` if it
    /// was built without one. Always the same.
    fn signing_key(&self) -> Option<PublicKey>;

    /// The length of an image with its trailer, if it has one, in bytes. `None`
    /// if there is no complete image. Not called while an image is being
    /// written.
    fn image_len(&mut self, place: ImagePlace) -> Option<u32>;

    /// Reads from an image.
    ///
    /// # Errors
    /// [`SlotError::Failed`].
    fn read_image(
        &mut self,
        place: ImagePlace,
        offset: u32,
        bytes: &mut [u8],
    ) -> Result<(), SlotError>;

    /// Makes the other image run from the next boot on, without a trial.
    ///
    /// # Errors
    /// [`SlotError::Failed`]; the running image stays active.
    fn return_to_other(&mut self) -> Result<(), SlotError>;

    /// Makes the previous image run again from the next boot on.
    ///
    /// # Errors
    /// [`SlotError::Failed`]; the image on trial keeps running.
    fn roll_back(&mut self) -> Result<(), SlotError>;
}
