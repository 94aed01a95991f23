//! Removes components that disappeared. Home Assistant keeps an entity that is
//! merely left out of a discovery payload: it has to be published once with
//! nothing but its platform. Reads no clock.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::Message;

/// How long a component that disappeared stays in the payload, with nothing but
/// its platform. Only the latest payload of a topic is certain to arrive, so it
/// has to be the latest one for a while.
const STAYS: Duration = Duration::from_secs(60);

/// The most boards whose retained payloads are kept until the boards appear.
const WAITING: usize = 20_000;

/// The components that were published, and those that disappeared.
#[derive(Debug, Default)]
pub(super) struct Removals {
    boards: BTreeMap<String, Board>,
    /// When the first component no longer has to be named.
    next: Option<Instant>,
}

#[derive(Debug, Default)]
struct Board {
    /// The platform of each published component.
    published: BTreeMap<String, String>,
    /// The platform of each component that disappeared, and until when it is
    /// named.
    gone: BTreeMap<String, (String, Instant)>,
}

impl Removals {
    /// A retained discovery payload of a board, from an earlier run of a
    /// bridge: its components are removed unless the board still has them.
    /// `topic` is that of [`super::discovery`]. Whether a payload that was
    /// published already has to be published again because of it.
    pub(super) fn retained(&mut self, now: Instant, topic: &str, payload: &[u8]) -> bool {
        let payload = serde_json::from_slice(payload).unwrap_or(Value::Null);
        // Boards of other programs share the topics.
        let ours = payload.pointer("/origin/name").and_then(Value::as_str) == Some(super::ORIGIN);
        let platforms = platforms(&payload);
        if !ours || platforms.is_empty() {
            return false;
        }
        let Some(board) = self.boards.get_mut(topic) else {
            if self.boards.len() < WAITING {
                let board = Board {
                    published: platforms,
                    gone: BTreeMap::new(),
                };
                self.boards.insert(topic.to_owned(), board);
            }
            return false;
        };
        let mut again = false;
        for (component, platform) in platforms {
            let known = board.published.contains_key(&component);
            if !known && !board.gone.contains_key(&component) {
                board.gone.insert(component, (platform, now + STAYS));
                again = true;
            }
        }
        if again {
            self.named_until(now + STAYS);
        }
        again
    }

    /// Adds the components that disappeared to a discovery payload that is
    /// about to be published.
    #[must_use]
    pub(super) fn amend(&mut self, now: Instant, message: Message) -> Message {
        let Ok(mut payload) = serde_json::from_str::<Value>(&message.payload) else {
            self.forget(&message.topic);
            return message;
        };
        let present = platforms(&payload);
        let board = self.boards.entry(message.topic.clone()).or_default();
        let had = !board.gone.is_empty();
        let before = std::mem::replace(&mut board.published, present);
        for (component, platform) in before {
            if board.published.get(&component) != Some(&platform) {
                board.gone.insert(component, (platform, now + STAYS));
            }
        }
        // One that is back, or is now another platform under the same key,
        // which can be named only once.
        board.gone.retain(|component, (_, until)| {
            *until > now && !board.published.contains_key(component)
        });
        if board.gone.is_empty() {
            if had {
                self.find_next();
            }
            return message;
        }
        if let Some(components) = payload.get_mut("components").and_then(Value::as_object_mut) {
            for (component, (platform, _)) in &board.gone {
                components.insert(component.clone(), json!({ "platform": platform }));
            }
        }
        self.named_until(now + STAYS);
        Message {
            payload: payload.to_string(),
            ..message
        }
    }

    /// The board was removed: its topic is cleared.
    pub(super) fn forget(&mut self, topic: &str) {
        let removed = self.boards.remove(topic);
        if removed.is_some_and(|board| !board.gone.is_empty()) {
            self.find_next();
        }
    }

    /// When the next component no longer has to be named.
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.next
    }

    fn find_next(&mut self) {
        let gone = self.boards.values().flat_map(|board| board.gone.values());
        self.next = gone.map(|(_, until)| *until).min();
    }

    fn named_until(&mut self, until: Instant) {
        self.next = Some(self.next.map_or(until, |next| next.min(until)));
    }

    /// The topics of boards whose payloads have to be published again, now
    /// without the components that disappeared.
    pub(super) fn poll(&mut self, now: Instant) -> Vec<String> {
        if self.next.is_none_or(|next| next > now) {
            return Vec::new();
        }
        let due = |board: &Board| board.gone.values().any(|(_, until)| *until <= now);
        let mut topics = Vec::new();
        for (topic, board) in &mut self.boards {
            if due(board) {
                board.gone.retain(|_, (_, until)| *until > now);
                topics.push(topic.clone());
            }
        }
        self.find_next();
        topics
    }
}

