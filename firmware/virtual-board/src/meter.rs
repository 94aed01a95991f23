//! What a virtual board measures a thousand times a second: the voltage and the
//! current of its supply. Decides how they look when something is switched: a
//! surge that dies away, a ripple of 100 Hz that grows with the load, a voltage
//! that sinks under it.

use std::time::Duration;

use board::{SampleBatch, SampleSource};
use protocol::{ComponentKey, Kind, Object, State, telemetry::Channel};

/// From one sample to the next, in microseconds.
const INTERVAL_US: u32 = 1_000;

/// What is older than this when it is asked for was not sampled: the board
/// hung.
const REMEMBERS: Duration = Duration::from_secs(1);

/// The supply, in volts, and its resistance, in ohms.
const VOLTS: f64 = 12.0;
const OHMS: f64 = 0.18;

/// What the board itself draws, in watts.
const IDLE: f64 = 0.4;

/// The load follows with this time constant, and so does the surge die away; in
/// seconds.
const FOLLOWS: f64 = 0.012;
const SURGE: f64 = 0.09;

/// Millivolts and milliamperes.
const SCALE: f64 = 0.001;

/// The meter at the supply of a virtual board.
pub(crate) struct Meter {
    chance: fastrand::Rng,
    /// When the next sample is taken, in microseconds since boot.
    next_us: u64,
    /// What everything draws that is on, in watts.
    wanted: f64,
    load: f64,
    surge: f64,
}

impl Meter {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            chance: fastrand::Rng::with_seed(seed),
            next_us: 0,
            wanted: IDLE,
            load: IDLE,
            surge: 0.0,
        }
    }

    /// Something was switched: these are all outputs now.
    pub(crate) fn draws<'a>(
        &mut self,
        outputs: impl Iterator<Item = (&'a ComponentKey, &'a State)>,
    ) {
        let watts = IDLE + outputs.map(|(key, state)| watts(key, state)).sum::<f64>();
        // What is switched on draws more at first than later.
        self.surge += 0.8 * (watts - self.wanted).max(0.0);
        self.wanted = watts;
    }

    /// Volts and amperes at one moment.
    fn sample(&mut self, at_us: u64) -> [f64; 2] {
        let step = f64::from(INTERVAL_US) * 1e-6;
        self.load += (self.wanted - self.load) * (1.0 - (-step / FOLLOWS).exp());
        self.surge *= (-step / SURGE).exp();
        let mut noise = |size: f64| size * (self.chance.f64() + self.chance.f64() - 1.0);
        // A rectifier at 50 Hz; a tenth of a second has ten of its periods
        // exactly.
        #[expect(clippy::cast_precision_loss, reason = "below 100,000")]
        let ripple = ((at_us % 100_000) as f64 * 1e-6 * 100.0 * std::f64::consts::TAU).sin();
        let amperes = (self.load + self.surge) / VOLTS;
        let measured = amperes * (1.0 + 0.05 * ripple) + noise(0.006);
        let volts = VOLTS - OHMS * amperes - 0.03 * amperes * ripple + noise(0.008);
        [volts, measured.max(0.0)]
    }
}

/// What an output draws, in watts.
fn watts(key: &ComponentKey, state: &State) -> f64 {
    if state.on() != Some(true) {
        return 0.0;
    }
    match key.kind {
        Kind::Light => {
            7.0 * state
                .get("brightness")
                .and_then(serde_json::Value::as_f64)
                .unwrap_or(100.0)
                / 100.0
        }
        Kind::Switch => 4.5 + 1.5 * f64::from(key.id % 4),
        _ => 0.0,
    }
}

impl SampleSource for Meter {
    fn channels(&self) -> Vec<Channel> {
        let channel = |name: &str, unit: &str| Channel {
            name: name.to_owned(),
            unit_of_measurement: Some(unit.to_owned()),
            scale: SCALE,
            accuracy_decimals: Some(3),
            extra: Object::new(),
        };
        vec![
            channel("Supply voltage", "V"),
            channel("Supply current", "A"),
        ]
    }

    fn interval_us(&self) -> u32 {
        INTERVAL_US
    }

    fn start(&mut self, now: Duration) {
        self.next_us = micros(now);
        (self.load, self.surge) = (self.wanted, 0.0);
    }

    fn stop(&mut self) {}

    fn take(&mut self, now: Duration, most: usize, samples: &mut Vec<i16>) -> Option<SampleBatch> {
        let (now, interval) = (micros(now), u64::from(INTERVAL_US));
        let missed = now
            .saturating_sub(self.next_us)
            .saturating_sub(micros(REMEMBERS))
            .div_ceil(interval);
        self.next_us += missed * interval;
        let first = Duration::from_micros(self.next_us);
        for _ in 0..most {
            if self.next_us > now {
                break;
            }
            let row = self.sample(self.next_us);
            samples.extend(row.map(raw));
            self.next_us += interval;
        }
        (!samples.is_empty()).then_some(SampleBatch {
            first,
            gap: missed > 0,
        })
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a number that is too large becomes the largest"
)]
fn raw(value: f64) -> i16 {
    (value / SCALE).round() as i16
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(meter: &mut Meter, now_ms: u64) -> (SampleBatch, Vec<i16>) {
        let mut samples = Vec::new();
        let taken = meter
            .take(Duration::from_millis(now_ms), 5_000, &mut samples)
            .expect("samples");
        (taken, samples)
    }

    fn milliamperes(samples: &[i16]) -> impl Iterator<Item = i16> {
        samples.chunks_exact(2).map(|row| row[1])
    }

    #[test]
    fn there_is_a_sample_of_both_for_each_millisecond() {
        let mut meter = Meter::new(1);
        meter.start(Duration::from_millis(100));
        let (first, samples) = taken(&mut meter, 149);
        assert_eq!(
            first,
            SampleBatch {
                first: Duration::from_millis(100),
                gap: false
            }
        );
        assert_eq!(samples.len(), 2 * 50);
        assert_eq!(taken(&mut meter, 150).0.first, Duration::from_millis(150));
        assert_eq!(
            meter.take(Duration::from_millis(150), 10, &mut Vec::new()),
            None
        );
    }

    #[test]
    fn who_asks_after_too_long_is_told_of_the_gap() {
        let mut meter = Meter::new(1);
        meter.start(Duration::ZERO);
        let (late, samples) = taken(&mut meter, 10_000);
        assert_eq!(
            late,
            SampleBatch {
                first: Duration::from_secs(9),
                gap: true
            }
        );
        assert_eq!(samples.len(), 2 * 1_001);
    }

    #[test]
    fn a_light_that_is_switched_on_draws_a_surge_and_then_its_power() {
        let mut meter = Meter::new(1);
        meter.start(Duration::ZERO);
        let (_, dark) = taken(&mut meter, 499);
        let light = (
            ComponentKey::new(Kind::Light, 0),
            State::new().with("on", true).with("brightness", 100),
        );
        meter.draws([(&light.0, &light.1)].into_iter());
        let (_, lit) = taken(&mut meter, 1_499);
        assert!(milliamperes(&dark).all(|current| current < 60));
        let highest = milliamperes(&lit).max().expect("samples");
        let last = milliamperes(&lit).last().expect("samples");
        assert!((550..700).contains(&last), "{last} mA");
        assert!(highest > last + 200, "{highest} mA, then {last} mA");
    }
}
