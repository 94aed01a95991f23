//! Decides what one link does: when to connect, what to ask, when a board is
//! stale, lost or to be read anew, and what came of each command. Owns no
//! socket, reads no clock and draws no random numbers but from the seed it is
//! given.

mod called;
mod io;
mod locked;
mod log;
mod pushes;
#[cfg(test)]
mod tests;
mod updating;

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use protocol::{
    BoardMessageError, ComponentKey, Epoch, FromBoard, Object, PROTOCOL_MAJOR, Pong, Response,
    Unreadable, board_id, limits::CONNECT_TIMEOUT, method, salvage,
};

use super::{
    clock::Clock,
    commands::{Answer, Command, Lanes},
    heartbeat::{Heartbeat, Life},
    reading::Reading,
    requests::{Purpose, Requests},
    state::{Ending, LinkProblem, LinkState, Now, Outcome, ResyncCause},
    sync::Sync,
    target::Target,
    transport::attempts::Standing,
};
use net::backoff::{Backoff, GOOD_AFTER};
use sanitize::bounds;

use crate::{address::Candidates, keys::Keys};
use called::{ANSWERS_WITHIN, Caller, Marked, Rival};
use locked::{Handshake, Secret};
use updating::Updating;

pub(crate) use called::Called;
pub(crate) use io::{Announced, Input, Output, Report};
pub(crate) use locked::Ephemeral;

/// How long an address that has answered may take until the socket is open,
/// where the board has others.
const OTHERS_WAIT: Duration = Duration::from_secs(3);

#[derive(Debug)]
enum Phase {
    /// No link is wanted.
    Resting,
    /// There is none, for now or until something changes.
    Waiting {
        problem: LinkProblem,
        retry_at: Option<Instant>,
    },
    /// The socket is being opened; without a deadline while it waits until
    /// fewer others are.
    Opening { deadline: Option<Instant> },
    /// The socket is open, and each end is to prove that it has the key.
    Shaking {
        handshake: Handshake,
        deadline: Instant,
    },
    /// The board is being read.
    Reading {
        reading: Box<Reading>,
        heartbeat: Heartbeat,
    },
    /// Subscribed.
    Live(Live),
}

#[derive(Debug)]
struct Live {
    since: Instant,
    heartbeat: Heartbeat,
    stale: bool,
    sync: Sync,
    /// The epoch changed on an open connection: the board is read once more.
    rereading: Option<Box<Reading>>,
    /// The board said that it restarts: not before this is it tried again.
    restarts_until: Option<Instant>,
}

/// One link to one board.
#[derive(Debug)]
pub(crate) struct Session {
    phase: Phase,
    attempt: u64,
    target: Target,
    announced: Option<Announced>,
    /// The address that the person gave.
    given: Option<String>,
    /// The board's id, as it said last or an earlier run knew it.
    id: Option<String>,
    /// The id that was said on the present connection. It stays what it is for
    /// as long as the connection lasts.
    said: Option<String>,
    /// The board was subscribed to in this run: what is announced of it or said
    /// by others does not outweigh that.
    spoken: bool,
    /// `None` while it is not yet known which are held.
    keys: Option<Keys>,
    /// Where the board last answered, and whether it was locked there.
    seen: Option<(Option<String>, bool)>,
    /// What makes the present connection secret; `None` where it is none, or
    /// not yet.
    secret: Option<Box<Secret>>,
    /// The address that answered the present attempt, or that the connection
    /// comes from.
    address: Option<String>,
    /// The present connection was made to this program.
    caller: Option<Caller>,
    /// The board calls this program.
    calls: bool,
    /// Who says to be the board while there is a link to it.
    rival: Option<Rival>,
    /// Which attempts go before this board's, where many wait.
    standing: Standing,
    /// How long each step of the present attempt may take.
    within: Duration,
    marked: Marked,
    /// Another peer claims to be the board: until then the link has to show
    /// that it works.
    doubted: Option<Instant>,
    backoff: Backoff,
    requests: Requests,
    lanes: Lanes,
    updating: Updating,
    clock: Clock,
    epoch: Option<Epoch>,
    client: Option<u32>,
    log: log::Following,
    /// Of which values of the present connection it was told that they cannot
    /// be read.
    told_unreadable: BTreeSet<(Option<ComponentKey>, String)>,
}

