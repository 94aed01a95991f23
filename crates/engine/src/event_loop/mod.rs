//! The I/O thread: one loop over commands of the fleet's users, socket events,
//! mDNS, and the earliest deadline of all boards. Decides which board an event
//! concerns; the board's session decides what to do about it.

mod announcements;
mod brokered;
mod identity;
mod ignored;
mod inbound;
mod requests;

use std::{
    collections::BTreeSet,
    hash::{BuildHasher, RandomState},
    io,
    pin::pin,
    thread::JoinHandle,
    time::{Duration, Instant},
};

use address::Candidates;
use fleet::{BoardKey, FleetRequest, FleetStatus, Jump, Published};
use keys::Keys;
use link::{input::Input, state::Now};
use net::{
    client::interfaces,
    discovery::{
        Lookout,
        mdns::{Found, Mdns},
        registry::Registry,
    },
};
use tokio::{
    runtime::{Builder, Runtime},
    sync::mpsc::{Receiver, UnboundedReceiver, UnboundedSender, unbounded_channel},
    time::{sleep_until, timeout},
};

use super::{
    Shard,
    board::{Board, Effects},
    brokers::{self, BrokerEvent, Brokers},
    context::{BoardSocketEvent, Context, Fetched},
    descriptors::Descriptors,
    inbound::{InboundSocket, Listener, inbound_sockets},
    live_ids::LiveIds,
    roster::{Roster, UNCONNECTED},
    transport::{Attempts, Transport},
};

use ignored::Ignored;
use requests::ReadImage;

/// How many events of sockets are handled in a row after the first, while
/// commands wait.
const TOGETHER: usize = 15;

/// How long sockets have to send their close frames at the end.
const SHUTDOWN: Duration = Duration::from_millis(250);

/// After boards were evicted, mDNS browses again this much later, so that those
/// that exist are found again.
const BROWSE_AGAIN_AFTER: Duration = Duration::from_secs(60);

/// It also does so this often, whatever lifetime strangers give to their
/// announcements. RFC 6762, section 10: a record without a host name lives for
/// 75 minutes.
const BROWSE_AGAIN_EVERY: Duration = Duration::from_secs(75 * 60);

/// Starts the I/O thread.
pub(super) fn spawn(
    engine: Engine,
    requests: UnboundedReceiver<FleetRequest>,
    discovery: Option<Lookout>,
) -> io::Result<JoinHandle<()>> {
    // ewebsock reorders what is sent on any other kind of runtime.
    let runtime = Builder::new_current_thread().enable_all().build()?;
    std::thread::Builder::new()
        .name("fleet".to_owned())
        .spawn(move || engine.run(runtime, requests, discovery.as_ref()))
}

/// What the loop waits for.
struct Inputs {
    requests: UnboundedReceiver<FleetRequest>,
    socket_events: UnboundedReceiver<BoardSocketEvent>,
    answers: UnboundedReceiver<Fetched>,
    findings: UnboundedReceiver<Found>,
    broker_events: UnboundedReceiver<BrokerEvent>,
    broker_requests: UnboundedReceiver<brokers::Request>,
    read_images: UnboundedReceiver<ReadImage>,
}

pub(super) struct Engine {
    connect_to_all: bool,
    roster: Roster<Board>,
    deadlines: BTreeSet<(Instant, BoardKey)>,
    /// When boards that were only claimed are looked for.
    sweep_at: Option<Instant>,
    /// When mDNS browses again.
    browse_again_at: Option<Instant>,
    registry: Registry,
    /// Boards that are not added automatically.
    ignored: Ignored,
    mdns: Option<Mdns>,
    /// `None` while they are being loaded.
    keys: Option<Keys>,
    seeds: RandomState,
    context: Context,
    socket_events: Option<UnboundedReceiver<BoardSocketEvent>>,
    answers: Option<UnboundedReceiver<Fetched>>,
    brokers: Brokers,
    broker_events: Option<UnboundedReceiver<BrokerEvent>>,
    broker_requests: Option<UnboundedReceiver<brokers::Request>>,
    images: UnboundedSender<ReadImage>,
    read_images: Option<UnboundedReceiver<ReadImage>>,
    listener: Option<Listener>,
    status: FleetStatus,
    /// When the system clock was last set, as far as is known here.
    jump: Option<Jump>,
}

