//! The settings of the plots.

use serde::{Deserialize, Serialize};

use crate::documents::Pin;

/// The settings of the page of plots.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PlotSettings {
    /// The plotted components, in list order.
    pub curves: Vec<Pin>,
    /// Plotted telemetry.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub channels: Vec<ChannelPin>,
    /// The visible time span in seconds.
    pub span: f64,
    /// Whether events and losses are marked.
    pub events: bool,
}

impl Default for PlotSettings {
    fn default() -> Self {
        Self {
            curves: Vec::new(),
            channels: Vec::new(),
            span: 600.0,
            events: true,
        }
    }
}

/// A plotted telemetry channel of a board.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ChannelPin {
    /// The board's id, or its address while the id is unknown.
    pub board: String,
    /// The name of the channel.
    pub channel: String,
    /// The name of the board when it was added.
    #[serde(default)]
    pub board_name: String,
    /// Its index in the list, with the components.
    #[serde(default)]
    pub index: usize,
}

impl PartialEq for ChannelPin {
    /// Neither the name nor the index is compared.
    fn eq(&self, other: &Self) -> bool {
        self.board == other.board && self.channel == other.channel
    }
}
