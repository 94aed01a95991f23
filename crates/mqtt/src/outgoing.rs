//! What is still to be published: the newest value per state with the replies
//! in between, and a bounded queue of events and commands. Knows nothing of
//! connections.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

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
    pub(crate) payload: Vec<u8>,
    pub(crate) kind: Kind,
}

/// What was taken to be published.
#[derive(Debug)]
pub(crate) struct Taken {
    pub(crate) kind: Kind,
    /// The topic of a state that is removed with it.
    pub(crate) removed: Option<Arc<str>>,
}

#[derive(Debug)]
struct Slot {
    /// The key of this slot, to share it.
    topic: Arc<str>,
    payload: Vec<u8>,
    queued: bool,
    /// Its place among all states, in the order in which they were first set.
    place: u64,
}

#[derive(Debug)]
enum Next {
    State(Arc<str>),
    Reply(Message),
}

/// The queues.
#[derive(Debug, Default)]
pub(crate) struct Outgoing {
    states: HashMap<Arc<str>, Slot>,
    next_place: u64,
    /// Changed states, and replies, in the order of publishing.
    changed: VecDeque<Next>,
    once: VecDeque<Message>,
    /// Of replies, events and commands.
    bytes: usize,
    replies: usize,
}

impl Outgoing {
    /// Sets the value of a topic; an empty one removes it from the broker.
    pub(crate) fn set(&mut self, topic: &str, payload: Vec<u8>) {
        if let Some(slot) = self.states.get_mut(topic) {
            slot.payload = payload;
            if !std::mem::replace(&mut slot.queued, true) {
                let topic = Arc::clone(&slot.topic);
                self.changed.push_back(Next::State(topic));
            }
            return;
        }
        let topic: Arc<str> = topic.into();
        self.changed.push_back(Next::State(Arc::clone(&topic)));
        let slot = Slot {
            topic: Arc::clone(&topic),
            payload,
            queued: true,
            place: self.next_place,
        };
        self.next_place += 1;
        self.states.insert(topic, slot);
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

    /// Takes the next message, and passes its topic and payload to `write`:
    /// events and commands before states, which coalesce while they wait.
    pub(crate) fn take(&mut self, write: impl FnOnce(&str, &[u8], &Kind)) -> Option<Taken> {
        let message = match self.once.pop_front() {
            Some(message) => message,
            None => match self.changed.pop_front()? {
                Next::State(topic) => return self.take_state(topic, write),
                Next::Reply(message) => {
                    self.replies -= 1;
                    message
                }
            },
        };
        self.bytes -= message.topic.len() + message.payload.len();
        write(&message.topic, &message.payload, &message.kind);
        let kind = message.kind;
        let removed = None;
        Some(Taken { kind, removed })
    }

    fn take_state(
        &mut self,
        topic: Arc<str>,
        write: impl FnOnce(&str, &[u8], &Kind),
    ) -> Option<Taken> {
        let slot = self.states.get_mut(&topic)?;
        slot.queued = false;
        let kind = Kind::State;
        write(&topic, &slot.payload, &kind);
        let removed = slot.payload.is_empty().then_some(topic);
        Some(Taken { kind, removed })
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
        let mut states: Vec<_> = self.states.values_mut().collect();
        states.sort_unstable_by_key(|slot| slot.place);
        for slot in states {
            slot.queued = true;
            let topic = Arc::clone(&slot.topic);
            self.changed.push_back(Next::State(topic));
        }
        self.bytes = 0;
        self.replies = 0;
        lost
    }

    /// How many states wait.
    #[cfg(test)]
    pub(crate) fn waiting(&self) -> usize {
        self.changed.len() - self.replies
    }

    /// Whether nothing waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.changed.is_empty() && self.once.is_empty()
    }
}
