//! Reads a Shelly: which board it is, its configuration, its status, and the
//! components that users created, page by page.

use std::time::Duration;

use protocol::{Id, Object};
use serde_json::{Value, json};
use web_time::Instant;

use super::{
    INBOUND_TIMEOUT, Purpose, READ_TIMEOUT, Shelly,
    board::{self, Board},
    calls::{GET_DEVICE_INFO, Outcome},
};
use crate::{Actions, Problem};

/// How often the whole status is read besides, because boards do not push
/// everything. aioshelly does the same.
const POLL_EVERY: Duration = Duration::from_secs(60);

/// A configuration that changes in several steps is read once.
const READ_AFTER: Duration = Duration::from_millis(300);

/// When a board that did not answer is read again.
const READ_RETRY: Duration = Duration::from_secs(30);

/// Pages of components that users created: boards allow ten or so of them.
const PAGES: usize = 32;

/// How much earlier than before a board has to have booted to be believed.
const JITTER: Duration = Duration::from_secs(2);

/// A part of the board that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Config,
    Status,
    /// A page of components that users created.
    Components {
        offset: usize,
        page: usize,
    },
}

impl Step {
    const fn method(self) -> &'static str {
        match self {
            Self::Config => "Shelly.GetConfig",
            Self::Status => "Shelly.GetStatus",
            Self::Components { .. } => "Shelly.GetComponents",
        }
    }

    fn params(self) -> Object {
        match self {
            Self::Config | Self::Status => Object::new(),
            Self::Components { offset, .. } => Object::from_iter([
                ("dynamic_only".to_owned(), json!(true)),
                ("offset".to_owned(), json!(offset)),
            ]),
        }
    }
}

impl Shelly {
    /// The board said which one it is.
    pub(super) fn identified(&mut self, now: Instant, outcome: Outcome, out: &mut Actions) {
        let Outcome::Done(answer) = outcome else {
            if self.inbound && self.board.is_some() {
                // It went back to sleep: what it sent first is all there is.
                return self.describe(now, out);
            }
            let problem = match outcome {
                Outcome::Refused(failure) => {
                    format!("it refuses {GET_DEVICE_INFO}: {}", failure.message)
                }
                _ => format!("it does not answer {GET_DEVICE_INFO}"),
            };
            return self.not_a_board(problem, out);
        };
        let mut board = match Board::identify(&answer) {
            Ok(board) => board,
            Err(problem) => return self.not_a_board(problem, out),
        };
        if let Some(first) = self.board.take() {
            if first.info.id != board.info.id {
                return self.not_a_board(another(&board.info.id), out);
            }
            board.take_status_of(first);
        }
        self.shadow.identify(now, board.info.clone(), out);
        self.board = Some(board);
        self.step(now, Step::Config, out);
    }

    fn step(&mut self, now: Instant, step: Step, out: &mut Actions) {
        let within = if self.inbound {
            INBOUND_TIMEOUT
        } else {
            READ_TIMEOUT
        };
        let purpose = (Purpose::Read(step), within);
        let sent = self.call(now, step.method(), step.params(), purpose, out);
        self.reading = sent.then_some(step);
        if !sent {
            self.read_at = Some(now + READ_RETRY);
        }
    }

    /// A part was read.
    pub(super) fn read(&mut self, now: Instant, step: Step, outcome: Outcome, out: &mut Actions) {
        self.reading = None;
        let Some(board) = &mut self.board else {
            return;
        };
        let next = match (step, outcome) {
            (Step::Config, Outcome::Done(Value::Object(config))) => {
                board.set_config(config);
                Some(Step::Status)
            }
            (Step::Status, Outcome::Done(Value::Object(status))) => {
                board.set_status(status);
                let first = Step::Components { offset: 0, page: 0 };
                board.lists_dynamic().then_some(first)
            }
            (Step::Components { offset, page }, Outcome::Done(answer)) => {
                more_components(board, offset, page, answer)
            }
            // Older firmware has no such components.
            (Step::Components { .. }, _) => None,
            (step, outcome) => return self.unread(now, step, outcome, out),
        };
        match next {
            Some(step) => self.step(now, step, out),
            None => self.describe(now, out),
        }
    }

    /// A part could not be read.
    fn unread(&mut self, now: Instant, step: Step, outcome: Outcome, out: &mut Actions) {
        if self.shadow.is_known() {
            self.read_at = Some(now + READ_RETRY);
        } else if self.inbound {
            self.describe(now, out);
        } else {
            let method = step.method();
            if outcome == Outcome::NotSent {
                // It has no nonce left to give.
                self.calls.close();
                return out.end(Problem::Full);
            }
            let problem = match outcome {
                Outcome::Refused(failure) => {
                    format!("it refuses {method}: {}", failure.message)
                }
                Outcome::Done(_) => format!("its answer to {method} is no object"),
                Outcome::Unanswered | Outcome::NotSent => format!("it does not answer {method}"),
            };
            self.not_a_board(problem, out);
        }
    }

