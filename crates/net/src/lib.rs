//! Networking on a host: [`client`] connects to addresses over TCP and TLS,
//! [`discovery`] listens for mDNS announcements, and [`handshake`] is the
//! server side of a WebSocket's opening handshake. [`eviction`], [`paging`]
//! and [`waiting`] bound what peers can fill. Owns no link to a board.

pub mod client;
pub mod discovery;
pub mod eviction;
pub mod handshake;
pub mod paging;
pub mod waiting;
