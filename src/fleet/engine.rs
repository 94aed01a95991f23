//! The I/O thread: one loop over what faces want, what sockets and mDNS tell, and the earliest deadline of all boards.
//! Decides which board something concerns; what to do about it the board's session decides.

use std::{
    collections::{BTreeSet, HashMap},
    hash::{BuildHasher, RandomState},
    io,
    net::SocketAddr,
    thread::JoinHandle,
    time::{Duration, Instant, SystemTime},
};

use protocol::{LogFilter, mdns::Announcement};
use tokio::{
    runtime::{Builder, Runtime},
    sync::mpsc::{Receiver, Sender, UnboundedReceiver, UnboundedSender, unbounded_channel},
    time::{sleep_until, timeout},
};

use super::{
    BoardKey, FleetStatus, KnownBoard, LinkState, Listening, Outcome, Reply,
    board::{Board, FromSocket, Outlet, Step},
    descriptors::Descriptors,
    published::Published,
    wish::Wish,
};
use crate::{
    discovery::{
        Lookout,
        mdns::{Found, Mdns},
        registry::{Change, Registry},
    },
    keys::{Key, Keys},
    link::{session::Input, state::Now, update::Image},
    listening::{Arrival, Listener, arrivals},
};

/// At the end the sockets are given this long to send their close frames.
const FAREWELL: Duration = Duration::from_millis(250);

/// Boards that are taken up because they announce themselves. More than any building has; a bound against a network that
/// invents them.
const BOARDS: usize = 4_096;

/// What a face wants of the I/O thread.
pub(super) enum Order {
    Add(BoardKey, String),
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
    std::thread::Builder::new().name("fleet".to_owned()).spawn(move || engine.run(runtime, orders, discovery.as_ref()))
}

pub(super) struct Engine {
    connect_to_all: bool,
    /// Boxed: a table that grows has room for twice as many as there are.
    boards: HashMap<BoardKey, Box<Board>>,
    by_id: HashMap<String, BoardKey>,
    /// Where boards were given or announced; checked against the board, which may have moved.
    by_address: HashMap<String, BoardKey>,
    deadlines: BTreeSet<(Instant, BoardKey)>,
    registry: Registry,
    mdns: Option<Mdns>,
    /// `None` until they were given.
    keys: Option<Keys>,
    seeds: RandomState,
    out: Outlet,
    from_sockets: Option<UnboundedReceiver<FromSocket>>,
    listener: Option<Listener>,
    status: FleetStatus,
}

impl Engine {
    pub(super) fn new(published: Published, connect_to_all: bool, keys: Option<Keys>) -> Self {
        let (sockets, from_sockets) = unbounded_channel();
        Self {
            connect_to_all,
            boards: HashMap::new(),
            by_id: HashMap::new(),
            by_address: HashMap::new(),
            deadlines: BTreeSet::new(),
            registry: Registry::default(),
            mdns: None,
            keys,
            seeds: RandomState::new(),
            out: Outlet { published, sockets, descriptors: Descriptors::default() },
            from_sockets: Some(from_sockets),
            listener: None,
            status: FleetStatus::default(),
        }
    }

