//! Results of the `Device` and `Sys` methods and of commands.

use alloc::{collections::BTreeMap, string::String, vec::Vec};

use serde::{Deserialize, Serialize};

use crate::{ComponentKey, Descriptor, Epoch, Object, ResetReason, State, notify::components};

/// The result of `Device.GetInfo`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeviceInfo {
    /// The permanent identity of the board; see [`crate::board_id`].
    #[serde(deserialize_with = "crate::id::deserialize")]
    pub id: String,
    /// Display name; `Device.SetName` changes it.
    pub name: String,
    /// The hardware address, `aa:bb:cc:dd:ee:ff`.
    pub mac: String,
    /// The firmware's version.
    pub version: String,
    /// What the board runs on: `esp32c3`, `virtual`.
    pub platform: String,
    /// The product or development board.
    pub board: String,
    /// The major version of the protocol.
    pub proto: u32,
    /// What it supports beyond the minimum of that version: words in snake
    /// case.
    #[serde(default)]
    pub features: Vec<String>,
    /// Identifies the run from boot to reset.
    pub epoch: Epoch,
    /// Time since boot, in milliseconds.
    pub uptime_ms: u64,
    /// Why the board started; absent if it does not know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reset_reason: Option<ResetReason>,
    /// Unknown fields of a newer board, unchanged.
    #[serde(flatten)]
    pub extra: Object,
}

/// The result of `Device.GetComponents`: one page of the list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ComponentsPage {
    /// Index of the first component on this page.
    pub offset: usize,
    /// Number of components in total.
    pub total: usize,
    /// At most as many as requested and as fit into a message.
    pub components: Vec<Descriptor>,
}

/// The result of `Device.GetStatus` and `Device.Subscribe`: all states at one
/// moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Identifies the run from boot to reset.
    pub epoch: Epoch,
    /// The last change that is included.
    pub seq: u64,
    /// Time since boot, in milliseconds.
    pub uptime_ms: u64,
    /// The number of the requesting client; absent over `POST`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<u32>,
    /// The complete state of every component that has one.
    #[serde(flatten, deserialize_with = "components")]
    pub components: BTreeMap<ComponentKey, State>,
}

/// The result of every command.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct CommandResult {
    /// The `seq` at which the effect is visible. A client that has seen it can
    /// take the command as confirmed.
    pub seq: u64,
    /// The previous `on` of a switch or light.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub was_on: Option<bool>,
    /// Unknown fields of a newer board, unchanged.
    #[serde(flatten)]
    pub extra: Object,
}

/// The result of `Sys.Ping`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pong {
    /// Time since boot, in milliseconds. Lets a client map pushes to wall-clock
    /// time.
    pub uptime_ms: u64,
}
