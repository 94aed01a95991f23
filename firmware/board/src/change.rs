//! How components change: by commands and hands at once, by the world in
//! batches, by fades step by step.

use alloc::{
    boxed::Box,
    collections::BTreeMap,
    string::{String, ToString},
    vec::Vec,
};
use core::time::Duration;

use protocol::{
    ComponentKey, Descriptor, Epoch, Event, Kind, NotifyEvent, NotifyStatus, Object, RpcError,
    Source, State, limits,
};
use serde_json::json;

use crate::{
    Component, Core, Hardware, InputSource, Retained, RetainedKey, clients::Cause, fade::Fade,
    retained, rules, text,
};

/// The fields that changed, by component.
pub(crate) type Changes = BTreeMap<ComponentKey, State>;

/// A component as it is now.
pub(crate) struct Slot {
    pub(crate) descriptor: Descriptor,
    /// What is reported. Of a light that fades, where it is going.
    pub(crate) state: State,
    /// Of few components for a short time: the others do without its room.
    fade: Option<Box<Fade>>,
    input: InputSource,
    next_sample: Option<Duration>,
    /// Where its state is retained: as it is kept, or `None` where that is not
    /// known.
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

    /// Takes over what was kept of it, and makes its output so; where the
    /// hardware refuses that, as it was planned.
    pub(crate) fn boot<H: Hardware>(
        &mut self,
        kept: &[Retained],
        hardware: &mut H,
    ) -> Result<(), RpcError> {
        let key = &self.descriptor.key;
        let kept = self
            .retained
            .as_ref()
            .and_then(|_| retained::find(kept, &RetainedKey::Component(key.clone())));
        if let Some(state) =
            kept.and_then(|kept| retained::restored(&self.descriptor, &self.state, kept))
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

    /// Whether the hardware makes something of its state.
    pub(crate) fn is_output(&self) -> bool {
        !matches!(
            self.descriptor.kind,
            Kind::Sensor | Kind::BinarySensor | Kind::Button | Kind::Update | Kind::Unknown(_)
        )
    }

    fn next_deadline(&self) -> Option<Duration> {
        let step = self.fade.as_ref().map(|fade| fade.next_step);
        step.into_iter().chain(self.next_sample).min()
    }
}

/// The components, and how far their clients are told of them.
pub(crate) struct Components {
    pub(crate) epoch: Epoch,
    /// Counts changes; 0 is the state at boot.
    pub(crate) seq: u64,
    pub(crate) slots: Vec<Slot>,
    bindings: Vec<(ComponentKey, ComponentKey)>,
    gathered: Option<Gathered>,
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
            gathered: None,
        }
    }
}

/// Changes that wait for the end of their batch. The states of the components
/// have them already.
struct Gathered {
    due: Duration,
    changes: Changes,
    cause: Cause,
}

impl<H: Hardware> Core<H> {
    /// Changes an output, and tells everyone at once.
    ///
    /// # Errors
    /// What [`rules::accept`] or the hardware refuses; nothing has changed
    /// then.
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

