//! A board without a chip: its components, its clients and what they are told.
//!
//! Messages and time go in, messages and output settings come out. It owns no
//! socket and reads no clock: every call that depends on time takes `now`, the
//! time since boot, and [`Board::next_deadline`] says when to call
//! [`Board::run_until`] again.
//!
//! Of a command, a client is sent first the event, then the change, then the
//! answer, so that the `seq` in the answer is one that it has seen. What a hand
//! does at a button goes at once, as a command does; what [`Board::observe`]
//! and sensors bring is gathered for [`protocol::limits::BATCH`]. Whatever is
//! gathered is pushed before a snapshot or a command, so a `seq` always stands
//! for one state of the board.
#![no_std]

extern crate alloc;

mod change;
mod clients;
mod commands;
mod contact;
mod fade;
pub mod gesture;
mod keys;
mod listing;
mod log;
mod number;
mod outbound;
mod outbox;
mod pairing;
mod params;
mod plan;
mod retained;
mod rules;
mod sides;
mod sizes;
mod slot;
mod telemetry;
mod text;
mod update;

use alloc::{string::String, vec::Vec};
use core::{fmt, time::Duration};

use protocol::{ComponentKey, Epoch, Kind, Level, ResetReason, RpcError, Source, State};

pub use clients::{CLOSED_FROM_AFAR, ClientId, Outgoing};
pub use contact::Origin;
pub use keys::{locked, wrong_key};
pub use log::Unread;
pub use outbound::Call;
pub use pairing::{Asker, PairingShown, Turn};
pub use plan::{Component, Identity, Input, Plan, PlanError, SAMPLE_EVERY};
pub use retained::{KEEP_AFTER, Retained, RetainedKey, Unsaved};
pub use sides::{Side, no_telemetry};
pub use slot::{Image, SlotError, UpdateSlot};
pub use telemetry::{SampleSource, Taken};

use change::{Changes, Gathered, Slot};
use clients::Clients;
use commands::Caller;
use keys::{Access, Keys};
use log::Log;
use outbound::Calling;
use pairing::Pairing;
use retained::{KEEP_PATIENCE, Keeping};
use sides::Sides;
use telemetry::Telemetry;
use update::Updates;

/// The longest time from the answer to `Device.Reboot` to the reboot.
const REBOOT_AFTER: Duration = Duration::from_millis(500);

/// What the board core asks of what it runs on.
pub trait Hardware {
    /// Makes an output as `state` has it: the whole state, at every step of a
    /// fade. Of a light's `rgb` and `ct_k` the one that is `null` is not shown.
    ///
    /// # Errors
    /// What the hardware cannot do now, and why: the command is refused with it
    /// and nothing has changed.
    fn set_output(&mut self, key: &ComponentKey, state: &State) -> Result<(), RpcError>;

    /// What a sensor or binary sensor reads now; `None` where it has not
    /// changed or cannot tell.
    fn read_input(&mut self, now: Duration, key: &ComponentKey) -> Option<State>;

    /// A controller pressed a button. Buttons that only report or act by
    /// [`Plan::bindings`] need nothing here.
    ///
    /// # Errors
    /// What the hardware cannot do now, and why: the command is refused with it
    /// and no event is pushed.
    fn pressed_from_afar(&mut self, key: &ComponentKey, event: &str) -> Result<(), RpcError> {
        let _ = (key, event);
        Ok(())
    }

    /// Shows which board it is for some seconds.
    fn identify(&mut self);

    /// Restarts; called once the answer to the command has been taken.
    fn reboot(&mut self);

    /// Free memory, in bytes.
    fn free_memory(&self) -> Option<u32>;

    /// Signal strength, in dBm.
    fn rssi(&self) -> Option<i8>;

    /// Where a new firmware image goes; `None` where it cannot be updated over
    /// the network. Always the same answer.
    fn update_slot(&mut self) -> Option<&mut dyn UpdateSlot> {
        None
    }

    /// What takes samples for `/telemetry`; `None` where nothing does. Always
    /// the same answer.
    fn sample_source(&mut self) -> Option<&mut dyn SampleSource> {
        None
    }

    /// Why it started; `None` where it cannot tell.
    fn reset_reason(&self) -> Option<ResetReason> {
        None
    }

    /// Fills `bytes` from a cryptographic source. `false` where there is none:
    /// such a board cannot be locked.
    fn random(&mut self, bytes: &mut [u8]) -> bool {
        let _ = bytes;
        false
    }

