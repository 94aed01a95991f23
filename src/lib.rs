//! Switchboard, the app: one core, the [`fleet`], and the faces that show it.
//!
//! `ui, cli -> doctor, documents -> fleet -> link, discovery, listening ->
//! keys, protocol`; beside the fleet `ui, cli -> channel, comparison,
//! conformance -> dial, protocol` and `ui, cli -> telemetry -> protocol`. A
//! face never sees a socket; the fleet never sees a face.

pub use address;
pub use channel;
pub use comparison;
pub use comparison::usage as process;
pub use conformance;
pub use disk::{documents, settings};
pub use doctor;
pub use fleet;
pub use net::client as dial;
pub(crate) use net::{discovery, paging};
pub use pairing;
pub use proxy;
pub(crate) use sanitize::{plain, redact};
pub use serial as provisioning;
pub use telemetry;
pub(crate) use text::{self as words, export as record, matching};

pub mod cli;
#[cfg(feature = "window")]
pub use gui as ui;

/// Keys of locked boards, and where they rest.
pub mod keys {
    pub use ::keys::*;
    pub use disk::keys::*;
}
