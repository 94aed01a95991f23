//! The settings of the plots.

use serde::{Deserialize, Serialize};

use crate::documents::Pin;

/// The settings of the page of plots.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PlotSettings {
    /// The plotted components, in list order.
    pub curves: Vec<Pin>,
    /// The visible time span in seconds.
    pub span: f64,
    /// Whether events and losses are marked.
    pub events: bool,
}

impl Default for PlotSettings {
    fn default() -> Self {
        Self {
            curves: Vec::new(),
            span: 600.0,
            events: true,
        }
    }
}
