//! The four clients and what went between them and the board, in the order of
//! time. Draws nothing.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use serde_json::{Value, json};

use crate::{
    channel::{
        Channel, ChannelState, ChannelStatus, Content, Direction, Entry, EntryKind, SendError,
    },
    ui::words,
};

/// So much is drawn.
const ARROWS: usize = 2_000;

/// So many questions without an answer are remembered of a client.
const ASKED: usize = 64;

/// So many entries of a client are taken over in a frame.
const TAKEN: usize = 500;

/// The names of the clients.
pub(super) const NAMES: [&str; 4] = ["A", "B", "C", "D"];

/// What sort of message it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    /// To the echo, or back from it.
    Echo,
    /// A request.
    Request,
    /// The answer to one.
    Answer,
    /// What the board says without being asked.
    Push,
}

/// A message between a client and the board.
#[derive(Debug, Clone)]
pub(super) struct Arrow {
    /// Which client, from 0.
    pub(super) client: usize,
    pub(super) way: Direction,
    /// As the clock of this computer showed it.
    pub(super) at: SystemTime,
    /// NewEntries the first message may have been, by a clock that is never
    /// set.
    pub(super) since: Duration,
    pub(super) sort: Sort,
    pub(super) text: String,
    /// NewEntries what it answers was sent.
    pub(super) took: Option<Duration>,
}

struct Client {
    channel: Channel,
    next: u64,
    view: ChannelStatus,
    /// What was asked and when, by id or, of an echo, by text.
    asked: HashMap<String, Duration>,
    subscribed: bool,
    sent: u64,
    heard: u64,
}

/// Four clients of one board.
pub(super) struct Clients {
    clients: Vec<Client>,
    pub(super) arrows: VecDeque<Arrow>,
    ids: u64,
    began: Instant,
}

impl Clients {
    /// Of channels to the echo, twice, and to the control channel, twice.
    pub(super) fn new(channels: [Channel; 4]) -> Self {
        let clients = channels.map(|channel| Client {
            next: 0,
            view: channel.status(),
            asked: HashMap::new(),
            subscribed: false,
            sent: 0,
            heard: 0,
            channel,
        });
        let (clients, arrows) = (Vec::from(clients), VecDeque::new());
        Self {
            clients,
            arrows,
            ids: 0,
            began: Instant::now(),
        }
    }

    /// How a client is.
    pub(super) fn status(&self, client: usize) -> Option<&ChannelStatus> {
        self.clients.get(client).map(|client| &client.view)
    }

    /// How many messages a client sent and heard.
    pub(super) fn sums(&self, client: usize) -> (u64, u64) {
        self.clients
            .get(client)
            .map_or((0, 0), |client| (client.sent, client.heard))
    }

    /// All have ended.
    pub(super) fn have_ended(&self) -> bool {
        self.clients
            .iter()
            .all(|client| client.view.state == ChannelState::Closed)
    }

    /// Nothing is drawn of what was.
    pub(super) fn clear(&mut self) {
        self.arrows.clear();
        self.clients
            .iter_mut()
            .for_each(|client| (client.sent, client.heard) = (0, 0));
    }

    /// Lets a client of the echo say something.
    pub(super) fn say(&mut self, client: usize, words: &str) -> Result<(), SendError> {
        let Some(client) = self.clients.get(client) else {
            return Ok(());
        };
        client.channel.send(Content::Text(words.into()))
    }

    /// Lets a client of the control channel ask for something.
    pub(super) fn ask(
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
        self.say(client, &request.to_string())
    }

