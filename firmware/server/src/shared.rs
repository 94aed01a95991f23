//! The board as its connections share it: who is woken when the board has
//! something to say. One thread, no lock; every call is short and none waits
//! while the board is borrowed.

use alloc::{collections::BTreeMap, string::String, vec::Vec};
use core::{
    cell::{Cell, RefCell, RefMut},
    fmt,
    future::poll_fn,
    net::IpAddr,
    task::{Context, Poll, Waker},
    time::Duration,
};

use board::{
    Board, ClientId, Core, Effects, Hardware, Identity, Origin, OutboundAttempt, Outgoing,
    PairingRequest, PairingState, Plan, PlanError, Retained, Unsaved,
};
use noise::{Hello, Key, KeyId, Psk, Role};
use protocol::{
    ComponentKey, Epoch, Level, PROTOCOL_MAJOR, RPC_PATH, RpcError, Source, State,
    mdns::Announcement,
    outbound::{Outbound, OutboundUrl},
};

use crate::{clock::Clock, handshakes::Handshakes, hardware::Watched};

/// A board, its clock, and those who wait for it.
pub struct Shared<H, C> {
    inner: RefCell<Inner<H>>,
    clock: C,
    /// What a connection holds by being there, in bytes; 0 until the first is
    /// served.
    held: Cell<usize>,
}

pub(crate) struct Inner<H> {
    board: Board<Watched<H>>,
    clients: BTreeMap<ClientId, Waiting>,
    run: Run,
    /// Connections that have something to finish before a restart.
    conversations: usize,
    handshakes: Handshakes,
    /// Who waits for a new name, a restart, something to keep, a call, a
    /// handshake or a turn of pairing: a handful.
    watching: Vec<Waker>,
    /// Who waits for lines of the log or frames of telemetry.
    reading: Vec<Waker>,
    /// Connections of every kind.
    connections: usize,
}

/// The task of a controller's connection.
#[derive(Default)]
struct Waiting {
    waker: Option<Waker>,
    /// It has a message for the board, which is to come when the client's queue
    /// has room for the answer.
    for_room: bool,
}

/// The task that calls `run_until`.
#[derive(Default)]
struct Run {
    /// For when its timer is set; `None` is never.
    armed: Option<Duration>,
    waker: Option<Waker>,
}

impl<H: Hardware, C: Clock> Shared<H, C> {
    /// A board that has just booted: `clock` stands near zero. `retained` is
    /// what [`Self::keep`] wrote.
    ///
    /// # Errors
    /// As [`Board::new`].
    pub fn new(
        plan: Plan,
        retained: &[Retained],
        epoch: Epoch,
        hardware: H,
        clock: C,
    ) -> Result<Self, PlanError> {
        let board = Board::new(plan, retained, epoch, Watched::new(hardware))?;
        let inner = RefCell::new(Inner {
            board,
            clients: BTreeMap::new(),
            run: Run::default(),
            conversations: 0,
            handshakes: Handshakes::default(),
            watching: Vec::new(),
            reading: Vec::new(),
            connections: 0,
        });
        Ok(Self {
            inner,
            clock,
            held: Cell::new(0),
        })
    }

    /// The board's clock.
    pub fn clock(&self) -> &C {
        &self.clock
    }

    /// What the board is; with the name that it has now.
    pub fn identity(&self) -> Identity {
        self.inner.borrow().board.identity().clone()
    }

    /// How many components it has.
    pub fn components(&self) -> usize {
        self.inner.borrow().board.components()
    }

    pub(crate) fn has_telemetry(&self) -> bool {
        self.with(|board, _| board.has_telemetry())
    }

    /// What it says of itself by mDNS now.
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

    /// A hand at the board, or the world: see [`Board::observe`].
    ///
    /// # Errors
    /// As [`Board::observe`].
    pub fn observe(
        &self,
        key: &ComponentKey,
        change: State,
        source: Source,
    ) -> Result<(), RpcError> {
        self.with(|board, now| board.observe(now, key, change, source))
    }

    /// A hand pressed a button: see [`Board::press`].
    ///
    /// # Errors
    /// As [`Board::press`].
    pub fn press(&self, key: &ComponentKey, event: &str) -> Result<(), RpcError> {
        self.with(|board, now| board.press(now, key, event))
    }

