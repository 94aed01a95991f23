//! A connection to the telemetry of a board that wakes the window.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use eframe::egui;

use fleet::{BoardKey, BoardView};
use telemetry::{TelemetryClient, TelemetryUpdate};

/// A connection; dropping it ends it.
pub(crate) struct SampleStream {
    pub(crate) board: BoardKey,
    /// Where the board was when it was opened.
    pub(crate) address: Arc<str>,
    client: TelemetryClient,
    /// The next arrival wakes the window, because the page was drawn since.
    wakes: Arc<AtomicBool>,
}

impl SampleStream {
    /// Opens the telemetry of a board.
    ///
    /// # Errors
    /// If no thread can be started.
    pub(crate) fn start(board: &BoardView, ctx: &egui::Context) -> io::Result<Self> {
        let wakes = Arc::new(AtomicBool::new(true));
        let (ctx, wakes_once) = (ctx.clone(), Arc::clone(&wakes));
        let wake = Arc::new(move || {
            if wakes_once.swap(false, Ordering::Relaxed) {
                ctx.request_repaint();
            }
        });
        Ok(Self {
            board: board.key,
            address: Arc::clone(&board.address),
            client: TelemetryClient::start(&board.address, wake)?,
            wakes,
        })
    }

    /// What arrived since the last call. With `wakes`, the next arrival wakes
    /// the window.
    pub(crate) fn take(&self, wakes: bool) -> TelemetryUpdate {
        // Set before reading, so that a frame that arrives meanwhile wakes the
        // window.
        self.wakes.store(wakes, Ordering::Relaxed);
        self.client.take()
    }
}
