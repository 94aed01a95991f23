//! How components change: at once by commands and buttons, in batches by
//! sensors, step by step by fades.

use alloc::{
    boxed::Box,
    string::{String, ToString},
    vec::Vec,
};
use core::time::Duration;

use protocol::{
    ComponentKey, Descriptor, Epoch, Event, Kind, NotifyEvent, Object, RpcError, Source, State,
};
use serde_json::json;

use crate::{
    Component, Core, Hardware, InputSource, Retained, RetainedKey,
    batch::{Batch, Changes},
    client::Cause,
    fade::Fade,
    retained, rules, text,
};

/// A component with its current state.
pub(crate) struct Slot {
    pub(crate) descriptor: Descriptor,
    /// The reported state. For a light that fades, the target.
    pub(crate) state: State,
    /// Boxed, because few components fade at a time.
    fade: Option<Box<Fade>>,
    input: InputSource,
    next_sample: Option<Duration>,
    /// If the state is retained: the value that was saved last, or `None` if
    /// that is not known.
    pub(crate) retained: Option<Option<String>>,
}

impl Slot {
    pub(crate) fn new(component: Component) -> Self {
        let Component {
            descriptor,
            state,
            input,
            retained,
        } = component;
        let retained = retained.then(|| Some(retained::value(&descriptor, &state)));
        let next_sample = input.period().map(|_| Duration::ZERO);
        Self {
            descriptor,
            state,
            fade: None,
            input,
            next_sample,
            retained,
        }
    }

    /// Restores the retained state and sets the output. If the hardware refuses
    /// that state, the planned one is used.
    pub(crate) fn boot<H: Hardware>(
        &mut self,
        retained: &[Retained],
        hardware: &mut H,
    ) -> Result<(), RpcError> {
        let key = &self.descriptor.key;
        let saved = self
            .retained
            .as_ref()
            .and_then(|_| retained::find(retained, &RetainedKey::Component(key.clone())));
        if let Some(state) =
            saved.and_then(|saved| retained::restored(&self.descriptor, &self.state, saved))
        {
            self.retained = Some(Some(retained::value(&self.descriptor, &state)));
            if !self.is_output() || hardware.set_output(key, &state).is_ok() {
                self.state = state;
                return Ok(());
            }
        }
        if self.is_output() {
            hardware.set_output(key, &self.state)
        } else {
            Ok(())
        }
    }

    /// Whether its state is set at the hardware.
    pub(crate) fn is_output(&self) -> bool {
        !matches!(
            self.descriptor.kind,
            Kind::Sensor
                | Kind::BinarySensor
                | Kind::TextSensor
                | Kind::Cover
                | Kind::Button
                | Kind::Event
                | Kind::Update
                | Kind::Unknown(_)
        )
    }

    fn next_deadline(&self) -> Option<Duration> {
        let step = self.fade.as_ref().map(|fade| fade.next_step);
        step.into_iter().chain(self.next_sample).min()
    }
}

/// The components, and what has been pushed of their states.
pub(crate) struct Components {
    pub(crate) epoch: Epoch,
    /// Counts changes; 0 is the state at boot.
    pub(crate) seq: u64,
    pub(crate) slots: Vec<Slot>,
    bindings: Vec<(ComponentKey, ComponentKey)>,
    pub(crate) batch: Batch,
}

impl Components {
    pub(crate) fn new(
        epoch: Epoch,
        slots: Vec<Slot>,
        bindings: Vec<(ComponentKey, ComponentKey)>,
    ) -> Self {
        Self {
            epoch,
            seq: 0,
            slots,
            bindings,
            batch: Batch::default(),
        }
    }
}

impl<H: Hardware> Core<H> {
    /// Changes an output, and pushes the change at once.
    ///
    /// # Errors
    /// [`rules::accept`] or the hardware refuses the change. Nothing has
    /// changed then.
    pub(crate) fn command(
        &mut self,
        now: Duration,
        at: usize,
        change: State,
        transition: Duration,
        source: Source,
    ) -> Result<(), RpcError> {
        self.flush(now);
        if let Some((key, changed)) = self.set_output(now, at, change, transition)? {
            let mut changes = Changes::new();
            changes.insert(key, changed);
            self.push(now, changes, &Cause::of(source));
        }
        Ok(())
    }

