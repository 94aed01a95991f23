//! One board of the fleet: its session, its socket, what is believed of it, and
//! who waits for an answer. Carries out what the session says and decides
//! nothing about the link.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::{Instant, SystemTime},
};

use protocol::{RPC_PATH, SUBPROTOCOL, mdns::Announcement};
use tokio::sync::mpsc::UnboundedSender;

use super::{
    BoardKey, BoardView, Content, Direction, KnownBoard, LinkProblem, LogEvent, Outcome, Reply,
    belief::Belief,
    descriptors::Descriptors,
    live_ids::{LiveIds, Owner},
    published::{Concern, Published},
    roster::{Entry, Membership},
    wish::Wish,
};
use crate::{
    address::{Address, Candidates, ip_of},
    keys::Keys,
    link::{
        commands::Ticket,
        session::{Announced, Called, Ephemeral, Input, Output, Report, Session},
        state::{Ending, LinkState, Now},
        target::Destination,
        transport::{
            Opening, Socket, SocketEvent, Transport, Unread,
            attempts::{Attempts, Standing},
        },
        update::Image,
    },
    listening::Arrival,
};

/// What a socket told, whose it is, and of which attempt.
pub(super) struct FromSocket {
    pub(super) board: BoardKey,
    pub(super) attempt: u64,
    pub(super) event: SocketEvent,
    pub(super) unread: Unread,
}

/// What of a step concerns the whole fleet.
#[derive(Debug, Default)]
pub(super) struct Step {
    /// The board said which it is, and which it was taken for before.
    pub(super) identified: Option<(String, Option<String>)>,
    /// The board said an id that belongs to this one, to which another link
    /// works.
    pub(super) taken: Option<(String, BoardKey)>,
    /// A link that was up went down.
    pub(super) lost: bool,
    /// There is no link, and it is tried again.
    failed: bool,
}

/// Addresses of others who claim a board's id that wait for its link to show
/// that it works.
const SUSPECTS: usize = 4;

/// What is given the outcome of a command.
type Answer = Box<dyn FnOnce(Outcome) + Send>;

pub(super) struct Board {
    session: Session,
    belief: Belief,
    socket: Option<(u64, Socket)>,
    /// Who has called and says to be this board, until the session has decided.
    arrival: Option<Box<Arrival>>,
    replies: HashMap<Ticket, Box<dyn FnOnce(Outcome) + Send>>,
    /// What came of commands, until the rest of the step is published: the
    /// receiver looks at the board next.
    answered: Vec<(Answer, Outcome)>,
    tickets: u64,
    deadline: Option<Instant>,
    /// An earlier run knew it.
    remembered: bool,
    /// Where others were met that claim its id, until its own link shows that
    /// it works.
    suspects: Vec<String>,
    /// What mDNS calls it, and what it announces so: several while it changes
    /// its name, or where a stranger announces its id.
    pub(super) announced_as: BTreeMap<String, Announced>,
    /// The announcement that the session goes by, and what mDNS calls it.
    goes_by: Option<(String, Announced)>,
    /// The announcement by which it was connected to last.
    good: Option<(String, Announced)>,
}

impl Board {
    pub(super) fn new(
        now: Now,
        key: BoardKey,
        addresses: Candidates,
        by_hand: bool,
        seed: u64,
        keys: Option<Keys>,
    ) -> Self {
        let mut session = Session::new(now.instant, seed);
        // No link is wanted yet: there is nothing to be done about it.
        session.handle(now, keys.clone().map_or(Input::KeysAwaited, Input::Keys));
        let mut belief = Belief::new(now.instant, key, addresses, by_hand);
        belief.keys(keys.unwrap_or_default());
        Self {
            session,
            belief,
            socket: None,
            arrival: None,
            replies: HashMap::new(),
            answered: Vec::new(),
            tickets: 0,
            deadline: None,
            remembered: false,
            suspects: Vec::new(),
            announced_as: BTreeMap::new(),
            goes_by: None,
            good: None,
        }
    }

    /// A board of which nothing is known but that it calls.
    pub(super) fn that_calls(
        now: Now,
        key: BoardKey,
        arrival: &Arrival,
        seed: u64,
        keys: Option<Keys>,
    ) -> Self {
        let mut board = Self::new(now, key, Candidates::default(), false, seed, keys);
        board
            .belief
            .only_calls(arrival.id.clone(), arrival.from.ip());
        board.session.handle(now, Input::Known(arrival.id.clone()));
        board
    }