    /// As [`Self::press`], of a button whose contact closed at `began`: see
    /// [`Board::press_begun`].
    ///
    /// # Errors
    /// As [`Board::press`].
    pub fn press_begun(
        &self,
        began: Duration,
        key: &ComponentKey,
        event: &str,
    ) -> Result<(), RpcError> {
        self.with(|board, now| board.press_begun(now, began, key, event))
    }

    /// A hand at the board names it: see [`Board::rename`].
    ///
    /// # Errors
    /// As [`Board::rename`].
    pub fn rename(&self, name: &str) -> Result<(), RpcError> {
        self.with(|board, now| board.rename(now, name, Source::Physical))
    }

    /// One request outside of a channel: see [`Board::call`].
    pub fn call(&self, text: &str) -> Option<String> {
        self.with(|board, now| board.call(now, text))
    }

    /// A hand at the board wants it as new: see [`Board::factory_reset`].
    pub fn factory_reset(&self) {
        self.with(|board, now| board.factory_reset(now));
    }

    /// Keeps what is to be kept, for ever: `save` writes or erases, and is
    /// called for one thing at a time. A write that fails is tried again; why
    /// it failed is for `save` to tell.
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

    /// Waits until the board announces itself otherwise: its name has changed,
    /// or whether it is locked.
    pub async fn announced_otherwise(&self, than: &Announcement) {
        let locked = than.api_encryption.is_some();
        self.watch(|inner| {
            inner.board.name() != than.friendly_name || inner.board.is_locked() != locked
        })
        .await;
    }

    /// Whether only who has a key is obeyed.
    pub fn is_locked(&self) -> bool {
        self.inner.borrow().board.is_locked()
    }

    /// Waits until that is so: side channels of an open board end then.
    pub(crate) async fn until_locked(&self) {
        self.watch(|inner| inner.board.is_locked()).await;
    }

    /// Whether a handshake with this key would be answered.
    pub fn has_key(&self, kid: KeyId) -> bool {
        self.psk(kid).is_some()
    }

    /// A hand at the board makes a key: see [`Board::add_key`].
    ///
    /// # Errors
    /// As [`Board::add_key`].
    pub fn add_key(&self, name: &str, role: Role) -> Result<Key, RpcError> {
        self.with(|board, now| board.add_key(now, name, role))
    }

    /// A hand at the board wants to pair it: see [`Board::open_pairing`].
    pub fn open_pairing(&self) {
        self.with(|board, now| board.open_pairing(now));
    }

    pub(crate) fn random<const N: usize>(&self) -> Option<[u8; N]> {
        self.with(|board, _| board.random())
    }

    pub(crate) fn greeting(&self) -> Option<Hello> {
        self.with(|board, _| board.greeting())
    }

    pub(crate) fn psk(&self, kid: KeyId) -> Option<Psk> {
        self.inner.borrow().board.psk(kid)
    }

    /// What a key allows; `None` where the board has no such key.
    pub(crate) fn role(&self, kid: KeyId) -> Option<Role> {
        self.inner.borrow().board.role(kid)
    }

    /// Somebody had a wrong key: how long the answer is to wait.
    pub(crate) fn wrong_key(&self, kid: KeyId) -> Duration {
        let delay = self.inner.borrow_mut().handshakes.failed(self.clock.now());
        self.log(
            Level::Warn,
            format_args!("somebody tried a wrong key ({kid})"),
        );
        delay
    }

