//! The I/O thread: one loop over what faces want, what sockets and mDNS tell,
//! and the earliest deadline of all boards. Decides which board something
//! concerns; what to do about it the board's session decides.

use std::{
    collections::BTreeSet,
    hash::{BuildHasher, RandomState},
    io,
    net::{IpAddr, SocketAddr},
    thread::JoinHandle,
    time::{Duration, Instant},
};

use protocol::{LogFilter, mdns::Announcement};
use tokio::{
    runtime::{Builder, Runtime},
    sync::mpsc::{Receiver, Sender, UnboundedReceiver, UnboundedSender, unbounded_channel},
    time::{sleep_until, timeout},
};

use super::{
    BoardKey, FleetStatus, Jump, KnownBoard, LinkProblem, LinkState, Listening, Outcome, Reply,
    board::{Board, FromSocket, Outlet, Step},
    descriptors::Descriptors,
    live_ids::LiveIds,
    published::Published,
    roster::{Room, Roster},
    wish::Wish,
};
use crate::{
    address::{Address, Candidates},
    dial::interfaces,
    discovery::{
        Lookout,
        mdns::{Found, Mdns},
        registry::{Change, Registry},
    },
    keys::{Key, Keys},
    link::{
        session::{Announced, Input},
        state::Now,
        transport::{Transport, attempts::Attempts},
        update::Image,
    },
    listening::{Arrival, Listener, arrivals},
};

/// At the end the sockets are given this long to send their close frames.
const FAREWELL: Duration = Duration::from_millis(250);

/// A board known only from inbound connections that claimed its id is dropped
/// when no such connection came for this long. A board connects again after 60
/// s at most.
const CLAIM_LASTS: Duration = Duration::from_secs(180);

/// How often it is looked for such boards.
const SWEEP_EVERY: Duration = Duration::from_secs(30);

/// Where boards had to make room, mDNS asks for all of them once more after
/// this: those that are there are taken up again.
const LOOK_AGAIN_AFTER: Duration = Duration::from_secs(60);

/// And it does so this often in any case, whatever lifetime strangers give to
/// what they announce. RFC 6762, section 10: a record that names no host lives
/// for 75 minutes.
const LOOK_AGAIN_EVERY: Duration = Duration::from_secs(75 * 60);

/// What a face wants of the I/O thread.
pub(super) enum Order {
    Add(BoardKey, Address),
    Recall(BoardKey, KnownBoard),
    Connect(BoardKey),
    Forget(BoardKey),
    RetryNow(BoardKey),
    FollowLog(BoardKey, LogFilter),
    Command(BoardKey, Wish, Reply),
    UpdateWanted(BoardKey, u64),
    UpdateRead(BoardKey, u64, Result<Image, String>),
    CancelUpdate(BoardKey),
    HoldKeys(Keys),
    GiveKey(Box<Key>),
    ForgetKey(String),
    Listen(Option<SocketAddr>),
    End,
}

/// Starts the I/O thread.
pub(super) fn spawn(
    engine: Engine,
    orders: UnboundedReceiver<Order>,
    discovery: Option<Lookout>,
) -> io::Result<JoinHandle<()>> {
    // ewebsock reorders what is sent on any other kind of runtime.
    let runtime = Builder::new_current_thread().enable_all().build()?;
    std::thread::Builder::new()
        .name("fleet".to_owned())
        .spawn(move || engine.run(runtime, orders, discovery.as_ref()))
}

pub(super) struct Engine {
    connect_to_all: bool,
    roster: Roster<Board>,
    deadlines: BTreeSet<(Instant, BoardKey)>,
    /// When it is looked for boards that were only claimed.
    sweep_at: Option<Instant>,
    /// When mDNS asks for everything once more.
    look_again_at: Option<Instant>,
    registry: Registry,
    mdns: Option<Mdns>,
    /// `None` until they were given.
    keys: Option<Keys>,
    seeds: RandomState,
    out: Outlet,
    from_sockets: Option<UnboundedReceiver<FromSocket>>,
    listener: Option<Listener>,
    status: FleetStatus,
    /// When the system's clock was set last, as far as is known here.
    jump: Option<Jump>,
}

