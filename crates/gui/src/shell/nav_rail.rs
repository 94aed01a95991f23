//! The navigation rail on the left: the pages, each with an icon and a key
//! (Ctrl+1 to Ctrl+9, Ctrl+Shift+M).

use eframe::egui::{
    Align2, CornerRadius, Key, KeyboardShortcut, Margin, Panel, Rect, Response, ScrollArea, Sense,
    Stroke, StrokeKind, Ui, Vec2, WidgetInfo, accesskit::Role, scroll_area::ScrollBarVisibility,
    vec2,
};

use disk::settings::Page;

use crate::{
    model::{abilities::Ability, action::WindowAction, page_context::PageContext},
    widgets::{
        icon,
        layout::{WindowSize, Within as _, between, is_upright},
        shortcut, text_line,
        theme::{self, palette},
        value_drag,
    },
};

/// A page in the rail.
pub(crate) struct Entry {
    pub(crate) place: Page,
    /// The name of the page.
    pub(crate) word: &'static str,
    /// The tooltip.
    pub(crate) about: &'static str,
    pub(crate) sign: &'static str,
}

/// The pages, from the top.
pub(crate) const ENTRIES: &[Entry] = &[
    Entry {
        place: Page::Boards,
        word: "Boards",
        about: "All boards, and the page of the selected one",
        sign: icon::CPU,
    },
    Entry {
        place: Page::Dashboards,
        word: "Dashboards",
        about: "Your own pages with components of any board",
        sign: icon::SQUARES_FOUR,
    },
    Entry {
        place: Page::Scenes,
        word: "Scenes",
        about: "Set many components with one click",
        sign: icon::PALETTE,
    },
    Entry {
        place: Page::Activity,
        word: "Activity",
        about: "All events",
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
        about: "Quality of every link, worst first",
        sign: icon::HEARTBEAT,
    },
    Entry {
        place: Page::Frames,
        word: "Frames",
        about: "Frames on the link of a board, and a way to send requests",
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
        about: "Experiments with channels, push and polling",
        sign: icon::FLASK,
    },
    Entry {
        place: Page::Serial,
        word: "Serial",
        about: "What a board prints on its serial port",
        sign: icon::TERMINAL_WINDOW,
    },
];

/// The names of the pages, in the order of their keys.
pub const PAGES: &[&str] = &{
    let mut words = [""; ENTRIES.len()];
    let mut at = 0;
    while at < ENTRIES.len() {
        words[at] = ENTRIES[at].word;
        at += 1;
    }
    words
};

/// The keys of the pages, in their order. Ctrl+0 resets the zoom, and ⌘M
/// minimizes a window on macOS.
const KEYS: [KeyboardShortcut; ENTRIES.len()] = [
    shortcut::command(Key::Num1),
    shortcut::command(Key::Num2),
    shortcut::command(Key::Num3),
    shortcut::command(Key::Num4),
    shortcut::command(Key::Num5),
    shortcut::command(Key::Num6),
    shortcut::command(Key::Num7),
    shortcut::command(Key::Num8),
    shortcut::command(Key::Num9),
    shortcut::command_shift(Key::M),
];

/// The pages and the keys that show them.
pub(crate) fn entries_with_keys() -> impl Iterator<Item = (&'static Entry, KeyboardShortcut)> {
    ENTRIES.iter().zip(KEYS)
}

/// The width that the rail takes from pages: none at the bottom.
pub(crate) fn width(ui: &Ui) -> f32 {
    match is_upright(ui.ctx()) {
        true => 0.0,
        false => theme::RAIL[usize::from(!WindowSize::is_compact(ui.ctx()))],
    }
}

/// Where the rail is: on the left, in an upright window at the bottom.
pub(crate) fn panel(ui: &Ui) -> Panel {
    match is_upright(ui.ctx()) {
        true => Panel::bottom("bottom rail").exact_size(theme::BOTTOM_RAIL[0]),
        false => Panel::left("rail").exact_size(width(ui)),
    }
}

/// The margin around its entries.
pub(crate) fn margin(ui: &Ui) -> Margin {
    match is_upright(ui.ctx()) {
        true => Margin::ZERO,
        false => Margin::symmetric(0, 4),
    }
}

/// Shows the rail. In a compact window it has icons only.
pub(crate) fn show(ui: &mut Ui, shown: Page, context: &PageContext<'_>) {
    if is_upright(ui.ctx()) {
        ScrollArea::horizontal()
            .id_salt("bottom rail")
            .scroll_bar_visibility(ScrollBarVisibility::AlwaysHidden)
            .show(ui, |ui| {
                ui.horizontal(|ui| entries_in_a_row(ui, shown, context));
            });
        return;
    }
    ScrollArea::vertical()
        .id_salt("rail")
        .scroll_bar_visibility(ScrollBarVisibility::AlwaysHidden)
        .show(ui, |ui| entries(ui, shown, context));
}