    /// Who says to be this board has called. One call at a time is looked at.
    pub(super) fn called(&mut self, now: Now, arrival: Arrival, out: &Outlet) -> Step {
        if self.arrival.is_some() {
            return Step::default();
        }
        let ephemeral = match ephemeral() {
            Ok(ephemeral) => ephemeral,
            Err(problem) => {
                log::warn!("{}: its call cannot be taken: {problem}", self.view().name);
                return Step::default();
            }
        };
        let Arrival {
            id, locked, from, ..
        } = &arrival;
        log::debug!("{}: {from} calls as {id}", self.view().name);
        let called = Called {
            id: id.clone(),
            locked: *locked,
            from: from.to_string(),
            ephemeral,
        };
        self.arrival = Some(Box::new(arrival));
        self.step(now, Input::Called(called), out)
    }

    /// What an earlier run knew of it.
    pub(super) fn recall(&mut self, now: Now, known: &KnownBoard) {
        self.remembered = true;
        self.belief.recall(known);
        if known.by_hand
            && let Ok(address) = known.address.parse()
        {
            self.belief.given(address);
        }
        if let Some(id) = &known.id {
            self.session.handle(now, Input::Known(id.clone()));
        }
    }

    /// These keys are held from now on.
    pub(super) fn keys(&mut self, now: Now, keys: Keys, out: &Outlet) -> Step {
        if self.belief.keys(keys.clone()) {
            out.published.board(self.view(), Concern::Board, Vec::new());
        }
        self.step(now, Input::Keys(keys), out)
    }

    pub(super) fn view(&self) -> &Arc<BoardView> {
        self.belief.view()
    }

    /// When [`Input::Tick`] is due; the engine keeps its queue in step with it.
    pub(super) fn deadline(&mut self) -> &mut Option<Instant> {
        &mut self.deadline
    }

    pub(super) fn next_deadline(&self, now: Instant) -> Option<Instant> {
        self.session.next_deadline(now)
    }

    /// The person gave this address.
    pub(super) fn also_at(&mut self, now: Now, address: Address, out: &Outlet) -> Step {
        self.belief.given(address.clone());
        out.published.board(self.view(), Concern::Board, Vec::new());
        self.session.handle(now, Input::Given(address.to_string()));
        self.step(now, Input::AlsoAt(Candidates::given(address)), out)
    }

    pub(super) fn announced(
        &mut self,
        now: Now,
        full_name: String,
        addresses: &Candidates,
        announcement: Announcement,
        out: &Outlet,
    ) -> Step {
        self.belief.may_be_at(addresses);
        if (matches!(self.view().link, LinkState::Announced) || self.view().only_calls)
            && let Some(likeliest) = addresses.first()
        {
            self.belief.goes_to(likeliest);
        }
        let announced = Announced {
            id: announcement.id.clone(),
            addresses: addresses.clone(),
            proto: announcement.proto,
            locked: announcement.api_encryption.is_some(),
        };
        self.announced_as
            .insert(full_name.clone(), announced.clone());
        self.goes_by = Some((full_name, announced.clone()));
        self.belief.announced(now.instant, announcement);
        out.published.board(self.view(), Concern::Board, Vec::new());
        self.step(now, Input::Announced(announced), out)
    }

    pub(super) fn withdrawn(&mut self, full_name: &str, out: &Outlet) {
        if let Some(announced) = self.announced_as.remove(full_name) {
            for address in announced.addresses.texts() {
                self.claim_withdrawn(&address, out);
            }
        }
        if self.announced_as.is_empty() {
            self.belief.withdrawn();
            out.published.board(self.view(), Concern::Board, Vec::new());
        }
    }

    /// A stranger claims this board's id at this address. It is told once the
    /// link of this board has shown that it works: otherwise the board may have
    /// moved there.
    pub(super) fn contested(&mut self, now: Now, address: String, out: &Outlet) -> Step {
        let known = self.belief.knows_claim(&address) || self.suspects.contains(&address);
        if known || self.suspects.len() >= SUSPECTS || self.view().link != LinkState::Connected {
            return Step::default();
        }
        self.suspects.push(address);
        self.step(now, Input::Doubted, out)
    }

