//! Turns boards into messages: compares each board with what was published of
//! it. Publishes nothing itself.

use std::{
    collections::{BTreeMap, HashMap},
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
};

use fleet::{BoardKey, BoardView, ComponentView, LinkState, LogEvent, Origin};
use protocol::{ComponentKey, Descriptor, DeviceInfo};
use serde_json::{Value, json};

use crate::{Context, Shard};

/// A message to publish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Publish {
    /// Retained; an empty payload removes it.
    State {
        /// The topic.
        topic: String,
        /// The payload.
        payload: Vec<u8>,
    },
    /// Not retained.
    Event {
        /// The topic.
        topic: String,
        /// The payload.
        payload: Vec<u8>,
    },
}

/// What was published of a board.
#[derive(Debug, Default)]
struct Published {
    id: String,
    described: Option<Described>,
    description: u64,
    /// The link that the availability was made from, unless it has a problem,
    /// whose text depends on more.
    link: Option<LinkState>,
    availability: u64,
    /// In the order of the board.
    components: Vec<Sent>,
}

/// What was published of a component.
#[derive(Debug)]
struct Sent {
    key: ComponentKey,
    topic: String,
    /// What the payload was made from.
    view: Option<Arc<ComponentView>>,
    payload: u64,
}

impl Published {
    /// The component at this place of the board. It is usually at the same
    /// place as before.
    fn component(&mut self, place: usize, key: &ComponentKey) -> Option<&mut Sent> {
        let is_it = |sent: &Sent| sent.key == *key;
        let place = match self.components.get(place) {
            Some(sent) if is_it(sent) => place,
            _ => self.components.iter().position(is_it)?,
        };
        self.components.get_mut(place)
    }

    /// Takes the components of a board; what was published of those that it no
    /// longer has is cleared.
    fn list(&mut self, view: &BoardView, topic: impl Fn(&ComponentKey) -> String) -> Vec<Publish> {
        let mut before = std::mem::take(&mut self.components);
        for component in &view.components {
            let key = &component.descriptor.key;
            let known = before.iter().position(|sent| sent.key == *key);
            self.components.push(match known {
                Some(place) => before.swap_remove(place),
                None => Sent {
                    key: key.clone(),
                    topic: topic(key),
                    view: None,
                    payload: hash(&[]),
                },
            });
        }
        let clear = |sent: Sent| Publish::State {
            topic: sent.topic,
            payload: Vec::new(),
        };
        before.into_iter().map(clear).collect()
    }
}

/// What a description was made from, to compare without writing it: states
/// change far more often.
#[derive(Debug)]
struct Described {
    name: Arc<str>,
    address: Arc<str>,
    info: Option<Arc<DeviceInfo>>,
    descriptors: Vec<Arc<Descriptor>>,
}

impl Described {
    fn of(view: &BoardView) -> Self {
        let descriptors = view.components.iter().map(|it| Arc::clone(&it.descriptor));
        Self {
            name: Arc::clone(&view.name),
            address: Arc::clone(&view.address),
            info: view.info.clone(),
            descriptors: descriptors.collect(),
        }
    }

    /// Whether the description is the same for sure.
    fn is(&self, view: &BoardView) -> bool {
        let same_info = match (&self.info, &view.info) {
            (Some(old), Some(new)) => Arc::ptr_eq(old, new),
            (None, None) => true,
            _ => false,
        };
        let descriptors = view.components.iter().map(|it| &it.descriptor);
        same_info
            && self.name == view.name
            && self.address == view.address
            && self.descriptors.len() == view.components.len()
            && self
                .descriptors
                .iter()
                .zip(descriptors)
                .all(|(old, new)| Arc::ptr_eq(old, new))
    }
}

/// What was published of all boards.
#[derive(Debug)]
pub struct Face {
    names: Context,
    shard: Shard,
    boards: BTreeMap<BoardKey, Published>,
    /// The key of each published board.
    keys: HashMap<String, BoardKey>,
}

impl Face {
    /// A face that has published nothing.
    pub fn new(names: Context, shard: Shard) -> Self {
        Self {
            names,
            shard,
            boards: BTreeMap::new(),
            keys: HashMap::new(),
        }
    }

