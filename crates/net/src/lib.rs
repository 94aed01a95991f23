//! The network as a host sees it: [`client`] connects to addresses over TCP and
//! TLS, [`discovery`] listens for announcements over mDNS, and [`handshake`] is
//! the server's half of a WebSocket's opening. Knows nothing about boards
//! beyond what they announce.

pub mod backoff;
pub mod client;
pub mod discovery;
pub mod eviction;
pub mod handshake;
pub mod paging;
pub mod waiting;
