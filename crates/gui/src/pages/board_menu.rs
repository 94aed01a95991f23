//! The menu of one or several boards.

use std::sync::Arc;

use eframe::egui::{Button, Id, Popup, Response, Ui, WidgetInfo, accesskit::Role, vec2};
use protocol::method;

use disk::documents::settable;

use crate::{
    model::{
        action::{BoardCommand, WindowAction},
        arrangement::LabelsChange,
        dialog_kind::DialogKind,
        link_kind::LinkKind,
        page_context::PageContext,
        pin::Pin,
        switching,
    },
    widgets::icon,
};
use fleet::{BoardKey, BoardView, ComponentView, LinkState, Lock};

/// The key under which the next menu's first entry finds that it has to take
/// the focus.
const ENTERED: &str = "board menu entered by key";

/// At most so many components of a board have entries.
const SWITCHES: usize = 8;

/// The menu of a row: at the pointer if that opened it, next to the row's name
/// if a key did.
pub(crate) fn of_row(row: &Response, by_key: bool) -> Popup<'_> {
    let id = Popup::default_response_id(row);
    if by_key {
        Popup::open_id(&row.ctx, id);
        row.ctx
            .data_mut(|data| data.insert_temp(Id::unique(ENTERED), true));
    }
    let menu = Popup::context_menu(row);
    // Only a menu that was opened by the pointer keeps a position.
    match Popup::is_id_open(&row.ctx, id) && Popup::position_of_id(&row.ctx, id).is_none() {
        true => menu.at_position(row.rect.left_center() + vec2(28.0, 0.0)),
        false => menu,
    }
}

/// Entries that switch the components of a board with several lights or
/// switches, for where its page is not shown.
pub(crate) fn switches(ui: &mut Ui, context: &PageContext<'_>, board: BoardKey) {
    let Some(board) = context.model.board(board) else {
        return;
    };
    let switches: Vec<_> = switching::switches(board).take(SWITCHES).collect();
    if switches.len() < 2 || !switching::is_operable(board) {
        return;
    }
    for view in switches {
        let on = !text::on(view).unwrap_or(false);
        let name = match view.descriptor.name.as_str() {
            "" => view.descriptor.key.to_string(),
            name => text::plain(name),
        };
        let (sign, word) = match on {
            true => (icon::LIGHTBULB, "on"),
            false => (icon::X_CIRCLE, "off"),
        };
        if row(ui, sign, &format!("Turn {name} {word}")) {
            context.push(switching::set_on(board, view, on));
            ui.close();
        }
    }
    ui.separator();
}

