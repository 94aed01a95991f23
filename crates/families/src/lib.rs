//! Families of boards. A board of another family speaks its own protocol; a
//! [`Dialect`] translates between that and the messages of
//! `docs/protocol.md`, so that everything above it treats all boards alike.
//!
//! A dialect is sans-IO: it is told what arrived, what is requested and what
//! time it is, and answers with [`Action`]s. It owns no socket, reads no clock
//! and decides nothing about reconnecting, staleness or the outcome of a
//! command.

mod action;
mod announced;
mod bridge;
mod directory;
mod esphome;
mod family;
mod hex;
mod homie;
mod light;
mod numbering;
pub mod preview;
#[cfg(test)]
mod rig;
mod shadow;
mod shelly;
mod tasmota;
mod waiting;
mod wled;

pub use action::{Action, Actions, BrokerMessage, Payload, Problem, Received};
pub use bridge::{bridged, bridged_boards};
pub use directory::{Bridge, Change, Directory, Found, is_plain_topic};
pub use family::{Confirmation, Credential, Endpoint, Family, TxtError, UnknownFamily};
pub use shelly::inbound_id as shelly_inbound_id;

pub(crate) use shadow::{OWN_CLIENT, Shadow};
pub(crate) use waiting::Waiting;

use std::fmt;

use protocol::Request;
use web_time::Instant;

/// The board's side of one connection, translated. A new one is made for each
/// connection.
pub trait Dialect: fmt::Debug + Send {
    /// The board that should answer, by its id. The session compares the ids
    /// once the board has described itself; a family whose boards say earlier
    /// which they are ends the connection with [`Problem::AnotherBoard`].
    fn expect(&mut self, id: &str) {
        let _ = id;
    }

    /// The socket is open.
    fn opened(&mut self, now: Instant, out: &mut Actions);

    /// A request of `docs/protocol.md`. It is answered by one
    /// [`protocol::FromBoard::Response`] with its id, at once or later. One
    /// that the board neither confirms nor refuses stays without an answer:
    /// the session reports it as unconfirmed.
    fn request(&mut self, now: Instant, request: &Request, out: &mut Actions);

    /// A message of the board, or, over TCP, any part of its stream.
    fn received(&mut self, now: Instant, received: Received<'_>, out: &mut Actions);

    /// The answer to [`Action::Fetch`]: the body, or the reason for its
    /// absence.
    fn fetched(&mut self, now: Instant, path: &str, body: Result<&str, &str>, out: &mut Actions) {
        let _ = (now, path, body, out);
    }

    /// When [`Self::tick`] is due next.
    fn next_deadline(&self) -> Option<Instant> {
        None
    }

    /// [`Self::next_deadline`] has passed.
    fn tick(&mut self, now: Instant, out: &mut Actions) {
        let _ = (now, out);
    }
}
