//! Decides what one link does: when to connect, what to ask, when a board is stale, lost or to be read anew, and what came
//! of each command. Owns no socket, reads no clock and draws no random numbers but from the seed it is given.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant, SystemTime},
};

use protocol::{
    ComponentKey, Descriptor, DeviceInfo, Epoch, Event, FromBoard, NotifyEvent, NotifyStatus, Object, PROTOCOL_MAJOR,
    Pong, Response, State, limits::CONNECT_TIMEOUT, method,
};

use super::{
    backoff::{AFTER_REBOOT, Backoff, GOOD_AFTER},
    bounds,
    clock::Clock,
    commands::{Answer, Command, Lanes, Ticket},
    heartbeat::{Heartbeat, Life},
    reading::Reading,
    requests::{Purpose, Requests},
    state::{Ending, LinkProblem, LinkState, Now, Origin, Outcome, ResyncCause},
    sync::{Sync, Verdict},
    target::{Place, Target},
};

/// What a session is told.
#[derive(Debug)]
pub(crate) enum Input {
    /// A link is wanted from now on.
    Connect,
    /// No link is wanted any more.
    Leave,
    /// Try at once instead of after the wait.
    RetryNow,
    /// The person gave another address.
    AlsoAt(String),
    /// mDNS says where the board is, and how it speaks.
    Announced(Announced),
    /// The socket of this attempt is open.
    Opened(u64),
    /// A text message came.
    Message(u64, String),
    /// Something else came: a ping, a pong, a binary message.
    Heard(u64),
    /// The socket of this attempt ended or never opened.
    Ended(u64, Ending),
    /// The person wants something.
    Command(Command),
    /// [`Session::next_deadline`] is there.
    Tick,
}

/// What of an announcement matters to a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Announced {
    /// Whose it is: another board that answers there is not taken for this one.
    pub id: String,
    /// Where.
    pub place: Place,
    /// The major version.
    pub proto: u32,
    /// It speaks only encrypted.
    pub locked: bool,
}

/// What a session wants done, in this order.
#[derive(Debug)]
pub(crate) enum Output {
    /// Open a socket; what comes of it is told with this attempt's number.
    Connect {
        /// Counts up.
        attempt: u64,
        /// `ws://host:port/path`.
        url: String,
        /// `host:port`, for people.
        address: String,
    },
    /// Send a text message.
    Send(String),
    /// Close the socket.
    Disconnect,
    /// Believe this.
    Report(Report),
}

/// What a session found out.
#[derive(Debug)]
pub(crate) enum Report {
    /// How the link is.
    Link(LinkState),
    /// What the board is.
    Info(Box<DeviceInfo>),
    /// What is on it, all of it, in its order.
    Components(Vec<Descriptor>),
    /// Everything's state at one moment.
    Snapshot {
        /// The number that the board gave to this program, where it said.
        client: Option<u32>,
        /// Whole states.
        components: BTreeMap<ComponentKey, State>,
        /// When the board made it, in this computer's time.
        at: SystemTime,
    },
    /// State changed.
    Changed {
        /// What changed.
        components: BTreeMap<ComponentKey, State>,
        /// Who did it.
        origin: Origin,
        /// When, in this computer's time.
        at: SystemTime,
        /// From the board's stamp until now.
        late: Option<Duration>,
    },
    /// Something happened.
    Events {
        /// In this order.
        events: Vec<Event>,
        /// Who did it.
        origin: Origin,
        /// When, in this computer's time.
        at: SystemTime,
        /// From the board's stamp until now.
        late: Option<Duration>,
    },
    /// The whole state is asked for anew.
    Resync(ResyncCause),
    /// How long a question took, and when the board booted.
    RoundTrip {
        /// From question to answer.
        took: Duration,
        /// In this computer's time.
        booted: Option<SystemTime>,
    },
    /// What the component is wanted to be, and since when a command for it is pending.
    Control {
        /// Which.
        component: ComponentKey,
        /// `None` where nothing is wanted.
        wanted: Option<State>,
        /// `None` where nothing is pending.
        pending_since: Option<Instant>,
    },
    /// What came of a command.
    Settled {
        /// Which.
        ticket: Ticket,
        /// Of what.
        component: Option<ComponentKey>,
        /// Its method.
        method: String,
        /// What came of it.
        outcome: Outcome,
    },
}

