//! Pushes that wait for clients. A push differs only in `prev` between clients,
//! so it is serialized once and shared until the last client has taken it.

use alloc::{rc::Rc, string::String};
use core::fmt::Write;

use protocol::{NotifyEvent, NotifyStatus, method};

use crate::text;

/// A change or an event to push.
#[derive(Clone, Copy)]
pub(crate) enum Push<'a> {
    Status(&'a NotifyStatus),
    Event(&'a NotifyEvent),
}

/// The whole message.
pub(crate) fn notification(push: Push<'_>) -> String {
    match push {
        Push::Status(params) => text::notification(method::NOTIFY_STATUS, params),
        Push::Event(params) => text::notification(method::NOTIFY_EVENT, params),
    }
}

/// A serialized push, shared by the clients that it waits for.
#[derive(Clone)]
pub(crate) struct SharedPush(Rc<PushMessage>);

struct PushMessage {
    text: String,
    /// For a status: the position of the value of `prev` in `text`, which is
    /// one digit, and the `seq`.
    status: Option<(usize, u64)>,
}

/// The most digits of a `prev`.
const DIGITS: usize = 20;

impl SharedPush {
    /// The `prev` of a status must be 0: the digit is replaced for each
    /// client.
    pub(crate) fn new(push: Push<'_>) -> Self {
        const PREV: &str = "\"prev\":";
        let text = notification(push);
        let status = match push {
            Push::Status(status) => text.find(PREV).map(|at| (at + PREV.len(), status.seq)),
            Push::Event(_) => None,
        };
        Self(Rc::new(PushMessage { text, status }))
    }

    /// The message for a client that was last sent the `seq` `sent`, which is
    /// updated.
    pub(crate) fn take(self, sent: &mut u64) -> String {
        let PushMessage { text, status } = &*self.0;
        let Some((at, seq)) = *status else {
            return text.clone();
        };
        let mut message = String::with_capacity(text.len() + DIGITS);
        message.push_str(text.get(..at).unwrap_or_default());
        // Writing into a string cannot fail.
        let _ = write!(message, "{}", core::mem::replace(sent, seq));
        message.push_str(text.get(at + 1..).unwrap_or_default());
        message
    }

    /// Its length, and the memory it uses divided by the clients it waits for.
    pub(crate) fn size(&self) -> (usize, usize) {
        (
            self.0.text.len(),
            self.0.text.capacity() / Rc::strong_count(&self.0),
        )
    }
}
