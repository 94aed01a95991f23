//! Stands between a board and its hardware to see what the server has to act on: a restart that was asked for, and a new name.

use alloc::{borrow::ToOwned, rc::Rc, string::String};
use core::{cell::RefCell, time::Duration};

use board::Hardware;
use protocol::{ComponentKey, RpcError, State};

/// What the board asked of the server.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    /// A restart is due.
    pub(crate) restart: bool,
    /// The board has another name, which has not been taken up.
    pub(crate) name: Option<String>,
}

/// The embedding's hardware, and what was asked for.
pub(crate) struct Watched<H> {
    hardware: H,
    asked: Rc<RefCell<Asked>>,
}

impl<H> Watched<H> {
    pub(crate) fn new(hardware: H, asked: Rc<RefCell<Asked>>) -> Self {
        Self { hardware, asked }
    }
}

impl<H: Hardware> Hardware for Watched<H> {
    fn set_output(&mut self, key: &ComponentKey, state: &State) -> Result<(), RpcError> {
        self.hardware.set_output(key, state)
    }

    fn read_input(&mut self, now: Duration, key: &ComponentKey) -> Option<State> {
        self.hardware.read_input(now, key)
    }

    fn identify(&mut self) {
        self.hardware.identify();
    }

    /// Only notes it: the answer and the close frames have to leave first, then the server ends and the embedding restarts.
    fn reboot(&mut self) {
        self.asked.borrow_mut().restart = true;
    }

    fn keep_name(&mut self, name: &str) {
        self.asked.borrow_mut().name = Some(name.to_owned());
        self.hardware.keep_name(name);
    }

    fn free_memory(&self) -> Option<u32> {
        self.hardware.free_memory()
    }

    fn rssi(&self) -> Option<i8> {
        self.hardware.rssi()
    }
}
