//! Decides what is sent to a broker and what is reported of it. Owns no socket
//! and reads no clock.

use std::{
    collections::{BTreeMap, VecDeque},
    time::{Duration, Instant},
};

use backoff::GOOD_AFTER;
use bytes::BytesMut;
use zeroize::Zeroizing;

use crate::{
    Event, LIMIT, Problem, Will,
    outgoing::{Kind, Message, Outgoing, Taken},
    problem::Unpublishable,
    subscriptions::Subscriptions,
    topic,
    wire::{self, Incoming, Reader, Refusal},
};

/// How long the broker may take to answer CONNECT.
const GREETING: Duration = Duration::from_secs(10);

/// How long the broker may take to acknowledge a message or a subscription. A
/// cluster that lost a server may never do so; after a reconnection all states
/// are published again.
const ACKNOWLEDGED_WITHIN: Duration = Duration::from_secs(20);

/// The most messages that are not acknowledged yet.
const WINDOW: usize = 128;

/// About how many bytes are handed to the connection together.
const CHUNK: usize = 64 * 1024;

/// How often in a row a broker ends a connection early before another client
/// with the same identifier is suspected.
const EARLY_ENDS: u8 = 3;

/// Who connects.
#[derive(Clone)]
pub struct SessionSettings {
    /// The client identifier, unique at the broker.
    pub client_id: String,
    /// The user.
    pub user: Option<String>,
    /// The password.
    pub password: Option<Zeroizing<String>>,
    /// What the broker publishes when this client disappears. This client
    /// publishes it when it leaves.
    pub will: Option<Will>,
    /// The keep-alive interval, at least 2 s, because brokers count whole
    /// seconds.
    pub keep_alive: Duration,
}

#[derive(Debug)]
enum Phase {
    Away,
    Greeting { until: Instant },
    Up(Up),
    Over(Problem),
}

#[derive(Debug)]
struct Up {
    ping_at: Instant,
    silent_at: Instant,
}

#[derive(Debug)]
struct InFlight {
    topic: Option<std::sync::Arc<str>>,
    kind: Kind,
    sent: Instant,
}

/// The conversation with one broker, over any number of connections.
pub struct Session {
    settings: SessionSettings,
    phase: Phase,
    reader: Reader,
    control: BytesMut,
    outgoing: Outgoing,
    in_flight: BTreeMap<u16, InFlight>,
    last_id: u16,
    subscriptions: Subscriptions,
    /// When the broker accepted this client.
    accepted_at: Option<Instant>,
    events: VecDeque<Event>,
    dropped: u64,
    early_ends: u8,
    leaving: bool,
}

impl Session {
    /// A session without a connection.
    pub fn new(settings: SessionSettings) -> Self {
        Self {
            settings,
            phase: Phase::Away,
            reader: Reader::new(LIMIT),
            control: BytesMut::new(),
            outgoing: Outgoing::default(),
            in_flight: BTreeMap::new(),
            last_id: 0,
            subscriptions: Subscriptions::default(),
            accepted_at: None,
            events: VecDeque::new(),
            dropped: 0,
            early_ends: 0,
            leaving: false,
        }
    }

    /// Subscribes, now and after each reconnection.
    pub fn subscribe(&mut self, filter: &str) {
        if filter.is_empty() || filter.len() > topic::LONGEST || filter.contains('\0') {
            let filter = filter.to_owned();
            self.events.push_back(Event::Refused { filter });
            return;
        }
        let connected = self.is_connected();
        self.subscriptions.add(filter, connected);
    }

    /// Ends a subscription.
    pub fn unsubscribe(&mut self, filter: &str) {
        let connected = self.is_connected();
        self.subscriptions.remove(filter, connected);
    }

    /// Sets the retained value of a topic. An empty payload removes it.
    pub fn state(&mut self, topic: &str, payload: Vec<u8>) {
        if self.is_publishable(topic, payload.len()) {
            self.outgoing.set(topic, payload);
        }
    }

    /// Publishes an event, if there is a connection.
    pub fn event(&mut self, topic: &str, payload: Vec<u8>) {
        if self.is_publishable(topic, payload.len()) && !self.push(topic, payload, Kind::Event) {
            self.dropped += 1;
        }
    }

