//! A board and its parts, and the one way to change it.

use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};
use core::{fmt, ops::Deref, time::Duration};

use protocol::{ComponentKey, Epoch, Kind, Level, RpcError, Source, State};

use crate::{
    ClientId, Effects, Hardware, Identity, Outgoing, Plan, PlanError, Retained, RetainedKey,
    change::{Components, Slot},
    connections::Connections,
    effects::Reported,
    keys::Keys,
    log::Log,
    outbound::OutboundConnection,
    pairing::Pairing,
    params,
    reboot::Reboot,
    retained::{self, Retention},
    rules,
    signatures::Signatures,
    telemetry::Telemetry,
    text,
    update::{self, Updates},
};

/// A board as its driver owns it: readable at any time, changed through
/// [`Self::handle`].
pub struct Board<H> {
    core: Core<H>,
}

/// The entry points and queries of a board. Only [`Board::handle`] lends it to
/// be changed.
pub struct Core<H> {
    pub(crate) identity: Identity,
    /// The name or the lock has changed since [`Effects`] were last returned.
    pub(crate) announcement_changed: bool,
    pub(crate) components: Components,
    pub(crate) connections: Connections,
    pub(crate) keys: Keys,
    pub(crate) pairing: Pairing,
    pub(crate) outbound: OutboundConnection,
    pub(crate) update: Updates,
    pub(crate) reboot: Reboot,
    pub(crate) retention: Retention,
    pub(crate) log: Log,
    pub(crate) telemetry: Telemetry,
    pub(crate) reported: Reported,
    pub(crate) hardware: H,
}

impl<H> Deref for Board<H> {
    type Target = Core<H>;

    fn deref(&self) -> &Core<H> {
        &self.core
    }
}

impl<H: Hardware> Board<H> {
    /// Builds the board from its plan and what was retained, and sets its
    /// outputs. A retained value that cannot be read, does not belong to this
    /// plan, or is refused by the hardware is ignored in favor of the plan's.
    /// `retained` is empty for a board that retains nothing.
    ///
    /// # Errors
    /// Two components have the same key, a state does not fit its kind, the
    /// hardware refuses an output's first state, or the state of all components
    /// or one description would not fit into a message.
    pub fn new(
        plan: Plan,
        retained: &[Retained],
        epoch: Epoch,
        mut hardware: H,
    ) -> Result<Self, PlanError> {
        let keys = Keys::restored(retained::find(retained, &RetainedKey::Keys));
        let (signatures, signed) = Signatures::at_boot(
            hardware.update_slot(),
            retained::find(retained, &RetainedKey::Signatures),
        );
        let signature_state = signatures.state(keys.is_locked(), signed);
        let (update, last_error) = Updates::at_boot(hardware.update_slot(), signatures);
        let firmware = hardware
            .update_slot()
            .map(|_| update::component(&plan.identity.version, last_error, &signature_state));
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
                .map_err(|error| PlanError(format!("{}: {error}", slot.descriptor.key)))?;
            slots.push(slot);
        }
        let supports_outbound = hardware.supports_outbound();
        let mut log = Log::default();
        log_boot(&mut log, &plan.identity, &mut hardware);
        let core = Core {
            retention: Retention::of(&plan.identity.name),
            identity: plan.identity,
            announcement_changed: false,
            components: Components::new(epoch, slots, plan.bindings),
            connections: Connections::new(plan.controllers),
            keys,
            pairing: Pairing::default(),
            outbound: OutboundConnection::restored(
                retained::find(retained, &RetainedKey::Outbound).filter(|_| supports_outbound),
            ),
            update,
            reboot: Reboot::No,
            log,
            telemetry: Telemetry::default(),
            reported: Reported::default(),
            hardware,
        };
        Ok(Self { core })
    }

    /// Runs any number of entry points, and returns what the driver has to do
    /// because of them.
    pub fn handle<R>(&mut self, run: impl FnOnce(&mut Core<H>) -> R) -> (R, Effects) {
        let result = run(&mut self.core);
        (result, self.core.take_effects())
    }

    /// The hardware, for changes from outside.
    pub fn hardware_mut(&mut self) -> &mut H {
        &mut self.core.hardware
    }

    /// As [`Core::next_outgoing`]. Its only change is a log line for a close,
    /// which the effects of the next [`Self::handle`] report.
    pub fn next_outgoing(&mut self, now: Duration, client: ClientId) -> Option<Outgoing> {
        self.core.next_outgoing(now, client)
    }

    /// As [`Core::heard`]: it only postpones deadlines.
    pub fn heard(&mut self, now: Duration, client: ClientId) {
        self.core.heard(now, client);
    }

    /// As [`Core::pong_received`]: it only postpones deadlines.
    pub fn pong_received(&mut self, now: Duration, client: ClientId) {
        self.core.pong_received(now, client);
    }
}

