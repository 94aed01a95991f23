//! What a program knows of all boards of a network, and what it can ask of
//! them: plain data to display, and requests. What keeps it up to date is
//! elsewhere: the engine of this computer, or a server. Has no user interface,
//! opens no sockets and stores nothing on disk.

mod broker;
mod clock;
mod frames;
mod history;
mod image;
mod preview;
mod published;
mod request;
mod server_status;
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
use protocol::{ComponentKey, LogFilter, Object, State, board_id};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

pub use broker::{Broker, BrokerState, BrokerStatus, PREFIX as BRIDGE_PREFIX, fnv_1a};
pub use clock::{Clock, Jump, Timeline};
pub use frames::{Content, Direction, Following, Frames, WireFrame};
pub use history::{Bucket, History, Summary, seconds, time};
pub use preview::Preview;
pub use published::Published;
pub use request::FleetRequest;
pub use server_status::{ServerState, ServerStatus, SessionStatus};
pub use unseen::{BoardChange, ChangeScope, Shown, Urgency};
pub use view::{
    BoardKey, BoardView, CommandState, ComponentView, End, FleetStatus, Health, IdClaim, LastEvent,
    LinkProblem, LinkState, Listening, Lock, LogEntry, LogEvent, Origin, Outcome, ResyncCause,
    Sample, Span, Trail, UpdateProblem, UpdateState, Via,
};

pub use address::{
    Address, AddressError, BrokerAddress, BrokerAddressError, Candidates, LOGIN_ADVICE,
    PASSWORD_VARIABLE,
};

pub use image::ImageSource;
pub use link::credential::{CredentialError, CredentialKind};
pub use link::trigger::Trigger;
pub use typed_address::{TypedKind, is_address, normalized, typed_board, typed_kind};

use keys::{Keys, Role};
use link::commands::{Command, CommandId};

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

/// All boards, as one program sees them. On drop it ends what keeps them up to
/// date, and waits until that has ended.
pub struct Fleet {
    requests: UnboundedSender<FleetRequest>,
    published: Published,
    thread: Option<JoinHandle<()>>,
    next_id: AtomicU64,
}

impl Fleet {
    /// A fleet over what is published; what its users ask arrives at the
    /// receiver.
    pub fn new(published: Published) -> (Self, UnboundedReceiver<FleetRequest>) {
        let (requests, received) = unbounded_channel();
        let fleet = Self {
            requests,
            published,
            thread: None,
            next_id: AtomicU64::new(0),
        };
        (fleet, received)
    }

