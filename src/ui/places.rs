//! The rail at the left: the parts of the window, each with its sign and a key
//! (Ctrl+1 and on).

use eframe::egui::{
    Align2, CornerRadius, Key, Modifiers, Rect, Sense, Stroke, StrokeKind, Ui, WidgetInfo,
    accesskit::Role, vec2,
};

use super::{
    action::WindowAction,
    icon,
    settings::Page,
    text,
    theme::{self, palette},
};
use crate::ui::page_context::PageContext;
use crate::ui::room::{Within as _, between};

/// A part of the window as the rail shows it.
pub(super) struct Entry {
    pub(super) place: Page,
    /// What it is called.
    pub(super) word: &'static str,
    /// What one finds there.
    pub(super) about: &'static str,
    pub(super) sign: &'static str,
}

/// The parts, from the top.
pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        place: Page::Boards,
        word: "Boards",
        about: "Every board, and the page of the chosen one",
        sign: icon::CPU,
    },
    Entry {
        place: Page::Dashboards,
        word: "Dashboards",
        about: "Components of several boards on pages of your own",
        sign: icon::SQUARES_FOUR,
    },
    Entry {
        place: Page::Scenes,
        word: "Scenes",
        about: "Many components set at one click",
        sign: icon::PALETTE,
    },
    Entry {
        place: Page::Activity,
        word: "Activity",
        about: "Everything that happened",
        sign: icon::LIST_BULLETS,
    },
    Entry {
        place: Page::Plots,
        word: "Plots",
        about: "Sensors, switches and lights over time",
        sign: icon::CHART_LINE,
    },
    Entry {
        place: Page::Health,
        word: "Health",
        about: "How every link has been, the worst first",
        sign: icon::HEARTBEAT,
    },
    Entry {
        place: Page::Frames,
        word: "Frames",
        about: "What goes over a board's link, and a box to send any method",
        sign: icon::BRACKETS_CURLY,
    },
    Entry {
        place: Page::Doctor,
        word: "Doctor",
        about: "Why a board is missing",
        sign: icon::STETHOSCOPE,
    },
    Entry {
        place: Page::Lab,
        word: "Lab",
        about: "Channels, pushes and polls, made visible",
        sign: icon::FLASK,
    },
];

/// What they are called, in the order of their keys.
pub const PLACES: &[&str] = &{
    let mut words = [""; ENTRIES.len()];
    let mut at = 0;
    while at < ENTRIES.len() {
        words[at] = ENTRIES[at].word;
        at += 1;
    }
    words
};

const KEYS: [Key; 9] = [
    Key::Num1,
    Key::Num2,
    Key::Num3,
    Key::Num4,
    Key::Num5,
    Key::Num6,
    Key::Num7,
    Key::Num8,
    Key::Num9,
];

/// Shows the rail.
pub(super) fn show(ui: &mut Ui, shown: Page, context: &PageContext<'_>) {
    ui.spacing_mut().item_spacing.y = 0.0;
    let height = (ui.available_height() / ENTRIES.len() as f32)
        .clamp(theme::RAIL_ROW[0], theme::RAIL_ROW[1]);
    for (at, entry) in ENTRIES.iter().enumerate() {
        let (rect, response) =
            ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::click());
        let chosen = entry.place == shown;
        response.widget_info(|| {
            WidgetInfo::selected(Role::Button, ui.is_enabled(), chosen, entry.word)
        });
        paint(
            ui,
            rect,
            entry,
            chosen,
            response.hovered(),
            response.has_focus(),
        );
        let hint = format!("{} (Ctrl+{})", entry.about, at + 1);
        if response.on_hover_text(hint).clicked() {
            context.push(WindowAction::Go(entry.place));
        }
    }
}

/// Goes to a part whose key was pressed.
pub(super) fn keys(ui: &Ui, context: &PageContext<'_>) {
    for (entry, key) in ENTRIES.iter().zip(KEYS) {
        if ui.input_mut(|input| input.consume_key(Modifiers::COMMAND, key)) {
            context.push(WindowAction::Go(entry.place));
        }
    }
}

fn paint(ui: &Ui, rect: Rect, entry: &Entry, chosen: bool, hovered: bool, focused: bool) {
    let palette = palette(ui);
    let plate = rect.inset(vec2(theme::HALF, 1.0));
    let radius = CornerRadius::same(theme::CONTROL_RADIUS);
    if chosen {
        ui.painter().rect_filled(plate, radius, palette.chosen);
        let mark = between(
            plate.left_top() + vec2(0.0, 8.0),
            plate.left_bottom() + vec2(3.0, -8.0),
        );
        ui.painter().rect_filled(mark, radius, palette.accent);
    } else if hovered {
        ui.painter().rect_filled(plate, radius, palette.control);
    }
    if focused {
        ui.painter().rect_stroke(
            plate,
            radius,
            Stroke::new(1.5, palette.accent),
            StrokeKind::Inside,
        );
    }
    let color = if chosen { palette.text } else { palette.weak };
    let (upper, lower) = plate
        .inset(vec2(2.0, 4.0))
        .split_top_bottom_at_fraction(0.6);
    text::paint(
        ui,
        upper,
        Align2::CENTER_CENTER,
        entry.sign,
        theme::icon(),
        color,
    );
    text::paint(
        ui,
        lower,
        Align2::CENTER_CENTER,
        entry.word,
        theme::small(),
        color,
    );
}
