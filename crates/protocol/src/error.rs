//! Error responses of a board: a code, a reason for programs and a message for
//! people.

use alloc::string::String;
use core::fmt;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::{Object, limits};

/// Error codes: those of JSON-RPC 2.0, section 5.1, and those of boards, named
/// after gRPC's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "i32", into = "i32")]
pub enum Code {
    /// -32700: not JSON, or nested too deeply.
    ParseError,
    /// -32600: JSON, but not a request; also a batch.
    InvalidRequest,
    /// -32601: no such method.
    MethodNotFound,
    /// -32602: a parameter is missing, of the wrong type or out of range.
    InvalidParams,
    /// -32603: the board failed internally.
    InternalError,
    /// -32001: no such component.
    NotFound,
    /// -32002: the board does something that excludes this.
    Busy,
    /// -32003: not possible in the current state.
    FailedPrecondition,
    /// -32004: not done in time.
    Timeout,
    /// -32005: out of memory, slots or space.
    ResourceExhausted,
    /// -32006: this client lacks permission.
    Forbidden,
    /// -32007: too many requests.
    RateLimited,
    /// -32008: another major version of the protocol.
    UnsupportedVersion,
    /// An unknown code of a newer board.
    Other(i32),
}

/// Every named code and its number.
const NUMBERS: [(Code, i32); 13] = [
    (Code::ParseError, -32700),
    (Code::InvalidRequest, -32600),
    (Code::MethodNotFound, -32601),
    (Code::InvalidParams, -32602),
    (Code::InternalError, -32603),
    (Code::NotFound, -32001),
    (Code::Busy, -32002),
    (Code::FailedPrecondition, -32003),
    (Code::Timeout, -32004),
    (Code::ResourceExhausted, -32005),
    (Code::Forbidden, -32006),
    (Code::RateLimited, -32007),
    (Code::UnsupportedVersion, -32008),
];

impl From<i32> for Code {
    fn from(number: i32) -> Self {
        NUMBERS
            .iter()
            .find(|(_, n)| *n == number)
            .map_or(Self::Other(number), |(code, _)| *code)
    }
}

impl From<Code> for i32 {
    fn from(code: Code) -> Self {
        match code {
            Code::Other(number) => number,
            named => NUMBERS
                .iter()
                .find(|(c, _)| *c == named)
                .map_or(0, |(_, number)| *number),
        }
    }
}

/// The `error` of a response.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RpcError {
    /// The class of the failure.
    pub code: Code,
    /// A sentence that says what would be accepted.
    pub message: String,
    /// Details for programs.
    #[serde(default, deserialize_with = "data")]
    pub data: ErrorData,
}

/// The `data` of an error.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ErrorData {
    /// One word in snake case that programs can rely on, for example
    /// `out_of_range`.
    #[serde(default)]
    pub reason: String,
    /// Unknown fields of a newer board, unchanged.
    #[serde(flatten)]
    pub extra: Object,
}

/// Reads `data`. JSON-RPC 2.0, section 5.1 allows any value; one that is not an
/// object is ignored.
fn data<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ErrorData, D::Error> {
    let data = Value::deserialize(deserializer)?;
    Ok(serde_json::from_value(data).unwrap_or_default())
}

impl RpcError {
    /// An error with a reason and a message, which is truncated to
    /// [`limits::ERROR_MESSAGE`].
    pub fn new(code: Code, reason: &str, message: impl Into<String>) -> Self {
        let mut message = message.into();
        if message.len() > limits::ERROR_MESSAGE {
            message.truncate(message.floor_char_boundary(limits::ERROR_MESSAGE - '…'.len_utf8()));
            message.push('…');
        }
        Self {
            code,
            message,
            data: ErrorData {
                reason: reason.into(),
                extra: Object::new(),
            },
        }
    }
}

impl fmt::Display for RpcError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} ({}, {})",
            self.message,
            self.data.reason,
            i32::from(self.code)
        )
    }
}

impl core::error::Error for RpcError {}
