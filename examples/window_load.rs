//! The whole window under load: boards in another process that push all the time, the real fleet and the real window here, drawn
//! 60 times a second without a screen. Prints for each page what `logic` and `ui` cost a frame, how late the window is, and memory;
//! beside it the same frames with a plain egui list of all boards.
//! `cargo run --example window_load -- [--boards 1000] [--samples 4.3] [--seconds 6]`. Judges nothing.
#![expect(clippy::cast_precision_loss, reason = "figures for people")]

use std::{
    cell::RefCell,
    error::Error,
    process::{self, ExitCode},
    rc::Rc,
    thread,
    time::{Duration, Instant, SystemTime},
};

use clap::{Parser, Subcommand};
use eframe::egui::{self, Key, Modifiers};
use egui_kittest::{Harness, kittest::Queryable};
use serde_json::json;
use switchboard::{
    fleet::{Fleet, Happening, LinkState, Settings},
    process::Reading,
    ui::{self, App, SettingsFile},
};
use virtual_board::Options;

#[path = "measured/mod.rs"]
mod measured;
use measured::{BoardsProcess, run_boards};

/// A frame of a screen that shows 60 a second.
const FRAME: Duration = Duration::from_micros(16_667);

/// How long it is waited for links.
const PATIENCE: Duration = Duration::from_secs(90);

#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    part: Option<Part>,
    /// How many boards, 1 to 1,000
    #[arg(long, default_value_t = 1_000)]
    boards: usize,
    /// How often each sensor of a board changes, a second
    #[arg(long, default_value_t = 4.3)]
    samples: f64,
    /// How long each page is looked at
    #[arg(long, default_value_t = 6)]
    seconds: u64,
}

#[derive(Subcommand)]
enum Part {
    /// Only the boards, until the end of standard input
    Boards {
        boards: usize,
        #[arg(long)]
        samples: f64,
    },
}

/// What frames cost.
#[derive(Default)]
struct Costs {
    logic: Vec<Duration>,
    ui: Vec<Duration>,
}

/// The app with a clock around it; or, in its place, the plain list.
struct Timed {
    app: App,
    costs: Rc<RefCell<Costs>>,
    plain: bool,
}

impl eframe::App for Timed {
    fn logic(&mut self, ctx: &egui::Context, frame: &mut eframe::Frame) {
        let begun = Instant::now();
        self.app.logic(ctx, frame);
        self.costs.borrow_mut().logic.push(begun.elapsed());
    }

    fn ui(&mut self, ui: &mut egui::Ui, frame: &mut eframe::Frame) {
        let begun = Instant::now();
        match self.plain {
            false => self.app.ui(ui, frame),
            true => plain_list(ui, &self.app),
        }
        self.costs.borrow_mut().ui.push(begun.elapsed());
    }
}

/// Every board with its first value, as one would write it first: each row each frame.
fn plain_list(ui: &mut egui::Ui, app: &App) {
    egui::CentralPanel::default().show(ui, |ui| {
        egui::ScrollArea::vertical().show(ui, |ui| {
            for board in app.window().model.in_order() {
                ui.horizontal(|ui| {
                    ui.label(&board.name);
                    ui.label(&board.address);
                    let value = board.components.first().map(|view| view.shown().0);
                    ui.label(value.map(|value| json!(value).to_string()).unwrap_or_default());
                });
            }
        });
    });
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = match &arguments.part {
        Some(Part::Boards { boards, samples }) => run_boards(Options {
            boards: *boards,
            mdns: false,
            samples_per_second: Some(*samples),
            ..Options::default()
        }),
        None => measure(&arguments),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("window_load: {problem}");
            ExitCode::FAILURE
        }
    }
}

/// Something of the first boards on every page.
fn settings(addresses: &[String]) -> ui::Settings {
    let pins: Vec<_> =
        addresses.iter().take(24).map(|address| json!({"board": address, "component": "sensor:0"})).collect();
    let rows = pins.chunks(6).map(|row| json!({"row": row.iter().map(|pin| json!({"tile": pin})).collect::<Vec<_>>()}));
    let kept = json!({
        "plots": {"curves": pins.iter().take(8).collect::<Vec<_>>(), "span": 60.0, "events": true},
        "dashboards": [{"name": "Load", "layout": {"column": rows.collect::<Vec<_>>()}}]
    });
    serde_json::from_value(kept).unwrap_or_default()
}