    /// This board's id is no longer claimed at this address.
    pub(super) fn claim_withdrawn(&mut self, address: &str, out: &Outlet) {
        self.suspects.retain(|suspect| suspect != address);
        let before = self.view().claims.len();
        self.belief.claim_withdrawn(address);
        if before != self.view().claims.len() {
            out.published.board(self.view(), Concern::Board, Vec::new());
        }
    }

    /// Whether nothing shows that there is such a board: it was only announced,
    /// or claimed by an inbound connection.
    pub(super) fn is_only_claimed(&self) -> bool {
        matches!(self.membership(), Membership::Claimed(_))
    }

    /// Other addresses of it are known.
    pub(super) fn found_at(&mut self, now: Now, addresses: Candidates, out: &Outlet) -> Step {
        self.step(now, Input::AlsoAt(addresses), out)
    }

    pub(super) fn command(&mut self, now: Now, wish: Wish, reply: Reply, out: &Outlet) -> Step {
        self.tickets += 1;
        let ticket = Ticket(self.tickets);
        if let Some(reply) = reply {
            self.replies.insert(ticket, reply);
        }
        match wish.command(ticket, self.belief.view()) {
            Ok(command) => self.step(now, Input::Command(command), out),
            Err(refused) => {
                let (command, error) = *refused;
                let (component, method, outcome) =
                    (command.component, command.method, Outcome::Refused(error));
                let log = self.report(
                    now,
                    Report::Settled {
                        ticket,
                        component,
                        method,
                        outcome,
                    },
                    &mut Step::default(),
                    out,
                );
                out.published
                    .board(self.belief.view(), Concern::Components, log);
                self.answer();
                Step::default()
            }
        }
    }

    pub(super) fn image_read(
        &mut self,
        now: Now,
        order: u64,
        image: Result<Image, String>,
        out: &Outlet,
    ) -> Step {
        let before = self.view().info.as_ref().map(|info| info.version.clone());
        self.step(
            now,
            Input::UpdateRead {
                order,
                image,
                before,
            },
            out,
        )
    }

    pub(super) fn socket_told(
        &mut self,
        now: Now,
        attempt: u64,
        event: SocketEvent,
        out: &Outlet,
    ) -> Step {
        let current = self
            .socket
            .as_ref()
            .is_some_and(|(current, _)| *current == attempt);
        if current
            && !matches!(
                event,
                SocketEvent::Queued | SocketEvent::Begun(_) | SocketEvent::Ended(_)
            )
        {
            self.belief.heard(now.instant);
        }
        self.record(now, &event);
        let input = match event {
            SocketEvent::Reached(address) => {
                if current {
                    log::debug!("{}: {address} answers attempt {attempt}", self.view().name);
                    self.belief.goes_to(address.clone());
                    out.published.board(self.view(), Concern::Board, Vec::new());
                }
                Input::Reached(attempt, address)
            }
            SocketEvent::Queued => Input::Queued(attempt),
            SocketEvent::Begun(within) => Input::Begun(attempt, within),
            SocketEvent::Opened => match ephemeral() {
                Ok(ephemeral) => Input::Opened(attempt, ephemeral),
                Err(problem) => Input::Ended(attempt, Ending::NoConnection(problem)),
            },
            SocketEvent::Text(text) => Input::Message(attempt, text),
            SocketEvent::Binary(bytes) => Input::Binary(attempt, bytes),
            SocketEvent::Ping | SocketEvent::Pong => Input::Heard(attempt),
            SocketEvent::Ended(ending) => Input::Ended(attempt, ending),
        };
        self.step(now, input, out)
    }

    /// Keeps what came for who looks at the raw traffic.
    fn record(&self, now: Now, event: &SocketEvent) {
        let frames = &self.view().frames;
        log::trace!("{}: socket: {event:?}", self.view().address);
        match event {
            SocketEvent::Queued | SocketEvent::Begun(_) | SocketEvent::Reached(_) => {}
            SocketEvent::Opened => frames.add(now.wall, Direction::Link, 0, &Content::Open),
            SocketEvent::Text(text) => frames.text(now.wall, Direction::In, text),
            // What is encrypted is kept once it was read.
            SocketEvent::Binary(_) if self.session.is_encrypted() => {}
            SocketEvent::Binary(bytes) => frames.binary(now.wall, Direction::In, bytes),
            SocketEvent::Ping => frames.add(now.wall, Direction::In, 0, &Content::Ping),
            SocketEvent::Pong => frames.add(now.wall, Direction::In, 0, &Content::Pong),
            SocketEvent::Ended(ending) => {
                let why = LinkProblem::from(ending.clone()).to_string();
                frames.add(now.wall, Direction::Link, 0, &Content::End(why.into()));
            }
        }
    }