impl Engine {
    pub(super) fn new(
        published: Published,
        connect_to_all: bool,
        keys: Option<Keys>,
        transport: Transport,
    ) -> Self {
        let (sockets, from_sockets) = unbounded_channel();
        Self {
            connect_to_all,
            roster: Roster::default(),
            deadlines: BTreeSet::new(),
            sweep_at: None,
            look_again_at: None,
            registry: Registry::default(),
            mdns: None,
            keys,
            seeds: RandomState::new(),
            out: Outlet {
                published,
                sockets,
                transport,
                attempts: Attempts::default(),
                descriptors: Descriptors::default(),
                live_ids: LiveIds::default(),
            },
            from_sockets: Some(from_sockets),
            listener: None,
            status: FleetStatus::default(),
            jump: None,
        }
    }

    fn run(
        mut self,
        runtime: Runtime,
        orders: UnboundedReceiver<Order>,
        discovery: Option<&Lookout>,
    ) {
        let (found, findings) = unbounded_channel();
        if let Some(lookout) = discovery {
            self.discover(lookout, found);
        }
        let Some(from_sockets) = self.from_sockets.take() else {
            return;
        };
        runtime.block_on(self.serve(orders, from_sockets, findings));
        // A name that is being resolved must not hold the program up.
        runtime.shutdown_background();
    }

    fn discover(&mut self, lookout: &Lookout, found: UnboundedSender<Found>) {
        let tell = move |what| {
            let _ = found.send(what);
        };
        let problem = match Mdns::start(lookout, tell) {
            Ok(mdns) => {
                self.mdns = Some(mdns);
                self.look_again_at = Some(Instant::now() + LOOK_AGAIN_EVERY);
                None
            }
            Err(problem) => Some(problem),
        };
        self.discovery(problem);
    }

    fn discovery(&mut self, problem: Option<String>) {
        self.status.discovery_problem = problem;
        self.out.published.status(self.status.clone());
    }

    async fn serve(
        mut self,
        mut orders: UnboundedReceiver<Order>,
        mut from_sockets: UnboundedReceiver<FromSocket>,
        mut findings: UnboundedReceiver<Found>,
    ) {
        let (calls, mut called) = arrivals();
        loop {
            let next = self.next_deadline();
            tokio::select! {
                order = orders.recv() => match order {
                    Some(Order::End) | None => break,
                    Some(Order::Listen(wanted)) => self.listen(wanted, &calls).await,
                    Some(order) => {
                        let now = self.now();
                        self.order(now, order);
                    }
                },
                Some(FromSocket { board, attempt, event, unread }) = from_sockets.recv() => {
                    unread.read(&event);
                    let now = self.now();
                    self.with(board, |board, out| board.socket_told(now, attempt, event, out));
                }
                Some(found) = findings.recv() => {
                    let now = self.now();
                    self.found(now, found);
                }
                Some(arrival) = called.recv() => {
                    let now = self.now();
                    self.called(now, arrival);
                }
                () = sleep_until(next.unwrap_or_else(far_away).into()), if next.is_some() => {
                    let now = self.now();
                    self.tick(now);
                }
            }
        }
        self.farewell(from_sockets, called).await;
    }

    /// Takes calls there from now on, or none any more: then links that are
    /// calls end.
    async fn listen(&mut self, wanted: Option<SocketAddr>, calls: &Sender<Arrival>) {
        if let Some(before) = self.listener.take() {
            before.close().await;
        }
        self.status.listening = match wanted {
            None => {
                let now = self.now();
                for key in self.roster.keys() {
                    self.with(key, |board, out| board.step(now, Input::CallsAreOver, out));
                }
                Listening::Off
            }
            Some(address) => match Listener::start(address, calls.clone()) {
                Ok(listener) => {
                    let address = listener.address();
                    log::info!("boards can call {address}");
                    self.listener = Some(listener);
                    Listening::At(address)
                }
                Err(error) => {
                    log::warn!("boards cannot call {address}: {error}");
                    Listening::Failed {
                        address,
                        problem: error.to_string(),
                    }
                }
            },
        };
        self.out.published.status(self.status.clone());
    }

