//! Pushes that wait for clients. A push is the same for all but for `prev`, so it is written once and kept until the last
//! client has taken it.

use alloc::{
    collections::BTreeMap,
    string::{String, ToString},
};

use protocol::{NotifyEvent, NotifyStatus, method};

use crate::text;

/// Names a push in the outbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct PushId(u64);

/// What is pushed.
#[derive(Clone, Copy)]
pub(crate) enum Push<'a> {
    Status(&'a NotifyStatus),
    Event(&'a NotifyEvent),
}

/// The whole message, with `prev` as it stands there.
pub(crate) fn notification(push: Push<'_>) -> String {
    match push {
        Push::Status(params) => text::notification(method::NOTIFY_STATUS, params),
        Push::Event(params) => text::notification(method::NOTIFY_EVENT, params),
    }
}

struct Waiting {
    text: String,
    /// Of a status: where in `text` the value of `prev` stands, one digit, and what it brings its receiver up to.
    status: Option<(usize, u64)>,
    /// How many clients have not taken it.
    readers: usize,
}

/// The pushes that wait.
#[derive(Default)]
pub(crate) struct Outbox {
    waiting: BTreeMap<PushId, Waiting>,
    next: u64,
}

impl Outbox {
    /// Keeps a push until it has been taken or dropped for each that [`Self::share`] was called for. `prev` of a status is 0
    /// here: one digit, in whose place each client's own is put.
    pub(crate) fn add(&mut self, push: Push<'_>) -> PushId {
        const PREV: &str = "\"prev\":";
        let seq = match &push {
            Push::Status(status) => Some(status.seq),
            Push::Event(_) => None,
        };
        let text = notification(push);
        let status = seq.and_then(|seq| Some((text.find(PREV)? + PREV.len(), seq)));
        let id = PushId(self.next);
        self.next += 1;
        self.waiting.insert(id, Waiting { text, status, readers: 0 });
        id
    }

    /// One more client will take it.
    pub(crate) fn share(&mut self, id: PushId) {
        if let Some(waiting) = self.waiting.get_mut(&id) {
            waiting.readers += 1;
        }
    }

    /// The message for a client that was last sent `sent`, which becomes what this brings it up to.
    pub(crate) fn take(&mut self, id: PushId, sent: &mut u64) -> Option<String> {
        let waiting = self.waiting.get(&id)?;
        let text = match waiting.status {
            None => waiting.text.clone(),
            Some((at, seq)) => {
                let prev = core::mem::replace(sent, seq).to_string();
                let mut text = String::with_capacity(waiting.text.len() + prev.len());
                text.push_str(waiting.text.get(..at).unwrap_or_default());
                text.push_str(&prev);
                text.push_str(waiting.text.get(at + 1..).unwrap_or_default());
                text
            }
        };
        self.drop_one(id);
        Some(text)
    }

    /// How long it is, and each reader's part of that.
    pub(crate) fn size(&self, id: PushId) -> (usize, usize) {
        let waiting = self.waiting.get(&id);
        waiting.map_or((0, 0), |waiting| (waiting.text.len(), waiting.text.capacity() / waiting.readers.max(1)))
    }

    /// A client will not take it.
    pub(crate) fn drop_one(&mut self, id: PushId) {
        if let Some(waiting) = self.waiting.get_mut(&id) {
            waiting.readers = waiting.readers.saturating_sub(1);
            if waiting.readers == 0 {
                self.waiting.remove(&id);
            }
        }
    }

    /// Forgets a push that nobody shares.
    pub(crate) fn discard_unshared(&mut self, id: PushId) {
        if self.waiting.get(&id).is_some_and(|waiting| waiting.readers == 0) {
            self.waiting.remove(&id);
        }
    }
}
