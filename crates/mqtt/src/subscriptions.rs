//! What is subscribed, and what the broker is still to be asked for. Knows no
//! connection and reads no clock.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::{Duration, Instant},
};

use crate::Event;

/// When a refused subscription is tried again: a cluster that lost a server
/// refuses for some seconds.
pub(crate) const REFUSED_FOR: Duration = Duration::from_secs(5);

/// The most filters in one SUBSCRIBE.
const FILTERS: usize = 32;

#[derive(Debug)]
struct Asked {
    filters: Vec<String>,
    sent: Instant,
}

/// The subscriptions.
#[derive(Debug, Default)]
pub(crate) struct Subscriptions {
    wanted: BTreeSet<String>,
    subscribe: VecDeque<String>,
    unsubscribe: VecDeque<String>,
    /// By packet id, until the broker answers.
    asked: BTreeMap<u16, Asked>,
    /// Refused on this connection, and when they are tried again.
    refused: BTreeSet<String>,
    retry_at: Option<Instant>,
}

impl Subscriptions {
    pub(crate) fn add(&mut self, filter: &str, connected: bool) {
        if self.wanted.insert(filter.to_owned()) {
            self.unsubscribe.retain(|other| other != filter);
            if connected {
                self.subscribe.push_back(filter.to_owned());
            }
        }
    }

    pub(crate) fn remove(&mut self, filter: &str, connected: bool) {
        if self.wanted.remove(filter) {
            self.refused.remove(filter);
            self.subscribe.retain(|other| other != filter);
            if connected {
                self.unsubscribe.push_back(filter.to_owned());
            }
        }
    }

    /// The broker accepted this client: everything is asked for.
    pub(crate) fn connected(&mut self) {
        self.subscribe = self.wanted.iter().cloned().collect();
    }

    /// The connection is lost.
    pub(crate) fn lost(&mut self) {
        let wanted = std::mem::take(&mut self.wanted);
        *self = Self {
            wanted,
            ..Self::default()
        };
    }

    /// The filters of the next SUBSCRIBE.
    pub(crate) fn next_batch(&mut self) -> Option<Vec<String>> {
        let count = self.subscribe.len().min(FILTERS);
        (count > 0).then(|| self.subscribe.drain(..count).collect())
    }

    /// They were asked for.
    pub(crate) fn asked(&mut self, id: u16, filters: Vec<String>, sent: Instant) {
        self.asked.insert(id, Asked { filters, sent });
    }

    /// The filter of the next UNSUBSCRIBE.
    pub(crate) fn next_unsubscribe(&mut self) -> Option<String> {
        self.unsubscribe.pop_front()
    }

    /// The broker answered; what of it is news.
    pub(crate) fn answered(&mut self, id: u16, accepted: &[bool], now: Instant) -> Vec<Event> {
        let asked = self.asked.remove(&id);
        let filters = asked.map(|asked| asked.filters).unwrap_or_default();
        let mut events = Vec::new();
        for (filter, accepted) in filters.into_iter().zip(accepted) {
            if *accepted {
                self.refused.remove(&filter);
                events.push(Event::Subscribed { filter });
            } else if self.wanted.contains(&filter) {
                self.retry_at = Some(now + REFUSED_FOR);
                if self.refused.insert(filter.clone()) {
                    events.push(Event::Refused { filter });
                }
            }
        }
        events
    }

    /// When refused ones are tried again.
    pub(crate) fn retry_at(&self) -> Option<Instant> {
        self.retry_at
    }

    /// Tries refused ones again, if it is time.
    pub(crate) fn passed(&mut self, now: Instant) {
        if self.retry_at.take_if(|at| now >= *at).is_some() {
            self.subscribe.extend(self.refused.iter().cloned());
        }
    }

    /// How many packets wait for an answer.
    pub(crate) fn unanswered(&self) -> usize {
        self.asked.len()
    }

    pub(crate) fn is_asked(&self, id: u16) -> bool {
        self.asked.contains_key(&id)
    }

    /// When the oldest of them was sent.
    pub(crate) fn oldest(&self) -> Option<Instant> {
        self.asked.values().map(|asked| asked.sent).min()
    }
}