impl Session {
    /// A link that is not yet wanted; `seed` spreads its waits.
    pub(crate) fn new(now: Instant, seed: u64) -> Self {
        Self {
            phase: Phase::Resting,
            attempt: 0,
            target: Target::default(),
            announced: None,
            given: None,
            id: None,
            said: None,
            spoken: false,
            keys: Some(Keys::default()),
            seen: None,
            secret: None,
            address: None,
            caller: None,
            calls: false,
            rival: None,
            standing: Standing::New,
            within: CONNECT_TIMEOUT,
            marked: Marked::default(),
            doubted: None,
            backoff: Backoff::new(seed),
            requests: Requests::default(),
            lanes: Lanes::default(),
            updating: Updating::No,
            clock: Clock::new(now),
            epoch: None,
            client: None,
            log: log::Following::default(),
            told_unreadable: BTreeSet::new(),
        }
    }

    /// Takes what happened and says what to do about it.
    pub(crate) fn handle(&mut self, now: Now, input: Input) -> Vec<Output> {
        let mut out = Vec::new();
        match input {
            Input::Connect => {
                if matches!(self.phase, Phase::Resting) {
                    self.open(now.instant, &mut out);
                }
            }
            Input::Leave => {
                self.end_connection(&mut out);
                self.phase = Phase::Resting;
            }
            Input::RetryNow => {
                if matches!(
                    self.phase,
                    Phase::Waiting {
                        problem: LinkProblem::LockChanged { .. },
                        ..
                    }
                ) {
                    // The person accepts what answers there.
                    self.seen = None;
                }
                self.standing = Standing::Trusted;
                if matches!(self.phase, Phase::Waiting { .. } | Phase::Resting) {
                    self.open(now.instant, &mut out);
                }
            }
            Input::AlsoAt(addresses) => {
                self.standing = Standing::Trusted;
                self.target.give(addresses);
                if matches!(
                    self.phase,
                    Phase::Waiting { .. } | Phase::Live(Live { stale: true, .. })
                ) {
                    self.open(now.instant, &mut out);
                }
            }
            Input::Given(address) => self.given = Some(address),
            Input::Announced(announced) => self.announced(now.instant, announced, &mut out),
            Input::Instead(announced) => self.announced_too(now.instant, announced, &mut out),
            Input::Known(id) => self.id = Some(id),
            Input::KeysAwaited => self.keys = None,
            Input::Keys(keys) => self.keys_changed(now.instant, keys, &mut out),
            Input::Reached(attempt, address) => {
                if attempt == self.attempt
                    && let Phase::Opening { deadline } = &mut self.phase
                {
                    // What accepts a connection and says nothing does not keep
                    // the other addresses from being tried.
                    if self.target.has_others(&address) {
                        let hurried = now.instant + OTHERS_WAIT;
                        *deadline =
                            Some(deadline.map_or(hurried, |deadline| deadline.min(hurried)));
                    }
                    self.address = Some(address);
                }
            }
            Input::Queued(attempt) => self.queued(attempt),
            Input::Begun(attempt, within) => self.begun(now.instant, attempt, within),
            Input::Opened(attempt, ephemeral) => {
                self.opened(now.instant, attempt, ephemeral, &mut out);
            }
            Input::Message(attempt, text) => self.message(now, attempt, &text, &mut out),
            Input::Binary(attempt, bytes) => self.binary(now, attempt, &bytes, &mut out),
            Input::Heard(attempt) => self.heard(now.instant, attempt, &mut out),
            Input::Ended(attempt, ending) => self.ended(now.instant, attempt, ending, &mut out),
            Input::Command(command) => self.command(now.instant, command, &mut out),
            Input::FollowLog(wanted) => self.follow_log(now.instant, wanted, &mut out),
            Input::UpdateWanted(order) => self.update_wanted(order, &mut out),
            Input::UpdateRead {
                order,
                image,
                before,
            } => {
                self.update_read(now.instant, order, image, before, &mut out);
            }
            Input::CancelUpdate => self.update_cancelled(now.instant, &mut out),
            Input::Called(called) => self.called(now.instant, called, &mut out),
            Input::Doubted => self.doubted(now.instant, &mut out),
            Input::IdTaken { id, by } => {
                if self.has_socket() {
                    self.fail(now.instant, LinkProblem::IdTaken { id, by }, &mut out);
                }
            }
            Input::CallsAreOver => self.calls_are_over(now.instant, &mut out),
            Input::Tick => self.tick(now.instant, &mut out),
        }
        self.settle_rival(now.instant, &mut out);
        self.protect(&mut out);
        out
    }