    /// Waits until no other handshake of this key is under way; the next one
    /// waits until the guard is dropped.
    pub(crate) async fn handshake(&self, kid: KeyId) -> Handshake<'_, H, C> {
        loop {
            if self.inner.borrow_mut().handshakes.begin(kid) {
                return Handshake { shared: self, kid };
            }
            self.watch(|inner| inner.handshakes.is_free(kid)).await;
        }
    }

    /// Whether a controller may ask for a key now.
    pub(crate) fn check_pairing(&self) -> Result<(), RpcError> {
        self.inner.borrow().board.check_pairing()
    }

    /// A controller at this address asks for a key; when the guard is dropped
    /// it does no more.
    pub(crate) fn request_pairing(&self, from: IpAddr) -> Result<AskingForKey<'_, H, C>, RpcError> {
        let asker = self.with(|board, now| board.request_pairing(now, from))?;
        Ok(AskingForKey {
            shared: self,
            asker,
        })
    }

    /// A controller has proved this key.
    pub(crate) fn connect_with_key(
        &self,
        kid: KeyId,
        origin: Origin,
    ) -> Result<Controller<'_, H, C>, RpcError> {
        let client = self.with(|board, now| board.connect_with_key(now, kid))?;
        Ok(self.controller(client, origin))
    }

    /// Calls there from now on, or nobody: see [`Board::set_outbound_url`].
    ///
    /// # Errors
    /// As [`Board::set_outbound_url`].
    pub fn set_outbound_url(&self, url: Option<OutboundUrl>) -> Result<(), RpcError> {
        self.with(|board, now| board.set_outbound_url(now, url))
    }

    /// How its call is, as `Outbound.Get` answers it.
    pub fn outbound(&self) -> Outbound {
        self.inner.borrow().board.outbound(self.clock.now())
    }

    /// Waits until a call is to be made.
    pub(crate) async fn call_due(&self) -> OutboundAttempt {
        loop {
            self.watch(|inner| inner.board.is_outbound_due()).await;
            if let Some(call) = self.with(|board, now| board.begin_outbound(now)) {
                return call;
            }
        }
    }

    /// Waits until a call that is being made is not wanted any more.
    pub(crate) async fn call_unwanted(&self, number: u32) {
        self.watch(|inner| !inner.board.is_outbound_wanted(number))
            .await;
    }

    pub(crate) fn outbound_connected(&self, number: u32, controller: &Controller<'_, H, C>) {
        self.with(|board, now| board.outbound_connected(now, number, controller.client));
    }

    pub(crate) fn outbound_ended(&self, number: u32, why: &str) {
        self.with(|board, now| board.outbound_ended(now, number, why));
    }

    /// What the board runs on, to be changed from outside.
    pub fn with_hardware<R>(&self, change: impl FnOnce(&mut H) -> R) -> R {
        change(self.inner.borrow_mut().board.hardware_mut().inner_mut())
    }

    /// Waits until a restart is due: the controllers have been told, and
    /// nothing new is begun.
    pub(crate) async fn restarting(&self) {
        self.watch(|inner| inner.board.hardware().restart_is_due())
            .await;
    }

    /// Restarts the hardware.
    pub(crate) fn restart(&self) {
        self.inner
            .borrow_mut()
            .board
            .hardware_mut()
            .inner_mut()
            .reboot();
    }

    /// Waits until no connection has anything to finish.
    pub(crate) async fn quiet(&self) {
        self.watch(|inner| inner.conversations == 0).await;
    }

    pub(crate) fn inner(&self) -> RefMut<'_, Inner<H>> {
        self.inner.borrow_mut()
    }

    /// What a connection holds by being there, in bytes: its task, and its
    /// buffers here and in the network.
    pub(crate) fn set_held(&self, bytes: usize) {
        self.held.set(bytes);
    }

    pub(crate) fn held(&self) -> Option<usize> {
        Some(self.held.get()).filter(|held| *held > 0)
    }

    /// Counts a connection until the guard is dropped.
    pub(crate) fn count(&self) -> Counted<'_, H, C> {
        self.inner.borrow_mut().connections += 1;
        Counted { shared: self }
    }

    /// Notes that something has begun which a restart waits for, until the
    /// guard is dropped.
    pub(crate) fn converse(&self) -> Conversation<'_, H, C> {
        self.inner.borrow_mut().conversations += 1;
        Conversation { shared: self }
    }

    /// A controller opened the control channel.
    pub(crate) fn connect(&self, origin: Origin) -> Result<Controller<'_, H, C>, RpcError> {
        let client = self.with(|board, now| board.connect(now))?;
        Ok(self.controller(client, origin))
    }

    fn controller(&self, client: ClientId, origin: Origin) -> Controller<'_, H, C> {
        self.with(|board, _| board.set_origin(client, origin));
        self.inner
            .borrow_mut()
            .clients
            .insert(client, Waiting::default());
        Controller {
            shared: self,
            client,
        }
    }

    /// Does what is due, whenever it is due, for ever.
    pub(crate) async fn run(&self) {
        loop {
            self.with(|board, now| board.run_until(now));
            let deadline = {
                let mut inner = self.inner.borrow_mut();
                let deadline = inner.board.next_deadline();
                inner.run.armed = deadline;
                deadline
            };
            let sooner = poll_fn(|cx| {
                let mut inner = self.inner.borrow_mut();
                if is_sooner(inner.board.next_deadline(), inner.run.armed) {
                    return Poll::Ready(());
                }
                inner.run.waker = Some(cx.waker().clone());
                Poll::Pending
            });
            let due = async {
                match deadline {
                    Some(deadline) => self.clock.sleep_until(deadline).await,
                    None => core::future::pending().await,
                }
            };
            embassy_futures::select::select(sooner, due).await;
        }
    }

    /// Changes the board, then wakes the tasks for which that matters.
    pub(crate) fn with<R>(&self, change: impl FnOnce(&mut Core<Watched<H>>, Duration) -> R) -> R {
        let now = self.clock.now();
        let mut inner = self.inner.borrow_mut();
        let connections = inner.connections;
        let (result, effects) = inner.board.handle(|board| {
            board.set_connections(connections);
            change(board, now)
        });
        inner.act_on(effects);
        result
    }

    pub(crate) async fn watch(&self, done: impl Fn(&Inner<H>) -> bool) {
        poll_fn(|cx| {
            let mut inner = self.inner.borrow_mut();
            if done(&inner) {
                return Poll::Ready(());
            }
            if !inner
                .watching
                .iter()
                .any(|waker| waker.will_wake(cx.waker()))
            {
                inner.watching.push(cx.waker().clone());
            }
            Poll::Pending
        })
        .await;
    }
}

