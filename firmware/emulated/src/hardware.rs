//! Simulated hardware: outputs that are only stored, a motor with interlocked
//! directions, and a temperature that rises and falls. Only the reset is real.

use alloc::{collections::BTreeMap, format};
use core::time::Duration;

use board::{Hardware, PairingDisplay, SampleSource, UpdateSlot};
use protocol::{Code, ComponentKey, Kind, ResetReason, RpcError, State};

use crate::{
    console,
    entropy::Entropy,
    machine, memory,
    plan::{INTERLOCKED, MOTOR_POWER},
    slot::Slot,
    wave::Waves,
};

/// The motor's power, in watts.
const MOTOR_WATTS: f64 = 38.5;

/// The board's hardware.
pub(crate) struct Bench {
    outputs: BTreeMap<ComponentKey, State>,
    slot: Slot,
    reset_reason: ResetReason,
    entropy: Option<Entropy>,
    waves: Waves,
}

impl Bench {
    /// Hardware with all outputs off.
    pub(crate) fn new(slot: Slot, reset_reason: ResetReason, entropy: Option<Entropy>) -> Self {
        Self {
            outputs: BTreeMap::new(),
            slot,
            reset_reason,
            entropy,
            waves: Waves::default(),
        }
    }

    fn is_on(&self, switch: u16) -> bool {
        self.outputs
            .get(&ComponentKey::new(Kind::Switch, switch))
            .and_then(State::on)
            == Some(true)
    }
}

impl Hardware for Bench {
    fn set_output(&mut self, key: &ComponentKey, state: &State) -> Result<(), RpcError> {
        let [forward, backward] = INTERLOCKED;
        let other = match (&key.kind, key.id) {
            (Kind::Switch, id) if id == forward => Some(backward),
            (Kind::Switch, id) if id == backward => Some(forward),
            _ => None,
        };
        if let Some(other) = other
            && state.on() == Some(true)
            && self.is_on(other)
        {
            let message =
                format!("{key} is interlocked with switch:{other}, which must be off first");
            return Err(RpcError::new(
                Code::FailedPrecondition,
                "interlocked",
                message,
            ));
        }
        self.outputs.insert(key.clone(), state.clone());
        Ok(())
    }

    fn read_input(&mut self, now: Duration, key: &ComponentKey) -> Option<State> {
        let value = match (&key.kind, key.id) {
            (Kind::Sensor, MOTOR_POWER)
                if INTERLOCKED.into_iter().any(|switch| self.is_on(switch)) =>
            {
                MOTOR_WATTS
            }
            (Kind::Sensor, MOTOR_POWER) => 0.0,
            (Kind::Sensor, _) => temperature(now),
            _ => return None,
        };
        Some(State::new().with("value", value))
    }

    fn sample_source(&mut self) -> Option<&mut dyn SampleSource> {
        Some(&mut self.waves)
    }

    fn random(&mut self, bytes: &mut [u8]) -> bool {
        self.entropy
            .as_mut()
            .is_some_and(|entropy| entropy.fill(bytes))
    }

    fn supports_outbound(&self) -> bool {
        self.entropy.is_some()
    }

    /// Printed on the serial port, the machine's only display.
    fn show_pairing(&mut self, shown: PairingDisplay<'_>) {
        console::print(
            &serde_json::json!({ "pairing": embedded::serial_console::pairing_line(shown) }),
        );
    }

    fn reset_reason(&self) -> Option<ResetReason> {
        Some(self.reset_reason.clone())
    }

    fn identify(&mut self) {
        console::print(&serde_json::json!({ "identify": true }));
    }

    fn reboot(&mut self) {
        machine::reset();
    }

    fn free_memory(&self) -> Option<u32> {
        u32::try_from(memory::usage().free).ok()
    }

    fn rssi(&self) -> Option<i8> {
        None
    }

    fn update_slot(&mut self) -> Option<&mut dyn UpdateSlot> {
        Some(&mut self.slot)
    }
}

/// 22.5 °C, which rises by one degree and falls again within two minutes.
fn temperature(now: Duration) -> f64 {
    let second = u32::try_from(now.as_secs() % 120).unwrap_or_default();
    22.5 + f64::from(second.min(120 - second)) / 60.0
}
