//! Every page at the sizes that people have, looked at by [`faults`].

use std::collections::BTreeMap;

use eframe::egui::{Key, Modifiers, vec2};
use egui_kittest::{Harness, kittest::Queryable};
use fleet::{BoardKey, BoardView};
use gui::{DialogKind, Settings, ThemeChoice};

use super::{Bench, KEYS, boards, faults::faults, kept, open_with, plain, scenes};
use scenes::Now;

/// A window of 900 by 600 at 200 %, then at 100 %, and others.
const SIZES: [[f32; 2]; 5] = [
    [450.0, 300.0],
    [640.0, 480.0],
    [900.0, 600.0],
    [1180.0, 760.0],
    [2560.0, 1440.0],
];

/// A fault that is known.
pub(super) struct Exception {
    page: &'static str,
    /// It is not known of wider windows.
    widest: f32,
    /// All of these are part of the fault.
    parts: &'static [&'static str],
}

impl Exception {
    const fn new(page: &'static str, widest: f32, parts: &'static [&'static str]) -> Self {
        Self {
            page,
            widest,
            parts,
        }
    }

    fn is(&self, case: &Case, width: f32, fault: &str) -> bool {
        case.name == self.page
            && width <= self.widest
            && self.parts.iter().all(|part| fault.contains(part))
    }
}

const EXCEPTIONS: &[Exception] = &[
    // Lists that scroll within pages that scroll, which the search for a way
    // to scroll there does not manage.
    Exception::new("channels", 450.0, &["cannot be reached"]),
    Exception::new("comparison", 450.0, &["cannot be reached", "press every"]),
    Exception::new("dashboards", 900.0, &["cannot be reached: Label"]),
    Exception::new("plots", 450.0, &["cannot be reached"]),
    // The menu of a tile lies on the header by which the tile is dragged.
    Exception::new(
        "dashboards",
        2560.0,
        &["controls overlap", ": move\"", ": tile\""],
    ),
    // Tables and charts that scroll sideways, whose texts have no accessible
    // name of their own.
    Exception::new("plots", 640.0, &["text is cut off"]),
    Exception::new("selection", 2560.0, &["text is cut off"]),
];

/// Another such list, which only long names make so long.
const OF_LONG_NAMES: &[Exception] = &[Exception::new("selection", 2560.0, &["cannot be reached"])];

/// Only hovering finds this.
const ALSO_HOVERED: &[Exception] = &[Exception::new("frames", 450.0, &["Send to"])];

/// The reason why an entry is disabled.
const OF_OVERLAYS: &[Exception] = &[Exception::new(
    "commands",
    450.0,
    &["The board stores its name itself"],
)];

/// What a page is opened with.
pub(super) struct Case {
    pub(super) name: &'static str,
    pub(super) boards: fn(Now) -> Vec<BoardView>,
    pub(super) exercise: &'static str,
    pub(super) go: fn(&mut Harness<'static, Bench>),
}

pub(super) fn open(case: &Case, theme: ThemeChoice) -> Harness<'static, Bench> {
    let at = Now::read();
    let settings = Settings {
        theme,
        ..kept(case.exercise)
    };
    open_with((case.boards)(at), at, settings)
}

/// The faults of these cases that are not known, each with where it was found.
/// A known one must exist.
pub(super) fn found(
    cases: &[Case],
    hovers: bool,
    known: &[&[Exception]],
) -> BTreeMap<String, Vec<String>> {
    let known: Vec<&Exception> = known.iter().copied().flatten().collect();
    let mut gone = vec![true; known.len()];
    let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for case in cases {
        for (at, [width, height]) in SIZES.into_iter().enumerate() {
            let themes = if at == 0 {
                [Some(ThemeChoice::Dark), Some(ThemeChoice::Light)]
            } else {
                [Some(ThemeChoice::Dark), None]
            };
            for theme in themes.into_iter().flatten() {
                let mut harness = open(case, theme);
                harness.set_size(vec2(width, height));
                harness.run_steps(2);
                (case.go)(&mut harness);
                harness.run_steps(3);
                for fault in faults(&mut harness, hovers && theme == ThemeChoice::Dark) {
                    let is_it = |known: &&Exception| known.is(case, width, &fault);
                    if let Some(known) = known.iter().position(is_it) {
                        gone[known] = false;
                        continue;
                    }
                    let place = format!("{width} x {height}");
                    let places = all.entry(format!("{}: {fault}", case.name)).or_default();
                    if !places.contains(&place) {
                        places.push(place);
                    }
                }
            }
        }
    }
    for (known, _) in known.iter().zip(gone).filter(|(_, gone)| *gone) {
        let fault = format!("{}: no longer: {}", known.page, known.parts.join(" "));
        all.entry(fault).or_default();
    }
    all
}

pub(super) fn none(found: &BTreeMap<String, Vec<String>>) {
    let lines: Vec<_> = found
        .iter()
        .map(|(fault, places)| format!("{fault} ({})", places.join(", ")))
        .collect();
    assert!(
        lines.is_empty(),
        "{} faults:\n{}",
        lines.len(),
        lines.join("\n")
    );
}

pub(super) fn page(harness: &mut Harness<'static, Bench>, number: usize) {
    let key = KEYS[number - 1];
    let modifiers = match key {
        // ⌘M minimizes windows on macOS.
        Key::M => Modifiers::COMMAND | Modifiers::SHIFT,
        _ => Modifiers::COMMAND,
    };
    harness.key_press_modifiers(modifiers, key);
}

fn select(harness: &mut Harness<'static, Bench>, board: u32) {
    harness.state_mut().window.model.select(BoardKey(board));
}

pub(super) fn pages(named: fn(Now) -> Vec<BoardView>) -> Vec<Case> {
    let case = |name, exercise, go| Case {
        name,
        boards: named,
        exercise,
        go,
    };
    vec![
        case("board", "channels", |harness| select(harness, 9)),
        case("strip", "channels", |harness| select(harness, 2)),
        case("unreachable board", "channels", |harness| {
            select(harness, 4);
        }),
        case("full board", "channels", |harness| select(harness, 5)),
        case("locked board", "channels", |harness| select(harness, 101)),
        case("board with an update", "channels", |harness| {
            select(harness, 104);
        }),
        case("selection", "channels", |harness| {
            harness.key_press_modifiers(Modifiers::COMMAND, Key::A);
        }),
        case("dashboards", "channels", |harness| page(harness, 2)),
        case("scenes", "channels", |harness| page(harness, 3)),
        case("activity", "channels", |harness| page(harness, 4)),
        case("plots", "channels", |harness| page(harness, 5)),
        case("health", "channels", |harness| page(harness, 6)),
        case("frames", "channels", |harness| page(harness, 7)),
        case("doctor", "channels", |harness| page(harness, 8)),
        case("channels", "channels", |harness| page(harness, 9)),
        case("comparison", "comparison", |harness| page(harness, 9)),
        case("echo", "echo", |harness| page(harness, 9)),
        case("telemetry", "telemetry", |harness| page(harness, 9)),
        case("clients", "clients", |harness| page(harness, 9)),
        case("serial", "channels", |harness| page(harness, 10)),
    ]
}

#[test]
fn every_page_can_be_used_at_every_size() {
    none(&found(&pages(plain), true, &[EXCEPTIONS, ALSO_HOVERED]));
}

#[test]
fn long_names_are_shortened_and_cover_nothing() {
    none(&found(&pages(boards), false, &[EXCEPTIONS, OF_LONG_NAMES]));
}

#[test]
fn every_overlay_can_be_used_at_every_size() {
    none(&found(&overlays(), true, &[OF_OVERLAYS]));
}

/// Dialogs and whatever else is above a page.
pub(super) fn overlays() -> Vec<Case> {
    let case = |name, go| Case {
        name,
        boards: plain,
        exercise: "channels",
        go,
    };
    let mut cases = vec![
        Case {
            name: "no boards",
            boards: |_| Vec::new(),
            exercise: "channels",
            go: |_| {},
        },
        Case {
            name: "introduction without boards",
            boards: |_| Vec::new(),
            exercise: "channels",
            go: introduction,
        },
        case("introduction", introduction),
        case("drawer", |harness| {
            harness.key_press_modifiers(Modifiers::COMMAND, Key::F);
        }),
        case("shortcuts", |harness| harness.key_press(Key::F1)),
        case("commands", |harness| {
            harness.key_press_modifiers(Modifiers::COMMAND, Key::K);
        }),
    ];
    cases.push(case("add board", |harness| {
        ask(harness, DialogKind::Address);
    }));
    cases.push(case("listen", |harness| {
        let urls = vec!["ws://192.168.1.5:7433/".to_owned()];
        ask(harness, DialogKind::Listen { on: true, urls });
    }));
    cases.push(case("pair", |harness| {
        ask(
            harness,
            DialogKind::Pair {
                board: BoardKey(101),
                replaces: true,
            },
        );
    }));
    cases.push(case("reboot", |harness| {
        ask(harness, DialogKind::Reboot(vec![BoardKey(1), BoardKey(2)]));
    }));
    cases.push(case("rejected", |harness| {
        ask(harness, DialogKind::Room(vec![BoardKey(1)]));
        harness
            .state_mut()
            .window
            .resolve_dialog(Err("A long reason ".repeat(20)));
    }));
    cases
}

fn introduction(harness: &mut Harness<'static, Bench>) {
    harness.key_press(Key::F1);
    harness.run_steps(10);
    harness.get_by_label("Show introduction").click();
}

pub(super) fn ask(harness: &mut Harness<'static, Bench>, asks: DialogKind) {
    harness
        .state_mut()
        .window
        .open_dialog(asks, "Some text".to_owned());
}
