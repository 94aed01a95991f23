//! Shared by the end-to-end tests: virtual boards, an observer with its own
//! fleet, and a plain client. Tests wait for events with a deadline, never for
//! a fixed time.

use std::{
    process,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use protocol::State;
use virtual_board::{Options, VirtualBoards};

pub(crate) mod desktop;
pub(crate) mod fake_board;
mod observer;
pub(crate) mod served;
pub(crate) mod wire;

pub(crate) use observer::{Observer, component_of, key, reply, transport};

/// Long enough for a loaded machine; a passing test takes milliseconds.
pub(crate) const SOON: Duration = Duration::from_secs(10);

/// A service type that nothing else on this machine announces, so that tests
/// running in parallel never meet. RFC 6763, section 7 allows 15 characters.
pub(crate) fn private_service() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    format!(
        "_sb-{:x}-{:x}._tcp.local.",
        process::id() & 0xff_ffff,
        COUNT.fetch_add(1, Ordering::Relaxed)
    )
}

/// `{on: …}`.
pub(crate) fn on(on: bool) -> State {
    State::new().with("on", on)
}

/// Boards with one profile, on loopback, without mDNS.
pub(crate) fn boards(profile: virtual_board::Profile, count: usize) -> VirtualBoards {
    VirtualBoards::start(Options {
        boards: count,
        profile,
        mdns: false,
        ..Options::default()
    })
    .expect("virtual boards")
}

/// The address of the first board.
pub(crate) fn address(boards: &VirtualBoards) -> String {
    boards.list()[0].address.to_string()
}

/// The name of the first board.
pub(crate) fn name(boards: &VirtualBoards) -> String {
    boards.list()[0].name.clone()
}
