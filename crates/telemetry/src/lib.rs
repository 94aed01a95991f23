//! Receives the sample stream of a board, `/telemetry`, on a thread with one
//! connection that reconnects automatically. Counts what was lost on the way
//! separately from what this program read too slowly. In a browser there
//! is only the data: nothing there can open such a connection.

#[cfg(not(target_arch = "wasm32"))]
mod client;
#[cfg(not(target_arch = "wasm32"))]
mod inbox;
#[cfg(not(target_arch = "wasm32"))]
mod socket;
mod update;

#[cfg(not(target_arch = "wasm32"))]
pub use client::{TelemetryClient, Wake};
pub use update::{Item, ReceivedFrame, TelemetryCounts, TelemetryState, TelemetryUpdate};
