//! The bar at the top: name, find box, how many boards are in which state,
//! adding a board, the theme.

use eframe::egui::{
    self, Align, Align2, Button, Layout, Response, Sense, Stroke, Ui, WidgetInfo, accesskit::Role,
    vec2,
};

use disk::settings::{MotionChoice, ThemeChoice};

use crate::{
    model::{
        action::{Overlay, WindowAction},
        dialog_kind::DialogKind,
        link_kind::LinkKind,
        page_context::PageContext,
    },
    shell::{server_menu, session_menu},
    widgets::{
        find_box, icon,
        layout::WindowSize,
        shortcut, status_icons, text_line,
        theme::{self, HALF, UNIT, palette},
    },
};
use fleet::Listening;

/// The chosen theme and motion.
type Look = (ThemeChoice, MotionChoice);

/// Shows the bar; `find` is the text of the search box. In a compact window,
/// the box is in the drawer with the list, and counts have no words.
pub(crate) fn show(ui: &mut Ui, context: &PageContext<'_>, find: &mut String, look: Look) {
    let compact = WindowSize::is_compact(ui.ctx());
    ui.horizontal_centered(|ui| {
        if compact {
            list_button(ui, context, find);
        } else {
            let (rect, _) = ui.allocate_exact_size(vec2(20.0, 20.0), Sense::hover());
            status_icons::mark(ui, rect);
            text_line::label(
                ui,
                "Switchboard",
                "Switchboard",
                theme::strong(),
                palette(ui).text,
            );
            ui.add_space(UNIT);
            let response = find_box::show(ui, find, find_box::WIDTH);
            if ui.input_mut(|input| input.consume_shortcut(&shortcut::FIND)) {
                response.request_focus();
            }
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if compact {
                ui.spacing_mut().item_spacing.x = HALF;
            }
            theme_button(ui, look, context);
            if add_button(ui).clicked() {
                context.push(WindowAction::OpenDialog(DialogKind::Address, String::new()));
            }
            if help_button(ui).clicked() {
                context.push(WindowAction::OpenOverlay(Overlay::Shortcuts));
            }
            // The text of a recording gives way to the counts, which show at
            // least their numbers.
            let counted = counted(context);
            let inbound_button = match context.model.status().listening {
                Listening::Off => 0.0,
                _ => 28.0 + ui.spacing().item_spacing.x,
            };
            let server = server_menu::width(ui, context);
            let reserved = server + inbound_button + UNIT * 2.0 + counts_width(ui, &counted, false);
            session_menu::show(ui, context, reserved);
            inbound(ui, &context.model.status().listening, context);
            server_menu::show(ui, context);
            ui.add_space(UNIT);
            counts(ui, context, &counted);
        });
    });
}

/// Opens the list of boards as a drawer, with the search box.
fn list_button(ui: &mut Ui, context: &PageContext<'_>, find: &str) {
    let response = icon_button(ui, "Find a board");
    let filtered = !find.is_empty();
    let color = if filtered {
        palette(ui).accent
    } else {
        palette(ui).text
    };
    let stroke = Stroke::new(1.5, color);
    status_icons::magnifier(ui.painter(), response.rect.center(), stroke);
    let mut hint = format!(
        "Find a board ({})",
        shortcut::name(ui.ctx(), &shortcut::FIND)
    );
    if filtered {
        hint = format!("{hint}\nThe list is filtered by “{find}”.");
    }
    let asked = ui.input_mut(|input| input.consume_shortcut(&shortcut::FIND));
    if response.on_hover_text(hint).clicked() || asked {
        context.push(WindowAction::OpenBoardList);
    }
}

/// How many boards are in each state, right to left like the layout; a click
/// lists only those, another one all. States without boards are left out. Where
/// there is no room for words, the tooltips have them.
fn counts(ui: &mut Ui, context: &PageContext<'_>, counted: &[Counted]) {
    ui.spacing_mut().item_spacing.x = 0.0;
    let width = counts_width(ui, counted, true);
    let with_words = !WindowSize::is_compact(ui.ctx()) && width <= ui.available_width();
    for (kind, count, chosen) in counted.iter().copied() {
        let response = count_button(ui, kind, count, chosen, with_words);
        let hint = match chosen {
            true => "Show all boards".to_owned(),
            false => format!("{count} {}. Click to show only those", kind.word()),
        };
        if response.on_hover_text(hint).clicked() {
            context.push(WindowAction::FilterList((!chosen).then_some(kind)));
            if WindowSize::is_compact(ui.ctx()) && !chosen {
                context.push(WindowAction::OpenBoardList);
            }
        }
    }
}

/// A state, how many boards are in it, and whether only those are listed.
type Counted = (LinkKind, usize, bool);

/// The counts that are shown, from the right.
fn counted(context: &PageContext<'_>) -> Vec<Counted> {
    let counts = context.model.counts();
    let filter = context.model.filter();
    LinkKind::ALL
        .into_iter()
        .rev()
        .map(|kind| (kind, counts.get(kind), filter == Some(kind)))
        .filter(|(_, count, chosen)| *count > 0 || *chosen)
        .collect()
}