/// Shows the entries for these boards.
pub(crate) fn show(ui: &mut Ui, context: &PageContext<'_>, boards: &[BoardKey]) {
    ui.set_min_width(200.0);
    let first = boards.first().and_then(|key| context.model.board(*key));
    let labels = first
        .and_then(|board| context.model.labels_of(board))
        .cloned()
        .unwrap_or_default();
    if let ([_], Some(board)) = (boards, first)
        && waits_for_key(board)
    {
        key_rows(ui, context, board);
        ui.separator();
    }
    if let ([key], Some(board)) = (boards, first) {
        let why_not = "This board cannot be renamed: it has no Device.SetName";
        let why_not = board.lacks(method::DEVICE_SET_NAME).then_some(why_not);
        if row_unless(ui, icon::PENCIL_SIMPLE, "Rename…", why_not) {
            context.push(WindowAction::OpenDialog(
                DialogKind::Rename(*key),
                board.name.clone(),
            ));
            ui.close();
        }
    }
    let entry = |ui: &mut Ui, sign: &str, words: &str, action: WindowAction| {
        if row(ui, sign, words) {
            context.push(action);
            ui.close();
        }
    };
    entry(
        ui,
        icon::HOUSE,
        "Assign room…",
        WindowAction::OpenDialog(DialogKind::Room(boards.to_vec()), labels.room.clone()),
    );
    let tags = labels.tags.iter().cloned().collect::<Vec<_>>().join(", ");
    entry(
        ui,
        icon::TAG,
        "Edit tags…",
        WindowAction::OpenDialog(DialogKind::Tags(boards.to_vec()), tags),
    );
    let (sign, words) = match labels.hidden {
        true => (icon::EYE, "Show in list"),
        false => (icon::EYE_SLASH, "Hide"),
    };
    entry(
        ui,
        sign,
        words,
        WindowAction::SetLabels(boards.to_vec(), LabelsChange::Hidden(!labels.hidden)),
    );
    if let ([_], Some(board)) = (boards, first)
        && row(ui, icon::COPY, "Copy address")
    {
        ui.ctx().copy_text(board.address.clone());
        ui.close();
    }
    let pins = || -> Vec<Pin> {
        let views = boards.iter().filter_map(|key| context.model.board(*key));
        let settable = |view: &&Arc<ComponentView>| !settable(&view.descriptor.kind).is_empty();
        let pins = views.flat_map(|board| {
            board
                .components
                .iter()
                .filter(settable)
                .filter_map(|view| context.model.pin(board.key, &view.descriptor.key))
        });
        pins.collect()
    };
    if row(ui, icon::PALETTE, "Create scene") {
        let name = match (boards, first) {
            ([_], Some(board)) => board.name.clone(),
            _ => "Scene 1".to_owned(),
        };
        context.push(WindowAction::CreateScene(name, pins()));
        ui.close();
    }
    if let ([key], Some(_)) = (boards, first)
        && row(ui, icon::BRACKETS_CURLY, "Show frames")
    {
        context.push(WindowAction::ShowFrames(*key));
        ui.close();
    }
    if let ([key], Some(board)) = (boards, first)
        && can_call(board)
        && row(ui, icon::PLUGS_CONNECTED, "Outbound connection…")
    {
        context.push(BoardCommand::AskOutbound(*key));
        ui.close();
    }
    ui.separator();
    if let ([key], Some(board)) = (boards, first)
        && matches!(
            board.lock(),
            Lock::Open | Lock::Unlocked(_) | Lock::NoKey | Lock::WrongKey
        )
    {
        // A board that waits for a key has these first.
        if !waits_for_key(board) {
            key_rows(ui, context, board);
        }
        if board.held.is_some() && row(ui, icon::X_CIRCLE, "Forget key…") {
            context.push(WindowAction::OpenDialog(
                DialogKind::ForgetKey(*key),
                String::new(),
            ));
            ui.close();
        }
    }
    let live = |key: &&BoardKey| {
        context
            .model
            .board(**key)
            .is_some_and(|board| matches!(board.link, LinkState::Connected | LinkState::Stale))
    };
    let live: Vec<BoardKey> = boards.iter().filter(live).copied().collect();
    let lacks = |key: &BoardKey| {
        context
            .model
            .board(*key)
            .is_some_and(|board| board.lacks(method::DEVICE_REBOOT))
    };
    let able: Vec<BoardKey> = live.iter().filter(|key| !lacks(key)).copied().collect();
    let why_not = able
        .is_empty()
        .then_some("It cannot be rebooted remotely: it has no Device.Reboot");
    if !live.is_empty() && row_unless(ui, icon::ARROW_CLOCKWISE, "Reboot…", why_not) {
        context.push(WindowAction::OpenDialog(
            DialogKind::Reboot(able),
            String::new(),
        ));
        ui.close();
    }
    // Last and apart, so that it is not hit by accident.
    ui.separator();
    if row(ui, icon::TRASH, "Forget") {
        context.extend(boards.iter().map(|board| BoardCommand::Forget(*board)));
        ui.close();
    }
}

/// Whether the board is locked, and this computer lacks a key that it accepts.
fn waits_for_key(board: &BoardView) -> bool {
    LinkKind::of(&board.link) == LinkKind::Locked
}

/// The entries that get a key.
fn key_rows(ui: &mut Ui, context: &PageContext<'_>, board: &BoardView) {
    // Only boards that can be connected to can be paired.
    if !board.inbound_only && row(ui, icon::TARGET, "Pair…") {
        let asks = DialogKind::Pair {
            board: board.key,
            replaces: board.held.is_some(),
        };
        context.push(WindowAction::OpenDialog(asks, String::new()));
        ui.close();
    }
    if board.lock() != Lock::Open && row(ui, icon::KEYBOARD, "Enter key…") {
        let asks = DialogKind::Key(board.key);
        context.push(WindowAction::OpenDialog(asks, String::new()));
        ui.close();
    }
}

/// Whether the outbound connection of a board can be set now.
fn can_call(board: &BoardView) -> bool {
    let live = matches!(board.link, LinkState::Connected | LinkState::Stale);
    live && board
        .info
        .as_ref()
        .is_some_and(|info| info.features.iter().any(|feature| feature == "outbound"))
}

/// An entry, whose accessible name is its text without the icon.
fn row(ui: &mut Ui, sign: &str, words: &str) -> bool {
    row_unless(ui, sign, words, None)
}

/// The same; disabled if there is a reason why it cannot be chosen.
fn row_unless(ui: &mut Ui, sign: &str, words: &str, why_not: Option<&str>) -> bool {
    let able = why_not.is_none();
    let response = ui.add_enabled(
        able,
        Button::new(format!("{sign}  {words}")).frame_when_inactive(false),
    );
    let response = response.on_disabled_hover_text(why_not.unwrap_or_default());
    response.widget_info(|| WidgetInfo::labeled(Role::MenuItem, able, words));
    let entered = || {
        ui.data_mut(|data| data.remove_temp::<bool>(Id::unique(ENTERED)))
            .is_some()
    };
    if able && !ui.is_sizing_pass() && entered() {
        response.request_focus();
    }
    response.clicked()
}
