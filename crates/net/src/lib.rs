//! Networking on a host: [`client`] connects to addresses over TCP and TLS,
//! [`discovery`] listens for mDNS announcements, and [`handshake`] is the
//! server side of a WebSocket's opening handshake. Knows nothing about boards
//! beyond their announcements.

pub mod client;
pub mod discovery;
pub mod eviction;
pub mod handshake;
pub mod paging;
pub mod waiting;
