//! What is remembered of the lab.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// An exercise of the lab.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Exercise {
    /// WebSockets to any address.
    #[default]
    Channels,
    /// One board followed by push and by poll.
    Comparison,
    /// Who hears what is said: echo and broadcast.
    Echo,
    /// Samples as they are measured.
    Telemetry,
    /// Who is connected to a board.
    Clients,
}

/// An address of a channel and how it is opened. Headers are not remembered:
/// they may be secrets.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RememberedChannel {
    /// Where to, as it was typed.
    pub address: String,
    /// It came with the program, for whoever wants to try one.
    pub example: bool,
    /// The subprotocols that are offered.
    pub protocols: Vec<String>,
    /// Certificates of one's own.
    pub certificates: Option<PathBuf>,
    /// A ping is sent so often, in seconds; `None` without.
    pub ping_s: Option<f64>,
    /// It is opened again when it ends.
    pub reconnect: bool,
    /// What of JSON is shown, as a JSON pointer; empty for all of it.
    pub path: String,
    /// The number that is plotted, as a JSON pointer.
    pub plotted: Option<String>,
    /// It is among those that are shown side by side.
    pub shown: bool,
}

/// What is remembered of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LabSettings {
    /// The exercise that is shown.
    #[serde(deserialize_with = "super::or_default")]
    pub exercise: Exercise,
    /// Addresses of channels, in their order.
    #[serde(deserialize_with = "super::or_default")]
    pub channels: Vec<RememberedChannel>,
}

impl Default for LabSettings {
    /// With the three public streams of Binance that the tutorial uses, as
    /// examples.
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
