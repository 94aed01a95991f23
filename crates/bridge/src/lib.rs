//! The boards of a site for other programs: Home Assistant and Prometheus.

mod context;
pub mod home_assistant;
pub mod metrics;

pub use context::Context;
