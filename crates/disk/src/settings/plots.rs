//! What is plotted, and how.

use serde::{Deserialize, Serialize};

use crate::documents::Pin;

/// What is remembered of the page of plots.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PlotSettings {
    /// What is plotted, in the order of the list.
    pub curves: Vec<Pin>,
    /// How much time is shown, in seconds.
    pub span: f64,
    /// Events and losses are marked.
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
