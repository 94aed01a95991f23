//! The boards of a site for other programs: MQTT, Home Assistant and
//! Prometheus. A face of the fleet like the window: it draws nothing and
//! publishes instead.

mod bridge;
pub mod claim;
pub mod commands;
mod context;
mod face;
pub mod home_assistant;
pub mod metrics;
mod notice;
mod replies;
mod topics;

pub use bridge::{Options, RunError, run, run_over};
pub use context::Context;
pub use engine::{Shard, ShardError};
pub use face::{Face, Publish};
pub use notice::Notice;
pub use topics::{Target, target};
