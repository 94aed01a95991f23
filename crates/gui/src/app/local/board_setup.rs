//! Runs the dialog *Set up a board*: the thread that opens ports, the doctor
//! that is asked about a board that does not appear, and the board's new name.

use eframe::egui;
use protocol::{Object, method};

use crate::{
    app::{local::running_setup::RunningSetup, state::App},
    model::{board_setup::SetupTask, notice::Notice},
    pages::doctor::examination_request,
};
use doctor::Examination;
use fleet::BoardKey;
use setup::{Event, Means, Registry, Worker, flash::Images};

impl App {
    pub(in crate::app) fn run_setup(&mut self, task: SetupTask, ctx: &egui::Context) {
        match task {
            SetupTask::Begin => self.begin_setup(ctx),
            SetupTask::Run(command) => {
                if let Some(running) = &self.local.setup {
                    running.worker.run(command);
                }
            }
            SetupTask::Cancel => {
                if let Some(running) = &self.local.setup {
                    running.worker.cancel();
                }
            }
            SetupTask::Examine(wanted) => self.examine_for_setup(wanted.as_deref(), ctx),
            SetupTask::StopExamining => {
                if let Some(running) = &mut self.local.setup {
                    running.examination = None;
                }
            }
            SetupTask::Connect(address) => {
                if let Err(error) = self.fleet.add_address(&address) {
                    self.window.notify(Notice::Failed(error.to_string()));
                }
            }
            SetupTask::Rename(board, name) => self.rename_for_setup(board, name, ctx),
        }
    }

    fn begin_setup(&mut self, ctx: &egui::Context) {
        let woken = ctx.clone();
        let means = Means {
            store: self.local.keys.store().clone(),
            registry: Registry::of_program(),
            images: Images::folders(),
        };
        match Worker::begin(means, move || woken.request_repaint()) {
            Ok(worker) => {
                self.local.setup = Some(RunningSetup::new(worker));
            }
            Err(error) => {
                self.window.close_setup();
                self.window.notify(Notice::Failed(format!(
                    "Could not start a thread for the serial port: {error}"
                )));
            }
        }
    }

    fn examine_for_setup(&mut self, wanted: Option<&str>, ctx: &egui::Context) {
        let keys = self.local.keys.held().clone();
        let request =
            examination_request(wanted, self.local.lookout.clone(), &self.window.model, keys);
        let woken = ctx.clone();
        let begun = Examination::begin(request, move || woken.request_repaint());
        match (begun, &mut self.local.setup) {
            (Ok(examination), Some(running)) => running.examination = Some(examination),
            (Ok(_), None) => {}
            (Err(error), _) => {
                let failed = doctor::DoctorProgress::Failed(error.to_string());
                self.window.setup_examined(failed);
            }
        }
    }

    fn rename_for_setup(&self, board: BoardKey, name: String, ctx: &egui::Context) {
        let Some(running) = &self.local.setup else {
            return;
        };
        let (answers, ctx) = (running.renamed.0.clone(), ctx.clone());
        let reply = move |outcome| {
            // The receiver is gone once the dialog is closed.
            let _ = answers.send(outcome);
            ctx.request_repaint();
        };
        let params = Object::from_iter([("name".to_owned(), name.into())]);
        self.fleet.call(
            board,
            method::DEVICE_SET_NAME,
            params,
            Some(Box::new(reply)),
        );
    }

    /// Passes on what happened to the dialog; ends what runs once it is closed.
    pub(in crate::app) fn poll_setup(&mut self, ctx: &egui::Context) {
        if !self.window.sets_up() {
            self.local.setup = None;
            return;
        }
        while let Some(event) = self
            .local
            .setup
            .as_ref()
            .and_then(|running| running.worker.event())
        {
            if let Event::Locked(Ok(key)) = &event {
                self.take_key_of_setup((**key).clone());
            }
            let tasks = self.window.setup_event(event);
            self.run_setup_tasks(tasks, ctx);
        }
        while let Some(step) = self
            .local
            .setup
            .as_ref()
            .and_then(|running| running.examination.as_ref())
            .and_then(Examination::step)
        {
            let over = !matches!(step, doctor::DoctorProgress::Running(_));
            self.window.setup_examined(step);
            if let Some(running) = self.local.setup.as_mut().filter(|_| over) {
                running.examination = None;
            }
        }
        while let Some(outcome) = self
            .local
            .setup
            .as_ref()
            .and_then(|running| running.renamed.1.try_recv().ok())
        {
            let tasks = self.window.setup_renamed(&outcome);
            self.run_setup_tasks(tasks, ctx);
        }
    }

    fn run_setup_tasks(&mut self, tasks: Vec<SetupTask>, ctx: &egui::Context) {
        for task in tasks {
            self.run_setup(task, ctx);
        }
    }

    /// Uses the key that the board at the port has generated; it is saved.
    fn take_key_of_setup(&mut self, key: keys::Key) {
        self.fleet.give_key(key.clone(), self.window.setup_board());
        self.local.keys.hold_stored(key);
    }
}
