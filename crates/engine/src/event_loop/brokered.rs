//! What brokers tell: to which board a board of a broker belongs, and when one
//! is worth an attempt.

use std::sync::Arc;

use address::Candidates;
use link::{
    input::Input,
    state::{LinkState, Now},
    target::Via,
};
use tokio::runtime::Handle;

use super::Engine;
use crate::{
    board::{Board, Way},
    brokers::{BrokerEvent, Outcome},
};
use fleet::{BoardKey, Broker};

impl Engine {
    pub(super) fn add_broker(&mut self, broker: Broker) {
        let keys = self.keys.as_ref();
        self.brokers.add(broker, keys, &Handle::current());
        self.publish_brokers();
    }

    /// Other keys are held: among them may be passwords of brokers.
    pub(super) fn broker_keys(&mut self) {
        if let Some(keys) = &self.keys {
            self.brokers.use_keys(keys, &Handle::current());
            self.publish_brokers();
        }
    }

    pub(super) fn remove_broker(&mut self, now: Now, name: &str) {
        for id in self.brokers.remove(name) {
            self.gone(now, name, &id);
        }
        self.publish_brokers();
    }

    fn publish_brokers(&mut self) {
        self.status.brokers = self.brokers.status();
        self.context.published.status(self.status.clone());
    }

    pub(super) fn broker_event(&mut self, event: BrokerEvent) {
        let now = self.now();
        let (outcomes, changed) = self.brokers.event(event);
        for outcome in outcomes {
            match outcome {
                Outcome::Found(via, found) => self.brokered(now, via, *found),
                Outcome::Gone(broker, id) => self.gone(now, &broker, &id),
                Outcome::Online(broker, id) => self.online(now, &broker, &id),
            }
        }
        if changed {
            self.publish_brokers();
        }
    }

    /// A board was found on a broker, or has changed there.
    pub(super) fn brokered(&mut self, now: Now, via: Arc<Via>, found: families::Found) {
        let announcement = found.announcement;
        let id = announcement.id.clone();
        let known = self.roster.with_id(&id);
        if self.ignored.is_foreign(&id) || known.is_none() && self.ignored.has(&id) {
            return;
        }
        let Some(broker) = self.brokers.address(&via.broker) else {
            return;
        };
        let addresses = Candidates::given(broker);
        let Some(key) = known.or_else(|| self.new_brokered(now, &addresses, &id)) else {
            log::debug!("{}: {id} is one board too many", via.broker);
            return;
        };
        let is_another = |board: &Board| board.is_of_another(found.family);
        if self.roster.get(key).is_some_and(is_another) {
            log::warn!("{}: {id} is a known board of another family", via.broker);
            return;
        }
        self.roster.confirm(now.instant, key);
        let full_name = full_name(&via.broker, &id);
        let way = Way {
            family: found.family,
            addresses: &addresses,
            via: Some(via),
        };
        self.with(now, key, |board, ctx| {
            board.announced(now, full_name, way, announcement, ctx)
        });
        if self.connect_to_all {
            self.input(now, key, Input::Connect);
        }
    }

    fn new_brokered(&mut self, now: Now, addresses: &Candidates, id: &str) -> Option<BoardKey> {
        if !self.make_room(now, None) {
            return None;
        }
        let key = self.context.published.new_key();
        self.insert(now, key, addresses.clone(), false);
        self.roster.identify(key, id);
        Some(key)
    }

    /// A broker no longer lists a board.
    fn gone(&mut self, now: Now, broker: &str, id: &str) {
        self.withdrawn(now, &full_name(broker, id), id);
        let Some(key) = self.roster.with_id(id) else {
            return;
        };
        let is_left = |board: &Board| {
            let view = board.view();
            let here = view.via.as_ref().is_some_and(|via| &*via.broker == broker);
            here && board.announcements.is_empty() && !view.by_hand
        };
        if self.roster.get(key).is_some_and(is_left) {
            self.forget(now, key);
        }
    }

    /// A board is connected to its broker: if it waits, it is tried at once.
    fn online(&mut self, now: Now, broker: &str, id: &str) {
        let Some(key) = self.roster.with_id(id) else {
            return;
        };
        let waits = |board: &Board| {
            let view = board.view();
            let here = view.via.as_ref().is_some_and(|via| &*via.broker == broker);
            here && matches!(view.link, LinkState::Unreachable { .. })
        };
        if self.roster.get(key).is_some_and(waits) {
            self.input(now, key, Input::RetryNow);
        }
    }
}

/// The name of an announcement on a broker.
fn full_name(broker: &str, id: &str) -> String {
    format!("{broker}/{id}")
}
