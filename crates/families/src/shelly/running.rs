//! The commands in progress, from the request to the outcome.

use std::time::Duration;

use protocol::{Code, ComponentKey, Id, Request, RpcError, State, method};
use serde_json::Value;
use web_time::Instant;

use super::{
    Purpose, Shelly,
    calls::{Call, Outcome},
    commands,
    source::Source,
};
use crate::{Actions, Family, Shadow, shadow::answer};

/// A command that the board has not answered by then is unconfirmed, which the
/// session reports; one that was not sent by then is refused. Shortly before
/// [`protocol::limits::COMMAND_TIMEOUT`], so that no command acts later.
const TIMEOUT: Duration = Duration::from_millis(4_500);

/// How long an answered command waits for the push with its effect.
const EFFECT: Duration = Duration::from_millis(300);

/// How long after the answer a push still counts as the effect of a command.
const OWN: Duration = Duration::from_secs(1);

/// Answered commands that wait for their effect; the oldest one is confirmed
/// without it.
const ANSWERED: usize = 64;

/// A command that was sent.
#[derive(Debug)]
pub(super) struct Running {
    id: Option<Id>,
    source: Option<Source>,
    wanted: Option<(ComponentKey, State)>,
    /// The answer is passed on unchanged.
    is_native: bool,
    /// The new name of the board.
    name: Option<String>,
}

/// A command that the board answered.
#[derive(Debug)]
pub(super) struct Answered {
    id: Option<Id>,
    key: ComponentKey,
    state: State,
    pub(super) until: Instant,
}

impl Shelly {
    pub(super) fn command(&mut self, now: Instant, request: &Request, out: &mut Actions) {
        let plan = match commands::plan(request, &self.shadow) {
            Ok(Some(plan)) => plan,
            Ok(None) => return Shadow::refuse_method(request, Family::Shelly, out),
            Err(error) => return Shadow::refuse(request.id.clone(), error, out),
        };
        let name = match request.method.as_str() {
            method::DEVICE_SET_NAME => request.params.get("name").and_then(Value::as_str),
            _ => None,
        };
        let running = Running {
            id: request.id.clone(),
            source: plan.source,
            wanted: plan.wanted,
            is_native: plan.is_native,
            name: name.map(str::to_owned),
        };
        let call = Call {
            method: plan.method,
            params: plan.params,
            purpose: Purpose::Command(Box::new(running)),
            expires: now + TIMEOUT,
        };
        match self.calls.submit(now, call, out) {
            Ok(()) => {
                if let Some(source) = plan.source {
                    self.own.insert(source, now + TIMEOUT);
                }
            }
            Err(_) => {
                let message = "too many requests wait for the board; nothing was sent";
                let error = RpcError::new(Code::Busy, "too_many_waiting", message);
                Shadow::refuse(request.id.clone(), error, out);
            }
        }
    }

    /// The outcome of a command. A command without an answer has no outcome.
    pub(super) fn ran(
        &mut self,
        now: Instant,
        running: Running,
        outcome: Outcome,
        out: &mut Actions,
    ) {
        match outcome {
            Outcome::Done(result) => self.obeyed(now, running, &result, out),
            Outcome::Refused(failure) => {
                Shadow::refuse(running.id, commands::refusal(&failure), out);
            }
            Outcome::NotSent => {
                let message = "nothing was sent: the board lets no client authenticate at the \
                    moment";
                let error = RpcError::new(Code::RateLimited, "not_sent", message);
                Shadow::refuse(running.id, error, out);
            }
            Outcome::Unanswered => {}
        }
    }

    fn obeyed(&mut self, now: Instant, running: Running, result: &Value, out: &mut Actions) {
        if running.is_native {
            return answer(running.id, result, out);
        }
        if let Some(source) = running.source {
            self.own.insert(source, now + OWN);
        }
        if let (Some(name), Some(board)) = (&running.name, &mut self.board) {
            board.set_name(Some(name));
            let name = board.info.name.clone();
            self.shadow.set_name(now, &name, out);
        }
        let Some((key, mut state)) = running.wanted else {
            return self.shadow.confirm(running.id, out);
        };
        // A toggle: the answer says what it led to.
        if let (true, Some(was_on)) = (state.is_empty(), result.get("was_on")) {
            state = state.with("on", !was_on.as_bool().unwrap_or(false));
        }
        let answered = Answered {
            id: running.id,
            key,
            state,
            until: now + EFFECT,
        };
        if self.answered.len() >= ANSWERED {
            let oldest = self.answered.remove(0);
            self.shadow.confirm(oldest.id, out);
        }
        self.answered.push(answered);
        self.settle(now, out);
    }

    /// Confirms answered commands whose effect is visible or has had its time.
    pub(super) fn settle(&mut self, now: Instant, out: &mut Actions) {
        let shadow = &self.shadow;
        self.answered.retain(|answered| {
            let over = answered.until <= now || shadow.shows(&answered.key, &answered.state);
            if over {
                shadow.confirm(answered.id.clone(), out);
            }
            !over
        });
        self.own.retain(|_, until| *until > now);
    }
}
