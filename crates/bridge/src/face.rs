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
    availability: u64,
    components: BTreeMap<ComponentKey, (Arc<ComponentView>, u64)>,
}

/// What a description was made from, to compare without writing it: states
/// change far more often.
#[derive(Debug)]
struct Described {
    name: String,
    address: String,
    info: Option<Arc<DeviceInfo>>,
    descriptors: Vec<Arc<Descriptor>>,
}

impl Described {
    fn of(view: &BoardView) -> Self {
        let descriptors = view.components.iter().map(|it| Arc::clone(&it.descriptor));
        Self {
            name: view.name.clone(),
            address: view.address.clone(),
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
        }
        let gone: Vec<_> = board
            .components
            .keys()
            .filter(|key| view.component(key).is_none())
            .cloned()
            .collect();
        for key in gone {
            board.components.remove(&key);
            messages.push(Publish::State {
                topic: names.component_topic(id, &key),
                payload: Vec::new(),
            });
        }
        for component in &view.components {
            let key = &component.descriptor.key;
            let slot = board.components.get_mut(key);
            if slot
                .as_ref()
                .is_some_and(|(old, _)| Arc::ptr_eq(old, component))
            {
                continue;
            }
            let payload = if component.reported.is_empty() {
                Vec::new()
            } else {
                serde_json::to_vec(&component.reported).unwrap_or_default()
            };
            let hash = hash(&payload);
            let before = slot.map_or(self::hash(&[]), |(_, hash)| *hash);
            board
                .components
                .insert(key.clone(), (Arc::clone(component), hash));
            if before != hash {
                messages.push(Publish::State {
                    topic: names.component_topic(id, key),
                    payload,
                });
            }
        }
        let availability = availability(view, names).to_string().into_bytes();
        // After the states, so that a board that is online has them.
        if replace(&mut board.availability, &availability) {
            messages.push(Publish::State {
                topic: names.board_topic(id, "$availability"),
                payload: availability,
            });
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
            .keys()
            .map(|key| names.component_topic(&board.id, key));
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
        "id": view.id,
        "name": view.name,
        "family": view.family.as_str(),
        "bridge": names.bridge,
        "address": view.address,
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
