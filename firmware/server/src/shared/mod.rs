//! The board as all its connections share it, and who is woken when it has
//! something to do. Runs on one thread without a lock: each call is short, and
//! nothing waits while the board is borrowed.

mod activity;
mod controller;
mod keys;
mod outbound;
mod timer;

use alloc::{collections::BTreeMap, string::String, vec::Vec};
use core::{
    cell::{Cell, RefCell, RefMut},
    fmt,
    future::poll_fn,
    task::{Poll, Waker},
    time::Duration,
};

use board::{
    Board, ClientId, Core, Effects, Hardware, Identity, Plan, PlanError, Retained, Unsaved,
};
use protocol::{
    ComponentKey, Epoch, Level, PROTOCOL_MAJOR, RPC_PATH, RpcError, Source, State,
    mdns::Announcement,
};

pub(crate) use self::{activity::Exchange, controller::Controller, keys::PairingRequest};
use self::{controller::ClientTask, timer::Timer};
use crate::{clock::Clock, deferred_restart::DeferredRestart, handshake_limiter::HandshakeLimiter};

/// A board with its clock, shared by the tasks that serve it.
pub struct Shared<H, C> {
    inner: RefCell<Inner<H>>,
    clock: C,
    /// Memory per connection, in bytes; 0 until the first is served.
    connection_size: Cell<usize>,
}

pub(crate) struct Inner<H> {
    board: Board<DeferredRestart<H>>,
    clients: BTreeMap<ClientId, ClientTask>,
    timer: Timer,
    /// Connections that have something to finish before a restart.
    exchanges: usize,
    handshakes: HandshakeLimiter,
    /// Tasks that wait for a change of the board: a new name, a restart, data
    /// to save, an outbound connection, a handshake, pairing. A handful.
    watchers: Vec<Waker>,
    /// Tasks that wait for log lines or telemetry frames.
    record_readers: Vec<Waker>,
    /// Open connections of every kind.
    connections: usize,
}

impl<H: Hardware, C: Clock> Shared<H, C> {
    /// A board that has just booted: `clock` is near zero. `retained` is what
    /// [`Self::keep`] saved.
    ///
    /// # Errors
    /// As [`Board::new`](board::Board::new).
    pub fn new(
        plan: Plan,
        retained: &[Retained],
        epoch: Epoch,
        hardware: H,
        clock: C,
    ) -> Result<Self, PlanError> {
        let board = Board::new(plan, retained, epoch, DeferredRestart::new(hardware))?;
        let inner = RefCell::new(Inner {
            board,
            clients: BTreeMap::new(),
            timer: Timer::default(),
            exchanges: 0,
            handshakes: HandshakeLimiter::default(),
            watchers: Vec::new(),
            record_readers: Vec::new(),
            connections: 0,
        });
        Ok(Self {
            inner,
            clock,
            connection_size: Cell::new(0),
        })
    }

    /// The board's clock.
    pub fn clock(&self) -> &C {
        &self.clock
    }

    /// The board's identity, with its current name.
    pub fn identity(&self) -> Identity {
        self.inner.borrow().board.identity().clone()
    }

    /// The number of components.
    pub fn components(&self) -> usize {
        self.inner.borrow().board.components()
    }

    pub(crate) fn has_telemetry(&self) -> bool {
        self.with(|board, _| board.has_telemetry())
    }

    /// The board's current mDNS announcement.
    pub fn announcement(&self) -> Announcement {
        let Identity {
            id,
            name,
            mac,
            version,
            platform,
            board,
        } = self.identity();
        Announcement {
            id,
            mac,
            friendly_name: name,
            version,
            platform,
            board,
            proto: PROTOCOL_MAJOR,
            path: RPC_PATH.into(),
            api_encryption: self.is_locked().then(|| noise::SUITE.into()),
        }
    }

    /// Waits until the board's announcement differs from this one: in its name,
    /// or in whether it is locked.
    pub async fn announcement_changed(&self, from: &Announcement) {
        let locked = from.api_encryption.is_some();
        self.watch(|inner| {
            inner.board.name() != from.friendly_name || inner.board.is_locked() != locked
        })
        .await;
    }

    /// A component changed at the board: see
    /// [`Core::observe`](board::Core::observe).
    ///
    /// # Errors
    /// As [`Core::observe`](board::Core::observe).
    pub fn observe(
        &self,
        key: &ComponentKey,
        change: State,
        source: Source,
    ) -> Result<(), RpcError> {
        self.with(|board, now| board.observe(now, key, change, source))
    }

    /// A button was pressed at the board: see
    /// [`Core::press`](board::Core::press).
    ///
    /// # Errors
    /// As [`Core::press`](board::Core::press).
    pub fn press(&self, key: &ComponentKey, event: &str) -> Result<(), RpcError> {
        self.with(|board, now| board.press(now, key, event))
    }

    /// As [`Self::press`], of a button whose contact closed at `began`: see
    /// [`Core::press_begun`](board::Core::press_begun).
    ///
    /// # Errors
    /// As [`Core::press`](board::Core::press).
    pub fn press_begun(
        &self,
        began: Duration,
        key: &ComponentKey,
        event: &str,
    ) -> Result<(), RpcError> {
        self.with(|board, now| board.press_begun(now, began, key, event))
    }