/// The platform of each component of a discovery payload, without those that
/// the payload removes.
fn platforms(payload: &Value) -> BTreeMap<String, String> {
    let components = payload.get("components").and_then(Value::as_object);
    components
        .into_iter()
        .flatten()
        .filter(|(_, config)| config.as_object().is_some_and(|config| config.len() > 1))
        .filter_map(|(component, config)| {
            let platform = config.get("platform")?.as_str()?;
            Some((component.clone(), platform.to_owned()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOPIC: &str = "homeassistant/device/lamp/config";

    fn payload(components: &[&str]) -> Message {
        let components: serde_json::Map<String, Value> = components
            .iter()
            .map(|key| {
                let platform = key.split('_').next().unwrap_or_default();
                let config = json!({ "platform": platform, "unique_id": key });
                ((*key).to_owned(), config)
            })
            .collect();
        Message {
            topic: TOPIC.to_owned(),
            payload: json!({
                "components": components, "origin": { "name": "Switchboard" },
            })
            .to_string(),
        }
    }

    fn component(message: &Message, key: &str) -> Option<Value> {
        let payload: Value = serde_json::from_str(&message.payload).ok()?;
        payload.get("components")?.get(key).cloned()
    }

    #[test]
    fn a_component_that_disappeared_is_named_for_a_while_and_then_left_out() {
        let (now, mut removals) = (Instant::now(), Removals::default());
        let both = payload(&["light_0", "switch_0"]);
        assert_eq!(removals.amend(now, both.clone()), both);
        let one = removals.amend(now, payload(&["light_0"]));
        assert_eq!(
            component(&one, "switch_0"),
            Some(json!({ "platform": "switch" }))
        );
        // A change in the meantime still names it.
        let later = now + STAYS / 2;
        let again = removals.amend(later, payload(&["light_0"]));
        assert_eq!(again, one);
        assert_eq!(removals.next_deadline(), Some(now + STAYS));
        assert_eq!(removals.poll(later), Vec::<String>::new());
        assert_eq!(removals.poll(now + STAYS), [TOPIC]);
        let last = removals.amend(now + STAYS, payload(&["light_0"]));
        assert_eq!(last, payload(&["light_0"]));
        assert_eq!(removals.next_deadline(), None);
    }

    #[test]
    fn a_component_that_returns_is_not_removed() {
        let (now, mut removals) = (Instant::now(), Removals::default());
        let both = payload(&["light_0", "switch_0"]);
        let _ = removals.amend(now, both.clone());
        let _ = removals.amend(now, payload(&["light_0"]));
        assert_eq!(removals.amend(now, both.clone()), both);
        assert_eq!(removals.next_deadline(), None);
    }

    #[test]
    fn what_an_earlier_run_published_is_removed_too() {
        let (now, mut removals) = (Instant::now(), Removals::default());
        let earlier = payload(&["cover_0", "light_0"]).payload;
        assert!(!removals.retained(now, TOPIC, earlier.as_bytes()));
        let first = removals.amend(now, payload(&["light_0"]));
        assert_eq!(
            component(&first, "cover_0"),
            Some(json!({ "platform": "cover" }))
        );
        // The broker delivers it only after the new one was published.
        let late = payload(&["light_0", "number_0"]).payload;
        assert!(removals.retained(now, TOPIC, late.as_bytes()));
        let second = removals.amend(now, payload(&["light_0"]));
        assert_eq!(
            component(&second, "number_0"),
            Some(json!({ "platform": "number" }))
        );
        // What this run published itself.
        assert!(!removals.retained(now, TOPIC, second.payload.as_bytes()));
    }

    #[test]
    fn payloads_of_other_programs_are_left_alone() {
        let (now, mut removals) = (Instant::now(), Removals::default());
        let _ = removals.amend(now, payload(&["light_0"]));
        for theirs in [
            "no JSON".to_owned(),
            payload(&["cover_0"])
                .payload
                .replace("Switchboard", "Another"),
        ] {
            assert!(!removals.retained(now, TOPIC, theirs.as_bytes()));
        }
        assert_eq!(removals.next_deadline(), None);
    }

    #[test]
    fn a_removed_board_leaves_nothing() {
        let (now, mut removals) = (Instant::now(), Removals::default());
        let _ = removals.amend(now, payload(&["light_0", "switch_0"]));
        let _ = removals.amend(now, payload(&["light_0"]));
        removals.forget(TOPIC);
        assert_eq!(removals.next_deadline(), None);
        let lone = payload(&["light_0"]);
        assert_eq!(removals.amend(now, lone.clone()), lone);
    }
}