    /// Everything was read.
    fn describe(&mut self, now: Instant, out: &mut Actions) {
        let Some(board) = &mut self.board else {
            return;
        };
        let (components, states) = board.describe();
        let info = board.info.clone();
        self.check_uptime(now, out);
        self.shadow.describe(now, info, components, states, out);
        self.settle(now, out);
        self.poll_at = (!self.inbound).then(|| now + POLL_EVERY);
    }

    /// The configuration or the components changed: the board is read again,
    /// shortly.
    pub(super) fn read_soon(&mut self, now: Instant) {
        let at = now + READ_AFTER;
        let later = self.read_at.is_none_or(|due| due > at);
        if later && (self.shadow.is_known() || self.reading.is_some()) {
            self.read_at = Some(at);
        }
    }

    pub(super) fn read_again(&mut self, now: Instant, out: &mut Actions) {
        match self.reading {
            Some(_) => self.read_at = Some(now + READ_AFTER),
            None => self.step(now, Step::Config, out),
        }
    }

    pub(super) fn poll(&mut self, now: Instant, out: &mut Actions) {
        self.poll_at = Some(now + POLL_EVERY);
        if self.reading.is_none() {
            let purpose = (Purpose::Poll, READ_TIMEOUT);
            self.call(now, Step::Status.method(), Object::new(), purpose, out);
        }
    }

    pub(super) fn polled(&mut self, now: Instant, outcome: Outcome, out: &mut Actions) {
        if let Outcome::Done(Value::Object(status)) = outcome {
            self.whole_status(now, status, out);
        }
    }

    /// A board that answers is alive, even if it answers with an error.
    pub(super) fn pinged(
        &mut self,
        now: Instant,
        id: Option<Id>,
        outcome: &Outcome,
        out: &mut Actions,
    ) {
        match outcome {
            Outcome::Done(answer) => {
                let said = answer.get("id").and_then(Value::as_str).unwrap_or_default();
                let known = self.board.as_ref().map(|board| board.info.id.as_str());
                if known.is_some_and(|known| !known.eq_ignore_ascii_case(said)) {
                    return self.not_a_board(another(said), out);
                }
                self.shadow.pong(now, id, out);
            }
            Outcome::Refused(_) => self.shadow.pong(now, id, out),
            Outcome::Unanswered | Outcome::NotSent => {}
        }
    }

    /// The board reported its uptime: when it booted, and whether it did since.
    pub(super) fn check_uptime(&mut self, now: Instant, out: &mut Actions) {
        let Some(reported) = self.board.as_ref().and_then(Board::uptime) else {
            return;
        };
        let restarted = self.uptime.is_some_and(|before| reported < before);
        self.uptime = Some(reported);
        let booted = board::booted(now, reported);
        // Uptimes are whole seconds and arrive late, so the earliest boot is
        // the true one. Time does not go back within a run.
        let earlier = match (self.booted, booted) {
            (Some(before), Some(booted)) => booted + JITTER < before,
            (before, _) => before.is_none(),
        };
        if earlier || restarted {
            self.booted = booted;
            self.shadow.set_booted(booted);
        }
        if restarted {
            self.shadow.restarted(now, out);
            self.read_soon(now);
        }
    }

    /// Reads the board again if its configuration is newer than what was read.
    pub(super) fn check_revision(&mut self, now: Instant) {
        let revisions = self.board.as_ref().map(Board::revisions);
        if let Some((Some(reported), Some(read))) = revisions
            && reported != read
        {
            self.read_soon(now);
        }
    }
}

/// Takes a page; the next one, if there is one.
fn more_components(board: &mut Board, offset: usize, page: usize, answer: Value) -> Option<Step> {
    let total = answer.get("total").and_then(Value::as_u64).unwrap_or(0);
    let Value::Object(mut answer) = answer else {
        return None;
    };
    let Some(Value::Array(components)) = answer.remove("components") else {
        return None;
    };
    if offset == 0 {
        board.forget_dynamic();
    }
    let taken = components.len();
    board.add_dynamic(components);
    let offset = offset + taken;
    let more = taken > 0 && u64::try_from(offset).is_ok_and(|offset| offset < total);
    (more && page + 1 < PAGES).then_some(Step::Components {
        offset,
        page: page + 1,
    })
}

/// The connection leads to another board than before.
pub(super) fn another(id: &str) -> String {
    format!("it says that it is {id} now")
}
