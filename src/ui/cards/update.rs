//! Firmware: the version that runs, how an update does, and the button that
//! begins or cancels one. The bar follows this program's transfer, and the
//! board's own word where another controller updates it.

use std::sync::Arc;

use eframe::egui::{Button, Color32, Galley, Rect, Sense, Ui, WidgetInfo, accesskit::Role, vec2};

use super::Card;
use crate::{
    fleet::UpdateState,
    ui::{
        action::{BoardCommand, Task},
        files::Errand,
        text,
        theme::{self, HALF, LINE, UNIT, palette},
        words,
    },
};

const BAR: f32 = UNIT;

/// What the button does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Offer {
    Begin,
    /// Disabled, and why.
    No(&'static str),
    Cancel,
}

/// What is between the head and the footer.
struct Shown {
    percent: Option<u8>,
    said: Option<(String, Color32)>,
    offer: Offer,
}

fn shown(ui: &Ui, card: &Card<'_>) -> Shown {
    let palette = palette(ui);
    let state = &card.state;
    let own = card.page.board.update.as_ref();
    if let Some(update) = own.filter(|update| update.is_under_way()) {
        let offer = match update {
            UpdateState::Reading | UpdateState::Sending { .. } => Offer::Cancel,
            _ => Offer::No("The board has the image and restarts with it"),
        };
        let said = Some((words::update(update), palette.underway));
        return Shown {
            percent: Some(update.percent().unwrap_or(0)),
            said,
            offer,
        };
    }
    if state.in_progress() == Some(true) {
        let version = state
            .latest_version()
            .map(|version| format!(" to {}", words::plain(version)));
        let percent = state.update_percentage();
        let there = percent
            .map(|percent| format!(": {percent} %"))
            .unwrap_or_default();
        let said = format!(
            "another controller updates it{}{there}",
            version.unwrap_or_default()
        );
        let offer = Offer::No("Another controller updates this board");
        return Shown {
            percent,
            said: Some((said, palette.underway)),
            offer,
        };
    }
    let said = match (own, state.last_error()) {
        (Some(UpdateState::Failed(problem)), _) => {
            Some((words::plain(&problem.to_string()), palette.bad))
        }
        (_, Some(error)) => Some((
            format!("the last update failed: {}", words::plain(error)),
            palette.doubtful,
        )),
        (Some(done), None) => Some((words::plain(&words::update(done)), palette.good)),
        (None, None) => None,
    };
    Shown {
        percent: None,
        said,
        offer: Offer::Begin,
    }
}

fn galley(ui: &Ui, said: &(String, Color32), width: f32) -> Arc<Galley> {
    text::wrapped(ui, &said.0, theme::body(), said.1, width)
}

/// The version that runs.
pub(super) fn head(ui: &mut Ui, card: &Card<'_>) {
    let version = card.state.installed_version().map(words::plain);
    let (version, color) = match version {
        Some(version) => (version, card.value_color(ui)),
        None => ("unknown".to_owned(), palette(ui).weak),
    };
    text::label(ui, &version, &card.name(&version), theme::strong(), color);
}

/// As high as what is said.
pub(super) fn height(card: &Card<'_>, ui: &Ui, width: f32) -> f32 {
    let shown = shown(ui, card);
    let bar = shown.percent.map_or(0.0, |_| BAR + HALF);
    let said = shown
        .said
        .map_or(0.0, |said| galley(ui, &said, width).size().y + 2.0 * HALF);
    bar + said + LINE + HALF
}

/// The bar, the sentence and the button.
pub(super) fn body(ui: &mut Ui, card: &Card<'_>) {
    let Shown {
        percent,
        said,
        offer,
    } = shown(ui, card);
    if let Some(percent) = percent {
        bar(ui, card, percent);
    }
    if let Some(said) = said {
        let galley = galley(ui, &said, ui.available_width());
        let (rect, response) = ui.allocate_exact_size(galley.size(), Sense::hover());
        ui.painter().galley(rect.min, galley, said.1);
        text::name_label(ui, &response, &card.name(&said.0));
        ui.add_space(HALF);
    }
    let board = card.page.board.key;
    match offer {
        Offer::Cancel => {
            // Also without a link: a file that is being read needs none.
            if named(ui, card, "Cancel", "cancel", true).clicked() {
                card.page.context.push(BoardCommand::CancelUpdate(board));
            }
        }
        Offer::Begin => {
            let response = card.operable(ui, |ui| {
                named(ui, card, "Update firmware…", "update firmware", true)
            });
            if response.clicked() {
                card.page.context.push(Task::File(Errand::Image(board)));
            }
            card.explain(response);
        }
        Offer::No(reason) => {
            named(ui, card, "Update firmware…", "update firmware", false)
                .on_disabled_hover_text(reason);
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
    let response = ui.add_enabled(enabled, Button::new(words).min_size(vec2(0.0, LINE)));
    let enabled = response.enabled();
    response.widget_info(|| WidgetInfo::labeled(Role::Button, enabled, card.name(name)));
    response
}

fn bar(ui: &mut Ui, card: &Card<'_>, percent: u8) {
    let palette = palette(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), BAR), Sense::hover());
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