    /// A board has called: the one with this id, or one that nobody knows yet.
    fn called(&mut self, now: Now, arrival: Arrival) {
        // What arrived before the port was closed.
        if self.listener.is_none() {
            return;
        }
        let key = match self.roster.with_id(&arrival.id) {
            Some(key) => key,
            None => {
                if !self.make_room(now, Some(arrival.from.ip())) {
                    log::debug!(
                        "{} connects as {}, one of too many from there",
                        arrival.from,
                        arrival.id
                    );
                    return;
                }
                let key = self.out.published.new_key();
                let seed = self.seeds.hash_one(key);
                let board = Board::that_calls(now, key, &arrival, seed, self.keys.clone());
                self.roster.insert(now.instant, key, board);
                self.roster.has_id(key, arrival.id.clone());
                self.sweep_at.get_or_insert(now.instant + SWEEP_EVERY);
                key
            }
        };
        self.roster.confirm(now.instant, key);
        self.with(key, |board, out| board.called(now, arrival, out));
    }

    /// Whether another board of this source can be taken up. One that was only
    /// heard of, or is not connected any more, may have to go for it.
    fn make_room(&mut self, now: Now, source: Option<IpAddr>) -> bool {
        match self.roster.room_for(source) {
            Room::Free => true,
            Room::Full => false,
            Room::For(key) => {
                self.forget(now, key);
                self.look_again_soon(now);
                true
            }
        }
    }

    fn look_again_soon(&mut self, now: Now) {
        let soon = now.instant + LOOK_AGAIN_AFTER;
        self.look_again_at = self.look_again_at.map(|at| at.min(soon));
    }

    /// Closes every socket and waits until the close frames are out, so that
    /// boards free the places at once.
    async fn farewell(
        mut self,
        mut from_sockets: UnboundedReceiver<FromSocket>,
        called: Receiver<Arrival>,
    ) {
        let now = self.now();
        for key in self.roster.keys() {
            self.with(key, |board, out| board.step(now, Input::Leave, out));
        }
        drop(called);
        drop(self);
        // Every socket holds a sender: the channel ends with the last of them.
        let _ = timeout(FAREWELL, async {
            while from_sockets.recv().await.is_some() {}
        })
        .await;
    }

    fn order(&mut self, now: Now, order: Order) {
        match order {
            Order::Add(key, address) => self.add(now, key, address),
            Order::Recall(key, known) => self.recall(now, key, known),
            Order::Connect(key) => {
                self.with(key, |board, out| board.step(now, Input::Connect, out));
            }
            Order::RetryNow(key) => {
                self.with(key, |board, out| board.step(now, Input::RetryNow, out));
            }
            Order::FollowLog(key, wanted) => {
                self.with(key, |board, out| {
                    board.step(now, Input::FollowLog(wanted), out)
                });
            }
            Order::Forget(key) => self.forget(now, key),
            Order::UpdateWanted(key, order) => {
                self.with(key, |board, out| {
                    board.step(now, Input::UpdateWanted(order), out)
                });
            }
            Order::UpdateRead(key, order, image) => {
                self.with(key, |board, out| board.image_read(now, order, image, out));
            }
            Order::CancelUpdate(key) => {
                self.with(key, |board, out| board.step(now, Input::CancelUpdate, out));
            }
            Order::Command(key, wish, reply) => match self.roster.get(key).is_some() {
                true => self.with(key, |board, out| board.command(now, wish, reply, out)),
                false => {
                    if let Some(reply) = reply {
                        reply(Outcome::NotConnected);
                    }
                }
            },
            Order::HoldKeys(keys) => {
                // What a person entered meanwhile counts.
                let given = self.keys.replace(keys).unwrap_or_default();
                given
                    .iter()
                    .for_each(|key| self.keys.get_or_insert_default().insert(key.clone()));
                self.keys_changed(now);
            }
            Order::GiveKey(key) => {
                self.keys.get_or_insert_default().insert(*key);
                self.keys_changed(now);
            }
            Order::ForgetKey(id) => {
                if self.keys.as_mut().is_some_and(|keys| keys.remove(&id)) {
                    self.keys_changed(now);
                }
            }
            Order::Listen(_) | Order::End => {}
        }
    }

    fn keys_changed(&mut self, now: Now) {
        for key in self.roster.keys() {
            let keys = self.keys.clone().unwrap_or_default();
            self.with(key, |board, out| board.keys(now, keys, out));
        }
    }

    /// A new board, or another address of one that is known.
    fn add(&mut self, now: Now, key: BoardKey, address: Address) {
        if self.roster.get(key).is_none() {
            let seed = self.seeds.hash_one(key);
            let board = Board::new(
                now,
                key,
                Candidates::given(address.clone()),
                true,
                seed,
                self.keys.clone(),
            );
            self.roster.insert(now.instant, key, board);
        }
        self.roster.is_at(key, &address.to_string());
        self.with(key, |board, out| board.also_at(now, address, out));
        self.with(key, |board, out| board.step(now, Input::Connect, out));
    }