    /// Changes an output. Returns the fields that changed, if any did.
    fn set_output(
        &mut self,
        now: Duration,
        at: usize,
        change: State,
        transition: Duration,
    ) -> Result<Option<(ComponentKey, State)>, RpcError> {
        let Some(slot) = self.components.slots.get_mut(at) else {
            return Ok(None);
        };
        let changed = differing(
            &slot.state,
            rules::accept(&slot.descriptor, &slot.state, change)?,
        );
        if changed.is_empty() && slot.fade.is_none() {
            return Ok(None);
        }
        let mut target = slot.state.clone();
        target.merge(&changed);
        let fade = if transition.is_zero() {
            None
        } else {
            let shown = slot
                .fade
                .as_ref()
                .map_or_else(|| slot.state.clone(), |fade| fade.at(now));
            Some(Box::new(Fade::new(shown, target.clone(), now, transition)))
        };
        let first = fade.as_ref().map_or(&target, |fade| &fade.shown);
        self.hardware.set_output(&slot.descriptor.key, first)?;
        slot.fade = fade.filter(|fade| fade.shown != target);
        slot.state = target;
        let changed = (!changed.is_empty()).then(|| (slot.descriptor.key.clone(), changed));
        if changed.is_some() {
            self.schedule_component_save(now, at);
        }
        Ok(changed)
    }

    /// A component was changed at the board. `since` is when that was due, if
    /// the board's timer is late.
    pub(crate) fn observed(
        &mut self,
        now: Duration,
        since: Duration,
        at: usize,
        change: State,
        source: Source,
    ) -> Result<(), RpcError> {
        let Some(slot) = self.components.slots.get_mut(at) else {
            return Ok(());
        };
        let changed = if slot.is_output() {
            self.set_output(now, at, change, Duration::ZERO)?
        } else {
            let changed = differing(
                &slot.state,
                rules::accept(&slot.descriptor, &slot.state, change)?,
            );
            slot.state.merge(&changed);
            let changed = (!changed.is_empty()).then(|| (slot.descriptor.key.clone(), changed));
            if changed.is_some() {
                self.schedule_component_save(now, at);
            }
            changed
        };
        if let Some((key, changed)) = changed {
            self.add_to_batch(since, key, &changed, &Cause::of(source));
        }
        Ok(())
    }

    /// Changes the state of the first component of this kind, which the board
    /// itself reports.
    pub(crate) fn report(&mut self, now: Duration, kind: &Kind, change: State, source: Source) {
        let Some(slot) = self
            .components
            .slots
            .iter_mut()
            .find(|slot| slot.descriptor.kind == *kind)
        else {
            return;
        };
        let changed = differing(&slot.state, change);
        if !changed.is_empty() {
            slot.state.merge(&changed);
            let key = slot.descriptor.key.clone();
            self.add_to_batch(now, key, &changed, &Cause::of(source));
        }
    }

    /// A button was pressed, at the board or by a client. Pushes the event,
    /// then toggles what the button is bound to.
    pub(crate) fn pressed(
        &mut self,
        now: Duration,
        button: &ComponentKey,
        event: &str,
        source: &Source,
    ) {
        self.flush(now);
        self.push_event(
            now,
            button.clone(),
            event,
            Object::new(),
            Some(source.clone()),
        );
        if event != "press" {
            return;
        }
        let targets: Vec<ComponentKey> = self
            .components
            .bindings
            .iter()
            .filter(|(from, _)| from == button)
            .map(|(_, to)| to.clone())
            .collect();
        let mut changes = Changes::new();
        for target in targets {
            let Some(at) = self.position(&target) else {
                continue;
            };
            let was_on = self
                .components
                .slots
                .get(at)
                .and_then(|slot| slot.state.on())
                .unwrap_or(false);
            // There is no response to refuse: if the hardware refuses, the
            // target keeps its state.
            let switched =
                self.set_output(now, at, State::new().with("on", !was_on), Duration::ZERO);
            changes.extend(switched.ok().flatten());
        }
        // One push for all targets, so that a press needs no more room in a
        // queue than any other request.
        if !changes.is_empty() {
            self.push(now, changes, &Cause::of(source.clone()));
        }
    }

