//! Switchboard, the app: one core, the [`fleet`], and the faces that show it.
//!
//! `ui, cli -> doctor, documents -> fleet -> link, discovery, listening ->
//! keys, protocol`; beside the fleet `ui, cli -> channel, comparison,
//! conformance -> dial, protocol` and `ui, cli -> telemetry -> protocol`. A
//! face never sees a socket; the fleet never sees a face.

pub use address;
pub use channel;
pub use net::client as dial;
pub(crate) use net::{discovery, eviction, handshake, waiting};
pub use telemetry;
pub(crate) use text::{plain, redact};

pub mod cli;
pub mod comparison;
pub mod conformance;
pub mod doctor;
pub mod documents;
pub mod fleet;
pub mod keys;
mod link;
mod listening;
mod matching;
mod paging;
pub mod pairing;
pub mod process;
pub mod provisioning;
pub mod proxy;
mod record;
pub mod settings;
#[doc(hidden)]
pub mod trials;
#[cfg(feature = "window")]
pub mod ui;
mod words;
