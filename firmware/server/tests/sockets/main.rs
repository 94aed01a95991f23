//! The server over real sockets, with a minimal client.

mod calling;
mod clients;
mod control;
mod crowded;
mod http;
mod locked;
mod log;
mod mdns;
mod pages;
mod served;
mod telemetry;
mod web_pages;
