//! Asks for a firmware image through the desktop's portal, on a thread of its own. Reads nothing: the fleet does.

use std::{io, path::PathBuf, sync::mpsc, thread, time::Instant};

use eframe::egui;

use super::save::NEVER_SHOWN;
use crate::fleet::BoardKey;

/// What came of asking.
#[derive(Debug)]
pub(super) enum Chosen {
    /// This file.
    File(PathBuf),
    /// The person changed their mind.
    Cancelled,
    /// No file dialog of the desktop answered.
    NoDialog,
}

/// A question that is open, and for which board.
pub(super) struct Choice {
    pub(super) board: BoardKey,
    pub(super) answer: mpsc::Receiver<Chosen>,
}

/// Asks which image; the answer arrives later, and `ctx` is woken for it.
pub(super) fn ask(board: BoardKey, name: &str, ctx: egui::Context) -> io::Result<Choice> {
    let (sender, answer) = mpsc::channel();
    let title = format!("Firmware for {name}");
    thread::Builder::new().name("choose".to_owned()).spawn(move || {
        let asked = Instant::now();
        let dialog = rfd::AsyncFileDialog::new().set_title(title).add_filter("Firmware images", &["bin"]);
        let chosen = tokio::runtime::Builder::new_current_thread()
            .build()
            .ok()
            .and_then(|runtime| runtime.block_on(dialog.add_filter("All files", &["*"]).pick_file()));
        let chosen = match chosen {
            Some(file) => Chosen::File(file.path().to_owned()),
            None if asked.elapsed() < NEVER_SHOWN => Chosen::NoDialog,
            None => Chosen::Cancelled,
        };
        // The window may be gone; then nobody waits for the answer.
        let _ = sender.send(chosen);
        ctx.request_repaint();
    })?;
    Ok(Choice { board, answer })
}
