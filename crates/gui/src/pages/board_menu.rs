//! The menu of one or several boards.

use std::sync::Arc;

use eframe::egui::{Popup, Response, Ui, vec2};
use protocol::method;

use disk::documents::settable;

use crate::{
    model::{
        action::{BoardCommand, RenameSpot, RenameTarget, Task, WindowAction},
        arrangement::LabelsChange,
        boards::Model,
        credential,
        dialog_kind::DialogKind,
        file_task::FileTask,
        link_kind::LinkKind,
        page_context::PageContext,
        pin::{Pin, component_name},
        switching,
    },
    widgets::{
        icon,
        verb::{self, Verb},
    },
};
use fleet::{BoardKey, BoardView, ComponentView, Lock};

/// At most this many components of a board have entries.
const SWITCHES: usize = 8;

/// The menu of a row: at the pointer if that opened it, next to the row's name
/// if a key did.
pub(crate) fn of_row(row: &Response, by_key: bool) -> Popup<'_> {
    let id = Popup::default_response_id(row);
    if by_key {
        Popup::open_id(&row.ctx, id);
        verb::enter_by_key(&row.ctx);
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
    if switches.len() < 2 || !switching::is_operable(context.model, board) {
        return;
    }
    let verbs = switches.into_iter().map(|view| {
        let on = !text::on(view).unwrap_or(false);
        let name = component_name(board, view);
        let (sign, word) = match on {
            true => (icon::LIGHTBULB, "on"),
            false => (icon::X_CIRCLE, "off"),
        };
        let words = format!("Turn {name} {word}");
        Verb::new(sign, words, switching::set_on(board, view, on))
    });
    verb::menu(ui, verbs, context);
    ui.separator();
}

/// Shows the entries for these boards.
pub(crate) fn show(ui: &mut Ui, context: &PageContext<'_>, boards: &[BoardKey]) {
    verb::menu(ui, verbs(context.model, boards), context);
}

/// What can be done with these boards.
pub(crate) fn verbs(model: &Model, boards: &[BoardKey]) -> Vec<Verb> {
    let first = boards.first().and_then(|key| model.board(*key));
    let one = first.filter(|_| boards.len() == 1).map(|board| &**board);
    let mut verbs = Vec::new();
    // A board that waits for a key has these first.
    let waiting = one.filter(|board| waits_for_key(board));
    verbs.extend(waiting.into_iter().flat_map(get_key));
    verbs.extend(one.map(|board| {
        let rename = rename(board);
        match waiting {
            Some(_) => rename.begins_group(),
            None => rename,
        }
    }));
    verbs.extend(labels(model, boards, first.map(|board| &**board)));
    if let Some(board) = one {
        let address = WindowAction::CopyText(board.address.to_string());
        verbs.push(Verb::new(icon::COPY, "Copy address", address));
        let page = board.control_page().map(WindowAction::OpenUrl);
        verbs.extend(
            page.map(|open| Verb::new(icon::SLIDERS_HORIZONTAL, "Open control page", open)),
        );
    }
    let name = match one {
        Some(board) => board.name.to_string(),
        None => "Scene 1".to_owned(),
    };
    let create = WindowAction::CreateScene(name, pins(model, boards));
    verbs.push(Verb::new(icon::PALETTE, "Save as scene", create));
    if let Some(board) = one {
        let frames = WindowAction::ShowFrames(board.key);
        verbs.push(Verb::new(icon::BRACKETS_CURLY, "Show frames", frames));
        if can_set_outbound(board) {
            let ask = BoardCommand::AskOutbound(board.key);
            verbs.push(Verb::new(
                icon::PLUGS_CONNECTED,
                "Outbound connection…",
                ask,
            ));
        }
    }
    verbs.extend(one.into_iter().flat_map(back_up));
    let mut last: Vec<Verb> = match waiting {
        Some(_) => Vec::new(),
        None => one.into_iter().flat_map(get_key).collect(),
    };
    last.extend(one.and_then(forget_key));
    last.extend(one.and_then(require_signatures));
    last.extend(reboot(model, boards));
    last.extend(one.and_then(factory_reset));
    let forget = boards.iter().map(|board| BoardCommand::Forget(*board));
    if let Some(first) = last.first_mut() {
        first.begins_group = true;
    }
    // Last and apart, so that it is not hit by accident.
    last.push(Verb::several(icon::TRASH, "Forget", forget).begins_group());
    verbs.extend(last);
    verbs
}

/// Why a board cannot be renamed now.
pub(crate) fn rename_problem(board: &BoardView) -> Option<&'static str> {
    if let Some(why) = board.why_lacking(method::DEVICE_SET_NAME) {
        return Some(why);
    }
    match (board.lacks(method::DEVICE_SET_NAME), board.link.is_up()) {
        (true, _) => Some("This board cannot be renamed: it has no Device.SetName"),
        (_, false) => Some("The board stores its name itself, and is not connected"),
        (false, true) => None,
    }
}

fn rename(board: &BoardView) -> Verb {
    let begin = WindowAction::BeginRename(RenameTarget::Board(board.key), RenameSpot::Anywhere);
    Verb::new(icon::PENCIL_SIMPLE, "Rename…", begin).unless(rename_problem(board))
}