    /// Waits for this thread once the fleet is dropped.
    #[must_use]
    pub fn kept_by(mut self, thread: JoinHandle<()>) -> Self {
        self.thread = Some(thread);
        self
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

    /// The present state of discovery, listening, brokers and the server.
    pub fn status(&self) -> FleetStatus {
        self.published.current_status()
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
        let (family, address) = typed_board(address)?;
        let (key, new) = self.published.key_for(&address.to_string());
        // An address that is typed again is retried at once.
        self.send(if new {
            FleetRequest::Add(key, address, family)
        } else {
            FleetRequest::RetryNow(key)
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
        let address = normalized(&board.address)?;
        if let Some(id) = board.id.as_deref().filter(|id| board_id(id).is_err()) {
            log::warn!("a remembered board is ignored: {id:?} is not a board id");
            return Ok(());
        }
        let key = self.published.new_key();
        self.send(FleetRequest::Recall(key, KnownBoard { address, ..board }));
        Ok(())
    }

    /// Ends the link and forgets the board. It comes back with its next
    /// announcement or inbound connection, unless it is
    /// [ignored](Self::ignore).
    pub fn forget(&self, board: BoardKey) {
        self.send(FleetRequest::Forget(board));
    }

    /// From now on the board with this id is neither added because it is
    /// announced nor because it connects to this program, but only if its
    /// address is [added](Self::add_address). If it was discovered already, it
    /// is forgotten.
    pub fn ignore(&self, id: &str) {
        self.send(FleetRequest::Ignore(id.to_owned()));
    }

    /// The board with this id is added again as any other; if it is announced,
    /// at once.
    pub fn stop_ignoring(&self, id: &str) {
        self.send(FleetRequest::StopIgnoring(id.to_owned()));
    }

    /// Connects to a board that is only announced.
    pub fn connect(&self, board: BoardKey) {
        self.send(FleetRequest::Connect(board));
    }

    /// Retries at once instead of after the backoff.
    pub fn retry_now(&self, board: BoardKey) {
        self.send(FleetRequest::RetryNow(board));
    }

    /// Holds these keys from now on, in addition to those that were given
    /// since.
    pub fn hold_keys(&self, keys: Keys) {
        self.send(FleetRequest::HoldKeys(keys));
    }

    /// Holds a key or a password from now on, in place of one for the same
    /// board. A link that waits for it is established at once; one that uses
    /// another, or none, is established again. With a board, it is connected to
    /// now even if the key was held already. It is not saved.
    pub fn give_key(&self, key: impl Into<Keys>, board: Option<BoardKey>) {
        self.send(FleetRequest::GiveKeys(key.into(), board));
    }

    /// No longer holds a key or a password for the board with this id. A saved
    /// key is not deleted.
    pub fn forget_key(&self, board: &str) {
        self.send(FleetRequest::ForgetKey(board.to_owned()));
    }

    /// Listens for inbound connections of boards at this address, port 0 being
    /// any free one; `None`: no longer, and inbound links end. The result is in
    /// [`FleetStatus`].
    pub fn listen(&self, address: Option<SocketAddr>) {
        self.send(FleetRequest::Listen(address));
    }

    /// Takes boards from this MQTT broker from now on, in place of one with the
    /// same address. Its state is in [`FleetStatus`].
    pub fn add_broker(&self, broker: Broker) {
        self.send(FleetRequest::AddBroker(broker));
    }

    /// Takes no more boards from this broker. Boards that are reached in no
    /// other way are forgotten.
    pub fn remove_broker(&self, address: &BrokerAddress) {
        self.send(FleetRequest::RemoveBroker(address.to_string()));
    }

    /// Follows the board's own log from now on, across reconnects: first the
    /// lines that the board kept, then new ones, as [`LogEvent::Log`].
    /// [`LogFilter::Off`] ends it.
    pub fn follow_log(&self, board: BoardKey, wanted: LogFilter) {
        self.send(FleetRequest::FollowLog(board, wanted));
    }

    /// Follows the live preview of the board's light from now on, across
    /// reconnects, as [`BoardView::preview`]; or no longer. Only some families
    /// have one, and their boards send it to one client at a time: follow it
    /// while it is shown.
    pub fn follow_preview(&self, board: BoardKey, wanted: bool) {
        self.send(FleetRequest::FollowPreview(board, wanted));
    }

    /// Sets the fields of `change`, by the `Set` method of the component's
    /// kind. The newest change wins: one is in flight, at most one is queued,
    /// and a newer one is merged into it.
    pub fn set(&self, board: BoardKey, component: &ComponentKey, change: State, reply: Reply) {
        let command = Command::set(self.new_id(), component.clone(), change);
        self.send(FleetRequest::Command(board, command, reply));
    }

    /// `Switch.Toggle`, or `Light.Set` of the opposite.
    pub fn toggle(&self, board: BoardKey, component: &ComponentKey, reply: Reply) {
        let id = self.new_id();
        self.send(FleetRequest::Toggle(board, id, component.clone(), reply));
    }

    /// `Button.Press`.
    pub fn press(&self, board: BoardKey, component: &ComponentKey, reply: Reply) {
        let command = Command::press(self.new_id(), component.clone());
        self.send(FleetRequest::Command(board, command, reply));
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
        self.send(FleetRequest::Command(board, command, reply));
    }

    /// Any method.
    pub fn call(&self, board: BoardKey, method: &str, params: Object, reply: Reply) {
        let command = Command::call(self.new_id(), method, params);
        self.send(FleetRequest::Command(board, command, reply));
    }

    /// Updates a board's firmware: sends the image, lets the board verify it,
    /// and waits until the board is back. The progress is in
    /// [`BoardView::update`]. The image is read on a thread of its own. An
    /// update of the board that is already running goes on instead.
    pub fn update(&self, board: BoardKey, image: ImageSource) {
        let CommandId(update) = self.new_id();
        self.send(FleetRequest::Update(board, update, image));
    }

    /// Cancels the update by this program, unless the board was already told to
    /// commit the image.
    pub fn cancel_update(&self, board: BoardKey) {
        self.send(FleetRequest::CancelUpdate(board));
    }

    /// Ends a session of the server that keeps the fleet. Without a server, or
    /// from a window that does not manage sessions, nothing happens.
    pub fn end_session(&self, session: u32) {
        self.send(FleetRequest::EndSession(session));
    }

    /// Lets a session of the server do more, or less.
    pub fn grant(&self, session: u32, access: Role) {
        self.send(FleetRequest::Grant(session, access));
    }

    /// Has every window of the server show the same page, by the name that
    /// windows give it.
    pub fn show_page(&self, page: &str) {
        self.send(FleetRequest::ShowPage(page.to_owned()));
    }

    /// Connects to the server at once instead of after the backoff.
    pub fn reconnect(&self) {
        self.send(FleetRequest::Reconnect);
    }

    /// A number for a command or an update.
    fn new_id(&self) -> CommandId {
        CommandId(self.next_id.fetch_add(1, Ordering::Relaxed))
    }

    fn send(&self, request: FleetRequest) {
        // What keeps the fleet ends before it only if it panicked; then the
        // reply is dropped with the request.
        let _ = self.requests.send(request);
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        self.send(FleetRequest::End);
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
