//! The overlay of keyboard shortcuts (F1).

use eframe::egui::{Button, Frame, Grid, Id, Modal, RichText, ScrollArea, Ui, vec2};

use crate::{
    model::{action::WindowAction, page_context::PageContext},
    shell::{nav_rail, pairing},
    widgets::{
        layout::left_of,
        text_line,
        theme::{self, UNIT, palette},
    },
};

/// Keyboard shortcuts, in groups.
const KEYS: &[(&str, &[(&str, &str)])] = &[
    (
        "Everywhere",
        &[
            ("Ctrl+K", "Find a command, board or component"),
            ("Ctrl+F", "Find a board; Escape clears the search"),
            ("Ctrl+N", "Add a board by address"),
            ("Ctrl+Z", "Undo what you did last"),
            ("Ctrl+Shift+Z  Ctrl+Y", "Do it again"),
            ("F2", "Rename the shown board or document"),
            ("F1", "Show this page"),
            ("Ctrl++  Ctrl+-  Ctrl+0", "Zoom in, zoom out, reset"),
        ],
    ),
    (
        "In the list of boards",
        &[
            ("Up  Down", "Previous board, next board"),
            ("Shift+Up  Shift+Down", "Extend the selection"),
            ("Space", "Turn the selected boards on or off"),
            ("Ctrl+A", "Select all boards in the list"),
            ("Shift+F10  Menu", "Open the menu of the selected boards"),
            ("Escape", "Clear the selection"),
        ],
    ),
    (
        "On the plots page",
        &[
            ("Left  Right", "Scroll back, scroll forward"),
            ("+  -", "Zoom in, zoom out"),
            ("Space", "Pause, resume"),
            ("Shift+Left  Shift+Right", "Move the cursor"),
            ("A  B", "Place a marker at the cursor"),
            ("Escape", "Remove the markers"),
        ],
    ),
    (
        "On a dashboard, with the header of a tile focused",
        &[
            ("Arrows", "Move the tile"),
            ("Shift+Arrows", "Resize the tile"),
            ("Delete", "Remove the tile"),
        ],
    ),
    (
        "On the frames page",
        &[
            ("Up  Down", "Previous frame, next frame"),
            ("Ctrl+Enter", "Send the request"),
            ("Ctrl+Up  Ctrl+Down", "Previous request, next request"),
        ],
    ),
    (
        "On the serial page",
        &[
            ("Up  Down", "Previous line, next line"),
            ("Enter", "Send the typed line"),
            ("Up  Down", "While typing: earlier line, later line"),
        ],
    ),
    (
        "On every page",
        &[
            ("Tab  Shift+Tab", "Next control, previous control"),
            ("Space  Enter", "Activate the focused control"),
            ("Left  Right", "Move the focused slider"),
            ("Escape", "Close a dialog or menu"),
        ],
    ),
];

/// Shows it above everything else.
pub(crate) fn show(ui: &Ui, context: &PageContext<'_>) {
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
                .auto_shrink([false, true])
                .show(ui, |ui| {
                    let places: Vec<(&str, &str)> = nav_rail::entries_with_keys()
                        .map(|(entry, keys)| (keys, entry.word))
                        .collect();
                    for (title, keys) in KEYS.iter().copied().chain([("Pages", places.as_slice())])
                    {
                        group(ui, title, keys);
                    }
                });
            ui.add_space(UNIT);
            pairing::buttons(ui, |ui| {
                if ui
                    .add(Button::new("Close").min_size(vec2(80.0, 28.0)))
                    .clicked()
                {
                    context.push(WindowAction::CloseDialog);
                }
                let introduction = Button::new("Show introduction").min_size(vec2(0.0, 28.0));
                if ui.add(introduction).clicked() {
                    context.push(WindowAction::ShowIntroduction(true));
                }
            });
        });
    if response.should_close() {
        context.push(WindowAction::CloseDialog);
    }
}

fn group(ui: &mut Ui, title: &str, keys: &[(&str, &str)]) {
    let palette = palette(ui);
    text_line::label(ui, title, title, theme::strong(), palette.text);
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
