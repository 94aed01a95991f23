//! The page of the chosen board: what it is, how its link is, and a card for
//! each of its components. Diagnostics are in a quieter group below.

use std::time::Instant;

use eframe::egui::{
    Align, Align2, Button, Frame, Layout, Margin, RichText, ScrollArea, Stroke, Ui, vec2,
};
use protocol::{ComponentKey, EntityCategory, Kind, method};

use super::{
    action::{BoardCommand, Task, WindowAction},
    board_menu,
    cards::{self, Availability, CardContext},
    dialogs::{Asks, ask_to_listen},
    icon,
    page_context::PageContext,
    settings::Page,
    signs, text,
    theme::{self, UNIT, palette},
    words,
};
use crate::ui::frame_context::FrameContext;
use crate::ui::room::left_of;
use crate::{
    fleet::{BoardView, ComponentView, LinkProblem, LinkState, Lock},
    keys::Role,
};

/// Room for the scroll bar beside the cards.
const SCROLL_BAR: f32 = 16.0;

/// Shows the page; `reveal` is scrolled to.
pub(super) fn show(
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
            let (quiet, main): (Vec<_>, Vec<_>) = board
                .components
                .iter()
                .map(AsRef::as_ref)
                .partition(|c| is_quiet(c));
            cards::grid(ui, &page, &main);
            if !quiet.is_empty() {
                ui.add_space(UNIT * 2.0);
                text::label(
                    ui,
                    "Diagnostics",
                    "Diagnostics",
                    theme::strong(),
                    palette(ui).weak,
                );
                ui.add_space(UNIT);
                cards::quiet(ui, &page, &quiet);
            }
            ui.add_space(UNIT);
        });
}

fn is_quiet(component: &ComponentView) -> bool {
    let descriptor = &component.descriptor;
    descriptor.entity_category == Some(EntityCategory::Diagnostic)
        && matches!(descriptor.kind, Kind::Sensor | Kind::BinarySensor)
}

fn header(ui: &mut Ui, board: &BoardView, context: &PageContext<'_>) {
    let title = &context.model.title(board);
    let palette = palette(ui);
    ui.horizontal(|ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let more = ui.add(Button::new(icon::DOTS_THREE));
            more.widget_info(|| {
                eframe::egui::WidgetInfo::labeled(
                    eframe::egui::accesskit::Role::Button,
                    true,
                    "More",
                )
            });
            eframe::egui::Popup::menu(&more).show(|ui| board_menu::show(ui, context, &[board.key]));
            let forget = ui
                .add(Button::new("Forget"))
                .on_hover_text("End the link and take this board off the list");
            if forget.clicked() {
                context.push(BoardCommand::Forget(board.key));
            }
            let live = matches!(board.link, LinkState::Connected | LinkState::Stale);
            let lacks = board.lacks(method::DEVICE_IDENTIFY);
            let identify = ui.add_enabled(live && !lacks, Button::new("Identify"));
            let identify =
                identify.on_hover_text("Let the board show itself, for example by blinking");
            let why_not = match lacks {
                true => "This board cannot show itself: it has no Device.Identify",
                false => "There is no link to the board",
            };
            if identify.on_disabled_hover_text(why_not).clicked() {
                context.push(BoardCommand::Identify(board.key));
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                let heading = eframe::egui::TextStyle::Heading.resolve(ui.style());
                let lock = lock(board);
                // About as wide as the word in the badge.
                let room = lock.map_or(0.0, |(word, _)| if word.len() > 6 { 128.0 } else { 64.0 });
                let galley = text::line(
                    ui,
                    title,
                    heading,
                    palette.text,
                    left_of(ui.available_width(), room),
                );
                let (rect, response) =
                    ui.allocate_exact_size(galley.size(), eframe::egui::Sense::hover());
                ui.painter().galley(rect.min, galley, palette.text);
                response.widget_info(|| {
                    eframe::egui::WidgetInfo::labeled(
                        eframe::egui::accesskit::Role::Heading,
                        true,
                        title,
                    )
                });
                if let Some((word, meaning)) = lock {
                    badge(ui, word, meaning);
                }
            });
        });
    });
    facts(ui, board, context);
}

/// `open` or `locked`, where that is known, and what it means.
fn lock(board: &BoardView) -> Option<(&'static str, &'static str)> {
    match board.lock() {
        Lock::Unknown => None,
        Lock::Open => Some(("open", "Anyone on this network can control it")),
        Lock::Unlocked(Role::Control) => Some((
            "locked",
            "Speaks only encrypted; the key of this computer allows everything",
        )),
        Lock::Unlocked(Role::View) => Some((
            "locked",
            "Speaks only encrypted; the key of this computer allows to look",
        )),
        Lock::NoKey => Some((
            "locked, no key",
            "Speaks only encrypted, and this computer has no key for it",
        )),
        Lock::WrongKey => Some((
            "locked, wrong key",
            "Speaks only encrypted, and refuses the key of this computer",
        )),
    }
}

