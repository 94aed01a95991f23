//! The settings of the serial monitor.

use serde::{Deserialize, Serialize};

/// The settings of the serial monitor.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SerialSettings {
    /// The path in the port field.
    #[serde(deserialize_with = "super::or_default")]
    pub port: String,
    /// The selected speed, in baud.
    #[serde(deserialize_with = "super::or_default")]
    pub baud: Option<u32>,
}
