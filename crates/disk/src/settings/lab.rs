//! The settings of the lab.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// An exercise of the lab.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Exercise {
    /// Connect to any WebSocket.
    #[default]
    Channels,
    /// Follow one board by push and by polling.
    Comparison,
    /// Echo and broadcast.
    Echo,
    /// Follow samples as they are measured.
    Telemetry,
    /// See who is connected to a board.
    Clients,
}

/// The address of a channel and its options. Headers are not saved, because
/// they may contain secrets.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RememberedChannel {
    /// The address as typed.
    pub address: String,
    /// It is an example that came with the program.
    pub example: bool,
    /// The subprotocols to offer.
    pub protocols: Vec<String>,
    /// A file with additional certificates.
    pub certificates: Option<PathBuf>,
    /// The ping interval in seconds; `None` for no pings.
    pub ping_s: Option<f64>,
    /// Whether to reconnect when it ends.
    pub reconnect: bool,
    /// The part of JSON messages to show, as a JSON pointer; empty for all.
    pub path: String,
    /// The number to plot, as a JSON pointer.
    pub plotted: Option<String>,
    /// Whether it is shown side by side with others.
    pub shown: bool,
}

/// The settings of the lab.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LabSettings {
    /// The current exercise.
    #[serde(deserialize_with = "super::or_default")]
    pub exercise: Exercise,
    /// The channels, in order.
    #[serde(deserialize_with = "super::or_default")]
    pub channels: Vec<RememberedChannel>,
}

impl Default for LabSettings {
    /// With the three public Binance streams from the tutorial as examples.
    fn default() -> Self {
        let channels =
            ["!miniTicker@arr", "btcusdt@depth", "bnbbtc@depth"].map(|stream| RememberedChannel {
                address: format!("wss://stream.binance.com:9443/ws/{stream}"),
                example: true,
                ..RememberedChannel::default()
            });
        Self {
            exercise: Exercise::default(),
            channels: channels.into(),
        }
    }
}
