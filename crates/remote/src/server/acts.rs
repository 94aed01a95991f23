//! Who did what: boards report only that this server's link changed something.

use std::{collections::BTreeMap, time::Duration};

use fleet::{BoardKey, Origin};
use protocol::ComponentKey;
use web_time::SystemTime;

/// A change is someone's if it follows their command by at most this.
const WITHIN: Duration = Duration::from_secs(15);

/// Who did what the server's own programs did, such as its bridge.
const SERVER: &str = "the server";

/// A command of a session.
#[derive(Debug, Clone)]
struct Act {
    session: u32,
    name: String,
    at: SystemTime,
}

/// The last act on each component, and on each board without a component.
#[derive(Debug, Default)]
pub(super) struct Acts(BTreeMap<(BoardKey, Option<ComponentKey>), Act>);

impl Acts {
    /// A session commands something, at a steady time.
    pub(super) fn add(
        &mut self,
        board: BoardKey,
        component: Option<ComponentKey>,
        session: u32,
        name: &str,
        at: SystemTime,
    ) {
        let name = name.to_owned();
        self.0.insert((board, component), Act { session, name, at });
    }

    /// A board was removed.
    pub(super) fn forget(&mut self, board: BoardKey) {
        self.0.retain(|(of, _), _| *of != board);
    }

    /// The session whose command led to what happened to a component at a
    /// steady time.
    pub(super) fn session(
        &self,
        board: BoardKey,
        component: Option<&ComponentKey>,
        at: SystemTime,
    ) -> Option<u32> {
        self.of(board, component, at).map(|act| act.session)
    }

    /// Whether the last command for a component was this session's.
    pub(super) fn is_last(&self, board: BoardKey, component: &ComponentKey, session: u32) -> bool {
        let act = self.0.get(&(board, Some(component.clone())));
        act.is_some_and(|act| act.session == session)
    }

    /// An origin as a session is told it.
    pub(super) fn origin(
        &self,
        board: BoardKey,
        component: &ComponentKey,
        at: SystemTime,
        origin: &Origin,
        session: u32,
    ) -> Origin {
        if *origin != Origin::ThisProgram {
            return origin.clone();
        }
        match self.of(board, Some(component), at) {
            Some(act) if act.session == session => Origin::ThisProgram,
            Some(act) => Origin::Person(act.name.clone()),
            None => Origin::Person(SERVER.to_owned()),
        }
    }

    fn of(
        &self,
        board: BoardKey,
        component: Option<&ComponentKey>,
        at: SystemTime,
    ) -> Option<&Act> {
        let act = self.0.get(&(board, component.cloned()))?;
        // The time of a change is that of its arrival, which may be read just
        // before that of the command.
        let distance = at
            .duration_since(act.at)
            .unwrap_or_else(|before| before.duration());
        (distance <= WITHIN).then_some(act)
    }
}
