//! The serial monitor in a browser.

use disk::settings::SerialSettings;
use eframe::egui::{Context, Ui};

use crate::{
    model::{abilities::Ability, page_context::PageContext},
    widgets::page_view::PageView,
};

/// The page.
#[derive(Debug)]
pub(crate) struct SerialPage(SerialSettings);

impl SerialPage {
    pub(crate) fn new(settings: &SerialSettings) -> Self {
        Self(settings.clone())
    }

    /// The settings to save.
    pub(crate) fn settings(&self) -> SerialSettings {
        self.0.clone()
    }

    /// No port is open.
    pub(crate) fn is_open(&self) -> bool {
        false
    }

    /// Nothing has to be hidden.
    pub(crate) fn hide(&mut self) {}

    /// There is no port.
    pub(crate) fn open(&mut self, _ctx: &Context, _path: &str) {}

    /// There is no board at a port.
    pub(crate) fn reset(&self) {}
}

impl PageView for SerialPage {
    fn contents(&mut self, ui: &mut Ui, context: &PageContext<'_>) {
        super::show(ui, "Serial monitor", Ability::Serial, context);
    }
}
