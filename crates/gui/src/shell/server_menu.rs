//! The server's menu in the top bar: what this window may do, who else is
//! connected, and for those who manage the server what each may do.

use eframe::egui::{
    self, Align, Align2, Button, Label, Layout, Response, RichText, ScrollArea, Ui, WidgetInfo,
    accesskit, vec2,
};

use crate::{
    model::{action::Task, page_context::PageContext},
    widgets::{
        icon, text_line,
        theme::{self, UNIT, palette},
    },
};
use fleet::{ServerState, ServerStatus, SessionStatus};
use keys::Role;

const WIDTH: f32 = 320.0;

/// Shows its button, if the fleet is on a server.
pub(super) fn show(ui: &mut Ui, context: &PageContext<'_>) {
    let Some(server) = &context.model.status().server else {
        return;
    };
    let response = button(ui, server);
    let hint = format!("{}\n{}", text::plain(&server.address), access(server));
    // With the edges of controls, which menus leave out.
    egui::Popup::from_toggle_button_response(&response)
        .close_behavior(egui::PopupCloseBehavior::CloseOnClickOutside)
        .show(|ui| menu(ui, server, context));
    response.on_hover_text(hint);
}

/// The width of the button and the space next to it.
pub(super) fn width(ui: &Ui, context: &PageContext<'_>) -> f32 {
    match context.model.status().server {
        Some(_) => BUTTON + ui.spacing().item_spacing.x,
        None => 0.0,
    }
}

const BUTTON: f32 = 56.0;

/// A sign for what this window may do, and how many are connected.
fn button(ui: &mut Ui, server: &ServerStatus) -> Response {
    let response = ui.add(Button::new("").min_size(vec2(BUTTON, 28.0)));
    let name = match &server.state {
        ServerState::Connected => format!("Server: {}. {}", people(server), access(server)),
        _ => "Server: not connected.".to_owned(),
    };
    response.widget_info(|| WidgetInfo::labeled(accesskit::Role::Button, ui.is_enabled(), &name));
    let palette = palette(ui);
    let (sign, color) = match (&server.state, server.access) {
        (ServerState::Connected, Role::Control) => (icon::PLUGS_CONNECTED, palette.text),
        (ServerState::Connected, Role::View) => (icon::EYE, palette.text),
        _ => (icon::PLUGS, palette.doubtful),
    };
    let rect = response.rect;
    let half = vec2(UNIT * 1.5, 0.0);
    for (at, text, font) in [
        (rect.center() - half, sign.to_owned(), theme::icon()),
        (
            rect.center() + half,
            server.sessions.len().to_string(),
            theme::body(),
        ),
    ] {
        let place = egui::Rect::from_center_size(at, rect.size());
        text_line::paint(ui, place, Align2::CENTER_CENTER, &text, font, color);
    }
    response
}

fn people(server: &ServerStatus) -> String {
    match server.sessions.len() {
        0 | 1 => "only you are connected".to_owned(),
        more => format!("{more} people are connected"),
    }
}

/// What this window may do, as a sentence.
fn access(server: &ServerStatus) -> &'static str {
    match (&server.state, server.access, server.manages) {
        (ServerState::Connected, _, true) => "You can control boards and manage sessions.",
        (ServerState::Connected, Role::Control, false) => "You can control boards.",
        (ServerState::Connected, Role::View, _) => {
            "You can only view. Ask the person who runs the server for control."
        }
        _ => "Not connected.",
    }
}

fn menu(ui: &mut Ui, server: &ServerStatus, context: &PageContext<'_>) {
    ui.set_width(WIDTH);
    let title = RichText::new(text::plain(&server.address)).font(theme::strong());
    ui.label(title);
    ui.label(access(server));
    if server.manages {
        ui.add_space(UNIT);
        let hint = "Everyone else sees the page that you see now, with the same board";
        if ui
            .button("Show this page to everyone")
            .on_hover_text(hint)
            .clicked()
        {
            context.push(Task::ShowPage);
            ui.close();
        }
    }
    ui.add_space(UNIT);
    ui.separator();
    ui.add_space(UNIT);
    ui.label(RichText::new("Sessions").font(theme::strong()));
    ScrollArea::vertical().max_height(360.0).show(ui, |ui| {
        for session in &server.sessions {
            row(ui, session, server, context);
        }
    });
}

/// A person: the name, where from, and what can be changed.
fn row(ui: &mut Ui, session: &SessionStatus, server: &ServerStatus, context: &PageContext<'_>) {
    let is_own = server.number == Some(session.number);
    let name = match is_own {
        true => format!("{} (you)", text::plain(&session.name)),
        false => text::plain(&session.name),
    };
    ui.horizontal(|ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if server.manages && !is_own {
                let end = ui.button("End");
                let named = format!("End the session of {name}");
                end.widget_info(|| WidgetInfo::labeled(accesskit::Role::Button, true, &named));
                if end.on_hover_text(&named).clicked() {
                    context.push(Task::EndSession(session.number));
                }
            }
            control(ui, session, server, &name, context);
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                ui.add(Label::new(name.clone()).truncate())
                    .on_hover_text(format!("From {}", text::plain(&session.address)));
            });
        });
    });
}

/// Whether a person may control boards: a switch for who manages the server.
fn control(
    ui: &mut Ui,
    session: &SessionStatus,
    server: &ServerStatus,
    name: &str,
    context: &PageContext<'_>,
) {
    let weak = palette(ui).weak;
    let mut may = session.access == Role::Control;
    if session.manages {
        ui.label(RichText::new("Manages").color(weak));
    } else if server.manages {
        let switch = ui.checkbox(&mut may, "May control");
        let named = format!("{name} may control");
        switch.widget_info(|| WidgetInfo::selected(accesskit::Role::CheckBox, true, may, &named));
        if switch.changed() {
            let access = if may { Role::Control } else { Role::View };
            context.push(Task::Grant(session.number, access));
        }
    } else {
        let words = if may { "May control" } else { "Views" };
        ui.label(RichText::new(words).color(weak));
    }
}