    /// Whether what is said on the present connection is encrypted.
    pub(crate) fn is_encrypted(&self) -> bool {
        self.secret.is_some()
    }

    /// When [`Input::Tick`] is due next.
    pub(crate) fn next_deadline(&self, now: Instant) -> Option<Instant> {
        let phase = match &self.phase {
            Phase::Resting => None,
            Phase::Waiting { retry_at, .. } => *retry_at,
            Phase::Opening { deadline } => *deadline,
            Phase::Shaking { deadline, .. } => Some(*deadline),
            Phase::Reading { reading, .. } => Some(reading.deadline()),
            Phase::Live(live) => {
                let rereading = live.rereading.as_ref().map(|reading| reading.deadline());
                let others = [
                    rereading,
                    self.status_deadline(),
                    live.restarts_until,
                    self.doubted,
                ];
                let others = others.into_iter().flatten();
                Some(others.fold(live.heartbeat.next_deadline(now), Instant::min))
            }
        };
        let rival = self.rival_deadline().filter(|_| self.has_socket());
        let others = [
            self.lanes.next_deadline(),
            self.updating.next_deadline(),
            rival,
        ];
        phase.into_iter().chain(others.into_iter().flatten()).min()
    }

    /// A board that pushes but does not say its whole state would be shown
    /// wrong for ever.
    fn status_deadline(&self) -> Option<Instant> {
        self.requests
            .awaited_since(&Purpose::Status)
            .map(|asked| asked + CONNECT_TIMEOUT)
    }

    /// Questions without an answer; bounded, whatever the board does.
    pub(crate) fn under_way(&self) -> usize {
        self.requests.under_way()
    }

    fn announced(&mut self, now: Instant, announced: Announced, out: &mut Vec<Output>) {
        let news = self.target.announce(announced.addresses.clone());
        // An attempt goes on where it was answered, as long as that is still
        // one of the addresses.
        let stays = self
            .address
            .as_ref()
            .is_some_and(|address| announced.addresses.have(address));
        let moved = news && !stays;
        let changed = self.announced.as_ref() != Some(&announced);
        self.announced = Some(announced);
        let go = match &self.phase {
            Phase::Waiting { retry_at: None, .. } => changed,
            // What a peer said about itself is not asked for more often because
            // the same is announced once more.
            Phase::Waiting { problem, .. } if problem.is_settled() => changed,
            // An announcement says nothing about free places: those are asked
            // for at the pace of the backoff.
            Phase::Waiting {
                problem: LinkProblem::AllPlacesTaken,
                ..
            } => moved,
            Phase::Waiting { .. } => true,
            Phase::Opening { .. } | Phase::Shaking { .. } | Phase::Reading { .. } => moved,
            Phase::Live(live) => moved && live.stale,
            Phase::Resting => false,
        };
        if go {
            self.open(now, out);
        }
    }

    /// Goes by another announcement, unless it is the turn of an address that a
    /// person gave. What was said at the place before is no reason to wait
    /// longer than otherwise.
    fn announced_too(&mut self, now: Instant, announced: Announced, out: &mut Vec<Output>) {
        let before = self
            .announced
            .as_ref()
            .map(|announced| &announced.addresses);
        let due = self.target.choice().map(|choice| choice.addresses);
        if due.as_ref() != before {
            return;
        }
        self.target.announce(announced.addresses.clone());
        self.announced = Some(announced);
        if let Phase::Waiting {
            problem,
            retry_at: Some(_),
        } = &self.phase
            && problem.is_settled()
        {
            let (problem, retry_at) = (problem.clone(), now + self.backoff.next_wait());
            self.wait(problem, Some(retry_at), out);
        }
    }

