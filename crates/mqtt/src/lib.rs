//! A client of MQTT brokers (MQTT 3.1.1). [`Session`] decides what is sent and
//! what is reported, [`Client`] owns the connection.
//!
//! A *state* is retained by the broker: only the newest value per topic is kept
//! here, and all are published again after each connection. An *event* is
//! published once or dropped. A *command* is never retained and never sent
//! twice: its ticket says what is known of it.

mod client;
mod event;
mod outgoing;
mod problem;
mod session;
mod subscriptions;
pub mod topic;
pub mod wire;

pub use client::{Client, ClientSettings};
pub use event::Event;
pub use problem::Problem;
pub use session::{Session, SessionSettings};

use std::time::Duration;

/// What the broker publishes when this client disappears.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Will {
    /// The topic.
    pub topic: String,
    /// The payload.
    pub payload: Vec<u8>,
    /// Whether the broker retains it.
    pub retained: bool,
}

/// The largest packet that is sent or accepted, in bytes.
pub const LIMIT: usize = 256 * 1024;

/// The default keep-alive interval: a broker declares a silent client dead
/// after one and a half of it (MQTT 3.1.1, 3.1.2.10).
pub const KEEP_ALIVE: Duration = Duration::from_secs(30);
