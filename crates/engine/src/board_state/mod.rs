//! What is known about one board: plain data for display. Sends nothing.

mod components;
mod reports;
#[cfg(test)]
mod tests;

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::{Instant, SystemTime},
};

use address::{Address, Candidates};
use keys::{KeyId, Keys, Role};
use link::{state::Now, target::Via};
use protocol::mdns::Announcement;
use sanitize::bounds;

use serde_json::Value;

use fleet::{BoardKey, BoardView, Frames, IdClaim, KnownBoard, LinkState, LogEvent, Preview};

/// What is known about one board.
pub struct BoardState {
    view: Arc<BoardView>,
    keys: Keys,
    /// The link state that was logged last: a board that stays unreachable is
    /// not logged at every attempt.
    logged: Option<LinkState>,
    /// Whether it is locked was observed on a connection.
    lock_known: bool,
    /// Whether values over time and recent frames are kept, and changes are
    /// logged.
    keeps_past: bool,
    /// The indices of components that changed since
    /// [`BoardState::forget_changes`].
    changed: Vec<usize>,
}

/// Events and when they happened, in this computer's time.
pub type Logged = Vec<(SystemTime, LogEvent)>;

impl BoardState {
    /// A board that is known only by its addresses.
    pub fn new(now: Instant, key: BoardKey, addresses: Candidates, by_hand: bool) -> Self {
        Self {
            view: Arc::new(BoardView::new(now, key, addresses, by_hand)),
            keys: Keys::default(),
            logged: None,
            lock_known: false,
            keeps_past: true,
            changed: Vec::new(),
        }
    }

    /// Which components changed, by their indices, until
    /// [`Self::forget_changes`]; one may occur several times.
    pub(crate) fn changed_components(&self) -> &[usize] {
        &self.changed
    }

    /// The changes were published.
    pub(crate) fn forget_changes(&mut self) {
        self.changed.clear();
    }

    /// Keeps neither values over time nor recent frames, and logs no changes.
    pub(crate) fn keep_no_past(&mut self) {
        self.keeps_past = false;
        Arc::make_mut(&mut self.view).frames = Arc::new(Frames::none());
    }

    /// The board as it is published.
    pub fn view(&self) -> &Arc<BoardView> {
        &self.view
    }

    /// The board was announced.
    pub(crate) fn announced(&mut self, now: Instant, announcement: Announcement, is_direct: bool) {
        let view = Arc::make_mut(&mut self.view);
        view.id
            .get_or_insert_with(|| announcement.id.as_str().into());
        // The board's own word outweighs what anyone can announce about it.
        if view.info.is_none() {
            let before = view.announcement.as_ref();
            let renamed =
                before.is_none_or(|(old, _)| old.friendly_name != announcement.friendly_name);
            let name = bounds::name(&announcement.friendly_name);
            if renamed && !name.is_empty() {
                view.name = name.into();
            }
        }
        // Anyone can announce anything: it counts only until the board was
        // connected to.
        // A broker knows nothing about it.
        if !self.lock_known && is_direct {
            view.locked = Some(announcement.api_encryption.is_some());
        }
        view.announcement = Some((Arc::new(announcement), now));
        self.find_key();
    }

    /// These keys are held from now on; whether that changes anything for this
    /// board.
    pub(crate) fn set_keys(&mut self, keys: Keys) -> bool {
        self.keys = keys;
        self.find_key()
    }

    fn find_key(&mut self) -> bool {
        let key = self.view.id.as_ref().and_then(|id| {
            let key = self.keys.get(id).map(|key| (key.kid, key.role));
            // A password has no id, and allows everything.
            let password = || {
                let allowed = (KeyId::NONE, Role::Control);
                self.keys.password(id).map(|_| allowed)
            };
            key.or_else(password)
        });
        let changed = key != self.view.held;
        if changed {
            Arc::make_mut(&mut self.view).held = key;
        }
        changed
    }

    /// The board is no longer announced.
    pub(crate) fn withdrawn(&mut self) {
        Arc::make_mut(&mut self.view).announcement = None;
    }

    /// The link goes to this address.
    pub(crate) fn set_address(&mut self, address: String) {
        let view = Arc::make_mut(&mut self.view);
        view.address = address.into();
        view.inbound_only = false;
    }