    /// Starts an attempt, instead of whatever there was.
    fn open(&mut self, now: Instant, out: &mut Vec<Output>) {
        if let Some(problem) = self.hopeless() {
            self.end_connection(out);
            let retry_at = problem.asked_again_after().map(|wait| now + wait);
            return self.wait(problem, retry_at, out);
        }
        self.attempt(now, out);
    }

    /// Starts an attempt, whatever is announced of the board.
    fn attempt(&mut self, now: Instant, out: &mut Vec<Output>) {
        self.end_connection(out);
        let Some(to) = self.target.choice() else {
            return self.wait(self.nowhere(""), None, out);
        };
        self.attempt += 1;
        self.within = CONNECT_TIMEOUT;
        self.phase = Phase::Opening {
            deadline: Some(now + self.within),
        };
        out.push(Output::Connect {
            attempt: self.attempt,
            to,
            standing: self.standing,
        });
        out.push(Output::Report(Report::Link(LinkState::Connecting)));
    }

    fn queued(&mut self, attempt: u64) {
        if let Phase::Opening { deadline } = &mut self.phase
            && attempt == self.attempt
        {
            *deadline = None;
        }
    }

    fn begun(&mut self, now: Instant, attempt: u64, within: Duration) {
        if let Phase::Opening { deadline } = &mut self.phase
            && attempt == self.attempt
        {
            self.within = within;
            *deadline = Some(now + within);
        }
    }

    /// Nothing came of a step of the present attempt in its time.
    fn no_answer(&self) -> LinkProblem {
        match self.within {
            CONNECT_TIMEOUT => LinkProblem::ConnectTimeout,
            hurried => LinkProblem::Connect(format!(
                "no answer within {} s, while many other boards were being connected to",
                hurried.as_secs()
            )),
        }
    }

    fn opened(&mut self, now: Instant, attempt: u64, ephemeral: Ephemeral, out: &mut Vec<Output>) {
        if attempt != self.attempt || !matches!(self.phase, Phase::Opening { .. }) {
            return;
        }
        if self.key().is_some() {
            self.await_greeting(now, ephemeral);
        } else {
            self.start_reading(now, out);
        }
    }

    fn start_reading(&mut self, now: Instant, out: &mut Vec<Output>) {
        let reading = Box::new(Reading::start(now, self.within, &mut self.requests, out));
        self.phase = Phase::Reading {
            reading,
            heartbeat: Heartbeat::new(now),
        };
    }

    fn ended(&mut self, now: Instant, attempt: u64, ending: Ending, out: &mut Vec<Output>) {
        if attempt == self.attempt && self.has_socket() {
            self.fail(now, ending.into(), out);
        }
    }

    /// The attempt or the connection is over; says when the next one is due.
    fn fail(&mut self, now: Instant, problem: LinkProblem, out: &mut Vec<Output>) {
        let (was_good, restarts_until) = match &self.phase {
            Phase::Live(live) => (
                now.saturating_duration_since(live.since) >= GOOD_AFTER,
                live.restarts_until,
            ),
            _ => (false, None),
        };
        if was_good {
            self.backoff.reset();
        }
        // Nothing is believed of a peer that connected and proved nothing.
        if self.caller.is_some() && !matches!(self.phase, Phase::Live(_)) {
            return self.call_came_to_nothing(now, problem, out);
        }
        if self.standing == Standing::New {
            self.standing = Standing::Failing;
        }
        let called = self.caller.is_some();
        let was_live = matches!(self.phase, Phase::Live(_));
        let reached = self.address.take().filter(|_| !called && !was_live);
        self.end_connection(out);
        if !says_it_is_the_board(&problem) && !called {
            // Something answered that is not the board: it may be at another of
            // its addresses.
            if reached.is_some_and(|address| self.target.spoiled(&address)) {
                return self.open(now, out);
            }
            self.target.failed();
        }
        match (problem, restarts_until) {
            (problem, _) if self.target.choice().is_none() => {
                self.wait(self.nowhere(&problem.to_string()), None, out);
            }
            // The peer at that address says so, and nothing vouches for it: it
            // is told, and asked again now and then.
            (problem, _) if problem.is_settled() => {
                let retry_at = problem.asked_again_after().map(|wait| now + wait);
                self.wait(problem, retry_at, out);
            }
            (_, Some(back)) if back > now => self.wait(LinkProblem::Rebooting, Some(back), out),
            (problem, _) => {
                let retry_at = now + self.backoff.next_wait();
                self.wait(problem, Some(retry_at), out);
            }
        }
    }

