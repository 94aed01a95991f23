//! The page of the selected board: facts, its link, and a card for each
//! component. Diagnostics are in a quieter group below.

mod banners;
mod header;

use std::time::Instant;

use eframe::egui::{Align2, ScrollArea, Stroke, Ui, vec2};
use protocol::{ComponentKey, EntityCategory, Kind};

use self::{
    banners::{claim_banner, link_banner},
    header::header,
};
use crate::{
    model::page_context::PageContext,
    widgets::{
        cards::{self, Availability, CardContext},
        layout::left_of,
        text_line,
        theme::{self, UNIT, palette},
    },
};
use fleet::{BoardView, ComponentView, LinkProblem, LinkState};

/// Room for the scroll bar next to the cards.
const SCROLL_BAR: f32 = 16.0;

/// Shows the page, scrolled to `reveal`.
pub(crate) fn show(
    ui: &mut Ui,
    board: &BoardView,
    context: &PageContext<'_>,
    reveal: Option<&ComponentKey>,
) {
    let title = context.model.title(board);
    context.shows(board.key);
    ui.scope(|ui| {
        ui.set_max_width(left_of(ui.available_width(), SCROLL_BAR));
        header(ui, board, context);
        ui.add_space(UNIT);
        link_banner(ui, board, context);
        claim_banner(ui, board, context);
    });
    let availability = availability(board, &title);
    let page = CardContext {
        board,
        context,
        availability: &availability,
        reveal,
        in_tile: false,
    };
    ScrollArea::vertical()
        .id_salt(("page", board.key.0))
        .auto_shrink(false)
        .show(ui, |ui| {
            ui.set_max_width(left_of(ui.available_width(), SCROLL_BAR));
            if board.components.is_empty() {
                nothing_known(ui, board);
                return;
            }
            let (diagnostics, main): (Vec<_>, Vec<_>) = board
                .components
                .iter()
                .map(AsRef::as_ref)
                .partition(|c| is_diagnostic(c));
            cards::grid(ui, &page, &main);
            if !diagnostics.is_empty() {
                ui.add_space(UNIT * 2.0);
                text_line::label(
                    ui,
                    "Diagnostics",
                    "Diagnostics",
                    theme::strong(),
                    palette(ui).weak,
                );
                ui.add_space(UNIT);
                cards::diagnostics(ui, &page, &diagnostics);
            }
            ui.add_space(UNIT);
        });
}

fn is_diagnostic(component: &ComponentView) -> bool {
    let descriptor = &component.descriptor;
    descriptor.entity_category == Some(EntityCategory::Diagnostic)
        && matches!(descriptor.kind, Kind::Sensor | Kind::BinarySensor)
}

/// Whether a board's components can be operated; `title` is the board's name.
pub(crate) fn availability(board: &BoardView, title: &str) -> Availability {
    let since = |fallback: Instant| board.last_heard.unwrap_or(fallback);
    match &board.link {
        LinkState::Connected => Availability::Live,
        LinkState::Stale => Availability::Off {
            reason: format!("{title} has been silent and may not respond"),
            heard: Some(since(board.link_since)),
        },
        LinkState::Connecting => Availability::Off {
            reason: format!("{title} is connecting"),
            heard: board.last_heard,
        },
        LinkState::Announced => Availability::Off {
            reason: format!("{title} is not connected"),
            heard: board.last_heard,
        },
        LinkState::Unreachable {
            problem: LinkProblem::AwaitingInbound(_),
            ..
        } => Availability::Off {
            reason: format!("{title} is offline; it will connect automatically"),
            heard: board.last_heard,
        },
        LinkState::Unreachable {
            problem: problem @ (LinkProblem::Locked | LinkProblem::WrongKey),
            ..
        } => Availability::Off {
            reason: format!("{title} {problem}"),
            heard: board.last_heard,
        },
        LinkState::Unreachable { problem, .. } => Availability::Off {
            reason: format!("{title} is unreachable: {}", text::problem(problem)),
            heard: board.last_heard,
        },
    }
}

/// The page of a board without components.
fn nothing_known(ui: &mut Ui, board: &BoardView) {
    let words = match &board.link {
        LinkState::Connecting => "Loading components…",
        LinkState::Connected | LinkState::Stale => "This board has no components.",
        LinkState::Announced | LinkState::Unreachable { .. } => {
            "Components are shown once the board is connected."
        }
    };
    let palette = palette(ui);
    let (rect, response) = ui.allocate_exact_size(
        vec2(ui.available_width(), 96.0),
        eframe::egui::Sense::hover(),
    );
    ui.painter().rect_stroke(
        rect,
        theme::CARD_RADIUS,
        Stroke::new(1.0, palette.border),
        eframe::egui::StrokeKind::Inside,
    );
    text_line::paint(
        ui,
        rect,
        Align2::CENTER_CENTER,
        words,
        theme::body(),
        palette.weak,
    );
    text_line::name_label(ui, &response, words);
}
