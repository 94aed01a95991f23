//! What can be done with a board and its components.

use protocol::{Kind, State, method};

use super::entry::{Entry, Subject};
use crate::{
    model::{
        action::{Action, BoardCommand, Task, WindowAction},
        arrangement::LabelsChange,
        batch::{Batch, BatchStep, Operation},
        boards::Model,
        file_task::FileTask,
        history::words::step_title,
        pin::component_name,
    },
    pages::board_menu,
    widgets::{cards::menu, icon},
};
use disk::settings::Page;
use fleet::{BoardKey, BoardView, ComponentView, Trigger};

/// All words of the entries of boards and components, apart from names.
pub(super) const VOCABULARY: &str = "turn on off press set to show identify rename assign move \
    room edit tags hide in list copy address create save as scene frames outbound connection \
    pair enter forget key reboot factory reset require signed back up restore try now why is it \
    missing update firmware open close stop install add plots pin new dashboard \
    control page do not notify when lost";

/// What is offered for a component apart from operating it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Offers {
    /// The entries of its card's menu.
    pub(super) menu: bool,
    /// Each option, effect and palette.
    pub(super) options: bool,
}

/// A command to a component, which is confirmed as a batch is: with its
/// result, and *Undo*.
pub(super) fn command(model: &Model, board: BoardKey, what: Operation) -> Action {
    let step = BatchStep { board, what };
    BoardCommand::Send(Batch::new(step_title(model, &step), vec![step])).into()
}

/// A board, to show it.
pub(super) fn shown(model: &Model, board: &BoardView) -> Entry {
    let show = WindowAction::Show {
        board: board.key,
        component: None,
    };
    let subject = Subject::Board(board.key);
    Entry::new(icon::CPU, model.title(board), show).about(subject)
}

/// A board: to show it, and the verbs of its page and menu.
pub(super) fn of_board(model: &Model, board: &BoardView, rooms: &[String]) -> Vec<Entry> {
    let title = model.title(board);
    let key = board.key;
    let mut entries = vec![shown(model, board)];
    if !board.link.is_up() {
        let again = BoardCommand::TryNow(key);
        entries.push(Entry::new(
            icon::ARROW_CLOCKWISE,
            format!("{title}: try now"),
            again,
        ));
        let doctor = WindowAction::ShowPage(Page::Doctor);
        let mut why = Entry::new(
            icon::STETHOSCOPE,
            format!("{title}: why is it missing?"),
            doctor,
        );
        let wanted = board.id.as_ref().unwrap_or(&board.address).to_string();
        why.actions.push(Task::Examine(Some(wanted)).into());
        entries.push(why);
    } else if !board.lacks(method::DEVICE_IDENTIFY) {
        let identify = BoardCommand::Identify(key);
        entries.push(Entry::new(
            icon::EYE,
            format!("{title}: identify"),
            identify,
        ));
    }
    let verbs = board_menu::verbs(model, &[key]);
    entries.extend(verbs.into_iter().map(|verb| Entry::of(&title, verb)));
    entries.extend(rooms.iter().map(|room| {
        let change = LabelsChange::Room(room.clone());
        let moves = WindowAction::SetLabels(vec![key], change);
        Entry::new(icon::HOUSE, format!("{title}: move to {room}"), moves)
    }));
    entries
}

/// A component: to operate it, to show it, and the verbs of its card.
pub(super) fn of_component(
    model: &Model,
    board: &BoardView,
    view: &ComponentView,
    offers: Offers,
) -> Vec<Entry> {
    let title = model.title(board);
    let name = component_name(board, view);
    let key = &view.descriptor.key;
    let mut entries = Vec::new();
    if board.link.is_up() {
        entries.extend(operations(
            model,
            board,
            view,
            &title,
            &name,
            offers.options,
        ));
    }
    let show = WindowAction::Show {
        board: board.key,
        component: Some(key.clone()),
    };
    entries.push(Entry::new(
        icon::ARROW_RIGHT,
        format!("{title}: show {name}"),
        show,
    ));
    for entry in &mut entries {
        entry.subject = Subject::Component(board.key, key.clone());
    }
    if offers.menu
        && let Some(pin) = model.pin(board.key, key)
    {
        let verbs = menu::verbs(model, &pin, &view.descriptor.kind, "");
        let name = format!("{title}: {name}");
        entries.extend(verbs.into_iter().map(|verb| Entry::of(&name, verb)));
    }
    entries
}

/// What operates a component without a value.
fn operations(
    model: &Model,
    board: &BoardView,
    view: &ComponentView,
    title: &str,
    name: &str,
    options: bool,
) -> Vec<Entry> {
    let key = &view.descriptor.key;
    let set = |change| command(model, board.key, Operation::Set(key.clone(), change));
    let shown = view.shown();
    let mut entries = Vec::new();
    match view.descriptor.kind {
        Kind::Switch | Kind::Light => {
            for (on, word) in [(true, "on"), (false, "off")] {
                if shown.on() != Some(on) {
                    let words = format!("{title}: turn {name} {word}");
                    let turn = set(State::new().with("on", on));
                    entries.push(Entry::new(icon::LIGHTBULB, words, turn));
                }
            }
        }
        Kind::Button => {
            let press = command(model, board.key, Operation::Press(key.clone()));
            entries.push(Entry::new(
                icon::TARGET,
                format!("{title}: press {name}"),
                press,
            ));
        }
        Kind::Cover => {
            let words = |trigger: Trigger| format!("{title}: {} {name}", trigger.word());
            for (sign, trigger) in [
                (icon::ARROW_UP, Trigger::Open),
                (icon::STOP, Trigger::Stop),
                (icon::ARROW_DOWN, Trigger::Close),
            ] {
                let act = command(model, board.key, Operation::Trigger(key.clone(), trigger));
                entries.push(Entry::new(sign, words(trigger), act));
            }
        }
        Kind::Update if view.descriptor.can_install => {
            if let Some(latest) = shown.newer_version() {
                let install = Operation::Trigger(key.clone(), Trigger::Install);
                entries.push(Entry::new(
                    icon::UPLOAD_SIMPLE,
                    format!("{title}: install firmware {}", text::plain(latest)),
                    command(model, board.key, install),
                ));
            }
        }
        Kind::Update if !board.lacks(method::OTA_BEGIN) => {
            let update = Task::File(FileTask::Image(board.key));
            entries.push(Entry::new(
                icon::UPLOAD_SIMPLE,
                format!("{title}: update firmware…"),
                update,
            ));
        }
        _ => {}
    }
    if options {
        let effects = view.descriptor.caps.effects.iter().map(String::as_str);
        let effects = effects.map(|effect| ("effect", effect, shown.effect()));
        let is_select = view.descriptor.kind == Kind::Select;
        let values = shown.options().filter(|_| is_select);
        let values = values.map(|option| ("value", option, shown.text()));
        let palettes = view.descriptor.caps.palettes.iter().map(String::as_str);
        let palettes = palettes.map(|palette| ("palette", palette, shown.palette()));
        for (field, option, now) in effects.chain(palettes).chain(values) {
            if now != Some(option) {
                let words = format!("{title}: set {name} to {}", text::plain(option));
                let set = set(State::new().with(field, option));
                entries.push(Entry::new(icon::SLIDERS_HORIZONTAL, words, set));
            }
        }
    }
    entries
}
