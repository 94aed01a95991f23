//! The bar at the top: name, find box, how many boards are in which state,
//! adding a board, the theme.

use eframe::egui::{
    self, Align, Align2, Button, Key, Layout, Modifiers, Response, Sense, Stroke, TextEdit, Ui,
    WidgetInfo, accesskit::Role, vec2,
};

use disk::settings::ThemeChoice;

use crate::{
    model::{
        action::{Overlay, WindowAction},
        dialog_kind::DialogKind,
        link_kind::LinkKind,
        page_context::PageContext,
    },
    widgets::{
        icon,
        layout::Within as _,
        status_icons, text_line,
        theme::{self, HALF, UNIT, palette},
    },
};
use fleet::Listening;

/// Shows the bar; `find` is the text of the search box.
pub(crate) fn show(ui: &mut Ui, context: &PageContext<'_>, find: &mut String, theme: ThemeChoice) {
    ui.horizontal_centered(|ui| {
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
        find_box(ui, find);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            theme_button(ui, theme, context);
            if add_button(ui).clicked() {
                context.push(WindowAction::OpenDialog(DialogKind::Address, String::new()));
            }
            if help_button(ui).clicked() {
                context.push(WindowAction::OpenOverlay(Overlay::Shortcuts));
            }
            calls(ui, &context.model.status().listening, context);
            ui.add_space(UNIT);
            counts(ui, context);
        });
    });
}

fn find_box(ui: &mut Ui, find: &mut String) {
    let edit = TextEdit::singleline(find)
        .hint_text("Find a board")
        .desired_width(208.0)
        .align(Align2::LEFT_CENTER);
    let response = ui
        .add(edit.min_size(vec2(0.0, theme::LINE)))
        .accessible_name("Find a board");
    let response =
        response.on_hover_text("By name, address, id, component kind, room or tag (Ctrl+F)");
    if ui.input_mut(|input| input.consume_key(Modifiers::COMMAND, Key::F)) {
        response.request_focus();
    }
    if (response.has_focus() || response.lost_focus())
        && ui.input(|input| input.key_pressed(Key::Escape))
    {
        find.clear();
        response.surrender_focus();
    }
    if find.is_empty() && !response.has_focus() {
        let hint = response.rect.inset(vec2(8.0, 0.0));
        text_line::paint(
            ui,
            hint,
            Align2::RIGHT_CENTER,
            "Ctrl+F",
            theme::small(),
            palette(ui).weak,
        );
    }
}

/// How many boards are in each state, right to left like the layout; a click
/// lists only those, another one all. States without boards are left out.
fn counts(ui: &mut Ui, context: &PageContext<'_>) {
    let counts = context.model.counts();
    let filter = context.model.filter();
    ui.spacing_mut().item_spacing.x = 0.0;
    for kind in LinkKind::ALL.into_iter().rev() {
        let (count, chosen) = (counts.get(kind), filter == Some(kind));
        if count > 0 || chosen {
            let response = count_button(ui, kind, count, chosen);
            let hint = match chosen {
                true => "Show all boards".to_owned(),
                false => format!("Show only boards that are {}", kind.word()),
            };
            if response.on_hover_text(hint).clicked() {
                context.push(WindowAction::FilterList((!chosen).then_some(kind)));
            }
        }
    }
}

fn count_button(ui: &mut Ui, kind: LinkKind, count: usize, chosen: bool) -> Response {
    let palette = palette(ui);
    let words = format!("{count} {}", kind.word());
    let galley = text_line::line(ui, &words, theme::body(), palette.text, f32::INFINITY);
    let size = vec2(galley.size().x + 34.0, theme::LINE + HALF);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::Button, ui.is_enabled(), chosen, &words));
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
