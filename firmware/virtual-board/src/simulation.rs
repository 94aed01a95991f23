//! Simulates a virtual board's hardware from a seed. Decides what sensors
//! measure and which outputs are refused; the board core decides what is
//! reported.

use std::{cell::RefCell, collections::BTreeMap, time::Duration};

use board::{Hardware, Movement, PairingDisplay, Plan, SampleSource, UpdateSlot};
use protocol::{Code, ComponentKey, Kind, ResetReason, RpcError, State};

use crate::{flash::Slot, meter::Meter, motor::Motor, profile::INTERLOCKED_BY};

/// An event component is read once per second.
const EVENTS_PER_READING: f64 = 1.0 / 60.0;

/// How a measured value behaves.
#[derive(Debug, Clone)]
enum Signal {
    /// A random walk that is pulled back to its mean.
    RandomWalk {
        now: f64,
        mean: f64,
        /// The typical change per second.
        pace: f64,
    },
    /// The power of a load behind a switch, 0 while it is off.
    Load { switch: ComponentKey, watts: f64 },
    /// Occasional motion.
    Motion { on: bool },
    /// The weather in a word.
    Weather,
}

/// A sensor of the simulation.
#[derive(Debug, Clone)]
struct Sensor {
    signal: Signal,
    /// The smallest difference that is reported.
    digit: f64,
    /// When it was last read.
    read: Duration,
    /// Alternates if each reading has to differ.
    high: bool,
}

/// A virtual board's hardware.
pub struct Simulation {
    chance: RefCell<fastrand::Rng>,
    outputs: BTreeMap<ComponentKey, State>,
    sensors: BTreeMap<ComponentKey, Sensor>,
    covers: BTreeMap<ComponentKey, Motor>,
    /// What event components can report.
    events: BTreeMap<ComponentKey, Vec<String>>,
    /// Pairs: the second may not be on while the first is.
    interlocks: Vec<(ComponentKey, ComponentKey)>,
    restless: bool,
    meter: Meter,
    slot: Option<Slot>,
    id: String,
    /// The pairing code that is shown.
    code: Option<String>,
    reset: ResetReason,
}

impl Simulation {
    /// The hardware of a board with this plan. With `samples_per_second`, each
    /// reading differs from the one before; for readings to be that frequent,
    /// the plan has to be [`crate::profile::restless`] with the same rate.
    pub fn new(seed: u64, plan: &Plan, samples_per_second: Option<f64>) -> Self {
        let from_id = plan
            .identity
            .id
            .bytes()
            .fold(seed, |hash, byte| hash.wrapping_mul(31) ^ u64::from(byte));
        let mut chance = fastrand::Rng::with_seed(from_id);
        let mut sensors = BTreeMap::new();
        let mut covers = BTreeMap::new();
        let mut events = BTreeMap::new();
        let mut interlocks = Vec::new();
        for component in &plan.components {
            let descriptor = &component.descriptor;
            if let Some(other) = descriptor
                .extra
                .get(INTERLOCKED_BY)
                .and_then(|key| key.as_str()?.parse().ok())
            {
                interlocks.push((other, descriptor.key.clone()));
            }
            let first = component.state.number().unwrap_or_default();
            let random_walk = |pace| Signal::RandomWalk {
                now: first,
                mean: first,
                pace,
            };
            let signal = match (&descriptor.kind, descriptor.device_class.as_deref()) {
                (Kind::BinarySensor, _) => Signal::Motion {
                    on: component.state.on() == Some(true),
                },
                (Kind::TextSensor, _) => Signal::Weather,
                (Kind::Cover, _) => {
                    let position = component.state.position().unwrap_or_default();
                    covers.insert(descriptor.key.clone(), Motor::new(position.into()));
                    continue;
                }
                (Kind::Event, _) => {
                    events.insert(descriptor.key.clone(), descriptor.event_types.clone());
                    continue;
                }
                (Kind::Sensor, Some("power")) => Signal::Load {
                    switch: ComponentKey::new(Kind::Switch, descriptor.key.id),
                    watts: 5.0 + 115.0 * chance.f64(),
                },
                (Kind::Sensor, Some("temperature")) => random_walk(0.02),
                (Kind::Sensor, Some("humidity")) => random_walk(0.1),
                (Kind::Sensor, Some("atmospheric_pressure")) => random_walk(0.02),
                _ => continue,
            };
            let digit = 10.0_f64.powi(-i32::from(descriptor.accuracy_decimals.unwrap_or(0)));
            sensors.insert(
                descriptor.key.clone(),
                Sensor {
                    signal,
                    digit,
                    read: Duration::ZERO,
                    high: false,
                },
            );
        }
        Self {
            chance: RefCell::new(chance),
            outputs: BTreeMap::new(),
            sensors,
            covers,
            events,
            interlocks,
            restless: samples_per_second.is_some(),
            meter: Meter::new(from_id),
            slot: None,
            id: plan.identity.id.clone(),
            code: None,
            reset: ResetReason::PowerOn,
        }
    }

    /// Adds a partition for firmware updates.
    pub(crate) fn with_update_slot(mut self, slot: Slot) -> Self {
        self.slot = Some(slot);
        self
    }

    /// Sets the reason of the last reset.
    pub(crate) fn reset_by(mut self, reason: ResetReason) -> Self {
        self.reset = reason;
        self
    }

    /// The pairing code that is shown.
    pub(crate) fn code(&self) -> Option<String> {
        self.code.clone()
    }

