//! The connection of an active bridge: the claim on its shard, and what arrives
//! while it is active.

use std::time::{Duration, Instant};

use mqtt::{Client, Event, Will};
use tokio::runtime::Handle;

use super::{Active, Bridge, Input, locked};
use crate::{Notice, claim::Step, target};

/// The keep-alive interval of the connection with the claim: the broker
/// withdraws it after one and a half of it.
const CLAIM_KEEP_ALIVE: Duration = Duration::from_secs(8);

impl<S: FnMut(&Notice)> Bridge<S> {
    pub(super) async fn step(&mut self, step: Step) {
        match step {
            Step::Claim => self.open(),
            Step::Activate => self.activate(),
            Step::Repeat => self.repeat(),
            Step::StandBy { holder } => {
                // The other bridge published them.
                self.missed = 0;
                self.publish_replies();
                self.say(Notice::StandingBy {
                    holder: text::plain(&holder),
                    shard: self.shard(),
                });
            }
            Step::Yield { holder } => {
                if let Some(active) = self.active.take() {
                    active.client.close_without_will().await;
                }
                self.replies.all_failed();
                self.publish_replies();
                self.publish_status();
                self.say(Notice::StandingBy {
                    holder: text::plain(&holder),
                    shard: self.shard(),
                });
            }
            Step::Stop => {
                // Dropped: this bridge does not wait for a broker that is away.
                if let Some(active) = self.active.take() {
                    self.missed += active.client.take_dropped();
                }
                self.replies.all_failed();
                self.publish_status();
            }
        }
    }

    /// Opens the connection with the will, and claims on it.
    pub(super) fn open(&mut self) {
        self.connections += 1;
        let number = self.connections;
        let topic = self.names().claim_topic(self.shard());
        let will = Will {
            topic: topic.clone(),
            payload: Vec::new(),
            retained: true,
        };
        let settings = self.settings("-active", will, CLAIM_KEEP_ALIVE);
        let inputs = self.inputs.clone();
        let client = Client::start(settings, &Handle::current(), move |event| {
            inputs.pass(event, |event| Input::Active(number, event));
        });
        client.subscribe(&topic);
        client.state(&topic, self.claim.payload());
        self.active = Some(Active::new(number, client, self.shard()));
    }

    pub(super) fn repeat(&self) {
        if let Some(active) = &self.active {
            let topic = self.names().claim_topic(self.shard());
            active.client.state(&topic, self.claim.payload());
        }
    }

    /// Publishes every board, and takes commands.
    pub(super) fn activate(&mut self) {
        let Some(active) = &mut self.active else {
            return;
        };
        let site = locked(&self.site);
        active.begin(
            &self.options.names,
            self.options.home_assistant,
            site.boards(),
        );
        drop(site);
        self.publish_replies();
        self.publish_status();
        let missed = std::mem::take(&mut self.missed);
        if missed > 0 {
            self.say(Notice::Dropped(missed));
        }
    }

    pub(super) fn active_event(&mut self, event: Event) {
        if let Event::Subscribed { filter } | Event::Refused { filter } = &event
            && let Some(active) = &mut self.active
            && active.subscribed(filter)
        {
            // Not earlier: a command sent at once would be lost.
            self.say(Notice::Active {
                shard: self.shard(),
                site: self.names().site_topic(),
            });
        }
        match event {
            Event::Disconnected(problem) => {
                self.claim.lost(Instant::now());
                if self.main.as_ref().is_some_and(Client::is_connected) {
                    self.say_waiting(problem);
                }
            }
            Event::Message {
                topic,
                payload,
                retained,
            } => self.message(&topic, &payload, retained),
            other => self.trouble(other),
        }
    }

    pub(super) fn message(&mut self, topic: &str, payload: &[u8], retained: bool) {
        if topic == self.names().claim_topic(self.shard()) {
            // The order of messages on one connection: a claim of another
            // bridge is seen before the commands that this one must not carry
            // out.
            self.claim.message(payload, Instant::now());
            return;
        }
        if let Some(board) = self.availability_of(topic) {
            if let Some(active) = self.active.as_ref().filter(|_| retained) {
                active.earlier(&board, payload);
            }
            return;
        }
        let active = self.active.as_mut();
        if active.is_some_and(|active| active.home_assistant(topic, payload, retained)) {
            return;
        }
        let Some(target) = target(self.names(), topic) else {
            return;
        };
        if !self.shard().contains(target.board()) || payload.is_empty() {
            return;
        }
        if retained {
            self.say(Notice::Message(format!(
                "A retained command on {} was ignored: commands must not be retained.",
                text::plain(topic)
            )));
            return;
        }
        if self.claim.is_active() {
            self.command(target, payload);
        }
    }

    pub(super) fn availability_of(&self, topic: &str) -> Option<String> {
        let rest = topic.strip_prefix(&self.names().site_topic())?;
        let board = rest.strip_prefix('/')?.strip_suffix("/$availability")?;
        Some(protocol::board_id(board).ok()?.to_owned())
    }
}
