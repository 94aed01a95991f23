//! The server over real sockets, driven by the plainest of clients.

mod calling;
mod control;
mod crowded;
mod http;
mod locked;
mod log;
mod mdns;
mod served;
mod web_pages;
