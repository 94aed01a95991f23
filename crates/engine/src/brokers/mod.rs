//! Boards that are reached through MQTT brokers. A board's connection is
//! virtual: some topics of a broker that many boards share. Opening it replays
//! what the broker retains about the board. Decides nothing about links.

mod broker;
mod relay;
mod routes;
#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, sync::Arc};

use address::Address;
use fleet::{Broker, BrokerStatus};
use keys::Keys;
use link::{
    socket::{Ending, SocketEvent},
    target::Via,
};
use tokio::{runtime::Handle, sync::mpsc::UnboundedSender};

use crate::transport::Reporter;

pub(crate) use broker::BrokerEvent;
pub(crate) use relay::{ConnectionId, Relay, Request};

use broker::{Connected, News};

/// A virtual connection that a board wants.
pub(crate) struct Opening {
    pub(crate) via: Arc<Via>,
    pub(crate) connection: ConnectionId,
    /// The board's id.
    pub(crate) id: String,
    /// Takes its events to the board, within bounds.
    pub(crate) reporter: Reporter<Box<dyn Fn(SocketEvent) + Send + Sync>>,
}

impl Opening {
    fn report(&self, event: SocketEvent) {
        match event {
            SocketEvent::Ended(ending) => self.reporter.end(ending),
            event => self.reporter.tell(event),
        }
    }
}

/// What of an event concerns boards of the fleet.
pub(crate) enum Outcome {
    /// A board was found.
    Found(Arc<Via>, Box<families::Found>),
    /// A board is no longer listed.
    Gone(Arc<str>, String),
    /// An attempt to reach this board is worthwhile now.
    Online(Arc<str>, String),
}

/// All brokers.
pub(crate) struct Brokers {
    brokers: BTreeMap<Arc<str>, Connected>,
    /// Those whose passwords may be among keys that are being loaded.
    waiting: Vec<Broker>,
    events: UnboundedSender<BrokerEvent>,
    /// Names this program to the brokers.
    client_id: String,
}

impl Brokers {
    /// `random` names this program.
    pub(crate) fn new(events: UnboundedSender<BrokerEvent>, random: u64) -> Self {
        Self {
            brokers: BTreeMap::new(),
            waiting: Vec::new(),
            events,
            client_id: format!("switchboard-{random:016x}"),
        }
    }

    /// The state of each.
    pub(crate) fn status(&self) -> Vec<BrokerStatus> {
        self.brokers.values().map(Connected::status).collect()
    }

    /// Uses a broker from now on, in place of one with the same address.
    /// `keys` may have its password; they are `None` while they are loaded.
    pub(crate) fn add(&mut self, given: Broker, keys: Option<&Keys>, runtime: &Handle) {
        let name = given.name();
        let mut broker = given.clone();
        if broker.address.user().is_some() && broker.password.is_none() {
            let Some(keys) = keys else {
                self.waiting.retain(|other| other.address != given.address);
                self.waiting.push(given);
                return;
            };
            let held = keys.password(&Broker::credential_id(&broker.address));
            broker.password = held.map(|password| password.secret.clone());
        }
        if let Some(present) = self.brokers.get_mut(&name)
            && present.broker == broker
        {
            present.given = given;
            return;
        }
        self.remove(&name);
        let events = self.events.clone();
        let started = Connected::start(given, broker, runtime, &self.client_id, events);
        self.brokers.insert(name, started);
    }

    /// Uses the passwords that are held for brokers without one.
    pub(crate) fn use_keys(&mut self, keys: &Keys, runtime: &Handle) {
        let waiting = std::mem::take(&mut self.waiting);
        let present = self.brokers.values().map(|one| one.given.clone());
        for broker in waiting.into_iter().chain(present.collect::<Vec<_>>()) {
            self.add(broker, Some(keys), runtime);
        }
    }

    /// No longer uses a broker; the ids of its boards.
    pub(crate) fn remove(&mut self, name: &str) -> Vec<String> {
        self.waiting.retain(|other| *other.name() != *name);
        let Some(mut broker) = self.brokers.remove(name) else {
            return Vec::new();
        };
        broker.end_all("the broker was removed");
        broker.ids().cloned().collect()
    }

