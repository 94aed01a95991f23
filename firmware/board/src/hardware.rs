//! What the board core needs from the machine it runs on.

use alloc::string::String;
use core::time::Duration;

use protocol::{ComponentKey, ResetReason, RpcError, State};

use crate::{PairingDisplay, SampleSource, UpdateSlot};

/// What the board core asks of what it runs on.
pub trait Hardware: 'static {
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
    /// [`crate::Plan::bindings`] need nothing here.
    ///
    /// # Errors
    /// What the hardware cannot do now, and why: the command is refused with it
    /// and no event is pushed.
    fn pressed_remotely(&mut self, key: &ComponentKey, event: &str) -> Result<(), RpcError> {
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
    fn supports_outbound(&self) -> bool {
        false
    }

    /// Shows how pairing goes, where only a person at the board can see it:
    /// never on the network, where the code could be changed.
    fn show_pairing(&mut self, shown: PairingDisplay<'_>) {
        let _ = shown;
    }

    /// What the run before this one said when it panicked, once: for the first
    /// line of the log.
    fn take_last_panic(&mut self) -> Option<String> {
        None
    }
}
