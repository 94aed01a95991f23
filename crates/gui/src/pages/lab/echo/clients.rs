//! The four clients and the messages between them and the board, in order of
//! time. Draws nothing.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use serde_json::{Value, json};
use web_time::{Instant, SystemTime};

use channel::{
    Channel, ChannelState, ChannelStatus, Content, Direction, Entry, EntryKind, SendError,
};

/// Messages that are drawn.
const MAX_ARROWS: usize = 2_000;

/// Unanswered requests that are remembered per client.
const MAX_PENDING: usize = 64;

/// Entries that are read per client and frame.
const MAX_READ: usize = 500;

/// The names of the clients.
pub(super) const NAMES: [&str; 4] = ["A", "B", "C", "D"];

/// The kind of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MessageKind {
    /// A message to or from the echo.
    Echo,
    /// A request.
    Request,
    /// The response to a request.
    Response,
    /// A notification that was not requested.
    Push,
}

/// A message between a client and the board.
#[derive(Debug, Clone)]
pub(super) struct Arrow {
    /// The client, from 0.
    pub(super) client: usize,
    pub(super) way: Direction,
    /// The time of this computer's clock.
    pub(super) at: SystemTime,
    /// The time since the start, by a monotonic clock.
    pub(super) since: Duration,
    pub(super) kind: MessageKind,
    pub(super) text: String,
    /// For a response or an echo, the round trip.
    pub(super) round_trip: Option<Duration>,
}

struct Client {
    channel: Channel,
    next: u64,
    status: ChannelStatus,
    /// Unanswered requests and when they were sent, by id, or by text for an
    /// echo.
    pending: HashMap<String, Duration>,
    subscribed: bool,
    /// The number that the board gave to it.
    number: Option<u32>,
    sent: u64,
    received: u64,
}

/// Four clients of one board.
pub(super) struct Clients {
    clients: Vec<Client>,
    pub(super) arrows: VecDeque<Arrow>,
    ids: u64,
    began: Instant,
    /// Clients whose numbers are not reported yet.
    numbered: Vec<(usize, u32)>,
}

impl Clients {
    /// Takes two channels to the echo and two to the control channel.
    pub(super) fn new(channels: [Channel; 4]) -> Self {
        let clients = channels.map(|channel| Client {
            next: 0,
            status: channel.status(),
            pending: HashMap::new(),
            subscribed: false,
            number: None,
            sent: 0,
            received: 0,
            channel,
        });
        let (clients, arrows) = (Vec::from(clients), VecDeque::new());
        Self {
            clients,
            arrows,
            ids: 0,
            began: Instant::now(),
            numbered: Vec::new(),
        }
    }

    /// The status of a client.
    pub(super) fn status(&self, client: usize) -> Option<&ChannelStatus> {
        self.clients.get(client).map(|client| &client.status)
    }

    /// The number of messages that a client sent and received.
    pub(super) fn sums(&self, client: usize) -> (u64, u64) {
        self.clients
            .get(client)
            .map_or((0, 0), |client| (client.sent, client.received))
    }

    /// Whether all channels have ended.
    pub(super) fn have_ended(&self) -> bool {
        self.clients
            .iter()
            .all(|client| client.status.state == ChannelState::Closed)
    }

    /// The clients whose numbers have become known: index and number.
    pub(super) fn newly_numbered(&mut self) -> Vec<(usize, u32)> {
        std::mem::take(&mut self.numbered)
    }

    /// Removes all messages.
    pub(super) fn clear(&mut self) {
        self.arrows.clear();
        self.clients
            .iter_mut()
            .for_each(|client| (client.sent, client.received) = (0, 0));
    }

    /// Sends a text from a client.
    pub(super) fn send(&mut self, client: usize, words: &str) -> Result<(), SendError> {
        let Some(client) = self.clients.get(client) else {
            return Ok(());
        };
        client.channel.send(Content::Text(words.into()))
    }

    /// Sends a request from a client of the control channel.
    pub(super) fn request(
        &mut self,
        client: usize,
        method: &str,
        params: &Value,
    ) -> Result<(), SendError> {
        self.ids += 1;
        let mut request = json!({"jsonrpc": "2.0", "id": self.ids, "method": method});
        if !params.is_null() {
            request["params"] = params.clone();
        }
        self.send(client, &request.to_string())
    }

    /// Reads new messages. Clients of the control channel subscribe as soon as
    /// they are open.
    pub(super) fn update(&mut self, is_paused: bool) {
        let mut fresh: Vec<(usize, Arc<Entry>)> = Vec::new();
        let mut subscribe = Vec::new();
        for (number, client) in self.clients.iter_mut().enumerate() {
            client.status = client.channel.status();
            if number >= 2 && client.status.state.is_open() && !client.subscribed {
                client.subscribed = true;
                subscribe.push(number);
            }
            if !is_paused {
                let since = client.channel.entries_since(client.next, MAX_READ);
                client.next = since.next;
                fresh.extend(since.entries.into_iter().map(|entry| (number, entry)));
            }
        }
        for client in subscribe {
            // If the channel has ended, its status shows that.
            let _ = self.request(client, protocol::method::DEVICE_SUBSCRIBE, &Value::Null);
        }
        // Not by the wall clock, which may be set back.
        fresh.sort_by_key(|(number, entry)| {
            self.clients.get(*number).map(|client| when(client, entry))
        });
        for (client, entry) in fresh {
            self.add(client, &entry);
        }
    }

