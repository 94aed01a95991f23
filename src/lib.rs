//! Switchboard, the app: one core, the [`fleet`], and the faces that show it.
//!
//! `ui, cli -> doctor, documents -> fleet -> link, discovery, listening ->
//! keys, protocol`; beside the fleet `ui, cli -> channel, comparison,
//! conformance -> dial, protocol` and `ui, cli -> telemetry -> protocol`. A
//! face never sees a socket; the fleet never sees a face.

pub use address;
pub use disk::{documents, settings};
pub use fleet;
pub use net::client as dial;
pub(crate) use net::{discovery, eviction, handshake, paging, waiting};
pub(crate) use text::{plain, redact};

pub mod channel;
pub mod cli;
pub mod comparison;
pub mod conformance;
pub mod doctor;
mod matching;
pub mod pairing;
pub mod process;
pub mod provisioning;
pub mod proxy;
mod record;
pub mod telemetry;
#[cfg(feature = "window")]
pub mod ui;
mod words;

/// Keys of locked boards, and where they rest.
pub mod keys {
    pub use ::keys::*;
    pub use disk::keys::*;
}
