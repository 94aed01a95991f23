//! The overlay of keyboard shortcuts (F1).

use eframe::egui::{
    Button, Frame, Grid, Id, Key, KeyboardShortcut, Modal, RichText, ScrollArea, Ui, vec2,
};

use crate::{
    model::{action::WindowAction, page_context::PageContext},
    shell::{nav_rail, pairing},
    widgets::{
        layout::left_of,
        shortcut, text_line,
        theme::{self, UNIT, palette},
    },
};

/// What is pressed.
#[derive(Clone, Copy)]
enum Press {
    Keys(KeyboardShortcut),
    Words(&'static str),
}

use Press::{Keys, Words};

type Group<'a> = (&'a str, &'a [(&'a [Press], &'a str)]);

const UP_DOWN: &[Press] = &[
    Keys(shortcut::plain(Key::ArrowUp)),
    Keys(shortcut::plain(Key::ArrowDown)),
];
const LEFT_RIGHT: &[Press] = &[
    Keys(shortcut::plain(Key::ArrowLeft)),
    Keys(shortcut::plain(Key::ArrowRight)),
];
const SHIFT_UP_DOWN: &[Press] = &[
    Keys(shortcut::shift(Key::ArrowUp)),
    Keys(shortcut::shift(Key::ArrowDown)),
];
const SHIFT_LEFT_RIGHT: &[Press] = &[
    Keys(shortcut::shift(Key::ArrowLeft)),
    Keys(shortcut::shift(Key::ArrowRight)),
];
const SPACE: &[Press] = &[Keys(shortcut::plain(Key::Space))];
const ESCAPE: &[Press] = &[Keys(shortcut::CLEAR)];
const ZOOM: &[Press] = &[
    Keys(shortcut::ZOOM_IN),
    Keys(shortcut::ZOOM_OUT),
    Keys(shortcut::ZOOM_RESET),
];

/// Keyboard shortcuts, in groups.
const KEYS: &[Group<'_>] = &[
    (
        "Everywhere",
        &[
            (
                &[Keys(shortcut::COMMANDS)],
                "Find a command, board or component",
            ),
            (
                &[Keys(shortcut::FIND)],
                "Find a board; Escape clears the search",
            ),
            (&[Keys(shortcut::ADD)], "Add a board by address"),
            (&[Keys(shortcut::UNDO)], "Undo what you did last"),
            (
                &[Keys(shortcut::REDO), Keys(shortcut::REDO_ALSO)],
                "Do it again",
            ),
            (
                &[Keys(shortcut::RENAME)],
                "Rename the shown board or document",
            ),
            (&[Keys(shortcut::HELP)], "Show this page"),
            (ZOOM, "Zoom in, zoom out, reset"),
        ],
    ),
    (
        "In the list of boards",
        &[
            (UP_DOWN, "Previous board, next board"),
            (SHIFT_UP_DOWN, "Extend the selection"),
            (SPACE, "Turn the selected boards on or off"),
            (
                &[Keys(shortcut::SELECT_ALL)],
                "Select all boards in the list",
            ),
            (
                &[Keys(shortcut::shift(Key::F10)), Words("Menu")],
                "Open the menu of the selected boards",
            ),
            (ESCAPE, "Clear the selection"),
        ],
    ),
    (
        "On the plots page",
        &[
            (LEFT_RIGHT, "Scroll back, scroll forward"),
            (&[Words("+"), Words("-")], "Zoom in, zoom out"),
            (SPACE, "Pause, resume"),
            (SHIFT_LEFT_RIGHT, "Move the cursor"),
            (&[Words("A"), Words("B")], "Place a marker at the cursor"),
            (ESCAPE, "Remove the markers"),
        ],
    ),
    (
        "On a dashboard, with the header of a tile focused",
        &[
            (&[Words("Arrows")], "Move the tile"),
            (&[Words("Shift with arrows")], "Resize the tile"),
            (&[Keys(shortcut::plain(Key::Delete))], "Remove the tile"),
        ],
    ),
    (
        "On the frames page",
        &[
            (UP_DOWN, "Previous frame, next frame"),
            (&[Keys(shortcut::SEND)], "Send the request"),
            (
                &[Keys(shortcut::EARLIER), Keys(shortcut::LATER)],
                "Previous request, next request",
            ),
        ],
    ),
    (
        "On the serial page",
        &[
            (UP_DOWN, "Previous line, next line"),
            (&[Keys(shortcut::plain(Key::Enter))], "Send the typed line"),
            (UP_DOWN, "While typing: earlier line, later line"),
        ],
    ),
    (
        "On every page",
        &[
            (
                &[
                    Keys(shortcut::plain(Key::Tab)),
                    Keys(shortcut::shift(Key::Tab)),
                ],
                "Next control, previous control",
            ),
            (
                &[
                    Keys(shortcut::plain(Key::Space)),
                    Keys(shortcut::plain(Key::Enter)),
                ],
                "Activate the focused control",
            ),
            (LEFT_RIGHT, "Move the focused slider"),
            (ESCAPE, "Close a dialog or menu"),
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
                    for (title, keys) in KEYS.iter().copied() {
                        group(ui, title, keys.iter().copied());
                    }
                    let pages: Vec<([Press; 1], &str)> = nav_rail::entries_with_keys()
                        .map(|(entry, keys)| ([Keys(keys)], entry.word))
                        .collect();
                    let pages = pages.iter().map(|(keys, word)| (keys.as_slice(), *word));
                    group(ui, "Pages", pages);
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

fn group<'a>(ui: &mut Ui, title: &str, keys: impl Iterator<Item = (&'a [Press], &'a str)>) {
    let palette = palette(ui);
    text_line::label(ui, title, title, theme::strong(), palette.text);
    Grid::new(title)
        .num_columns(2)
        .min_col_width(168.0)
        .show(ui, |ui| {
            for (keys, what) in keys {
                ui.label(
                    RichText::new(words(ui, keys))
                        .font(theme::monospace())
                        .color(palette.weak),
                );
                ui.label(RichText::new(what).color(palette.text));
                ui.end_row();
            }
        });
    ui.add_space(UNIT);
}

/// How the keys read on this system.
fn words(ui: &Ui, keys: &[Press]) -> String {
    let words: Vec<String> = keys
        .iter()
        .map(|press| match press {
            Keys(shortcut) => shortcut::name(ui.ctx(), shortcut),
            Words(words) => (*words).to_owned(),
        })
        .collect();
    words.join("  ")
}