    /// Tells the session, carries out what it says, and publishes what came of
    /// it. Where an attempt failed and the board is announced in several ways,
    /// the next goes by another.
    pub(super) fn step(&mut self, now: Now, input: Input, out: &Outlet) -> Step {
        let goes_on = matches!(input, Input::Instead(_));
        let step = self.step_once(now, input, out);
        if step.failed
            && !goes_on
            && let Some(next) = self.other_announcement()
        {
            self.step_once(now, Input::Instead(next), out);
        }
        step
    }

    /// What to go by after an attempt that went by another announcement: the
    /// one by which the board was connected to last, and every second time the
    /// one that comes next.
    fn other_announcement(&mut self) -> Option<Announced> {
        let (name, present) = self.goes_by.as_ref()?;
        let elsewhere =
            |(_, announced): &(&String, &Announced)| announced.addresses != present.addresses;
        let good = self
            .good
            .as_ref()
            .map(|(name, announced)| (name, announced))
            .filter(elsewhere);
        let after = self.announced_as.iter().filter(|(other, _)| *other > name);
        let (name, announced) = good.or_else(|| after.chain(&self.announced_as).find(elsewhere))?;
        let (name, announced) = (name.clone(), announced.clone());
        self.goes_by = Some((name, announced.clone()));
        Some(announced)
    }

    fn step_once(&mut self, now: Now, input: Input, out: &Outlet) -> Step {
        let mut step = Step::default();
        let mut log = Vec::new();
        let outputs = self.session.handle(now, input);
        let silent = outputs.iter().all(is_traffic);
        let concern = concern(&outputs);
        for output in outputs {
            match output {
                Output::Connect {
                    attempt,
                    to,
                    standing,
                } => {
                    let url = urls(&to.addresses.texts());
                    log::debug!("{}: connects to {url}, attempt {attempt}", self.view().name);
                    // Until one of them answers.
                    if !to.addresses.have(&self.view().address)
                        && let Some(likeliest) = to.addresses.first()
                    {
                        self.belief.goes_to(likeliest);
                    }
                    self.belief.called_from(None);
                    self.view().frames.add(
                        now.wall,
                        Direction::Link,
                        0,
                        &Content::Connect(url.as_str().into()),
                    );
                    self.connect(attempt, to, standing, out);
                }
                Output::Accept { attempt } => {
                    if let Some(arrival) = self.arrival.take() {
                        self.accept(now, attempt, *arrival, out);
                    }
                }
                Output::Decline => {
                    if let Some(arrival) = self.arrival.take() {
                        log::debug!(
                            "{}: the call from {} is declined",
                            self.view().name,
                            arrival.from
                        );
                    }
                }
                Output::Send(text) => {
                    if let Some((_, socket)) = &self.socket {
                        self.belief
                            .view()
                            .frames
                            .text(now.wall, Direction::Out, &text);
                        socket.send(text);
                    }
                }
                Output::SendSealed { sealed, text } => {
                    if let Some((_, socket)) = &self.socket {
                        self.belief
                            .view()
                            .frames
                            .encrypted(now.wall, Direction::Out, &text);
                        socket.send_binary(sealed);
                    }
                }
                Output::SendFrame(bytes) => {
                    if let Some((_, socket)) = &self.socket {
                        self.belief
                            .view()
                            .frames
                            .binary(now.wall, Direction::Out, &bytes);
                        socket.send_binary(bytes);
                    }
                }
                Output::Decrypted(text) => {
                    self.view().frames.encrypted(now.wall, Direction::In, &text);
                }
                Output::Disconnect => {
                    self.socket = None;
                    self.belief.called_from(None);
                }
                Output::Report(report) => {
                    let described = matches!(report, Report::Components(_));
                    log.extend(self.report(now, report, &mut step, out));
                    if described {
                        self.belief.share(&out.descriptors);
                    }
                }
            }
        }
        if !silent {
            out.published.board(self.belief.view(), concern, log);
        }
        self.answer();
        step
    }

