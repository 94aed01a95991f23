//! The app without a face: it finds boards, keeps a link to each and knows what
//! to believe about every one.

mod address;
pub(crate) mod belief;
mod board;
mod clock;
mod descriptors;
mod engine;
mod frames;
mod history;
mod image;
mod live_ids;
mod published;
mod roster;
mod view;
mod wish;

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread::JoinHandle,
};

use protocol::{ComponentKey, LogFilter, Object, State, board_id, outbound::OutboundUrl};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

pub use clock::{Clock, Jump, Timeline};
pub use frames::{Content, Direction, Following, Frames, WireFrame};
pub use history::{Bucket, History, Summary, seconds, time};
pub use published::Shown;
pub use view::{
    BoardKey, BoardView, CommandState, ComponentView, End, FleetStatus, Health, IdClaim, LastEvent,
    LinkProblem, LinkState, Listening, Lock, LogEntry, LogEvent, Origin, Outcome, ResyncCause,
    Sample, Span, UpdateProblem, UpdateState,
};

use crate::{
    address::ip_of,
    keys::{Key, Keys},
    listening::facing,
};
pub use crate::{
    address::{Address, AddressError, Candidates},
    discovery::{Interfaces, Lookout},
    link::transport::{Transport, UnknownTransport},
};

pub use address::{ListenAddressError, Reading, is_address, listen_address, reading};
pub use image::ImageSource;

use engine::{Engine, Order};
use published::Published;
use wish::Wish;

/// How a fleet is started.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How boards are looked for by mDNS; `None`: not at all.
    pub discovery: Option<Lookout>,
    /// Connect to every board that is found; otherwise only list announcements
    /// until [`Fleet::connect`].
    pub connect_to_all: bool,
    /// `host:port` of boards that are added by hand.
    pub addresses: Vec<String>,
    /// Keys of locked boards; `None` where they are still being looked for:
    /// nobody is connected to until [`Fleet::hold_keys`], since nothing may be
    /// said in plain text to a board for which there is one.
    pub keys: Option<Keys>,
    /// Where boards can call, port 0 being any free one; `None`, the default:
    /// nowhere. How that does is in [`FleetStatus`].
    pub listen: Option<SocketAddr>,
    /// The library that connects to boards.
    pub transport: Transport,
}

impl Default for Settings {
    /// Finds every board of the network and connects to it.
    fn default() -> Self {
        Self {
            discovery: Some(Lookout::default()),
            connect_to_all: true,
            addresses: Vec::new(),
            keys: Some(Keys::default()),
            listen: None,
            transport: Transport::default(),
        }
    }
}

/// A board that an earlier run knew: it is shown from the start, whether or not
/// it is there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KnownBoard {
    /// Its id, once it was known.
    pub id: Option<String>,
    /// What it was called last.
    pub name: String,
    /// Where it was last, `host:port`.
    pub address: String,
    /// It was added by hand, not found.
    pub by_hand: bool,
    /// Where it was announced, if this run heard it already; these are used
    /// instead of `address`.
    pub announced: Candidates,
}

/// The fleet. Dropped, it closes every link and ends its thread.
pub struct Fleet {
    orders: UnboundedSender<Order>,
    published: Published,
    thread: Option<JoinHandle<()>>,
    updates: AtomicU64,
    lookout: Option<Lookout>,
}

impl Fleet {
    /// Starts the I/O thread and discovery.
    ///
    /// # Errors
    /// Where the thread or its runtime cannot be made. Discovery that fails is
    /// reported in [`FleetStatus`], not here.
    pub fn start(settings: Settings) -> Result<Self, StartError> {
        // A link is an open file. Where more are refused, the boards that stay
        // unreachable say so.
        let _ = rlimit::increase_nofile_limit(u64::MAX);
        let published = Published::default();
        let (orders, received) = unbounded_channel();
        let Settings {
            discovery,
            connect_to_all,
            addresses,
            keys,
            listen,
            transport,
        } = settings;
        let lookout = discovery.clone();
        let engine = Engine::new(published.clone(), connect_to_all, keys, transport);
        let thread = engine::spawn(engine, received, discovery)?;
        let fleet = Self {
            orders,
            published,
            thread: Some(thread),
            updates: AtomicU64::new(0),
            lookout,
        };
        if listen.is_some() {
            fleet.listen(listen);
        }
        for address in addresses {
            // One bad line among the remembered addresses must not keep the
            // program from starting.
            let _ = fleet.add_address(&address);
        }
        Ok(fleet)
    }