    /// Changes an output. Answers what of it changed, if anything did.
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
            self.note_component(now, at);
        }
        Ok(changed)
    }

    /// A hand or the world changed something.
    pub(crate) fn observed(
        &mut self,
        now: Duration,
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
                self.note_component(now, at);
            }
            changed
        };
        if let Some((key, changed)) = changed {
            self.gather(now, key, &changed, &Cause::of(source));
        }
        Ok(())
    }

    /// The board changes what it reports of itself: the state of its first
    /// component of this kind.
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
            self.gather(now, key, &changed, &Cause::of(source));
        }
    }

    fn gather(&mut self, now: Duration, key: ComponentKey, change: &State, cause: &Cause) {
        let gathered = self.components.gathered.get_or_insert_with(|| Gathered {
            due: now + limits::BATCH,
            changes: Changes::new(),
            cause: cause.clone(),
        });
        gathered.cause.join(cause);
        gathered.changes.entry(key).or_default().merge(change);
    }

    /// Pushes what was gathered, so that the state of every component is what
    /// `seq` stands for.
    pub(crate) fn flush(&mut self, now: Duration) {
        if let Some(gathered) = self.components.gathered.take() {
            self.push(now, gathered.changes, &gathered.cause);
        }
    }

    fn push(&mut self, now: Duration, components: Changes, cause: &Cause) {
        self.components.seq += 1;
        let status = NotifyStatus {
            epoch: self.components.epoch,
            prev: 0,
            seq: self.components.seq,
            uptime_ms: text::millis(now),
            source: cause.clone().source(),
            components,
        };
        self.connections.clients.push_status(&status, cause);
    }

    /// A button was pressed, here or from afar: the event first, then what the
    /// button is bound to.
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
            // A hand waits for no answer: where the hardware refuses, the
            // target stays as it is.
            let switched =
                self.set_output(now, at, State::new().with("on", !was_on), Duration::ZERO);
            changes.extend(switched.ok().flatten());
        }
        // One push, however many targets: a press needs no more room than any
        // other request.
        if !changes.is_empty() {
            self.push(now, changes, &Cause::of(source.clone()));
        }
    }

    /// The message for one event of this moment.
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

    /// Takes the steps of fades that are due.
    pub(crate) fn step_fades(&mut self, now: Duration) {
        let mut failed = Vec::new();
        for (at, slot) in self.components.slots.iter_mut().enumerate() {
            let Some(fade) = slot.fade.as_mut().filter(|fade| fade.next_step <= now) else {
                continue;
            };
            let before = fade.step(now);
            let arrived = fade.is_over(now);
            if self
                .hardware
                .set_output(&slot.descriptor.key, &fade.shown)
                .is_err()
            {
                // What was announced will not come: report what the output
                // shows instead.
                let back = differing(&slot.state, before);
                slot.state.merge(&back);
                slot.fade = None;
                failed.push((at, slot.descriptor.key.clone(), back));
            } else if arrived {
                slot.fade = None;
            }
        }
        for (at, key, back) in failed.into_iter().filter(|(.., back)| !back.is_empty()) {
            self.note_component(now, at);
            self.gather(now, key, &back, &Cause::of(Source::Timer));
        }
    }

    /// Reads the sensors that are due.
    pub(crate) fn sample(&mut self, now: Duration) {
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
            // On the grid of its period, however late this one is.
            let late =
                u32::try_from((now - due).as_nanos() / period.as_nanos()).unwrap_or(u32::MAX);
            slot.next_sample = Some(due + period.saturating_mul(late.saturating_add(1)));
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
                // A reading that does not fit its own component is a fault of
                // the hardware's driver; the last good one stays.
                let _ = self.observed(now, at, read, source);
            }
        }
    }

    /// Ends the batch if it is due.
    pub(crate) fn end_batch(&mut self, now: Duration) {
        if self
            .components
            .gathered
            .as_ref()
            .is_some_and(|gathered| gathered.due <= now)
        {
            self.flush(now);
        }
    }

    /// When a fade, a sensor or the batch is due.
    pub(crate) fn next_change(&self) -> Option<Duration> {
        let batch = self
            .components
            .gathered
            .as_ref()
            .map(|gathered| gathered.due);
        self.components
            .slots
            .iter()
            .filter_map(Slot::next_deadline)
            .chain(batch)
            .min()
    }

    pub(crate) fn position(&self, key: &ComponentKey) -> Option<usize> {
        self.components
            .slots
            .iter()
            .position(|slot| slot.descriptor.key == *key)
    }
}

/// The fields of `change` that are not so already.
fn differing(state: &State, mut change: State) -> State {
    change
        .0
        .retain(|field, value| state.get(field) != Some(value));
    change
}