    /// The link goes through this broker.
    pub(crate) fn set_via(&mut self, via: Option<Arc<Via>>) {
        if self.view.via != via {
            Arc::make_mut(&mut self.view).via = via;
        }
    }

    /// The board may be at these addresses.
    pub(crate) fn set_addresses(&mut self, addresses: &Candidates) {
        if self.view.addresses != *addresses {
            Arc::make_mut(&mut self.view).addresses = addresses.clone();
        }
    }

    /// The board is known only from an inbound connection: its address is not
    /// one to connect to.
    pub(crate) fn set_inbound_only(&mut self, id: String, from: IpAddr) {
        let view = Arc::make_mut(&mut self.view);
        view.inbound_only = true;
        view.address = from.to_string().into();
        // Until the board states its name.
        let id: Arc<str> = id.into();
        view.name = Arc::clone(&id);
        view.id = Some(id);
        self.find_key();
    }

    /// The peer address of an inbound connection; `None` if this program made
    /// the connection.
    pub(crate) fn set_inbound_from(&mut self, caller: Option<SocketAddr>) {
        let view = Arc::make_mut(&mut self.view);
        view.inbound_from = caller;
        if let (true, Some(caller)) = (view.inbound_only, caller) {
            view.address = caller.ip().to_string().into();
        }
    }

    /// Restores what an earlier run knew.
    pub(crate) fn recall(&mut self, known: &KnownBoard) {
        let view = Arc::make_mut(&mut self.view);
        view.id = known.id.clone().map(|id| bounds::text(id).into());
        view.family = known.family;
        if !known.name.is_empty() {
            view.name = bounds::name(&known.name).into();
        }
        self.find_key();
    }

    /// The user typed this address.
    pub(crate) fn set_typed_address(&mut self, address: Address) {
        let view = Arc::make_mut(&mut self.view);
        view.by_hand = true;
        view.given = Some(address);
    }

    /// Another peer, at this address, claims this board's id while the board's
    /// own link works. Each host is reported once.
    pub(crate) fn claimed(&mut self, now: Now, address: String) -> Logged {
        if self.knows_claim(&address) || self.view.claims.len() >= BoardView::CLAIMS {
            return Vec::new();
        }
        Arc::make_mut(&mut self.view).claims.push(IdClaim {
            address: address.clone(),
            at: now.wall,
        });
        vec![(now.wall, LogEvent::IdClaimed(address))]
    }

    /// Whether this claim was reported: a host that announces or connects from
    /// another port each time counts once.
    pub(crate) fn knows_claim(&self, address: &str) -> bool {
        self.view.claims.iter().any(|claim| {
            claim.address == address
                || (host(address).is_some() && host(address) == host(&claim.address))
        })
    }

    /// This board's id is no longer claimed at this address.
    pub(crate) fn claim_withdrawn(&mut self, address: &str) {
        if self
            .view
            .claims
            .iter()
            .any(|claim| claim.address == address)
        {
            Arc::make_mut(&mut self.view)
                .claims
                .retain(|claim| claim.address != address);
        }
    }

    /// The live preview that a notification has, unless it shows what is known.
    pub(crate) fn new_preview(
        &self,
        now: Instant,
        method: &str,
        params: &Value,
    ) -> Option<Preview> {
        let new = Preview::read(now, method, params)?;
        let shown = self.view.preview.as_ref();
        shown.is_none_or(|shown| !shown.covers(&new)).then_some(new)
    }

    /// The live preview is no longer followed.
    pub(crate) fn end_preview(&mut self) {
        if self.view.preview.is_some() {
            Arc::make_mut(&mut self.view).preview = None;
        }
    }

    /// Something arrived.
    pub(crate) fn heard(&mut self, now: Instant) {
        Arc::make_mut(&mut self.view).last_heard = Some(now);
    }
}

/// The host of an address, unless it is this computer, where each board may
/// have a port of its own.
fn host(address: &str) -> Option<IpAddr> {
    let host = address.parse::<SocketAddr>().ok()?.ip();
    (!host.is_loopback()).then_some(host)
}
