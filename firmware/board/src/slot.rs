//! What the core asks of the place where a new firmware image goes. Synchronous
//! and small: a chip puts flash partitions behind it, a test a list of bytes.

use alloc::string::String;

/// Where the image that runs comes from, and whether it has proven itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImageState {
    /// It is the one to keep.
    Confirmed,
    /// It was activated, and this is its first run: at any reset before
    /// [`UpdateSlot::confirm`] the one before it comes back.
    OnTrial,
    /// It is the one to keep, and it runs because a newer one was not
    /// confirmed.
    RolledBack,
}

/// Why a slot does not do what was asked. The sentence is for people; what is
/// beyond [`protocol::limits::UPDATE_ERROR`] bytes of it is cut.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SlotError {
    /// The bytes are no image, or one for other hardware.
    #[error("{0}")]
    NotAnImage(String),
    /// The memory failed.
    #[error("{0}")]
    Failed(String),
}

/// The place for a new image, beside the one that runs.
///
/// The core calls [`Self::begin`], then [`Self::write`] until all is there,
/// [`Self::finish`], [`Self::read`] for the hash and [`Self::activate`], and
/// reboots. [`Self::abort`] may come at any time between `begin` and
/// `activate`, and after every error. Power may be lost between any two calls
/// and within each: until `activate` has answered, or did its one atomic write,
/// the image that runs now is the one that boots. Calls take milliseconds: a
/// sector is erased when the first byte of it is written, not all of them at
/// `begin`.
pub trait UpdateSlot {
    /// The largest image, in bytes.
    fn capacity(&self) -> u32;

    /// What runs now.
    fn image(&self) -> ImageState;

    /// An image of `size` bytes will be written, from its first byte on. What
    /// the slot held is void.
    ///
    /// # Errors
    /// [`SlotError::Failed`].
    fn begin(&mut self, size: u32) -> Result<(), SlotError>;

    /// Takes the next 1 to [`protocol::limits::UPDATE_CHUNK`] bytes; `offset`
    /// is where the last write ended. Any length may come at any time, not only
    /// multiples of what flash can write at once.
    ///
    /// # Errors
    /// [`SlotError::NotAnImage`] as soon as that can be told,
    /// [`SlotError::Failed`].
    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), SlotError>;

    /// All `size` bytes came: writes what is still held back, and checks what
    /// can be told of the whole image.
    ///
    /// # Errors
    /// [`SlotError::NotAnImage`], [`SlotError::Failed`].
    fn finish(&mut self) -> Result<(), SlotError>;

    /// Reads back from the slot's memory what was written, after
    /// [`Self::finish`]. The hash is taken of this, not of what came, so that
    /// flash which did not take a byte is found out.
    ///
    /// # Errors
    /// [`SlotError::Failed`].
    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), SlotError>;

    /// From the next boot on this image runs, on trial. One atomic write.
    ///
    /// # Errors
    /// [`SlotError::Failed`]; the image that runs now stays.
    fn activate(&mut self) -> Result<(), SlotError>;

    /// The image that was begun is not wanted.
    fn abort(&mut self);

    /// The image that runs now is the one to keep.
    ///
    /// # Errors
    /// [`SlotError::Failed`]; it is still on trial, and this is asked again at
    /// the next request.
    fn confirm(&mut self) -> Result<(), SlotError>;

    /// From the next boot on the image before this one runs again.
    ///
    /// # Errors
    /// [`SlotError::Failed`]; the image on trial goes on.
    fn roll_back(&mut self) -> Result<(), SlotError>;
}
