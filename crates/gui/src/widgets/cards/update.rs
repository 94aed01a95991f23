//! Firmware: the installed version, the progress of an update, and the button
//! that starts or cancels one. Progress comes from this program's transfer, or
//! from the board if another controller updates it.

use std::sync::Arc;

use eframe::egui::{Button, Color32, Galley, Rect, Sense, Ui, WidgetInfo, accesskit::Role, vec2};

use super::{card::Card, signatures};
use crate::{
    model::{
        action::{BoardCommand, Task},
        file_task::FileTask,
    },
    widgets::{
        text_line,
        theme::{self, HALF, LINE, UNIT, palette},
    },
};
use fleet::{Trigger, UpdateState};
use protocol::method;

const BAR: f32 = UNIT;

/// What the button does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ButtonState {
    Begin,
    /// The board downloads and installs its latest version.
    Install,
    /// Disabled, with the reason.
    Disabled(&'static str),
    Cancel,
}

/// What is shown between the head and the footer.
pub(super) struct Shown {
    pub(super) percent: Option<u8>,
    pub(super) message: Option<(String, Color32)>,
    pub(super) offer: ButtonState,
}

pub(super) fn shown(ui: &Ui, card: &Card<'_>) -> Shown {
    let palette = palette(ui);
    let state = &card.state;
    let own = card.page.board.update.as_ref();
    if let Some(update) = own.filter(|update| update.is_under_way()) {
        let offer = match update {
            UpdateState::Reading | UpdateState::Sending { .. } => ButtonState::Cancel,
            _ => ButtonState::Disabled("The board is restarting with the new image"),
        };
        let message = Some((text::update(update), palette.underway));
        return Shown {
            percent: Some(update.percent().unwrap_or(0)),
            message,
            offer,
        };
    }
    if state.in_progress() == Some(true) {
        let version = state
            .latest_version()
            .map(|version| format!(" to {}", text::plain(version)));
        let percent = state.update_percentage();
        let there = percent
            .map(|percent| format!(": {percent} %"))
            .unwrap_or_default();
        let (who, reason) = match can_install(card) {
            true => ("the board is updating", "The board is updating"),
            false => (
                "another controller is updating this board",
                "Another controller is updating this board",
            ),
        };
        let message = format!("{who}{}{there}", version.unwrap_or_default());
        let offer = ButtonState::Disabled(reason);
        return Shown {
            percent,
            message: Some((message, palette.underway)),
            offer,
        };
    }
    let message = match (own, state.last_error()) {
        (Some(UpdateState::Failed(problem)), _) => {
            Some((text::plain(&problem.to_string()), palette.bad))
        }
        (_, Some(error)) => Some((
            format!("the last update failed: {}", text::plain(error)),
            palette.doubtful,
        )),
        (Some(done), None) => Some((text::plain(&text::update(done)), palette.good)),
        (None, None) => None,
    };
    Shown {
        percent: None,
        message,
        offer: match card.page.board.why_lacking(method::OTA_BEGIN) {
            _ if can_install(card) => installable(card),
            None if signatures::cannot_verify(state) => ButtonState::Disabled(signatures::NO_KEY),
            Some(why) => ButtonState::Disabled(why),
            None => ButtonState::Begin,
        },
    }
}

fn can_install(card: &Card<'_>) -> bool {
    card.component.descriptor.can_install
}

/// Whether there is anything to install.
fn installable(card: &Card<'_>) -> ButtonState {
    match (card.state.newer_version(), card.state.latest_version()) {
        (Some(_), _) => ButtonState::Install,
        (None, Some(_)) => ButtonState::Disabled("The board has its latest version"),
        (None, None) => ButtonState::Disabled("The board does not know of a newer version"),
    }
}

/// The words on the button: what it installs, or `begin`.
pub(super) fn words(card: &Card<'_>, offer: ButtonState, begin: &str) -> String {
    match card.state.latest_version() {
        Some(latest) if offer == ButtonState::Install => {
            format!("Install {}", text::plain(latest))
        }
        _ if can_install(card) => "Install".to_owned(),
        _ => begin.to_owned(),
    }
}

fn galley(ui: &Ui, message: &(String, Color32), width: f32) -> Arc<Galley> {
    text_line::wrapped(ui, &message.0, theme::body(), message.1, width)
}

/// The installed version.
pub(super) fn head(ui: &mut Ui, card: &Card<'_>) {
    let version = card.state.installed_version().map(text::plain);
    let (version, color) = match version {
        Some(version) => (version, card.value_color(ui)),
        None => ("unknown".to_owned(), palette(ui).weak),
    };
    text_line::label(ui, &version, &card.name(&version), theme::strong(), color);
}

