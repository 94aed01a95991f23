//! Decides when a command is sent, what it replaces and what came of it: one
//! unacknowledged command a component, the newest `Set` wins, nothing is sent
//! twice. Knows neither sockets nor what is shown.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Instant,
};

use protocol::{
    Code, CommandResult, ComponentKey, Object, RpcError, State, limits::COMMAND_TIMEOUT, method,
};
use serde_json::Value;

use super::{
    requests::{Purpose, Requests},
    session::{Output, Report},
    state::Outcome,
};
use sanitize::bounds;

/// Commands that wait for the one before, for each component. More clicks than
/// that are refused, not forgotten.
const WAITING: usize = 8;

/// Names a command to whoever gave it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Ticket(pub(crate) u64);

/// What a person wants of a board.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Command {
    /// Names it in [`Report::Settled`].
    pub ticket: Ticket,
    /// Commands of one component keep their order; those of none are a lane of
    /// their own.
    pub component: Option<ComponentKey>,
    /// Which method.
    pub method: String,
    /// Its parameters.
    pub params: Object,
    /// What the component shall be, shown until the board reports.
    pub wanted: Option<State>,
    /// A newer one may take its place: a `Set`, not a toggle.
    pub replaceable: bool,
}

/// The board's answer to a command.
#[derive(Debug)]
pub(crate) struct Answer {
    /// To which request.
    pub request: i64,
    /// Whose lane it is in.
    pub component: Option<ComponentKey>,
    /// What the board said.
    pub outcome: Result<Value, RpcError>,
}

#[derive(Debug)]
struct UnderWay {
    request: i64,
    command: Command,
    /// When the person gave it: what its deadline counts from.
    issued: Instant,
    /// Answered, but its effect is not yet seen.
    accepted: Option<(u64, Value)>,
}

#[derive(Debug, Default)]
struct Lane {
    under_way: Option<UnderWay>,
    waiting: VecDeque<(Instant, Command)>,
}

impl Lane {
    fn wanted(&self) -> Option<State> {
        let under_way = self.under_way.iter().map(|under_way| &under_way.command);
        let mut changes = under_way.chain(self.waiting.iter().map(|(_, command)| command));
        let first = changes.find_map(|command| command.wanted.clone())?;
        let newer = changes.filter_map(|command| command.wanted.as_ref());
        Some(newer.fold(first, laid_over))
    }

    fn pending_since(&self) -> Option<Instant> {
        let waiting = self.waiting.front().map(|(issued, _)| *issued);
        self.under_way
            .as_ref()
            .map(|under_way| under_way.issued)
            .or(waiting)
    }
}

/// The commands of one link.
#[derive(Debug, Default)]
pub(crate) struct Lanes {
    lanes: BTreeMap<Option<ComponentKey>, Lane>,
}

impl Lanes {
    /// Sends a command, or lets it wait for the one before.
    pub(crate) fn submit(
        &mut self,
        now: Instant,
        command: Command,
        requests: &mut Requests,
        out: &mut Vec<Output>,
    ) {
        let component = command.component.clone();
        let lane = self.lanes.entry(component.clone()).or_default();
        let replaces = |last: &&mut (Instant, Command)| {
            last.1.replaceable && command.replaceable && last.1.method == command.method
        };
        if let Some((issued, last)) = lane.waiting.back_mut().filter(replaces) {
            let older = std::mem::replace(last, command);
            *issued = now;
            last.params = merged(older.params.clone(), &last.params);
            let newer = last.wanted.take().unwrap_or_default();
            last.wanted = Some(laid_over(older.wanted.clone().unwrap_or_default(), &newer));
            out.push(settled(older, Outcome::Superseded));
        } else if lane.waiting.len() < WAITING {
            lane.waiting.push_back((now, command));
        } else {
            let message =
                format!("{WAITING} commands wait already for the one before; nothing was sent");
            out.push(settled(
                command,
                Outcome::Refused(RpcError::new(Code::Busy, "too_many_waiting", message)),
            ));
        }
        self.advance(now, &component, requests, out);
    }

    /// The board answered.
    pub(crate) fn answered(
        &mut self,
        now: Instant,
        answer: Answer,
        seen: u64,
        requests: &mut Requests,
        out: &mut Vec<Output>,
    ) {
        let Answer {
            request,
            component,
            outcome,
        } = answer;
        let Some(lane) = self.lanes.get_mut(&component) else {
            return;
        };
        let Some(mut under_way) = lane
            .under_way
            .take_if(|under_way| under_way.request == request)
        else {
            return;
        };
        let outcome = match outcome {
            Err(error) => Outcome::Refused(bounds::error(error)),
            Ok(result) => {
                let seq = serde_json::from_value::<CommandResult>(result.clone())
                    .map_or(0, |result| result.seq);
                if seq > seen {
                    under_way.accepted = Some((seq, result));
                    lane.under_way = Some(under_way);
                    return;
                }
                done(now, &under_way, result)
            }
        };
        if under_way.command.method == method::DEVICE_SET_NAME
            && matches!(outcome, Outcome::Done { .. })
        {
            // A name has no `seq`: it is part of what the board is.
            let (_, info) =
                requests.ask(now, Purpose::Info, method::DEVICE_GET_INFO, Object::new());
            out.push(Output::Send(info));
        }
        out.push(settled(under_way.command, outcome));
        self.advance(now, &component, requests, out);
    }

