//! One broker: its client, the directories that find boards on it, and the
//! virtual connections of those boards.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use families::{Change, Directory, Family, Found, bridged_boards};
use link::{
    output::Payload,
    socket::{Ending, SocketEvent},
};
use mqtt::{Client, ClientSettings, Event, KEEP_ALIVE};
use net::client::Trust;
use tokio::{runtime::Handle, sync::mpsc::UnboundedSender};

use super::{Opening, relay::ConnectionId, routes::Routes};
use fleet::{Broker, BrokerState, BrokerStatus};

/// How much of a broker's messages may be unread, in bytes.
const UNREAD: usize = 32 * 1_024 * 1_024;

/// What an event costs in addition to its payload, in bytes.
const EVENT: usize = 256;

/// The most refused filters that are reported.
const REFUSED: usize = 8;

/// An event of a broker.
pub(crate) struct BrokerEvent {
    pub(super) broker: Arc<str>,
    pub(super) event: Event,
    /// Counts the bytes that are unread.
    unread: Arc<AtomicUsize>,
}

impl BrokerEvent {
    /// It was taken.
    pub(super) fn read(&self) {
        self.unread.fetch_sub(cost(&self.event), Ordering::Relaxed);
    }
}

fn cost(event: &Event) -> usize {
    EVENT
        + match event {
            Event::Message { topic, payload, .. } => topic.len() + payload.len(),
            _ => 0,
        }
}

/// Who a message is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Subscriber {
    /// A directory, by its place.
    Directory(usize),
    /// The connection of a board.
    Connection(ConnectionId),
}

/// A broker that is in use.
pub(super) struct Connected {
    /// As it was given, without a password that was held.
    pub(super) given: Broker,
    pub(super) broker: Broker,
    client: Client,
    directories: Vec<Box<dyn Directory>>,
    routes: Routes<Subscriber>,
    /// The boards that were found: by id, the directory and what it found.
    boards: BTreeMap<String, (usize, Box<Found>)>,
    connections: BTreeMap<ConnectionId, Connection>,
    /// The connection of each board.
    by_id: BTreeMap<String, ConnectionId>,
    pub(super) state: BrokerState,
    refused: Vec<String>,
    tickets: u64,
}

/// A virtual connection.
struct Connection {
    opening: Opening,
    filters: Vec<String>,
}

/// What a message means for the fleet.
pub(super) enum News {
    Found(Box<Found>),
    Gone(String),
    Online(String),
}

impl Connected {
    pub(super) fn start(
        given: Broker,
        broker: Broker,
        runtime: &Handle,
        client_id: &str,
        events: UnboundedSender<BrokerEvent>,
    ) -> Self {
        let settings = ClientSettings {
            broker: broker.address.clone(),
            password: broker.password.clone(),
            client_id: client_id.to_owned(),
            will: None,
            keep_alive: KEEP_ALIVE,
            trust: Trust::usual(),
        };
        let (name, unread) = (broker.name(), Arc::new(AtomicUsize::new(0)));
        let tell = move |event: Event| {
            let cost = cost(&event);
            let is_message = matches!(event, Event::Message { .. });
            if is_message && unread.load(Ordering::Relaxed) + cost > UNREAD {
                // The newest is lost: what is retained comes again when it is
                // subscribed to again, and reports are repeated.
                log::debug!("{name}: a message is skipped, too many are unread");
                return;
            }
            unread.fetch_add(cost, Ordering::Relaxed);
            let (broker, unread) = (Arc::clone(&name), Arc::clone(&unread));
            // Fails only if the engine has ended.
            let _ = events.send(BrokerEvent {
                broker,
                event,
                unread,
            });
        };
        let client = Client::start(settings, runtime, tell);
        let mut directories: Vec<_> = Family::ALL
            .into_iter()
            .filter_map(Family::directory)
            .collect();
        directories.push(bridged_boards(&broker.prefix, client_id));
        let mut started = Self {
            given,
            broker,
            client,
            directories,
            routes: Routes::default(),
            boards: BTreeMap::new(),
            connections: BTreeMap::new(),
            by_id: BTreeMap::new(),
            state: BrokerState::Connecting,
            refused: Vec::new(),
            tickets: 0,
        };
        let directories = started.directories.iter().enumerate();
        let filters = directories.flat_map(|(at, directory)| {
            let filters = directory.filters().into_iter();
            filters.map(move |filter| (filter, Subscriber::Directory(at)))
        });
        for (filter, subscriber) in filters.collect::<Vec<_>>() {
            started.subscribe(&filter, subscriber);
        }
        started
    }