fn badge(ui: &mut Ui, word: &str, meaning: &str) {
    let palette = palette(ui);
    let frame = Frame::new()
        .stroke(Stroke::new(1.0, palette.outline))
        .corner_radius(theme::CONTROL_RADIUS)
        .inner_margin(Margin::symmetric(6, 1));
    let response = frame.show(ui, |ui| {
        text::label(
            ui,
            word,
            &format!("{word}: {meaning}"),
            theme::small(),
            palette.weak,
        )
    });
    response.inner.on_hover_text(meaning);
}

/// One line of what is known about the board.
fn facts(ui: &mut Ui, board: &BoardView, context: &FrameContext) {
    let palette = palette(ui);
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(UNIT * 2.0, 2.0);
        let fact = |ui: &mut Ui, value: &str, name: &str, meaning: &str| {
            text::label(
                ui,
                value,
                &format!("{name}: {value}"),
                theme::body(),
                palette.weak,
            )
            .on_hover_text(meaning);
        };
        text::label(
            ui,
            &board.address,
            &format!("address: {}", board.address),
            theme::monospace(),
            palette.weak,
        )
        .on_hover_text(if board.only_calls {
            "Where it called from last"
        } else {
            "Where it can be connected to"
        });
        if let Some(caller) = board.caller {
            fact(
                ui,
                "it called",
                "link",
                &format!("The board made this connection, from {caller}"),
            );
        }
        let announced = board
            .announcement
            .as_ref()
            .map(|(announcement, _)| announcement);
        let version = board
            .info
            .as_ref()
            .map(|info| &info.version)
            .or(announced.map(|announced| &announced.version));
        if let Some(version) = version.filter(|version| !version.is_empty()) {
            fact(
                ui,
                &format!("fw {version}"),
                "firmware",
                "Version of the firmware",
            );
        }
        if let Some(info) = &board.info {
            fact(
                ui,
                &info.board,
                "hardware",
                &format!("{} on {}", info.board, info.platform),
            );
        }
        if let Some(booted) = board.booted.filter(|_| board.link == LinkState::Connected) {
            fact(
                ui,
                &format!("up {}", words::length(context.wall_age(booted))),
                "uptime",
                "Since the board booted",
            );
        }
        if let Some(rssi) = signal(board) {
            fact(ui, &rssi, "signal", "Signal strength of the board's Wi-Fi");
        }
        if let Some(round_trip) = board
            .round_trip
            .filter(|_| board.link == LinkState::Connected)
        {
            fact(
                ui,
                &words::short(round_trip),
                "round trip",
                "Last round trip of a command or ping",
            );
        }
    });
}

fn signal(board: &BoardView) -> Option<String> {
    let is_signal = |c: &&std::sync::Arc<ComponentView>| {
        c.descriptor.device_class.as_deref() == Some("signal_strength")
    };
    let component = board.components.iter().find(is_signal)?;
    let descriptor = &component.descriptor;
    let unit = descriptor.unit_of_measurement.as_deref();
    Some(words::quantity(
        component.reported.number()?,
        descriptor.accuracy_decimals,
        unit,
    ))
}

