//! Presses a button of the board, or switches a switch or a light to the
//! opposite, and learns from the board what that changes.

use std::{collections::BTreeSet, time::Instant};

use protocol::{
    CommandResult, ComponentKey, ComponentsPage, Kind, NotifyStatus, Snapshot, State, method,
};
use serde_json::json;

use super::{Trouble, conversation::Conversation, route::Route};
use net::paging::{Next, Pages};
use sanitize::bounds;

/// What can be pressed, the first choice first.
const PRESSED: &[Kind] = &[Kind::Button, Kind::Switch, Kind::Light];

/// A hand at the board, by wire.
pub(super) struct Presser {
    board: Conversation,
    button: ComponentKey,
    /// Of a light, what it was switched to last.
    on: bool,
}

impl Presser {
    /// Connects, and chooses what is pressed: what was asked for, or else the
    /// first button, switch or light.
    pub(super) async fn connect(
        route: &Route,
        wanted: Option<&ComponentKey>,
    ) -> Result<Self, Trouble> {
        let (socket, _) = route.open(std::sync::Arc::default()).await?;
        let mut board = Conversation::new(socket);
        let snapshot: Snapshot = board.subscribe().await?;
        let button = match wanted {
            Some(wanted) => wanted.clone(),
            None => first(&mut board).await?,
        };
        if !PRESSED.contains(&button.kind) {
            return Err(Trouble::NotPressed(button));
        }
        let on = snapshot
            .components
            .get(&button)
            .and_then(State::on)
            .unwrap_or(false);
        Ok(Self { board, button, on })
    }

    pub(super) fn button(&self) -> &ComponentKey {
        &self.button
    }

    /// Presses twice, so that in the end all is as before, and says what
    /// changed.
    pub(super) async fn learn(&mut self) -> Result<BTreeSet<ComponentKey>, Trouble> {
        let mut changed = BTreeSet::new();
        for _ in 0..2 {
            // What comes before the answer is what this press changed, beside
            // what a sensor may have measured meanwhile.
            self.press_and(|status| {
                let mine = status
                    .source
                    .as_ref()
                    .is_some_and(|source| matches!(source, protocol::Source::Client(_)));
                if mine {
                    let room = bounds::COMPONENTS.saturating_sub(changed.len());
                    changed.extend(status.components.into_keys().take(room));
                }
            })
            .await?;
        }
        if changed.is_empty() {
            Err(Trouble::ChangesNothing(self.button.clone()))
        } else {
            Ok(changed)
        }
    }

    /// Presses once; the number of the change.
    pub(super) async fn press(&mut self) -> Result<u64, Trouble> {
        self.press_and(|_| {}).await
    }

    async fn press_and(&mut self, pushed: impl FnMut(NotifyStatus)) -> Result<u64, Trouble> {
        let id = self.button.id;
        self.on = !self.on;
        let (method, params) = match self.button.kind {
            Kind::Button => (method::BUTTON_PRESS, json!({ "id": id })),
            Kind::Switch => (method::SWITCH_TOGGLE, json!({ "id": id })),
            _ => (method::LIGHT_SET, json!({ "id": id, "on": self.on })),
        };
        let result: CommandResult = self.board.ask(method, &params, pushed).await?;
        Ok(result.seq)
    }
}

async fn first(board: &mut Conversation) -> Result<ComponentKey, Trouble> {
    let mut pages = Pages::new(bounds::COMPONENTS, Instant::now());
    let mut offset = 0;
    loop {
        let page: ComponentsPage = board
            .ask(
                method::DEVICE_GET_COMPONENTS,
                &json!({ "offset": offset }),
                |_| {},
            )
            .await?;
        let keys = page
            .components
            .into_iter()
            .map(|component| component.key)
            .collect();
        match pages.add(keys, page.total, Instant::now()) {
            Next::Ask(at) => offset = at,
            Next::Complete | Next::Endless => break,
        }
    }
    let all: Vec<ComponentKey> = pages.items();
    let of = |kind: &Kind| all.iter().find(|key| key.kind == *kind).cloned();
    PRESSED.iter().find_map(of).ok_or(Trouble::NothingToPress)
}
