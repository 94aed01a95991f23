//! What can be done with the window, its pages and documents.

use std::collections::BTreeSet;

use disk::{
    documents::DocumentKind,
    settings::{Arrangement, Grouping, MotionChoice, Page, Sorting, ThemeChoice},
};

use super::{
    entry::{Entry, lower},
    facts::WindowFacts,
};
use crate::{
    model::{
        action::{BoardCommand, Overlay, Task, WindowAction, ZoomStep},
        arrangement::{grouping_word, sorting_word},
        boards::Model,
        dialog_kind::DialogKind,
        forgotten::{ForgottenBoard, forgotten_name},
        page_context::PageContext,
        virtual_boards::{SAMPLES, VirtualBoards},
    },
    pages::{board_menu, lab},
    shell::{nav_rail, session_menu},
    widgets::{document_bar, icon, shortcut},
};
use fleet::{BoardKey, Listening};

/// Everything that can be done without naming a board.
pub(super) fn entries(context: &PageContext<'_>, facts: &WindowFacts) -> Vec<Entry> {
    let model = context.model;
    let mut entries = pages(facts);
    entries.extend(undo(context));
    entries.extend(connections(model, facts));
    entries.extend(sessions(model));
    entries.extend(selection(model));
    entries.extend(look());
    entries.extend(list(model.arrangement()));
    entries.extend(documents(model));
    entries
}

fn pages(facts: &WindowFacts) -> Vec<Entry> {
    let pages = nav_rail::entries_with_keys().map(|(page, keys)| {
        let go = WindowAction::ShowPage(page.place);
        Entry::new(page.sign, format!("Go to {}", page.word), go).keys(keys)
    });
    let exercises = lab::EXERCISES.iter().map(|(exercise, word, _)| {
        let go = WindowAction::ShowExercise(*exercise);
        Entry::new(icon::FLASK, format!("Lab: {word}"), go)
    });
    let name = nav_rail::ENTRIES
        .iter()
        .find(|page| page.place == facts.page)
        .map_or("", |page| page.word);
    let pause = facts.paused.map(|paused| {
        let (sign, word) = match paused {
            true => (icon::PLAY, "resume"),
            false => (icon::PAUSE, "pause"),
        };
        let pause = WindowAction::SetPaused(!paused);
        Entry::new(sign, format!("{name}: {word}"), pause)
    });
    let reset = facts.monitors.then(|| {
        Entry::new(
            icon::ARROW_CLOCKWISE,
            "Serial: reset the board",
            WindowAction::ResetMonitored,
        )
    });
    pages.chain(pause).chain(reset).chain(exercises).collect()
}

/// Undo and redo, with what they are about.
fn undo(context: &PageContext<'_>) -> Vec<Entry> {
    let of = |word: &str, title: Option<&str>| match title {
        Some(title) => format!("{word}: {title}"),
        None => word.to_owned(),
    };
    let newest = context.history.newest();
    let undone = context.history.newest_undone();
    let undo = newest.map(|act| act.title.as_str());
    let redo = undone.map(|act| act.title.as_str());
    vec![
        Entry::new(
            icon::ARROW_COUNTER_CLOCKWISE,
            of("Undo", undo),
            WindowAction::Undo(None),
        )
        .keys(shortcut::UNDO)
        .unless(undo.is_none().then(|| "nothing to undo".to_owned())),
        Entry::new(icon::ARROW_CLOCKWISE, of("Redo", redo), WindowAction::Redo)
            .keys(shortcut::REDO)
            .unless(redo.is_none().then(|| "nothing to redo".to_owned())),
    ]
}

fn connections(model: &Model, facts: &WindowFacts) -> Vec<Entry> {
    let listening = &model.status().listening;
    let ask = WindowAction::ask_to_listen(listening);
    let mut entries = vec![
        Entry::new(
            icon::PLUS,
            "Add board by address",
            WindowAction::OpenDialog(DialogKind::Address, String::new()),
        )
        .keys(shortcut::ADD),
        Entry::new(
            icon::PLUGS_CONNECTED,
            "Add broker…",
            WindowAction::OpenDialog(DialogKind::Broker, String::new()),
        ),
        Entry::new(icon::CPU, "Set up a board…", WindowAction::OpenSetup),
        Entry::new(icon::PLUGS_CONNECTED, "Accept inbound connections…", ask),
    ];
    if *listening != Listening::Off {
        let stop = BoardCommand::Listen(None);
        entries.push(Entry::new(icon::STOP, "Stop inbound connections", stop));
    }
    let mut why = Entry::new(
        icon::STETHOSCOPE,
        "Why is a board missing?",
        WindowAction::ShowPage(Page::Doctor),
    );
    why.actions.push(Task::Examine(None).into());
    entries.push(why);
    let forgotten = WindowAction::OpenOverlay(Overlay::Forgotten);
    entries.push(Entry::new(icon::TRASH, "Forgotten boards…", forgotten));
    let forgotten = model.forgotten().iter().rev();
    entries.extend(forgotten.map(|ForgottenBoard { board, .. }| {
        let words = format!("Restore {}", forgotten_name(board));
        let restore = WindowAction::Restore(board.clone());
        Entry::new(icon::ARROW_COUNTER_CLOCKWISE, words, restore)
    }));
    if facts.virtual_boards == VirtualBoards::Ready {
        let start = Task::StartVirtualBoards(SAMPLES);
        entries.push(Entry::new(icon::PLUS, "Start sample boards", start));
    }
    if model.samples.len() > 0 {
        let stop = Task::StopSampleBoards;
        entries.push(Entry::new(icon::STOP, "Stop sample boards", stop));
    }
    entries
}

