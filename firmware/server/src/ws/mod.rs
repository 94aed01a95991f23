//! WebSocket (RFC 6455) on top of edge-ws, which encodes and decodes frame
//! headers. This module validates frames, assembles fragmented messages, and
//! handles UTF-8, close codes and the closing handshake. It supports no
//! extensions and does not interpret messages.

mod decoder;
mod frame;
mod reader;

pub use decoder::{Decoder, Message, Violation};
pub use frame::{Close, Endpoint, FrameType, close_frame, frame};
pub(crate) use reader::{Reader, Stopped, WAITING};
