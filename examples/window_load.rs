//! The real window with a clock in it: opens it for the boards whose addresses
//! are on standard input (one per line, then an empty line), goes through its
//! pages by their keys, and prints a JSON object per page: the cost of frames
//! and the processor time of threads. `benches/window` starts it next to
//! virtual boards and prints its table; it has no targets. Linux only.
//! `window_load [--seconds 10] [--warm-up 3] [--idle]`.
#![expect(clippy::cast_precision_loss, reason = "figures for people")]

use std::{
    error::Error,
    io::{self, BufRead},
    mem, process,
    process::ExitCode,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant, SystemTime},
};

use clap::Parser;
use comparison::usage::Reading;
use eframe::egui::{self, Event, Key, Modifiers};
use fleet::{Fleet, LogEvent, Settings};

use gui::{App, SettingsFile};
use serde_json::{Value, json};

#[path = "measured/threads.rs"]
mod threads;
use threads::Threads;

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
}

/// A page, and the key that opens it; the last is not a page of the program.
type Page = (&'static str, Option<Key>);

const PAGES: &[Page] = &[
    ("Boards, a board's page and the timeline", Some(Key::Num1)),
    ("Dashboards, 24 tiles", Some(Key::Num2)),
    ("Activity, 100,000 rows", Some(Key::Num4)),
    ("Plots, 8 curves", Some(Key::Num5)),
    ("Health, a row per board", Some(Key::Num6)),
    ("Frames of a board", Some(Key::Num7)),
    ("(a plain egui list of all boards)", None),
];

/// Scenes shows nothing of any board here.
const IDLE: &[Page] = &[
    ("Boards, a board's page", Some(Key::Num1)),
    ("Scenes, empty", Some(Key::Num3)),
];

/// How long something took, and for how much of that this thread was on a
/// processor.
#[derive(Clone, Copy)]
struct Took {
    elapsed: Duration,
    busy: Duration,
}

/// The measurements of the page that is shown.
#[derive(Default)]
struct Seen {
    logic: Vec<Took>,
    ui: Vec<Took>,
    /// How old the newest change was when a frame began.
    delay: Vec<Duration>,
}

/// Shared by the window and the thread that goes through its pages.
#[derive(Default)]
struct State {
    pressed: Vec<Key>,
    plain: bool,
    seen: Seen,
    connected: usize,
    happened: u64,
    lost: u64,
}

#[derive(Clone, Default)]
struct Shared(Arc<Mutex<State>>);

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The program's window with a clock around it.
struct Timed {
    app: App,
    shared: Shared,
}

impl eframe::App for Timed {
    fn raw_input_hook(&mut self, _: &egui::Context, input: &mut egui::RawInput) {
        for key in mem::take(&mut self.shared.lock().pressed) {
            let modifiers = Modifiers::COMMAND;
            input.events.push(Event::Key {
                key,
                physical_key: None,
                pressed: true,
                repeat: false,
                modifiers,
            });
        }
    }

    fn logic(&mut self, ctx: &egui::Context, frame: &mut eframe::Frame) {
        let took = timed(|| self.app.logic(ctx, frame));
        let model = &self.app.window().model;
        let newest = model
            .journal()
            .newest_first()
            .find(|entry| matches!(entry.what, LogEvent::Changed { .. }));
        let mut state = self.shared.lock();
        state.seen.logic.push(took);
        state
            .seen
            .delay
            .extend(newest.and_then(|entry| SystemTime::now().duration_since(entry.at).ok()));
        (state.connected, state.happened, state.lost) = (
            model.counts().connected,
            model.journal().end(),
            model.missed(),
        );
    }

    fn ui(&mut self, ui: &mut egui::Ui, frame: &mut eframe::Frame) {
        let plain = self.shared.lock().plain;
        let took = timed(|| match plain {
            false => self.app.ui(ui, frame),
            true => plain_list(ui, &self.app),
        });
        self.shared.lock().seen.ui.push(took);
    }
}

fn timed(work: impl FnOnce()) -> Took {
    let (begun, busy) = (Instant::now(), busy());
    work();
    Took {
        busy: self::busy().saturating_sub(busy),
        elapsed: begun.elapsed(),
    }
}

/// How long this thread was on a processor.
#[cfg(target_os = "linux")]
fn busy() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::try_from(time).unwrap_or_default()
}

#[cfg(not(target_os = "linux"))]
fn busy() -> Duration {
    Duration::ZERO
}

/// Every board with its first value, in the simplest way: each row in each
/// frame, and frame after frame.
fn plain_list(ui: &mut egui::Ui, app: &App) {
    ui.ctx().request_repaint();
    egui::CentralPanel::default().show(ui, |ui| {
        egui::ScrollArea::vertical().show(ui, |ui| {
            for board in app.window().model.in_order() {
                ui.horizontal(|ui| {
                    ui.label(&*board.name);
                    ui.label(&*board.address);
                    let value = board.components.first().map(|view| view.shown().0);
                    ui.label(
                        value
                            .map(|value| json!(value).to_string())
                            .unwrap_or_default(),
                    );
                });
            }
        });
    });
}

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
        pages: if arguments.idle { IDLE } else { PAGES },
        warm_up: Duration::try_from_secs_f64(arguments.warm_up)?,
        measured: Duration::try_from_secs_f64(arguments.seconds)?,
        shared: Shared::default(),
    };
    let settings = SettingsFile::holding(settings(&addresses));
    let fleet = Fleet::start(Settings {
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
    warm_up: Duration,
    measured: Duration,
    shared: Shared,
}

impl Course {
    fn run(&self, ctx: &egui::Context) -> Result<(), Box<dyn Error>> {
        let begun = Instant::now();
        while self.shared.lock().connected < self.boards {
            if begun.elapsed() > TIMEOUT {
                return Err(format!(
                    "only {} of {} boards",
                    self.shared.lock().connected,
                    self.boards
                )
                .into());
            }
            thread::sleep(Duration::from_millis(20));
        }
        for (name, key) in self.pages {
            {
                let mut state = self.shared.lock();
                state.pressed.extend(key);
                state.plain = key.is_none();
            }
            ctx.request_repaint();
            thread::sleep(self.warm_up);
            println!("{}", self.look(name)?);
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
