//! Replies until the broker has them. A command is never sent twice; its reply
//! may be: if the broker disappears after a command was carried out, the reply
//! follows on the next connection, as long as its sender may still wait for
//! it. Owns no connection and reads no clock.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

/// The most replies that are kept.
pub(crate) const MOST: usize = 1000;

/// The most bytes of their topics and payloads.
pub(crate) const MOST_BYTES: usize = 4 * 1024 * 1024;

/// How long a reply is kept.
pub(crate) const KEPT_FOR: Duration = Duration::from_secs(60);

/// A reply to publish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reply {
    /// Identifies it in what the connection reports.
    pub(crate) ticket: u64,
    /// Where it is published.
    pub(crate) topic: String,
    /// What is published.
    pub(crate) payload: Vec<u8>,
}

#[derive(Debug)]
struct Kept {
    topic: String,
    payload: Vec<u8>,
    until: Instant,
    /// A connection has it, and has not reported what became of it.
    on_its_way: bool,
}

impl Kept {
    fn bytes(&self) -> usize {
        self.topic.len() + self.payload.len()
    }
}

/// The replies that the broker has not acknowledged, the oldest first.
#[derive(Debug, Default)]
pub(crate) struct Replies {
    kept: BTreeMap<u64, Kept>,
    bytes: usize,
    last: u64,
    dropped: u64,
}

impl Replies {
    /// Keeps a reply; if there are too many, the oldest are dropped.
    pub(crate) fn add(&mut self, topic: String, payload: Vec<u8>, now: Instant) {
        self.last += 1;
        let kept = Kept {
            topic,
            payload,
            until: now + KEPT_FOR,
            on_its_way: false,
        };
        self.bytes += kept.bytes();
        self.kept.insert(self.last, kept);
        while (self.kept.len() > MOST || self.bytes > MOST_BYTES)
            && let Some((ticket, _)) = self.kept.first_key_value()
        {
            self.drop_one(*ticket);
        }
    }

    /// What is to be handed to the connection now. What is too old is dropped
    /// instead.
    pub(crate) fn due(&mut self, now: Instant) -> Vec<Reply> {
        self.expire(now);
        let waiting = self.kept.iter_mut().filter(|(_, kept)| !kept.on_its_way);
        waiting
            .map(|(ticket, kept)| {
                kept.on_its_way = true;
                Reply {
                    ticket: *ticket,
                    topic: kept.topic.clone(),
                    payload: kept.payload.clone(),
                }
            })
            .collect()
    }

    /// The broker has a reply.
    pub(crate) fn arrived(&mut self, ticket: u64) {
        self.remove(ticket);
    }

    /// A connection did not deliver a reply, or may not have.
    pub(crate) fn failed(&mut self, ticket: u64) {
        if let Some(kept) = self.kept.get_mut(&ticket) {
            kept.on_its_way = false;
        }
    }

    /// The connection is gone and reports nothing any more.
    pub(crate) fn all_failed(&mut self) {
        for kept in self.kept.values_mut() {
            kept.on_its_way = false;
        }
    }

    /// When [`Replies::expire`] is to be called.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.kept.first_key_value().map(|(_, kept)| kept.until)
    }

    /// Drops what is too old.
    pub(crate) fn expire(&mut self, now: Instant) {
        while let Some((ticket, kept)) = self.kept.first_key_value()
            && now >= kept.until
        {
            self.drop_one(*ticket);
        }
    }

    /// How many were dropped since this was called last.
    pub(crate) fn dropped(&mut self) -> u64 {
        std::mem::take(&mut self.dropped)
    }

    fn drop_one(&mut self, ticket: u64) {
        self.remove(ticket);
        self.dropped += 1;
    }

    fn remove(&mut self, ticket: u64) {
        if let Some(kept) = self.kept.remove(&ticket) {
            self.bytes -= kept.bytes();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replies(count: u64, now: Instant) -> Replies {
        let mut replies = Replies::default();
        for number in 1..=count {
            replies.add(format!("r/{number}"), b"{}".to_vec(), now);
        }
        replies
    }

    fn tickets(due: &[Reply]) -> Vec<u64> {
        due.iter().map(|reply| reply.ticket).collect()
    }

    #[test]
    fn a_reply_is_handed_over_once_and_forgotten_when_the_broker_has_it() {
        let now = Instant::now();
        let mut replies = replies(2, now);
        let due = replies.due(now);
        assert_eq!(due[0].topic, "r/1");
        assert_eq!(tickets(&due), [1, 2]);
        assert_eq!(replies.due(now), []);
        replies.arrived(1);
        replies.all_failed();
        assert_eq!(tickets(&replies.due(now)), [2]);
        replies.arrived(2);
        replies.all_failed();
        assert_eq!(replies.due(now), []);
        assert_eq!(replies.deadline(), None);
        assert_eq!((replies.bytes, replies.dropped()), (0, 0));
    }

    #[test]
    fn what_a_connection_did_not_deliver_is_due_again_in_order() {
        let now = Instant::now();
        let mut replies = replies(3, now);
        assert_eq!(replies.due(now).len(), 3);
        replies.failed(3);
        replies.failed(1);
        // What is unknown does no harm.
        replies.failed(9);
        replies.arrived(9);
        assert_eq!(tickets(&replies.due(now)), [1, 3]);
        replies.add("r/4".to_owned(), Vec::new(), now);
        replies.all_failed();
        assert_eq!(tickets(&replies.due(now)), [1, 2, 3, 4]);
    }

    #[test]
    fn a_reply_that_is_too_old_is_dropped_and_counted() {
        let start = Instant::now();
        let mut replies = replies(2, start);
        let late = start + KEPT_FOR / 2;
        replies.add("late".to_owned(), Vec::new(), late);
        // Also one that is on its way: it would not be sent again.
        replies.due(late);
        assert_eq!(replies.deadline(), Some(start + KEPT_FOR));
        replies.expire(start + KEPT_FOR);
        assert_eq!(replies.dropped(), 2);
        assert_eq!(replies.dropped(), 0);
        replies.all_failed();
        assert_eq!(tickets(&replies.due(start + KEPT_FOR)), [3]);
        assert_eq!(replies.due(late + KEPT_FOR), []);
        assert_eq!(replies.dropped(), 1);
    }

    #[test]
    fn their_number_and_their_bytes_are_bounded_and_the_newest_stay() {
        let now = Instant::now();
        let mut many = replies(MOST as u64 + 5, now);
        assert_eq!(many.dropped(), 5);
        let due = many.due(now);
        assert_eq!((due.len(), due[0].ticket), (MOST, 6));
        let mut large = Replies::default();
        for _ in 0..100 {
            large.add("r".to_owned(), vec![b'x'; 100 * 1024], now);
        }
        assert!(large.bytes <= MOST_BYTES);
        let due = large.due(now);
        assert_eq!(due.last().map(|reply| reply.ticket), Some(100));
        assert_eq!(due.len() as u64 + large.dropped(), 100);
    }
}
