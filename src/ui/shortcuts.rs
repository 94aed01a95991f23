//! The page of keyboard shortcuts (F1).

use eframe::egui::{Align, Button, Frame, Grid, Id, Layout, Modal, RichText, ScrollArea, Ui, vec2};

use super::{
    action::WindowAction,
    places, text,
    theme::{self, UNIT, palette},
};
use crate::ui::page_context::PageContext;
use crate::ui::room::left_of;

/// Keys, and what they do, in groups.
const KEYS: &[(&str, &[(&str, &str)])] = &[
    (
        "Everywhere",
        &[
            ("Ctrl+K", "Find a command, a board, a component"),
            ("Ctrl+F", "Find a board; Escape shows all again"),
            ("Ctrl+N", "Add a board by its address"),
            ("Ctrl+Z", "Undo what several boards were told"),
            ("F1", "This page"),
            ("Ctrl++  Ctrl+-  Ctrl+0", "Larger, smaller, as at first"),
        ],
    ),
    (
        "In the list of boards",
        &[
            ("Up  Down", "The board before, the next one"),
            (
                "Shift+Up  Shift+Down",
                "The same, and choose it beside the others",
            ),
            ("Ctrl+A", "Choose every board of the list"),
            (
                "Shift+F10  Menu",
                "What is done with the board, or with all that are chosen",
            ),
            ("Escape", "Choose only the one that is shown"),
        ],
    ),
    (
        "In the plots",
        &[
            ("Left  Right", "Look back, look ahead"),
            ("+  -", "Show less time, show more"),
            ("Space", "Hold the plots still, follow again"),
        ],
    ),
    (
        "On a dashboard, with a tile's upper line in focus",
        &[
            ("Arrows", "Move the tile"),
            ("Shift+Arrows", "Make it wider, narrower, higher, lower"),
            ("Delete", "Take it off the page"),
        ],
    ),
    (
        "In the frames",
        &[
            ("Up  Down", "The frame before, the next one"),
            ("Ctrl+Enter", "Send the request in the box"),
            ("Ctrl+Up  Ctrl+Down", "What was sent before, and after that"),
        ],
    ),
    (
        "In every page",
        &[
            ("Tab  Shift+Tab", "To the next control, to the one before"),
            ("Space  Enter", "Operate the control that has the focus"),
            ("Left  Right", "Move a slider that has the focus"),
            ("Escape", "Close a dialog or a menu"),
        ],
    ),
];

/// Shows it above everything else.
pub(super) fn show(ui: &Ui, context: &PageContext<'_>) {
    let response = Modal::new(Id::unique("shortcuts"))
        .frame(Frame::popup(ui.style()).inner_margin(20))
        .show(ui.ctx(), |ui| {
            ui.set_width(
                theme::COMMANDS[0].min(left_of(ui.ctx().content_rect().width(), UNIT * 8.0)),
            );
            ui.heading("Keyboard shortcuts");
            ui.add_space(UNIT);
            let height = (ui.ctx().content_rect().height() - UNIT * 22.0).max(UNIT * 10.0);
            ScrollArea::vertical()
                .id_salt("shortcuts")
                .max_height(height)
                .show(ui, |ui| {
                    let places: Vec<(String, &str)> = places::ENTRIES
                        .iter()
                        .enumerate()
                        .map(|(at, entry)| (format!("Ctrl+{}", at + 1), entry.word))
                        .collect();
                    let places: Vec<(&str, &str)> = places
                        .iter()
                        .map(|(keys, word)| (keys.as_str(), *word))
                        .collect();
                    for (title, keys) in KEYS
                        .iter()
                        .copied()
                        .chain([("Parts of the window", places.as_slice())])
                    {
                        group(ui, title, keys);
                    }
                });
            ui.add_space(UNIT);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if ui
                    .add(Button::new("Close").min_size(vec2(80.0, 28.0)))
                    .clicked()
                {
                    context.push(WindowAction::CloseDialog);
                }
            });
        });
    if response.should_close() {
        context.push(WindowAction::CloseDialog);
    }
}

fn group(ui: &mut Ui, title: &str, keys: &[(&str, &str)]) {
    let palette = palette(ui);
    text::label(ui, title, title, theme::strong(), palette.text);
    Grid::new(title)
        .num_columns(2)
        .min_col_width(168.0)
        .show(ui, |ui| {
            for (keys, what) in keys {
                ui.label(
                    RichText::new(*keys)
                        .font(theme::monospace())
                        .color(palette.weak),
                );
                ui.label(RichText::new(*what).color(palette.text));
                ui.end_row();
            }
        });
    ui.add_space(UNIT);
}
