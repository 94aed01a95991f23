//! Triggers changes: presses a button of the board, or toggles a switch or
//! light, and finds out what that changes.

use std::{collections::BTreeSet, time::Instant};

use protocol::{
    CommandResult, ComponentKey, ComponentsPage, Kind, NotifyStatus, Snapshot, State, method,
};
use serde_json::json;

use super::{FollowError, route::Route, rpc::RpcConnection};
use net::paging::{Next, Pages};
use sanitize::bounds;

/// The kinds that can be pressed, in order of preference.
const PRESSABLE: &[Kind] = &[Kind::Button, Kind::Switch, Kind::Light];

/// Presses a component of the board.
pub(super) struct Trigger {
    board: RpcConnection,
    button: ComponentKey,
    /// The number that the board gave to this client.
    client: Option<u32>,
    /// The state that a light was set to last.
    on: bool,
}

impl Trigger {
    /// Connects and selects what to press: `wanted`, otherwise the first
    /// button, switch or light.
    pub(super) async fn connect(
        route: &Route,
        wanted: Option<&ComponentKey>,
    ) -> Result<Self, FollowError> {
        let (socket, _) = route.open(std::sync::Arc::default()).await?;
        let mut board = RpcConnection::new(socket);
        let snapshot: Snapshot = board.subscribe().await?;
        let button = match wanted {
            Some(wanted) => wanted.clone(),
            None => first(&mut board).await?,
        };
        if !PRESSABLE.contains(&button.kind) {
            return Err(FollowError::NotPressable(button));
        }
        let on = snapshot
            .components
            .get(&button)
            .and_then(State::on)
            .unwrap_or(false);
        let client = snapshot.client;
        Ok(Self {
            board,
            button,
            client,
            on,
        })
    }

    /// The number that the board gave to this client.
    pub(super) fn client(&self) -> Option<u32> {
        self.client
    }

    pub(super) fn button(&self) -> &ComponentKey {
        &self.button
    }

    /// Presses twice, which restores the state, and returns the components that
    /// changed.
    pub(super) async fn discover_effects(&mut self) -> Result<BTreeSet<ComponentKey>, FollowError> {
        let mut changed = BTreeSet::new();
        for _ in 0..2 {
            // Pushes before the answer are the effect of this press, apart from
            // sensors that changed in the meantime.
            self.press_with(|status| {
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
            Err(FollowError::ChangesNothing(self.button.clone()))
        } else {
            Ok(changed)
        }
    }

    /// Presses once; returns the number of the change.
    pub(super) async fn press(&mut self) -> Result<u64, FollowError> {
        self.press_with(|_| {}).await
    }

    async fn press_with(&mut self, pushed: impl FnMut(NotifyStatus)) -> Result<u64, FollowError> {
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

async fn first(board: &mut RpcConnection) -> Result<ComponentKey, FollowError> {
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
    PRESSABLE
        .iter()
        .find_map(of)
        .ok_or(FollowError::NothingPressable)
}
