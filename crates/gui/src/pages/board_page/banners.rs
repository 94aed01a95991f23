//! Banners of a board's page: the state of its link, and claims of its id.

use disk::settings::Page;

use crate::{
    model::{
        action::{Action, BoardCommand, Task, WindowAction},
        credential,
        dialog_kind::DialogKind,
        frame_context::FrameContext,
        page_context::PageContext,
    },
    widgets::{
        icon, status_icons,
        theme::{self, UNIT, palette},
        verb,
    },
};
use eframe::egui::{Align, Button, Frame, Layout, Margin, RichText, Stroke, Ui, vec2};
use fleet::{BoardView, LinkProblem, LinkState};

/// The state of the link, unless it is connected.
pub(super) fn link_banner(ui: &mut Ui, board: &BoardView, context: &PageContext<'_>) {
    let palette = palette(ui);
    let mut offer = None;
    let words = match &board.link {
        LinkState::Connected => return,
        LinkState::Announced => {
            offer = Some("Connect");
            "Announced on this network; not connected.".to_owned()
        }
        LinkState::Connecting => format!(
            "Connecting for {}.",
            text::length(context.age(board.link_since))
        ),
        LinkState::Stale => {
            let heard = board.last_heard.unwrap_or(board.link_since);
            format!(
                "Stale: no data for {}. Values may be out of date.",
                text::length(context.age(heard))
            )
        }
        LinkState::Unreachable {
            problem: LinkProblem::AwaitingInbound(why),
            ..
        } => {
            let since = board.last_heard.unwrap_or(board.link_since);
            let why = if why.is_empty() {
                String::new()
            } else {
                format!(": {}", text::plain(why))
            };
            format!(
                "Waiting for the board to connect, last heard {}{why}.",
                text::ago(context.age(since))
            )
        }
        LinkState::Unreachable {
            problem: problem @ (LinkProblem::Locked | LinkProblem::WrongKey),
            ..
        } => {
            offer = Some("Try now");
            credential::sentence(board, *problem == LinkProblem::WrongKey).to_owned()
        }
        LinkState::Unreachable { problem, retry_at } => {
            offer = (*problem != LinkProblem::NotListening).then_some("Try now");
            // Not the age of the state: each failed attempt restarts it.
            let since = board.last_heard.map_or_else(String::new, |heard| {
                format!(", last heard {}", text::ago(context.age(heard)))
            });
            let next = match retry_at {
                Some(at) if *at > context.now => {
                    let left = context.until(*at) + std::time::Duration::from_millis(999);
                    format!(" Next attempt in {}.", text::length(left))
                }
                Some(_) => " Trying again.".to_owned(),
                None if matches!(
                    problem,
                    LinkProblem::KeysPending | LinkProblem::NotListening
                ) =>
                {
                    String::new()
                }
                None if matches!(problem, LinkProblem::NotLocked { .. }) => {
                    let noun = credential::kind(board).noun();
                    format!(" Forget its {noun} to connect again.")
                }
                None if matches!(problem, LinkProblem::KeyUnavailable { .. }) => {
                    " Unlock the keychain, then try again.".to_owned()
                }
                None if problem.is_about_keys() => {
                    " Enter another key to connect again.".to_owned()
                }
                None => " Another attempt is made when the board announces itself.".to_owned(),
            };
            format!(
                "Unreachable{since}: {}.{next}",
                text::problem_of(board, problem)
            )
        }
    };
    let frame = Frame::new()
        .fill(palette.card)
        .stroke(Stroke::new(
            1.0,
            status_icons::link_color(palette, &board.link),
        ))
        .corner_radius(theme::CONTROL_RADIUS)
        .inner_margin(Margin::symmetric(12, 8));
    frame.show(ui, |ui| {
        ui.horizontal(|ui| {
            let (rect, _) =
                ui.allocate_exact_size(vec2(12.0, theme::LINE), eframe::egui::Sense::hover());
            status_icons::link(ui, rect.center(), &board.link);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if let Some(offer) = offer {
                    let try_now = [BoardCommand::TryNow(board.key)];
                    verb::button(ui, Button::new(offer), "", try_now, context);
                }
                about_key(ui, board, context);
                let problem = match &board.link {
                    LinkState::Unreachable { problem, .. } => Some(problem),
                    _ => None,
                };
                if problem == Some(&LinkProblem::NotListening) {
                    let listening = &context.model.status().listening;
                    let ask = [WindowAction::ask_to_listen(listening)];
                    let button = Button::new("Accept connections…");
                    verb::button(ui, button, "", ask, context);
                }
                // The doctor connects to boards, and so learns nothing about
                // one that only connects to us.
                if problem.is_some_and(|problem| {
                    !matches!(
                        problem,
                        LinkProblem::AwaitingInbound(_)
                            | LinkProblem::NotListening
                            | LinkProblem::Locked
                            | LinkProblem::WrongKey
                    )
                }) {
                    let wanted = board.id.as_ref().unwrap_or(&board.address).to_string();
                    let ask = [
                        Action::from(WindowAction::ShowPage(Page::Doctor)),
                        Task::Examine(Some(wanted)).into(),
                    ];
                    verb::button(ui, Button::new("Why?"), "Ask the doctor", ask, context);
                }
                ui.with_layout(
                    Layout::left_to_right(Align::Center).with_main_wrap(false),
                    |ui| {
                        ui.set_max_width(ui.available_width());
                        ui.add(eframe::egui::Label::new(RichText::new(&words)).wrap());
                    },
                );
            });
        });
    });
    ui.add_space(UNIT * 1.5);
}

