//! Boards that connect to this program: the port at which they do, and the
//! boards that are known only from their claims.

use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use link::{
    input::Input,
    state::{LinkState, Now},
};
use tokio::sync::mpsc::Sender;

use super::Engine;
use crate::{
    board::Board,
    inbound::{InboundSocket, Listener},
    roster::Room,
};
use fleet::Listening;

/// A board known only from inbound connections that claimed its id is dropped
/// after this long without one. A board reconnects after 60 s at most.
const CLAIM_LASTS: Duration = Duration::from_secs(180);

/// How often such boards are looked for.
const SWEEP_EVERY: Duration = Duration::from_secs(30);

impl Engine {
    /// Listens at this address from now on. `None`: no longer, and links that
    /// are inbound end.
    pub(super) async fn listen(
        &mut self,
        wanted: Option<SocketAddr>,
        connections: &Sender<InboundSocket>,
    ) {
        if let Some(before) = self.listener.take() {
            before.close().await;
        }
        self.status.listening = match wanted {
            None => {
                let now = self.now();
                for key in self.roster.keys() {
                    self.input(now, key, Input::ListenerClosed);
                }
                Listening::Off
            }
            Some(address) => match Listener::start(address, connections.clone()) {
                Ok(listener) => {
                    let address = listener.address();
                    log::info!("boards can connect to {address}");
                    self.listener = Some(listener);
                    Listening::At(address)
                }
                Err(error) => {
                    log::warn!("boards cannot connect to {address}: {error}");
                    Listening::Failed {
                        address,
                        problem: error.to_string(),
                    }
                }
            },
        };
        self.context.published.status(self.status.clone());
    }

    /// A peer has connected that states to be a board: one with this id, or a
    /// new one.
    pub(super) fn inbound(&mut self, now: Now, inbound: InboundSocket) {
        // The port was closed meanwhile, or the board is one of another shard.
        if self.listener.is_none() || self.ignored.is_foreign(&inbound.id) {
            return;
        }
        let key = match self.roster.with_id(&inbound.id) {
            Some(key) => key,
            None if self.ignored.has(&inbound.id) => return,
            None => {
                if !self.make_room(now, Some(inbound.from.ip())) {
                    log::debug!(
                        "{} connects as {}, one of too many from there",
                        inbound.from,
                        inbound.id
                    );
                    return;
                }
                let key = self.context.published.new_key();
                let (seed, keys) = (self.seed(key), self.keys.clone());
                let board = Board::from_inbound(now, key, &inbound, seed, keys);
                self.enter(now, key, board);
                self.roster.identify(key, &inbound.id);
                self.sweep_at.get_or_insert(now.instant + SWEEP_EVERY);
                key
            }
        };
        if self
            .roster
            .get(key)
            .is_some_and(|board| board.is_of_another(inbound.family))
        {
            log::warn!(
                "{} connects as {}, a known board of another family",
                inbound.from,
                inbound.id
            );
            return;
        }
        self.roster.confirm(now.instant, key);
        self.with(now, key, |board, ctx| board.inbound(now, inbound, ctx));
    }

    /// Whether another board from this source can be added. A board that was
    /// only heard of, or is no longer connected, may be evicted for it.
    pub(super) fn make_room(&mut self, now: Now, source: Option<IpAddr>) -> bool {
        match self.roster.room_for(source) {
            Room::Free => true,
            Room::Full => false,
            Room::For(key) => {
                self.forget(now, key);
                self.browse_again_soon(now);
                true
            }
        }
    }

    /// Drops boards that are known only from inbound connections that claimed
    /// their ids.
    pub(super) fn sweep(&mut self, now: Now) {
        let is_claim = |board: &Board| {
            let waits = matches!(
                board.view().link,
                LinkState::Unreachable { .. } | LinkState::Announced
            );
            board.is_only_claimed()
                && board.view().inbound_only
                && board.announcements.is_empty()
                && waits
        };
        let is_old = |key| {
            self.roster
                .confirmed(key)
                .is_none_or(|at| now.instant >= at + CLAIM_LASTS)
        };
        let expired: Vec<_> = self
            .roster
            .iter()
            .filter(|(key, board)| is_claim(board) && is_old(*key))
            .map(|(key, _)| key)
            .collect();
        let any_left = self
            .roster
            .iter()
            .any(|(_, board)| board.view().inbound_only);
        for key in expired {
            self.forget(now, key);
        }
        self.sweep_at = any_left.then(|| now.instant + SWEEP_EVERY);
    }
}
