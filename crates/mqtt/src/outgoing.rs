//! What is still to be published: the newest value per state, and a bounded
//! queue of events and commands. Knows nothing of connections.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use bytes::Bytes;

/// The most events and commands that wait for a slow broker.
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

/// The queues.
#[derive(Debug, Default)]
pub(crate) struct Outgoing {
    states: BTreeMap<Arc<str>, Slot>,
    changed: VecDeque<Arc<str>>,
    once: VecDeque<Message>,
    once_bytes: usize,
}

impl Outgoing {
    /// Sets the value of a topic; an empty one removes it from the broker.
    pub(crate) fn set(&mut self, topic: &str, payload: Bytes) {
        if let Some((topic, slot)) = self.states.get_key_value(topic) {
            let (topic, queued) = (Arc::clone(topic), slot.queued);
            if !queued {
                self.changed.push_back(Arc::clone(&topic));
            }
            let queued = true;
            self.states.insert(topic, Slot { payload, queued });
            return;
        }
        let topic: Arc<str> = topic.into();
        self.changed.push_back(Arc::clone(&topic));
        let queued = true;
        self.states.insert(topic, Slot { payload, queued });
    }

    /// Queues an event or a command; `false` if the queue is full.
    pub(crate) fn push(&mut self, message: Message) -> bool {
        let bytes = message.topic.len() + message.payload.len();
        if self.once.len() >= MOST || self.once_bytes + bytes > MOST_BYTES {
            return false;
        }
        self.once_bytes += bytes;
        self.once.push_back(message);
        true
    }

    /// The next message: events and commands before states, which coalesce
    /// while they wait.
    pub(crate) fn pop(&mut self) -> Option<Message> {
        if let Some(message) = self.once.pop_front() {
            self.once_bytes -= message.topic.len() + message.payload.len();
            return Some(message);
        }
        let topic = self.changed.pop_front()?;
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
        self.changed.clear();
        for (topic, slot) in &mut self.states {
            slot.queued = true;
            self.changed.push_back(Arc::clone(topic));
        }
        self.once_bytes = 0;
        std::mem::take(&mut self.once)
    }

    /// How many states wait.
    pub(crate) fn waiting(&self) -> usize {
        self.changed.len()
    }

    /// Whether nothing waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.changed.is_empty() && self.once.is_empty()
    }
}