    /// The board was renamed at the board: see
    /// [`Core::rename`](board::Core::rename).
    ///
    /// # Errors
    /// As [`Core::rename`](board::Core::rename).
    pub fn rename(&self, name: &str) -> Result<(), RpcError> {
        self.with(|board, now| board.rename(now, name, Source::Physical))
    }

    /// Handles one request outside a channel: see
    /// [`Core::call`](board::Core::call).
    pub fn call(&self, text: &str) -> Option<String> {
        self.with(|board, now| board.call(now, text))
    }

    /// A factory reset at the board: see
    /// [`Core::factory_reset`](board::Core::factory_reset).
    pub fn factory_reset(&self) {
        self.with(|board, now| board.factory_reset(now));
    }

    /// A person at the board makes it require signed firmware, or no longer:
    /// see [`Core::require_signatures`](board::Core::require_signatures).
    ///
    /// # Errors
    /// As [`Core::require_signatures`](board::Core::require_signatures).
    pub fn require_signatures(&self, required: bool) -> Result<(), RpcError> {
        self.with(|board, now| board.require_signatures(now, required, Source::Physical))
    }

    /// Whether the board accepts only signed firmware.
    pub fn requires_signatures(&self) -> bool {
        self.with(|board, _| board.requires_signatures())
    }

    /// A person at the board returns to the other image: see
    /// [`Core::return_to_other_image`](board::Core::return_to_other_image).
    ///
    /// # Errors
    /// As [`Core::return_to_other_image`](board::Core::return_to_other_image).
    pub fn return_to_other_image(&self) -> Result<(), RpcError> {
        self.with(|board, now| board.return_to_other_image(now))
    }

    /// Saves what the board retains, forever. `save` writes or erases one entry
    /// and reports its own errors; a failed write is tried again.
    pub async fn keep<E>(&self, mut save: impl AsyncFnMut(&Unsaved) -> Result<(), E>) -> ! {
        loop {
            self.watch(|inner| inner.board.has_unsaved()).await;
            let Some(unsaved) = self.with(|board, now| board.take_unsaved(now)) else {
                continue;
            };
            match save(&unsaved).await {
                Ok(()) => self.with(|board, _| board.saved()),
                Err(_) => self.with(|board, now| board.save_failed(now, &unsaved)),
            }
        }
    }

    /// Adds a line to the board's log.
    pub fn log(&self, level: Level, message: fmt::Arguments<'_>) {
        self.with(|board, now| board.log(now, level, message));
    }

    /// Changes the board's hardware from outside.
    pub fn with_hardware<R>(&self, change: impl FnOnce(&mut H) -> R) -> R {
        change(self.inner.borrow_mut().board.hardware_mut().inner_mut())
    }

    pub(crate) fn inner(&self) -> RefMut<'_, Inner<H>> {
        self.inner.borrow_mut()
    }

    /// Changes the board, then wakes the tasks that the change concerns.
    pub(crate) fn with<R>(
        &self,
        change: impl FnOnce(&mut Core<DeferredRestart<H>>, Duration) -> R,
    ) -> R {
        let now = self.clock.now();
        let mut inner = self.inner.borrow_mut();
        let connections = inner.connections;
        let (result, effects) = inner.board.handle(|board| {
            board.set_connections(connections);
            change(board, now)
        });
        inner.apply(effects);
        result
    }

    /// Waits until `done` holds. It is evaluated again after each change that
    /// wakes watchers.
    pub(crate) async fn watch(&self, done: impl Fn(&Inner<H>) -> bool) {
        poll_fn(|cx| {
            let mut inner = self.inner.borrow_mut();
            if done(&inner) {
                return Poll::Ready(());
            }
            register(&mut inner.watchers, cx.waker());
            Poll::Pending
        })
        .await;
    }
}

impl<H: Hardware> Inner<H> {
    /// Wakes the tasks that a change of the board concerns.
    fn apply(&mut self, effects: Effects) {
        let Effects {
            outgoing,
            announcement,
            closed,
            outbound,
            pairing,
            unsaved,
            unread,
            next_deadline,
        } = effects;
        if outgoing {
            for (client, task) in &mut self.clients {
                if task.waker.is_some() && self.board.has_outgoing(*client) {
                    wake(&mut task.waker);
                }
            }
        }
        self.timer.wake_for(next_deadline);
        let restart = self.board.hardware().restart_is_due();
        if announcement || closed || outbound || pairing || unsaved || restart {
            self.wake_watchers();
        }
        if unread {
            self.record_readers.drain(..).for_each(Waker::wake);
        }
    }

    pub(crate) fn board(&self) -> &Board<DeferredRestart<H>> {
        &self.board
    }

    /// Wakes this task once when the board has new log lines or telemetry.
    pub(crate) fn wake_on_records(&mut self, waker: &Waker) {
        register(&mut self.record_readers, waker);
    }

    fn wake_watchers(&mut self) {
        self.watchers.drain(..).for_each(Waker::wake);
    }
}

/// Adds a waker unless it is there.
fn register(wakers: &mut Vec<Waker>, waker: &Waker) {
    if !wakers.iter().any(|other| other.will_wake(waker)) {
        wakers.push(waker.clone());
    }
}

fn wake(waker: &mut Option<Waker>) {
    if let Some(waker) = waker.take() {
        waker.wake();
    }
}
