//! The wire between a Switchboard controller and a board: messages, limits,
//! mDNS keys and versions.
//!
//! This is the only thing that the app and the firmware share. It decides what
//! bytes mean; it owns no socket, reads no clock and knows neither the app nor
//! a board. `docs/protocol.md` describes the same wire for people.
#![no_std]

extern crate alloc;

pub mod clients;
mod component;
mod device;
mod envelope;
mod error;
mod fields;
mod id;
pub mod improv;
pub mod keys;
pub mod limits;
mod log;
pub mod mdns;
pub mod method;
mod notify;
pub mod ota;
pub mod outbound;
mod rpc;
mod salvage;
mod state;
pub mod telemetry;

pub use component::{Caps, ComponentKey, Descriptor, EntityCategory, KeyError, Kind};
pub use device::{CommandResult, ComponentsPage, DeviceInfo, Pong, Snapshot};
pub use error::{Code, ErrorData, RpcError};
pub use fields::Fields;
pub use id::{BoardIdError, board_id};
pub use log::{Level, LevelError, LogFilter, LogLine, NotifyLog, ResetReason, log_message};
pub use notify::{Epoch, Event, NotifyEvent, NotifyStatus, Source};
pub use rpc::{BoardMessageError, FromBoard, Id, Rejected, Request, Response};
pub use salvage::{Unreadable, salvage};
pub use state::State;

/// The object of a JSON message, as `serde_json` has it.
pub type Object = serde_json::Map<alloc::string::String, serde_json::Value>;

/// The major version of the wire. Another major is refused by both sides with
/// -32008; within one, fields are only added.
pub const PROTOCOL_MAJOR: u32 = 1;

/// The WebSocket subprotocol of [`PROTOCOL_MAJOR`] (RFC 6455, section 1.9).
pub const SUBPROTOCOL: &str = "switchboard.v1";

/// Where a board answers: the control channel, as WebSocket and as `POST`.
pub const RPC_PATH: &str = "/rpc";

/// Where a board echoes what it is sent, text and binary.
pub const ECHO_PATH: &str = "/ws";

/// Where a board sends its log, a line a text message.
pub const LOG_PATH: &str = "/log";

/// Where a board sends samples, in binary frames: [`telemetry`].
pub const TELEMETRY_PATH: &str = "/telemetry";

/// Where a controller without a key is given one, while a hand at the board
/// allows it.
pub const PAIR_PATH: &str = "/pair";
