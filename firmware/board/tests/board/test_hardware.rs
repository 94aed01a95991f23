//! The hardware of a board under test.

use std::{collections::BTreeMap, time::Duration};

use protocol::{Code, ComponentKey, ResetReason, RpcError, State};
use switchboard_board::{Hardware, Movement, PairingDisplay, SampleSource, UpdateSlot};

use crate::{telemetry::Counter, test_flash::TestFlash};

/// Hardware that records what it was told.
#[derive(Debug, Default)]
pub(crate) struct TestHardware {
    pub(crate) outputs: Vec<(ComponentKey, State)>,
    pub(crate) readings: BTreeMap<ComponentKey, State>,
    /// Outputs that refuse every state.
    pub(crate) stuck: Vec<ComponentKey>,
    /// Outputs that refuse to be on.
    pub(crate) refused_on: Vec<ComponentKey>,
    pub(crate) reads: usize,
    /// What covers were told.
    pub(crate) moves: Vec<(ComponentKey, Movement)>,
    /// Events that event components will report.
    pub(crate) events: Vec<(ComponentKey, String)>,
    pub(crate) identified: usize,
    pub(crate) reboots: usize,
    pub(crate) free_memory: Option<u32>,
    pub(crate) rssi: Option<i8>,
    /// The update slot, if any.
    pub(crate) flash: Option<TestFlash>,
    pub(crate) reset_reason: Option<ResetReason>,
    pub(crate) last_panic: Option<String>,
    /// The last "random" byte: each is one more than the one before.
    pub(crate) last_random: u8,
    /// There is no source of random numbers.
    pub(crate) lacks_random: bool,
    /// The state of pairing that it shows.
    pub(crate) pairing: Option<String>,
    /// It makes no outbound connections.
    pub(crate) lacks_outbound: bool,
    /// The source of samples, if any.
    pub(crate) samples: Option<Counter>,
}

impl Hardware for TestHardware {
    fn set_output(&mut self, key: &ComponentKey, state: &State) -> Result<(), RpcError> {
        if self.stuck.contains(key) || (state.on() == Some(true) && self.refused_on.contains(key)) {
            return Err(RpcError::new(
                Code::FailedPrecondition,
                "interlock",
                format!("{key} is locked manually"),
            ));
        }
        self.outputs.push((key.clone(), state.clone()));
        Ok(())
    }

    fn read_input(&mut self, _: Duration, key: &ComponentKey) -> Option<State> {
        self.reads += 1;
        self.readings.get(key).cloned()
    }

    fn move_cover(
        &mut self,
        _: Duration,
        key: &ComponentKey,
        movement: Movement,
    ) -> Result<(), RpcError> {
        if self.stuck.contains(key) {
            let message = format!("{key} is blocked");
            return Err(RpcError::new(Code::FailedPrecondition, "blocked", message));
        }
        self.moves.push((key.clone(), movement));
        let state = match movement {
            Movement::Open | Movement::To(_) => "opening",
            Movement::Close => "closing",
            Movement::Stop => "stopped",
        };
        let read = State::new().with("state", state);
        self.readings.insert(key.clone(), read);
        Ok(())
    }

    fn read_event(&mut self, _: Duration, key: &ComponentKey) -> Option<String> {
        let at = self.events.iter().position(|(of, _)| of == key)?;
        Some(self.events.remove(at).1)
    }

    fn identify(&mut self) {
        self.identified += 1;
    }

    fn reboot(&mut self) {
        self.reboots += 1;
    }

    fn free_memory(&self) -> Option<u32> {
        self.free_memory
    }

    fn rssi(&self) -> Option<i8> {
        self.rssi
    }

    fn update_slot(&mut self) -> Option<&mut dyn UpdateSlot> {
        self.flash
            .as_mut()
            .map(|flash| flash as &mut dyn UpdateSlot)
    }

    fn sample_source(&mut self) -> Option<&mut dyn SampleSource> {
        self.samples
            .as_mut()
            .map(|samples| samples as &mut dyn SampleSource)
    }

    fn reset_reason(&self) -> Option<ResetReason> {
        self.reset_reason.clone()
    }

    fn random(&mut self, bytes: &mut [u8]) -> bool {
        for byte in bytes {
            self.last_random = self.last_random.wrapping_add(1);
            *byte = self.last_random;
        }
        !self.lacks_random
    }

    fn supports_outbound(&self) -> bool {
        !self.lacks_outbound
    }

    fn show_pairing(&mut self, shown: PairingDisplay<'_>) {
        self.pairing = match shown {
            PairingDisplay::Nothing => None,
            PairingDisplay::Open => Some("open".to_owned()),
            PairingDisplay::Code(code) => Some(code.to_owned()),
            PairingDisplay::Confirmed => Some("confirmed".to_owned()),
        };
    }

    fn take_last_panic(&mut self) -> Option<String> {
        self.last_panic.take()
    }
}
