//! What a board says about the signatures of its firmware, in words.

use eframe::egui::{Color32, Ui};

use crate::widgets::theme::palette;
use protocol::State;

/// A remark about signatures.
pub(super) struct Remark {
    pub(super) words: &'static str,
    pub(super) hint: &'static str,
    pub(super) color: Color32,
}

/// Why a board that cannot verify an image cannot be updated.
pub(super) const NO_KEY: &str = "Its firmware was built without a signing key, so this locked \
     board cannot verify an image. Flash it over USB.";

/// Whether a board requires signatures and has no key to verify them with.
pub(super) fn cannot_verify(state: &State) -> bool {
    state.signature_required() == Some(true) && state.signing_key().is_none()
}

/// The remark for this state; `None` for a board that says nothing about
/// signatures.
pub(super) fn remark(ui: &Ui, state: &State) -> Option<Remark> {
    let palette = palette(ui);
    let required = state.signature_required()?;
    let (words, hint, color) = match (required, state.signing_key(), state.signed()) {
        (true, None, _) => ("no updates over the network", NO_KEY, palette.doubtful),
        (_, Some(_), Some(false)) => (
            "unsigned firmware",
            "The running firmware is not signed with the key that this board has. A factory \
             reset returns to the previous image, if that is signed.",
            palette.doubtful,
        ),
        (true, Some(_), _) => (
            "signed firmware only",
            "Accepts only images that are signed with its key and not older than the running one.",
            palette.weak,
        ),
        (false, Some(_), _) => (
            "accepts unsigned firmware",
            "Anyone who can control this board can install any firmware. To change that, choose \
             Require signed firmware… in the board's menu, or lock the board.",
            palette.weak,
        ),
        (false, None, _) => (
            "accepts unsigned firmware",
            "Anyone who can control this board can install any firmware. Its own was built \
             without a signing key, so it cannot verify signatures.",
            palette.weak,
        ),
    };
    Some(Remark { words, hint, color })
}
