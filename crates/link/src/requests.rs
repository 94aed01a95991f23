//! Numbers the requests of one connection and remembers what each is for.

use protocol::{ComponentKey, Id, Object};
use web_time::Instant;

/// What a request is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// `Device.GetInfo`.
    Info,
    /// `Device.GetComponents`.
    Components,
    /// `Device.Subscribe`.
    Subscribe,
    /// `Device.GetStatus`.
    Status,
    /// `Log.Subscribe`.
    Log,
    /// The live preview.
    Preview,
    /// `Sys.Ping`.
    Ping,
    /// `Outbound.Get`, sent because another peer claims to be this board.
    Outbound,
    /// A step of a firmware update.
    Update,
    /// A command, by the component whose queue it is in.
    Command(Option<ComponentKey>),
}

/// A request in flight.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) number: i64,
    pub(crate) sent: Instant,
    pub(crate) purpose: Purpose,
}

/// The requests in flight. A number is never used twice, not even on the next
/// connection, so that a late response is not taken for another.
#[derive(Debug)]
pub(crate) struct Requests {
    last: i64,
    /// In ascending order of their numbers. Most of the time there are none,
    /// and then nothing is allocated.
    in_flight: Vec<Request>,
}

impl Requests {
    /// None in flight; the next one is numbered `last + 1`.
    pub(crate) const fn after(last: i64) -> Self {
        Self {
            last,
            in_flight: Vec::new(),
        }
    }

    /// Adds a request, numbered [`Self::last`].
    pub(crate) fn add(
        &mut self,
        now: Instant,
        purpose: Purpose,
        method: &str,
        params: Object,
    ) -> protocol::Request {
        self.last += 1;
        self.in_flight.push(Request {
            number: self.last,
            sent: now,
            purpose,
        });
        protocol::Request {
            id: Some(Id::Number(self.last)),
            method: method.to_owned(),
            params,
        }
    }

    /// Removes the request that a response answers, if any.
    pub(crate) fn take(&mut self, id: Option<&Id>) -> Option<Request> {
        let number = match id? {
            Id::Number(number) => *number,
            // Some boards keep every id as a text.
            Id::Text(text) => text.parse().ok()?,
        };
        let at = self
            .in_flight
            .binary_search_by_key(&number, |request| request.number)
            .ok()?;
        let taken = self.in_flight.remove(at);
        self.free_if_empty();
        Some(taken)
    }

    /// Removes a request whose answer is no longer needed.
    pub(crate) fn forget(&mut self, number: i64) {
        self.in_flight.retain(|request| request.number != number);
        self.free_if_empty();
    }

    /// When the oldest request for this purpose was sent.
    pub(crate) fn sent_at(&self, purpose: &Purpose) -> Option<Instant> {
        self.in_flight
            .iter()
            .find(|request| request.purpose == *purpose)
            .map(|request| request.sent)
    }

    pub(crate) fn in_flight(&self) -> usize {
        self.in_flight.len()
    }

    pub(crate) fn last(&self) -> i64 {
        self.last
    }

    pub(crate) fn clear(&mut self) {
        self.in_flight = Vec::new();
    }

    fn free_if_empty(&mut self) {
        if self.in_flight.is_empty() {
            self.in_flight = Vec::new();
        }
    }
}