    /// Publishes a command, if there is a connection. What becomes of it is
    /// reported with its ticket.
    pub fn command(&mut self, topic: &str, payload: Vec<u8>, ticket: u64) {
        self.reported(topic, payload, Kind::Command(ticket), ticket);
    }

    /// Publishes a reply, if there is a connection, after all states that were
    /// set before. What becomes of it is reported with its ticket.
    pub fn reply(&mut self, topic: &str, payload: Vec<u8>, ticket: u64) {
        self.reported(topic, payload, Kind::Reply(ticket), ticket);
    }

    fn reported(&mut self, topic: &str, payload: Vec<u8>, kind: Kind, ticket: u64) {
        if !self.is_publishable(topic, payload.len()) || !self.push(topic, payload, kind) {
            self.events.push_back(Event::Unsent(ticket));
        }
    }

    fn push(&mut self, topic: &str, payload: Vec<u8>, kind: Kind) -> bool {
        self.is_connected()
            && self.outgoing.push(Message {
                topic: topic.into(),
                payload,
                kind,
            })
    }

    fn is_publishable(&mut self, topic: &str, bytes: usize) -> bool {
        let problem = if !topic::can_publish(topic) {
            Unpublishable::Topic(topic.chars().take(topic::LONGEST).collect())
        } else if bytes + topic.len() > LIMIT {
            Unpublishable::TooLarge(bytes)
        } else {
            return true;
        };
        self.events.push_back(Event::Unpublishable {
            topic: topic.to_owned(),
            reason: problem.to_string(),
        });
        false
    }

    /// Publishes what waits, then the will if it is wanted, then disconnects.
    pub fn leave(&mut self, with_will: bool) {
        if self.leaving {
            return;
        }
        self.leaving = true;
        if let Some(will) = self.settings.will.clone().filter(|_| with_will) {
            if will.retained {
                self.state(&will.topic, will.payload);
            } else {
                self.event(&will.topic, will.payload);
            }
        }
    }

    /// A connection is open.
    pub fn opened(&mut self, now: Instant) {
        self.reader = Reader::new(LIMIT);
        self.control.clear();
        let login = self.settings.user.as_deref().map(|user| {
            let password = self.settings.password.as_ref();
            (user, password.map_or("", |password| password.as_str()))
        });
        wire::connect(
            &mut self.control,
            &self.settings.client_id,
            login,
            self.settings.will.as_ref(),
            self.settings.keep_alive,
        );
        let until = now + GREETING;
        self.phase = Phase::Greeting { until };
    }

    /// Bytes arrived.
    pub fn received(&mut self, bytes: &[u8], now: Instant) {
        self.reader.push(bytes);
        if let Phase::Up(up) = &mut self.phase {
            up.silent_at = now + self.settings.keep_alive;
        }
        while !matches!(self.phase, Phase::Away | Phase::Over(_)) {
            match self.reader.next_packet() {
                Ok(Some(packet)) => self.packet(packet, now),
                Ok(None) => break,
                Err(error) => self.phase = Phase::Over(Problem::Malformed(error.to_string())),
            }
        }
    }

    fn packet(&mut self, packet: Incoming, now: Instant) {
        match (&self.phase, packet) {
            (Phase::Greeting { .. }, Incoming::Connected) => self.connected(now),
            (Phase::Greeting { .. }, Incoming::Refused(refusal)) => {
                self.phase = Phase::Over(match refusal {
                    Refusal::Version => Problem::Version,
                    Refusal::ClientId => Problem::ClientId(self.settings.client_id.clone()),
                    Refusal::Unavailable => Problem::Unavailable,
                    Refusal::WrongPassword | Refusal::NotAuthorized
                        if self.settings.user.is_none() =>
                    {
                        Problem::NoUser
                    }
                    Refusal::WrongPassword => Problem::WrongPassword,
                    Refusal::NotAuthorized => Problem::NotAuthorized,
                });
            }
            (Phase::Greeting { .. }, _) | (_, Incoming::Connected | Incoming::Refused(_)) => {
                let why = "a packet at the wrong time".to_owned();
                self.phase = Phase::Over(Problem::Malformed(why));
            }
            (
                _,
                Incoming::Message {
                    topic,
                    payload,
                    retained,
                    id,
                },
            ) => {
                self.acknowledge(id);
                self.events.push_back(Event::Message {
                    topic,
                    payload: payload.into(),
                    retained,
                });
            }
            (_, Incoming::TooLarge { topic, size, id }) => {
                self.acknowledge(id);
                self.events.push_back(Event::TooLarge { topic, size });
            }
            (_, Incoming::Acknowledged(id)) => self.acknowledged(id),
            (_, Incoming::Subscribed(id, accepted)) => {
                let news = self.subscriptions.answered(id, &accepted, now);
                self.events.extend(news);
            }
            (_, Incoming::Unsubscribed(_) | Incoming::Alive) => {}
        }
    }

