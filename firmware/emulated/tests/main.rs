//! The emulated board, controlled by the app and by minimal clients over its
//! own network stack. `firmware/emulated/check` runs these tests: they need the
//! image, QEMU, and a network namespace with a DHCP server.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod controls;
#[path = "../../../tests/end_to_end/desk/mod.rs"]
#[expect(dead_code, reason = "these tests need a part of what it shares")]
mod desk;
mod emulator;
mod locked;
#[path = "../../../crates/image/tests/refused/mod.rs"]
mod refused;
mod retained;
mod serial;
mod signed;

use std::sync::mpsc::Receiver;

use engine::Settings;
use fleet::Outcome;
use serde_json::{Value, json};

use desk::{Observer, SOON, wire::Wire};
use emulator::Emulator;

/// An observer that finds boards as the window does.
fn finder() -> Observer {
    Observer::new(Settings::default())
}

fn done(answered: &Receiver<Outcome>, what: &str) {
    let outcome = answered.recv_timeout(SOON);
    assert!(
        matches!(outcome, Ok(Outcome::Done { .. })),
        "{what}: {outcome:?}"
    );
}

/// The result of a method, over a new connection.
fn result_of(board: &Emulator, method: &str) -> Value {
    Wire::open(board.address()).call(method, json!({}))["result"].clone()
}

fn set(board: &Emulator, method: &str, parameters: Value) {
    let answer = Wire::open(board.address()).call(method, parameters);
    assert!(answer["result"].is_object(), "{method}: {answer}");
}
