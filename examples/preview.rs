//! The window with simulated boards, to look at states that are rare with real
//! ones: `cargo run --example preview --
//! mixed|everything|house|strip|updates|locked|many|empty [light|dark] [name of
//! the board to show] [size]`. `set-up-lamp`, `set-up-lost`, `set-up-password`,
//! `set-up-nothing`, `set-up-chip` and `set-up-wled` open the dialog that sets
//! up a board, over a false port.
#![expect(clippy::unwrap_used, reason = "a program for developers of the window")]

use std::time::{Duration, Instant, SystemTime};

use eframe::egui;
use gui::{FrameContext, Settings, ThemeChoice, VirtualBoards, Window};
use jiff::tz::TimeZone;
use set_up::AtPort;

#[path = "../tests/window_scenes/mod.rs"]
mod scenes;
#[path = "../tests/window_scenes/set_up.rs"]
mod set_up;

struct Preview {
    window: Window,
    /// What is at the port of the dialog that sets up a board.
    at_port: Option<AtPort>,
}

impl eframe::App for Preview {
    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut eframe::Frame) {
        let frame = FrameContext::new(Instant::now(), SystemTime::now(), TimeZone::system());
        let mut asked = self.window.show(ui, &frame);
        if let Some(at_port) = self.at_port {
            let at = scenes::Now::read();
            asked = at_port.answer(&mut self.window, asked, at);
            ui.ctx().request_repaint_after(Duration::from_millis(200));
        }
        for action in asked {
            eprintln!("{action:?}");
        }
        ui.ctx()
            .request_repaint_after(frame.next().unwrap_or(Duration::MAX));
    }
}

fn main() -> eframe::Result {
    let mut arguments = std::env::args().skip(1);
    let scene = arguments.next().unwrap_or_else(|| "mixed".to_owned());
    let theme = if arguments.next().as_deref() == Some("light") {
        ThemeChoice::Light
    } else {
        ThemeChoice::Dark
    };
    let shown = arguments.next();
    let size = arguments.next().and_then(|size| {
        let (width, height) = size.split_once('x')?;
        Some([width.parse().ok()?, height.parse().ok()?])
    });
    let native = eframe::NativeOptions {
        viewport: egui::ViewportBuilder::default().with_inner_size(size.unwrap_or([1180.0, 760.0])),
        renderer: eframe::Renderer::Glow,
        ..eframe::NativeOptions::default()
    };
    eframe::run_native(
        "Switchboard preview",
        native,
        Box::new(move |cc| {
            let mut window = Window::new(
                &cc.egui_ctx,
                &Settings {
                    theme,
                    ..Settings::default()
                },
            );
            window.virtual_boards = VirtualBoards::Ready;
            let at = scenes::Now::read();
            let at_port = match scene.as_str() {
                "set-up-lamp" => Some(AtPort::Lamp),
                "set-up-lost" => Some(AtPort::LostLamp),
                "set-up-password" => Some(AtPort::WrongPassword),
                "set-up-nothing" => Some(AtPort::Nothing),
                "set-up-chip" => Some(AtPort::Chip),
                "set-up-wled" => Some(AtPort::Wled),
                _ => None,
            };
            let boards = match scene.as_str() {
                "mixed" => scenes::mixed(at),
                "everything" => vec![scenes::everything(9, at)],
                "house" => vec![scenes::house(9, at)],
                "strip" => vec![scenes::strip(2, at)],
                "locked" => scenes::locked(at),
                "updates" => scenes::updates(at),
                "many" => scenes::many(200, at),
                _ => Vec::new(),
            };
            let chosen = shown.and_then(|name| {
                boards
                    .iter()
                    .find(|board| *board.name == *name)
                    .map(|board| board.key)
            });
            let log = if boards.is_empty() {
                Vec::new()
            } else {
                scenes::log(at)
            };
            window
                .model
                .apply(scenes::changes(boards, log), Instant::now());
            if let Some(key) = chosen {
                window.model.select(key);
            }
            if let Some(at_port) = at_port {
                at_port.open(&mut window);
            }
            Ok(Box::new(Preview { window, at_port }))
        }),
    )
}