    fn connected(&mut self, now: Instant) {
        self.phase = Phase::Up(Up {
            ping_at: now + self.settings.keep_alive / 2,
            silent_at: now + self.settings.keep_alive,
        });
        self.accepted_at = Some(now);
        self.subscriptions.connected();
        self.events.push_back(Event::Connected);
        self.report_dropped();
    }

    fn report_dropped(&mut self) {
        let dropped = self.take_dropped();
        if dropped > 0 {
            self.events.push_back(Event::Dropped(dropped));
        }
    }

    fn acknowledge(&mut self, id: Option<u16>) {
        if let Some(id) = id {
            wire::acknowledge(&mut self.control, id);
            if self.control.len() > LIMIT {
                let why = "it does not read acknowledgements".to_owned();
                self.phase = Phase::Over(Problem::Malformed(why));
            }
        }
    }

    fn acknowledged(&mut self, id: u16) {
        match self.in_flight.remove(&id) {
            Some(InFlight {
                kind: Kind::Command(ticket) | Kind::Reply(ticket),
                ..
            }) => self.events.push_back(Event::Acknowledged(ticket)),
            Some(InFlight {
                topic: Some(topic), ..
            }) => self.outgoing.arrived(&topic),
            // An acknowledgement of nothing does no harm.
            Some(_) | None => {}
        }
    }

    /// Appends what is to be sent now. Called when the connection has taken
    /// what was appended before, so that states coalesce meanwhile.
    pub fn fill(&mut self, out: &mut BytesMut, now: Instant) {
        if matches!(self.phase, Phase::Away | Phase::Over(_)) {
            return;
        }
        out.extend_from_slice(&self.control);
        self.control.clear();
        if !self.is_connected() {
            return;
        }
        while self.has_room()
            && let Some(filters) = self.subscriptions.next_batch()
        {
            let id = self.next_id();
            wire::subscribe(out, &filters, id);
            self.subscriptions.asked(id, filters, now);
        }
        while self.has_room()
            && let Some(filter) = self.subscriptions.next_unsubscribe()
        {
            let id = self.next_id();
            wire::unsubscribe(out, &filter, id);
        }
        while out.len() < CHUNK && self.has_room() && !self.outgoing.is_empty() {
            self.publish(out, now);
        }
        if self.outgoing.is_empty() {
            self.report_dropped();
        }
        if self.leaving && self.outgoing.is_empty() && self.in_flight.is_empty() {
            wire::disconnect(out);
            self.phase = Phase::Over(Problem::Ended);
        }
    }

    fn has_room(&self) -> bool {
        self.in_flight.len() + self.subscriptions.unanswered() < WINDOW
    }

    /// Publishes the next message.
    fn publish(&mut self, out: &mut BytesMut, now: Instant) {
        let id = self.next_id();
        let taken = self.outgoing.take(|topic, payload, kind| {
            wire::publish(out, topic, payload, *kind == Kind::State, id);
        });
        let Some(Taken { kind, removed }) = taken else {
            return;
        };
        if let Kind::Command(ticket) | Kind::Reply(ticket) = kind {
            self.events.push_back(Event::Sent(ticket));
        }
        let message = InFlight {
            topic: removed,
            kind,
            sent: now,
        };
        self.in_flight.insert(id, message);
    }

    fn is_waited_for(&self, id: u16) -> bool {
        self.in_flight.contains_key(&id) || self.subscriptions.is_asked(id)
    }

    /// When the oldest packet that is not acknowledged was sent.
    fn oldest(&self) -> Option<Instant> {
        let messages = self.in_flight.values().map(|message| message.sent).min();
        let subscriptions = self.subscriptions.oldest();
        [messages, subscriptions].into_iter().flatten().min()
    }