impl<H: Hardware> Inner<H> {
    /// Wakes the tasks for which a change of the board matters.
    fn act_on(&mut self, effects: Effects) {
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
            for (client, waiting) in &mut self.clients {
                if waiting.waker.is_some() && self.board.has_outgoing(*client) {
                    wake(&mut waiting.waker);
                }
            }
        }
        if is_sooner(next_deadline, self.run.armed) {
            wake(&mut self.run.waker);
        }
        let restart = self.board.hardware().restart_is_due();
        if announcement || closed || outbound || pairing || unsaved || restart {
            self.wake_watching();
        }
        if unread {
            self.reading.drain(..).for_each(Waker::wake);
        }
    }

    pub(crate) fn board(&self) -> &Board<Watched<H>> {
        &self.board
    }

    /// This one waits for lines or frames.
    pub(crate) fn reads(&mut self, waker: &Waker) {
        if !self.reading.iter().any(|other| other.will_wake(waker)) {
            self.reading.push(waker.clone());
        }
    }

    fn wake_watching(&mut self) {
        self.watching.drain(..).for_each(Waker::wake);
    }
}

fn is_sooner(deadline: Option<Duration>, armed: Option<Duration>) -> bool {
    deadline.is_some_and(|deadline| armed.is_none_or(|armed| deadline < armed))
}

fn wake(waker: &mut Option<Waker>) {
    if let Some(waker) = waker.take() {
        waker.wake();
    }
}

/// Something that a restart waits for.
pub(crate) struct Conversation<'a, H: Hardware, C: Clock> {
    shared: &'a Shared<H, C>,
}

impl<H: Hardware, C: Clock> Drop for Conversation<'_, H, C> {
    fn drop(&mut self) {
        let mut inner = self.shared.inner.borrow_mut();
        inner.conversations -= 1;
        if inner.conversations == 0 {
            inner.wake_watching();
        }
    }
}

/// A connection that is counted, until it is dropped.
pub(crate) struct Counted<'a, H: Hardware, C: Clock> {
    shared: &'a Shared<H, C>,
}

impl<H: Hardware, C: Clock> Drop for Counted<'_, H, C> {
    fn drop(&mut self) {
        self.shared.inner.borrow_mut().connections -= 1;
    }
}

/// The handshake of a key that is under way, until it is dropped.
pub(crate) struct Handshake<'a, H: Hardware, C: Clock> {
    shared: &'a Shared<H, C>,
    kid: KeyId,
}

impl<H: Hardware, C: Clock> Drop for Handshake<'_, H, C> {
    fn drop(&mut self) {
        let mut inner = self.shared.inner.borrow_mut();
        inner.handshakes.end(self.kid);
        inner.wake_watching();
    }
}

/// A controller that asks for a key, until it is dropped.
pub(crate) struct AskingForKey<'a, H: Hardware, C: Clock> {
    shared: &'a Shared<H, C>,
    asker: PairingRequest,
}

