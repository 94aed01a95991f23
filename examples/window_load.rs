//! The real window with a clock in it: opens it for the boards whose addresses
//! are on standard input (one per line, then an empty line), goes through its
//! pages by their keys, and prints a JSON object per page: the cost of frames
//! and the processor time of threads. `benches/window` starts it next to
//! virtual boards and prints its table; it has no targets. Linux only.
//! `window_load [--seconds 10] [--warm-up 3] [--idle | --many]`.
#![expect(clippy::cast_precision_loss, reason = "figures for people")]

use std::{
    error::Error,
    io::{self, BufRead},
    mem, process,
    process::ExitCode,
    thread,
    time::{Duration, Instant},
};

use clap::Parser;
use comparison::usage::Reading;
use eframe::egui::{self, Key};
use engine::Settings;

use gui::{App, SettingsFile};
use serde_json::{Value, json};

#[path = "measured/threads.rs"]
mod threads;
use threads::Threads;

#[path = "measured/window.rs"]
mod window;
use window::{Opened, Seen, Shared, Timed, Took};

/// How long connecting may take.
const TIMEOUT: Duration = Duration::from_secs(60);

#[derive(Parser)]
struct Arguments {
    /// How long each page is measured
    #[arg(long, default_value_t = 10.0)]
    seconds: f64,
    /// How long each page is shown before it is measured
    #[arg(long, default_value_t = 3.0)]
    warm_up: f64,
    /// Only the pages that are measured while nothing changes
    #[arg(long)]
    idle: bool,
    /// Only the list of boards, at rest and scrolled all the time
    #[arg(long, conflicts_with = "idle")]
    many: bool,
}

/// What is measured, and how it is opened.
type Page = (&'static str, Opened);

const PAGES: &[Page] = &[
    (
        "Boards, a board's page and the timeline",
        Opened::By(Key::Num1),
    ),
    ("Dashboards, 24 tiles", Opened::By(Key::Num2)),
    ("Activity, 100,000 rows", Opened::By(Key::Num4)),
    ("Plots, 8 curves", Opened::By(Key::Num5)),
    ("Health, a row per board", Opened::By(Key::Num6)),
    ("Frames of a board", Opened::By(Key::Num7)),
    ("(a plain egui list of all boards)", Opened::Plain),
];

const MANY: &[Page] = &[
    ("Boards, at rest", Opened::By(Key::Num1)),
    ("Boards, the list is scrolled", Opened::Scrolled),
];

/// Scenes shows nothing of any board here.
const IDLE: &[Page] = &[
    ("Boards, a board's page", Opened::By(Key::Num1)),
    ("Scenes, empty", Opened::By(Key::Num3)),
];

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("window_load: {problem}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let lines = io::stdin().lock().lines();
    let addresses = lines
        .take_while(|line| !matches!(line, Ok(line) if line.is_empty()))
        .collect::<Result<Vec<_>, _>>()?;
    let course = Course {
        boards: addresses.len(),
        pages: match (arguments.idle, arguments.many) {
            (true, _) => IDLE,
            (_, true) => MANY,
            _ => PAGES,
        },
        begun: Instant::now(),
        warm_up: Duration::try_from_secs_f64(arguments.warm_up)?,
        measured: Duration::try_from_secs_f64(arguments.seconds)?,
        shared: Shared::default(),
    };
    let settings = SettingsFile::holding(settings(&addresses));
    let fleet = engine::start(Settings {
        discovery: None,
        addresses,
        ..Settings::default()
    })?;
    let native = eframe::NativeOptions {
        viewport: egui::ViewportBuilder::default().with_inner_size([1180.0, 760.0]),
        renderer: eframe::Renderer::Glow,
        ..eframe::NativeOptions::default()
    };
    let creator: eframe::AppCreator<'_> = Box::new(move |cc| {
        let (ctx, shared) = (cc.egui_ctx.clone(), course.shared.clone());
        let boards = course.boards;
        thread::Builder::new()
            .name("course".to_owned())
            .spawn(move || {
                if let Err(problem) = course.run(&ctx) {
                    eprintln!("window_load: {problem}");
                    process::exit(1);
                }
            })?;
        Ok(Box::new(Timed {
            app: App::new(cc, fleet, settings, None),
            shared,
            boards,
            next: Instant::now(),
        }))
    });
    Ok(eframe::run_native(
        "Switchboard, measured",
        native,
        creator,
    )?)
}