    /// Whether it can open connections of its own, so that the board can be
    /// told to call. Always the same answer.
    fn can_call(&self) -> bool {
        false
    }

    /// Shows how pairing goes, where only a person at the board can see it:
    /// never on the network, where the code could be changed.
    fn show_pairing(&mut self, shown: PairingShown<'_>) {
        let _ = shown;
    }

    /// What the run before this one said when it panicked, once: for the first
    /// line of the log.
    fn take_last_panic(&mut self) -> Option<String> {
        None
    }
}

/// How far a reboot has come.
enum Reboot {
    /// None was asked for.
    No,
    /// The answer is not queued yet.
    Asked {
        by: Source,
        /// At once when no client is left. Not for `POST`, whose answer this
        /// core cannot see leave.
        when_alone: bool,
    },
    /// Everyone was told.
    Due { at: Duration, when_alone: bool },
    /// The hardware was told.
    Done,
}

/// The board.
pub struct Board<H> {
    epoch: Epoch,
    /// Counts changes; 0 is the state at boot.
    seq: u64,
    identity: Identity,
    /// What is announced has changed.
    renamed: bool,
    keys: Keys,
    pairing: Pairing,
    /// As it is kept; `None` where that is not known.
    saved_name: Option<String>,
    slots: Vec<Slot>,
    bindings: Vec<(ComponentKey, ComponentKey)>,
    gathered: Option<Gathered>,
    clients: Clients,
    sides: Sides,
    /// Connections of every kind.
    connections: usize,
    /// A connection was told to end.
    dismissal: bool,
    reboot: Reboot,
    update: Updates,
    keeping: Keeping,
    calling: Calling,
    log: Log,
    telemetry: Telemetry,
    hardware: H,
}

impl<H: Hardware> Board<H> {
    /// Builds the board with what `retained` has of it, and sets its outputs.
    /// Of what was kept, whatever cannot be read, is not of this plan, or is
    /// refused by the hardware is passed over: the plan's value counts then. A
    /// board that keeps nothing, or has nothing kept, has none.
    ///
    /// # Errors
    /// Where two components have one key, a state does not fit its kind, the
    /// hardware refuses an output's first state, or the state of all or a
    /// single description would not fit into a message.
    pub fn new(
        plan: Plan,
        retained: &[Retained],
        epoch: Epoch,
        mut hardware: H,
    ) -> Result<Self, PlanError> {
        let (update, last_error) = Updates::at_boot(hardware.update_slot());
        let firmware = hardware
            .update_slot()
            .map(|_| update::component(&plan.identity.version, last_error));
        let mut plan = plan.checked(firmware)?;
        if let Some(name) =
            retained::find(retained, &RetainedKey::Name).and_then(retained::restored_name)
        {
            plan.identity.name = name;
        }
        let mut slots = Vec::with_capacity(plan.components.len());
        for component in plan.components {
            let mut slot = Slot::new(component);
            slot.boot(retained, &mut hardware)
                .map_err(|error| PlanError(alloc::format!("{}: {error}", slot.descriptor.key)))?;
            slots.push(slot);
        }
        let can_call = hardware.can_call();
        let mut log = Log::default();
        log_boot(&mut log, &plan.identity, &mut hardware);
        Ok(Self {
            epoch,
            seq: 0,
            saved_name: Some(plan.identity.name.clone()),
            identity: plan.identity,
            renamed: false,
            keys: Keys::restored(retained::find(retained, &RetainedKey::Keys)),
            pairing: Pairing::default(),
            slots,
            bindings: plan.bindings,
            gathered: None,
            clients: Clients::new(plan.controllers),
            sides: Sides::new(),
            connections: 0,
            dismissal: false,
            reboot: Reboot::No,
            update,
            keeping: Keeping::Rests,
            calling: Calling::restored(
                retained::find(retained, &RetainedKey::Outbound).filter(|_| can_call),
            ),
            log,
            telemetry: Telemetry::default(),
            hardware,
        })
    }

    /// What it is; the name is the one last set.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The name, for people.
    pub fn name(&self) -> &str {
        &self.identity.name
    }

    /// How many components it has, with those that the board itself adds.
    pub fn components(&self) -> usize {
        self.slots.len()
    }

    /// Whether its name has changed, or whether it is locked: once after each
    /// change, to be announced again by mDNS. To be asked after each call that
    /// brings a request.
    pub fn take_renamed(&mut self) -> bool {
        core::mem::take(&mut self.renamed)
    }

    /// What it runs on.
    pub fn hardware(&self) -> &H {
        &self.hardware
    }