    fn add(&mut self, number: usize, entry: &Entry) {
        let EntryKind::Message(way, content) = &entry.kind else {
            return;
        };
        let Some(client) = self.clients.get_mut(number) else {
            return;
        };
        let text = content.text().unwrap_or_default();
        if *way == Direction::In && client.subscribed && client.number.is_none() {
            client.number = number_in(text);
            self.numbered.extend(client.number.map(|own| (number, own)));
        }
        let (kind, id, text) = parse(number, text);
        let mut round_trip = None;
        match way {
            Direction::Out => {
                client.sent += 1;
                if client.pending.len() >= MAX_PENDING {
                    client.pending.clear();
                }
                client.pending.insert(id, entry.offset);
            }
            Direction::In => {
                client.received += 1;
                let sent = if kind == MessageKind::Push {
                    None
                } else {
                    client.pending.remove(&id)
                };
                round_trip = sent.map(|sent| entry.offset.saturating_sub(sent));
            }
        }
        if self.arrows.len() == MAX_ARROWS {
            self.arrows.pop_front();
        }
        let since = when(client, entry).saturating_duration_since(self.began);
        let arrow = Arrow {
            client: number,
            way: *way,
            at: entry.at,
            since,
            kind,
            text,
            round_trip,
        };
        self.arrows.push_back(arrow);
    }
}

/// The client's number in the answer to its subscription.
fn number_in(text: &str) -> Option<u32> {
    let message: Value = serde_json::from_str(text).ok()?;
    let client = message.get("result")?.get("client")?.as_u64()?;
    u32::try_from(client).ok()
}

fn when(client: &Client, entry: &Entry) -> Instant {
    let started = client.channel.started();
    started.checked_add(entry.offset).unwrap_or(started)
}

/// The kind of a message, its id, and a short text.
fn parse(client: usize, text: &str) -> (MessageKind, String, String) {
    if client < 2 {
        return (MessageKind::Echo, text.to_owned(), text::plain(text));
    }
    let value: Value = serde_json::from_str(text).unwrap_or_default();
    let id = value.get("id").map(ToString::to_string).unwrap_or_default();
    let method = value.get("method").and_then(Value::as_str);
    let params = value.get("params").map(summary).unwrap_or_default();
    let (kind, words) = match (method, value.get("result"), value.get("error")) {
        // The parameters first: the color already marks it as a push.
        (Some(method), ..) if id.is_empty() => (MessageKind::Push, format!("{params}, {method}")),
        (Some(method), ..) => (MessageKind::Request, format!("{method} {params}")),
        (None, _, Some(error)) if !error.is_null() => {
            (MessageKind::Response, format!("error {error}"))
        }
        (None, Some(result), _) => (MessageKind::Response, format!("result {}", summary(result))),
        (None, None, Some(_)) => (MessageKind::Response, "error null".to_owned()),
        (None, None, None) => (MessageKind::Push, text.to_owned()),
    };
    (kind, id, text::plain(words.trim_end()))
}

/// A short text for parameters or a result: components first, without the
/// fields that only order pushes.
fn summary(value: &Value) -> String {
    let Value::Object(members) = value else {
        return value.to_string();
    };
    let ordering = ["epoch", "prev", "uptime_ms", "seq"];
    let (of_components, rest): (Vec<_>, Vec<_>) = members
        .iter()
        .filter(|(name, _)| !ordering.contains(&name.as_str()))
        .partition(|(name, _)| name.contains(':'));
    let part = |(name, value): &(&String, &Value)| format!("{name} {value}");
    of_components
        .iter()
        .chain(&rest)
        .map(part)
        .collect::<Vec<_>>()
        .join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_of_the_control_channel_is_a_request_a_response_or_a_push() {
        let of = |text: &str| {
            let (kind, id, words) = parse(2, text);
            (kind, format!("{id}|{words}"))
        };
        assert_eq!(
            of(r#"{"jsonrpc":"2.0","id":3,"method":"Switch.Toggle","params":{"id":0}}"#),
            (MessageKind::Request, "3|Switch.Toggle id 0".to_owned())
        );
        assert_eq!(
            of(r#"{"jsonrpc":"2.0","id":3,"result":{"seq":4,"was_on":true}}"#),
            (MessageKind::Response, "3|result was_on true".to_owned())
        );
        assert_eq!(
            of(
                r#"{"method":"NotifyStatus","params":{"epoch":"a","prev":1,"seq":2,"source":"client:1","light:0":{"on":true}}}"#
            ),
            (
                MessageKind::Push,
                "|light:0 {\"on\":true}, source \"client:1\", NotifyStatus".to_owned()
            )
        );
        assert_eq!(parse(0, "hello").0, MessageKind::Echo);
    }
}