    fn wait(&mut self, problem: LinkProblem, retry_at: Option<Instant>, out: &mut Vec<Output>) {
        self.phase = Phase::Waiting {
            problem: problem.clone(),
            retry_at,
        };
        out.push(Output::Report(Report::Link(LinkState::Unreachable {
            problem,
            retry_at,
        })));
    }

    fn end_connection(&mut self, out: &mut Vec<Output>) {
        self.requests.clear();
        self.lanes.lose_all(out);
        self.update_lost(out);
        self.protect(out);
        self.secret = None;
        self.caller = None;
        self.address = None;
        self.told_unreadable.clear();
        self.said = None;
        self.doubted = None;
        if self.has_socket() {
            out.push(Output::Disconnect);
        }
    }

    fn has_socket(&self) -> bool {
        !matches!(self.phase, Phase::Resting | Phase::Waiting { .. })
    }

    fn heard(&mut self, now: Instant, attempt: u64, out: &mut Vec<Output>) {
        if attempt != self.attempt {
            return;
        }
        match &mut self.phase {
            Phase::Reading { heartbeat, .. } => heartbeat.heard(now),
            Phase::Live(live) => {
                live.heartbeat.heard(now);
                if std::mem::take(&mut live.stale) {
                    out.push(Output::Report(Report::Link(LinkState::Connected)));
                }
                if self.doubted.take().is_some() {
                    out.push(Output::Report(Report::Answered));
                }
                self.rival_outlived(out);
            }
            Phase::Resting
            | Phase::Waiting { .. }
            | Phase::Opening { .. }
            | Phase::Shaking { .. } => {}
        }
    }

    fn message(&mut self, now: Now, attempt: u64, text: &str, out: &mut Vec<Output>) {
        if attempt != self.attempt {
            return;
        }
        match self.phase {
            Phase::Shaking { .. } => self.plain_text(now.instant, text, out),
            Phase::Reading { .. } | Phase::Live(_) if self.secret.is_some() => {
                self.plain_text(now.instant, text, out);
            }
            Phase::Reading { .. } | Phase::Live(_) => self.read(now, text, out),
            Phase::Resting | Phase::Waiting { .. } | Phase::Opening { .. } => {}
        }
    }

    /// Reads a message of a board that is being read or live, whether it came
    /// encrypted or not.
    fn read(&mut self, now: Now, text: &str, out: &mut Vec<Output>) {
        self.heard(now.instant, self.attempt, out);
        if text.len() > protocol::limits::MESSAGE_INTO_CONTROLLER {
            return;
        }
        match self.parsed(text, out) {
            Ok(FromBoard::Response(response)) => self.answer(now, response, out),
            Ok(FromBoard::Status(status)) => self.status(now, status, out),
            Ok(FromBoard::Event(event)) => self.event(now, event, out),
            Ok(FromBoard::Log(log)) => self.logged(now, log, out),
            Ok(FromBoard::Other { .. }) => {}
            Err(error) => match &mut self.phase {
                Phase::Reading { .. } => {
                    let problem = LinkProblem::NotABoard(bounds::text(error.to_string()));
                    self.fail(now.instant, problem, out);
                }
                // What could not be read may have been a change: the whole
                // state is asked for instead of guessing.
                Phase::Live(live) => {
                    if live.sync.miss() {
                        self.resync(now.instant, out);
                    }
                }
                Phase::Resting
                | Phase::Waiting { .. }
                | Phase::Opening { .. }
                | Phase::Shaking { .. } => {}
            },
        }
    }