    pub(super) fn status(&self) -> BrokerStatus {
        BrokerStatus {
            address: self.broker.address.clone(),
            state: self.state.clone(),
            boards: self.boards.len(),
            refused: self.refused.clone(),
        }
    }

    /// How many boards were found.
    pub(super) fn count(&self) -> usize {
        self.boards.len()
    }

    /// What was found of this board.
    pub(super) fn found(&self, id: &str) -> Option<&Found> {
        self.boards.get(id).map(|(_, found)| &**found)
    }

    /// The boards that were found.
    pub(super) fn ids(&self) -> impl Iterator<Item = &String> {
        self.boards.keys()
    }

    fn subscribe(&mut self, filter: &str, subscriber: Subscriber) {
        if self.routes.add(filter, subscriber) {
            self.client.subscribe(filter);
        }
    }

    fn unsubscribe(&mut self, filter: &str, subscriber: Subscriber) {
        if self.routes.remove(filter, subscriber) {
            self.client.unsubscribe(filter);
        }
    }

    /// The broker accepted this program.
    pub(super) fn connected(&mut self) {
        self.state = BrokerState::Connected;
        self.refused.clear();
    }

    /// The broker is gone, and why: the connections through it end.
    pub(super) fn disconnected(&mut self, problem: &mqtt::Problem) {
        self.state = BrokerState::Failed {
            problem: problem.to_string(),
            refuses_login: problem.is_login(),
        };
        for directory in &mut self.directories {
            directory.disconnected();
        }
        let why = problem.to_string();
        for id in self.connections.keys().copied().collect::<Vec<_>>() {
            self.end(id, &why);
        }
    }

    /// The broker's access rules refuse a filter.
    pub(super) fn refused(&mut self, filter: &str) {
        let shown = sanitize::bounds::name(filter);
        if self.refused.len() < REFUSED && !self.refused.contains(&shown) {
            self.refused.push(shown.clone());
        }
        let concerned = self
            .connections
            .iter()
            .filter(|(_, connection)| connection.filters.iter().any(|own| own == filter));
        let concerned: Vec<_> = concerned.map(|(id, _)| *id).collect();
        let why = format!("the broker's access rules do not let this user subscribe to {shown}");
        for id in concerned {
            self.end(id, &why);
        }
    }

    /// A message; what it means for the fleet.
    pub(super) fn message(&mut self, topic: &str, payload: &[u8], retained: bool) -> Vec<News> {
        let mut news = Vec::new();
        for subscriber in self.routes.of(topic) {
            match subscriber {
                Subscriber::Directory(at) => self.heard(at, topic, payload, &mut news),
                Subscriber::Connection(id) => self.pass_on(id, topic, payload, retained),
            }
        }
        news
    }

    fn heard(&mut self, at: usize, topic: &str, payload: &[u8], news: &mut Vec<News>) {
        let Some(directory) = self.directories.get_mut(at) else {
            return;
        };
        for change in directory.message(topic, payload) {
            match change {
                Change::Found(found) => {
                    let id = &found.announcement.id;
                    // One that another directory has found is that one's.
                    if self.boards.get(id).is_some_and(|(other, _)| *other != at) {
                        continue;
                    }
                    self.follow(id, &found.filters);
                    self.boards.insert(id.clone(), (at, found.clone()));
                    news.push(News::Found(found));
                }
                Change::Gone(id) => {
                    if self.boards.get(&id).is_some_and(|(of, _)| *of == at) {
                        self.boards.remove(&id);
                        if let Some(connection) = self.by_id.get(&id).copied() {
                            self.end(connection, "the board was removed from the broker");
                        }
                        news.push(News::Gone(id));
                    }
                }
                Change::Online(id) => news.push(News::Online(id)),
                Change::Forward(id) => {
                    if let Some(connection) = self.by_id.get(&id).copied() {
                        // What a directory hears is always a state.
                        self.pass_on(connection, topic, payload, true);
                    }
                }
                Change::Watch(topic) => self.subscribe(&topic, Subscriber::Directory(at)),
                Change::Unwatch(topic) => self.unsubscribe(&topic, Subscriber::Directory(at)),
            }
        }
    }

