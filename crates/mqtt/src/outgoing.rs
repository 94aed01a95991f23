//! What is still to be published: the newest value per state with the replies
//! in between, and a bounded queue of events and commands. Knows nothing of
//! connections.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use bytes::Bytes;

/// The most messages besides states that wait for a slow broker.
const MOST: usize = 4096;

/// Their most bytes.
const MOST_BYTES: usize = 8 * 1024 * 1024;

/// What a message is, to tell what its acknowledgement or loss means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The value of a topic.
    State,
    /// Published once, or lost.
    Event,
    /// Published once; its ticket is reported.
    Command(u64),
    /// Like a command, but after the states that were set before.
    Reply(u64),
}

/// A message to publish.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) topic: Arc<str>,
    pub(crate) payload: Bytes,
    pub(crate) kind: Kind,
}

#[derive(Debug)]
struct Slot {
    payload: Bytes,
    queued: bool,
}

#[derive(Debug)]
enum Next {
    State(Arc<str>),
    Reply(Message),
}

/// The queues.
#[derive(Debug, Default)]
pub(crate) struct Outgoing {
    states: BTreeMap<Arc<str>, Slot>,
    /// Changed states, and replies, in the order of publishing.
    changed: VecDeque<Next>,
    once: VecDeque<Message>,
    /// Of replies, events and commands.
    bytes: usize,
    replies: usize,
}

impl Outgoing {
    /// Sets the value of a topic; an empty one removes it from the broker.
    pub(crate) fn set(&mut self, topic: &str, payload: Bytes) {
        let known = self.states.get_key_value(topic);
        let topic = known.map_or_else(|| topic.into(), |(topic, _)| Arc::clone(topic));
        let queued = true;
        let slot = Slot { payload, queued };
        let before = self.states.insert(Arc::clone(&topic), slot);
        if before.is_none_or(|before| !before.queued) {
            self.changed.push_back(Next::State(topic));
        }
    }

    /// Queues an event, a command or a reply; `false` if too much waits.
    pub(crate) fn push(&mut self, message: Message) -> bool {
        let bytes = message.topic.len() + message.payload.len();
        if self.once.len() + self.replies >= MOST || self.bytes + bytes > MOST_BYTES {
            return false;
        }
        self.bytes += bytes;
        if matches!(message.kind, Kind::Reply(_)) {
            self.replies += 1;
            self.changed.push_back(Next::Reply(message));
        } else {
            self.once.push_back(message);
        }
        true
    }

    /// The next message: events and commands before states, which coalesce
    /// while they wait.
    pub(crate) fn pop(&mut self) -> Option<Message> {
        if let Some(message) = self.once.pop_front() {
            self.bytes -= message.topic.len() + message.payload.len();
            return Some(message);
        }
        let topic = match self.changed.pop_front()? {
            Next::State(topic) => topic,
            Next::Reply(message) => {
                self.replies -= 1;
                self.bytes -= message.topic.len() + message.payload.len();
                return Some(message);
            }
        };
        let slot = self.states.get_mut(&topic)?;
        slot.queued = false;
        let payload = slot.payload.clone();
        let kind = Kind::State;
        Some(Message {
            topic,
            payload,
            kind,
        })
    }

    /// A value arrived at the broker; a removed one is forgotten.
    pub(crate) fn arrived(&mut self, topic: &str) {
        let gone = |slot: &Slot| slot.payload.is_empty() && !slot.queued;
        if self.states.get(topic).is_some_and(gone) {
            self.states.remove(topic);
        }
    }

    /// The connection is lost: queues all states again and returns what was
    /// to be published once.
    pub(crate) fn lost(&mut self) -> VecDeque<Message> {
        let mut lost = std::mem::take(&mut self.once);
        for next in std::mem::take(&mut self.changed) {
            if let Next::Reply(message) = next {
                lost.push_back(message);
            }
        }
        for (topic, slot) in &mut self.states {
            slot.queued = true;
            self.changed.push_back(Next::State(Arc::clone(topic)));
        }
        self.bytes = 0;
        self.replies = 0;
        lost
    }

    /// How many states wait.
    pub(crate) fn waiting(&self) -> usize {
        self.changed.len() - self.replies
    }

    /// Whether nothing waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.changed.is_empty() && self.once.is_empty()
    }
}
