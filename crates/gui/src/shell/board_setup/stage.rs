//! What the dialog and its steps tell each other in a frame.

use std::sync::Arc;

use eframe::egui::Response;

use crate::model::{board_setup::SetupTask, page_context::PageContext};
use fleet::BoardView;

/// The button that continues.
pub(super) struct Next {
    pub(super) words: &'static str,
    pub(super) enabled: bool,
}

impl Next {
    pub(super) fn new(words: &'static str, enabled: bool) -> Self {
        Self { words, enabled }
    }
}

/// What a step needs besides the dialog's state.
pub(super) struct Stage<'a> {
    pub(super) context: &'a PageContext<'a>,
    /// The board on the network, once it is known.
    pub(super) view: Option<Arc<BoardView>>,
    /// Whether the step has just begun, and its first control gets the focus.
    pub(super) fresh: bool,
    /// Whether there is no room for the list of the steps.
    pub(super) narrow: bool,
    /// What the person asked for.
    pub(super) tasks: Vec<SetupTask>,
}

impl Stage<'_> {
    /// Gives this control the focus if it is the first of the step.
    pub(super) fn first(&mut self, control: &Response) {
        if std::mem::take(&mut self.fresh) {
            control.request_focus();
        }
    }

    pub(super) fn view(&self) -> Option<&BoardView> {
        self.view.as_deref()
    }
}
