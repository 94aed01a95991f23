//! Serves a fleet over HTTP: the files of the web window, one WebSocket per
//! client, and `/healthz`. Decides who may connect and how much a client may
//! use; what clients and server say to each other is decided by the crate
//! `remote`.

mod attempts;
mod client;
mod counts;
mod hosts;
mod limits;
mod page;
mod refusal;
mod respond;
mod run;
mod server;
mod tls;
mod tokens;

pub use hosts::own_names;
pub use limits::Limits;
pub use page::{EMBEDDED, Embedded};
pub use respond::FLEET;
pub use run::{RunError, run};
pub use server::{Options, Server, StartError};
pub use tls::{Fingerprint, Tls, TlsError};
pub use tokens::{Access, Token, TokenError, TokenFileError, token_file};