    /// Tells a face of changes. `wake` is called from the I/O thread, once
    /// until the next [`Watch::drain`]; it must not block. The first drain has
    /// every board.
    pub fn watch(&self, wake: impl Fn() + Send + Sync + 'static) -> Watch {
        self.published.watch(Arc::new(wake))
    }

    /// What time it is for everything that the fleet keeps: times in views are
    /// on its scale, unless they say otherwise.
    pub fn clock(&self) -> &Arc<Clock> {
        self.published.clock()
    }

    /// How boards are looked for; `None`: not at all.
    pub fn lookout(&self) -> Option<&Lookout> {
        self.lookout.as_ref()
    }

    /// A board as it is now.
    pub fn board(&self, board: BoardKey) -> Option<Arc<BoardView>> {
        self.published.get(board)
    }

    /// Adds a board by `host:port` (port 80 where none is given); one that is
    /// there already is not added twice.
    ///
    /// # Errors
    /// Where the text is no address.
    pub fn add_address(&self, address: &str) -> Result<BoardKey, AddressError> {
        let address: Address = address.parse()?;
        let (key, new) = self.published.key_for(&address.to_string());
        // Given once more, it is wanted now: the next attempt does not wait.
        self.order(if new {
            Order::Add(key, address)
        } else {
            Order::RetryNow(key)
        });
        Ok(key)
    }

    /// Shows a board that an earlier run knew, and connects to it where it was
    /// last; one that was found only where that is on a network of this
    /// computer. One that is there already stays as it is.
    ///
    /// # Errors
    /// Where its address is none.
    pub fn recall(&self, board: KnownBoard) -> Result<(), AddressError> {
        let address = address::parse(&board.address)?;
        if let Some(id) = board.id.as_deref().filter(|id| board_id(id).is_err()) {
            log::warn!("a remembered board is left out: {id:?} is not the id of a board");
            return Ok(());
        }
        let key = self.published.new_key();
        self.order(Order::Recall(key, KnownBoard { address, ..board }));
        Ok(())
    }

    /// Ends the link and forgets the board; mDNS may bring it back.
    pub fn forget(&self, board: BoardKey) {
        self.order(Order::Forget(board));
    }

    /// Wants a link to a board that is only announced.
    pub fn connect(&self, board: BoardKey) {
        self.order(Order::Connect(board));
    }

    /// Tries again at once instead of after the backoff.
    pub fn retry_now(&self, board: BoardKey) {
        self.order(Order::RetryNow(board));
    }

    /// Holds these keys from now on, beside those that were given since.
    pub fn hold_keys(&self, keys: Keys) {
        self.order(Order::HoldKeys(keys));
    }

    /// Holds a key from now on, instead of one for the same board: a link that
    /// waits for it is made at once, one that was made with another or without
    /// one is made anew. It is not saved.
    pub fn give_key(&self, key: Key) {
        self.order(Order::GiveKey(Box::new(key)));
    }

    /// Holds no key for the board with this id any more. It is not deleted
    /// where it is saved.
    pub fn forget_key(&self, board: &str) {
        self.order(Order::ForgetKey(board.to_owned()));
    }

    /// Lets boards call there from now on, port 0 being any free one; `None`:
    /// no more, and those that have called are let go. How that does is in
    /// [`FleetStatus`].
    pub fn listen(&self, address: Option<SocketAddr>) {
        self.order(Order::Listen(address));
    }