    /// An open connection follows the topics that its board has now.
    fn follow(&mut self, id: &str, filters: &[String]) {
        let Some(connection) = self.by_id.get(id).copied() else {
            return;
        };
        let Some(open) = self.connections.get_mut(&connection) else {
            return;
        };
        let before = std::mem::replace(&mut open.filters, filters.to_vec());
        for filter in filters.iter().filter(|new| !before.contains(new)) {
            self.subscribe(filter, Subscriber::Connection(connection));
        }
        for filter in before.iter().filter(|old| !filters.contains(old)) {
            self.unsubscribe(filter, Subscriber::Connection(connection));
        }
    }

    fn pass_on(&self, id: ConnectionId, topic: &str, payload: &[u8], retained: bool) {
        if let Some(connection) = self.connections.get(&id) {
            connection.opening.report(SocketEvent::Mqtt {
                topic: topic.to_owned(),
                payload: payload.to_vec(),
                retained,
            });
        }
    }

    /// Opens a connection, and replays what is known of the board.
    pub(super) fn open(&mut self, opening: Opening) {
        let found = self.boards.get(&opening.id);
        let found = found.filter(|_| self.state == BrokerState::Connected);
        let found = found.map(|(at, found)| (*at, found.filters.clone()));
        let Some((at, filters)) = found else {
            let why = match &self.state {
                BrokerState::Connected => "the broker does not list this board",
                BrokerState::Connecting => "the connection to the broker is not open yet",
                BrokerState::Failed { problem, .. } => problem,
            };
            return opening.report(SocketEvent::Ended(Ending::Broker(why.to_owned())));
        };
        let connection = opening.connection;
        let address = self.broker.address.address().to_string();
        opening.report(SocketEvent::Reached(address));
        opening.report(SocketEvent::Opened);
        let directory = self.directories.get(at);
        let known = directory.map(|directory| directory.known(&opening.id));
        if let Some(before) = self.by_id.insert(opening.id.clone(), connection) {
            self.close(before);
        }
        self.connections.insert(
            connection,
            Connection {
                opening,
                filters: filters.clone(),
            },
        );
        for filter in &filters {
            self.subscribe(filter, Subscriber::Connection(connection));
        }
        for (topic, payload) in known.unwrap_or_default() {
            self.pass_on(connection, &topic, &payload, true);
        }
    }

    /// Publishes a message of a board's connection.
    pub(super) fn send(&mut self, id: ConnectionId, payload: Payload) {
        if let (true, Payload::Mqtt { topic, payload, .. }) =
            (self.connections.contains_key(&id), payload)
        {
            self.tickets += 1;
            self.client.command(&topic, payload, self.tickets);
        }
    }

    /// The board no longer needs its connection.
    pub(super) fn close(&mut self, id: ConnectionId) {
        let Some(connection) = self.connections.remove(&id) else {
            return;
        };
        let board = &connection.opening.id;
        if self.by_id.get(board) == Some(&id) {
            self.by_id.remove(board);
        }
        for filter in &connection.filters {
            self.unsubscribe(filter, Subscriber::Connection(id));
        }
    }

    /// Ends a connection, and says why.
    pub(super) fn end(&mut self, id: ConnectionId, why: &str) {
        if let Some(connection) = self.connections.get(&id) {
            let ending = Ending::Broker(why.to_owned());
            connection.opening.report(SocketEvent::Ended(ending));
        }
        self.close(id);
    }

    /// Ends all connections.
    pub(super) fn end_all(&mut self, why: &str) {
        for id in self.connections.keys().copied().collect::<Vec<_>>() {
            self.end(id, why);
        }
    }
}