    /// The message for one event that happens now.
    pub(crate) fn event(
        &self,
        now: Duration,
        component: ComponentKey,
        event: &str,
        extra: Object,
        source: Option<Source>,
    ) -> NotifyEvent {
        let event = Event {
            component,
            event: event.to_string(),
            extra,
        };
        NotifyEvent {
            epoch: self.components.epoch,
            uptime_ms: text::millis(now),
            source,
            events: [event].into(),
        }
    }

    pub(crate) fn push_event(
        &mut self,
        now: Duration,
        component: ComponentKey,
        event: &str,
        extra: Object,
        source: Option<Source>,
    ) {
        let event = self.event(now, component, event, extra, source);
        self.connections.clients.push_event(&event);
    }

    /// Takes the fade steps that are due.
    pub(crate) fn step_fades(&mut self, now: Duration) {
        let mut failed = Vec::new();
        for (at, slot) in self.components.slots.iter_mut().enumerate() {
            let Some(fade) = slot.fade.as_mut().filter(|fade| fade.next_step <= now) else {
                continue;
            };
            let before = fade.step(now);
            let is_over = fade.is_over(now);
            if self
                .hardware
                .set_output(&slot.descriptor.key, &fade.shown)
                .is_err()
            {
                // The reported target will not be reached: report what the
                // output shows instead.
                let back = differing(&slot.state, before);
                slot.state.merge(&back);
                slot.fade = None;
                failed.push((at, slot.descriptor.key.clone(), back));
            } else if is_over {
                slot.fade = None;
            }
        }
        for (at, key, back) in failed.into_iter().filter(|(.., back)| !back.is_empty()) {
            self.schedule_component_save(now, at);
            self.add_to_batch(now, key, &back, &Cause::of(Source::Timer));
        }
    }

    /// Reads the sensors that are due.
    pub(crate) fn read_sensors(&mut self, now: Duration) {
        for at in 0..self.components.slots.len() {
            let Some(slot) = self.components.slots.get_mut(at) else {
                continue;
            };
            let (Some(due), Some(period)) = (slot.next_sample, slot.input.period()) else {
                continue;
            };
            if due > now {
                continue;
            }
            // The samples stay on the grid of their period after a delay.
            let missed =
                u32::try_from((now - due).as_nanos() / period.as_nanos()).unwrap_or(u32::MAX);
            let due = due + period.saturating_mul(missed);
            slot.next_sample = Some(due + period);
            #[cfg(feature = "all-kinds")]
            if slot.descriptor.kind == Kind::Event {
                let key = slot.descriptor.key.clone();
                if let Some(event) = self.hardware.read_event(now, &key) {
                    // An event that it does not have is a fault of the
                    // hardware driver.
                    let _ = self.occurred(now, &key, &event);
                }
                continue;
            }
            let value = |value| Some(State::new().with("value", value));
            let (read, source) = match slot.input {
                InputSource::Reported => (None, Source::Timer),
                InputSource::Read { .. } => (
                    self.hardware.read_input(now, &slot.descriptor.key),
                    Source::Physical,
                ),
                InputSource::Uptime => (value(json!(now.as_secs())), Source::Timer),
                InputSource::FreeMemory => {
                    (value(json!(self.hardware.free_memory())), Source::Timer)
                }
                InputSource::Rssi => (value(json!(self.hardware.rssi())), Source::Timer),
            };
            if let Some(read) = read {
                // A reading that does not fit its component is a fault of the
                // hardware driver; the last good one stays.
                let _ = self.observed(now, due, at, read, source);
            }
        }
    }

    /// When a fade, a sensor or the batch is due.
    pub(crate) fn next_change(&self) -> Option<Duration> {
        self.components
            .slots
            .iter()
            .filter_map(Slot::next_deadline)
            .chain(self.components.batch.due())
            .min()
    }

    pub(crate) fn position(&self, key: &ComponentKey) -> Option<usize> {
        self.components
            .slots
            .iter()
            .position(|slot| slot.descriptor.key == *key)
    }
}

/// The fields of `change` that differ from `state`.
fn differing(state: &State, mut change: State) -> State {
    change
        .0
        .retain(|field, value| state.get(field) != Some(value));
    change
}