    fn answer(&mut self) {
        for (reply, outcome) in std::mem::take(&mut self.answered) {
            reply(outcome);
        }
    }

    /// Goes on with a connection that the board made.
    fn accept(&mut self, now: Now, attempt: u64, arrival: Arrival, out: &Outlet) {
        let (from, unread) = (arrival.from, Unread::default());
        let text: Arc<str> = format!("the board called from {from}").into();
        self.view()
            .frames
            .add(now.wall, Direction::Link, 0, &Content::Connect(text));
        self.view()
            .frames
            .add(now.wall, Direction::Link, 0, &Content::Open);
        self.belief.called_from(Some(from));
        let tell = self.teller(attempt, &unread, out);
        self.socket = arrival.accept(unread, tell).map(|socket| (attempt, socket));
    }

    fn teller(
        &self,
        attempt: u64,
        unread: &Unread,
        out: &Outlet,
    ) -> impl Fn(SocketEvent) + Send + Sync + 'static {
        let (board, events, told) = (self.view().key, out.sockets.clone(), unread.clone());
        move |event| {
            // The engine ended: nobody wants to know.
            let _ = events.send(FromSocket {
                board,
                attempt,
                event,
                unread: told.clone(),
            });
        }
    }

    fn connect(&mut self, attempt: u64, to: Destination, standing: Standing, out: &Outlet) {
        let unread = Unread::default();
        let tell = self.teller(attempt, &unread, out);
        let (transport, attempts) = (out.transport, out.attempts.clone());
        let path = RPC_PATH.to_owned();
        let opening = Opening {
            transport,
            to,
            path,
            subprotocol: Some(SUBPROTOCOL),
            attempts,
            standing,
        };
        self.socket = Some((attempt, Socket::open(opening, unread, tell)));
    }

    /// The system's clock was set.
    pub(super) fn clock_was_set(&self, now: Now) {
        self.belief.clock_was_set(now);
    }

    fn report(
        &mut self,
        now: Now,
        report: Report,
        step: &mut Step,
        out: &Outlet,
    ) -> Vec<(SystemTime, LogEvent)> {
        log_report(self.view(), &report);
        let said = match &report {
            Report::Info(info) => Some((info.id.clone(), Some(info.epoch))),
            // Where the board proved that it has the key, it is going to say
            // which it is, and in which run.
            Report::Greeted(id) if !self.session.is_encrypted() => Some((id.clone(), None)),
            _ => None,
        };
        if let Some((id, epoch)) = said {
            if let Owner::Another(owner) = out.live_ids.owner(self.view().key, &id, epoch) {
                // Nothing of what it says is believed.
                step.taken = Some((id, owner));
                return Vec::new();
            }
            step.identified = Some((id, self.view().id.clone()));
        }
        match &report {
            Report::Open if step.taken.is_some() => return Vec::new(),
            Report::Answered => {
                let suspects = std::mem::take(&mut self.suspects);
                return suspects
                    .into_iter()
                    .flat_map(|address| self.belief.claimed(now, address))
                    .collect();
            }
            Report::Claimed(address) => return self.belief.claimed(now, address.clone()),
            Report::Link(link) => {
                let was_up = matches!(self.view().link, LinkState::Connected | LinkState::Stale);
                step.lost |= was_up && matches!(link, LinkState::Unreachable { .. });
                step.failed |= matches!(
                    link,
                    LinkState::Unreachable {
                        retry_at: Some(_),
                        ..
                    }
                );
                if *link == LinkState::Connected && self.view().caller.is_none() {
                    let here = |(_, announced): &(String, Announced)| {
                        announced.addresses.have(&self.view().address)
                    };
                    self.good = self
                        .goes_by
                        .clone()
                        .filter(here)
                        .or_else(|| self.good.clone());
                }
                if *link != LinkState::Connected {
                    self.suspects.clear();
                } else if let Some((_, socket)) = &self.socket {
                    socket.settled();
                }
            }
            Report::Settled {
                ticket, outcome, ..
            } => {
                if let Some(reply) = self.replies.remove(ticket) {
                    self.answered.push((reply, outcome.clone()));
                }
            }
            _ => {}
        }
        self.belief.apply(now, report)
    }
}

