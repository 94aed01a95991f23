//! The page of several selected boards: controls for all of them at once, what
//! their sensors measure, and what each board has.

mod controls;
mod groups;
mod table;

use std::collections::BTreeSet;

use eframe::egui::{Align, Button, Layout, ScrollArea, Ui, WidgetInfo, accesskit::Role};
use protocol::{Object, method};

pub(crate) use controls::Drafts;

use self::groups::{ComponentGroup, Groups};
use crate::{
    model::{
        action::BoardCommand,
        batch::{Batch, BatchStep, Operation},
        page_context::PageContext,
    },
    pages::{board_menu, list_button},
    widgets::{
        icon,
        layout::left_of,
        text_line,
        theme::{self, HALF, UNIT, palette},
        verb,
    },
};
use fleet::{BoardKey, BoardView};

/// Shows the page.
pub(crate) fn show(ui: &mut Ui, context: &PageContext<'_>, drafts: &mut Drafts) {
    let palette = palette(ui);
    let selection: BTreeSet<BoardKey> = context.model.selection().collect();
    drafts.are_for(&selection);
    let boards: Vec<BoardKey> = context
        .model
        .in_order()
        .map(|board| board.key)
        .filter(|key| selection.contains(key))
        .collect();
    let title = format!("{} boards", boards.len());
    let live: Vec<BoardKey> = boards
        .iter()
        .copied()
        .filter(|key| {
            let board = context.model.board(*key);
            board.is_some_and(|board| board.link.is_up())
        })
        .collect();
    let view_only = |key: &BoardKey| {
        let board = context.model.board(*key);
        board.and_then(|board| context.model.why_view_only(board))
    };
    let why_none = live.iter().find_map(view_only);
    let commanded: Vec<BoardKey> = live
        .iter()
        .copied()
        .filter(|key| view_only(key).is_none())
        .collect();
    ui.horizontal(|ui| {
        list_button::show(ui, context);
        let heading = ui.heading(&title);
        heading.widget_info(|| WidgetInfo::labeled(Role::Heading, true, &title));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let more = ui.add(Button::new(icon::DOTS_THREE));
            more.widget_info(|| WidgetInfo::labeled(Role::Button, true, "More for these boards"));
            eframe::egui::Popup::menu(&more).show(|ui| board_menu::show(ui, context, &boards));
            let can = |key: &&BoardKey| {
                context
                    .model
                    .board(**key)
                    .is_some_and(|board| !board.lacks(method::DEVICE_IDENTIFY))
            };
            let able: Vec<BoardKey> = commanded.iter().filter(can).copied().collect();
            let why_not = able.is_empty().then_some(match why_none {
                Some(why) if commanded.is_empty() => why,
                _ if live.is_empty() => "None of them is connected",
                _ => "None of them can identify itself: they have no Device.Identify",
            });
            let identify = ui.add_enabled(why_not.is_none(), Button::new("Identify all"));
            let identify = verb::explained(identify, why_not)
                .on_hover_text("Make each board identify itself, for example by blinking");
            if identify.clicked() {
                let call = || Operation::Call(method::DEVICE_IDENTIFY.to_owned(), Object::new());
                let steps = able
                    .iter()
                    .map(|board| BatchStep {
                        board: *board,
                        what: call(),
                    })
                    .collect();
                context.push(BoardCommand::Send(Batch::new(
                    format!("Identify {}", groups::count(able.len())),
                    steps,
                )));
            }
            if live.len() < boards.len() {
                let rest = boards.iter().filter(|key| !live.contains(key));
                let retry = ui.add(Button::new("Connect the others"));
                if retry
                    .on_hover_text("Connect now instead of at their next attempt")
                    .clicked()
                {
                    context.extend(rest.map(|board| BoardCommand::TryNow(*board)));
                }
            }
        });
    });
    let words = match why_none {
        Some(why) if commanded.is_empty() => why.to_owned(),
        Some(_) => format!(
            "{} connected; {} of them receive commands.",
            live.len(),
            commanded.len()
        ),
        None if live.len() == boards.len() => {
            "All are connected. Commands go to every board; each result is shown.".to_owned()
        }
        None => format!("{} connected; the others receive no commands.", live.len()),
    };
    text_line::label(ui, &words, &words, theme::body(), palette.weak);
    ui.add_space(UNIT * 2.0);
    ScrollArea::vertical()
        .id_salt("selection")
        .auto_shrink(false)
        .show(ui, |ui| {
            ui.set_max_width(left_of(ui.available_width(), UNIT * 2.0));
            contents(ui, &boards, &commanded, context, drafts);
        });
}

fn contents(
    ui: &mut Ui,
    boards: &[BoardKey],
    commanded: &[BoardKey],
    context: &PageContext<'_>,
    drafts: &mut Drafts,
) {
    let views = |keys: &[BoardKey]| -> Vec<&BoardView> {
        let views = keys.iter().filter_map(|key| context.model.board(*key));
        views.map(AsRef::as_ref).collect()
    };
    let (all, commanded) = (views(boards), views(commanded));
    let groups = Groups::of(commanded.into_iter());
    let shared = |group: &&ComponentGroup<'_>| group.boards() > 1;
    if !groups.controlled.iter().any(|group| shared(&group)) {
        let words = "These boards have no control in common.";
        text_line::label(ui, words, words, theme::body(), palette(ui).weak);
    }
    ui.scope(|ui| {
        ui.set_max_width(ui.available_width().min(theme::CARD_WIDTH_MOST * 2.0));
        for group in groups.controlled.iter().filter(shared) {
            controls::show(ui, group, drafts, context);
        }
    });
    let measured: Vec<_> = groups.measured.iter().filter(shared).collect();
    if !measured.is_empty() {
        section(ui, "Sensors");
        table::measured(ui, &measured);
    }
    section(ui, "Each board");
    table::each(ui, &all, &Groups::of(all.iter().copied()), context);
    ui.add_space(UNIT);
}

fn section(ui: &mut Ui, title: &str) {
    ui.add_space(UNIT);
    text_line::label(ui, title, title, theme::strong(), palette(ui).weak);
    ui.add_space(HALF);
}
