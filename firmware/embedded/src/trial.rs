//! What a boot says of the image that runs, from ESP-IDF's record of which
//! image boots (`esp_ota_img_states_t`). Knows no flash.
//!
//! A boot loader that was built with rollback makes a new image pending before
//! it starts it, and passes it over the next time. One without passes over only
//! what is marked as aborted: so that is what an image on trial is marked as,
//! until it is confirmed. Then the next reset brings the one before it back,
//! whatever the reason is.

use board::ImageState;

/// The record of the image that was selected last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Record {
    /// Activated, not started yet: only a loader without rollback leaves this
    /// to the image.
    New,
    /// Started for the first time by a loader with rollback.
    Pending,
    /// Marked so by [`at_boot`], or given up by the loader.
    Aborted,
    /// Anything else: confirmed, or never updated.
    Settled,
}

/// What the image that runs is, and whether its record is to become
/// [`Record::Aborted`] now. `selected` is whether it is the one that was
/// selected last.
pub fn at_boot(record: Record, selected: bool) -> (ImageState, bool) {
    match (record, selected) {
        (_, false) => (ImageState::RolledBack, false),
        (Record::New, true) => (ImageState::OnTrial, true),
        (Record::Pending, true) => (ImageState::OnTrial, false),
        // Passed over, and started all the same: there is no other.
        (Record::Aborted | Record::Settled, true) => (ImageState::Confirmed, false),
    }
}
