//! The page of the selected board: facts, its link, and a card for each
//! component. Diagnostics are in a quieter group below.

mod banners;
mod header;

use eframe::egui::{Align2, ScrollArea, Stroke, Ui, vec2};
use protocol::{ComponentKey, Kind};
use web_time::Instant;

use self::{
    banners::{claim_banner, link_banner},
    header::header,
};
use crate::{
    model::{page_context::PageContext, pin::is_diagnostic},
    widgets::{
        cards::{self, Availability, CardContext},
        layout::left_of,
        text_line,
        theme::{self, HALF, UNIT, palette},
    },
};
use fleet::{BoardView, LinkProblem, LinkState};

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
    let availability = availability(board, &title, context);
    let page = CardContext {
        board,
        context,
        availability: &availability,
        reveal,
        in_tile: false,
    };
    ui.scope(|ui| {
        ui.set_max_width(left_of(ui.available_width(), SCROLL_BAR));
        header(ui, &page);
        ui.add_space(UNIT);
        link_banner(ui, board, context);
        claim_banner(ui, board, context);
    });
    ScrollArea::vertical()
        .id_salt(("page", board.key.0))
        .auto_shrink(false)
        .show(ui, |ui| {
            ui.set_max_width(left_of(ui.available_width(), SCROLL_BAR));
            if board.components.is_empty() {
                nothing_known(ui, board);
                return;
            }
            components(ui, &page);
            ui.add_space(UNIT);
        });
}

/// The cards, then what is unknown, then diagnostics. Firmware is in the
/// header.
fn components(ui: &mut Ui, page: &CardContext<'_>) {
    let (mut cards, mut unknown, mut diagnostics) = (Vec::new(), Vec::new(), Vec::new());
    for component in page.board.components.iter().map(AsRef::as_ref) {
        match &component.descriptor.kind {
            Kind::Update => {}
            Kind::Unknown(_) => unknown.push(component),
            _ if is_diagnostic(component) => diagnostics.push(component),
            _ => cards.push(component),
        }
    }
    cards::masonry(ui, page, &cards);
    if !unknown.is_empty() {
        section(ui, "Other components");
        cards::unknown_lines(ui, page, &unknown);
    }
    if !diagnostics.is_empty() {
        section(ui, "Diagnostics");
        cards::diagnostics(ui, page, &diagnostics);
    }
}

fn section(ui: &mut Ui, title: &str) {
    ui.add_space(UNIT * 2.0);
    text_line::label(ui, title, title, theme::strong(), palette(ui).weak);
    ui.add_space(HALF);
}

/// Whether a board's components can be operated; `title` is the board's name.
pub(crate) fn availability(
    board: &BoardView,
    title: &str,
    context: &PageContext<'_>,
) -> Availability {
    let since = |fallback: Instant| board.last_heard.unwrap_or(fallback);
    match &board.link {
        LinkState::Connected => match context.model.why_view_only(board) {
            Some(why) => Availability::ViewOnly(why),
            None => Availability::Operable,
        },
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
            reason: format!("{title} {}", problem.of_family(board.family)),
            heard: board.last_heard,
        },
        LinkState::Unreachable { problem, .. } => Availability::Off {
            reason: format!(
                "{title} is unreachable: {}",
                text::problem_of(board, problem)
            ),
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
            "Components appear once it connects."
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