    /// A board that an earlier run knew, unless this one knows it by now.
    fn recall(&mut self, now: Now, key: BoardKey, known: KnownBoard) {
        let there = known
            .id
            .as_ref()
            .is_some_and(|id| self.roster.with_id(id).is_some());
        if there || self.roster.at(&known.address).is_some() {
            return;
        }
        let Ok(address) = known.address.parse::<Address>() else {
            return;
        };
        // What a person typed counts as before; what was found is used only
        // where an announcement of it would be.
        let addresses = match known.by_hand {
            _ if !known.announced.is_empty() => known.announced.clone(),
            true => Candidates::given(address),
            false => Candidates::remembered(address),
        };
        let seed = self.seeds.hash_one(key);
        let mut board = Board::new(
            now,
            key,
            addresses.clone(),
            known.by_hand,
            seed,
            self.keys.clone(),
        );
        board.recall(now, &known);
        self.roster.insert(now.instant, key, board);
        if let Some(id) = known.id {
            self.roster.has_id(key, id);
        }
        self.roster.is_at(key, &known.address);
        self.with(key, |board, out| {
            board.step(now, Input::AlsoAt(addresses), out)
        });
        self.with(key, |board, out| board.step(now, Input::Connect, out));
    }

    fn forget(&mut self, now: Now, key: BoardKey) {
        self.with(key, |board, out| board.step(now, Input::Leave, out));
        if let Some(mut board) = self.roster.remove(key) {
            if let Some(deadline) = board.deadline().take() {
                self.deadlines.remove(&(deadline, key));
            }
            if let LinkState::Unreachable {
                problem: LinkProblem::IdTaken { id, .. },
                ..
            } = &board.view().link
                && let Some(owner) = self.roster.with_id(id)
            {
                let address = board.view().address.clone();
                self.with(owner, |owner, out| {
                    owner.claim_withdrawn(&address, out);
                    Step::default()
                });
            }
        }
        self.out.live_ids.forget(key);
        self.out.published.forget(key);
    }

    fn found(&mut self, now: Now, found: Found) {
        match found {
            Found::Resolved(resolved) => {
                if let Some(change) = self.registry.resolved(now.instant, resolved) {
                    self.look_again_soon(now);
                    self.change(now, change);
                }
            }
            Found::Removed(full_name) => {
                if let Some(change) = self.registry.removed(&full_name) {
                    self.change(now, change);
                }
            }
            Found::StartedAgain => self.registry.started_again(now.instant),
            Found::Problem(problem) => {
                if let Some(problem) = &problem {
                    log::warn!("mDNS: {problem}");
                }
                self.discovery(problem);
            }
        }
    }

    fn change(&mut self, now: Now, change: Change) {
        match change {
            Change::Announced {
                full_name,
                addresses,
                announcement,
            } => {
                log::debug!(
                    "mDNS: {full_name} is {} at {}",
                    announcement.id,
                    addresses.texts().join(", ")
                );
                let Some(key) = self.key_of(now, &addresses, &announcement) else {
                    return;
                };
                self.roster.confirm(now.instant, key);
                self.moved(key, &full_name, &addresses);
                let elsewhere = self.is_announced_elsewhere(key, &full_name, &addresses);
                let elsewhere = addresses.first().filter(|_| elsewhere);
                self.with(key, |board, out| {
                    board.announced(now, full_name, &addresses, *announcement, out)
                });
                if let Some(address) = elsewhere {
                    self.with(key, |board, out| board.contested(now, address, out));
                }
                if self.connect_to_all {
                    self.with(key, |board, out| board.step(now, Input::Connect, out));
                }
            }
            Change::Gone { full_name, id } => {
                log::debug!("mDNS: {full_name} ({id}) is gone");
                let Some(key) = self.roster.with_id(&id) else {
                    return;
                };
                let Some(board) = self.roster.get_mut(key) else {
                    return;
                };
                let left = board
                    .announced_as
                    .get(&full_name)
                    .map(|announced| announced.addresses.texts());
                board.withdrawn(&full_name, &self.out);
                // It was only ever announced: with the announcement goes all
                // that was known of it.
                if board.announced_as.is_empty()
                    && board.is_only_claimed()
                    && board.view().caller.is_none()
                {
                    self.forget(now, key);
                } else {
                    left.unwrap_or_default()
                        .iter()
                        .for_each(|left| self.roster.left(key, left));
                }
            }
        }
    }

