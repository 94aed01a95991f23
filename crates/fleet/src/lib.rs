//! All boards of a network: finds them, keeps a link to each, and knows the
//! state of every one. Has no user interface and stores nothing on disk.

mod board;
#[doc(hidden)]
pub mod board_state;
mod brokers;
mod clock;
mod context;
mod descriptors;
mod engine;
mod frames;
mod history;
mod image;
mod inbound;
mod live_ids;
mod preview;
mod published;
mod roster;
mod shard;
pub mod transport;
mod typed_address;
mod unseen;
mod view;

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread::JoinHandle,
};

pub use families::{Bridge, Confirmation, Family};
use protocol::{ComponentKey, LogFilter, Object, State, board_id, outbound::OutboundUrl};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

pub use clock::{Clock, Jump, Timeline};
pub use frames::{Content, Direction, Following, Frames, WireFrame};
pub use history::{Bucket, History, Summary, seconds, time};
pub use preview::Preview;
pub use shard::{Shard, ShardError};
pub use unseen::{Shown, Urgency};
pub use view::{
    BoardKey, BoardView, CommandState, ComponentView, End, FleetStatus, Health, IdClaim, LastEvent,
    LinkProblem, LinkState, Listening, Lock, LogEntry, LogEvent, Origin, Outcome, ResyncCause,
    Sample, Span, Trail, UpdateProblem, UpdateState, Via,
};

pub use address::{Address, AddressError, Candidates};
pub use brokers::{Broker, BrokerState, BrokerStatus, PREFIX as BRIDGE_PREFIX};
pub use mqtt::{BrokerAddress, BrokerAddressError, LOGIN_ADVICE, PASSWORD_VARIABLE};
pub use net::discovery::{Interfaces, Lookout};
pub use transport::{Transport, UnknownTransport};

pub use image::ImageSource;
pub use link::credential::{CredentialError, CredentialKind};
pub use link::trigger::Trigger;
pub use typed_address::{
    ListenAddressError, TypedKind, is_address, listen_address, typed_board, typed_kind,
};

use address::ip_of;
use engine::{Engine, EngineCommand};
use inbound::local_address_towards;
use keys::Keys;
use link::commands::{Command, CommandId};
use published::Published;

/// The settings of a fleet.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How boards are discovered by mDNS; `None`: not at all.
    pub discovery: Option<Lookout>,
    /// Connect to every discovered board; otherwise only list them until
    /// [`Fleet::connect`].
    pub connect_to_all: bool,
    /// `host:port` of boards that are added at the start.
    pub addresses: Vec<String>,
    /// Keys of locked boards; `None` while they are being loaded: no board is
    /// connected to until [`Fleet::hold_keys`], because nothing may be sent in
    /// plain text to a board whose key exists.
    pub keys: Option<Keys>,
    /// The address on which boards can connect, port 0 being any free one;
    /// `None`, the default: none. The result is in [`FleetStatus`].
    pub listen: Option<SocketAddr>,
    /// The library that connects to boards.
    pub transport: Transport,
    /// The MQTT brokers from which boards are taken.
    pub brokers: Vec<Broker>,
    /// The boards that are connected to: all, by default. Others are neither
    /// added when they are found nor accepted when they connect; one that was
    /// added by its address is disconnected and forgotten when it states its
    /// id.
    pub shard: Shard,
    /// Whether values over time and recent frames of each board are kept, and
    /// changes of components are logged, all to be displayed. They take most of
    /// the memory of boards that push often.
    pub keep_past: bool,
}

impl Default for Settings {
    /// Discovers every board of the network and connects to it.
    fn default() -> Self {
        Self {
            discovery: Some(Lookout::default()),
            connect_to_all: true,
            addresses: Vec::new(),
            keys: Some(Keys::default()),
            listen: None,
            transport: Transport::default(),
            brokers: Vec::new(),
            shard: Shard::default(),
            keep_past: true,
        }
    }
}

