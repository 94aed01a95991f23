//! What the board's hardware does. As generated, it is simulated: outputs are
//! printed, and sensors measure a slow wave. Replace the functions at the end
//! by what drives your hardware.

use std::time::Duration;

use virtual_board::host::{
    self,
    board::Hardware,
    protocol::{ComponentKey, RpcError, State},
};

/// The hardware of the board.
#[derive(Default)]
pub struct Machine {
    {{each field}}
}

impl Hardware for Machine {
    /// Sets an output. `state` is the whole state, also at each step of a fade.
    fn set_output(&mut self, key: &ComponentKey, state: &State) -> Result<(), RpcError> {
        match key.to_string().as_str() {
            {{each output}}
            other => eprintln!("{other} has no hardware for {state:?}"),
        }
        Ok(())
    }

    /// Reads an input; `None` if it is unchanged or cannot be read.
    fn read_input(&mut self, now: Duration, key: &ComponentKey) -> Option<State> {
        match key.to_string().as_str() {
            {{each input}}
            other => {
                eprintln!("{other} has no hardware, {now:?} after the start");
                None
            }
        }
    }
    {{once hook}}

    /// Makes the board visible for a few seconds.
    fn identify(&mut self) {
        eprintln!("This board was asked to identify itself.");
    }

    /// Called before the board starts again.
    fn reboot(&mut self) {}

    fn free_memory(&self) -> Option<u32> {
        None
    }

    fn rssi(&self) -> Option<i8> {
        None
    }

    /// Bytes for keys. Without them, the board cannot be locked.
    fn random(&mut self, bytes: &mut [u8]) -> bool {
        host::random(bytes)
    }
}

impl Machine {
    {{each function}}
}