    /// Takes over what went over the channels. Clients of the control channel
    /// subscribe as soon as they are open.
    pub(super) fn take_over(&mut self, is_held: bool) {
        let mut fresh: Vec<(usize, Arc<Entry>)> = Vec::new();
        let mut subscribe = Vec::new();
        for (number, client) in self.clients.iter_mut().enumerate() {
            client.view = client.channel.status();
            if number >= 2 && client.view.state.is_open() && !client.subscribed {
                client.subscribed = true;
                subscribe.push(number);
            }
            if !is_held {
                let since = client.channel.entries_since(client.next, TAKEN);
                client.next = since.next;
                fresh.extend(since.entries.into_iter().map(|entry| (number, entry)));
            }
        }
        for client in subscribe {
            // Where it has ended since, that is seen.
            let _ = self.ask(client, protocol::method::DEVICE_SUBSCRIBE, &Value::Null);
        }
        // Not by the time of day, which may be set back.
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
        let (sort, id, text) = read(number, text);
        let mut took = None;
        match way {
            Direction::Out => {
                client.sent += 1;
                if client.asked.len() >= ASKED {
                    client.asked.clear();
                }
                client.asked.insert(id, entry.offset);
            }
            Direction::In => {
                client.heard += 1;
                let asked = if sort == Sort::Push {
                    None
                } else {
                    client.asked.remove(&id)
                };
                took = asked.map(|asked| entry.offset.saturating_sub(asked));
            }
        }
        if self.arrows.len() == ARROWS {
            self.arrows.pop_front();
        }
        let since = when(client, entry).saturating_duration_since(self.began);
        let arrow = Arrow {
            client: number,
            way: *way,
            at: entry.at,
            since,
            sort,
            text,
            took,
        };
        self.arrows.push_back(arrow);
    }
}

fn when(client: &Client, entry: &Entry) -> Instant {
    let started = client.channel.started();
    started.checked_add(entry.offset).unwrap_or(started)
}

/// What a message is, by what it is answered, and in few words.
fn read(client: usize, text: &str) -> (Sort, String, String) {
    if client < 2 {
        return (Sort::Echo, text.to_owned(), words::plain(text));
    }
    let value: Value = serde_json::from_str(text).unwrap_or_default();
    let id = value.get("id").map(ToString::to_string).unwrap_or_default();
    let method = value.get("method").and_then(Value::as_str);
    let params = value.get("params").map(brief).unwrap_or_default();
    let (sort, words) = match (method, value.get("result"), value.get("error")) {
        // What was pushed comes first: its color says already that it is a
        // push.
        (Some(method), ..) if id.is_empty() => (Sort::Push, format!("{params}, {method}")),
        (Some(method), ..) => (Sort::Request, format!("{method} {params}")),
        (None, _, Some(error)) if !error.is_null() => (Sort::Answer, format!("error {error}")),
        (None, Some(result), _) => (Sort::Answer, format!("result {}", brief(result))),
        (None, None, Some(_)) => (Sort::Answer, "error null".to_owned()),
        (None, None, None) => (Sort::Push, text.to_owned()),
    };
    (sort, id, words::plain(words.trim_end()))
}

/// Parameters or a result, with what says something of a component first and
/// without what only orders pushes.
fn brief(value: &Value) -> String {
    let Value::Object(members) = value else {
        return value.to_string();
    };
    let orders = ["epoch", "prev", "uptime_ms", "seq"];
    let (of_components, rest): (Vec<_>, Vec<_>) = members
        .iter()
        .filter(|(name, _)| !orders.contains(&name.as_str()))
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
    fn a_message_of_the_control_channel_is_a_request_an_answer_or_a_push() {
        let of = |text: &str| {
            let (sort, id, words) = read(2, text);
            (sort, format!("{id}|{words}"))
        };
        assert_eq!(
            of(r#"{"jsonrpc":"2.0","id":3,"method":"Switch.Toggle","params":{"id":0}}"#),
            (Sort::Request, "3|Switch.Toggle id 0".to_owned())
        );
        assert_eq!(
            of(r#"{"jsonrpc":"2.0","id":3,"result":{"seq":4,"was_on":true}}"#),
            (Sort::Answer, "3|result was_on true".to_owned())
        );
        assert_eq!(
            of(
                r#"{"method":"NotifyStatus","params":{"epoch":"a","prev":1,"seq":2,"source":"client:1","light:0":{"on":true}}}"#
            ),
            (
                Sort::Push,
                "|light:0 {\"on\":true}, source \"client:1\", NotifyStatus".to_owned()
            )
        );
        assert_eq!(read(0, "hello").0, Sort::Echo);
    }
}
