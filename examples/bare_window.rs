//! The smallest eframe program with the same renderer: a window with one label,
//! of the same size. It is the peer of the program's own start in
//! `benches/start`. It prints to standard error when it draws its first frame,
//! as the program does with `--log switchboard::gui=trace`.
#![cfg_attr(windows, windows_subsystem = "windows")]

use std::io::Write;

use eframe::egui;

struct Bare {
    drawn: bool,
}

impl eframe::App for Bare {
    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut eframe::Frame) {
        if !std::mem::replace(&mut self.drawn, true) {
            // If it cannot be written, there is no benchmark.
            let _ = writeln!(std::io::stderr(), "a frame is drawn");
        }
        ui.label("Hello");
    }
}

fn main() -> eframe::Result {
    let options = eframe::NativeOptions {
        viewport: egui::ViewportBuilder::default().with_inner_size([1180.0, 760.0]),
        renderer: eframe::Renderer::Glow,
        ..Default::default()
    };
    eframe::run_native(
        "Bare",
        options,
        Box::new(|_| Ok(Box::new(Bare { drawn: false }))),
    )
}