    /// Whether a board is announced under another name at other addresses too.
    /// A board that changes its name has two for a moment, at one address.
    fn is_announced_elsewhere(
        &self,
        key: BoardKey,
        full_name: &str,
        addresses: &Candidates,
    ) -> bool {
        let here = |at: &Announced| {
            at.addresses
                .texts()
                .iter()
                .any(|address| addresses.have(address))
        };
        let elsewhere = |(name, at): (&String, &Announced)| name != full_name && !here(at);
        self.roster
            .get(key)
            .is_some_and(|board| board.announced_as.iter().any(elsewhere))
    }

    /// Whose announcement it is: of a board with its id, of one that was added
    /// by one of these addresses, or of a new one, where there is room.
    fn key_of(
        &mut self,
        now: Now,
        addresses: &Candidates,
        announcement: &Announcement,
    ) -> Option<BoardKey> {
        if let Some(key) = self.roster.with_id(&announcement.id) {
            return Some(key);
        }
        let nameless = |key: &BoardKey| {
            self.roster
                .get(*key)
                .is_some_and(|board| board.view().id.is_none())
        };
        let there = addresses
            .texts()
            .iter()
            .filter_map(|address| self.roster.at(address))
            .find(nameless);
        let key = match there {
            Some(key) => key,
            None => {
                let source = addresses
                    .iter()
                    .next()
                    .and_then(|candidate| candidate.address().ip());
                if !self.make_room(now, source) {
                    let there = addresses.first().unwrap_or_default();
                    log::debug!(
                        "{} is announced at {there}, one of too many there",
                        announcement.id
                    );
                    return None;
                }
                let key = self.out.published.new_key();
                let seed = self.seeds.hash_one(key);
                let board = Board::new(now, key, addresses.clone(), false, seed, self.keys.clone());
                self.roster.insert(now.instant, key, board);
                key
            }
        };
        self.roster.has_id(key, announcement.id.clone());
        Some(key)
    }

    /// A board is announced at other addresses than before. What it left is
    /// dropped: a board may move for ever.
    fn moved(&mut self, key: BoardKey, full_name: &str, addresses: &Candidates) {
        let before = self
            .roster
            .get(key)
            .and_then(|board| board.announced_as.get(full_name));
        for left in before
            .map(|announced| announced.addresses.texts())
            .unwrap_or_default()
        {
            if !addresses.have(&left) {
                self.roster.left(key, &left);
            }
        }
        for address in addresses.texts() {
            self.roster.is_at(key, &address);
        }
    }

    /// Drops boards that are known only from inbound connections that claimed
    /// their ids.
    fn sweep(&mut self, now: Now) {
        let claimed = |board: &Board| {
            let waits = matches!(
                board.view().link,
                LinkState::Unreachable { .. } | LinkState::Announced
            );
            board.is_only_claimed()
                && board.view().only_calls
                && board.announced_as.is_empty()
                && waits
        };
        let old = |key| {
            self.roster
                .confirmed(key)
                .is_none_or(|at| now.instant >= at + CLAIM_LASTS)
        };
        let claimed: Vec<_> = self
            .roster
            .iter()
            .filter(|(_, board)| claimed(board))
            .map(|(key, _)| key)
            .collect();
        let gone: Vec<_> = claimed.iter().copied().filter(|key| old(*key)).collect();
        let any_left = self.roster.iter().any(|(_, board)| board.view().only_calls);
        gone.into_iter().for_each(|key| self.forget(now, key));
        self.sweep_at = any_left.then(|| now.instant + SWEEP_EVERY);
    }

    fn tick(&mut self, now: Now) {
        if self.sweep_at.take_if(|at| *at <= now.instant).is_some() {
            self.sweep(now);
        }
        if self
            .look_again_at
            .take_if(|at| *at <= now.instant)
            .is_some()
            && let Some(mdns) = &self.mdns
        {
            mdns.start_again();
            self.look_again_at = Some(now.instant + LOOK_AGAIN_EVERY);
        }
        for change in self.registry.settled(now.instant, &interfaces::current()) {
            self.change(now, change);
        }
        while let Some((deadline, key)) = self.deadlines.first().copied()
            && deadline <= now.instant
        {
            self.deadlines.pop_first();
            self.with(key, |board, out| {
                *board.deadline() = None;
                board.step(now, Input::Tick, out)
            });
        }
    }