/// Recording the session, and replaying one.
fn sessions(model: &Model) -> Vec<Entry> {
    let verbs = session_menu::verbs(model).into_iter();
    verbs
        .map(|verb| Entry {
            words: verb.words.clone(),
            ..Entry::of("", verb)
        })
        .collect()
}

/// What can be done with several selected boards, and selecting them.
fn selection(model: &Model) -> Vec<Entry> {
    let boards: Vec<BoardKey> = model.selection().collect();
    let mut entries = Vec::new();
    if !boards.is_empty() {
        let name = text::count(boards.len() as u64, "selected board");
        let verbs = board_menu::verbs(model, &boards);
        entries.extend(verbs.into_iter().map(|verb| Entry::of(&name, verb)));
        let clear = WindowAction::ClearSelection;
        entries.push(Entry::new(icon::X, "Clear the selection", clear).keys(shortcut::CLEAR));
    }
    let all = WindowAction::SelectAll;
    entries.push(Entry::new(icon::CHECK, "Select all boards", all).keys(shortcut::SELECT_ALL));
    entries
}

fn look() -> Vec<Entry> {
    let themes = [
        ("Theme: system", ThemeChoice::System),
        ("Theme: light", ThemeChoice::Light),
        ("Theme: dark", ThemeChoice::Dark),
    ];
    let themes = themes.map(|(words, choice)| {
        Entry::new(icon::CIRCLE_HALF, words, WindowAction::SetTheme(choice))
    });
    let motions = [
        ("Motion: system", MotionChoice::System),
        ("Motion: full", MotionChoice::Full),
        ("Motion: reduced", MotionChoice::Reduced),
    ];
    let motions = motions.map(|(words, choice)| {
        Entry::new(icon::CIRCLE_HALF, words, WindowAction::SetMotion(choice))
    });
    let plus = icon::MAGNIFYING_GLASS_PLUS;
    let minus = icon::MAGNIFYING_GLASS_MINUS;
    let zoom = [
        (plus, "Zoom in", shortcut::ZOOM_IN, ZoomStep::In),
        (minus, "Zoom out", shortcut::ZOOM_OUT, ZoomStep::Out),
        (plus, "Zoom: reset", shortcut::ZOOM_RESET, ZoomStep::Reset),
    ];
    let zoom = zoom.map(|(sign, words, keys, step)| {
        Entry::new(sign, words, WindowAction::Zoom(step)).keys(keys)
    });
    let help = Entry::new(
        icon::KEYBOARD,
        "Keyboard shortcuts",
        WindowAction::OpenOverlay(Overlay::Shortcuts),
    );
    let help = help.keys(shortcut::HELP);
    let introduction = Entry::new(
        icon::QUESTION,
        "Show introduction",
        WindowAction::ShowIntroduction(true),
    );
    let help = [help, introduction];
    let looks = themes.into_iter().chain(motions);
    looks.chain(zoom).chain(help).collect()
}

/// How the list of boards is arranged.
fn list(now: &Arrangement) -> Vec<Entry> {
    let entry = |words: &str, to| {
        let words = format!("List: {}", lower(words));
        Entry::new(icon::SLIDERS_HORIZONTAL, words, WindowAction::Arrange(to))
    };
    let groups = Grouping::ALL.into_iter().map(|grouping| {
        let to = Arrangement {
            grouping,
            folded: BTreeSet::new(),
            ..now.clone()
        };
        entry(grouping_word(grouping), to)
    });
    let orders = Sorting::ALL.into_iter().map(|sorting| {
        let to = Arrangement {
            sorting,
            ..now.clone()
        };
        entry(sorting_word(sorting), to)
    });
    let hidden = Arrangement {
        with_hidden: !now.with_hidden,
        ..now.clone()
    };
    let words = match now.with_hidden {
        true => "Hide hidden boards again",
        false => "Show hidden boards",
    };
    groups.chain(orders).chain([entry(words, hidden)]).collect()
}

fn documents(model: &Model) -> Vec<Entry> {
    let names = &model.documents;
    let mut entries = Vec::new();
    for (kind, title, sign, names) in [
        (DocumentKind::Scene, "Scene", icon::PALETTE, &names.scenes),
        (
            DocumentKind::Dashboard,
            "Dashboard",
            icon::SQUARES_FOUR,
            &names.dashboards,
        ),
    ] {
        for (at, name) in names.iter().enumerate() {
            entries.push(match kind {
                DocumentKind::Scene => {
                    Entry::new(sign, format!("Apply {name}"), BoardCommand::ApplyScene(at))
                }
                DocumentKind::Dashboard => Entry::new(
                    sign,
                    format!("Show dashboard {name}"),
                    WindowAction::ShowDashboard(at),
                ),
            });
            let verbs = document_bar::verbs_of(kind, at);
            let verbs = verbs.into_iter().chain([document_bar::delete(kind, at)]);
            let name = format!("{title} {name}");
            entries.extend(verbs.map(|verb| Entry::of(&name, verb)));
        }
        let new = WindowAction::NewDocument(kind);
        entries.push(Entry::new(icon::PLUS, format!("New {}", kind.word()), new));
    }
    entries.push(Entry::of("Scenes and dashboards", document_bar::load()));
    entries
}