    /// What it runs on, to be changed from outside.
    pub fn hardware_mut(&mut self) -> &mut H {
        &mut self.hardware
    }

    /// A controller opened `/rpc` of an open board.
    ///
    /// # Errors
    /// `resource_exhausted` where all places are taken, `busy` while the board
    /// restarts; the connection is refused with HTTP 503 and this as its body.
    /// `locked` where the board is.
    pub fn connect(&mut self, now: Duration) -> Result<ClientId, RpcError> {
        if self.is_locked() {
            return Err(locked());
        }
        self.let_in(now, Access::Open)
    }

    fn let_in(&mut self, now: Duration, access: Access) -> Result<ClientId, RpcError> {
        if !matches!(self.reboot, Reboot::No) {
            return Err(commands::rebooting());
        }
        match self.clients.connect(now, access) {
            Ok(client) => {
                self.log(
                    now,
                    Level::Info,
                    format_args!("controller {} connected", client.0),
                );
                Ok(client)
            }
            Err(error) => {
                self.log(
                    now,
                    Level::Warn,
                    format_args!("a controller was refused: {}", error.message),
                );
                Err(error)
            }
        }
    }

    /// A controller's connection ended. Also to be called after
    /// [`Outgoing::Close`]; until then its place is taken.
    pub fn disconnect(&mut self, now: Duration, client: ClientId) {
        self.update.left(client);
        self.called_one_goes(client);
        let Some(reader) = self.clients.disconnect(client) else {
            return;
        };
        if let Some(reader) = reader {
            self.log.close(reader);
        }
        self.log(
            now,
            Level::Info,
            format_args!("controller {} is gone", client.0),
        );
    }

    /// Adds a line to the log. Debug lines are made only while somebody reads
    /// them.
    pub fn log(&mut self, now: Duration, level: Level, message: fmt::Arguments<'_>) {
        self.log.add(now, level, &message);
    }

    /// How many lines the log had since boot: another number means that there
    /// are new ones.
    pub fn logged(&self) -> u64 {
        self.log.total()
    }

    /// A controller sent a text message. A driver that reads on while messages
    /// wait to be sent asks [`Self::has_room`] first.
    pub fn receive(&mut self, now: Duration, client: ClientId, text: &str) {
        if !self.clients.heard(now, client) {
            return;
        }
        if let Some(answer) = self.carry_out(now, Caller::Client(client), text) {
            self.clients.answer(client, answer);
        }
        self.announce_reboot(now);
        self.hang_up();
    }

    /// Whether a client's queue has room for what a request brings. A client
    /// that asks faster than it reads is not read from until it has; one that
    /// is served all the same is closed as too slow.
    pub fn has_room(&self, client: ClientId) -> bool {
        self.clients.has_room(client)
    }

    /// A client sent something else: a ping, an empty frame. Any frame counts
    /// as life.
    pub fn heard(&mut self, now: Duration, client: ClientId) {
        if let Some(side) = self.sides.get_mut(&client) {
            side.contact.heard = now;
        }
        self.clients.heard(now, client);
    }

    /// What to send to a controller next. To be asked until it answers `None`,
    /// each time that a message has been handed to the network; what is not
    /// taken is coalesced.
    pub fn next_outgoing(&mut self, now: Duration, client: ClientId) -> Option<Outgoing> {
        if let Some(outgoing) = self
            .clients
            .next_outgoing(now, client, self.epoch, self.seq)
        {
            if let Outgoing::Close { reason, .. } = outgoing {
                self.log(
                    now,
                    Level::Info,
                    format_args!("controller {} is let go: {reason}", client.0),
                );
            }
            return Some(outgoing);
        }
        // The log comes last, and waits for nobody: it takes no place in the
        // client's queue.
        let reader = self.clients.log_reader(client)?;
        self.log
            .notification(now, self.epoch, reader)
            .map(Outgoing::Text)
    }

    /// Whether [`Self::next_outgoing`] has something.
    pub fn has_outgoing(&self, client: ClientId) -> bool {
        self.clients.has_outgoing(client)
            || self
                .clients
                .log_reader_of(client)
                .is_some_and(|reader| self.log.has_unread(reader))
    }

    /// Whether the client's connection is to end: a close comes out of
    /// [`Self::next_outgoing`], after little else or nothing. What is being
    /// written to it need not be waited for.
    pub fn is_ending(&self, client: ClientId) -> bool {
        self.clients.is_ending(client)
    }