/// Where an attempt goes, for people.
fn urls(addresses: &[String]) -> String {
    match addresses {
        [] => "nowhere".to_owned(),
        [one] => format!("ws://{one}{RPC_PATH}"),
        [first, others @ ..] => format!("ws://{first}{RPC_PATH} or {}", others.join(" or ")),
    }
}

impl Entry for Board {
    fn membership(&self) -> Membership {
        let view = self.view();
        if view.by_hand || self.remembered || view.held.is_some() {
            return Membership::Own;
        }
        // Of a board that connects to this program the address is that of its
        // last connection, without a port.
        let announced = || ip_of(&view.address).or_else(|| view.address.parse().ok());
        let source = view.caller.map(|caller| caller.ip()).or_else(announced);
        match view.link {
            LinkState::Connected | LinkState::Stale => Membership::Connected(source),
            _ if view.info.is_some() => Membership::Known(source),
            _ => Membership::Claimed(source),
        }
    }

    fn address(&self) -> &str {
        &self.view().address
    }
}

/// Random bytes for a handshake, in case that there is one.
fn ephemeral() -> Result<Ephemeral, String> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)
        .map_err(|error| format!("the system gives no random numbers: {error}"))?;
    Ok(Ephemeral::new(bytes))
}

/// Whether something is only sent, or only for who looks at the traffic.
fn is_traffic(output: &Output) -> bool {
    matches!(
        output,
        Output::Send(_) | Output::SendSealed { .. } | Output::SendFrame(_) | Output::Decrypted(_)
    )
}

/// What of a board these change.
fn concern(outputs: &[Output]) -> Concern {
    outputs
        .iter()
        .fold(Concern::RoundTrip, |most, output| match output {
            output if is_traffic(output) => most,
            Output::Report(Report::RoundTrip { .. }) => most,
            Output::Report(
                Report::Changed { .. }
                | Report::Events { .. }
                | Report::Snapshot { .. }
                | Report::Log { .. }
                | Report::NoLog(_)
                | Report::Unreadable(_)
                | Report::Control { .. }
                | Report::Settled { .. },
            ) if most != Concern::Board => Concern::Components,
            _ => Concern::Board,
        })
}

/// Says for `--log` what a session found out, where it is rare enough.
fn log_report(board: &BoardView, report: &Report) {
    let name = format_args!(
        "{} ({})",
        board.name,
        board.id.as_deref().unwrap_or(&board.address)
    );
    match report {
        Report::Link(LinkState::Unreachable { problem, .. }) => {
            log::info!("{name}: unreachable: {problem}");
        }
        Report::Link(link) => log::info!("{name}: {link:?}"),
        Report::Info(info) => log::debug!(
            "{name}: is {:?} {}, epoch {}",
            info.board,
            info.version,
            info.epoch
        ),
        Report::Greeted(id) => log::debug!("{name}: is locked, and {id}"),
        Report::Open | Report::Answered => {}
        Report::Claimed(address) => {
            log::warn!("{name}: {address} says to be this board, which is connected");
        }
        Report::Resync(cause) => log::info!("{name}: asks for everything anew: {cause:?}"),
        Report::Settled {
            method, outcome, ..
        } => match outcome {
            Outcome::Done { took, .. } => log::debug!("{name}: {method} done in {took:?}"),
            outcome => log::info!("{name}: {method}: {outcome:?}"),
        },
        Report::Update(update) => log::debug!("{name}: firmware: {update:?}"),
        Report::Unreadable(value) => {
            log::warn!("{name}: sent a value that cannot be read: {value:?}");
        }
        Report::NoLog(error) => log::debug!("{name}: gives no log: {error:?}"),
        Report::RoundTrip { took, .. } => log::trace!("{name}: round trip {took:?}"),
        Report::Components(components) => log::debug!("{name}: {} components", components.len()),
        Report::Snapshot { .. }
        | Report::Changed { .. }
        | Report::Events { .. }
        | Report::Log { .. } => {}
        Report::Control { .. } => {}
    }
}

/// Where a board's effects go.
pub(super) struct Outlet {
    pub(super) published: Published,
    pub(super) sockets: UnboundedSender<FromSocket>,
    pub(super) transport: Transport,
    pub(super) attempts: Attempts,
    pub(super) descriptors: Descriptors,
    pub(super) live_ids: LiveIds,
}