    /// What a message says; of one that is not JSON what can be read of it.
    fn parsed(
        &mut self,
        text: &str,
        out: &mut Vec<Output>,
    ) -> Result<FromBoard, BoardMessageError> {
        let error = match FromBoard::parse(text) {
            Ok(read) => return Ok(read),
            Err(error) => error,
        };
        // Where it is JSON, nothing is gained by reading it again.
        let Some((rest, unreadable)) =
            salvage(text).filter(|(_, unreadable)| !unreadable.is_empty())
        else {
            return Err(error);
        };
        let read = FromBoard::parse(&rest)?;
        unreadable
            .into_iter()
            .for_each(|value| self.unreadable(value, out));
        Ok(read)
    }

    /// Tells of a value that cannot be read, once on each connection.
    fn unreadable(&mut self, value: Unreadable, out: &mut Vec<Output>) {
        let place = (value.component.clone(), value.field.clone());
        if self.told_unreadable.len() < bounds::COMPONENTS && self.told_unreadable.insert(place) {
            out.push(Output::Report(Report::Unreadable(bounds::unreadable(
                value,
            ))));
        }
    }

    fn answer(&mut self, now: Now, response: Response, out: &mut Vec<Output>) {
        if let (None, Err(error), Phase::Reading { .. }) =
            (&response.id, &response.outcome, &self.phase)
            && error.data.reason == "all_places_taken"
        {
            // A locked board says so once it knows that it speaks with somebody
            // who has a key.
            return self.fail(now.instant, LinkProblem::AllPlacesTaken, out);
        }
        let Some((request, sent, purpose)) = self.requests.take(response.id.as_ref()) else {
            return;
        };
        if let Ok(result) = &response.outcome {
            self.measure(now, sent, &purpose, result, out);
        }
        match (purpose, &mut self.phase) {
            (Purpose::Command(component), Phase::Live(live)) => {
                // What was seen of an earlier run says nothing about this one:
                // its effect is seen with the state that is being read.
                let seen = if live.rereading.is_some() {
                    0
                } else {
                    live.sync.seen()
                };
                let answer = Answer {
                    request,
                    component,
                    outcome: response.outcome,
                };
                self.lanes
                    .answered(now.instant, answer, seen, &mut self.requests, out);
            }
            (Purpose::Rival, Phase::Live(_)) => {
                self.rival_known(now.instant, response.outcome.ok(), out);
            }
            (Purpose::Update, Phase::Live(_)) => {
                self.update_answered(now.instant, request, response.outcome, out);
            }
            (Purpose::Status, Phase::Live(live)) => {
                let Some(mut snapshot) = response
                    .outcome
                    .ok()
                    .and_then(|result| serde_json::from_value(result).ok())
                else {
                    return self.fail(
                        now.instant,
                        LinkProblem::NotABoard(format!(
                            "its answer to {}",
                            method::DEVICE_GET_STATUS
                        )),
                        out,
                    );
                };
                let again = live.sync.answered(&mut snapshot);
                self.believe(now, snapshot, out);
                match again {
                    Some(ResyncCause::NewEpoch) => self.reread(now.instant, out),
                    Some(ResyncCause::Gap) => self.resync(now.instant, out),
                    None => {}
                }
            }
            (
                purpose,
                Phase::Reading { reading, .. }
                | Phase::Live(Live {
                    rereading: Some(reading),
                    ..
                }),
            ) => {
                let mut unreadable = Vec::new();
                let read = reading.answered(
                    now.instant,
                    &purpose,
                    response.outcome,
                    &mut self.requests,
                    &mut unreadable,
                    out,
                );
                unreadable
                    .into_iter()
                    .for_each(|value| self.unreadable(value, out));
                match read {
                    Ok(None) => self.check_id(now.instant, out),
                    Ok(Some(snapshot)) => self.subscribed(now, snapshot, out),
                    Err(problem) => self.fail(now.instant, problem, out),
                }
            }
            (Purpose::Log, _) => {
                // Where it is refused, nothing comes; a board of an older
                // firmware has no log.
                if let Err(error) = response.outcome {
                    out.push(Output::Report(Report::NoLog(bounds::error(error))));
                }
            }
            (Purpose::Info, Phase::Live(_)) => {
                let result = response.outcome.ok();
                // docs/protocol.md, "Finding a board": who reports what is no
                // id is not gone on with.
                let id = result
                    .as_ref()
                    .and_then(|result| result.get("id"))
                    .and_then(serde_json::Value::as_str);
                if let Some(Err(error)) = id.map(board_id) {
                    return self.fail(now.instant, LinkProblem::NotABoard(error.to_string()), out);
                }
                let info = result.and_then(|result| serde_json::from_value(result).ok());
                out.extend(
                    info.map(|info| Output::Report(Report::Info(Box::new(bounds::info(info))))),
                );
                self.check_id(now.instant, out);
            }
            _ => {}
        }
    }

