//! What the board core needs from the machine it runs on.

use alloc::string::String;
use core::time::Duration;

use protocol::{ComponentKey, ResetReason, RpcError, State};

use crate::{PairingDisplay, SampleSource, UpdateSlot};

/// The machine that a board runs on.
pub trait Hardware: 'static {
    /// Sets an output to a state. It is the whole state, also at every step of
    /// a fade. A light shows the one of `rgb` and `ct_k` that is not `null`.
    ///
    /// # Errors
    /// The hardware cannot do this now. The command fails with this error, and
    /// nothing has changed.
    fn set_output(&mut self, key: &ComponentKey, state: &State) -> Result<(), RpcError>;

    /// Reads a sensor, a binary sensor, a text sensor or a cover; `None` if the
    /// value is unchanged or unavailable.
    fn read_input(&mut self, now: Duration, key: &ComponentKey) -> Option<State>;

    /// A controller moves a cover. [`Self::read_input`] is called next, and
    /// says what the cover is doing now.
    ///
    /// # Errors
    /// The hardware cannot do this now. The command fails with this error.
    #[cfg(feature = "all-kinds")]
    fn move_cover(
        &mut self,
        now: Duration,
        key: &ComponentKey,
        movement: crate::Movement,
    ) -> Result<(), RpcError> {
        let _ = (now, movement);
        let message = alloc::format!("{key} has no motor");
        let code = protocol::Code::FailedPrecondition;
        Err(RpcError::new(code, "not_supported", message))
    }

    /// The event that an event component has to report, once; for those with
    /// [`crate::InputSource::Read`].
    #[cfg(feature = "all-kinds")]
    fn read_event(&mut self, now: Duration, key: &ComponentKey) -> Option<String> {
        let _ = (now, key);
        None
    }

    /// A controller pressed a button. Not needed for buttons that only send
    /// events or have [`crate::Plan::bindings`].
    ///
    /// # Errors
    /// The hardware cannot do this now. The command fails with this error, and
    /// no event is pushed.
    fn pressed_remotely(&mut self, key: &ComponentKey, event: &str) -> Result<(), RpcError> {
        let _ = (key, event);
        Ok(())
    }

    /// Makes the board visible for some seconds, so that a person can find it.
    fn identify(&mut self);

    /// Restarts, after the clients have been told.
    fn reboot(&mut self);

    /// Free memory, in bytes.
    fn free_memory(&self) -> Option<u32>;

    /// Signal strength, in dBm.
    fn rssi(&self) -> Option<i8>;

    /// The memory for a new firmware image; `None` if the board cannot be
    /// updated over the network. Always the same.
    fn update_slot(&mut self) -> Option<&mut dyn UpdateSlot> {
        None
    }

    /// The source of samples for `/telemetry`, if there is one. Always the
    /// same.
    fn sample_source(&mut self) -> Option<&mut dyn SampleSource> {
        None
    }

    /// Why the board started, if known.
    fn reset_reason(&self) -> Option<ResetReason> {
        None
    }

    /// Fills `bytes` from a cryptographic source of random numbers. `false` if
    /// there is no such source: the board then cannot be locked.
    fn random(&mut self, bytes: &mut [u8]) -> bool {
        let _ = bytes;
        false
    }

    /// Whether the driver can make outbound connections. Always the same.
    fn supports_outbound(&self) -> bool {
        false
    }

    /// Shows the state of pairing where only a person at the board can see it,
    /// never over the network, where an attacker could replace the code.
    fn show_pairing(&mut self, display: PairingDisplay<'_>) {
        let _ = display;
    }

    /// The panic message of the previous run, once, for the first line of the
    /// log.
    fn take_last_panic(&mut self) -> Option<String> {
        None
    }
}

/// No hardware: outputs accept everything, and there are no sensors. For
/// measuring the core alone.
pub struct NoHardware;

impl Hardware for NoHardware {
    fn set_output(&mut self, _: &ComponentKey, _: &State) -> Result<(), RpcError> {
        Ok(())
    }

    fn read_input(&mut self, _: Duration, _: &ComponentKey) -> Option<State> {
        None
    }

    fn identify(&mut self) {}

    fn reboot(&mut self) {}

    fn free_memory(&self) -> Option<u32> {
        None
    }

    fn rssi(&self) -> Option<i8> {
        None
    }
}