    /// Lets a board do something, and keeps its deadline and its id in step.
    fn with(&mut self, key: BoardKey, act: impl FnOnce(&mut Board, &Outlet) -> Step) {
        let Some(board) = self.roster.get_mut(key) else {
            return;
        };
        let step = act(board, &self.out);
        let next = board.next_deadline(Instant::now());
        let before = std::mem::replace(board.deadline(), next);
        if before != next {
            if let Some(before) = before {
                self.deadlines.remove(&(before, key));
            }
            if let Some(next) = next {
                self.deadlines.insert((next, key));
            }
        }
        if step.lost
            && let Some(mdns) = &self.mdns
        {
            board
                .announced_as
                .keys()
                .for_each(|full_name| mdns.verify(full_name.clone()));
        }
        self.out.live_ids.note(board.view());
        let address = board.view().address.clone();
        let now = self.now();
        self.roster.settle(Instant::now(), key);
        if let Some((id, owner)) = step.taken {
            self.taken(now, key, address, id, owner);
        } else if let Some((id, before)) = step.identified {
            self.identified(now, key, id, before);
        }
    }

    /// A board says an id that belongs to another one, whose link works: that
    /// one keeps it, once it has shown that it lives.
    fn taken(&mut self, now: Now, key: BoardKey, address: String, id: String, owner: BoardKey) {
        let by = self
            .roster
            .get(owner)
            .map(|owner| owner.view().address.clone())
            .unwrap_or_default();
        self.with(key, |board, out| {
            board.step(now, Input::IdTaken { id, by }, out)
        });
        self.with(owner, |owner, out| owner.contested(now, address, out));
    }

    /// A board said which it is. One that is known already under another key
    /// goes on as that one, whose id it is.
    fn identified(&mut self, now: Now, key: BoardKey, id: String, before: Option<String>) {
        // Another board may answer where a remembered one was: then this key is
        // no longer the remembered one's.
        if let Some(before) = before.filter(|before| *before != id) {
            self.roster.lost_id(key, &before);
        }
        let Some(owner) = self.roster.has_id(key, id.clone()) else {
            return;
        };
        let Some(board) = self.roster.get(key) else {
            return;
        };
        let (view, announced_as) = (board.view().clone(), board.announced_as.clone());
        self.out.published.merge(key, owner);
        self.forget(now, key);
        self.roster.has_id(owner, id);
        if let Some((announcement, _)) = &view.announcement {
            for (full_name, announced) in announced_as {
                let addresses = announced.addresses;
                let announcement = (**announcement).clone();
                addresses
                    .texts()
                    .iter()
                    .for_each(|address| self.roster.is_at(owner, address));
                self.with(owner, |board, out| {
                    board.announced(now, full_name, &addresses, announcement, out)
                });
            }
        }
        self.roster.is_at(owner, &view.address);
        match &view.given {
            Some(address) => {
                self.with(owner, |board, out| board.also_at(now, address.clone(), out));
            }
            // Where it was a moment ago is as good as what a person says.
            None if view.caller.is_none() => {
                let there = view.addresses.only(&view.address);
                self.with(owner, |board, out| board.found_at(now, there, out));
            }
            None => {}
        }
        self.with(owner, |board, out| board.step(now, Input::Connect, out));
    }

    /// The time. Where the system's clock was set since it was asked last,
    /// every history has a gap there.
    fn now(&mut self) -> Now {
        let now = self.out.published.clock().read();
        let jump = self.out.published.clock().last_jump();
        if self.jump != jump {
            self.jump = jump;
            log::info!("the clock of this computer was set: {jump:?}");
            self.roster
                .iter()
                .for_each(|(_, board)| board.clock_was_set(now));
        }
        now
    }

    fn next_deadline(&self) -> Option<Instant> {
        let board = self.deadlines.first().map(|(deadline, _)| *deadline);
        let others = [
            self.registry.next_deadline(),
            self.sweep_at,
            self.look_again_at,
        ];
        board.into_iter().chain(others.into_iter().flatten()).min()
    }
}

/// Stands for a deadline where there is none; never waited for.
fn far_away() -> Instant {
    Instant::now() + Duration::from_secs(3_600)
}
