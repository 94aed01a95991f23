//! Results of `Clients.List` and `Clients.Close`: who is connected to a board.

use alloc::{borrow::ToOwned, string::String, vec::Vec};
use core::{convert::Infallible, fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Object;

/// What a connection is for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ClientKind {
    /// `/rpc`.
    Rpc,
    /// `/log`.
    Log,
    /// `/telemetry`.
    Telemetry,
    /// `/ws`.
    Echo,
    /// A word of a newer board, unchanged.
    Unknown(String),
}

impl FromStr for ClientKind {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(match text {
            "rpc" => Self::Rpc,
            "log" => Self::Log,
            "telemetry" => Self::Telemetry,
            "echo" => Self::Echo,
            other => Self::Unknown(other.to_owned()),
        })
    }
}

impl fmt::Display for ClientKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Rpc => "rpc",
            Self::Log => "log",
            Self::Telemetry => "telemetry",
            Self::Echo => "echo",
            Self::Unknown(word) => word,
        })
    }
}

impl Serialize for ClientKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ClientKind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Ok(kind) = String::deserialize(deserializer)?.parse();
        Ok(kind)
    }
}

/// Time from `then_ms` to `now_ms`, both in milliseconds since boot. Tolerates
/// a 32-bit counter that wrapped once in between.
pub const fn elapsed_ms(now_ms: u64, then_ms: u64) -> u64 {
    const LAP: u64 = 1 << 32;
    if then_ms > now_ms && then_ms < LAP {
        now_ms + LAP - then_ms
    } else {
        now_ms.saturating_sub(then_ms)
    }
}

/// The result of `Clients.List`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ClientList {
    /// Index of the first client on this page.
    pub offset: usize,
    /// Number of clients in total.
    pub total: usize,
    /// When this was written, in milliseconds since boot: the reference for all
    /// other times.
    pub uptime_ms: u64,
    /// Connections that are not channels: pages, `POST`, pairing, and those
    /// that have not sent a request yet.
    pub others: usize,
    /// As many as fit into the message, in the order in which they connected.
    pub clients: Vec<ClientEntry>,
    /// Unknown fields of a newer board, unchanged.
    #[serde(flatten)]
    pub extra: Object,
}

/// One connection in `Clients.List`. All times are in milliseconds since boot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClientEntry {
    /// The client's number; for a controller the one in `client:3`.
    pub id: u32,
    /// What the connection is for.
    pub kind: ClientKind,
    /// Remote `address:port`; absent if the board does not know it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// When it connected.
    pub since_ms: u64,
    /// When its last frame of any kind arrived.
    pub heard_ms: u64,
    /// When it last answered a ping; absent if it never did. The board pings
    /// only clients that are silent for 20 s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pong_ms: Option<u64>,
    /// Messages, lines or frames that wait to be sent.
    pub queued: usize,
    /// Size of the queue, in bytes.
    pub queued_bytes: usize,
    /// Log lines or telemetry frames that were lost because it reads too
    /// slowly.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub lost: u64,
    /// Memory of the board in use for this connection, in bytes; absent if the
    /// board does not know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<usize>,
    /// On a locked board: the key's identifier, eight hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kid: Option<String>,
    /// On a locked board: the key's display name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_name: Option<String>,
    /// On a locked board: the key's role, `control` or `view`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// Whether it is the requesting connection.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub you: bool,
    /// Unknown fields of a newer board, unchanged.
    #[serde(flatten)]
    pub extra: Object,
}

#[cfg_attr(
    target_pointer_width = "64",
    expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "serde hands over a reference"
    )
)]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// The parameters of `Clients.Close`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CloseClient {
    /// The client's number.
    pub id: u32,
}
