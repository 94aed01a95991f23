//! The connection that stays: what this bridge publishes of itself, and what
//! it learns of other bridges and of the broker.

use std::time::{Duration, Instant};

use mqtt::{Client, Event, Problem, Will};
use serde_json::{Value, json};
use tokio::runtime::Handle;

use super::{Bridge, Input};
use crate::{Notice, Shard};

/// How long the broker may take to deliver this bridge's own message.
const ECHO: Duration = Duration::from_secs(5);

impl<S: FnMut(&Notice)> Bridge<S> {
    pub(super) fn start_main(&self) -> Client {
        let names = self.names();
        let will = Will {
            topic: names.bridge_topic(),
            payload: self.status(false),
            retained: true,
        };
        let settings = self.settings("", will, mqtt::KEEP_ALIVE);
        let inputs = self.inputs.clone();
        let client = Client::start(settings, &Handle::current(), move |event| {
            inputs.pass(event, Input::Main);
        });
        client.subscribe(&format!("{}/$bridge/+", names.site_topic()));
        client.subscribe(&names.claim_topic(self.shard()));
        client.state(&names.bridge_topic(), self.status(true));
        client
    }

    /// What is published of this bridge.
    pub(super) fn status(&self, online: bool) -> Vec<u8> {
        let mut status = json!({
            "state": if online { "online" } else { "offline" },
            "version": self.names().version,
            "shard": self.shard().to_string(),
            "instance": self.claim.instance(),
        });
        if let Some(fields) = status.as_object_mut().filter(|_| online) {
            fields.insert("active".to_owned(), json!(self.claim.is_active()));
        }
        status.to_string().into_bytes()
    }

    pub(super) fn main_event(&mut self, event: Event) {
        let now = Instant::now();
        match event {
            Event::Connected => {
                self.say(Notice::Connected {
                    broker: self.options.broker.clone(),
                });
                self.echo_until = Some(now + ECHO);
            }
            Event::Disconnected(problem) => {
                self.echo_until = None;
                self.claim.disconnected();
                self.say_waiting(problem);
            }
            Event::Subscribed { filter } => {
                if filter == self.names().claim_topic(self.shard()) {
                    self.claim.subscribed(now);
                }
            }
            Event::Message { topic, payload, .. } => {
                if topic == self.names().claim_topic(self.shard()) {
                    self.claim.message(&payload, now);
                } else {
                    self.bridge_message(&topic, &payload);
                }
            }
            other => self.trouble(other),
        }
    }

    /// What another bridge, or this one, published of itself.
    pub(super) fn bridge_message(&mut self, topic: &str, payload: &[u8]) {
        let status: Value = serde_json::from_slice(payload).unwrap_or_default();
        let text = |field: &str| {
            status
                .get(field)
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        let online = text("state") == "online";
        if topic == self.names().bridge_topic() {
            let instance = text("instance");
            if instance == self.claim.instance() {
                self.echo_until = None;
                self.echoed = true;
                if !online {
                    // The will of an earlier connection of this bridge.
                    self.publish_status();
                }
            } else if online || (self.echoed && !instance.is_empty()) {
                // The status of an earlier run is replaced when this one
                // connects; a different one after that is from a running
                // bridge.
                self.say_same_name();
            }
            return;
        }
        let theirs = text("shard");
        let count = theirs.parse::<Shard>().map(Shard::count);
        if online && count.is_ok_and(|count| count != self.shard().count()) {
            let bridge = topic.rsplit('/').next().unwrap_or_default();
            self.say(Notice::OtherCount {
                bridge: text::plain(bridge),
                theirs: text::plain(theirs),
                shard: self.shard(),
            });
        }
    }

    /// Says that there is no connection to the broker, and why.
    pub(super) fn say_waiting(&mut self, problem: Problem) {
        if matches!(problem, Problem::TakenOver { .. }) {
            // Client identifiers are made of the names of bridges.
            return self.say_same_name();
        }
        self.say(Notice::Waiting {
            broker: self.options.broker.clone(),
            problem,
        });
    }

    fn say_same_name(&mut self) {
        let name = self.names().bridge.clone();
        self.say(Notice::SameName { name });
    }

    /// The broker did not deliver this bridge's own message.
    pub(super) fn not_delivered(&mut self) {
        self.echo_until = None;
        let mut filters = format!("{}/#", self.names().site_topic());
        if self.options.home_assistant {
            filters += &format!(" and {}/#", self.names().discovery_prefix);
        }
        self.say(Notice::NotDelivered {
            topic: self.names().bridge_topic(),
            filters,
        });
    }

    pub(super) fn publish_status(&self) {
        if let Some(main) = &self.main {
            main.state(&self.names().bridge_topic(), self.status(true));
        }
    }

    /// Events of both connections that someone should know of.
    pub(super) fn trouble(&mut self, event: Event) {
        match event {
            Event::Refused { filter } => self.say(Notice::SubscriptionRefused { filter }),
            Event::TooLarge { topic, size } => {
                let topic = topic.map_or_else(|| "a topic".to_owned(), |topic| text::plain(&topic));
                self.say(Notice::Message(format!(
                    "A message of {} on {topic} was ignored: at most {} are accepted.",
                    text::bytes(as_f64(size)),
                    text::bytes(as_f64(mqtt::LIMIT)),
                )));
            }
            Event::Unpublishable { topic, reason } => self.say(Notice::Message(format!(
                "Nothing was published on {}: {reason}.",
                text::plain(&topic)
            ))),
            Event::Dropped(count) => self.say(Notice::Dropped(count)),
            other => self.reply_event(&other),
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "shown with three digits")]
fn as_f64(bytes: usize) -> f64 {
    bytes as f64
}
