//! The samples of the machine: the same waves in every run, so that tests can
//! check each sample. A sawtooth with a period of 1 s and a triangle with one
//! of 100 ms, at 1 kHz.

use alloc::{string::ToString, vec, vec::Vec};
use core::time::Duration;

use board::{SampleBatch, SampleSource};
use protocol::{Object, telemetry::Channel};

/// The sampling interval, in microseconds.
const INTERVAL_US: u32 = 1_000;

/// Samples older than this are lost.
const REMEMBERS_MS: u64 = 1_000;

/// The waves and the read position.
#[derive(Default)]
pub(crate) struct Waves {
    next_ms: u64,
}

/// The milliseconds within the second, and twice the distance to the nearest
/// tenth of a second.
fn sample(ms: u64) -> [i16; 2] {
    let [second, tenth] =
        [ms % 1_000, ms % 100].map(|part| i16::try_from(part).unwrap_or_default());
    [second, 2 * tenth.min(100 - tenth)]
}

impl SampleSource for Waves {
    fn channels(&self) -> Vec<Channel> {
        let channel = |name: &str, unit: &str, scale| Channel {
            name: name.to_string(),
            unit_of_measurement: Some(unit.to_string()),
            scale,
            accuracy_decimals: Some(3),
            extra: Object::new(),
        };
        vec![channel("Saw", "s", 0.001), channel("Triangle", "V", 0.01)]
    }

    fn interval_us(&self) -> u32 {
        INTERVAL_US
    }

    fn start(&mut self, now: Duration) {
        self.next_ms = millis(now);
    }

    fn stop(&mut self) {}

    fn take(&mut self, now: Duration, most: usize, samples: &mut Vec<i16>) -> Option<SampleBatch> {
        let now = millis(now);
        let oldest = now.saturating_sub(REMEMBERS_MS);
        let gap = self.next_ms < oldest;
        self.next_ms = self.next_ms.max(oldest);
        let first = Duration::from_millis(self.next_ms);
        for _ in 0..most {
            if self.next_ms > now {
                break;
            }
            samples.extend(sample(self.next_ms));
            self.next_ms += 1;
        }
        (!samples.is_empty()).then_some(SampleBatch { first, gap })
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