/// Something of the first boards on every page.
fn settings(addresses: &[String]) -> gui::Settings {
    let pins: Vec<_> = addresses
        .iter()
        .take(24)
        .map(|address| json!({"board": address, "component": "sensor:0"}))
        .collect();
    let tiles = pins.iter().enumerate().map(|(at, pin)| {
        let mut tile = pin.clone();
        (tile["x"], tile["y"]) = (json!(at % 4 * 3), json!(at / 4 * 2));
        (tile["w"], tile["h"]) = (json!(3), json!(2));
        tile
    });
    let kept = json!({
        "plots": {"curves": pins.iter().take(8).collect::<Vec<_>>(), "span": 60.0, "events": true},
        "dashboards": [{"name": "Load", "tiles": tiles.collect::<Vec<_>>()}]
    });
    serde_json::from_value(kept).unwrap_or_default()
}

/// Goes through the pages on a thread of its own, because a window that shows
/// nothing new is not drawn.
struct Course {
    boards: usize,
    pages: &'static [Page],
    /// When the fleet was started.
    begun: Instant,
    warm_up: Duration,
    measured: Duration,
    shared: Shared,
}

impl Course {
    fn run(&self, ctx: &egui::Context) -> Result<(), Box<dyn Error>> {
        let complete = loop {
            let (complete, connected) = {
                let state = self.shared.lock();
                (state.complete, state.connected)
            };
            if let Some(complete) = complete {
                break complete.duration_since(self.begun);
            }
            if self.begun.elapsed() > TIMEOUT {
                return Err(format!("only {connected} of {} boards", self.boards).into());
            }
            thread::sleep(Duration::from_millis(20));
        };
        for (name, opened) in self.pages {
            {
                let mut state = self.shared.lock();
                state.opened = Some(*opened);
                if let Opened::By(key) = opened {
                    state.pressed.push(*key);
                }
            }
            ctx.request_repaint();
            thread::sleep(self.warm_up);
            let mut seen = self.look(name)?;
            seen["connected_ms"] = json!(complete.as_secs_f64() * 1e3);
            println!("{seen}");
        }
        ctx.send_viewport_cmd(egui::ViewportCommand::Close);
        ctx.request_repaint();
        Ok(())
    }

    fn look(&self, page: &str) -> Result<Value, Box<dyn Error>> {
        let (before, happened, lost) = {
            let mut state = self.shared.lock();
            state.seen = Seen::default();
            (Threads::now()?, state.happened, state.lost)
        };
        let begun = Instant::now();
        thread::sleep(self.measured);
        let mut state = self.shared.lock();
        let used = Threads::now()? - before;
        let seconds = begun.elapsed().as_secs_f64();
        let Seen {
            logic,
            ui,
            mut delay,
        } = mem::take(&mut state.seen);
        let (happened, lost) = (state.happened - happened, state.lost - lost);
        drop(state);
        let share = |time: Duration| time.as_secs_f64() * 100.0 / seconds;
        let total = |times: &[Took]| times.iter().map(|took| took.busy).sum::<Duration>();
        Ok(json!({
            "page": page,
            "frames": ui.len() as f64 / seconds,
            "logic_ms": quantiles(logic.iter().map(|took| took.elapsed).collect()),
            "ui_ms": quantiles(ui.iter().map(|took| took.elapsed).collect()),
            "logic_busy_ms": quantiles(logic.iter().map(|took| took.busy).collect()),
            "ui_busy_ms": quantiles(ui.iter().map(|took| took.busy).collect()),
            "delay_ms": quantiles(mem::take(&mut delay)),
            "events": happened as f64 / seconds,
            "lost": lost,
            "cpu_percent": {
                "fleet": share(used.fleet),
                "logic": share(total(&logic)),
                "ui": share(total(&ui)),
                // egui's own part of a frame, its triangles, and the driver's
                // work on this thread.
                "painting": share(used.main.saturating_sub(total(&logic)).saturating_sub(total(&ui))),
                "rasterizing": share(used.rasterizing),
                "others": share(used.others),
            },
            "memory_mb": Reading::of(process::id())?.memory_kib as f64 * 1.024 / 1e3,
        }))
    }
}

/// The median, the 99th percentile, and the maximum, in milliseconds; null
/// without values.
fn quantiles(mut times: Vec<Duration>) -> Value {
    times.sort_unstable();
    let at = |share: f64| {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a place in a list"
        )]
        let place = (times.len().saturating_sub(1) as f64 * share).round() as usize;
        times.get(place).map(|time| time.as_secs_f64() * 1e3)
    };
    json!([at(0.5), at(0.99), at(1.0)])
}
