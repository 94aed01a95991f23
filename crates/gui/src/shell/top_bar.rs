//! The bar at the top: name, find box, how many boards are in which state,
//! adding a board, the theme.

use eframe::egui::{
    self, Align, Align2, Button, Key, Layout, Modifiers, Response, Sense, Stroke, Ui, WidgetInfo,
    accesskit::Role, vec2,
};

use disk::settings::ThemeChoice;

use crate::{
    model::{
        action::{Overlay, WindowAction},
        boards::Counts,
        dialog_kind::DialogKind,
        page_context::PageContext,
    },
    widgets::{
        find_box, icon,
        layout::WindowSize,
        status_icons, text_line,
        theme::{self, HALF, UNIT, palette},
    },
};
use fleet::{LinkProblem, LinkState, Listening};

/// Shows the bar; `find` is the text of the search box. In a compact window,
/// the box is in the drawer with the list, and counts have no words.
pub(crate) fn show(ui: &mut Ui, context: &PageContext<'_>, find: &mut String, theme: ThemeChoice) {
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
            if ui.input_mut(|input| input.consume_key(Modifiers::COMMAND, Key::F)) {
                response.request_focus();
            }
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if compact {
                ui.spacing_mut().item_spacing.x = HALF;
            }
            theme_button(ui, theme, context);
            if add_button(ui).clicked() {
                context.push(WindowAction::OpenDialog(DialogKind::Address, String::new()));
            }
            if help_button(ui).clicked() {
                context.push(WindowAction::OpenOverlay(Overlay::Shortcuts));
            }
            calls(ui, &context.model.status().listening, context);
            ui.add_space(UNIT);
            counts(ui, &context.model.counts());
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
    let hint = match filtered {
        true => format!("Find a board (Ctrl+F)\nThe list is filtered by “{find}”."),
        false => "Find a board (Ctrl+F)".to_owned(),
    };
    let asked = ui.input_mut(|input| input.consume_key(Modifiers::COMMAND, Key::F));
    if response.on_hover_text(hint).clicked() || asked {
        context.push(WindowAction::OpenBoardList);
    }
}

/// Right to left, like the layout; states without boards are left out. Where
/// there is no room for words, the tooltips have them.
fn counts(ui: &mut Ui, counts: &Counts) {
    let unreachable = LinkState::Unreachable {
        problem: LinkProblem::Closed,
        retry_at: None,
    };
    let states = [
        (counts.announced, LinkState::Announced, "announced"),
        (counts.unreachable, unreachable, "unreachable"),
        (counts.stale, LinkState::Stale, "stale"),
        (counts.connecting, LinkState::Connecting, "connecting"),
        (counts.connected, LinkState::Connected, "connected"),
    ];
    let shown = states.into_iter().filter(|(count, ..)| *count > 0);
    let width: f32 = shown
        .clone()
        .map(|(count, _, word)| {
            let words = format!("{count} {word}");
            let font = theme::body();
            let text = text_line::line(ui, &words, font, palette(ui).text, f32::INFINITY);
            text.size().x + 10.0 + UNIT * 3.0
        })
        .sum();
    let with_words = !WindowSize::is_compact(ui.ctx()) && width <= ui.available_width();
    for (count, state, word) in shown {
        let words = format!("{count} {word}");
        let shown = if with_words {
            words.clone()
        } else {
            count.to_string()
        };
        text_line::label(ui, &shown, &words, theme::body(), palette(ui).text).on_hover_text(&words);
        let (rect, response) = ui.allocate_exact_size(vec2(10.0, theme::LINE), Sense::hover());
        status_icons::link(ui, rect.center(), &state);
        response.on_hover_text(words);
        ui.add_space(if with_words { UNIT } else { HALF });
    }
}

fn add_button(ui: &mut Ui) -> Response {
    let response = icon_button(ui, "Add board");
    let stroke = Stroke::new(1.5, palette(ui).text);
    status_icons::plus(ui.painter(), response.rect.center(), 5.0, stroke);
    response.on_hover_text("Add board by address (Ctrl+N)")
}

/// The status of inbound connections.
fn calls(ui: &mut Ui, listening: &Listening, context: &PageContext<'_>) {
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
    response.on_hover_text("Keyboard shortcuts (F1). Press Ctrl+K to find a command.")
}

fn theme_button(ui: &mut Ui, theme: ThemeChoice, context: &PageContext<'_>) {
    let response = icon_button(ui, "Theme");
    status_icons::half_dark(ui.painter(), response.rect.center(), palette(ui).text);
    let response = response.on_hover_text("Light, dark or system theme");
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
    });
}

/// A square button whose icon is painted by the caller.
pub(crate) fn icon_button(ui: &mut Ui, name: &str) -> Response {
    let response = ui.add(Button::new("").min_size(vec2(28.0, 28.0)));
    response.widget_info(|| WidgetInfo::labeled(Role::Button, ui.is_enabled(), name));
    response
}