    /// `POST /rpc`: one request, its answer; `None` for a notification. In
    /// pushes its source is `client:0`.
    pub fn call(&mut self, now: Duration, text: &str) -> Option<String> {
        let answer = self.carry_out(now, Caller::Post, text);
        self.announce_reboot(now);
        self.hang_up();
        answer
    }

    /// A hand at the board, or the world: an input or a switch changed. An
    /// output is set as a command would set it.
    ///
    /// # Errors
    /// Where there is no such component, the change does not fit its kind, or
    /// the hardware refuses.
    pub fn observe(
        &mut self,
        now: Duration,
        key: &ComponentKey,
        change: State,
        source: Source,
    ) -> Result<(), RpcError> {
        let at = self.position(key).ok_or_else(|| self.not_found(key))?;
        self.observed(now, at, change, source)
    }

    /// A button was pressed at the board: `press`, `double_press`,
    /// `long_press`.
    ///
    /// # Errors
    /// Where there is no such button or event.
    pub fn press(
        &mut self,
        now: Duration,
        key: &ComponentKey,
        event: &str,
    ) -> Result<(), RpcError> {
        self.press_begun(now, now, key, event)
    }

    /// As [`Self::press`], of a button whose contact closed at `began`: what
    /// was begun before a pairing code was visible does not confirm it.
    ///
    /// # Errors
    /// As [`Self::press`].
    pub fn press_begun(
        &mut self,
        now: Duration,
        began: Duration,
        key: &ComponentKey,
        event: &str,
    ) -> Result<(), RpcError> {
        if key.kind != Kind::Button || self.position(key).is_none() {
            return Err(self.not_found(&ComponentKey::new(Kind::Button, key.id)));
        }
        rules::check_event(event)?;
        if !self.pressed_while_pairing(now, began, event) {
            self.pressed(now, key, event, &Source::Physical);
        }
        Ok(())
    }

    /// Does what has become due: fades, batches, samples, pings, evictions of
    /// the silent.
    pub fn run_until(&mut self, now: Duration) {
        if self.reboot_deadline().is_some_and(|due| due <= now) {
            self.reboot = Reboot::Done;
            self.hardware.reboot();
        }
        if matches!(self.reboot, Reboot::Done) {
            return;
        }
        self.step_fades(now);
        self.sample(now);
        self.watch_update(now);
        self.end_batch(now);
        self.keep(now);
        self.watch_pairing(now);
        self.wait_to_call(now);
        self.gather_telemetry(now);
        self.clients.keep_alive(now);
    }

    /// When [`Self::run_until`] is due next; to be asked again after every
    /// other call. A time that has passed means at once.
    pub fn next_deadline(&self) -> Option<Duration> {
        if matches!(self.reboot, Reboot::Done) {
            return None;
        }
        let due = [
            self.reboot_deadline(),
            self.next_change(),
            self.next_keep(),
            self.update.next_deadline(),
        ];
        let others = [
            self.clients.next_deadline(),
            self.pairing_deadline(),
            self.calling.next_deadline(),
            self.telemetry.next_deadline(),
        ];
        due.into_iter().chain(others).flatten().min()
    }

    /// When the hardware is to be restarted: what is being kept is waited for,
    /// and not for ever.
    fn reboot_deadline(&self) -> Option<Duration> {
        let Reboot::Due { at, when_alone } = self.reboot else {
            return None;
        };
        if self.is_keeping() {
            return Some(at + KEEP_PATIENCE);
        }
        Some(if when_alone && self.clients.nobody_left() {
            Duration::ZERO
        } else {
            at
        })
    }

    fn not_found(&self, key: &ComponentKey) -> RpcError {
        params::not_found(
            &text::clipped(&alloc::string::ToString::to_string(key)),
            &key.kind,
            &self.slots,
        )
    }
}

/// What the log begins with.
fn log_boot<H: Hardware>(log: &mut Log, identity: &Identity, hardware: &mut H) {
    let Identity {
        version,
        platform,
        board,
        ..
    } = identity;
    if let Some(message) = hardware.take_last_panic() {
        log.add(
            Duration::ZERO,
            Level::Error,
            &format_args!("the run before this one panicked: {message}"),
        );
    }
    let by = hardware.reset_reason().map_or_else(
        || "unknown".into(),
        |reason| alloc::string::ToString::to_string(&reason),
    );
    log.add(
        Duration::ZERO,
        Level::Info,
        &format_args!("Switchboard {version} on {platform} ({board}); reset reason: {by}"),
    );
}
