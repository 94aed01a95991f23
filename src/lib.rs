//! Switchboard, the app: one core, the [`fleet`], and the faces that show it.
//!
//! `ui, cli -> doctor, documents -> fleet -> link, discovery, listening ->
//! keys, protocol`; beside the fleet `ui, cli -> channel, comparison,
//! conformance -> dial, protocol` and `ui, cli -> telemetry -> protocol`. A
//! face never sees a socket; the fleet never sees a face.

pub mod address;
pub mod channel;
pub mod cli;
pub mod comparison;
pub mod conformance;
pub mod dial;
mod discovery;
pub mod doctor;
pub mod documents;
mod eviction;
pub mod fleet;
mod handshake;
pub mod keys;
mod link;
mod listening;
mod matching;
mod paging;
pub mod pairing;
mod plain;
pub mod process;
pub mod provisioning;
pub mod proxy;
mod record;
mod redact;
pub mod settings;
pub mod telemetry;
#[doc(hidden)]
pub mod trials;
#[cfg(feature = "window")]
pub mod ui;
mod waiting;
mod words;
