//! Sits between a board and its hardware and defers a restart until the
//! server's connections have ended.

use alloc::string::String;
use core::time::Duration;

use board::{Hardware, PairingDisplay, SampleSource, UpdateSlot};
use protocol::{ComponentKey, ResetReason, RpcError, State};

/// The hardware of a board, whose restart the server carries out.
pub(crate) struct DeferredRestart<H> {
    hardware: H,
    restart: bool,
}

impl<H: Hardware> DeferredRestart<H> {
    pub(crate) fn new(hardware: H) -> Self {
        Self {
            hardware,
            restart: false,
        }
    }

    /// The hardware itself.
    pub(crate) fn inner_mut(&mut self) -> &mut H {
        &mut self.hardware
    }

    /// Whether the board has told its controllers and is to restart now.
    pub(crate) fn restart_is_due(&self) -> bool {
        self.restart
    }
}

impl<H: Hardware> Hardware for DeferredRestart<H> {
    fn set_output(&mut self, key: &ComponentKey, state: &State) -> Result<(), RpcError> {
        self.hardware.set_output(key, state)
    }

    fn read_input(&mut self, now: Duration, key: &ComponentKey) -> Option<State> {
        self.hardware.read_input(now, key)
    }

    #[cfg(feature = "all-kinds")]
    fn move_cover(
        &mut self,
        now: Duration,
        key: &ComponentKey,
        movement: board::Movement,
    ) -> Result<(), RpcError> {
        self.hardware.move_cover(now, key, movement)
    }

    #[cfg(feature = "all-kinds")]
    fn read_event(&mut self, now: Duration, key: &ComponentKey) -> Option<String> {
        self.hardware.read_event(now, key)
    }

    fn pressed_remotely(&mut self, key: &ComponentKey, event: &str) -> Result<(), RpcError> {
        self.hardware.pressed_remotely(key, event)
    }

    fn identify(&mut self) {
        self.hardware.identify();
    }

    fn reboot(&mut self) {
        self.restart = true;
    }

    fn free_memory(&self) -> Option<u32> {
        self.hardware.free_memory()
    }

    fn rssi(&self) -> Option<i8> {
        self.hardware.rssi()
    }

    fn update_slot(&mut self) -> Option<&mut dyn UpdateSlot> {
        self.hardware.update_slot()
    }

    fn sample_source(&mut self) -> Option<&mut dyn SampleSource> {
        self.hardware.sample_source()
    }

    fn reset_reason(&self) -> Option<ResetReason> {
        self.hardware.reset_reason()
    }

    fn random(&mut self, bytes: &mut [u8]) -> bool {
        self.hardware.random(bytes)
    }

    fn supports_outbound(&self) -> bool {
        self.hardware.supports_outbound()
    }

    fn show_pairing(&mut self, shown: PairingDisplay<'_>) {
        self.hardware.show_pairing(shown);
    }

    fn take_last_panic(&mut self) -> Option<String> {
        self.hardware.take_last_panic()
    }
}
