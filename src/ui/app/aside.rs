//! What is done aside, on threads of their own, and looked after between
//! frames: virtual boards that start, files, the doctor.

use std::{sync::mpsc, thread, time::Instant};

use eframe::egui;

use super::App;
use crate::{
    doctor::{self, Examination},
    fleet::ImageSource,
    ui::{
        Asks, Notice, StartVirtualBoards, Task, VirtualBoards,
        doctor::asked,
        files::{Answer, Brought, Journey},
    },
};

/// Where the hook that starts virtual boards is.
pub(super) enum Starter {
    Absent,
    Ready(StartVirtualBoards),
    /// On a thread, which gives it back.
    Busy(mpsc::Receiver<(StartVirtualBoards, Result<(), String>)>),
}

impl App {
    pub(super) fn run_task(&mut self, task: Task, ctx: &egui::Context) {
        match task {
            Task::StartVirtualBoards(count) => self.start_virtual_boards(count, ctx),
            Task::File(errand) => match Journey::begin(errand, &self.window.model, ctx.clone()) {
                Ok(journey) => self.errand = Some(journey),
                Err(error) => self
                    .window
                    .tell(Notice::Failed(format!("No thread for the file: {error}"))),
            },
            Task::UsePath(path) => {
                if let Some(Err(error)) = self
                    .errand
                    .as_mut()
                    .map(|errand| errand.go_on(path, ctx.clone()))
                {
                    self.window
                        .tell(Notice::Failed(format!("No thread for the file: {error}")));
                }
            }
            Task::Examine(wanted) => self.examine(wanted.as_deref(), ctx),
            Task::StopExamining => {
                self.examination = None;
                self.window.pages.doctor.stopped();
                ctx.request_repaint();
            }
        }
    }

    pub(super) fn start_virtual_boards(&mut self, count: usize, ctx: &egui::Context) {
        let starter = std::mem::replace(&mut self.starter, Starter::Absent);
        self.starter = match starter {
            Starter::Ready(mut start) => {
                let (sender, receiver) = mpsc::channel();
                let ctx = ctx.clone();
                let run = move || {
                    let outcome = start(count);
                    let _ = sender.send((start, outcome));
                    ctx.request_repaint();
                };
                match thread::Builder::new()
                    .name("virtual boards".to_owned())
                    .spawn(run)
                {
                    Ok(_) => Starter::Busy(receiver),
                    Err(error) => {
                        self.window.tell(Notice::Failed(format!(
                            "No thread for virtual boards: {error}"
                        )));
                        Starter::Absent
                    }
                }
            }
            other => other,
        };
        self.say_whether_virtual_boards_can_start();
    }

    /// Looks whether the thread that starts virtual boards has finished.
    pub(super) fn answer_starter(&mut self) {
        if let Starter::Busy(receiver) = &self.starter {
            match receiver.try_recv() {
                Ok((start, outcome)) => {
                    self.starter = Starter::Ready(start);
                    if let Err(problem) = outcome {
                        let words = format!("Virtual boards could not be started: {problem}");
                        self.window.tell(Notice::Failed(words));
                    }
                    self.say_whether_virtual_boards_can_start();
                }
                Err(mpsc::TryRecvError::Empty) => {}
                Err(mpsc::TryRecvError::Disconnected) => {
                    self.starter = Starter::Absent;
                    self.say_whether_virtual_boards_can_start();
                }
            }
        }
    }

    pub(super) fn say_whether_virtual_boards_can_start(&mut self) {
        self.window.virtual_boards = match self.starter {
            Starter::Absent => VirtualBoards::Absent,
            Starter::Ready(_) => VirtualBoards::Ready,
            Starter::Busy(_) => VirtualBoards::Starting,
        };
    }

    /// Begins to find out why a board is missing.
    pub(super) fn examine(&mut self, wanted: Option<&str>, ctx: &egui::Context) {
        let asked = asked(
            wanted,
            &self.fleet,
            &self.window.model,
            self.keys.held().clone(),
        );
        let woken = ctx.clone();
        match Examination::begin(asked, move || woken.request_repaint()) {
            Ok(examination) => {
                self.examination = Some(examination);
                self.window.pages.doctor.began(wanted, Instant::now());
            }
            Err(error) => self
                .window
                .tell(Notice::Failed(format!("No thread for the doctor: {error}"))),
        }
        ctx.request_repaint();
    }

    /// Looks how the examination does.
    pub(super) fn go_on_examining(&mut self) {
        while let Some(step) = self.examination.as_ref().and_then(Examination::step) {
            if !matches!(step, doctor::DoctorProgress::Running(_)) {
                self.examination = None;
            }
            self.window.pages.doctor.went_on(step, Instant::now());
        }
    }

    /// Looks what came of an errand with a file.
    pub(super) fn answer_errand(&mut self) {
        let Some(answer) = self.errand.as_mut().and_then(Journey::answer) else {
            return;
        };
        match answer {
            Answer::Brought(brought) => {
                self.brought(brought);
                self.window.answer_dialog(Ok(()));
            }
            // Where a path was typed, the dialog says so and another can be.
            Answer::Failed(error) => {
                self.window.answer_dialog(Err(error.to_string()));
                return;
            }
            Answer::NoDialog => {
                if let Some(errand) = &self.errand {
                    let question = errand.question().clone();
                    let proposed = question.proposed();
                    self.window.ask(Asks::Path(Box::new(question)), proposed);
                }
                return;
            }
            Answer::Cancelled => {}
        }
        self.errand = None;
    }

    pub(super) fn brought(&mut self, brought: Brought) {
        match brought {
            Brought::Saved(path) => self
                .window
                .tell(Notice::Done(format!("Saved to {}.", path.display()))),
            Brought::Document(document) => self.window.add_document(*document),
            Brought::Recorder(channel, recorder) => self.window.pages.lab.record(channel, recorder),
            Brought::Recording(loaded) => self.window.pages.lab.show_recording(loaded),
            Brought::Image(board, path) => self.fleet.update(board, ImageSource::File(path)),
        }
    }
}