    /// What to publish for a board that changed. A board is published once it
    /// was connected to: until then anyone on the network can invent it.
    pub fn board(&mut self, view: &BoardView) -> Vec<Publish> {
        let mut messages = Vec::new();
        let Some(id) = view.id.as_deref() else {
            return messages;
        };
        let known = self.boards.contains_key(&view.key);
        if !known && view.info.is_none() {
            return messages;
        }
        if self
            .boards
            .get(&view.key)
            .is_some_and(|board| board.id != id)
        {
            messages.extend(self.forgotten(view.key));
        }
        let board = self.boards.entry(view.key).or_default();
        if board.id != id {
            id.clone_into(&mut board.id);
            self.keys.insert(id.to_owned(), view.key);
        }
        let names = &self.names;
        if !board.described.as_ref().is_some_and(|old| old.is(view)) {
            board.described = Some(Described::of(view));
            let description = description(view, names).to_string().into_bytes();
            if replace(&mut board.description, &description) {
                messages.push(Publish::State {
                    topic: names.board_topic(id, "$description"),
                    payload: description,
                });
            }
            let topic = |key: &ComponentKey| names.component_topic(id, key);
            messages.extend(board.list(view, topic));
        }
        for (place, component) in view.components.iter().enumerate() {
            let Some(sent) = board.component(place, &component.descriptor.key) else {
                continue;
            };
            let is_same = |old: &Arc<ComponentView>| Arc::ptr_eq(old, component);
            if sent.view.as_ref().is_some_and(is_same) {
                continue;
            }
            sent.view = Some(Arc::clone(component));
            let payload = if component.reported.is_empty() {
                Vec::new()
            } else {
                serde_json::to_vec(&component.reported).unwrap_or_default()
            };
            if replace(&mut sent.payload, &payload) {
                messages.push(Publish::State {
                    topic: sent.topic.clone(),
                    payload,
                });
            }
        }
        // After the states, so that a board that is online has them.
        if board.link.as_ref() != Some(&view.link) {
            let has_problem = matches!(view.link, LinkState::Unreachable { .. });
            board.link = (!has_problem).then(|| view.link.clone());
            let availability = availability(view, names).to_string().into_bytes();
            if replace(&mut board.availability, &availability) {
                messages.push(Publish::State {
                    topic: names.board_topic(id, "$availability"),
                    payload: availability,
                });
            }
        }
        messages
    }

    /// What to publish for an event of a board's log.
    pub fn event(&self, view: &BoardView, what: &LogEvent) -> Option<Publish> {
        let LogEvent::Event {
            component,
            event,
            origin,
            ..
        } = what
        else {
            return None;
        };
        let id = &self.boards.get(&view.key)?.id;
        let payload = json!({ "event": event, "origin": origin_word(origin) });
        let topic = format!("{}/event", self.names.component_topic(id, component));
        Some(Publish::Event {
            topic,
            payload: payload.to_string().into_bytes(),
        })
    }

    /// What to publish for a board that was removed: everything about it is
    /// cleared.
    pub fn forgotten(&mut self, key: BoardKey) -> Vec<Publish> {
        let Some(board) = self.boards.remove(&key) else {
            return Vec::new();
        };
        if self.keys.get(&board.id) == Some(&key) {
            self.keys.remove(&board.id);
        }
        let names = &self.names;
        let own = ["$availability", "$description"]
            .into_iter()
            .map(|last| names.board_topic(&board.id, last));
        let components = board
            .components
            .iter()
            .map(|component| component.topic.clone());
        own.chain(components)
            .map(|topic| Publish::State {
                topic,
                payload: Vec::new(),
            })
            .collect()
    }

    /// The availability to publish for a board that is at the broker from an
    /// earlier run, and that this run does not know (yet).
    pub fn unknown(&self, id: &str, payload: &[u8]) -> Option<Publish> {
        if !self.shard.contains(id) || self.keys.contains_key(id) {
            return None;
        }
        let stated: Value = serde_json::from_slice(payload).ok()?;
        (stated.get("state")? == "online").then(|| Publish::State {
            topic: self.names.board_topic(id, "$availability"),
            payload: json!({
                "state": "offline", "link": "unknown", "bridge": self.names.bridge,
            })
            .to_string()
            .into_bytes(),
        })
    }
}

/// The retained description of a board.
fn description(view: &BoardView, names: &Context) -> Value {
    let components: Vec<_> = view
        .components
        .iter()
        .map(|component| &*component.descriptor)
        .collect();
    json!({
        "id": view.id.as_deref(),
        "name": *view.name,
        "family": view.family.as_str(),
        "bridge": names.bridge,
        "address": *view.address,
        "info": view.info.as_deref(),
        "components": components,
    })
}

/// The retained availability of a board.
fn availability(view: &BoardView, names: &Context) -> Value {
    let state = if view.link.is_up() {
        "online"
    } else {
        "offline"
    };
    let mut availability = json!({
        "state": state,
        "link": link_word(&view.link),
        "bridge": names.bridge,
    });
    if let (LinkState::Unreachable { problem, .. }, Some(fields)) =
        (&view.link, availability.as_object_mut())
    {
        let problem = text::problem_of(view, problem);
        fields.insert("problem".to_owned(), json!(problem));
    }
    availability
}

fn link_word(link: &LinkState) -> &'static str {
    match link {
        LinkState::Announced => "announced",
        LinkState::Connecting => "connecting",
        LinkState::Connected => "connected",
        LinkState::Stale => "stale",
        LinkState::Unreachable { .. } => "unreachable",
    }
}

fn origin_word(origin: &Origin) -> Value {
    match origin {
        Origin::ThisProgram => json!("bridge"),
        Origin::OtherController(number) => json!(format!("client:{number}")),
        Origin::Person(name) => json!(format!("person:{name}")),
        Origin::Physical => json!("physical"),
        Origin::Board => json!("board"),
        Origin::Unknown => Value::Null,
    }
}

fn hash(payload: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    payload.hash(&mut hasher);
    hasher.finish()
}

/// Whether the payload differs from the one that was published.
fn replace(published: &mut u64, payload: &[u8]) -> bool {
    let hash = hash(payload);
    std::mem::replace(published, hash) != hash
}
