//! Encodes frames, with header and payload in one buffer, so that each needs
//! only one write.

use alloc::{vec, vec::Vec};

use edge_ws::FrameHeader;
pub use edge_ws::FrameType;

/// The code and reason of a close frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Close {
    /// RFC 6455, section 7.4.
    pub code: u16,
    /// Human-readable; at most 123 bytes, what a control frame leaves (section
    /// 5.5).
    pub reason: &'static str,
}

impl Close {
    /// 1000: normal closure.
    pub const NORMAL: u16 = 1000;
    /// 1002: the peer violated the protocol.
    pub const PROTOCOL_ERROR: u16 = 1002;
    /// 1003: a message type that this channel does not accept.
    pub const UNSUPPORTED_DATA: u16 = 1003;
    /// 1007: text that is not UTF-8.
    pub const INVALID_PAYLOAD: u16 = 1007;
    /// 1008: a policy violation; here, the peer lacks a valid key.
    pub const POLICY: u16 = 1008;
    /// 1009: a message over the limit.
    pub const TOO_BIG: u16 = 1009;
    /// 1012: the board restarts (IANA's registry of close codes).
    pub const SERVICE_RESTART: u16 = 1012;
    /// 1013: no free slot (IANA's registry of close codes).
    pub const TRY_AGAIN_LATER: u16 = 1013;
}

/// An end of a WebSocket. A client masks each frame that it sends, a server
/// none, and each rejects frames that violate this (RFC 6455, section 5.1).
#[derive(Clone, Copy)]
pub enum Endpoint<'a> {
    /// The end that accepted the connection.
    Server,
    /// The end that connected, with a source of unpredictable masks (section
    /// 5.3).
    Client(&'a dyn Fn() -> [u8; 4]),
}

impl Endpoint<'_> {
    /// Encodes a frame for this end to send.
    pub fn frame(self, frame_type: FrameType, payload: &[u8]) -> Vec<u8> {
        let mask_key = match self {
            Self::Server => None,
            Self::Client(mask) => Some(u32::from_be_bytes(mask())),
        };
        let header = FrameHeader {
            frame_type,
            payload_len: payload.len() as u64,
            mask_key,
        };
        let length = header.serialized_len();
        let mut bytes = Vec::with_capacity(length + payload.len());
        bytes.resize(length, 0);
        // This fails only if the buffer is shorter than `serialized_len`.
        let written = header.serialize(&mut bytes).unwrap_or(0);
        bytes.truncate(written);
        bytes.extend_from_slice(payload);
        header.mask(&mut bytes[written..], 0);
        bytes
    }

    /// Encodes a close frame; without a code if the peer's had none (RFC 6455,
    /// section 5.5.1).
    pub fn close_frame(self, code: Option<u16>, reason: &str) -> Vec<u8> {
        let Some(code) = code else {
            return self.frame(FrameType::Close, &[]);
        };
        let mut payload = vec![0; 2];
        payload.copy_from_slice(&code.to_be_bytes());
        let end = (0..=reason.len().min(123))
            .rev()
            .find(|end| reason.is_char_boundary(*end))
            .unwrap_or(0);
        payload.extend_from_slice(&reason.as_bytes()[..end]);
        self.frame(FrameType::Close, &payload)
    }
}

/// Encodes a server's frame.
pub fn frame(frame_type: FrameType, payload: &[u8]) -> Vec<u8> {
    Endpoint::Server.frame(frame_type, payload)
}

/// Encodes a server's close frame; without a code if the peer's had none.
pub fn close_frame(code: Option<u16>, reason: &str) -> Vec<u8> {
    Endpoint::Server.close_frame(code, reason)
}
