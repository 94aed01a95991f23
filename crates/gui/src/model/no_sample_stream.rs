//! Stands in for a connection to the telemetry of a board in a browser, which
//! cannot open one.

use std::{io, sync::Arc};

use eframe::egui;

use fleet::BoardView;
use telemetry::TelemetryUpdate;

/// A connection, which cannot exist.
pub(crate) struct SampleStream {
    /// Where the board was when it was opened.
    pub(crate) address: Arc<str>,
    never: Never,
}

enum Never {}

impl SampleStream {
    /// Always fails.
    ///
    /// # Errors
    /// Why.
    pub(crate) fn start(_board: &BoardView, _ctx: &egui::Context) -> io::Result<Self> {
        Err(io::Error::other("a browser cannot connect to boards"))
    }

    /// What arrived.
    pub(crate) fn take(&self, _wakes: bool) -> TelemetryUpdate {
        match self.never {}
    }
}