    /// What this board is to be told to call so that it calls here, where
    /// boards can call `listening`: this computer's address on the interface
    /// that faces it. `None` where there is no way to it.
    pub fn call_url(&self, board: BoardKey, listening: SocketAddr) -> Option<OutboundUrl> {
        let own = if listening.ip().is_unspecified() {
            let board = self.board(board)?;
            let ip = match board.caller {
                Some(caller) => caller.ip(),
                None => ip_of(&board.address)?,
            };
            facing(ip).ok()?
        } else {
            listening.ip()
        };
        format!("ws://{}/", SocketAddr::new(own, listening.port()))
            .parse()
            .ok()
    }

    /// Follows the board's own log from now on, over reconnects: first the
    /// lines that the board kept, then each as it comes, as [`LogEvent::Log`].
    /// [`LogFilter::Off`] ends it.
    pub fn follow_log(&self, board: BoardKey, wanted: LogFilter) {
        self.order(Order::FollowLog(board, wanted));
    }

    /// Sets what `change` has, by the `Set` method of the component's kind. The
    /// newest change wins: one is under way, at most one waits, and a newer one
    /// is merged into it.
    pub fn set(&self, board: BoardKey, component: &ComponentKey, change: State, reply: Reply) {
        self.order(Order::Command(
            board,
            Wish::Set(component.clone(), change),
            reply,
        ));
    }

    /// `Switch.Toggle`, or `Light.Set` of the opposite.
    pub fn toggle(&self, board: BoardKey, component: &ComponentKey, reply: Reply) {
        self.order(Order::Command(
            board,
            Wish::Toggle(component.clone()),
            reply,
        ));
    }

    /// `Button.Press`.
    pub fn press(&self, board: BoardKey, component: &ComponentKey, reply: Reply) {
        self.order(Order::Command(board, Wish::Press(component.clone()), reply));
    }

    /// Any method.
    pub fn call(&self, board: BoardKey, method: &str, params: Object, reply: Reply) {
        self.order(Order::Command(
            board,
            Wish::Call(method.to_owned(), params),
            reply,
        ));
    }

    /// Updates a board's firmware: sends the image, has the board check it, and
    /// waits until the board is back. How that does is in
    /// [`BoardView::update`]. The image is read on a thread of its own. Where
    /// an update of the board by this program is under way, that one goes on.
    pub fn update(&self, board: BoardKey, image: ImageSource) {
        let order = self.updates.fetch_add(1, Ordering::Relaxed);
        self.order(Order::UpdateWanted(board, order));
        let orders = self.orders.clone();
        let read = move || {
            let _ = orders.send(Order::UpdateRead(board, order, image.read()));
        };
        // A file may lie on a disk that sleeps: neither this thread nor the one
        // of the sockets waits for it.
        if let Err(error) = std::thread::Builder::new()
            .name("image".to_owned())
            .spawn(read)
        {
            self.order(Order::UpdateRead(
                board,
                order,
                Err(format!("no thread to read the image: {error}")),
            ));
        }
    }

    /// Ends the update by this program, as long as the board has not been told
    /// to take the image.
    pub fn cancel_update(&self, board: BoardKey) {
        self.order(Order::CancelUpdate(board));
    }

    fn order(&self, order: Order) {
        // The thread ends before the fleet only where it panicked; the reply is
        // dropped with the order then.
        let _ = self.orders.send(order);
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        self.order(Order::End);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Where the outcome of a command goes: called once, on the I/O thread; it must
/// not block. `None` where nobody waits.
pub type Reply = Option<Box<dyn FnOnce(Outcome) + Send>>;

/// What a face has not seen yet.
pub struct Watch {
    id: u64,
    published: Published,
}

/// What changed since the last drain.
#[derive(Debug, Default)]
pub struct Changes {
    /// Every board that changed, once, as it is now.
    pub boards: Vec<Arc<BoardView>>,
    /// Boards that are gone.
    pub forgotten: Vec<BoardKey>,
    /// What happened, oldest first.
    pub log: Vec<Arc<LogEntry>>,
    /// How many entries of the log were dropped because nobody drained.
    pub missed: u64,
    /// How discovery does, where that changed.
    pub status: Option<FleetStatus>,
}

/// Why a fleet could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// No thread or runtime.
    #[error("the I/O thread could not be started: {0}")]
    Thread(#[from] std::io::Error),
}