    fn run(mut self, runtime: Runtime, orders: UnboundedReceiver<Order>, discovery: Option<&Lookout>) {
        let (found, findings) = unbounded_channel();
        if let Some(lookout) = discovery {
            self.discover(lookout, found);
        }
        let Some(from_sockets) = self.from_sockets.take() else { return };
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
                    Some(order) => self.order(now(), order),
                },
                Some(FromSocket { board, attempt, event, unread }) = from_sockets.recv() => {
                    unread.read(&event);
                    self.with(board, |board, out| board.socket_told(now(), attempt, event, out));
                }
                Some(found) = findings.recv() => self.found(now(), found),
                Some(arrival) = called.recv() => self.called(now(), arrival),
                () = sleep_until(next.unwrap_or_else(far_away).into()), if next.is_some() => self.tick(now()),
            }
        }
        self.farewell(from_sockets, called).await;
    }

    /// Takes calls there from now on, or none any more: then links that are calls end.
    async fn listen(&mut self, wanted: Option<SocketAddr>, calls: &Sender<Arrival>) {
        if let Some(before) = self.listener.take() {
            before.close().await;
        }
        self.status.listening = match wanted {
            None => {
                for key in self.boards.keys().copied().collect::<Vec<_>>() {
                    self.with(key, |board, out| board.step(now(), Input::CallsAreOver, out));
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
                    Listening::Failed { address, problem: error.to_string() }
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
        let key = match self.by_id.get(&arrival.id) {
            Some(key) => *key,
            None if self.boards.len() >= BOARDS => return,
            None => {
                let key = self.out.published.new_key();
                let seed = self.seeds.hash_one(key);
                let board = Board::that_calls(now, key, &arrival, seed, self.keys.clone());
                self.boards.insert(key, Box::new(board));
                self.by_id.insert(arrival.id.clone(), key);
                key
            }
        };
        self.with(key, |board, out| board.called(now, arrival, out));
    }

    /// Closes every socket and waits until the close frames are out, so that boards free the places at once.
    async fn farewell(mut self, mut from_sockets: UnboundedReceiver<FromSocket>, called: Receiver<Arrival>) {
        for key in self.boards.keys().copied().collect::<Vec<_>>() {
            self.with(key, |board, out| board.step(now(), Input::Leave, out));
        }
        drop(called);
        drop(self);
        // Every socket holds a sender: the channel ends with the last of them.
        let _ = timeout(FAREWELL, async { while from_sockets.recv().await.is_some() {} }).await;
    }

    fn order(&mut self, now: Now, order: Order) {
        match order {
            Order::Add(key, address) => self.add(now, key, address),
            Order::Recall(key, known) => self.recall(now, key, known),
            Order::Connect(key) => self.with(key, |board, out| board.step(now, Input::Connect, out)),
            Order::RetryNow(key) => self.with(key, |board, out| board.step(now, Input::RetryNow, out)),
            Order::FollowLog(key, wanted) => {
                self.with(key, |board, out| board.step(now, Input::FollowLog(wanted), out));
            }
            Order::Forget(key) => self.forget(now, key),
            Order::UpdateWanted(key, order) => {
                self.with(key, |board, out| board.step(now, Input::UpdateWanted(order), out));
            }
            Order::UpdateRead(key, order, image) => {
                self.with(key, |board, out| board.image_read(now, order, image, out));
            }
            Order::CancelUpdate(key) => self.with(key, |board, out| board.step(now, Input::CancelUpdate, out)),
            Order::Command(key, wish, reply) => match self.boards.contains_key(&key) {
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
                given.iter().for_each(|key| self.keys.get_or_insert_default().insert(key.clone()));
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
        for key in self.boards.keys().copied().collect::<Vec<_>>() {
            let keys = self.keys.clone().unwrap_or_default();
            self.with(key, |board, out| board.keys(now, keys, out));
        }
    }

    /// A new board, or another address of one that is known.
    fn add(&mut self, now: Now, key: BoardKey, address: String) {
        if !self.boards.contains_key(&key) {
            let seed = self.seeds.hash_one(key);
            let board = Board::new(now, key, address.clone(), true, seed, self.keys.clone());
            self.boards.insert(key, Box::new(board));
        }
        self.by_address.insert(address.clone(), key);
        self.with(key, |board, out| board.also_at(now, address, out));
        self.with(key, |board, out| board.step(now, Input::Connect, out));
    }

    /// A board that an earlier run knew, unless this one knows it by now.
    fn recall(&mut self, now: Now, key: BoardKey, known: KnownBoard) {
        let there = known.id.as_ref().is_some_and(|id| self.by_id.contains_key(id));
        if there || self.at(&known.address).is_some() {
            return;
        }
        let seed = self.seeds.hash_one(key);
        let mut board = Board::new(now, key, known.address.clone(), known.by_hand, seed, self.keys.clone());
        board.recall(now, &known);
        self.boards.insert(key, Box::new(board));
        self.by_id.extend(known.id.map(|id| (id, key)));
        self.by_address.insert(known.address.clone(), key);
        self.with(key, |board, out| board.step(now, Input::AlsoAt(known.address), out));
        self.with(key, |board, out| board.step(now, Input::Connect, out));
    }

    fn forget(&mut self, now: Now, key: BoardKey) {
        self.with(key, |board, out| board.step(now, Input::Leave, out));
        if let Some(deadline) = self.boards.remove(&key).and_then(|mut board| board.deadline().take()) {
            self.deadlines.remove(&(deadline, key));
        }
        self.by_id.retain(|_, of| *of != key);
        self.by_address.retain(|_, of| *of != key);
        self.out.published.forget(key);
    }

    fn found(&mut self, now: Now, found: Found) {
        match found {
            Found::Resolved(resolved) => self.registry.resolved(now.instant, resolved),
            Found::Removed(full_name) => {
                if let Some(change) = self.registry.removed(&full_name) {
                    self.change(now, change);
                }
            }
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
            Change::Announced { full_name, address, announcement } => {
                log::debug!("mDNS: {full_name} is {} at {address}", announcement.id);
                if self.boards.len() >= BOARDS && !self.by_id.contains_key(&announcement.id) {
                    return;
                }
                let key = self.key_of(now, &address, &announcement);
                self.moved(key, &full_name, &address);
                self.with(key, |board, out| board.announced(now, full_name, address, *announcement, out));
                if self.connect_to_all {
                    self.with(key, |board, out| board.step(now, Input::Connect, out));
                }
            }
            Change::Gone { full_name, id } => {
                log::debug!("mDNS: {full_name} ({id}) is gone");
                let Some(key) = self.by_id.get(&id).copied() else { return };
                let Some(board) = self.boards.get_mut(&key) else { return };
                board.withdrawn(&full_name, &self.out);
                // It was only ever announced: with the announcement goes all that was known of it.
                if board.announced_as.is_empty() && !board.view().by_hand && board.view().link == LinkState::Announced {
                    self.forget(now, key);
                }
            }
        }
    }

    /// Whose announcement it is: of a board with its id, of one that was added by this address, or of a new one.
    fn key_of(&mut self, now: Now, address: &str, announcement: &Announcement) -> BoardKey {
        if let Some(key) = self.by_id.get(&announcement.id) {
            return *key;
        }
        let nameless = |key: &BoardKey| self.boards.get(key).is_some_and(|board| board.view().id.is_none());
        let key = match self.at(address).filter(nameless) {
            Some(key) => key,
            None => {
                let key = self.out.published.new_key();
                let seed = self.seeds.hash_one(key);
                let board = Board::new(now, key, address.to_owned(), false, seed, self.keys.clone());
                self.boards.insert(key, Box::new(board));
                key
            }
        };
        self.by_id.insert(announcement.id.clone(), key);
        key
    }

    /// A board is announced at another address than before. What it left is dropped: a board may move for ever.
    fn moved(&mut self, key: BoardKey, full_name: &str, address: &str) {
        let left = self.boards.get(&key).and_then(|board| board.announced_as.get(full_name));
        if let Some(left) = left
            && left != address
            && self.by_address.get(left) == Some(&key)
        {
            self.by_address.remove(left);
        }
        self.by_address.insert(address.to_owned(), key);
    }

    /// The board whose link goes to this address.
    fn at(&self, address: &str) -> Option<BoardKey> {
        let key = self.by_address.get(address)?;
        self.boards.get(key).is_some_and(|board| board.view().address == address).then_some(*key)
    }

    fn tick(&mut self, now: Now) {
        for change in self.registry.settled(now.instant) {
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
        let Some(board) = self.boards.get_mut(&key) else { return };
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
            board.announced_as.keys().for_each(|full_name| mdns.verify(full_name.clone()));
        }
        if let Some((id, before)) = step.identified {
            self.identified(now(), key, id, before);
        }
    }

    /// A board said which it is. One that is known already under another key goes on as the older of the two.
    fn identified(&mut self, now: Now, key: BoardKey, id: String, before: Option<String>) {
        // Another board may answer where a remembered one was: then this key is no longer the remembered one's.
        if let Some(before) = before.filter(|before| *before != id && self.by_id.get(before) == Some(&key)) {
            self.by_id.remove(&before);
        }
        let other = self.by_id.insert(id.clone(), key).filter(|other| *other != key);
        let Some(other) = other.filter(|other| self.boards.contains_key(other)) else { return };
        let (older, newer) = (key.min(other), key.max(other));
        let Some(dropped) = self.boards.get(&newer).map(|board| (board.view().clone(), board.announced_as.clone()))
        else {
            return;
        };
        let (view, announced_as) = dropped;
        self.out.published.merge(newer, older);
        self.forget(now, newer);
        self.by_id.insert(id, older);
        if let Some((announcement, _)) = &view.announcement {
            for (full_name, address) in announced_as {
                let announcement = (**announcement).clone();
                self.with(older, |board, out| board.announced(now, full_name, address, announcement, out));
            }
        }
        if view.by_hand {
            self.with(older, |board, out| board.also_at(now, view.address.clone(), out));
        }
        self.with(older, |board, out| board.step(now, Input::Connect, out));
    }

    fn next_deadline(&self) -> Option<Instant> {
        let board = self.deadlines.first().map(|(deadline, _)| *deadline);
        board.into_iter().chain(self.registry.next_deadline()).min()
    }
}

fn now() -> Now {
    Now { instant: Instant::now(), wall: SystemTime::now() }
}

/// Stands for a deadline where there is none; never waited for.
fn far_away() -> Instant {
    Instant::now() + Duration::from_secs(3_600)
}