    /// Where a broker is.
    pub(crate) fn address(&self, name: &str) -> Option<Address> {
        let broker = self.brokers.get(name)?;
        Some(broker.broker.address.address().clone())
    }

    /// Whether a broker is at this address.
    pub(crate) fn is_at(&self, address: &str) -> bool {
        let mut brokers = self.brokers.values();
        brokers.any(|one| one.broker.address.address().to_string() == address)
    }

    /// Where a board was found, and what was found.
    pub(crate) fn found(&self, id: &str) -> Vec<(Arc<Via>, families::Found)> {
        let found = |(name, broker): (&Arc<str>, &Connected)| {
            let found = broker.found(id)?.clone();
            Some((via(name, &found), found))
        };
        self.brokers.iter().filter_map(found).collect()
    }

    /// Handles an event of a broker: what concerns boards, and whether the
    /// state of the broker changed.
    pub(crate) fn event(&mut self, event: BrokerEvent) -> (Vec<Outcome>, bool) {
        event.read();
        let BrokerEvent {
            broker: name,
            event,
            ..
        } = event;
        let Some(broker) = self.brokers.get_mut(&name) else {
            return (Vec::new(), false);
        };
        match event {
            mqtt::Event::Connected => {
                log::info!("{name}: connected");
                broker.connected();
                let ids = broker.ids();
                let online = ids.map(|id| Outcome::Online(Arc::clone(&name), id.clone()));
                (online.collect(), true)
            }
            mqtt::Event::Disconnected(problem) => {
                log::info!("{name}: {problem}");
                broker.disconnected(&problem);
                (Vec::new(), true)
            }
            mqtt::Event::Refused { filter } => {
                log::warn!("{name}: refuses the subscription to {filter:?}");
                broker.refused(&filter);
                (Vec::new(), true)
            }
            mqtt::Event::Message {
                topic,
                payload,
                retained,
            } => {
                let before = broker.count();
                let news = broker.message(&topic, &payload, retained);
                let outcomes = news.into_iter().map(|news| match news {
                    News::Found(found) => Outcome::Found(via(&name, &found), found),
                    News::Gone(id) => Outcome::Gone(Arc::clone(&name), id),
                    News::Online(id) => Outcome::Online(Arc::clone(&name), id),
                });
                let outcomes = outcomes.collect();
                (outcomes, before != broker.count())
            }
            mqtt::Event::TooLarge { topic, size } => {
                let topic = topic.unwrap_or_default();
                log::warn!("{name}: a message of {size} bytes on {topic:?} is skipped");
                (Vec::new(), false)
            }
            other => {
                log::debug!("{name}: {other:?}");
                (Vec::new(), false)
            }
        }
    }

    /// Does what a board wants.
    pub(crate) fn request(&mut self, request: Request) {
        match request {
            Request::Open(opening) => match self.brokers.get_mut(&opening.via.broker) {
                Some(broker) => broker.open(*opening),
                None => {
                    let why = "the broker was removed".to_owned();
                    opening.report(SocketEvent::Ended(Ending::Broker(why)));
                }
            },
            Request::Send(connection, payload) => self.each(|broker| {
                broker.send(connection, payload.clone());
            }),
            Request::Close(connection) => self.each(|broker| broker.close(connection)),
        }
    }

    /// There are few brokers, and a connection is at one of them.
    fn each(&mut self, act: impl FnMut(&mut Connected)) {
        self.brokers.values_mut().for_each(act);
    }
}

/// The way to a board that was found on a broker.
fn via(broker: &Arc<str>, found: &families::Found) -> Arc<Via> {
    Arc::new(Via {
        broker: Arc::clone(broker),
        bridge: found.bridge.clone(),
    })
}

/// A message for the traffic view.
pub(crate) fn shown(topic: &str, payload: &[u8]) -> String {
    match std::str::from_utf8(payload) {
        Ok(text) => format!("{topic} {text}"),
        Err(_) => format!("{topic} ({} bytes)", payload.len()),
    }
}