    fn subscribed(&mut self, now: Now, snapshot: protocol::Snapshot, out: &mut Vec<Output>) {
        if self.epoch.is_some_and(|epoch| epoch != snapshot.epoch)
            && matches!(self.phase, Phase::Reading { .. })
        {
            out.push(Output::Report(Report::Resync(ResyncCause::NewEpoch)));
        }
        if self.epoch != Some(snapshot.epoch) {
            self.clock.forget();
        }
        self.update_seen(&snapshot, out);
        self.epoch = Some(snapshot.epoch);
        self.client = snapshot.client;
        let sync = Sync::new(&snapshot);
        if let Phase::Live(live) = &mut self.phase {
            live.sync = sync;
            live.rereading = None;
            return self.believe(now, snapshot, out);
        }
        let mut heartbeat = Heartbeat::new(now.instant);
        heartbeat.pinged(now.instant);
        let since = now.instant;
        self.target.worked();
        self.standing = Standing::Trusted;
        self.phase = Phase::Live(Live {
            since,
            heartbeat,
            stale: false,
            sync,
            rereading: None,
            restarts_until: None,
        });
        self.spoken = true;
        if let Some(said) = &self.said {
            self.id = Some(said.clone());
        }
        self.believe(now, snapshot, out);
        out.push(Output::Report(Report::Link(LinkState::Connected)));
        self.resume_log(now.instant, out);
        // The first round trip is measured at once: what a person sees first is
        // whether the link is quick.
        self.ping(now.instant, out);
    }

    fn ping(&mut self, now: Instant, out: &mut Vec<Output>) {
        if self.requests.awaited_since(&Purpose::Ping).is_none() {
            let (_, ping) = self
                .requests
                .ask(now, Purpose::Ping, method::SYS_PING, Object::new());
            out.push(Output::Send(ping));
        }
    }

    /// Another peer claims to be the board: the link is pinged, and is stale
    /// where no answer comes.
    fn doubted(&mut self, now: Instant, out: &mut Vec<Output>) {
        if matches!(self.phase, Phase::Live(Live { stale: false, .. })) && self.doubted.is_none() {
            let (_, ping) = self
                .requests
                .ask(now, Purpose::Ping, method::SYS_PING, Object::new());
            out.push(Output::Send(ping));
            self.doubted = Some(now + ANSWERS_WITHIN);
        }
    }

    /// Takes round trip and board clock from an answer that tells them.
    fn measure(
        &mut self,
        now: Now,
        sent: Instant,
        purpose: &Purpose,
        result: &serde_json::Value,
        out: &mut Vec<Output>,
    ) {
        if *purpose == Purpose::Ping
            && let Ok(Pong { uptime_ms }) = serde_json::from_value(result.clone())
        {
            self.clock.exchange(sent, now.instant, uptime_ms);
        }
        if matches!(
            purpose,
            Purpose::Ping | Purpose::Update | Purpose::Command(_)
        ) {
            let took = now.instant.saturating_duration_since(sent);
            out.push(Output::Report(Report::RoundTrip {
                took,
                booted: self.clock.booted(now),
            }));
        }
    }

