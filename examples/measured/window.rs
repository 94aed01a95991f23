//! The program's window with a clock around it, on a screen of 60 Hz.

use std::{
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant, SystemTime},
};

use eframe::egui::{self, Event, Key, Modifiers, MouseWheelSource, MouseWheelUnit, TouchPhase};
use fleet::LogEvent;
use gui::App;
use serde_json::json;

/// The time between two frames of a screen of 60 Hz. Xvfb has no such limit.
const SCREEN: Duration = Duration::from_nanos(16_666_667);

/// How far a scrolling frame scrolls: some 2,400 points per second.
const SCROLL: f32 = 40.0;

/// A place in the list of boards.
const LIST: egui::Pos2 = egui::pos2(180.0, 400.0);

/// How what is measured is opened.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Opened {
    /// By the key of a page.
    By(Key),
    /// The page of boards, whose list is scrolled all the time.
    Scrolled,
    /// Not a page of the program.
    Plain,
}

/// How long something took, and for how much of that this thread was on a
/// processor.
#[derive(Clone, Copy)]
pub(crate) struct Took {
    pub(crate) elapsed: Duration,
    pub(crate) busy: Duration,
}

/// The measurements of the page that is shown.
#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) logic: Vec<Took>,
    pub(crate) ui: Vec<Took>,
    /// How old the newest change was when a frame began.
    pub(crate) delay: Vec<Duration>,
}

/// Shared by the window and the thread that goes through its pages.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) pressed: Vec<Key>,
    pub(crate) opened: Option<Opened>,
    pub(crate) seen: Seen,
    pub(crate) connected: usize,
    /// When all boards were first connected.
    pub(crate) complete: Option<Instant>,
    pub(crate) happened: u64,
    pub(crate) lost: u64,
}

#[derive(Clone, Default)]
pub(crate) struct Shared(Arc<Mutex<State>>);

impl Shared {
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The program's window with a clock around it, on a screen of 60 Hz.
pub(crate) struct Timed {
    pub(crate) app: App,
    pub(crate) shared: Shared,
    pub(crate) boards: usize,
    /// When the screen shows the next frame.
    pub(crate) next: Instant,
}

impl eframe::App for Timed {
    fn raw_input_hook(&mut self, _: &egui::Context, input: &mut egui::RawInput) {
        let (pressed, opened) = {
            let mut state = self.shared.lock();
            (mem::take(&mut state.pressed), state.opened)
        };
        if opened == Some(Opened::Scrolled) {
            input.events.push(Event::PointerMoved(LIST));
            input.events.push(Event::MouseWheel {
                unit: MouseWheelUnit::Point,
                delta: egui::vec2(0.0, -SCROLL),
                phase: TouchPhase::Move,
                source: MouseWheelSource::Unknown,
                modifiers: Modifiers::NONE,
            });
        }
        for key in pressed {
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
        let begun = Instant::now();
        thread::sleep(self.next.saturating_duration_since(begun));
        self.next = self.next.max(begun) + SCREEN;
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
        if state.connected == self.boards {
            state.complete.get_or_insert_with(Instant::now);
        }
    }

    fn ui(&mut self, ui: &mut egui::Ui, frame: &mut eframe::Frame) {
        let opened = self.shared.lock().opened;
        if opened == Some(Opened::Scrolled) {
            ui.ctx().request_repaint();
        }
        let took = timed(|| match opened {
            Some(Opened::Plain) => plain_list(ui, &self.app),
            _ => self.app.ui(ui, frame),
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
