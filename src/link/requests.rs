//! Numbers the requests of one connection and remembers what each was for.
//! Decides nothing.

use std::time::Instant;

use protocol::{ComponentKey, Id, Object, Request};

/// What an answer is for.
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
    /// `Sys.Ping`.
    Ping,
    /// `Outbound.Get`, because somebody else says to be this board.
    Rival,
    /// A step of a firmware update.
    Update,
    /// A command of the person, by its lane.
    Command(Option<ComponentKey>),
}

/// The requests of one link. Numbers are never used again, not even on the next
/// connection, so that no late answer is taken for another.
#[derive(Debug, Default)]
pub(crate) struct Requests {
    next: i64,
    /// By their numbers, which only grow. Few at a time, and none most of the
    /// time: then there is nothing to hold.
    under_way: Vec<(i64, Instant, Purpose)>,
}

impl Requests {
    /// A message that asks for `method`, and its number.
    pub(crate) fn ask(
        &mut self,
        now: Instant,
        purpose: Purpose,
        method: &str,
        params: Object,
    ) -> (i64, String) {
        self.next += 1;
        self.under_way.push((self.next, now, purpose));
        let request = Request {
            id: Some(Id::Number(self.next)),
            method: method.to_owned(),
            params,
        };
        (self.next, request.to_json())
    }

    /// What an answer is for, and when its question was sent; `None` for an
    /// answer to nothing.
    pub(crate) fn take(&mut self, id: Option<&Id>) -> Option<(i64, Instant, Purpose)> {
        let number = match id? {
            Id::Number(number) => *number,
            // Some boards keep every id as a text.
            Id::Text(text) => text.parse().ok()?,
        };
        let at = self
            .under_way
            .binary_search_by_key(&number, |(number, ..)| *number)
            .ok()?;
        let taken = self.under_way.remove(at);
        self.let_go();
        Some(taken)
    }

    /// Nobody waits for this answer any more.
    pub(crate) fn give_up(&mut self, number: i64) {
        self.under_way
            .retain(|(under_way, ..)| *under_way != number);
        self.let_go();
    }

    /// Since when an answer of this sort is awaited; `None` where none is.
    pub(crate) fn awaited_since(&self, purpose: &Purpose) -> Option<Instant> {
        self.under_way
            .iter()
            .find(|(_, _, awaited)| awaited == purpose)
            .map(|(_, sent, _)| *sent)
    }

    pub(crate) fn under_way(&self) -> usize {
        self.under_way.len()
    }

    /// The connection ended.
    pub(crate) fn clear(&mut self) {
        self.under_way = Vec::new();
    }

    fn let_go(&mut self) {
        if self.under_way.is_empty() {
            self.under_way = Vec::new();
        }
    }
}