    fn command(&mut self, now: Instant, command: Command, out: &mut Vec<Output>) {
        if matches!(self.phase, Phase::Live(_)) {
            self.lanes.submit(now, command, &mut self.requests, out);
        } else {
            let Command {
                ticket,
                component,
                method,
                ..
            } = command;
            let outcome = Outcome::NotConnected;
            out.push(Output::Report(Report::Settled {
                ticket,
                component,
                method,
                outcome,
            }));
        }
    }

    fn tick(&mut self, now: Instant, out: &mut Vec<Output>) {
        self.lanes.expire(now, &mut self.requests, out);
        self.update_tick(now, out);
        let status_over = self
            .status_deadline()
            .is_some_and(|deadline| now >= deadline);
        match &mut self.phase {
            Phase::Resting => {}
            Phase::Waiting { retry_at, .. } => {
                if retry_at.is_some_and(|at| now >= at) {
                    self.attempt(now, out);
                }
            }
            Phase::Opening { deadline } => {
                if deadline.is_some_and(|deadline| now >= deadline) {
                    self.fail(now, self.no_answer(), out);
                }
            }
            Phase::Shaking { deadline, .. } => {
                if now >= *deadline {
                    self.handshake_over(now, out);
                }
            }
            Phase::Reading { reading, .. } => {
                if now >= reading.deadline() {
                    self.fail(now, self.no_answer(), out);
                }
            }
            Phase::Live(live) => {
                if self.doubted.take_if(|until| now >= *until).is_some()
                    && !std::mem::replace(&mut live.stale, true)
                {
                    out.push(Output::Report(Report::Link(LinkState::Stale)));
                }
                let reading_over = live
                    .rereading
                    .as_ref()
                    .is_some_and(|reading| now >= reading.deadline());
                // A board that lost its power while it restarted sends no
                // close: do not wait for its silence.
                let restarted = live.restarts_until.is_some_and(|until| now >= until);
                match live.heartbeat.life(now) {
                    Life::Over => self.fail(now, LinkProblem::Silent, out),
                    _ if reading_over || status_over => {
                        self.fail(now, LinkProblem::ConnectTimeout, out);
                    }
                    _ if restarted => {
                        self.open(now, out);
                    }
                    life => self.keep_alive(now, life, out),
                }
            }
        }
    }

    fn keep_alive(&mut self, now: Instant, life: Life, out: &mut Vec<Output>) {
        let Phase::Live(live) = &mut self.phase else {
            return;
        };
        let ping = live.heartbeat.take_ping(now);
        if life == Life::Stale && !std::mem::replace(&mut live.stale, true) {
            let goes_there = |addresses: &Candidates| {
                self.address.as_ref().is_some_and(|own| addresses.have(own))
            };
            let elsewhere = self
                .announced
                .as_ref()
                .is_some_and(|announced| !goes_there(&announced.addresses))
                && self
                    .target
                    .choice()
                    .is_some_and(|choice| !goes_there(&choice.addresses));
            out.push(Output::Report(Report::Link(LinkState::Stale)));
            if elsewhere {
                return self.open(now, out);
            }
        }
        if ping {
            self.ping(now, out);
        }
    }

    /// Why the board need not be tried now.
    fn hopeless(&self) -> Option<LinkProblem> {
        if self.keys.is_none() {
            return Some(LinkProblem::KeysAwaited);
        }
        if let Some(withheld) = self.withheld().filter(|_| self.key().is_none()) {
            return Some(withheld);
        }
        // A board that was spoken with is asked itself: anyone can announce
        // something else of it. And whether it is locked is what it does on a
        // connection.
        let announced = self.announced.as_ref().filter(|_| !self.spoken)?;
        (announced.proto != PROTOCOL_MAJOR).then(|| LinkProblem::UnsupportedVersion {
            theirs: announced.proto.to_string(),
        })
    }
}

/// Whether what ended an attempt was said by the board that is meant, as far as
/// one can tell: then no other address is tried for it.
fn says_it_is_the_board(problem: &LinkProblem) -> bool {
    matches!(
        problem,
        LinkProblem::AllPlacesTaken | LinkProblem::Rebooting | LinkProblem::Locked
    )
}