/// Changes of labels, which are those of the `first` board before.
fn labels(model: &Model, boards: &[BoardKey], first: Option<&BoardView>) -> [Verb; 4] {
    let labels = first
        .and_then(|board| model.labels_of(board))
        .cloned()
        .unwrap_or_default();
    let tags = labels.tags.iter().cloned().collect::<Vec<_>>().join(", ");
    let (sign, words) = match labels.hidden {
        true => (icon::EYE, "Show in list"),
        false => (icon::EYE_SLASH, "Hide"),
    };
    let hidden = LabelsChange::Hidden(!labels.hidden);
    let notify = LabelsChange::NotifyWhenLost(!labels.notify_when_lost);
    let notify_words = match labels.notify_when_lost {
        true => "Do not notify when lost",
        false => "Notify when lost",
    };
    [
        Verb::new(
            icon::HOUSE,
            "Assign room…",
            WindowAction::OpenDialog(DialogKind::Room(boards.to_vec()), labels.room),
        ),
        Verb::new(
            icon::TAG,
            "Edit tags…",
            WindowAction::OpenDialog(DialogKind::Tags(boards.to_vec()), tags),
        ),
        Verb::new(
            sign,
            words,
            WindowAction::SetLabels(boards.to_vec(), hidden),
        ),
        Verb::new(
            icon::HEARTBEAT,
            notify_words,
            WindowAction::SetLabels(boards.to_vec(), notify),
        ),
    ]
}

/// Everything of these boards that a scene can set.
fn pins(model: &Model, boards: &[BoardKey]) -> Vec<Pin> {
    let views = boards.iter().filter_map(|key| model.board(*key));
    let settable = |view: &&Arc<ComponentView>| !settable(&view.descriptor.kind).is_empty();
    let pins = views.flat_map(|board| {
        board
            .components
            .iter()
            .filter(settable)
            .filter_map(|view| model.pin(board.key, &view.descriptor.key))
    });
    pins.collect()
}

/// Whether the board is locked, and this computer lacks a key that it accepts.
fn waits_for_key(board: &BoardView) -> bool {
    LinkKind::of(&board.link) == LinkKind::Locked
}

/// What gets a key for a board.
fn get_key(board: &BoardView) -> Vec<Verb> {
    let lock = board.lock();
    if !matches!(
        lock,
        Lock::Open | Lock::Unlocked(_) | Lock::NoKey | Lock::WrongKey
    ) {
        return Vec::new();
    }
    let open = |asks| WindowAction::OpenDialog(asks, String::new());
    let pair = credential::can_pair(board)
        .then(|| Verb::new(icon::TARGET, "Pair…", open(DialogKind::pair(board))));
    let enter = (lock != Lock::Open).then(|| {
        Verb::new(
            icon::KEYBOARD,
            credential::enter(board),
            open(DialogKind::Key(board.key)),
        )
    });
    pair.into_iter().chain(enter).collect()
}

/// What removes the key of a board.
fn forget_key(board: &BoardView) -> Option<Verb> {
    let known = board.lock() != Lock::Unknown;
    let asks = WindowAction::OpenDialog(DialogKind::ForgetKey(board.key), String::new());
    let words = credential::forget(credential::kind(board));
    (known && board.held.is_some()).then(|| Verb::new(icon::X_CIRCLE, words, asks))
}

/// Makes a board accept only signed firmware, if it does not yet and can.
fn require_signatures(board: &BoardView) -> Option<Verb> {
    let mut firmware = board.components.iter().map(|component| &component.reported);
    let able = firmware
        .any(|state| state.signature_required() == Some(false) && state.signing_key().is_some());
    let ask = WindowAction::OpenDialog(DialogKind::RequireSignatures(board.key), String::new());
    (able && board.link.is_up())
        .then(|| Verb::new(icon::CHECK_CIRCLE, "Require signed firmware…", ask))
}

/// Reboots those that are connected, if there are any.
fn reboot(model: &Model, boards: &[BoardKey]) -> Option<Verb> {
    let views = boards.iter().filter_map(|key| model.board(*key));
    let live: Vec<&Arc<BoardView>> = views.filter(|board| board.link.is_up()).collect();
    let able: Vec<BoardKey> = live
        .iter()
        .filter(|board| !board.lacks(method::DEVICE_REBOOT))
        .map(|board| board.key)
        .collect();
    let lacking = match boards.len() {
        1 => "This board cannot be rebooted remotely: it has no Device.Reboot",
        _ => "None of these boards can be rebooted remotely: they have no Device.Reboot",
    };
    let why_not = able.is_empty().then_some(lacking);
    let ask = WindowAction::OpenDialog(DialogKind::Reboot(able), String::new());
    (!live.is_empty()).then(|| Verb::new(icon::ARROW_CLOCKWISE, "Reboot…", ask).unless(why_not))
}

/// Saves a board's settings to a file, and restores them from one.
fn back_up(board: &BoardView) -> [Verb; 2] {
    let why_not = (!board.link.is_up() || board.info.is_none())
        .then_some("The board stores its settings itself, and is not connected");
    [
        Verb::new(
            icon::FLOPPY_DISK,
            "Back up…",
            Task::File(FileTask::BackUp(board.key)),
        )
        .begins_group()
        .unless(why_not),
        Verb::new(
            icon::FOLDER_OPEN,
            "Restore…",
            Task::File(FileTask::LoadBackup(board.key)),
        )
        .unless(why_not),
    ]
}

/// Erases a board that is connected.
fn factory_reset(board: &BoardView) -> Option<Verb> {
    let ask = WindowAction::OpenDialog(DialogKind::factory_reset(board), String::new());
    board.link.is_up().then(|| {
        Verb::new(icon::ARROW_COUNTER_CLOCKWISE, "Factory reset…", ask)
            .unless(board.factory_reset_problem())
    })
}

/// Whether the outbound connection of a board can be set now.
fn can_set_outbound(board: &BoardView) -> bool {
    board.link.is_up() && board.has_feature("outbound")
}