/// The width of all counts.
fn counts_width(ui: &Ui, counted: &[Counted], with_words: bool) -> f32 {
    let width = |(kind, count, _): &Counted| {
        let words = count_words(*kind, *count, with_words);
        let font = theme::body();
        let text = text_line::line(ui, &words, font, palette(ui).text, f32::INFINITY);
        text.size().x + COUNT_ICON + UNIT
    };
    counted.iter().map(width).sum()
}

fn count_words(kind: LinkKind, count: usize, with_words: bool) -> String {
    match with_words {
        true => format!("{count} {}", kind.word()),
        false => count.to_string(),
    }
}

/// The width of a count's icon, and of the space on both of its sides.
const COUNT_ICON: f32 = 26.0;

fn count_button(
    ui: &mut Ui,
    kind: LinkKind,
    count: usize,
    chosen: bool,
    with_words: bool,
) -> Response {
    let palette = palette(ui);
    let name = count_words(kind, count, true);
    let words = count_words(kind, count, with_words);
    let galley = text_line::line(ui, &words, theme::body(), palette.text, f32::INFINITY);
    let size = vec2(galley.size().x + COUNT_ICON + UNIT, theme::LINE + HALF);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::Button, ui.is_enabled(), chosen, &name));
    let fill = match (chosen, response.hovered()) {
        (true, _) => Some(palette.chosen),
        (false, true) => Some(palette.control),
        (false, false) => None,
    };
    if let Some(fill) = fill {
        ui.painter().rect_filled(rect, theme::CONTROL_RADIUS, fill);
    }
    if response.has_focus() || chosen {
        let stroke = Stroke::new(1.0, palette.accent);
        let inside = egui::StrokeKind::Inside;
        ui.painter()
            .rect_stroke(rect, theme::CONTROL_RADIUS, stroke, inside);
    }
    status_icons::link_kind(ui, rect.left_center() + vec2(14.0, 0.0), kind);
    let at = rect.left_center() + vec2(26.0, -galley.size().y / 2.0);
    ui.painter().galley(at, galley, palette.text);
    response
}

fn add_button(ui: &mut Ui) -> Response {
    let response = icon_button(ui, "Add board");
    let stroke = Stroke::new(1.5, palette(ui).text);
    status_icons::plus(ui.painter(), response.rect.center(), 5.0, stroke);
    let keys = shortcut::name(ui.ctx(), &shortcut::ADD);
    response.on_hover_text(format!("Add board by address ({keys})"))
}

/// The status of inbound connections.
fn inbound(ui: &mut Ui, listening: &Listening, context: &PageContext<'_>) {
    let palette = palette(ui);
    let (sign, color, words) = match listening {
        Listening::Off => return,
        Listening::At(address) => (
            icon::PLUGS_CONNECTED,
            palette.text,
            format!("Accepting inbound connections at {address}"),
        ),
        Listening::Failed { address, problem } => (
            icon::PLUGS,
            palette.bad,
            format!("Cannot accept inbound connections at {address}: {problem}"),
        ),
    };
    let response = icon_button(ui, &words);
    text_line::paint(
        ui,
        response.rect,
        Align2::CENTER_CENTER,
        sign,
        theme::icon(),
        color,
    );
    if response.on_hover_text(words).clicked() {
        context.push(WindowAction::ask_to_listen(listening));
    }
}

fn help_button(ui: &mut Ui) -> Response {
    let response = icon_button(ui, "Keyboard shortcuts");
    text_line::paint(
        ui,
        response.rect,
        Align2::CENTER_CENTER,
        icon::QUESTION,
        theme::icon(),
        palette(ui).text,
    );
    let [help, commands] =
        [shortcut::HELP, shortcut::COMMANDS].map(|one| shortcut::name(ui.ctx(), &one));
    response.on_hover_text(format!(
        "Keyboard shortcuts ({help}). Press {commands} to find a command."
    ))
}

fn theme_button(ui: &mut Ui, (theme, motion): Look, context: &PageContext<'_>) {
    let response = icon_button(ui, "Theme");
    status_icons::half_dark(ui.painter(), response.rect.center(), palette(ui).text);
    let response = response.on_hover_text("Light, dark or system theme, and motion");
    egui::Popup::menu(&response).show(|ui| {
        for (choice, word) in [
            (ThemeChoice::System, "System"),
            (ThemeChoice::Light, "Light"),
            (ThemeChoice::Dark, "Dark"),
        ] {
            if ui.add(Button::selectable(choice == theme, word)).clicked() {
                context.push(WindowAction::SetTheme(choice));
                ui.close();
            }
        }
        ui.separator();
        for (choice, word) in [
            (MotionChoice::System, "Motion: system"),
            (MotionChoice::Full, "Motion: full"),
            (MotionChoice::Reduced, "Motion: reduced"),
        ] {
            if ui.add(Button::selectable(choice == motion, word)).clicked() {
                context.push(WindowAction::SetMotion(choice));
                ui.close();
            }
        }
    });
}

/// A square button whose icon is painted by the caller.
fn icon_button(ui: &mut Ui, name: &str) -> Response {
    let response = ui.add(Button::new("").min_size(vec2(28.0, 28.0)));
    response.widget_info(|| WidgetInfo::labeled(Role::Button, ui.is_enabled(), name));
    response
}
