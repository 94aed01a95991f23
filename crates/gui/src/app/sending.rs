//! Sends commands to the fleet, single ones and batches, and takes their
//! replies.

use eframe::egui;
use protocol::{ComponentKey, Object};
use web_time::Instant;

use crate::{
    app::{reply::CommandReply, state::App},
    model::batch::{Batch, BatchStep, Operation},
};
use fleet::{BoardKey, Outcome, Reply};

/// The number of batch commands in progress at once; the others wait and can be
/// canceled.
const UNDER_WAY: usize = 128;

impl App {
    pub(super) fn ask_about_clients(
        &self,
        board: BoardKey,
        closed: Option<u32>,
        method: &str,
        params: Object,
        ctx: &egui::Context,
    ) {
        let (answers, ctx) = (self.answers.0.clone(), ctx.clone());
        let reply = move |outcome| {
            // The receiver is gone once the window is closed.
            let _ = answers.send(CommandReply::Clients(board, closed, outcome));
            ctx.request_repaint();
        };
        self.fleet
            .call(board, method, params, Some(Box::new(reply)));
    }

    /// Sends a request from the frames page.
    pub(super) fn send(
        &mut self,
        board: BoardKey,
        method: String,
        params: Object,
        ctx: &egui::Context,
    ) {
        let (answers, ctx) = (self.answers.0.clone(), ctx.clone());
        let act = self.window.act_of_this_frame();
        let number = self.window.pages.frames.awaited(board);
        let reply = move |outcome| {
            // The receiver is gone once the window is closed.
            let _ = answers.send(CommandReply::Call {
                board,
                number,
                act,
                outcome,
            });
            ctx.request_repaint();
        };
        let call = Operation::Call(method, params);
        self.operate(board, call, Some(Box::new(reply)));
    }

    /// Sends a command.
    pub(super) fn operate(&mut self, board: BoardKey, what: Operation, reply: Reply) {
        self.expect_loss(board, &what);
        match what {
            Operation::Set(component, change) => {
                self.fleet.set(board, &component, change, reply);
            }
            Operation::Press(component) => self.fleet.press(board, &component, reply),
            Operation::Trigger(component, trigger) => {
                self.fleet.trigger(board, &component, trigger, reply);
            }
            Operation::Call(method, params) => self.fleet.call(board, &method, params, reply),
        }
    }

    /// Drops the commands of a batch that are not sent yet.
    pub(super) fn cancel(&mut self, batch: u64) {
        self.restore_canceled(batch);
        let window = &mut self.window;
        self.waiting.retain(|(number, step, _)| {
            let canceled = *number == batch;
            if canceled {
                window.step_canceled(*number, *step);
            }
            !canceled
        });
        self.window.settle_turn(batch);
    }

    /// Takes the replies to commands.
    pub(super) fn poll_replies(&mut self, ctx: &egui::Context) {
        while let Ok(answered) = self.answers.1.try_recv() {
            match answered {
                CommandReply::ReadBack(batch, what, outcome) => {
                    self.restore_read(batch, what, outcome, ctx);
                }
                CommandReply::Step(batch, step, outcome) => {
                    self.restore_step(batch, step, &outcome, ctx);
                    self.window.step_answered(batch, step, outcome);
                    self.underway = self.underway.saturating_sub(1);
                }
                CommandReply::Single(board, component, act, outcome) => {
                    if let Some(act) = act {
                        self.window.act_answered(act, &outcome);
                    }
                    self.window
                        .answered(board, &component, &outcome, self.wakes.shown());
                }
                CommandReply::Call {
                    board,
                    number,
                    act,
                    outcome,
                } => {
                    if let Some(act) = act {
                        self.window.act_answered(act, &outcome);
                    }
                    if let Some(number) = number {
                        let frames = &mut self.window.pages.frames;
                        frames.answered(board, number, outcome);
                    }
                }
                CommandReply::Clients(board, closed, outcome) => {
                    self.window
                        .pages
                        .lab
                        .clients_answered(board, closed, outcome, Instant::now());
                }
            }
        }
    }

    /// Sends the commands of a batch. Their replies arrive later, and `ctx` is
    /// woken for each.
    pub(super) fn queue_batch(&mut self, number: u64, batch: Batch, ctx: &egui::Context) {
        self.waiting.extend(
            batch
                .steps
                .into_iter()
                .enumerate()
                .map(|(at, step)| (number, at, step)),
        );
        self.send_waiting(ctx);
    }

    /// Sends waiting commands, up to the limit.
    pub(super) fn send_waiting(&mut self, ctx: &egui::Context) {
        while self.underway < UNDER_WAY
            && let Some((number, at, BatchStep { board, what })) = self.waiting.pop_front()
        {
            self.underway += 1;
            let (answers, ctx) = (self.answers.0.clone(), ctx.clone());
            let reply: Reply = Some(Box::new(move |outcome| {
                // The receiver is gone once the window is closed.
                let _ = answers.send(CommandReply::Step(number, at, outcome));
                ctx.request_repaint();
            }));
            self.operate(board, what, reply);
        }
    }

    /// Makes the reply callback of a single command.
    pub(super) fn reply_to(
        &self,
        board: BoardKey,
        component: &ComponentKey,
        ctx: &egui::Context,
    ) -> Reply {
        let act = self.window.history.newest_on(board, component);
        let (act, component) = (act.map(|act| act.number), component.clone());
        let (answers, ctx) = (self.answers.0.clone(), ctx.clone());
        Some(Box::new(move |outcome: Outcome| {
            let wakes = !matches!(outcome, Outcome::Done { .. });
            // The receiver is gone once the window is closed.
            let _ = answers.send(CommandReply::Single(board, component, act, outcome));
            if wakes {
                ctx.request_repaint();
            }
        }))
    }
}
