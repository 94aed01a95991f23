//! Background work of the app, on threads of its own, polled between frames:
//! starting virtual boards, files.

use std::{sync::mpsc, thread};

use eframe::egui;

use crate::{
    app::{
        file_result::{FileResult, TaskOutcome},
        local::file_tasks::RunningTask,
        reply::Starter,
        state::App,
    },
    model::{
        action::Task,
        dialog_kind::DialogKind,
        file_task::FileTask,
        notice::Notice,
        virtual_boards::{SampleBoards, Samples, VirtualBoards},
    },
};

fn file_thread_failed(error: &std::io::Error) -> Notice {
    Notice::Failed(format!("Could not start a thread for the file: {error}"))
}

impl App {
    pub(super) fn run_task(&mut self, task: Task, ctx: &egui::Context) {
        match task {
            Task::StartVirtualBoards(count) => {
                self.with_samples(ctx, move |samples| samples.start(count));
            }
            Task::StopSampleBoards => self.with_samples(ctx, |samples| {
                samples.stop();
                Ok(())
            }),
            Task::File(file_task) => {
                match RunningTask::begin(file_task, &self.window.model, ctx.clone()) {
                    Ok(task) => self.file_task = Some(task),
                    Err(error) => self.window.notify(file_thread_failed(&error)),
                }
            }
            Task::SaveDocument(kind, at) => {
                if let Some(document) = self.window.document(kind, at) {
                    let save = FileTask::SaveDocument(Box::new(document));
                    self.run_task(Task::File(save), ctx);
                }
            }
            Task::UsePath(path) => {
                if let Some(Err(error)) = self
                    .file_task
                    .as_mut()
                    .map(|file_task| file_task.continue_with(path, ctx.clone()))
                {
                    self.window.notify(file_thread_failed(&error));
                }
            }
            Task::Reconnect => self.fleet.reconnect(),
            Task::EndSession(session) => self.fleet.end_session(session),
            Task::Grant(session, access) => self.fleet.grant(session, access),
            Task::ShowPage => self.fleet.show_page(&self.window.shown_page()),
            task => self.run_local_task(task, ctx),
        }
    }

    /// Starts or stops sample boards on a thread of its own.
    fn with_samples(
        &mut self,
        ctx: &egui::Context,
        task: impl FnOnce(&mut dyn SampleBoards) -> Result<(), String> + Send + 'static,
    ) {
        let starter = std::mem::replace(&mut self.starter, Starter::Absent);
        self.starter = match starter {
            Starter::Ready(mut samples) => {
                let (sender, receiver) = mpsc::channel();
                let ctx = ctx.clone();
                let run = move || {
                    let outcome = task(samples.as_mut());
                    let _ = sender.send((samples, outcome));
                    ctx.request_repaint();
                };
                match thread::Builder::new()
                    .name("sample boards".to_owned())
                    .spawn(run)
                {
                    Ok(_) => Starter::Busy(receiver),
                    Err(error) => {
                        self.window.notify(Notice::Failed(format!(
                            "Could not start a thread for sample boards: {error}"
                        )));
                        Starter::Absent
                    }
                }
            }
            other => other,
        };
        self.say_whether_virtual_boards_can_start();
    }

    /// Checks whether the thread that starts or stops sample boards has
    /// finished.
    pub(super) fn poll_starter(&mut self) {
        if let Starter::Busy(receiver) = &self.starter {
            match receiver.try_recv() {
                Ok((samples, outcome)) => {
                    let now = Samples::new(samples.ids());
                    self.starter = Starter::Ready(samples);
                    if let Err(problem) = outcome {
                        let words = format!("Could not start sample boards: {problem}");
                        self.window.notify(Notice::Failed(words));
                    }
                    self.forget_ended_samples(&now);
                    self.window.model.samples = now;
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

    /// Removes sample boards that no longer run from the list: they never come
    /// back.
    fn forget_ended_samples(&self, now: &Samples) {
        let model = &self.window.model;
        let ended = model
            .boards()
            .filter(|board| model.samples.has(board) && !now.has(board));
        for board in ended {
            self.fleet.forget(board.key);
        }
    }

    pub(super) fn say_whether_virtual_boards_can_start(&mut self) {
        self.window.virtual_boards = match self.starter {
            Starter::Absent => VirtualBoards::Absent,
            Starter::Ready(_) => VirtualBoards::Ready,
            Starter::Busy(_) => VirtualBoards::Starting,
        };
    }

    /// Takes the outcome of a file task.
    pub(super) fn poll_file_task(&mut self, ctx: &egui::Context) {
        let Some(answer) = self.file_task.as_mut().and_then(RunningTask::answer) else {
            return;
        };
        match answer {
            TaskOutcome::FileResult(result) => {
                // A result may open a dialog of its own.
                self.window.resolve_dialog(Ok(()));
                self.result(result, ctx);
            }
            // Where the path was typed, the dialog shows the error, and another
            // can be typed.
            TaskOutcome::Failed(error) => {
                self.window.resolve_dialog(Err(error));
                return;
            }
            TaskOutcome::NoDialog => {
                if let Some(file_task) = &self.file_task {
                    let spec = file_task.spec().clone();
                    let proposed = spec.proposed();
                    self.window
                        .open_dialog(DialogKind::Path(Box::new(spec)), proposed);
                }
                return;
            }
            TaskOutcome::Canceled => {}
        }
        self.file_task = None;
    }

    pub(super) fn result(&mut self, result: FileResult, ctx: &egui::Context) {
        match result {
            FileResult::Saved(place) => {
                self.window
                    .notify(Notice::Done(format!("Saved to {place}.")));
            }
            FileResult::Backup(board, backup) => match self.window.model.board(board) {
                Some(view) => {
                    let asks = DialogKind::restore(&backup, view);
                    self.window.open_dialog(asks, String::new());
                }
                None => self.window.notify(Notice::Failed(
                    "Could not restore the backup: the board is no longer in the list.".to_owned(),
                )),
            },
            FileResult::Document(document) => self.window.add_document(*document),
            FileResult::Local(result) => self.local_result(result, ctx),
            FileResult::Image(board, image) => {
                let title = format!(
                    "Update the firmware of {}",
                    self.window.model.title_of(board)
                );
                let why = "Install the earlier firmware to go back.";
                self.window.record_final(board, title, why);
                self.fleet.update(board, image);
            }
        }
    }
}
