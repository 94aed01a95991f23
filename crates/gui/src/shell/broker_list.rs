//! The brokers from which boards are taken, with the state of each.

use eframe::egui::{
    Align, Button, Label, Layout, RichText, Sense, Ui, WidgetInfo, accesskit::Role, vec2,
};

use crate::{
    model::{
        action::{BoardCommand, WindowAction},
        dialog_kind::DialogKind,
        link_kind::LinkKind,
        page_context::PageContext,
    },
    widgets::{
        status_icons,
        theme::{self, HALF, UNIT, palette},
    },
};
use fleet::{BrokerState, BrokerStatus};

/// The width of the sign of a state.
const SIGN: f32 = 12.0;

/// Shows the list; nothing if there are none.
pub(super) fn show(ui: &mut Ui, context: &PageContext<'_>) {
    for broker in &context.model.status().brokers {
        ui.add_space(UNIT);
        row(ui, broker, context);
    }
}

fn row(ui: &mut Ui, broker: &BrokerStatus, context: &PageContext<'_>) {
    let palette = palette(ui);
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        ui.horizontal(|ui| {
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                buttons(ui, broker, context);
                ui.spacing_mut().item_spacing.x = UNIT;
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    let (sign, _) = ui.allocate_exact_size(vec2(SIGN, SIGN), Sense::hover());
                    status_icons::link_kind(ui, sign.center(), kind(broker));
                    let address = RichText::new(broker.address.to_string());
                    ui.add(Label::new(address.monospace().color(palette.text)).truncate());
                });
            });
        });
        // Below, because a reason may be longer than the row.
        ui.horizontal_top(|ui| {
            ui.add_space(SIGN + UNIT);
            let text = match broker.reason() {
                Some(reason) => RichText::new(text::capitalized(&reason)).color(palette.bad),
                None => RichText::new(state(broker)).color(palette.weak),
            };
            ui.add(Label::new(text).wrap());
        });
    });
}

/// What can be done with a broker, right to left.
fn buttons(ui: &mut Ui, broker: &BrokerStatus, context: &PageContext<'_>) {
    ui.spacing_mut().item_spacing.x = HALF;
    let address = broker.address.to_string();
    let button = |ui: &mut Ui, words, hint, name: String| {
        let button = Button::new(words).min_size(vec2(0.0, theme::LINE + HALF));
        let response = ui.add(button).on_hover_text(hint);
        response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &name));
        response.clicked()
    };
    let hint = "Stop using this broker and forget its password. Boards that are found only there \
                leave the list.";
    if button(ui, "Remove", hint, format!("Remove {address}")) {
        context.push(BoardCommand::RemoveBroker(address.clone()));
    }
    if broker.address.user().is_none() {
        return;
    }
    let hint = "Enter the password of this user";
    let name = format!("Enter the password of {address}");
    if button(ui, "Password…", hint, name) {
        let ask = DialogKind::BrokerPassword(address);
        context.push(WindowAction::CloseDialog);
        context.push(WindowAction::OpenDialog(ask, String::new()));
    }
}

/// The sign of a broker: those of boards.
fn kind(broker: &BrokerStatus) -> LinkKind {
    match (&broker.state, broker.refused.as_slice()) {
        (BrokerState::Failed { .. }, _) if broker.refuses_login() => LinkKind::Locked,
        (BrokerState::Failed { .. }, _) => LinkKind::Unreachable,
        (BrokerState::Connecting, _) => LinkKind::Connecting,
        (BrokerState::Connected, []) => LinkKind::Connected,
        (BrokerState::Connected, _) => LinkKind::Stale,
    }
}

/// The state of a broker without a problem.
fn state(broker: &BrokerStatus) -> String {
    match broker.state {
        BrokerState::Connected => {
            let boards = text::count(u64::try_from(broker.boards).unwrap_or(u64::MAX), "board");
            format!("Connected · {boards}")
        }
        BrokerState::Connecting | BrokerState::Failed { .. } => "Connecting…".to_owned(),
    }
}