/// The height of the body.
pub(super) fn height(card: &Card<'_>, ui: &Ui, width: f32) -> f32 {
    let shown = shown(ui, card);
    let bar = shown.percent.map_or(0.0, |_| BAR + HALF);
    let message = shown.message.map_or(0.0, |message| {
        galley(ui, &message, width).size().y + 2.0 * HALF
    });
    let remark = signatures::remark(ui, &card.state).map_or(0.0, |_| LINE);
    bar + message + remark + LINE + HALF
}

/// What the board says about signatures, if anything.
pub(super) fn remark(ui: &mut Ui, card: &Card<'_>) {
    if let Some(remark) = signatures::remark(ui, &card.state) {
        let name = card.name(remark.words);
        text_line::label(ui, remark.words, &name, theme::body(), remark.color)
            .on_hover_text(remark.hint);
    }
}

/// Shows the progress bar, the message and the button.
pub(super) fn body(ui: &mut Ui, card: &Card<'_>) {
    let Shown {
        percent,
        message,
        offer,
    } = shown(ui, card);
    if let Some(percent) = percent {
        let width = ui.available_width();
        bar(ui, card, percent, width);
    }
    if let Some(message) = message {
        let galley = galley(ui, &message, ui.available_width());
        let (rect, response) = ui.allocate_exact_size(galley.size(), Sense::hover());
        ui.painter().galley(rect.min, galley, message.1);
        text_line::name_label(ui, &response, &card.name(&message.0));
        ui.add_space(HALF);
    }
    if card.state.signature_required().is_some() {
        ui.allocate_ui(vec2(ui.available_width(), LINE), |ui| remark(ui, card));
    }
    button(ui, card, offer, "Update firmware…");
}

/// The button that starts or cancels an update.
pub(super) fn button(ui: &mut Ui, card: &Card<'_>, offer: ButtonState, begin: &str) {
    let board = card.page.board.key;
    let words = &words(card, offer, begin);
    let name = match can_install(card) {
        true => "install",
        false => "update firmware",
    };
    match offer {
        ButtonState::Install => {
            let response = card.operable(ui, |ui| named(ui, card, words, name, true));
            if response.clicked() {
                card.page.context.push(BoardCommand::Trigger {
                    board,
                    component: card.component.descriptor.key.clone(),
                    trigger: Trigger::Install,
                });
            }
            card.explain(response);
        }
        ButtonState::Cancel => {
            // Reading a file can be canceled without a link.
            if named(ui, card, "Cancel", "cancel", true).clicked() {
                card.page.context.push(BoardCommand::CancelUpdate(board));
            }
        }
        ButtonState::Begin => {
            let response = card.operable(ui, |ui| named(ui, card, words, name, true));
            if response.clicked() {
                card.page.context.push(Task::File(FileTask::Image(board)));
            }
            card.explain(response);
        }
        ButtonState::Disabled(reason) => {
            named(ui, card, words, name, false).on_disabled_hover_text(reason);
        }
    }
}

fn named(
    ui: &mut Ui,
    card: &Card<'_>,
    words: &str,
    name: &str,
    enabled: bool,
) -> eframe::egui::Response {
    let button = Button::new(words).min_size(vec2(0.0, ui.spacing().interact_size.y));
    let response = ui.add_enabled(enabled, button);
    let enabled = response.enabled();
    response.widget_info(|| WidgetInfo::labeled(Role::Button, enabled, card.name(name)));
    response
}

/// The progress of an update.
pub(super) fn bar(ui: &mut Ui, card: &Card<'_>, percent: u8, width: f32) {
    let palette = palette(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(width, BAR), Sense::hover());
    let filled = vec2(rect.width() * f32::from(percent) / 100.0, rect.height());
    ui.painter()
        .rect_filled(rect, theme::CONTROL_RADIUS, palette.rail);
    ui.painter().rect_filled(
        Rect::from_min_size(rect.min, filled),
        theme::CONTROL_RADIUS,
        palette.accent,
    );
    response
        .widget_info(|| WidgetInfo::labeled(Role::ProgressIndicator, true, card.name("progress")));
    response.ctx.accesskit_node_builder(response.id, |node| {
        node.set_numeric_value(f64::from(percent));
        node.set_min_numeric_value(0.0);
        node.set_max_numeric_value(100.0);
    });
}
