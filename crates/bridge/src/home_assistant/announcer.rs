//! Decides which messages for Home Assistant are published when. Compares each
//! board with what was published of it; reads no clock and publishes nothing.

use std::{
    collections::{BTreeMap, BTreeSet},
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
    time::{Duration, Instant},
};

use fleet::{BoardKey, BoardView, ComponentView};
use protocol::ComponentKey;

use super::{
    Announce, Birth, Message, Removals, discovery, forget,
    seen::Seen,
    states::{has_own, of},
};
use crate::Context;

/// How long further payloads are waited for that the broker still had.
const TOGETHER: Duration = Duration::from_secs(1);

/// What was published for Home Assistant, and what it waits for.
#[derive(Debug)]
pub struct Announcer {
    ctx: Context,
    boards: BTreeMap<BoardKey, Published>,
    birth: Birth,
    removals: Removals,
    /// When boards are published again because the broker still had other
    /// components of theirs.
    again: Option<Instant>,
}

/// What was published of a board.
#[derive(Debug, Default)]
struct Published {
    id: String,
    /// What the discovery payload was made from.
    seen: Option<Seen>,
    /// The hash of that payload, without the components that disappeared.
    discovery: u64,
    /// Of components with states in Home Assistant's shape: what they were made
    /// from, and their hashes.
    states: BTreeMap<ComponentKey, (Arc<ComponentView>, u64)>,
}

impl Published {
    /// The discovery payload is to be published even if it is unchanged.
    fn repeat_discovery(&mut self) {
        (self.seen, self.discovery) = (None, 0);
    }
}

/// What is due.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Due {
    /// Messages to publish, even if their payloads are unchanged.
    pub messages: Vec<Message>,
    /// Whether the states and the availability of every board are to be
    /// published again too.
    pub all_states: bool,
}

impl Announcer {
    /// One that has published nothing.
    pub fn new(ctx: Context) -> Self {
        Self {
            ctx,
            boards: BTreeMap::new(),
            birth: Birth::default(),
            removals: Removals::default(),
            again: None,
        }
    }

    /// The subscriptions: the birth message of Home Assistant, and what earlier
    /// runs published.
    pub fn filters(&self) -> [String; 2] {
        [self.ctx.birth_topic(), self.ctx.discovery_topic("+")]
    }

    /// A message arrived, perhaps on one of the topics of
    /// [`Announcer::filters`]; whether it did. `chance` is a random number from
    /// 0 to 1.
    pub fn message(
        &mut self,
        now: Instant,
        topic: &str,
        payload: &[u8],
        retained: bool,
        chance: f64,
    ) -> bool {
        if topic == self.ctx.birth_topic() {
            self.birth.message(now, payload, retained, chance);
            return true;
        }
        let Some(board) = self.board_of(topic) else {
            return false;
        };
        // What is not retained is what a bridge publishes now.
        if retained && self.removals.retained(now, topic, payload) {
            for published in self.boards.values_mut().filter(|it| it.id == board) {
                published.repeat_discovery();
                // The broker delivers what it has at once.
                self.again.get_or_insert(now + TOGETHER);
            }
        }
        true
    }

    fn board_of(&self, topic: &str) -> Option<String> {
        let device = self.ctx.discovery_topic("");
        let (begin, end) = device.rsplit_once('/')?;
        let board = topic.strip_prefix(begin)?.strip_suffix(end)?;
        let board = board.strip_suffix('/')?;
        Some(protocol::board_id(board).ok()?.to_owned())
    }