impl<H: Hardware, C: Clock> AskingForKey<'_, H, C> {
    /// Waits until it no longer waits for its turn.
    pub(crate) async fn turn(&self) -> PairingState {
        self.until(|turn| turn != PairingState::Queued).await
    }

    /// Waits until the code was confirmed at the board, or it is over.
    pub(crate) async fn outcome(&self) -> PairingState {
        self.until(|turn| matches!(turn, PairingState::Confirmed | PairingState::Over))
            .await
    }

    /// Waits until it is over.
    pub(crate) async fn over(&self) {
        self.until(|turn| turn == PairingState::Over).await;
    }

    async fn until(&self, done: impl Fn(PairingState) -> bool) -> PairingState {
        self.shared
            .watch(|inner| done(inner.board.pairing_state(self.asker)))
            .await;
        self.shared.inner.borrow().board.pairing_state(self.asker)
    }

    pub(crate) fn show_code(&self, code: noise::Code) {
        self.shared
            .with(|board, now| board.show_pairing_code(now, self.asker, code));
    }

    pub(crate) fn take_key(&self) -> Result<Key, RpcError> {
        self.shared
            .with(|board, now| board.take_paired_key(now, self.asker))
    }
}

impl<H: Hardware, C: Clock> Drop for AskingForKey<'_, H, C> {
    fn drop(&mut self) {
        self.shared
            .with(|board, now| board.cancel_pairing(now, self.asker));
    }
}

/// A place at the board, until it is dropped.
pub(crate) struct Controller<'a, H: Hardware, C: Clock> {
    shared: &'a Shared<H, C>,
    client: ClientId,
}

impl<'a, H: Hardware, C: Clock> Controller<'a, H, C> {
    pub(crate) fn clock(&self) -> &'a C {
        &self.shared.clock
    }

    /// Waits until the board has decided to close the channel.
    pub(crate) async fn dismissed(&self) {
        poll_fn(|cx| self.poll(cx, |board| board.is_ending(self.client).then_some(()))).await;
    }

    /// Waits until the client's queue has room for what a request brings.
    pub(crate) async fn room(&self) {
        poll_fn(|cx| {
            let room = self.poll(cx, |board| board.has_room(self.client).then_some(()));
            if let Some(waiting) = self.shared.inner.borrow_mut().clients.get_mut(&self.client) {
                waiting.for_room = room.is_pending();
            }
            room
        })
        .await;
    }

    fn poll<R>(
        &self,
        cx: &Context<'_>,
        ask: impl FnOnce(&mut Board<Watched<H>>) -> Option<R>,
    ) -> Poll<R> {
        let mut inner = self.shared.inner.borrow_mut();
        let answer = ask(&mut inner.board);
        if let Some(answer) = answer {
            return Poll::Ready(answer);
        }
        if let Some(waiting) = inner.clients.get_mut(&self.client) {
            waiting.waker = Some(cx.waker().clone());
        }
        Poll::Pending
    }

    pub(crate) fn pong_received(&self) {
        let now = self.shared.clock.now();
        self.shared
            .inner
            .borrow_mut()
            .board
            .pong_received(now, self.client);
    }

    pub(crate) fn receive(&self, text: &str) {
        self.shared
            .with(|board, now| board.receive(now, self.client, text));
    }

    pub(crate) fn heard(&self) {
        let now = self.shared.clock.now();
        let mut inner = self.shared.inner.borrow_mut();
        inner.board.heard(now, self.client);
    }

    /// What to send next.
    pub(crate) fn poll_outgoing(&self, cx: &Context<'_>) -> Poll<Outgoing> {
        let now = self.shared.clock.now();
        let next = self.poll(cx, |board| board.next_outgoing(now, self.client));
        let mut inner = self.shared.inner.borrow_mut();
        let Inner { board, clients, .. } = &mut *inner;
        if let Some(waiting) = clients.get(&self.client)
            && waiting.for_room
            && board.has_room(self.client)
        {
            cx.waker().wake_by_ref();
        }
        next
    }
}

impl<H: Hardware, C: Clock> Drop for Controller<'_, H, C> {
    fn drop(&mut self) {
        self.shared.inner.borrow_mut().clients.remove(&self.client);
        self.shared
            .with(|board, now| board.disconnect(now, self.client));
    }
}
