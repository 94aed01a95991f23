//! Restores a backup on a board: sends its settings as a batch, then asks the
//! board what it has.

use backup::{Plan, READ_EVERY, Setting};
use eframe::egui;
use fleet::{BoardKey, Outcome};
use protocol::{Object, method};
use web_time::Instant;

use crate::{
    app::{
        reply::CommandReply,
        restoring::{Reading, Restoring, told},
        state::App,
    },
    model::batch::{Batch, BatchStep, Operation},
};

impl App {
    pub(super) fn restore_backup(&mut self, board: BoardKey, plan: Plan, ctx: &egui::Context) {
        let step = |step: &backup::Step| BatchStep {
            board,
            what: operation(&step.setting),
        };
        let steps: Vec<BatchStep> = plan.steps.iter().map(step).collect();
        if steps.is_empty() {
            return;
        }
        let title = format!("Restore {}", self.window.model.title_of(board));
        let batch = Batch::new(title, steps);
        let number = self.window.add_batch(&batch);
        self.restoring.push(Restoring::new(number, board, plan));
        self.queue_batch(number, batch, ctx);
    }

    /// A step of a batch has an outcome; asks the board what it has once all
    /// have one.
    pub(super) fn restore_step(
        &mut self,
        batch: u64,
        step: usize,
        outcome: &Outcome,
        ctx: &egui::Context,
    ) {
        let restoring = self.restoring.iter_mut().find(|one| one.batch == batch);
        if restoring.is_some_and(|restoring| restoring.answered(step, outcome)) {
            self.read_restored(batch, ctx);
        }
    }

    /// A batch was canceled: what the board has is not what was wanted.
    pub(super) fn restore_canceled(&mut self, batch: u64) {
        self.restoring.retain(|restoring| restoring.batch != batch);
    }

    fn read_restored(&mut self, batch: u64, ctx: &egui::Context) {
        let restoring = self.restoring.iter_mut().find(|one| one.batch == batch);
        let Some(restoring) = restoring else { return };
        restoring.begin_reading();
        for (what, method) in [
            (Reading::Info, method::DEVICE_GET_INFO),
            (Reading::Status, method::DEVICE_GET_STATUS),
        ] {
            let (answers, ctx) = (self.answers.0.clone(), ctx.clone());
            let reply = move |outcome| {
                // The receiver is gone once the window is closed.
                let _ = answers.send(CommandReply::ReadBack(batch, what, outcome));
                ctx.request_repaint();
            };
            self.fleet.call(
                restoring.board,
                method,
                Object::new(),
                Some(Box::new(reply)),
            );
        }
    }

    /// The board has said what it has, or did not answer.
    pub(super) fn restore_read(
        &mut self,
        batch: u64,
        what: Reading,
        outcome: Outcome,
        ctx: &egui::Context,
    ) {
        let restoring = self.restoring.iter_mut().find(|one| one.batch == batch);
        let Some(restoring) = restoring else { return };
        let Some(report) = restoring.read(what, outcome, Instant::now()) else {
            ctx.request_repaint_after(READ_EVERY);
            return;
        };
        let title = self.window.model.title_of(restoring.board);
        self.restoring.retain(|restoring| restoring.batch != batch);
        self.window.notify(told(&title, &report));
    }

    /// Asks those boards again for which it is time.
    pub(super) fn poll_restoring(&mut self, ctx: &egui::Context) {
        let now = Instant::now();
        let due = self.restoring.iter().filter(|one| one.is_due(now));
        let due: Vec<u64> = due.map(|restoring| restoring.batch).collect();
        for batch in due {
            self.read_restored(batch, ctx);
        }
    }
}

fn operation(setting: &Setting) -> Operation {
    match setting {
        Setting::Name(_) => Operation::Call(
            method::DEVICE_SET_NAME.to_owned(),
            setting.name_params().unwrap_or_default(),
        ),
        Setting::Component(component, set) => Operation::Set(component.clone(), set.clone()),
    }
}
