//! What mDNS finds: to which board an announcement belongs, and where the board
//! is now.

use std::time::Instant;

use address::Candidates;
use families::Family;
use link::{
    input::{Announced, Input},
    state::Now,
};
use net::discovery::{
    Lookout,
    mdns::{Found, Mdns},
    registry::Change,
};
use protocol::mdns::Announcement;
use tokio::sync::mpsc::UnboundedSender;

use super::{BROWSE_AGAIN_AFTER, BROWSE_AGAIN_EVERY, Engine};
use crate::board::Way;
use fleet::BoardKey;

impl Engine {
    pub(super) fn discover(&mut self, lookout: &Lookout, found: UnboundedSender<Found>) {
        let tell = move |what| {
            let _ = found.send(what);
        };
        let problem = match Mdns::start(lookout, tell) {
            Ok(mdns) => {
                self.mdns = Some(mdns);
                self.browse_again_at = Some(Instant::now() + BROWSE_AGAIN_EVERY);
                None
            }
            Err(problem) => Some(problem),
        };
        self.set_discovery_problem(problem);
    }

    fn set_discovery_problem(&mut self, problem: Option<String>) {
        self.status.discovery_problem = problem;
        self.context.published.status(self.status.clone());
    }

    pub(super) fn browse_again_soon(&mut self, now: Now) {
        let soon = now.instant + BROWSE_AGAIN_AFTER;
        self.browse_again_at = self.browse_again_at.map(|at| at.min(soon));
    }

    pub(super) fn found(&mut self, now: Now, found: Found) {
        match found {
            Found::Heard(full_name) => self.registry.heard(full_name),
            Found::Resolved(resolved) => {
                if let Some(change) = self.registry.resolved(now.instant, resolved) {
                    self.browse_again_soon(now);
                    self.change(now, change);
                }
            }
            Found::Removed(full_name) => {
                if let Some(change) = self.registry.removed(&full_name) {
                    self.change(now, change);
                }
            }
            Found::StartedAgain => self.registry.started_again(now.instant),
            Found::Problem(problem) => {
                if let Some(problem) = &problem {
                    log::warn!("mDNS: {problem}");
                }
                self.set_discovery_problem(problem);
            }
        }
    }

    /// Publishes whether more is known to come.
    pub(super) fn publish_resolving(&mut self) {
        let resolving = self.registry.is_resolving();
        if self.status.resolving != resolving {
            self.status.resolving = resolving;
            self.context.published.status(self.status.clone());
        }
    }

    pub(super) fn change(&mut self, now: Now, change: Change) {
        let Some(change) = self.not_ignored(change) else {
            return;
        };
        match change {
            Change::Announced {
                family,
                full_name,
                addresses,
                announcement,
            } => self.announced(now, full_name, family, &addresses, *announcement),
            Change::Gone { full_name, id } => self.withdrawn(now, &full_name, &id),
        }
    }

    pub(super) fn announced(
        &mut self,
        now: Now,
        full_name: String,
        family: Family,
        addresses: &Candidates,
        announcement: Announcement,
    ) {
        log::debug!(
            "mDNS: {full_name} is {} ({family}) at {}",
            announcement.id,
            addresses.texts().join(", ")
        );
        let is_foreign_key = self
            .keys
            .as_ref()
            .is_some_and(|keys| keys.get(&announcement.id).is_some())
            && !family.may_have_key(&announcement.id);
        if is_foreign_key {
            log::warn!("mDNS: {full_name} announces a board with a key as one of another family");
            return;
        }
        let Some(key) = self.board_of(now, addresses, &announcement) else {
            return;
        };
        if self
            .roster
            .get(key)
            .is_some_and(|board| board.is_of_another(family))
        {
            log::warn!("mDNS: {full_name} announces a known board as one of another family");
            return;
        }
        self.roster.confirm(now.instant, key);
        self.moved(key, &full_name, addresses);
        let elsewhere = self.is_announced_elsewhere(key, &full_name, addresses);
        let way = Way {
            family,
            addresses,
            via: None,
        };
        self.with(now, key, |board, ctx| {
            board.announced(now, full_name, way, announcement, ctx)
        });
        if let Some(address) = addresses.first().filter(|_| elsewhere) {
            self.with(now, key, |board, ctx| board.contested(now, address, ctx));
        }
        if self.connect_to_all {
            self.input(now, key, Input::Connect);
        }
    }

    pub(super) fn withdrawn(&mut self, now: Now, full_name: &str, id: &str) {
        log::debug!("{full_name} ({id}) is no longer announced");
        let Some(key) = self.roster.with_id(id) else {
            return;
        };
        let Some(board) = self.roster.get_mut(key) else {
            return;
        };
        let left = board
            .announcements
            .get(full_name)
            .map(|announced| announced.addresses.texts());
        board.withdrawn(full_name, &self.context);
        // A board that was only ever announced goes with its last announcement.
        if board.announcements.is_empty()
            && board.is_only_claimed()
            && board.view().inbound_from.is_none()
        {
            self.forget(now, key);
        } else {
            for left in left.unwrap_or_default() {
                self.roster.remove_address(key, &left);
            }
        }
    }

    /// Whether a board is also announced under another name at other addresses.
    /// A board that changes its name has two for a moment, at one address.
    fn is_announced_elsewhere(
        &self,
        key: BoardKey,
        full_name: &str,
        addresses: &Candidates,
    ) -> bool {
        let here = |at: &Announced| {
            at.addresses
                .texts()
                .iter()
                .any(|address| addresses.have(address))
        };
        let elsewhere =
            |(name, at): (&String, &Announced)| name != full_name && at.via.is_none() && !here(at);
        self.roster
            .get(key)
            .is_some_and(|board| board.announcements.iter().any(elsewhere))
    }

    /// The board that an announcement belongs to: the one with its id, one that
    /// was added by one of these addresses, or a new one, if there is room.
    fn board_of(
        &mut self,
        now: Now,
        addresses: &Candidates,
        announcement: &Announcement,
    ) -> Option<BoardKey> {
        if let Some(key) = self.roster.with_id(&announcement.id) {
            return Some(key);
        }
        let has_no_id = |key: &BoardKey| {
            self.roster
                .get(*key)
                .is_some_and(|board| board.view().id.is_none())
        };
        let at_address = addresses
            .texts()
            .iter()
            .filter_map(|address| self.roster.at(address))
            .find(has_no_id);
        let key = match at_address {
            Some(key) => key,
            None => {
                let source = addresses
                    .iter()
                    .next()
                    .and_then(|candidate| candidate.address().ip());
                if !self.make_room(now, source) {
                    let at = addresses.first().unwrap_or_default();
                    let id = &announcement.id;
                    log::debug!("{id} is announced at {at}, one of too many there");
                    return None;
                }
                let key = self.context.published.new_key();
                self.insert(now, key, addresses.clone(), false);
                key
            }
        };
        self.roster.identify(key, &announcement.id);
        Some(key)
    }

    /// A board is announced at these addresses. Those that it has left are
    /// dropped, because a board may move any number of times.
    fn moved(&mut self, key: BoardKey, full_name: &str, addresses: &Candidates) {
        let before = self
            .roster
            .get(key)
            .and_then(|board| board.announcements.get(full_name));
        for left in before
            .map(|announced| announced.addresses.texts())
            .unwrap_or_default()
        {
            if !addresses.have(&left) {
                self.roster.remove_address(key, &left);
            }
        }
        for address in addresses.texts() {
            self.roster.add_address(key, &address);
        }
    }
}