impl<H: Hardware> Core<H> {
    /// The board's identity, with its current name.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The name for people.
    pub fn name(&self) -> &str {
        &self.identity.name
    }

    /// The number of components, including those that the board adds itself.
    pub fn components(&self) -> usize {
        self.components.slots.len()
    }

    /// The hardware.
    pub fn hardware(&self) -> &H {
        &self.hardware
    }

    /// Adds a line to the log. Debug lines are built only while a client reads
    /// them.
    pub fn log(&mut self, now: Duration, level: Level, message: fmt::Arguments<'_>) {
        self.log.add(now, level, &message);
    }

    /// The number of log lines since boot.
    pub fn logged(&self) -> u64 {
        self.log.total()
    }

    /// A component changed at the board, or a sensor reports a value. An output
    /// is set as a command would set it.
    ///
    /// # Errors
    /// There is no such component, the change does not fit its kind, or the
    /// hardware refuses it.
    pub fn observe(
        &mut self,
        now: Duration,
        key: &ComponentKey,
        change: State,
        source: Source,
    ) -> Result<(), RpcError> {
        let at = self.position(key).ok_or_else(|| self.not_found(key))?;
        self.observed(now, now, at, change, source)
    }

    /// A button was pressed at the board: `press`, `double_press`,
    /// `long_press`; or an event component reports one of its events.
    ///
    /// # Errors
    /// There is no such button or event.
    pub fn press(
        &mut self,
        now: Duration,
        key: &ComponentKey,
        event: &str,
    ) -> Result<(), RpcError> {
        self.press_begun(now, now, key, event)
    }

    /// As [`Self::press`], for a button whose contact closed at `began`. A
    /// press that began before a pairing code was visible does not confirm it.
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
        #[cfg(feature = "all-kinds")]
        if key.kind == Kind::Event {
            return self.occurred(now, key, event);
        }
        if key.kind != Kind::Button || self.position(key).is_none() {
            return Err(self.not_found(&ComponentKey::new(Kind::Button, key.id)));
        }
        rules::check_event(event)?;
        if !self.use_press_for_pairing(now, began, event) {
            self.pressed(now, key, event, &Source::Physical);
        }
        Ok(())
    }

    /// Does everything that is due: fades, batches, samples, pings, closing of
    /// silent connections.
    pub fn run_until(&mut self, now: Duration) {
        self.restart_when_due(now);
        if self.reboot.is_done() {
            return;
        }
        self.step_fades(now);
        self.read_sensors(now);
        self.check_update(now);
        self.check_running_image(now);
        self.end_batch(now);
        self.save_when_due(now);
        self.update_pairing(now);
        self.retry_outbound(now);
        self.take_samples(now);
        self.connections.clients.keep_alive(now);
    }

    /// When [`Self::run_until`] is due next, as in [`Effects`].
    pub fn next_deadline(&self) -> Option<Duration> {
        if self.reboot.is_done() {
            return None;
        }
        let deadlines = [
            self.reboot_deadline(),
            self.next_change(),
            self.next_save(),
            self.update.next_deadline(),
            self.connections.clients.next_deadline(),
            self.pairing_deadline(),
            self.outbound.next_deadline(),
            self.telemetry.next_deadline(),
        ];
        deadlines.into_iter().flatten().min()
    }

    pub(crate) fn not_found(&self, key: &ComponentKey) -> RpcError {
        params::not_found(
            &text::clipped(&key.to_string()),
            &key.kind,
            &self.components.slots,
        )
    }
}

/// Writes the first lines of the log.
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
            &format_args!("the previous run panicked: {message}"),
        );
    }
    let reason = hardware
        .reset_reason()
        .map_or_else(|| String::from("unknown"), |reason| reason.to_string());
    log.add(
        Duration::ZERO,
        Level::Info,
        &format_args!("Switchboard {version} on {platform} ({board}); reset reason: {reason}"),
    );
}
