//! WebSocket (RFC 6455) over edge-ws, which codes frame headers: what a frame
//! may be, messages of several frames, UTF-8, close codes and the closing
//! handshake are decided here. No extension is spoken, and nothing here knows
//! what messages mean.

mod decoder;
mod frame;
mod reader;

pub use decoder::{Decoder, Message, Violation};
pub use frame::{Close, Endpoint, FrameType, close_frame, frame};
pub(crate) use reader::{Reader, Stopped, WAITING};
