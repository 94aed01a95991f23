//! What a board answers about who is connected to it.

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
    /// A word of a newer board.
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

/// How long ago something was, in milliseconds, where both times are since
/// boot. A counter of 32 bits may have started again in between.
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
    /// The place of the first in the whole list.
    pub offset: usize,
    /// How many there are.
    pub total: usize,
    /// When this was written, in milliseconds since boot: what the other times
    /// are reckoned from.
    pub uptime_ms: u64,
    /// Connections that are no channel: pages, `POST`, pairing, and who has not
    /// said what it wants.
    pub others: usize,
    /// As many as fit into the message, in the order in which they connected.
    pub clients: Vec<ClientEntry>,
    /// Fields of a newer board, kept as they came.
    #[serde(flatten)]
    pub extra: Object,
}

/// A connection as `Clients.List` names it. All times are in milliseconds since
/// boot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClientEntry {
    /// Its number; that of a controller is the one in `client:3`.
    pub id: u32,
    /// What it is for.
    pub kind: ClientKind,
    /// Where it comes from, `address:port`; absent where the board cannot tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// When it connected.
    pub since_ms: u64,
    /// When the last frame came from it, of whatever kind.
    pub heard_ms: u64,
    /// When it last answered a ping of the board; absent where it never did.
    /// The board pings who is silent for 20 s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pong_ms: Option<u64>,
    /// Messages, lines or frames that wait for it.
    pub queued: usize,
    /// How long they are, in bytes.
    pub queued_bytes: usize,
    /// Messages that it lost because it was too slow, lines or frames of its
    /// own channel.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub lost: u64,
    /// What of the board's memory it takes now, in bytes; absent where the
    /// board does not know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<usize>,
    /// On a locked board: the name of its key, eight hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kid: Option<String>,
    /// On a locked board: what people call the key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_name: Option<String>,
    /// On a locked board: what the key allows, `control` or `view`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// It is the connection that asks.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub you: bool,
    /// Fields of a newer board, kept as they came.
    #[serde(flatten)]
    pub extra: Object,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands over a reference"
)]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// The parameters of `Clients.Close`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CloseClient {
    /// The connection's number.
    pub id: u32,
}
