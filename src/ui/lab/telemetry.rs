//! An exercise that is not built yet.

use eframe::egui::Ui;

use super::super::{action::Action, model::Model, moment::Moment};

/// The page.
#[derive(Default)]
pub(super) struct Telemetry;

impl Telemetry {
    /// Shows it.
    pub(super) fn show(&mut self, ui: &mut Ui, _model: &Model, _moment: &Moment, _actions: &mut Vec<Action>) {
        ui.label("Not built yet.");
    }
}