/// A board that an earlier run knew: it is shown from the start, whether or not
/// it is online.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KnownBoard {
    /// Its id, if known.
    pub id: Option<String>,
    /// Its family.
    pub family: Family,
    /// Its last name.
    pub name: String,
    /// Its last address, `host:port`.
    pub address: String,
    /// It was added by the user, not discovered.
    pub by_hand: bool,
    /// Where it was announced, if this run discovered it already; these are
    /// used instead of `address`.
    pub announced: Candidates,
    /// Only the board with this id is meant: another one at its address is not
    /// connected to.
    pub only_this_id: bool,
}

/// The fleet. On drop it closes every link and ends its thread.
pub struct Fleet {
    commands: UnboundedSender<EngineCommand>,
    published: Published,
    thread: Option<JoinHandle<()>>,
    next_id: AtomicU64,
    lookout: Option<Lookout>,
}

impl Fleet {
    /// Starts the I/O thread and discovery.
    ///
    /// # Errors
    /// The thread or its runtime cannot be created. A failure of discovery is
    /// reported in [`FleetStatus`].
    pub fn start(settings: Settings) -> Result<Self, StartError> {
        // A link is an open file. If the limit stays too low, boards that
        // cannot be connected to report it.
        let _ = rlimit::increase_nofile_limit(u64::MAX);
        let published = Published::default();
        let (commands, received) = unbounded_channel();
        let Settings {
            discovery,
            connect_to_all,
            addresses,
            keys,
            listen,
            transport,
            brokers,
            shard,
            keep_past,
        } = settings;
        let lookout = discovery.clone();
        // Before there are boards: a new address is compared with those of all.
        // An invalid address must not keep the program from starting.
        let added: Vec<_> = addresses
            .iter()
            .filter_map(|address| typed_address::typed_board(address).ok())
            .filter_map(|(family, address)| {
                let (key, new) = published.key_for(&address.to_string());
                new.then_some(EngineCommand::Add(key, address, family))
            })
            .collect();
        let engine = Engine::new(
            published.clone(),
            connect_to_all,
            shard,
            keys,
            transport,
            discovery.as_ref(),
            keep_past,
        );
        let thread = engine::spawn(engine, received, discovery)?;
        let fleet = Self {
            commands,
            published,
            thread: Some(thread),
            next_id: AtomicU64::new(0),
            lookout,
        };
        if listen.is_some() {
            fleet.listen(listen);
        }
        for broker in brokers {
            fleet.add_broker(broker);
        }
        for command in added {
            fleet.send(command);
        }
        Ok(fleet)
    }

    /// Watches for changes. `wake` is called from the I/O thread, once until
    /// the next [`Watch::drain`], or, if the watch has stated what it
    /// [shows](Watch::shows), once more if something urgent follows a reading;
    /// it must not block. The first drain contains every board.
    pub fn watch(&self, wake: impl Fn(Urgency) + Send + Sync + 'static) -> Watch {
        self.published.watch(Arc::new(wake))
    }

    /// The clock of everything that the fleet keeps: times in views are on its
    /// scale, unless documented otherwise.
    pub fn clock(&self) -> &Arc<Clock> {
        self.published.clock()
    }

    /// How boards are discovered; `None`: not at all.
    pub fn lookout(&self) -> Option<&Lookout> {
        self.lookout.as_ref()
    }

    /// The present state of a board.
    pub fn board(&self, board: BoardKey) -> Option<Arc<BoardView>> {
        self.published.get(board)
    }

    /// Adds a board by `host:port`, port 80 by default; one that exists already
    /// is not added twice. A family can be named, as in `shelly://host` or
    /// `esphome://host`; otherwise what answers as WebSocket is tried as each
    /// family in turn.
    ///
    /// # Errors
    /// The text is not an address.
    pub fn add_address(&self, address: &str) -> Result<BoardKey, AddressError> {
        let (family, address) = typed_address::typed_board(address)?;
        let (key, new) = self.published.key_for(&address.to_string());
        // An address that is typed again is retried at once.
        self.send(if new {
            EngineCommand::Add(key, address, family)
        } else {
            EngineCommand::RetryNow(key)
        });
        Ok(key)
    }