/// How the link is, where it is not simply connected.
fn link_banner(ui: &mut Ui, board: &BoardView, context: &PageContext<'_>) {
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
            words::length(context.age(board.link_since))
        ),
        LinkState::Stale => {
            let heard = board.last_heard.unwrap_or(board.link_since);
            format!(
                "Stale: nothing was heard for {}. Values may be old.",
                words::length(context.age(heard))
            )
        }
        LinkState::Unreachable {
            problem: LinkProblem::AwaitsCall(why),
            ..
        } => {
            let since = board.last_heard.unwrap_or(board.link_since);
            let why = if why.is_empty() {
                String::new()
            } else {
                format!(": {}", words::plain(why))
            };
            format!(
                "Waiting for it to call, last heard {}{why}.",
                words::ago(context.age(since))
            )
        }
        LinkState::Unreachable { problem, retry_at } => {
            offer = (*problem != LinkProblem::NotListening).then_some("Try now");
            // Not the age of the state: each vain attempt begins it anew.
            let since = board.last_heard.map_or_else(String::new, |heard| {
                format!(", last heard {}", words::ago(context.age(heard)))
            });
            let next = match retry_at {
                Some(at) if *at > context.now => {
                    let left = context.until(*at) + std::time::Duration::from_millis(999);
                    format!(" Next try in {}.", words::length(left))
                }
                Some(_) => " Trying.".to_owned(),
                None if matches!(
                    problem,
                    LinkProblem::KeysAwaited | LinkProblem::NotListening
                ) =>
                {
                    String::new()
                }
                None if matches!(problem, LinkProblem::NotLocked { .. }) => {
                    " It is tried again once its key is forgotten.".to_owned()
                }
                None if matches!(problem, LinkProblem::KeyUnavailable { .. }) => {
                    " Unlock the keychain, then try again.".to_owned()
                }
                None if problem.is_about_keys() => {
                    " It is tried again with another key.".to_owned()
                }
                None => " It is not tried again until it announces itself anew.".to_owned(),
            };
            format!("Unreachable{since}: {}.{next}", words::problem(problem))
        }
    };
    let frame = Frame::new()
        .fill(palette.card)
        .stroke(Stroke::new(1.0, signs::link_color(palette, &board.link)))
        .corner_radius(theme::CONTROL_RADIUS)
        .inner_margin(Margin::symmetric(12, 8));
    frame.show(ui, |ui| {
        ui.horizontal(|ui| {
            let (rect, _) =
                ui.allocate_exact_size(vec2(12.0, theme::LINE), eframe::egui::Sense::hover());
            signs::link(ui, rect.center(), &board.link);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if let Some(offer) = offer
                    && ui.button(offer).clicked()
                {
                    context.push(BoardCommand::TryNow(board.key));
                }
                about_key(ui, board, context);
                let problem = match &board.link {
                    LinkState::Unreachable { problem, .. } => Some(problem),
                    _ => None,
                };
                if problem == Some(&LinkProblem::NotListening)
                    && ui.button("Let boards call…").clicked()
                {
                    context.push(ask_to_listen(&context.model.status().listening));
                }
                // Of a board that calls the doctor, who connects, finds out
                // nothing.
                if problem.is_some_and(|problem| {
                    !matches!(
                        problem,
                        LinkProblem::AwaitsCall(_) | LinkProblem::NotListening
                    )
                }) {
                    let why = ui.button("Why?").on_hover_text("Let the doctor find out");
                    if why.clicked() {
                        let wanted = board.id.clone().unwrap_or_else(|| board.address.clone());
                        context.push(WindowAction::Go(Page::Doctor));
                        context.push(Task::Examine(Some(wanted)));
                    }
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

/// Who else claims the board's id.
fn claim_banner(ui: &mut Ui, board: &BoardView, context: &FrameContext) {
    let (Some(claim), Some(id)) = (board.claims.last(), &board.id) else {
        return;
    };
    let palette = palette(ui);
    let others = match board.claims.len() {
        1 => String::new(),
        more => format!(" It is the last of {more}."),
    };
    let words = format!(
        "Another device at {} claims the id of this board, {id}, at {}.{others} The connection \
             shown here is kept. If you have two boards with \
         one id, flash one of them again; if not, another device imitates this board.",
        words::plain(&claim.address),
        words::time_of_day(claim.at, &context.zone),
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

/// What can be done about a key that is missing or refused, or that an open
/// board has no use for.
fn about_key(ui: &mut Ui, board: &BoardView, context: &PageContext<'_>) {
    let LinkState::Unreachable { problem, .. } = &board.link else {
        return;
    };
    let offers: &[_] = match problem {
        LinkProblem::Locked | LinkProblem::WrongKey if board.only_calls => {
            &[("Enter key…", Asks::Key(board.key))]
        }
        LinkProblem::Locked | LinkProblem::WrongKey => {
            let pair = Asks::Pair {
                board: board.key,
                replaces: board.held.is_some(),
            };
            &[("Pair…", pair), ("Enter key…", Asks::Key(board.key))]
        }
        LinkProblem::KeyUnavailable { .. }
        | LinkProblem::NotLocked { .. }
        | LinkProblem::NoGreeting => &[("Forget the key…", Asks::ForgetKey(board.key))],
        _ => &[],
    };
    for (words, asks) in offers {
        if ui.button(*words).clicked() {
            context.push(WindowAction::Ask(asks.clone(), String::new()));
        }
    }
}

/// Whether what is on a board can be operated; `title` is what the board is
/// called.
pub(super) fn availability(board: &BoardView, title: &str) -> Availability {
    let since = |fallback: Instant| board.last_heard.unwrap_or(fallback);
    match &board.link {
        LinkState::Connected => Availability::Live,
        LinkState::Stale => Availability::Off {
            reason: format!("{title} has been silent; it may not hear this"),
            heard: Some(since(board.link_since)),
        },
        LinkState::Connecting => Availability::Off {
            reason: format!("{title} is being connected"),
            heard: board.last_heard,
        },
        LinkState::Announced => Availability::Off {
            reason: format!("{title} is not connected"),
            heard: board.last_heard,
        },
        LinkState::Unreachable {
            problem: LinkProblem::AwaitsCall(_),
            ..
        } => Availability::Off {
            reason: format!("{title} is waited for: it calls by itself"),
            heard: board.last_heard,
        },
        LinkState::Unreachable { problem, .. } => Availability::Off {
            reason: format!("{title} is unreachable: {}", words::problem(problem)),
            heard: board.last_heard,
        },
    }
}

/// A page without components is never blank.
fn nothing_known(ui: &mut Ui, board: &BoardView) {
    let words = match &board.link {
        LinkState::Connecting => "Asking the board what is on it.",
        LinkState::Connected | LinkState::Stale => "The board says that nothing is on it.",
        LinkState::Announced | LinkState::Unreachable { .. } => {
            "What is on the board is known once there is a link."
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
    text::paint(
        ui,
        rect,
        Align2::CENTER_CENTER,
        words,
        theme::body(),
        palette.weak,
    );
    text::name_label(ui, &response, words);
}