impl Engine {
    pub(super) fn new(
        published: Published,
        connect_to_all: bool,
        shard: Shard,
        keys: Option<Keys>,
        transport: Transport,
        lookout: Option<&Lookout>,
        keep_past: bool,
    ) -> Self {
        let capacity = lookout.map_or(UNCONNECTED, |lookout| lookout.capacity);
        let (sockets, socket_events) = unbounded_channel();
        let (fetched, answers) = unbounded_channel();
        let (to_brokers, broker_requests) = unbounded_channel();
        let (brokers, broker_events) = unbounded_channel();
        let (images, read_images) = unbounded_channel();
        let seeds = RandomState::new();
        Self {
            connect_to_all,
            roster: Roster::with_capacity(capacity),
            deadlines: BTreeSet::new(),
            sweep_at: None,
            browse_again_at: None,
            registry: Registry::with_capacity(capacity),
            ignored: Ignored::with_shard(shard),
            mdns: None,
            keys,
            brokers: Brokers::new(brokers, seeds.hash_one("brokers")),
            broker_events: Some(broker_events),
            broker_requests: Some(broker_requests),
            images,
            read_images: Some(read_images),
            seeds,
            context: Context {
                published,
                sockets,
                fetched,
                transport,
                attempts: Attempts::default(),
                descriptors: Descriptors::default(),
                live_ids: LiveIds::default(),
                keep_past,
                brokers: to_brokers,
            },
            socket_events: Some(socket_events),
            answers: Some(answers),
            listener: None,
            status: FleetStatus::default(),
            jump: None,
        }
    }

    fn run(
        mut self,
        runtime: Runtime,
        requests: UnboundedReceiver<FleetRequest>,
        discovery: Option<&Lookout>,
    ) {
        let (found, findings) = unbounded_channel();
        if let Some(lookout) = discovery {
            self.discover(lookout, found);
        }
        let (
            Some(socket_events),
            Some(answers),
            Some(broker_events),
            Some(broker_requests),
            Some(read_images),
        ) = (
            self.socket_events.take(),
            self.answers.take(),
            self.broker_events.take(),
            self.broker_requests.take(),
            self.read_images.take(),
        )
        else {
            return;
        };
        let inputs = Inputs {
            requests,
            socket_events,
            answers,
            findings,
            broker_events,
            broker_requests,
            read_images,
        };
        runtime.block_on(self.serve(inputs));
        // Does not wait for a name that is being resolved.
        runtime.shutdown_background();
    }

    async fn serve(
        mut self,
        Inputs {
            mut requests,
            mut socket_events,
            mut answers,
            mut findings,
            mut broker_events,
            mut broker_requests,
            mut read_images,
        }: Inputs,
    ) {
        let (to_accept, mut inbound) = inbound_sockets();
        let mut timer = pin!(sleep_until(far_away().into()));
        loop {
            let next = self.next_deadline().unwrap_or_else(far_away).into();
            // Most events do not move the earliest deadline.
            if timer.deadline() != next {
                timer.as_mut().reset(next);
            }
            tokio::select! {
                request = requests.recv() => match request {
                    Some(FleetRequest::End) | None => break,
                    Some(FleetRequest::Listen(wanted)) => self.listen(wanted, &to_accept).await,
                    Some(request) => {
                        let now = self.now();
                        self.request(now, request);
                    }
                },
                Some(event) = socket_events.recv() => {
                    self.socket_event(event);
                    for _ in 0..TOGETHER {
                        let Ok(event) = socket_events.try_recv() else { break };
                        self.socket_event(event);
                    }
                }
                Some(Fetched { board, attempt, path, body }) = answers.recv() => {
                    let now = self.now();
                    self.input(now, board, Input::Fetched { attempt, path, body });
                }
                Some(found) = findings.recv() => {
                    let now = self.now();
                    self.found(now, found);
                    self.publish_resolving();
                }
                Some(read) = read_images.recv() => {
                    let now = self.now();
                    self.image_read(now, read);
                }
                Some(event) = broker_events.recv() => self.broker_event(event),
                Some(request) = broker_requests.recv() => self.brokers.request(request),
                Some(socket) = inbound.recv() => {
                    let now = self.now();
                    self.inbound(now, socket);
                }
                () = &mut timer => {
                    let now = self.now();
                    self.tick(now);
                }
            }
        }
        self.shut_down(socket_events, inbound).await;
    }

    /// Closes every socket and waits until the close frames are sent, so that
    /// boards free the slots at once.
    async fn shut_down(
        mut self,
        mut socket_events: UnboundedReceiver<BoardSocketEvent>,
        inbound: Receiver<InboundSocket>,
    ) {
        let now = self.now();
        for key in self.roster.keys() {
            self.input(now, key, Input::Disconnect);
        }
        drop(inbound);
        drop(self);
        // Every socket holds a sender: the channel ends with the last of them.
        let _ = timeout(SHUTDOWN, async {
            while socket_events.recv().await.is_some() {}
        })
        .await;
    }

