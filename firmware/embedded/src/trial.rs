//! Decides at boot whether the running image is on trial, from ESP-IDF's OTA
//! data (`esp_ota_img_states_t`). Accesses no flash.
//!
//! A boot loader that was built with rollback marks a new image as pending
//! before it starts it, and skips it the next time. A loader without rollback
//! skips only images marked as aborted, so an image on trial is marked as
//! aborted until it is confirmed. Any reset then brings the previous image
//! back.

use board::ImageState;

/// The recorded state of the image that was selected last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImageRecord {
    /// Activated and not started yet: only a loader without rollback starts an
    /// image in this state.
    New,
    /// Started for the first time by a loader with rollback.
    Pending,
    /// Marked as aborted, for [`at_boot`] or by the loader.
    Aborted,
    /// Anything else: confirmed, or never updated.
    Settled,
}

/// The state of the running image, and whether its record has to be set to
/// [`ImageRecord::Aborted`] now. `selected` is whether it is the image that was
/// selected last.
pub fn at_boot(record: ImageRecord, selected: bool) -> (ImageState, bool) {
    match (record, selected) {
        (_, false) => (ImageState::RolledBack, false),
        (ImageRecord::New, true) => (ImageState::OnTrial, true),
        (ImageRecord::Pending, true) => (ImageState::OnTrial, false),
        // To be skipped, but started nevertheless: there is no other image.
        (ImageRecord::Aborted | ImageRecord::Settled, true) => (ImageState::Confirmed, false),
    }
}
