//! What the retained messages of a broker say about boards: which exist, which
//! topics each needs, and what changed. Sans-IO: a [`Directory`] is given
//! messages and owns no connection.

use std::fmt;

use protocol::mdns::Announcement;

use crate::Family;

/// The most boards of one directory.
pub(crate) const BOARDS: usize = 20_000;

/// How much a directory keeps of all boards together, in bytes of payload. A
/// real board needs about 2 kB.
pub(crate) const KEPT: usize = 64 * 1024 * 1024;

/// The longest discovery message that is kept, in bytes. Those of real boards
/// take up to 4 kB.
pub(crate) const PAYLOAD: usize = 32 * 1024;

/// The longest topic, in bytes, without what a board adds to it.
pub(crate) const TOPIC: usize = 512;

/// Finds boards by the messages of one broker.
pub trait Directory: fmt::Debug + Send {
    /// The topic filters of the messages that it always needs.
    fn filters(&self) -> Vec<String>;

    /// A message on one of these filters, or on a topic of
    /// [`Change::Watch`]. An empty payload clears what was retained.
    fn message(&mut self, topic: &str, payload: &[u8]) -> Vec<Change>;

    /// The broker is gone: what it said about who is connected to it no longer
    /// counts. Boards stay known, because a broker that restarts with an empty
    /// store knows none of them.
    fn disconnected(&mut self);

    /// What is known of a board: a new [`crate::Dialect`] is given these
    /// messages first, as retained ones.
    fn known(&self, id: &str) -> Vec<(String, Vec<u8>)>;
}

/// What a message means for the boards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A board exists, or is different from before.
    Found(Box<Found>),
    /// The board with this id was removed from the broker.
    Gone(String),
    /// The board with this id is connected to the broker: an attempt to reach
    /// it is worthwhile now.
    Online(String),
    /// The message is also for the dialect of the board with this id.
    Forward(String),
    /// Messages on this topic are needed from now on.
    Watch(String),
    /// They are no longer needed.
    Unwatch(String),
}

/// A board that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// What it says about itself.
    pub announcement: Announcement,
    /// Its family.
    pub family: Family,
    /// The topic filters of its connection.
    pub filters: Vec<String>,
    /// The bridge that it comes through; `None` if it speaks MQTT itself.
    pub bridge: Option<Bridge>,
}

/// A bridge of Switchboard, which forwards boards to a broker.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bridge {
    /// The site that it serves.
    pub site: String,
    /// Its name.
    pub name: String,
}

/// Whether a topic is one to publish to or to subscribe to without matching
/// anything else: not empty, without wildcards, and not one of the broker's
/// own.
pub fn is_plain_topic(topic: &str) -> bool {
    !topic.is_empty()
        && topic.len() <= TOPIC
        && !topic.starts_with('$')
        && !topic.contains(['+', '#'])
        && !topic.contains(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_of_a_board_matches_only_itself() {
        for topic in ["stat/plug/", "home/kitchen/plug/stat/", "a", "/a"] {
            assert!(is_plain_topic(topic), "{topic}");
        }
        for topic in ["", "#", "stat/+/", "$SYS/broker", "a\0b", &"x".repeat(513)] {
            assert!(!is_plain_topic(topic), "{topic}");
        }
    }
}
