//! Every page of the window at every window size, including those that a large
//! zoom leaves: no layout asks for a negative size, which panics in debug
//! builds.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{panic::AssertUnwindSafe, sync::Arc};

use backup::Plan;
use bench::Bench;
use eframe::egui::{Key, Modifiers, Theme, Vec2, vec2};
use egui_kittest::Harness;
use fleet::{BoardKey, BoardView};
use gui::{DesktopPreferences, DialogKind, MotionChoice, Notice, Settings, ThemeChoice};
use scenes::Now;
use serde_json::{Value, json};

mod brokers;
mod contrast;
mod drawer;
mod faults;
mod first_start;
mod macos;
mod pages;
mod served;

#[path = "../window_scenes/bench.rs"]
#[expect(dead_code, reason = "other tests use the rest of it")]
mod bench;
#[path = "../window_scenes/mod.rs"]
#[expect(dead_code, reason = "other tests use the other scenes")]
mod scenes;

/// Widths and heights in points. A window of 1180 by 760 has 380 by 245 after
/// 21 steps of zooming in, and 236 by 152 at egui's limit.
const SIZES: [[f32; 2]; 15] = [
    [1180.0, 760.0],
    [640.0, 400.0],
    [472.0, 304.0],
    [421.0, 271.0],
    [380.0, 245.0],
    [330.0, 700.0],
    [300.0, 200.0],
    [236.0, 152.0],
    [180.0, 120.0],
    [128.0, 80.0],
    [81.0, 49.0],
    [3000.0, 60.0],
    [90.0, 2000.0],
    [24.0, 16.0],
    [1.0, 1.0],
];

const KEYS: [Key; 10] = [
    Key::Num1,
    Key::Num2,
    Key::Num3,
    Key::Num4,
    Key::Num5,
    Key::Num6,
    Key::Num7,
    Key::Num8,
    Key::Num9,
    Key::M,
];

fn pin(component: &str) -> Value {
    json!({"board": "everything-0009", "component": component, "name": "Everything".repeat(20)})
}

/// A dashboard, a scene, curves and channels; `exercise` of the lab is shown.
fn kept(exercise: &str) -> Settings {
    let tile = |component: &str| json!({"tile": pin(component)});
    let mut light = pin("light:0");
    light["set"] = json!({"on": true, "rgb": [255, 80, 0]});
    let channel = |address: &str| json!({"address": address, "shown": true, "plotted": "/price"});
    let settings = json!({
        "dashboards": [{"name": "Bench".repeat(30), "layout": {"row": [
            tile("light:0"),
            {"column": [
                tile("switch:0"),
                tile("sensor:0"),
                {"tile": {"board": "gone-1", "component": "switch:0"}}
            ]},
            {"tabs": [tile("number:0"), tile("button:0")]}
        ]}}],
        "scenes": [{"name": "Evening", "steps": [
            light,
            {"board": "gone-1", "component": "switch:0", "set": {"on": true}}
        ]}],
        "plots": {
            "curves": [pin("sensor:0"), pin("switch:0"), pin("number:0"), pin("sensor:3")],
            "span": 60.0,
            "events": true
        },
        "lab": {"exercise": exercise, "channels": [
            channel("ws://127.0.0.1:9/echo"),
            channel("not an address".repeat(9).as_str())
        ]},
    });
    serde_json::from_value(settings).unwrap()
}

/// Boards of every kind and in every state.
fn plain(at: Now) -> Vec<BoardView> {
    let mut boards = scenes::mixed(at);
    let others = scenes::locked(at).into_iter().chain(scenes::updates(at));
    boards.extend((100..).zip(others).map(|(number, mut board)| {
        board.key = BoardKey(number);
        board
    }));
    boards
}

/// The same, with long and short names of boards, components and everything
/// else that a board reports.
fn boards(at: Now) -> Vec<BoardView> {
    let long = "Ventilation ".repeat(20);
    let mut boards = plain(at);
    for board in boards.iter_mut().step_by(2) {
        board.name = format!("{}{long}", board.name).into();
        board.address = format!("{}{}", board.address, "1".repeat(80)).into();
        board.components = board
            .components
            .iter()
            .map(|component| {
                let longer = scenes::described(component.as_ref().clone(), |descriptor| {
                    descriptor.name = format!("{} {long}", descriptor.name);
                    descriptor.unit_of_measurement = descriptor
                        .unit_of_measurement
                        .as_ref()
                        .map(|unit| unit.repeat(40));
                });
                Arc::new(longer)
            })
            .collect();
    }
    boards
}

