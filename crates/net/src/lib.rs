//! Networking on a host: [`client`] connects to addresses over TCP and TLS,
//! [`discovery`] listens for mDNS announcements, [`handshake`] is the server
//! side of a WebSocket's opening handshake, and a [`token`] is what a client
//! may have to show there. [`eviction`], [`paging`] and [`waiting`] bound what
//! peers can fill. Owns no link to a board.

pub mod client;
pub mod discovery;
pub mod eviction;
pub mod handshake;
pub mod paging;
pub mod token;
pub mod waiting;