/// Another device that claims the board's id.
pub(super) fn claim_banner(ui: &mut Ui, board: &BoardView, context: &FrameContext) {
    let (Some(claim), Some(id)) = (board.claims.last(), &board.id) else {
        return;
    };
    let palette = palette(ui);
    let others = match board.claims.len() {
        1 => String::new(),
        more => format!(" It is the latest of {more} claims."),
    };
    let words = format!(
        "Another device at {} claimed the id of this board, {id}, at {}.{others} The connection \
            shown here is kept. If you have two boards with one id, flash one of them again; \
            otherwise another device is impersonating this board.",
        text::plain(&claim.address),
        text::time_of_day(claim.at, &context.zone),
    );
    let frame = Frame::new()
        .fill(palette.card)
        .stroke(Stroke::new(1.0, palette.doubtful))
        .corner_radius(theme::CONTROL_RADIUS)
        .inner_margin(Margin::symmetric(12, 8));
    frame.show(ui, |ui| {
        ui.horizontal(|ui| {
            ui.label(RichText::new(icon::WARNING).color(palette.doubtful));
            ui.add(eframe::egui::Label::new(RichText::new(&words)).wrap());
        });
    });
    ui.add_space(UNIT * 1.5);
}

/// The buttons for a key that is missing or rejected, or that an open board
/// does not use.
fn about_key(ui: &mut Ui, board: &BoardView, context: &PageContext<'_>) {
    let LinkState::Unreachable { problem, .. } = &board.link else {
        return;
    };
    let enter = (credential::enter(board), DialogKind::Key(board.key));
    let offers = match problem {
        LinkProblem::Locked | LinkProblem::WrongKey if credential::can_pair(board) => {
            vec![("Pair…", DialogKind::pair(board)), enter]
        }
        LinkProblem::Locked | LinkProblem::WrongKey => vec![enter],
        LinkProblem::KeyUnavailable { .. }
        | LinkProblem::NotLocked { .. }
        | LinkProblem::NoHello => {
            let forget = credential::forget(credential::kind(board));
            vec![(forget, DialogKind::ForgetKey(board.key))]
        }
        _ => Vec::new(),
    };
    for (words, asks) in offers {
        let open = [WindowAction::OpenDialog(asks, String::new())];
        verb::button(ui, Button::new(words), "", open, context);
    }
}
