//! What a board answers: the results of its methods.

use alloc::{collections::BTreeMap, string::String, vec::Vec};

use serde::{Deserialize, Serialize};

use crate::{ComponentKey, Descriptor, Epoch, Object, ResetReason, State, notify::components};

/// The result of `Device.GetInfo`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeviceInfo {
    /// Names the board for ever; see [`crate::board_id`].
    #[serde(deserialize_with = "crate::id::deserialize")]
    pub id: String,
    /// For people; `Device.SetName` changes it.
    pub name: String,
    /// The hardware address, `aa:bb:cc:dd:ee:ff`.
    pub mac: String,
    /// The firmware's version.
    pub version: String,
    /// What it runs on: `esp32c3`, `virtual`.
    pub platform: String,
    /// The product or development board.
    pub board: String,
    /// The major version of the wire.
    pub proto: u32,
    /// What it can beyond that major: words in snake case.
    #[serde(default)]
    pub features: Vec<String>,
    /// The run of the board.
    pub epoch: Epoch,
    /// Since boot, in milliseconds.
    pub uptime_ms: u64,
    /// Why it started; absent where it cannot tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reset_reason: Option<ResetReason>,
    /// Fields of a newer board, kept as they came.
    #[serde(flatten)]
    pub extra: Object,
}

/// The result of `Device.GetComponents`: a part of the list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ComponentsPage {
    /// Where in the whole list this page begins.
    pub offset: usize,
    /// How many there are in all.
    pub total: usize,
    /// As many as were asked for and fit into a message.
    pub components: Vec<Descriptor>,
}

/// The result of `Device.GetStatus` and `Device.Subscribe`: everything at one
/// moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The run of the board.
    pub epoch: Epoch,
    /// What of the board's changes is in it: all up to this one.
    pub seq: u64,
    /// Since boot, in milliseconds.
    pub uptime_ms: u64,
    /// The number of the client that asked; not for `POST`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<u32>,
    /// The whole state of every component that has one.
    #[serde(flatten, deserialize_with = "components")]
    pub components: BTreeMap<ComponentKey, State>,
}

/// The result of every command.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct CommandResult {
    /// The `seq` at which the effect is visible: once a client has seen it, the
    /// command is confirmed.
    pub seq: u64,
    /// `on` before the command, of a switch or light.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub was_on: Option<bool>,
    /// Fields of a newer board, kept as they came.
    #[serde(flatten)]
    pub extra: Object,
}

/// The result of `Sys.Ping`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pong {
    /// Since boot, in milliseconds: what a client needs to give pushes a wall
    /// time.
    pub uptime_ms: u64,
}
