//! Verifies images in flash: what a board requires of one, and the hashes that
//! are computed from what was stored.

use alloc::{format, string::String};

use image::{PublicKey, Refusal, Requirement, Target, Trailer};
use protocol::{Code, ota::Digest};
use sha2::{Digest as _, Sha256};

use crate::{ImagePlace, SlotError, UpdateSlot, update::UpdateFailure};

/// How many bytes are read back at once for a hash. The buffer is on the stack
/// of a chip.
const READ_BUFFER: usize = 512;

/// The length of a trailer, as the type of offsets.
pub(crate) const TRAILER: u32 = 164;
const _: () = assert!(TRAILER as usize == Trailer::LEN);

/// What a board requires of an image.
#[derive(Debug, Clone)]
pub(crate) struct Rule {
    pub(crate) key: PublicKey,
    pub(crate) target: Target<'static>,
    /// The running version; `None` if any version is allowed.
    pub(crate) running: Option<String>,
}

impl Rule {
    /// Checks a file by its end, as [`Requirement::check`] does.
    pub(crate) fn check(
        &self,
        end: &[u8],
        size: u32,
        image_sha256: Option<&[u8; 32]>,
    ) -> Result<Trailer, UpdateFailure> {
        let requirement = Requirement {
            key: self.key,
            target: self.target,
            running: self.running.as_deref(),
        };
        requirement
            .check(end, size, image_sha256)
            .map_err(|refusal| UpdateFailure {
                code: Code::FailedPrecondition,
                reason: refusal.reason(),
                why: self.explain(refusal, end),
            })
    }

    /// A refusal for people, with what the trailer says.
    fn explain(&self, refusal: Refusal, end: &[u8]) -> String {
        let Target { chip, board } = self.target;
        match (refusal, Trailer::read(end)) {
            (Refusal::WrongChip | Refusal::WrongBoard, Some(trailer)) => format!(
                "the image is signed for {} ({}); this board is {board} ({chip})",
                trailer.board(),
                trailer.chip()
            ),
            (Refusal::Older, Some(trailer)) => format!(
                "the image has version {}, which is older than the running {}; only a person at \
                 the board can return to an older one",
                trailer.version(),
                self.running.as_deref().unwrap_or_default()
            ),
            _ => format!("{refusal}"),
        }
    }

    /// The trailer of a stored image, whose signature is not verified yet;
    /// `None` if the image is not signed for this board.
    pub(crate) fn trailer_in(
        &self,
        slot: &mut dyn UpdateSlot,
        place: ImagePlace,
    ) -> Result<Option<Trailer>, SlotError> {
        let Some(size) = slot.image_len(place).filter(|size| *size > TRAILER) else {
            return Ok(None);
        };
        let mut end = [0; Trailer::LEN];
        slot.read_image(place, size - TRAILER, &mut end)?;
        Ok(self.check(&end, size, None).ok())
    }

    /// Verifies a stored image.
    pub(crate) fn verify(&self, slot: &mut dyn UpdateSlot, place: ImagePlace) -> bool {
        let Ok(Some(trailer)) = self.trailer_in(slot, place) else {
            return false;
        };
        let mut hasher = Sha256::new();
        let length = trailer.length();
        hash_part(&mut hasher, 0, length, |offset, part| {
            slot.read_image(place, offset, part)
        })
        .is_ok_and(|()| self.is_signed(&trailer, hasher))
    }

    /// Whether this trailer signs an image with this hash.
    pub(crate) fn is_signed(&self, trailer: &Trailer, hasher: Sha256) -> bool {
        trailer.verify(&self.key, &hasher.finalize().into()).is_ok()
    }
}

/// Checks the image that was written, and makes it boot next.
pub(crate) fn activate(
    slot: &mut dyn UpdateSlot,
    size: u32,
    expected: Digest,
    rule: Option<&Rule>,
) -> Result<(), UpdateFailure> {
    slot.finish()?;
    let mut hasher = Sha256::new();
    let image = size.saturating_sub(TRAILER);
    hash_part(&mut hasher, 0, image, |offset, part| {
        slot.read(offset, part)
    })?;
    let image_sha256 = hasher.clone().finalize().into();
    hash_part(&mut hasher, image, size, |offset, part| {
        slot.read(offset, part)
    })?;
    let found = Digest(hasher.finalize().into());
    if found != expected {
        let why = format!("the image that was written has another SHA-256: {found}");
        return Err(UpdateFailure {
            code: Code::FailedPrecondition,
            reason: "hash_mismatch",
            why,
        });
    }
    if let Some(rule) = rule {
        let mut end = [0; Trailer::LEN];
        if size >= TRAILER {
            slot.read(image, &mut end)?;
        }
        rule.check(&end, size, Some(&image_sha256))?;
    }
    Ok(slot.activate()?)
}

/// Adds the bytes between two offsets to a hash.
pub(crate) fn hash_part(
    hasher: &mut Sha256,
    from: u32,
    to: u32,
    mut read: impl FnMut(u32, &mut [u8]) -> Result<(), SlotError>,
) -> Result<(), SlotError> {
    let mut buffer = [0; READ_BUFFER];
    let mut offset = from;
    while offset < to {
        let length = (to - offset).min(u32::try_from(READ_BUFFER).unwrap_or(u32::MAX));
        let part = buffer.get_mut(..length as usize).unwrap_or_default();
        read(offset, part)?;
        hasher.update(&*part);
        offset += length;
    }
    Ok(())
}