#[derive(Debug)]
enum Phase {
    /// No link is wanted.
    Resting,
    /// There is none, for now or until something changes.
    Waiting { problem: LinkProblem, retry_at: Option<Instant> },
    /// The socket is on its way.
    Opening { deadline: Instant },
    /// The socket is open, and the board is being read.
    Reading { reading: Reading, heartbeat: Heartbeat },
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
    rereading: Option<Reading>,
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
    /// Where the present attempt or connection goes.
    address: Option<String>,
    backoff: Backoff,
    requests: Requests,
    lanes: Lanes,
    clock: Clock,
    epoch: Option<Epoch>,
    client: Option<u32>,
}

impl Session {
    /// A link that is not yet wanted; `seed` spreads its waits.
    pub(crate) fn new(now: Instant, seed: u64) -> Self {
        Self {
            phase: Phase::Resting,
            attempt: 0,
            target: Target::default(),
            announced: None,
            address: None,
            backoff: Backoff::new(seed),
            requests: Requests::default(),
            lanes: Lanes::default(),
            clock: Clock::new(now),
            epoch: None,
            client: None,
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
                if matches!(self.phase, Phase::Waiting { .. } | Phase::Resting) {
                    self.open(now.instant, &mut out);
                }
            }
            Input::AlsoAt(address) => {
                self.target.give(address);
                if matches!(self.phase, Phase::Waiting { .. }) {
                    self.open(now.instant, &mut out);
                }
            }
            Input::Announced(announced) => self.announced(now.instant, announced, &mut out),
            Input::Opened(attempt) => self.opened(now.instant, attempt, &mut out),
            Input::Message(attempt, text) => self.message(now, attempt, &text, &mut out),
            Input::Heard(attempt) => self.heard(now.instant, attempt, &mut out),
            Input::Ended(attempt, ending) => self.ended(now.instant, attempt, ending, &mut out),
            Input::Command(command) => self.command(now.instant, command, &mut out),
            Input::Tick => self.tick(now.instant, &mut out),
        }
        out
    }

    /// When [`Input::Tick`] is due next.
    pub(crate) fn next_deadline(&self, now: Instant) -> Option<Instant> {
        let phase = match &self.phase {
            Phase::Resting => None,
            Phase::Waiting { retry_at, .. } => *retry_at,
            Phase::Opening { deadline } => Some(*deadline),
            Phase::Reading { reading, .. } => Some(reading.deadline()),
            Phase::Live(live) => {
                let rereading = live.rereading.as_ref().map(Reading::deadline);
                let others = [rereading, live.restarts_until].into_iter().flatten();
                Some(others.fold(live.heartbeat.next_deadline(now), Instant::min))
            }
        };
        phase.into_iter().chain(self.lanes.next_deadline()).min()
    }

    /// Questions without an answer; bounded, whatever the board does.
    #[cfg(test)]
    pub(crate) fn under_way(&self) -> usize {
        self.requests.under_way()
    }

    fn announced(&mut self, now: Instant, announced: Announced, out: &mut Vec<Output>) {
        let moved = self.target.announce(announced.place.clone());
        let changed = self.announced.as_ref() != Some(&announced);
        self.announced = Some(announced);
        let go = match &self.phase {
            Phase::Waiting { retry_at: None, .. } => changed,
            // An announcement says nothing about free places: those are asked for at the pace of the backoff.
            Phase::Waiting { problem: LinkProblem::AllPlacesTaken, .. } => moved,
            Phase::Waiting { .. } => true,
            Phase::Opening { .. } | Phase::Reading { .. } => moved,
            Phase::Live(live) => moved && live.stale,
            Phase::Resting => false,
        };
        if go {
            self.open(now, out);
        }
    }

    /// Starts an attempt, instead of whatever there was.
    fn open(&mut self, now: Instant, out: &mut Vec<Output>) {
        self.end_connection(out);
        if let Some(problem) = self.announced.as_ref().and_then(hopeless) {
            return self.wait(problem, None, out);
        }
        let Some((address, url)) = self.target.choice() else {
            return self.wait(LinkProblem::Connect("no address is known".to_owned()), None, out);
        };
        self.attempt += 1;
        self.address = Some(address.clone());
        self.phase = Phase::Opening { deadline: now + CONNECT_TIMEOUT };
        out.push(Output::Connect { attempt: self.attempt, url, address });
        out.push(Output::Report(Report::Link(LinkState::Connecting)));
    }

    fn opened(&mut self, now: Instant, attempt: u64, out: &mut Vec<Output>) {
        if attempt == self.attempt && matches!(self.phase, Phase::Opening { .. }) {
            let reading = Reading::start(now, &mut self.requests, out);
            self.phase = Phase::Reading { reading, heartbeat: Heartbeat::new(now) };
        }
    }

    fn ended(&mut self, now: Instant, attempt: u64, ending: Ending, out: &mut Vec<Output>) {
        if attempt == self.attempt
            && matches!(self.phase, Phase::Opening { .. } | Phase::Reading { .. } | Phase::Live(_))
        {
            self.fail(now, ending.into(), out);
        }
    }

    /// The attempt or the connection is over; says when the next one is due.
    fn fail(&mut self, now: Instant, problem: LinkProblem, out: &mut Vec<Output>) {
        let (was_good, restarts_until) = match &self.phase {
            Phase::Live(live) => (now.saturating_duration_since(live.since) >= GOOD_AFTER, live.restarts_until),
            _ => (false, None),
        };
        if was_good {
            self.backoff.reset();
        }
        self.end_connection(out);
        if !matches!(problem, LinkProblem::AllPlacesTaken) {
            self.target.failed();
        }
        match (problem, restarts_until) {
            (LinkProblem::UnsupportedVersion { theirs }, _) => {
                self.wait(LinkProblem::UnsupportedVersion { theirs }, None, out);
            }
            (_, Some(back)) if back > now => self.wait(LinkProblem::Rebooting, Some(back), out),
            (problem, _) => {
                let retry_at = now + self.backoff.next_wait();
                self.wait(problem, Some(retry_at), out);
            }
        }
    }

    fn wait(&mut self, problem: LinkProblem, retry_at: Option<Instant>, out: &mut Vec<Output>) {
        self.phase = Phase::Waiting { problem: problem.clone(), retry_at };
        out.push(Output::Report(Report::Link(LinkState::Unreachable { problem, retry_at })));
    }

    fn end_connection(&mut self, out: &mut Vec<Output>) {
        self.requests.clear();
        self.lanes.lose_all(out);
        if matches!(self.phase, Phase::Opening { .. } | Phase::Reading { .. } | Phase::Live(_)) {
            out.push(Output::Disconnect);
        }
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
            }
            Phase::Resting | Phase::Waiting { .. } | Phase::Opening { .. } => {}
        }
    }

    fn message(&mut self, now: Now, attempt: u64, text: &str, out: &mut Vec<Output>) {
        let open = matches!(self.phase, Phase::Reading { .. } | Phase::Live(_));
        if attempt != self.attempt || !open {
            return;
        }
        self.heard(now.instant, attempt, out);
        if text.len() > bounds::MESSAGE {
            return;
        }
        match FromBoard::parse(text) {
            Ok(FromBoard::Response(response)) => self.answer(now, response, out),
            Ok(FromBoard::Status(status)) => self.status(now, status, out),
            Ok(FromBoard::Event(event)) => self.event(now, event, out),
            Ok(FromBoard::Other { .. }) => {}
            Err(error) => match &mut self.phase {
                Phase::Reading { .. } => {
                    let problem = LinkProblem::NotABoard(bounds::text(error.to_string()));
                    self.fail(now.instant, problem, out);
                }
                // What could not be read may have been a change: the whole state is asked for instead of guessing.
                Phase::Live(live) => {
                    if live.sync.miss() {
                        self.resync(now.instant, out);
                    }
                }
                Phase::Resting | Phase::Waiting { .. } | Phase::Opening { .. } => {}
            },
        }
    }

    fn answer(&mut self, now: Now, response: Response, out: &mut Vec<Output>) {
        let Some((request, sent, purpose)) = self.requests.take(response.id.as_ref()) else { return };
        if let Ok(result) = &response.outcome {
            self.measure(now, sent, &purpose, result, out);
        }
        match (purpose, &mut self.phase) {
            (Purpose::Command(component), Phase::Live(live)) => {
                let seen = live.sync.seen();
                let answer = Answer { request, component, outcome: response.outcome };
                self.lanes.answered(now.instant, answer, seen, &mut self.requests, out);
            }
            (Purpose::Status, Phase::Live(live)) => {
                let Some(mut snapshot) = response.outcome.ok().and_then(|result| serde_json::from_value(result).ok())
                else {
                    return self.fail(
                        now.instant,
                        LinkProblem::NotABoard(format!("its answer to {}", method::DEVICE_GET_STATUS)),
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
            (purpose, Phase::Reading { reading, .. } | Phase::Live(Live { rereading: Some(reading), .. })) => {
                match reading.answered(now.instant, &purpose, response.outcome, &mut self.requests, out) {
                    Ok(None) => self.check_id(now.instant, out),
                    Ok(Some(snapshot)) => self.subscribed(now, snapshot, out),
                    Err(problem) => self.fail(now.instant, problem, out),
                }
            }
            (Purpose::Info, Phase::Live(_)) => {
                let info = response.outcome.ok().and_then(|result| serde_json::from_value(result).ok());
                out.extend(info.map(|info| Output::Report(Report::Info(Box::new(bounds::info(info))))));
            }
            _ => {}
        }
    }

    /// An address that mDNS once gave may belong to another board by now.
    fn check_id(&mut self, now: Instant, out: &mut Vec<Output>) {
        let Some(Announced { id: expected, place, .. }) = &self.announced else { return };
        let other = out.iter().find_map(|output| match output {
            Output::Report(Report::Info(info)) if info.id != *expected => Some(info.id.clone()),
            _ => None,
        });
        if let Some(other) = other
            && self.address.as_ref() == Some(&place.address)
        {
            out.retain(|output| !matches!(output, Output::Report(Report::Info(_))));
            self.fail(now, LinkProblem::Connect(format!("another board, {other}, answers there")), out);
        }
    }

    fn subscribed(&mut self, now: Now, snapshot: protocol::Snapshot, out: &mut Vec<Output>) {
        if self.epoch.is_some_and(|epoch| epoch != snapshot.epoch) && matches!(self.phase, Phase::Reading { .. }) {
            out.push(Output::Report(Report::Resync(ResyncCause::NewEpoch)));
        }
        if self.epoch != Some(snapshot.epoch) {
            self.clock.forget();
        }
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
        self.phase = Phase::Live(Live { since, heartbeat, stale: false, sync, rereading: None, restarts_until: None });
        self.believe(now, snapshot, out);
        out.push(Output::Report(Report::Link(LinkState::Connected)));
        // The first round trip is measured at once: what a person sees first is whether the link is quick.
        self.ping(now.instant, out);
    }

    fn ping(&mut self, now: Instant, out: &mut Vec<Output>) {
        if !self.requests.awaits(&Purpose::Ping) {
            let (_, ping) = self.requests.ask(now, Purpose::Ping, method::SYS_PING, Object::new());
            out.push(Output::Send(ping));
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
        if matches!(purpose, Purpose::Ping | Purpose::Command(_)) {
            let took = now.instant.saturating_duration_since(sent);
            out.push(Output::Report(Report::RoundTrip { took, booted: self.clock.booted(now) }));
        }
    }

    fn status(&mut self, now: Now, status: NotifyStatus, out: &mut Vec<Output>) {
        let Phase::Live(live) = &mut self.phase else { return };
        if live.rereading.is_some() {
            return;
        }
        match live.sync.pushed(&status) {
            Verdict::Next => self.changed(now, status, out),
            Verdict::AfterGap { ask } => {
                self.changed(now, status, out);
                if ask {
                    self.resync(now.instant, out);
                }
            }
            Verdict::Old => {}
            Verdict::NewEpoch => self.reread(now.instant, out),
        }
    }

    fn changed(&mut self, now: Now, status: NotifyStatus, out: &mut Vec<Output>) {
        let origin = Origin::of(status.source.as_ref(), self.client);
        let (at, late) = self.stamped(now, status.uptime_ms);
        let components = small(status.components);
        out.push(Output::Report(Report::Changed { components, origin, at, late }));
        self.progress(now.instant, out);
    }

    fn event(&mut self, now: Now, event: NotifyEvent, out: &mut Vec<Output>) {
        let Phase::Live(live) = &mut self.phase else { return };
        if event.events.iter().any(|event| event.component.to_string() == "sys:0" && event.event == "rebooting") {
            live.restarts_until = Some(now.instant + AFTER_REBOOT);
        }
        let origin = Origin::of(event.source.as_ref(), self.client);
        let (at, late) = self.stamped(now, event.uptime_ms);
        let events = event.events.into_iter().map(|event| Event { event: bounds::text(event.event), ..event });
        out.push(Output::Report(Report::Events { events: events.collect(), origin, at, late }));
    }

    /// When the board did it, in this computer's time, and how long ago.
    fn stamped(&self, now: Now, uptime_ms: u64) -> (SystemTime, Option<Duration>) {
        let late = self.clock.lateness(now.instant, uptime_ms);
        (late.and_then(|late| now.wall.checked_sub(late)).unwrap_or(now.wall), late)
    }

    fn believe(&mut self, now: Now, snapshot: protocol::Snapshot, out: &mut Vec<Output>) {
        let (at, _) = self.stamped(now, snapshot.uptime_ms);
        let client = snapshot.client.or(self.client);
        out.push(Output::Report(Report::Snapshot { client, components: small(snapshot.components), at }));
        self.progress(now.instant, out);
    }

    /// Confirms what has become visible.
    fn progress(&mut self, now: Instant, out: &mut Vec<Output>) {
        if let Phase::Live(live) = &self.phase {
            self.lanes.seen(now, live.sync.seen(), &mut self.requests, out);
        }
    }

    fn resync(&mut self, now: Instant, out: &mut Vec<Output>) {
        out.push(Output::Report(Report::Resync(ResyncCause::Gap)));
        let (_, status) = self.requests.ask(now, Purpose::Status, method::DEVICE_GET_STATUS, Object::new());
        out.push(Output::Send(status));
    }

    fn reread(&mut self, now: Instant, out: &mut Vec<Output>) {
        self.requests.clear();
        self.lanes.lose_all(out);
        self.clock.forget();
        out.push(Output::Report(Report::Resync(ResyncCause::NewEpoch)));
        let reading = Reading::start(now, &mut self.requests, out);
        if let Phase::Live(live) = &mut self.phase {
            live.rereading = Some(reading);
        }
    }

    fn command(&mut self, now: Instant, command: Command, out: &mut Vec<Output>) {
        if matches!(self.phase, Phase::Live(_)) {
            self.lanes.submit(now, command, &mut self.requests, out);
        } else {
            let Command { ticket, component, method, .. } = command;
            let outcome = Outcome::NotConnected;
            out.push(Output::Report(Report::Settled { ticket, component, method, outcome }));
        }
    }

    fn tick(&mut self, now: Instant, out: &mut Vec<Output>) {
        self.lanes.expire(now, &mut self.requests, out);
        match &mut self.phase {
            Phase::Resting => {}
            Phase::Waiting { retry_at, .. } => {
                if retry_at.is_some_and(|at| now >= at) {
                    self.open(now, out);
                }
            }
            Phase::Opening { deadline } => {
                if now >= *deadline {
                    self.fail(now, LinkProblem::ConnectTimeout, out);
                }
            }
            Phase::Reading { reading, .. } => {
                if now >= reading.deadline() {
                    self.fail(now, LinkProblem::ConnectTimeout, out);
                }
            }
            Phase::Live(live) => {
                let reading_over = live.rereading.as_ref().is_some_and(|reading| now >= reading.deadline());
                // A board that lost its power while it restarted sends no close: do not wait for its silence.
                let restarted = live.restarts_until.is_some_and(|until| now >= until);
                match live.heartbeat.life(now) {
                    Life::Over => self.fail(now, LinkProblem::Silent, out),
                    _ if reading_over => self.fail(now, LinkProblem::ConnectTimeout, out),
                    _ if restarted => {
                        self.open(now, out);
                    }
                    life => self.keep_alive(now, life, out),
                }
            }
        }
    }

    fn keep_alive(&mut self, now: Instant, life: Life, out: &mut Vec<Output>) {
        let Phase::Live(live) = &mut self.phase else { return };
        let ping = live.heartbeat.take_ping(now);
        if life == Life::Stale && !std::mem::replace(&mut live.stale, true) {
            let elsewhere = self.announced.as_ref().is_some_and(|a| Some(&a.place.address) != self.address.as_ref());
            out.push(Output::Report(Report::Link(LinkState::Stale)));
            if elsewhere && self.target.choice().is_some_and(|(address, _)| Some(&address) != self.address.as_ref()) {
                return self.open(now, out);
            }
        }
        if ping {
            self.ping(now, out);
        }
    }
}

/// Why a board that announces itself so need not be tried.
fn hopeless(announced: &Announced) -> Option<LinkProblem> {
    if announced.proto != PROTOCOL_MAJOR {
        Some(LinkProblem::UnsupportedVersion { theirs: announced.proto.to_string() })
    } else if announced.locked {
        Some(LinkProblem::Locked)
    } else {
        None
    }
}

fn small(mut components: BTreeMap<ComponentKey, State>) -> BTreeMap<ComponentKey, State> {
    components.retain(|_, state| bounds::fits(state));
    while components.len() > bounds::COMPONENTS {
        components.pop_last();
    }
    components
}