fn open(boards: Vec<BoardView>, at: Now, exercise: &str) -> Harness<'static, Bench> {
    open_with(boards, at, kept(exercise))
}

fn open_with(boards: Vec<BoardView>, at: Now, settings: Settings) -> Harness<'static, Bench> {
    // The harness has a theme of its own, which it applies after the window.
    let theme = match settings.theme {
        ThemeChoice::Light => Theme::Light,
        ThemeChoice::System | ThemeChoice::Dark => Theme::Dark,
    };
    let mut harness = Harness::builder()
        .with_size([1180.0, 760.0])
        .with_step_dt(0.2)
        .with_theme(theme)
        .build_eframe(move |cc| {
            let log = bench::log_of(&boards, at);
            Bench::new(cc, &settings, boards, log, at)
        });
    harness.run_steps(2);
    harness
}

/// Draws the current page in windows of every size, and collects the failures.
fn in_every_size(
    page: &str,
    mut open: impl FnMut() -> Harness<'static, Bench>,
    failed: &mut Vec<String>,
) {
    let mut harness = open();
    for [width, height] in SIZES {
        let size: Vec2 = vec2(width, height);
        let shown = std::panic::catch_unwind(AssertUnwindSafe(|| {
            harness.set_size(size);
            harness.run_steps(3);
        }));
        if shown.is_err() {
            failed.push(format!("{page} at {width} by {height}"));
            // A window that panicked during a frame is not used again.
            std::mem::forget(std::mem::replace(&mut harness, open()));
        }
    }
}

fn none_of(failed: &[String]) {
    assert!(failed.is_empty(), "these panicked:\n{}", failed.join("\n"));
}

#[test]
fn every_page_is_drawn_in_a_window_of_any_size() {
    let at = Now::read();
    let mut failed = Vec::new();
    for number in 0..KEYS.len() {
        in_every_size(
            &format!("page {}", number + 1),
            || {
                let mut harness = open(boards(at), at, "channels");
                harness.state_mut().window.model.select(BoardKey(9));
                pages::page(&mut harness, number + 1);
                harness.run_steps(2);
                harness
            },
            &mut failed,
        );
    }
    none_of(&failed);
}

#[test]
fn every_board_is_drawn_in_a_window_of_any_size() {
    let at = Now::read();
    let mut failed = Vec::new();
    for board in boards(at) {
        let select = || {
            let mut harness = open(boards(at), at, "channels");
            harness.state_mut().window.model.select(board.key);
            harness.run_steps(1);
            harness
        };
        in_every_size(&board.name[..8.min(board.name.len())], select, &mut failed);
    }
    none_of(&failed);
}

#[test]
fn every_exercise_of_the_lab_is_drawn_in_a_window_of_any_size() {
    let at = Now::read();
    let mut failed = Vec::new();
    for exercise in ["channels", "comparison", "echo", "telemetry", "clients"] {
        let go = || {
            let mut harness = open(boards(at), at, exercise);
            harness.key_press_modifiers(Modifiers::COMMAND, Key::Num9);
            harness.run_steps(2);
            harness
        };
        in_every_size(exercise, go, &mut failed);
    }
    none_of(&failed);
}