fn measure(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let samples = arguments.samples.to_string();
    let mut boards = BoardsProcess::start(arguments.boards, &["--samples", &samples])?;
    let costs = Rc::new(RefCell::new(Costs::default()));
    let fleet = Fleet::start(Settings { discovery: None, addresses: boards.addresses.clone(), ..Settings::default() })?;
    let kept = SettingsFile::holding(settings(&boards.addresses));
    let told = Rc::clone(&costs);
    let mut window = Harness::builder()
        .with_size([1180.0, 760.0])
        .with_step_dt(FRAME.as_secs_f32())
        .build_eframe(move |cc| Timed { app: App::new(cc, fleet, kept, None), costs: told, plain: false });
    let begun = Instant::now();
    while window.state().app.window().model.counts().connected < arguments.boards && begun.elapsed() < PATIENCE {
        frame(&mut window);
    }
    let connected = window.state().app.window().model.counts().connected;
    println!("{connected} of {} boards connected after {:.1} s", arguments.boards, begun.elapsed().as_secs_f64());
    println!(
        "this program's own code is built {}",
        if cfg!(debug_assertions) { "without optimisation" } else { "optimised" }
    );
    println!(
        "page             frames/s   logic ms median, p99   ui ms median, p99   events/s   late ms   lost   memory MB"
    );
    let look = |window: &mut Harness<'static, Timed>, name: &str| -> Result<(), Box<dyn Error>> {
        let settle = Instant::now();
        while settle.elapsed() < Duration::from_millis(500) {
            frame(window);
        }
        *costs.borrow_mut() = Costs::default();
        let (begun, first) = (Instant::now(), events(window));
        let lost = window.state().app.window().model.missed();
        let mut late = Vec::new();
        while begun.elapsed() < Duration::from_secs(arguments.seconds) {
            frame(window);
            late.extend(lateness(window));
        }
        let took = begun.elapsed().as_secs_f64();
        let Costs { logic, ui } = &mut *costs.borrow_mut();
        let rate = (events(window) - first) as f64 / took;
        let lost = window.state().app.window().model.missed() - lost;
        let frames = logic.len() as f64 / took;
        let [logic, ui, late] = [logic, ui, &mut late].map(|times| (part(times, 0.5), part(times, 0.99)));
        let memory = Reading::of(process::id())?.memory_kib / 1024;
        println!(
            "{name:<16} {frames:>8.1} {:>15.2} {:>6.2} {:>12.2} {:>6.2} {rate:>10.0} {:>9.1} {lost:>6} {memory:>11}",
            logic.0, logic.1, ui.0, ui.1, late.0
        );
        Ok(())
    };
    let pages = ui::PLACES.iter().zip([Key::Num1, Key::Num2, Key::Num3, Key::Num4, Key::Num5, Key::Num6, Key::Num7]);
    for (name, key) in pages {
        window.key_press_modifiers(Modifiers::COMMAND, key);
        look(&mut window, name)?;
        if *name == "Activity" {
            full_activity(&mut window);
            look(&mut window, "Activity, full")?;
            if let Some(field) = window.query_by_label("Find in the lines") {
                field.focus();
            }
            frame(&mut window);
            window.event(egui::Event::Text("lamp 7".to_owned()));
            look(&mut window, "Activity, found")?;
        }
    }
    window.state_mut().plain = true;
    look(&mut window, "(a plain list)")?;
    let lost = window.state().app.window().model.boards().filter(|board| board.link != LinkState::Connected).count();
    println!("{lost} boards without a link at the end");
    println!("process   CPU s   memory MB   threads   open files");
    for (name, id) in [("window", process::id()), ("boards", boards.child.id())] {
        let Reading { cpu, memory_kib, threads, files } = Reading::of(id)?;
        println!("{name} {:>10.1} {:>11} {threads:>9} {files:>12}", cpu.as_secs_f64(), memory_kib / 1024);
    }
    drop(window);
    boards.end()
}

/// Draws one frame, and waits until the screen would show the next.
fn frame(window: &mut Harness<'static, Timed>) {
    let begun = Instant::now();
    window.step();
    thread::sleep(FRAME.saturating_sub(begun.elapsed()));
}

/// Waits until as much happened as is kept.
fn full_activity(window: &mut Harness<'static, Timed>) {
    let begun = Instant::now();
    while window.state().app.window().model.journal().len() < 100_000 && begun.elapsed() < PATIENCE {
        frame(window);
    }
}

/// The number of happenings so far.
fn events(window: &Harness<'static, Timed>) -> u64 {
    window.state().app.window().model.journal().end()
}

/// How long ago what the window knows as the newest change happened.
fn lateness(window: &Harness<'static, Timed>) -> Option<Duration> {
    let model = &window.state().app.window().model;
    let newest = model.journal().newest_first().find(|entry| matches!(entry.what, Happening::Changed { .. }))?;
    SystemTime::now().duration_since(newest.at).ok()
}

/// The time that this part of all is below, in milliseconds.
fn part(times: &mut [Duration], part: f64) -> f64 {
    times.sort_unstable();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place in a list")]
    let at = (times.len().saturating_sub(1) as f64 * part).round() as usize;
    times.get(at).map_or(f64::NAN, |time| time.as_secs_f64() * 1e3)
}