    /// Shows a board that an earlier run knew, and connects to its last
    /// address; if it was discovered, only if that is on a network of this
    /// computer. A board that exists already stays as it is.
    ///
    /// # Errors
    /// Its address is invalid.
    pub fn recall(&self, board: KnownBoard) -> Result<(), AddressError> {
        let address = typed_address::parse(&board.address)?;
        if let Some(id) = board.id.as_deref().filter(|id| board_id(id).is_err()) {
            log::warn!("a remembered board is ignored: {id:?} is not a board id");
            return Ok(());
        }
        let key = self.published.new_key();
        self.send(EngineCommand::Recall(key, KnownBoard { address, ..board }));
        Ok(())
    }

    /// Ends the link and forgets the board. It comes back with its next
    /// announcement or inbound connection, unless it is
    /// [ignored](Self::ignore).
    pub fn forget(&self, board: BoardKey) {
        self.send(EngineCommand::Forget(board));
    }

    /// From now on the board with this id is neither added because it is
    /// announced nor because it connects to this program, but only if its
    /// address is [added](Self::add_address). If it was discovered already, it
    /// is forgotten.
    pub fn ignore(&self, id: &str) {
        self.send(EngineCommand::Ignore(id.to_owned()));
    }

    /// The board with this id is added again as any other; if it is announced,
    /// at once.
    pub fn stop_ignoring(&self, id: &str) {
        self.send(EngineCommand::StopIgnoring(id.to_owned()));
    }

    /// Connects to a board that is only announced.
    pub fn connect(&self, board: BoardKey) {
        self.send(EngineCommand::Connect(board));
    }

    /// Retries at once instead of after the backoff.
    pub fn retry_now(&self, board: BoardKey) {
        self.send(EngineCommand::RetryNow(board));
    }

    /// Holds these keys from now on, in addition to those that were given
    /// since.
    pub fn hold_keys(&self, keys: Keys) {
        self.send(EngineCommand::HoldKeys(keys));
    }

    /// Holds a key or a password from now on, in place of one for the same
    /// board. A link that waits for it is established at once; one that uses
    /// another, or none, is established again. With a board, it is connected to
    /// now even if the key was held already. It is not saved.
    pub fn give_key(&self, key: impl Into<Keys>, board: Option<BoardKey>) {
        self.send(EngineCommand::GiveKeys(key.into(), board));
    }

    /// No longer holds a key or a password for the board with this id. A saved
    /// key is not deleted.
    pub fn forget_key(&self, board: &str) {
        self.send(EngineCommand::ForgetKey(board.to_owned()));
    }

    /// Listens for inbound connections of boards at this address, port 0 being
    /// any free one; `None`: no longer, and inbound links end. The result is in
    /// [`FleetStatus`].
    pub fn listen(&self, address: Option<SocketAddr>) {
        self.send(EngineCommand::Listen(address));
    }

    /// The URL at which this board can connect to this program, which listens
    /// at `listening`: this computer's address on the interface towards the
    /// board. `None` if there is no route to it.
    pub fn outbound_url(&self, board: BoardKey, listening: SocketAddr) -> Option<OutboundUrl> {
        let own = if listening.ip().is_unspecified() {
            let board = self.board(board)?;
            let ip = match board.inbound_from {
                Some(caller) => caller.ip(),
                None => ip_of(&board.address)?,
            };
            local_address_towards(ip).ok()?
        } else {
            listening.ip()
        };
        format!("ws://{}/", SocketAddr::new(own, listening.port()))
            .parse()
            .ok()
    }

    /// Takes boards from this MQTT broker from now on, in place of one with the
    /// same address. Its state is in [`FleetStatus`].
    pub fn add_broker(&self, broker: Broker) {
        self.send(EngineCommand::AddBroker(broker));
    }

    /// Takes no more boards from this broker. Boards that are reached in no
    /// other way are forgotten.
    pub fn remove_broker(&self, address: &BrokerAddress) {
        self.send(EngineCommand::RemoveBroker(address.to_string()));
    }

    /// Follows the board's own log from now on, across reconnects: first the
    /// lines that the board kept, then new ones, as [`LogEvent::Log`].
    /// [`LogFilter::Off`] ends it.
    pub fn follow_log(&self, board: BoardKey, wanted: LogFilter) {
        self.send(EngineCommand::FollowLog(board, wanted));
    }

