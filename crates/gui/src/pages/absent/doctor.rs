//! The doctor's page in a browser.

use eframe::egui::Ui;

use crate::{
    model::{abilities::Ability, page_context::PageContext},
    widgets::page_view::PageView,
};

/// The page.
#[derive(Debug, Default)]
pub(crate) struct Doctor {}

impl PageView for Doctor {
    fn contents(&mut self, ui: &mut Ui, context: &PageContext<'_>) {
        super::show(ui, "Doctor", Ability::Doctor, context);
    }
}
