//! What is remembered of the lab.

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

/// What is remembered of it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LabSettings {
    /// The exercise that is shown.
    #[serde(deserialize_with = "super::or_default")]
    pub exercise: Exercise,
}
