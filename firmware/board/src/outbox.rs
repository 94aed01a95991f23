//! What is pushed, as it waits for clients. A push is the same for all but for
//! `prev`, so it is written once and shared until the last client has taken it.

use alloc::{rc::Rc, string::String};
use core::fmt::Write;

use protocol::{NotifyEvent, NotifyStatus, method};

use crate::text;

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

/// A push that waits for each client that has one of these.
#[derive(Clone)]
pub(crate) struct Waiting(Rc<Message>);

struct Message {
    text: String,
    /// Of a status: where in `text` the value of `prev` stands, one digit, and
    /// what it brings its receiver up to.
    status: Option<(usize, u64)>,
}

/// The most digits of a `prev`.
const DIGITS: usize = 20;

impl Waiting {
    /// `prev` of a status is 0 here: one digit, in whose place each client's
    /// own is put.
    pub(crate) fn new(push: Push<'_>) -> Self {
        const PREV: &str = "\"prev\":";
        let text = notification(push);
        let status = match push {
            Push::Status(status) => text.find(PREV).map(|at| (at + PREV.len(), status.seq)),
            Push::Event(_) => None,
        };
        Self(Rc::new(Message { text, status }))
    }

    /// The message for a client that was last sent `sent`, which becomes what
    /// this brings it up to.
    pub(crate) fn take(self, sent: &mut u64) -> String {
        let Message { text, status } = &*self.0;
        let Some((at, seq)) = *status else {
            return text.clone();
        };
        let mut message = String::with_capacity(text.len() + DIGITS);
        message.push_str(text.get(..at).unwrap_or_default());
        // Writing into a text does not fail.
        let _ = write!(message, "{}", core::mem::replace(sent, seq));
        message.push_str(text.get(at + 1..).unwrap_or_default());
        message
    }

    /// How long it is, and the part in that of each client for which it waits.
    pub(crate) fn size(&self) -> (usize, usize) {
        (
            self.0.text.len(),
            self.0.text.capacity() / Rc::strong_count(&self.0),
        )
    }
}
