//! What is to be written, and whether a chip can take it.

use super::{Detected, Image, Kind, Problem};

/// The flash that an application needs, in bytes: what
/// `partitions.csv` divides.
pub const FLASH_NEEDED: u32 = 4 << 20;

/// The largest application: the size of a slot in
/// `partitions.csv`.
pub(super) const SLOT: usize = 0x1e_0000;

/// What is to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The image.
    pub image: Image,
    /// Whether all of the flash is erased first, with the board's name, Wi-Fi
    /// credentials and keys. Otherwise they stay.
    pub erase: bool,
}

impl Plan {
    /// Checks whether a chip can take it. [`Session::flash`](super::Session)
    /// does so too.
    ///
    /// # Errors
    /// If the image is for another chip or a later revision, or the flash is
    /// too small.
    pub fn check(&self, detected: &Detected) -> Result<(), Problem> {
        let image = &self.image;
        if image.chip != detected.chip {
            return Err(Problem::WrongChip {
                image: image.chip,
                board: detected.chip,
            });
        }
        if let Some((major, minor)) = detected.revision
            && major * 100 + minor < u32::from(image.oldest_revision)
        {
            return Err(Problem::OldChip {
                chip: detected.chip,
                needed: (
                    u32::from(image.oldest_revision / 100),
                    u32::from(image.oldest_revision % 100),
                ),
                revision: (major, minor),
            });
        }
        let needed = match image.kind {
            Kind::Application => FLASH_NEEDED,
            Kind::Merged => u32::try_from(image.size()).unwrap_or(u32::MAX),
        };
        if detected.flash_size < needed {
            return Err(Problem::FlashTooSmall {
                needed,
                size: detected.flash_size,
            });
        }
        if image.kind == Kind::Application && image.size() > SLOT {
            return Err(Problem::ImageTooLarge { size: image.size() });
        }
        Ok(())
    }
}
