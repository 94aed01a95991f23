//! The protocol between a Switchboard controller and a board: messages, limits,
//! mDNS keys and versions.
//!
//! The only crate that the app and the firmware share. It defines what bytes
//! mean; it owns no socket, reads no clock and knows neither the app nor a
//! board. `docs/protocol.md` is the specification.
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
mod quoted;
mod rpc;
mod salvage;
mod state;
pub mod telemetry;

pub use component::{Caps, ComponentKey, Descriptor, EntityCategory, KeyError, Kind, LIGHT_FIELDS};
pub use device::{CommandResult, ComponentsPage, DeviceInfo, Pong, Snapshot};
pub use error::{Code, ErrorData, RpcError};
pub use fields::Fields;
pub use id::{BoardIdError, board_id};
pub use log::{Level, LevelError, LogFilter, LogLine, NotifyLog, ResetReason, log_message};
pub use notify::{Epoch, Event, NotifyEvent, NotifyStatus, Source};
pub use quoted::Quoted;
pub use rpc::{BoardMessageError, FromBoard, Id, Rejected, Request, Response};
pub use salvage::{Unreadable, salvage};
pub use state::State;

/// A JSON object, as `serde_json` represents it.
pub type Object = serde_json::Map<alloc::string::String, serde_json::Value>;

/// The major version of the protocol. Both sides refuse another major version,
/// a board with -32008; within one, fields are only added.
pub const PROTOCOL_MAJOR: u32 = 1;

/// The WebSocket subprotocol of [`PROTOCOL_MAJOR`] (RFC 6455, section 1.9).
pub const SUBPROTOCOL: &str = "switchboard.v1";

/// Path of the control channel, as WebSocket and as `POST`.
pub const RPC_PATH: &str = "/rpc";

/// Path of the echo, for text and binary messages.
pub const ECHO_PATH: &str = "/ws";

/// Path of the log, one line per text message.
pub const LOG_PATH: &str = "/log";

/// Path of the telemetry, in binary frames: [`telemetry`].
pub const TELEMETRY_PATH: &str = "/telemetry";

/// Path at which a controller without a key can be paired, while pairing is
/// open at the board.
pub const PAIR_PATH: &str = "/pair";
