//! One board as the director sees it: its address, its fault, and what is known
//! of its components.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    time::Instant,
};

use fleet::{BoardKey, BoardView};
use protocol::{ComponentKey, Kind, State};

use crate::{
    model::Component,
    witness::{Controller, Deeds},
};

/// The fault of a board.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// Nothing.
    None,
    /// It has no power.
    NoPower { since: Instant, until: Instant },
    /// It hangs, with its sockets open.
    Hangs { since: Instant, until: Instant },
}

/// A board.
pub(crate) struct Board {
    pub(crate) id: String,
    pub(crate) address: SocketAddr,
    pub(crate) key: BoardKey,
    pub(crate) trouble: Trouble,
    /// The components that are modeled. A press counts for the light that the
    /// button is bound to.
    pub(crate) components: BTreeMap<ComponentKey, Component>,
    /// Whether it has a button that is bound to its light.
    pub(crate) button: bool,
    /// Switches that may be refused because of another: not modeled.
    pub(crate) interlocked: BTreeSet<ComponentKey>,
    /// How often the fleet may have done what, by its connection.
    pub(crate) sent: Deeds,
}

impl Board {
    /// A board as the fleet shows it, with the state that the board reports.
    /// One that `forgets` stores nothing, and has just started.
    pub(crate) fn new(
        id: String,
        address: SocketAddr,
        view: &BoardView,
        status: &serde_json::Value,
        forgets: bool,
    ) -> Self {
        let mut board = Self {
            id,
            address,
            key: view.key,
            trouble: Trouble::None,
            components: BTreeMap::new(),
            button: false,
            interlocked: BTreeSet::new(),
            sent: Deeds::new(),
        };
        for component in &view.components {
            let descriptor = &component.descriptor;
            board.button |= descriptor.key == button();
            if descriptor.extra.contains_key("interlocked_by") {
                board.interlocked.insert(descriptor.key.clone());
            } else if let Some(state) = state_of(status, &descriptor.key)
                && !fields(&descriptor.key.kind).is_empty()
            {
                board
                    .components
                    .insert(descriptor.key.clone(), Component::new(state, forgets));
            }
        }
        board
    }

    /// It lost its power, and stored nothing after `since`.
    pub(crate) fn lost_power(&mut self, since: Instant) {
        let components = self.components.values_mut();
        components.for_each(|component| component.lost_power(since));
    }

    /// It is told to restart, and may do so at any time from now on.
    pub(crate) fn restarts(&mut self) {
        self.components.values_mut().for_each(Component::restarts);
    }

    /// Records that the fleet did something, or may have, over its connection
    /// at that time.
    pub(crate) fn note(&mut self, controller: Option<Controller>, component: &ComponentKey) {
        if let Some(controller) = controller {
            *self
                .sent
                .entry(controller)
                .or_default()
                .entry(component.clone())
                .or_default() += 1;
        }
    }
}

/// The fleet's connection to a board, as the board knows it.
pub(crate) fn connection(view: &BoardView) -> Option<Controller> {
    Some((view.info.as_ref()?.epoch, view.client?))
}

pub(crate) fn button() -> ComponentKey {
    ComponentKey::new(Kind::Button, 0)
}

pub(crate) fn light() -> ComponentKey {
    ComponentKey::new(Kind::Light, 0)
}

/// The fields of a component of this kind that can be commanded.
pub(crate) fn fields(kind: &Kind) -> &'static [&'static str] {
    match kind {
        Kind::Switch => &["on"],
        Kind::Light => &["on", "brightness", "rgb", "ct_k", "effect"],
        Kind::Number | Kind::Select | Kind::Text => &["value"],
        _ => &[],
    }
}

/// The part of a component's state that can be commanded.
pub(crate) fn commanded(kind: &Kind, state: &State) -> State {
    let fields = fields(kind);
    state
        .0
        .iter()
        .filter(|(name, _)| fields.contains(name))
        .map(|(n, v)| (n, v.clone()))
        .collect()
}

/// The same, from a whole status.
pub(crate) fn state_of(status: &serde_json::Value, key: &ComponentKey) -> Option<State> {
    let state = status.get("result")?.get(key.to_string())?.as_object()?;
    Some(commanded(&key.kind, &State::from(state.clone())))
}
