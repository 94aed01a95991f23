//! A board without a chip: its components, its clients and what they are told.
//!
//! Messages and time go in, messages and output settings come out. It owns no socket and reads no clock: every call that
//! depends on time takes `now`, the time since boot, and [`Board::next_deadline`] says when to call [`Board::run_until`] again.
#![no_std]

extern crate alloc;

use alloc::{string::String, vec::Vec};
use core::time::Duration;

use protocol::{ComponentKey, Descriptor, Epoch, RpcError, Source, State};

/// What a board is, apart from what is on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Lower-case letters, digits and hyphens; unique for ever.
    pub id: String,
    /// For people.
    pub name: String,
    /// `aa:bb:cc:dd:ee:ff`.
    pub mac: String,
    /// The firmware's version.
    pub version: String,
    /// `esp32c3`, `virtual`.
    pub platform: String,
    /// The product or development board.
    pub board: String,
}

/// A component as a board is built with it.
#[derive(Debug, Clone, PartialEq)]
pub struct Component {
    /// How it describes itself.
    pub descriptor: Descriptor,
    /// The whole state at boot; empty for a button.
    pub state: State,
}

/// Everything that a board is built from.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// What it is.
    pub identity: Identity,
    /// What is on it, in the order in which it is shown.
    pub components: Vec<Component>,
    /// Buttons that act at the board itself, with or without a network: a press of the first toggles the second.
    pub bindings: Vec<(ComponentKey, ComponentKey)>,
    /// Controllers at once; [`protocol::limits::CONTROLLERS`] on a chip.
    pub controllers: usize,
}

/// What the board core asks of what it runs on.
pub trait Hardware {
    /// Makes an output as `state` has it: the whole state, at every step of a fade.
    ///
    /// # Errors
    /// What the hardware cannot do now, and why: the command is refused with it and nothing has changed.
    fn set_output(&mut self, key: &ComponentKey, state: &State) -> Result<(), RpcError>;

    /// What a sensor or binary sensor reads now; `None` where it has not changed or cannot tell.
    fn read_input(&mut self, now: Duration, key: &ComponentKey) -> Option<State>;

    /// Shows which board it is for some seconds.
    fn identify(&mut self);

    /// Restarts; called once the answer to the command has been taken.
    fn reboot(&mut self);

    /// Keeps the name over a restart.
    fn keep_name(&mut self, name: &str);

    /// Free memory, in bytes.
    fn free_memory(&self) -> Option<u32>;

    /// Signal strength, in dBm.
    fn rssi(&self) -> Option<i8>;
}

/// Names a connected client. The number is what `Source::Client` has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientId(pub u32);

/// What shall be done on a client's connection, in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outgoing {
    /// Send a text message.
    Text(String),
    /// Send a WebSocket ping.
    Ping,
    /// Send a close frame and end the connection.
    Close {
        /// RFC 6455, section 7.4.
        code: u16,
        /// For people.
        reason: &'static str,
    },
}

/// The board.
pub struct Board<H> {
    epoch: Epoch,
    plan: Plan,
    hardware: H,
}

/// A plan that no board can follow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanError(pub String);

impl<H: Hardware> Board<H> {
    /// # Errors
    /// Where two components have one key, a state does not fit its kind, or the snapshot of all would not fit into a message.
    pub fn new(plan: Plan, epoch: Epoch, hardware: H) -> Result<Self, PlanError> {
        Ok(Self { epoch, plan, hardware })
    }

    /// A controller opened `/rpc`.
    ///
    /// # Errors
    /// `resource_exhausted` where all places are taken; the connection is refused with HTTP 503 and this as its body.
    pub fn connect(&mut self, now: Duration) -> Result<ClientId, RpcError> {
        todo!()
    }

    /// A controller's connection ended.
    pub fn disconnect(&mut self, client: ClientId) {
        todo!()
    }

    /// A controller sent a text message.
    pub fn receive(&mut self, now: Duration, client: ClientId, text: &str) {
        todo!()
    }

    /// A controller sent something else: a ping, a pong, an empty frame. Any frame counts as life.
    pub fn heard(&mut self, now: Duration, client: ClientId) {
        todo!()
    }

    /// What to send to a controller next. To be asked until it answers `None`, each time that a message has been handed to the
    /// network; what is not taken is coalesced.
    pub fn next_outgoing(&mut self, now: Duration, client: ClientId) -> Option<Outgoing> {
        todo!()
    }

    /// Whether [`Self::next_outgoing`] has something.
    pub fn has_outgoing(&self, client: ClientId) -> bool {
        todo!()
    }

    /// `POST /rpc`: one request, its answer; `None` for a notification.
    pub fn call(&mut self, now: Duration, text: &str) -> Option<String> {
        todo!()
    }

    /// A hand at the board, or the world: an input or a switch changed.
    ///
    /// # Errors
    /// Where there is no such component or the change does not fit its kind.
    pub fn observe(
        &mut self,
        now: Duration,
        key: &ComponentKey,
        change: State,
        source: Source,
    ) -> Result<(), RpcError> {
        todo!()
    }

    /// A hand pressed a button: `press`, `double_press`, `long_press`.
    ///
    /// # Errors
    /// Where there is no such button or event.
    pub fn press(&mut self, now: Duration, key: &ComponentKey, event: &str) -> Result<(), RpcError> {
        todo!()
    }

    /// Does what has become due: fades, batches, samples, pings, evictions of the silent.
    pub fn run_until(&mut self, now: Duration) {
        todo!()
    }

    /// When [`Self::run_until`] is due next.
    pub fn next_deadline(&self) -> Option<Duration> {
        todo!()
    }
}
