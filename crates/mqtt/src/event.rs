//! What a session reports.

use crate::Problem;

/// What is reported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The broker accepted this client. Its subscriptions follow, then all
    /// states.
    Connected,
    /// The connection ended or failed; it is tried again.
    Disconnected(Problem),
    /// The broker accepted a subscription. Retained messages follow.
    Subscribed {
        /// Its filter.
        filter: String,
    },
    /// The broker refused a subscription. Reported once per connection; it is
    /// tried again every few seconds.
    Refused {
        /// Its filter.
        filter: String,
    },
    /// A message.
    Message {
        /// Its topic.
        topic: String,
        /// Its payload.
        payload: Vec<u8>,
        /// The broker had it from before the subscription.
        retained: bool,
    },
    /// A message over [`LIMIT`](crate::LIMIT) was skipped.
    TooLarge {
        /// Its topic, if it is text.
        topic: Option<String>,
        /// Its size, in bytes.
        size: usize,
    },
    /// A message of ours cannot be published.
    Unpublishable {
        /// Its topic.
        topic: String,
        /// Why.
        reason: String,
    },
    /// A command or a reply was handed to the connection.
    Sent(u64),
    /// A command or a reply arrived at the broker.
    Acknowledged(u64),
    /// The connection was lost before the broker acknowledged a command or a
    /// reply.
    Unconfirmed(u64),
    /// A command or a reply was not sent, because there is no connection.
    Unsent(u64),
    /// This many events were not published, because there was no connection or
    /// the broker was too slow; or the connection was lost before the broker
    /// acknowledged them.
    Dropped(u64),
}