    fn tick(&mut self, now: Now) {
        if self.sweep_at.take_if(|at| *at <= now.instant).is_some() {
            self.sweep(now);
        }
        if self
            .browse_again_at
            .take_if(|at| *at <= now.instant)
            .is_some()
            && let Some(mdns) = &self.mdns
        {
            mdns.start_again();
            self.browse_again_at = Some(now.instant + BROWSE_AGAIN_EVERY);
        }
        // Listing the interfaces asks the system; most ticks are for a board.
        let is_due = |at| at <= now.instant;
        if self.registry.next_deadline().is_some_and(is_due) {
            for change in self.registry.settled(now.instant, &interfaces::current()) {
                self.change(now, change);
            }
            self.publish_resolving();
        }
        while let Some((deadline, key)) = self.deadlines.first().copied()
            && deadline <= now.instant
        {
            self.deadlines.pop_first();
            self.with(now, key, |board, ctx| {
                *board.deadline() = None;
                board.input(now, Input::Tick, ctx)
            });
        }
    }

    /// Adds a board without an id.
    fn insert(&mut self, now: Now, key: BoardKey, addresses: Candidates, by_hand: bool) {
        let board = Board::new(
            now,
            key,
            addresses,
            by_hand,
            self.seed(key),
            self.keys.clone(),
        );
        self.enter(now, key, board);
    }

    /// Adds a board.
    fn enter(&mut self, now: Now, key: BoardKey, mut board: Board) {
        if !self.context.keep_past {
            board.keep_no_past();
        }
        self.roster.insert(now.instant, key, board);
    }

    /// The seed of a board's backoff.
    fn seed(&self, key: BoardKey) -> u64 {
        self.seeds.hash_one(key)
    }

    /// Passes an event of a socket to its board.
    fn socket_event(&mut self, event: BoardSocketEvent) {
        let BoardSocketEvent {
            board,
            attempt,
            event,
            unread,
        } = event;
        unread.read(&event);
        let now = self.now();
        self.with(now, board, |board, ctx| {
            board.socket_event(now, attempt, event, ctx)
        });
    }

    /// Passes an input to a board.
    fn input(&mut self, now: Now, key: BoardKey, input: Input) {
        self.with(now, key, |board, ctx| board.input(now, input, ctx));
    }

    /// Lets a board do something, then updates its deadline and its id.
    fn with(&mut self, now: Now, key: BoardKey, act: impl FnOnce(&mut Board, &Context) -> Effects) {
        let Some(board) = self.roster.get_mut(key) else {
            return;
        };
        let effects = act(board, &self.context);
        let next = board.next_deadline(now.instant);
        let before = *board.deadline();
        // Each message moves it to later. The queue is changed once it is
        // reached: a tick that is too early does nothing.
        if let Some(next) = next
            && before.is_none_or(|before| next < before)
        {
            *board.deadline() = Some(next);
            if let Some(before) = before {
                self.deadlines.remove(&(before, key));
            }
            self.deadlines.insert((next, key));
        }
        if effects.quiet {
            return;
        }
        if effects.lost
            && let Some(mdns) = &self.mdns
        {
            let direct = board.announcements.iter();
            for (full_name, _) in direct.filter(|(_, one)| one.via.is_none()) {
                mdns.verify(full_name.clone());
            }
        }
        self.context.live_ids.update(board.view());
        let taken = effects
            .taken
            .map(|(id, owner)| (id, owner, board.view().address.to_string()));
        self.roster.settle(now.instant, key);
        if let Some((id, owner, address)) = taken {
            self.id_taken(now, key, address, id, owner);
        } else if let Some((id, previous)) = effects.identified {
            self.identified(now, key, &id, previous);
        }
    }

    /// The time. If the system clock was set since the last call, every history
    /// gets a gap.
    fn now(&mut self) -> Now {
        let now = self.context.published.clock().read();
        let jump = self.context.published.clock().last_jump();
        if self.jump != jump {
            self.jump = jump;
            log::info!("the system clock was set: {jump:?}");
            for (_, board) in self.roster.iter() {
                board.clock_was_set(now);
            }
        }
        now
    }

    fn next_deadline(&self) -> Option<Instant> {
        let board = self.deadlines.first().map(|(deadline, _)| *deadline);
        let others = [
            self.registry.next_deadline(),
            self.sweep_at,
            self.browse_again_at,
        ];
        board.into_iter().chain(others.into_iter().flatten()).min()
    }
}

/// Stands for a missing deadline; a tick without one does nothing.
fn far_away() -> Instant {
    Instant::now() + Duration::from_secs(3_600)
}