    fn is_on(&self, key: &ComponentKey) -> bool {
        self.outputs.get(key).and_then(State::on) == Some(true)
    }
}

impl Hardware for Simulation {
    fn set_output(&mut self, key: &ComponentKey, state: &State) -> Result<(), RpcError> {
        let blocking = self
            .interlocks
            .iter()
            .find(|(other, this)| this == key && self.is_on(other));
        if let Some((other, _)) = blocking
            && state.on() == Some(true)
        {
            let message = format!("{key} is interlocked with {other}, which must be off first");
            return Err(RpcError::new(
                Code::FailedPrecondition,
                "interlocked",
                message,
            ));
        }
        self.outputs.insert(key.clone(), state.clone());
        self.meter.set_outputs(self.outputs.iter());
        Ok(())
    }

    fn read_input(&mut self, now: Duration, key: &ComponentKey) -> Option<State> {
        if let Some(motor) = self.covers.get_mut(key) {
            return Some(motor.state(now));
        }
        let load_is_on = match self.sensors.get(key)?.signal {
            Signal::Load { ref switch, .. } => self.is_on(switch),
            _ => false,
        };
        let sensor = self.sensors.get_mut(key)?;
        let chance = self.chance.get_mut();
        let passed = now.saturating_sub(sensor.read).as_secs_f64();
        sensor.read = now;
        sensor.high = !sensor.high;
        // More than the last reported digit, so that rounding does not hide it.
        let flicker = if self.restless && sensor.high {
            1.5 * sensor.digit
        } else {
            0.0
        };
        let mut swing = || 2.0 * chance.f64() - 1.0;
        let value = match &mut sensor.signal {
            Signal::Motion { on } => {
                // Three seconds of motion, twice a minute.
                let flips = self.restless
                    || chance.f64() < passed * if *on { 1.0 / 3.0 } else { 1.0 / 30.0 };
                *on ^= flips;
                return Some(State::new().with("on", *on));
            }
            Signal::Weather => {
                // It changes three times a minute.
                let changes = self.restless || chance.f64() < passed / 20.0;
                let words = ["calm", "breezy", "windy", "stormy"];
                let word = changes.then(|| words[chance.usize(..words.len())]);
                return word.map(|word| State::new().with("value", word));
            }
            Signal::Load { watts, .. } if load_is_on && self.restless => *watts,
            Signal::Load { watts, .. } if load_is_on => *watts * (1.0 + 0.004 * swing()),
            Signal::Load { .. } => 0.0,
            Signal::RandomWalk { now, mean, pace } => {
                // A random walk grows with the square root of time; the pull
                // back to the mean takes ten minutes.
                *now += *pace * 3.0 * swing() * passed.sqrt()
                    + (*mean - *now) * (passed / 600.0).min(1.0);
                *now
            }
        };
        Some(State::new().with("value", value + flicker))
    }

    fn move_cover(
        &mut self,
        now: Duration,
        key: &ComponentKey,
        movement: Movement,
    ) -> Result<(), RpcError> {
        if let Some(motor) = self.covers.get_mut(key) {
            motor.told(now, movement);
        }
        Ok(())
    }

    /// Someone rings about once per minute.
    fn read_event(&mut self, _: Duration, key: &ComponentKey) -> Option<String> {
        let chance = self.chance.get_mut();
        let types = self.events.get(key)?;
        let rings = !types.is_empty() && chance.f64() < EVENTS_PER_READING;
        rings
            .then(|| types.get(chance.usize(..types.len())).cloned())
            .flatten()
    }

    fn identify(&mut self) {}

    /// The lifecycle boots the board again.
    fn reboot(&mut self) {}

    fn free_memory(&self) -> Option<u32> {
        // Like the heap of an ESP32-C3 with Wi-Fi and a few connections.
        Some(176_000 + self.chance.borrow_mut().u32(0..24) * 512)
    }

    fn rssi(&self) -> Option<i8> {
        Some(self.chance.borrow_mut().i8(-55..=-49))
    }

    fn random(&mut self, bytes: &mut [u8]) -> bool {
        getrandom::fill(bytes).is_ok()
    }

    fn supports_outbound(&self) -> bool {
        true
    }

    /// Printed on standard error, the only display of a virtual board.
    fn show_pairing(&mut self, shown: PairingDisplay<'_>) {
        self.code = match shown {
            PairingDisplay::Code(code) => Some(code.to_owned()),
            _ => None,
        };
        let words = match shown {
            PairingDisplay::Nothing => "pairing is closed".to_owned(),
            PairingDisplay::Open => "pairing is open; no controller has requested a key".to_owned(),
            PairingDisplay::Code(code) => format!(
                "pairing code {code}: if the controller shows the same, press a button of the \
                 board; if not, press it with double_press"
            ),
            PairingDisplay::Confirmed => {
                "pairing is confirmed: the controller stores its key".to_owned()
            }
        };
        eprintln!("{}: {words}", self.id);
    }

    fn sample_source(&mut self) -> Option<&mut dyn SampleSource> {
        Some(&mut self.meter)
    }

    fn reset_reason(&self) -> Option<ResetReason> {
        Some(self.reset.clone())
    }

    fn update_slot(&mut self) -> Option<&mut dyn UpdateSlot> {
        self.slot.as_mut().map(|slot| slot as &mut dyn UpdateSlot)
    }
}
