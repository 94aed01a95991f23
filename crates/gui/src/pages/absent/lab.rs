//! The lab in a browser.

use disk::settings::{Exercise, LabSettings};
use eframe::egui::Ui;
use fleet::{BoardKey, Outcome};
use web_time::Instant;

use crate::{
    model::{abilities::Ability, page_context::PageContext},
    widgets::page_view::PageView,
};

/// There are no exercises.
pub(crate) const EXERCISES: &[(Exercise, &str, &str)] = &[];

/// The page. Keeps the settings of other windows of this browser's user.
#[derive(Debug)]
pub(crate) struct Lab(LabSettings);

impl Lab {
    pub(crate) fn new(settings: &LabSettings) -> Self {
        Self(settings.clone())
    }

    /// The settings to save.
    pub(crate) fn settings(&self) -> LabSettings {
        self.0.clone()
    }

    /// Nothing here asks for a board's clients.
    pub(crate) fn clients_answered(
        &mut self,
        _board: BoardKey,
        _closed: Option<u32>,
        _outcome: Outcome,
        _now: Instant,
    ) {
    }

    /// There is nothing to select.
    pub(crate) fn go(&mut self, _exercise: Exercise) {}
}

impl PageView for Lab {
    fn contents(&mut self, ui: &mut Ui, context: &PageContext<'_>) {
        super::show(ui, "Lab", Ability::Lab, context);
    }
}