    /// A packet id that is not in use; fewer than [`WINDOW`] are.
    fn next_id(&mut self) -> u16 {
        loop {
            self.last_id = self.last_id.checked_add(1).unwrap_or(1);
            let id = self.last_id;
            if !self.is_waited_for(id) {
                return id;
            }
        }
    }

    /// The time at which [`Session::passed`] is to be called.
    pub fn deadline(&self) -> Option<Instant> {
        match &self.phase {
            Phase::Away | Phase::Over(_) => None,
            Phase::Greeting { until } => Some(*until),
            Phase::Up(up) => {
                let late = self.oldest().map(|sent| sent + ACKNOWLEDGED_WITHIN);
                let at = up.ping_at.min(up.silent_at);
                [late, self.subscriptions.retry_at()]
                    .into_iter()
                    .flatten()
                    .chain([at])
                    .min()
            }
        }
    }

    /// The deadline has passed.
    pub fn passed(&mut self, now: Instant) {
        if self.is_connected() {
            self.subscriptions.passed(now);
            let oldest = self.oldest();
            if oldest.is_some_and(|sent| now >= sent + ACKNOWLEDGED_WITHIN) {
                self.phase = Phase::Over(Problem::Unacknowledged);
                return;
            }
        }
        match &mut self.phase {
            Phase::Greeting { until } if now >= *until => {
                self.phase = Phase::Over(Problem::Silent);
            }
            Phase::Up(up) if now >= up.silent_at => self.phase = Phase::Over(Problem::Silent),
            Phase::Up(up) if now >= up.ping_at => {
                up.ping_at = now + self.settings.keep_alive / 2;
                wire::ping(&mut self.control);
            }
            _ => {}
        }
    }

    /// Why the connection must be closed now, if it must.
    pub fn ended(&self) -> Option<&Problem> {
        match &self.phase {
            Phase::Over(problem) => Some(problem),
            _ => None,
        }
    }

    /// The connection is closed, or there was none. Returns whether it was a
    /// good one, after which the wait for the next may be short.
    pub fn closed(&mut self, problem: Problem, now: Instant) -> bool {
        let accepted_at = self.accepted_at.take();
        let lasted = accepted_at.map(|since| now.saturating_duration_since(since));
        let mut problem = match std::mem::replace(&mut self.phase, Phase::Away) {
            Phase::Over(own) => own,
            _ => problem,
        };
        let good = lasted.is_some_and(|lasted| lasted >= GOOD_AFTER);
        match (&problem, lasted) {
            (Problem::Ended, Some(_)) if !good => {
                self.early_ends = self.early_ends.saturating_add(1);
                if self.early_ends >= EARLY_ENDS {
                    let client_id = self.settings.client_id.clone();
                    problem = Problem::TakenOver { client_id };
                }
            }
            _ => self.early_ends = 0,
        }
        self.control.clear();
        self.subscriptions.lost();
        for (_, sent) in std::mem::take(&mut self.in_flight) {
            match sent.kind {
                Kind::Command(ticket) | Kind::Reply(ticket) => {
                    self.events.push_back(Event::Unconfirmed(ticket));
                }
                // It may have arrived; nothing says so.
                Kind::Event => self.dropped += 1,
                Kind::State => {}
            }
        }
        for message in self.outgoing.lost() {
            match message.kind {
                Kind::Command(ticket) | Kind::Reply(ticket) => {
                    self.events.push_back(Event::Unsent(ticket));
                }
                Kind::Event | Kind::State => self.dropped += 1,
            }
        }
        self.events.push_back(Event::Disconnected(problem));
        good
    }

    /// How many events were not published since [`Event::Dropped`] reported
    /// it; they are not reported again.
    pub fn take_dropped(&mut self) -> u64 {
        std::mem::take(&mut self.dropped)
    }

    /// The next report.
    pub fn poll(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// Whether the broker has accepted this client.
    pub fn is_connected(&self) -> bool {
        matches!(self.phase, Phase::Up(_))
    }

    /// Whether [`Session::leave`] was called.
    pub fn is_leaving(&self) -> bool {
        self.leaving
    }
}

#[cfg(test)]
#[path = "session_tests/mod.rs"]
mod tests;