    /// What to publish for a board that changed.
    pub fn board(&mut self, now: Instant, view: &BoardView) -> Vec<Message> {
        let mut messages = Vec::new();
        let Some(id) = view.id.as_deref().filter(|_| view.info.is_some()) else {
            return messages;
        };
        if let Some(before) = self.boards.get(&view.key).filter(|before| before.id != id) {
            let before = before.id.clone();
            messages.extend(self.clear(&before, view.key));
        }
        let board = self.boards.entry(view.key).or_default();
        id.clone_into(&mut board.id);
        if board.seen.as_ref().is_none_or(|seen| !seen.is(view)) {
            board.seen = Some(Seen::of(view));
            if let Some(discovery) = discovery(view, &self.ctx)
                && replace(&mut board.discovery, &discovery.payload)
            {
                messages.push(self.removals.amend(now, discovery));
            }
        }
        let gone = board
            .states
            .keys()
            .filter(|key| view.component(key).is_none());
        for key in gone.cloned().collect::<Vec<_>>() {
            board.states.remove(&key);
            messages.push(empty(&self.ctx, id, &key));
        }
        for component in view.components.iter().filter(|it| has_own(it)) {
            let key = &component.descriptor.key;
            let known = board.states.get(key);
            if known.is_some_and(|(old, _)| Arc::ptr_eq(old, component)) {
                continue;
            }
            let mut hash = known.map_or(0, |(_, hash)| *hash);
            if let Some(state) = of(view, component, &self.ctx) {
                let changed = replace(&mut hash, &state.payload);
                let slot = (Arc::clone(component), hash);
                board.states.insert(key.clone(), slot);
                messages.extend(changed.then_some(state));
            }
        }
        messages
    }

    /// What to publish for a board that was removed.
    pub fn forgotten(&mut self, key: BoardKey) -> Vec<Message> {
        let Some(board) = self.boards.get(&key) else {
            return Vec::new();
        };
        let id = board.id.clone();
        self.clear(&id, key)
    }

    fn clear(&mut self, id: &str, key: BoardKey) -> Vec<Message> {
        let device = forget(id, &self.ctx);
        self.removals.forget(&device.topic);
        let board = self.boards.remove(&key).unwrap_or_default();
        let states = board.states.into_keys();
        let states = states.map(|component| empty(&self.ctx, id, &component));
        [device].into_iter().chain(states).collect()
    }

    /// When [`Announcer::poll`] has something to publish.
    pub fn next_deadline(&self) -> Option<Instant> {
        let (birth, removals) = (self.birth.next_deadline(), self.removals.next_deadline());
        [birth, removals, self.again].into_iter().flatten().min()
    }

    /// What to publish now. `views` are all boards.
    pub fn poll<'a>(
        &mut self,
        now: Instant,
        views: impl IntoIterator<Item = &'a BoardView>,
    ) -> Due {
        let removed: BTreeSet<String> = self.removals.poll(now).into_iter().collect();
        let announce = self.birth.poll(now);
        let again = self.again.take_if(|at| *at <= now).is_some();
        if removed.is_empty() && announce.is_none() && !again {
            return Due::default();
        }
        let mut messages = Vec::new();
        for view in views {
            let Some(board) = self.boards.get_mut(&view.key) else {
                continue;
            };
            match announce {
                Some(Announce::Discovery) => board.repeat_discovery(),
                Some(Announce::States) => board.states.clear(),
                None => {}
            }
            if !removed.is_empty() && removed.contains(&self.ctx.discovery_topic(&board.id)) {
                board.repeat_discovery();
            }
            messages.extend(self.board(now, view));
        }
        Due {
            messages,
            all_states: announce == Some(Announce::States),
        }
    }
}

/// Clears the state of a component in Home Assistant's shape.
fn empty(ctx: &Context, board: &str, component: &ComponentKey) -> Message {
    Message {
        topic: format!("{}/ha", ctx.component_topic(board, component)),
        payload: String::new(),
    }
}

/// Whether the payload differs from the one that was published.
fn replace(published: &mut u64, payload: &str) -> bool {
    let mut hasher = DefaultHasher::new();
    payload.hash(&mut hasher);
    // Zero is nothing.
    let hash = hasher.finish().max(1);
    std::mem::replace(published, hash) != hash
}
