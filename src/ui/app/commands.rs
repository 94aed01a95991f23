//! Commands that are given to the fleet, single ones and those of batches, and
//! what comes of them.

use std::time::Instant;

use eframe::egui;
use protocol::Object;

use super::App;
use crate::{
    fleet::{BoardKey, Outcome, Reply},
    ui::{Batch, Step, What},
};

/// So many commands of batches are under way at once; the others wait and can
/// be cancelled.
const UNDER_WAY: usize = 128;

/// The answer to a command, and what came of it.
pub(super) enum Answered {
    /// To one of a batch: the batch's number, and the place in it.
    Step(u64, usize, Outcome),
    /// To a single command of a board: what it was about.
    Single(BoardKey, String, Outcome),
    /// To what was sent from the page of frames.
    Call(Outcome),
    /// To who is connected to a board, or, with a number, to the end of that
    /// connection.
    Clients(BoardKey, Option<u32>, Outcome),
}

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
            // The window may be gone; then nobody waits for the answer.
            let _ = answers.send(Answered::Clients(board, closed, outcome));
            ctx.request_repaint();
        };
        self.fleet
            .call(board, method, params, Some(Box::new(reply)));
    }

    /// Sends what was put together on the page of frames.
    pub(super) fn send(&self, board: BoardKey, method: &str, params: Object, ctx: &egui::Context) {
        let (answers, ctx) = (self.answers.0.clone(), ctx.clone());
        let reply = move |outcome| {
            // The window may be gone; then nobody waits for the answer.
            let _ = answers.send(Answered::Call(outcome));
            ctx.request_repaint();
        };
        self.fleet
            .call(board, method, params, Some(Box::new(reply)));
    }

    /// What of a batch is not yet sent is not.
    pub(super) fn cancel(&mut self, batch: u64) {
        let batches = &mut self.window.batches;
        self.waiting.retain(|(number, step, _)| {
            let cancelled = *number == batch;
            if cancelled {
                batches.cancelled(*number, *step);
            }
            !cancelled
        });
    }

    /// Takes the answers to commands of batches.
    pub(super) fn answer_commands(&mut self) {
        while let Ok(answered) = self.answers.1.try_recv() {
            match answered {
                Answered::Step(batch, step, outcome) => {
                    self.window.batches.answered(batch, step, outcome);
                    self.underway = self.underway.saturating_sub(1);
                }
                Answered::Single(board, what, outcome) => {
                    self.window
                        .answered(board, &what, &outcome, self.shown.as_ref());
                }
                Answered::Call(outcome) => self.window.pages.frames.answered(outcome),
                Answered::Clients(board, closed, outcome) => {
                    self.window
                        .pages
                        .lab
                        .clients_answered(board, closed, outcome, Instant::now());
                }
            }
        }
    }

    /// Gives the commands of a batch; their answers arrive later, and `ctx` is
    /// woken for each.
    pub(super) fn give(&mut self, number: u64, batch: Batch, ctx: &egui::Context) {
        self.waiting.extend(
            batch
                .steps
                .into_iter()
                .enumerate()
                .map(|(at, step)| (number, at, step)),
        );
        self.give_on(ctx);
    }

    /// Sends what waits, as far as there is room.
    pub(super) fn give_on(&mut self, ctx: &egui::Context) {
        while self.underway < UNDER_WAY
            && let Some((number, at, Step { board, what })) = self.waiting.pop_front()
        {
            self.underway += 1;
            let (answers, ctx) = (self.answers.0.clone(), ctx.clone());
            let reply: Reply = Some(Box::new(move |outcome| {
                // The window may be gone; then nobody waits for the answer.
                let _ = answers.send(Answered::Step(number, at, outcome));
                ctx.request_repaint();
            }));
            match what {
                What::Set(component, change) => self.fleet.set(board, &component, change, reply),
                What::Press(component) => self.fleet.press(board, &component, reply),
                What::Call(method, params) => self.fleet.call(board, &method, params, reply),
            }
        }
    }

    /// Takes the answer to a single command.
    pub(super) fn reply_to(&self, board: BoardKey, what: String, ctx: &egui::Context) -> Reply {
        let (answers, ctx) = (self.answers.0.clone(), ctx.clone());
        Some(Box::new(move |outcome: Outcome| {
            let wakes = !matches!(outcome, Outcome::Done { .. });
            // The window may be gone; then nobody waits for the answer.
            let _ = answers.send(Answered::Single(board, what, outcome));
            if wakes {
                ctx.request_repaint();
            }
        }))
    }
}