    /// Follows the live preview of the board's light from now on, across
    /// reconnects, as [`BoardView::preview`]; or no longer. Only some families
    /// have one, and their boards send it to one client at a time: follow it
    /// while it is shown.
    pub fn follow_preview(&self, board: BoardKey, wanted: bool) {
        self.send(EngineCommand::FollowPreview(board, wanted));
    }

    /// Sets the fields of `change`, by the `Set` method of the component's
    /// kind. The newest change wins: one is in flight, at most one is queued,
    /// and a newer one is merged into it.
    pub fn set(&self, board: BoardKey, component: &ComponentKey, change: State, reply: Reply) {
        let command = Command::set(self.new_id(), component.clone(), change);
        self.send(EngineCommand::Command(board, command, reply));
    }

    /// `Switch.Toggle`, or `Light.Set` of the opposite.
    pub fn toggle(&self, board: BoardKey, component: &ComponentKey, reply: Reply) {
        let id = self.new_id();
        self.send(EngineCommand::Toggle(board, id, component.clone(), reply));
    }

    /// `Button.Press`.
    pub fn press(&self, board: BoardKey, component: &ComponentKey, reply: Reply) {
        let command = Command::press(self.new_id(), component.clone());
        self.send(EngineCommand::Command(board, command, reply));
    }

    /// Opens, closes or stops a cover, or installs an update.
    pub fn trigger(
        &self,
        board: BoardKey,
        component: &ComponentKey,
        trigger: Trigger,
        reply: Reply,
    ) {
        let command = Command::trigger(self.new_id(), component.clone(), trigger);
        self.send(EngineCommand::Command(board, command, reply));
    }

    /// Any method.
    pub fn call(&self, board: BoardKey, method: &str, params: Object, reply: Reply) {
        let command = Command::call(self.new_id(), method, params);
        self.send(EngineCommand::Command(board, command, reply));
    }

    /// Updates a board's firmware: sends the image, lets the board verify it,
    /// and waits until the board is back. The progress is in
    /// [`BoardView::update`]. The image is read on a thread of its own. An
    /// update of the board that is already running goes on instead.
    pub fn update(&self, board: BoardKey, image: ImageSource) {
        let CommandId(update) = self.new_id();
        self.send(EngineCommand::Update(board, update));
        let commands = self.commands.clone();
        let read = move || {
            let _ = commands.send(EngineCommand::ImageRead(board, update, image.read()));
        };
        // A disk may be asleep: neither this thread nor the I/O thread waits
        // for it.
        if let Err(error) = std::thread::Builder::new()
            .name("image".to_owned())
            .spawn(read)
        {
            let problem = format!("could not start a thread to read the image: {error}");
            self.send(EngineCommand::ImageRead(board, update, Err(problem)));
        }
    }

    /// Cancels the update by this program, unless the board was already told to
    /// commit the image.
    pub fn cancel_update(&self, board: BoardKey) {
        self.send(EngineCommand::CancelUpdate(board));
    }

    /// A number for a command or an update.
    fn new_id(&self) -> CommandId {
        CommandId(self.next_id.fetch_add(1, Ordering::Relaxed))
    }

    fn send(&self, command: EngineCommand) {
        // The thread ends before the fleet only if it panicked; then the reply
        // is dropped with the command.
        let _ = self.commands.send(command);
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        self.send(EngineCommand::End);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Receives the outcome of a command: called once, on the I/O thread; it must
/// not block. `None` if the outcome is not needed.
pub type Reply = Option<Box<dyn FnOnce(Outcome) + Send>>;

/// Watches a fleet for changes.
pub struct Watch {
    id: u64,
    published: Published,
}

/// The changes since the last drain.
#[derive(Debug, Default)]
pub struct Changes {
    /// Every board that changed, in its present state.
    pub boards: Vec<Arc<BoardView>>,
    /// Boards that were removed.
    pub forgotten: Vec<BoardKey>,
    /// New log entries, oldest first.
    pub log: Vec<Arc<LogEntry>>,
    /// How many log entries were dropped before this drain.
    pub missed: u64,
    /// The status of discovery and listening, if it changed.
    pub status: Option<FleetStatus>,
}

/// Why a fleet could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The thread or its runtime could not be created.
    #[error("the I/O thread could not be started: {0}")]
    Thread(#[from] std::io::Error),
}
