//! Switchboard, the app: one core, the [`fleet`], and the faces that show it.
//!
//! `ui, cli -> doctor, documents -> fleet -> link, discovery -> keys, protocol`, and beside the fleet `ui, cli -> channel -> dial`. A face never sees a socket; the fleet never sees a face.

pub mod channel;
pub mod cli;
pub mod dial;
mod discovery;
pub mod doctor;
pub mod documents;
pub mod fleet;
pub mod keys;
mod link;
pub mod pairing;
pub mod provisioning;
pub mod proxy;
mod record;
pub mod settings;
#[doc(hidden)]
pub mod trials;
#[cfg(feature = "window")]
pub mod ui;
mod words;