    /// The board's state is now known up to `seen`.
    pub(crate) fn seen(
        &mut self,
        now: Instant,
        seen: u64,
        requests: &mut Requests,
        out: &mut Vec<Output>,
    ) {
        for component in self.lanes.keys().cloned().collect::<Vec<_>>() {
            let Some(lane) = self.lanes.get_mut(&component) else {
                continue;
            };
            let visible = |under_way: &mut UnderWay| {
                under_way
                    .accepted
                    .as_ref()
                    .is_some_and(|(seq, _)| *seq <= seen)
            };
            let Some(mut under_way) = lane.under_way.take_if(visible) else {
                continue;
            };
            let result = under_way
                .accepted
                .take()
                .map_or(Value::Null, |(_, result)| result);
            let outcome = done(now, &under_way, result);
            out.push(settled(under_way.command, outcome));
            self.advance(now, &component, requests, out);
        }
    }

    /// Gives up what was not answered in time. To the person it is one wait,
    /// from the click, whether the command was under way or waited for the one
    /// before.
    pub(crate) fn expire(&mut self, now: Instant, requests: &mut Requests, out: &mut Vec<Output>) {
        for component in self.lanes.keys().cloned().collect::<Vec<_>>() {
            let Some(lane) = self.lanes.get_mut(&component) else {
                continue;
            };
            let over = |issued: Instant| now >= issued + COMMAND_TIMEOUT;
            let Some(under_way) = lane.under_way.take_if(|under_way| over(under_way.issued)) else {
                continue;
            };
            requests.give_up(under_way.request);
            out.push(settled(under_way.command, Outcome::Unconfirmed));
            while let Some((_, command)) = lane.waiting.pop_front_if(|(issued, _)| over(*issued)) {
                out.push(settled(command, Outcome::Unconfirmed));
            }
            self.advance(now, &component, requests, out);
        }
    }

    /// The link is gone, and with it everything that was under way. What waited
    /// was never sent.
    pub(crate) fn lose_all(&mut self, out: &mut Vec<Output>) {
        for (component, lane) in std::mem::take(&mut self.lanes) {
            out.extend(
                lane.under_way
                    .map(|under_way| settled(under_way.command, Outcome::LinkLost)),
            );
            out.extend(
                lane.waiting
                    .into_iter()
                    .map(|(_, command)| settled(command, Outcome::NotConnected)),
            );
            out.extend(component.map(|component| {
                Output::Report(Report::Control {
                    component,
                    wanted: None,
                    pending_since: None,
                })
            }));
        }
    }

    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        let under_way = self
            .lanes
            .values()
            .filter_map(|lane| lane.under_way.as_ref());
        under_way
            .map(|under_way| under_way.issued + COMMAND_TIMEOUT)
            .min()
    }

    /// Sends the next one where none is under way, and says what the component
    /// is wanted to be.
    fn advance(
        &mut self,
        now: Instant,
        component: &Option<ComponentKey>,
        requests: &mut Requests,
        out: &mut Vec<Output>,
    ) {
        let Some(lane) = self.lanes.get_mut(component) else {
            return;
        };
        if lane.under_way.is_none()
            && let Some((issued, command)) = lane.waiting.pop_front()
        {
            let purpose = Purpose::Command(component.clone());
            let (request, text) =
                requests.ask(now, purpose, &command.method, command.params.clone());
            out.push(Output::Send(text));
            lane.under_way = Some(UnderWay {
                request,
                command,
                issued,
                accepted: None,
            });
        }
        let (wanted, pending_since) = (lane.wanted(), lane.pending_since());
        if pending_since.is_none() {
            self.lanes.remove(component);
        }
        if let Some(component) = component.clone() {
            out.push(Output::Report(Report::Control {
                component,
                wanted,
                pending_since,
            }));
        }
    }
}

fn done(now: Instant, under_way: &UnderWay, result: Value) -> Outcome {
    Outcome::Done {
        result,
        took: now.saturating_duration_since(under_way.issued),
    }
}

fn settled(command: Command, outcome: Outcome) -> Output {
    let Command {
        ticket,
        component,
        method,
        ..
    } = command;
    Output::Report(Report::Settled {
        ticket,
        component,
        method,
        outcome,
    })
}

/// Of a light, color and white: the board shows one of them (docs/protocol.md,
/// Components).
const HUES: [(&str, &str); 2] = [("rgb", "ct_k"), ("ct_k", "rgb")];

/// Of a color and a white the older is left out: in one command the board
/// would take the color, whichever was chosen last.
fn put_out(newer: impl Fn(&str) -> bool) -> Option<&'static str> {
    HUES.into_iter()
        .find(|(chosen, other)| newer(chosen) && !newer(other))
        .map(|(_, other)| other)
}

/// Two changes as one, in which the newer wins.
fn laid_over(mut older: State, newer: &State) -> State {
    if let Some(other) = put_out(|field| newer.0.contains_key(field)) {
        older.0.remove(other);
    }
    older.merge(newer);
    older
}

/// The same, of parameters.
fn merged(mut older: Object, newer: &Object) -> Object {
    if let Some(other) = put_out(|field| newer.contains_key(field)) {
        older.remove(other);
    }
    for (field, value) in newer {
        older.insert(field.clone(), value.clone());
    }
    older
}