#[test]
fn overlays_are_drawn_in_a_window_of_any_size() {
    let at = Now::read();
    let mut failed = Vec::new();
    in_every_size(
        "no boards",
        || open(Vec::new(), at, "channels"),
        &mut failed,
    );
    for (page, modifiers, key) in [
        ("shortcuts", Modifiers::NONE, Key::F1),
        ("commands", Modifiers::COMMAND, Key::K),
        ("all boards selected", Modifiers::COMMAND, Key::A),
    ] {
        let press = || {
            let mut harness = open(boards(at), at, "channels");
            harness.key_press_modifiers(modifiers, key);
            harness.run_steps(2);
            harness
        };
        in_every_size(page, press, &mut failed);
    }
    let board = BoardKey(9);
    let dialogs = [
        DialogKind::Address,
        DialogKind::Listen {
            on: true,
            urls: vec!["ws://192.168.1.5:7433/".repeat(9)],
        },
        DialogKind::Call {
            board,
            begins: true,
        },
        DialogKind::Room(vec![board]),
        DialogKind::Tags(vec![board]),
        DialogKind::Reboot(vec![board]),
        DialogKind::FactoryReset {
            board,
            title: "Erase a board with a long name?".to_owned(),
            has_key: true,
        },
        DialogKind::Restore {
            board,
            title: "Restore a board with a long name?".to_owned(),
            plan: Box::new(Plan {
                misfits: vec!["light:0 (A light with a long name) is missing".to_owned(); 12],
                unsupported: vec!["its name: it keeps its name in a file".to_owned()],
                ..Plan::default()
            }),
        },
        DialogKind::Key(board),
        DialogKind::Pair {
            board,
            replaces: true,
        },
        DialogKind::ForgetKey(board),
    ];
    for asks in dialogs {
        let ask = || {
            let mut harness = open(boards(at), at, "channels");
            let window = &mut harness.state_mut().window;
            window.model.apply(scenes::changes([], Vec::new()), at.now);
            window.open_dialog(asks.clone(), "A long text ".repeat(30));
            window.resolve_dialog(Err("A long reason ".repeat(30)));
            harness.run_steps(2);
            harness
        };
        in_every_size(&format!("{asks:?}"), ask, &mut failed);
    }
    let tell = || {
        let mut harness = open(boards(at), at, "channels");
        for number in 0..5 {
            harness.state_mut().window.notify(Notice::Failed(format!(
                "{number} {}",
                "went wrong ".repeat(30)
            )));
        }
        harness.run_steps(2);
        harness
    };
    in_every_size("messages", tell, &mut failed);
    none_of(&failed);
}

#[test]
fn zooming_in_stops_where_the_pages_would_not_fit_and_is_remembered() {
    let at = Now::read();
    let mut harness = open(boards(at), at, "channels");
    harness.state_mut().window.model.select(BoardKey(9));
    for _ in 0..40 {
        harness.key_press_modifiers(Modifiers::COMMAND, Key::Plus);
        harness.run_steps(2);
    }
    let zoom = harness.ctx.zoom_factor();
    assert!((zoom - 2.5).abs() < 0.01, "{zoom}");
    let mut settings = Settings::default();
    harness.state().window.remember(&mut settings);
    assert!(
        (settings.layout.zoom.unwrap_or(1.0) - zoom).abs() < 0.11,
        "{:?}",
        settings.layout.zoom
    );
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Num0);
    harness.run_steps(2);
    assert_eq!(harness.ctx.zoom_factor(), 1.0);
}

#[test]
fn theme_and_motion_follow_the_desktop_unless_they_are_chosen() {
    let at = Now::read();
    let desktop = |dark, reduced_motion| DesktopPreferences {
        dark: Some(dark),
        reduced_motion,
        touch: false,
    };
    let look = |harness: &mut Harness<'static, Bench>, desktop| {
        let ctx = harness.ctx.clone();
        harness.state_mut().window.follow_desktop(&ctx, desktop);
        harness.run_steps(2);
        let moves = ctx.style_of(ctx.theme()).animation_time > 0.0;
        (ctx.theme(), moves)
    };
    let mut harness = open(boards(at), at, "channels");
    let dark = look(&mut harness, desktop(true, false));
    assert_eq!(dark, (Theme::Dark, true));
    let light = look(&mut harness, desktop(false, true));
    assert_eq!(light, (Theme::Light, false));
    let chosen = Settings {
        theme: ThemeChoice::Dark,
        motion: MotionChoice::Full,
        ..kept("channels")
    };
    let mut harness = open_with(boards(at), at, chosen);
    let kept = look(&mut harness, desktop(false, true));
    assert_eq!(kept, (Theme::Dark, true));
}
