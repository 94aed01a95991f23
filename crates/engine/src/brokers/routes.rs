//! Which subscribers a message concerns: a tree of topic filters (MQTT 3.1.1,
//! section 4.7), so that ten thousand boards cost one walk per message.

use std::collections::{BTreeSet, HashMap};

/// The most levels of a topic that are looked at.
const LEVELS: usize = 32;

/// Filters, and who subscribed to each.
#[derive(Debug)]
pub(super) struct Routes<S>(Node<S>);

#[derive(Debug)]
struct Node<S> {
    inner: HashMap<Box<str>, Node<S>>,
    subscribers: BTreeSet<S>,
}

impl<S> Default for Node<S> {
    fn default() -> Self {
        Self {
            inner: HashMap::new(),
            subscribers: BTreeSet::new(),
        }
    }
}

impl<S> Default for Routes<S> {
    fn default() -> Self {
        Self(Node::default())
    }
}

impl<S: Copy + Ord> Routes<S> {
    /// Subscribes; whether it is the first to subscribe to this filter.
    pub(super) fn add(&mut self, filter: &str, subscriber: S) -> bool {
        let node = filter
            .split('/')
            .take(LEVELS)
            .fold(&mut self.0, |node, level| {
                node.inner.entry(level.into()).or_default()
            });
        let was_empty = node.subscribers.is_empty();
        node.subscribers.insert(subscriber);
        was_empty
    }

    /// Ends a subscription; whether it was the last one to this filter.
    pub(super) fn remove(&mut self, filter: &str, subscriber: S) -> bool {
        let levels: Vec<_> = filter.split('/').take(LEVELS).collect();
        self.0.remove(&levels, subscriber)
    }

    /// The subscribers of a topic, each once.
    pub(super) fn of(&self, topic: &str) -> BTreeSet<S> {
        let levels: Vec<_> = topic.split('/').take(LEVELS).collect();
        let mut found = BTreeSet::new();
        self.0.find(&levels, !topic.starts_with('$'), &mut found);
        found
    }
}

impl<S: Copy + Ord> Node<S> {
    fn remove(&mut self, levels: &[&str], subscriber: S) -> bool {
        let Some((level, rest)) = levels.split_first() else {
            return self.subscribers.remove(&subscriber) && self.subscribers.is_empty();
        };
        let Some(node) = self.inner.get_mut(*level) else {
            return false;
        };
        let last = node.remove(rest, subscriber);
        if node.inner.is_empty() && node.subscribers.is_empty() {
            self.inner.remove(*level);
        }
        last
    }

    /// `wild` is whether a wildcard may match this level: the first one of a
    /// broker's own topics is not matched by any.
    fn find(&self, levels: &[&str], wild: bool, found: &mut BTreeSet<S>) {
        if wild && let Some(node) = self.inner.get("#") {
            found.extend(&node.subscribers);
        }
        let Some((level, rest)) = levels.split_first() else {
            found.extend(&self.subscribers);
            return;
        };
        if let Some(node) = self.inner.get(*level) {
            node.find(rest, true, found);
        }
        if wild && let Some(node) = self.inner.get("+") {
            node.find(rest, true, found);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_goes_to_the_subscribers_of_matching_filters() {
        let mut routes = Routes::default();
        for (filter, subscriber) in [
            ("tele/+/LWT", 1),
            ("tele/plug/+", 2),
            ("tele/#", 3),
            ("+/5/+/$state", 4),
            ("#", 5),
        ] {
            assert!(routes.add(filter, subscriber), "{filter}");
        }
        let of = |topic: &str| routes.of(topic).into_iter().collect::<Vec<_>>();
        assert_eq!(of("tele/plug/LWT"), [1, 2, 3, 5]);
        assert_eq!(of("tele/plug"), [3, 5]);
        assert_eq!(of("tele"), [3, 5]);
        assert_eq!(of("homie/5/lamp/$state"), [4, 5]);
        assert!(of("$SYS/broker").is_empty());
    }

    #[test]
    fn a_filter_ends_with_its_last_subscriber_and_leaves_nothing() {
        let mut routes = Routes::default();
        assert!(routes.add("a/+/c", 1));
        assert!(!routes.add("a/+/c", 2));
        assert!(!routes.remove("a/+/c", 1));
        assert!(!routes.remove("a/b", 2), "it has not subscribed to that");
        assert!(routes.remove("a/+/c", 2));
        assert!(routes.0.inner.is_empty());
    }
}
