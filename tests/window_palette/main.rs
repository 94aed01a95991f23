//! The command palette, and renaming in place.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod commands;
mod frames;
mod lab;
mod rename;

#[path = "../window_scenes/bench.rs"]
#[expect(dead_code, reason = "other tests use the rest of it")]
mod bench;
#[path = "../window_scenes/mod.rs"]
#[expect(dead_code, reason = "other tests use the other scenes")]
mod scenes;

use bench::Bench;
use eframe::egui::{self, Key, accesskit::Role};
use egui_kittest::{
    Harness,
    kittest::{NodeT, Queryable},
};
use fleet::BoardView;
use gui::{Request, Settings};
use scenes::Now;

/// A window over these boards that shows the one with this name.
fn open(boards: Vec<BoardView>, shown: &str, settings: &Settings) -> Harness<'static, Bench> {
    let at = Now::read();
    let key = boards
        .iter()
        .find(|board| *board.name == *shown)
        .unwrap()
        .key;
    let settings = settings.clone();
    let mut harness = Harness::builder()
        .with_size([1180.0, 900.0])
        // As fast as a display, for double clicks.
        .with_step_dt(1.0 / 60.0)
        .with_max_steps(200)
        .build_eframe(move |cc| {
            Bench::new(cc, &settings, boards, Vec::new(), at).showing(Some(key))
        });
    harness.run();
    harness
}

/// Types into the field that has the focus, and presses Enter.
fn enter(harness: &mut Harness<'_, Bench>, text: &str) {
    let nodes = harness.root().children_recursive();
    let field = nodes
        .filter(|node| node.accesskit_node().is_focused())
        .find(|node| node.accesskit_node().role() == Role::TextInput);
    field.unwrap().type_text(text);
    harness.run();
    harness.key_press(Key::Enter);
    harness.run();
}