fn entries(ui: &mut Ui, shown: Page, context: &PageContext<'_>) {
    ui.spacing_mut().item_spacing.y = 0.0;
    let with_words = !WindowSize::is_compact(ui.ctx());
    let [least_icon, least_words, most] = theme::RAIL_ROW;
    let least = if with_words { least_words } else { least_icon };
    let height = (ui.available_height() / ENTRIES.len() as f32).clamp(least, most);
    let size = vec2(ui.available_width(), height);
    for (entry, shortcut) in entries_with_keys() {
        show_entry(ui, size, (entry, with_words), shortcut, shown, context);
    }
}

/// The entries of the rail at the bottom, without pages that only say why this
/// window does not have them: a phone has no room for these, and the palette
/// finds them. They take the whole width, or scroll.
fn entries_in_a_row(ui: &mut Ui, shown: Page, context: &PageContext<'_>) {
    ui.spacing_mut().item_spacing.x = 0.0;
    let [height, least] = theme::BOTTOM_RAIL;
    let is_here = |(entry, _): &(&Entry, KeyboardShortcut)| {
        let ability = Ability::of_page(entry.place);
        ability.is_none_or(|ability| context.model.abilities.has(ability))
    };
    let here: Vec<_> = entries_with_keys().filter(is_here).collect();
    let width = (ui.available_width() / here.len() as f32).max(least);
    for (entry, shortcut) in here {
        show_entry(
            ui,
            vec2(width, height),
            (entry, false),
            shortcut,
            shown,
            context,
        );
    }
}

fn show_entry(
    ui: &mut Ui,
    size: Vec2,
    (entry, with_words): (&Entry, bool),
    shortcut: KeyboardShortcut,
    shown: Page,
    context: &PageContext<'_>,
) {
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    let chosen = entry.place == shown;
    response
        .widget_info(|| WidgetInfo::selected(Role::Button, ui.is_enabled(), chosen, entry.word));
    paint(
        ui,
        rect,
        (entry, with_words),
        chosen,
        response.hovered(),
        response.has_focus(),
    );
    if entry.place == Page::Plots {
        accept_value(&response, context);
    }
    let keys = shortcut::name(ui.ctx(), &shortcut);
    let mut hint = match with_words {
        true => format!("{} ({keys})", entry.about),
        false => format!("{} ({keys})\n{}", entry.word, entry.about),
    };
    // The page itself says so, too.
    let ability = Ability::of_page(entry.place);
    if let Some(why_not) = ability.and_then(|one| context.model.abilities.check(one).err()) {
        hint = format!("{hint}\n{why_not}");
    }
    if response.on_hover_text(hint).clicked() {
        context.push(WindowAction::ShowPage(entry.place));
    }
}

/// A value that is dragged to *Plots* opens it, and is plotted if it is dropped
/// there.
fn accept_value(response: &Response, context: &PageContext<'_>) {
    if !value_drag::is_dragged(&response.ctx) || !response.contains_pointer() {
        return;
    }
    context.push(WindowAction::ShowPage(Page::Plots));
    context.extend(value_drag::dropped(&response.ctx).map(WindowAction::Plot));
}

/// Goes to a part whose key was pressed.
pub(crate) fn press(ui: &Ui, context: &PageContext<'_>) {
    for (entry, shortcut) in entries_with_keys() {
        if ui.input_mut(|input| input.consume_shortcut(&shortcut)) {
            context.push(WindowAction::ShowPage(entry.place));
        }
    }
}

fn paint(
    ui: &Ui,
    rect: Rect,
    (entry, with_words): (&Entry, bool),
    chosen: bool,
    hovered: bool,
    focused: bool,
) {
    let palette = palette(ui);
    let plate = rect.inset(vec2(theme::HALF, 1.0));
    let radius = CornerRadius::same(theme::CONTROL_RADIUS);
    if chosen {
        ui.painter().rect_filled(plate, radius, palette.chosen);
        let mark = match is_upright(ui.ctx()) {
            true => between(
                plate.left_top() + vec2(8.0, 0.0),
                plate.right_top() + vec2(-8.0, 3.0),
            ),
            false => between(
                plate.left_top() + vec2(0.0, 8.0),
                plate.left_bottom() + vec2(3.0, -8.0),
            ),
        };
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
    let (upper, lower) = match with_words {
        true => plate
            .inset(vec2(2.0, 4.0))
            .split_top_bottom_at_fraction(0.6),
        false => (plate, Rect::NOTHING),
    };
    text_line::paint(
        ui,
        upper,
        Align2::CENTER_CENTER,
        entry.sign,
        theme::icon(),
        color,
    );
    if with_words {
        text_line::paint(
            ui,
            lower,
            Align2::CENTER_CENTER,
            entry.word,
            theme::small(),
            color,
        );
    }
}
