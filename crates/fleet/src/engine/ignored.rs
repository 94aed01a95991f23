//! Boards that are not to come back automatically. Their announcements are
//! kept, so that they are found at once when they are wanted again.

use std::collections::{BTreeMap, HashMap};

use address::Candidates;
use families::Family;
use link::state::Now;
use net::discovery::registry::Change;
use protocol::mdns::Announcement;

use super::Engine;

/// How many announcements of one board are kept.
const ANNOUNCEMENTS: usize = 8;

/// The ids of boards that are ignored, with their announcements by mDNS name.
#[derive(Default)]
pub(super) struct Ignored(HashMap<String, BTreeMap<String, (Family, Candidates, Announcement)>>);

impl Ignored {
    /// Whether the board with this id is ignored.
    pub(super) fn has(&self, id: &str) -> bool {
        self.0.contains_key(id)
    }

    fn keep(
        &mut self,
        full_name: String,
        family: Family,
        addresses: Candidates,
        announcement: Announcement,
    ) {
        if let Some(kept) = self.0.get_mut(&announcement.id)
            && (kept.len() < ANNOUNCEMENTS || kept.contains_key(&full_name))
        {
            kept.insert(full_name, (family, addresses, announcement));
        }
    }
}

impl Engine {
    /// Ignores the board with this id, and forgets it if it was discovered.
    pub(super) fn ignore(&mut self, now: Now, id: &str) {
        self.ignored.0.entry(id.to_owned()).or_default();
        let Some(key) = self.roster.with_id(id) else {
            return;
        };
        let Some(board) = self.roster.get(key) else {
            return;
        };
        let announcement = board.view().announcement.clone();
        let by_hand = board.view().by_hand;
        if let Some((announcement, _)) = announcement.filter(|(kept, _)| kept.id == id) {
            let direct = board.announcements.clone().into_iter();
            // Brokers still have theirs.
            for (full_name, announced) in direct.filter(|(_, one)| one.via.is_none()) {
                let (family, addresses) = (announced.family, announced.addresses);
                self.ignored
                    .keep(full_name, family, addresses, (*announcement).clone());
            }
        }
        if !by_hand {
            self.forget(now, key);
        }
    }

    /// No longer ignores the board with this id.
    pub(super) fn stop_ignoring(&mut self, now: Now, id: &str) {
        let kept = self.ignored.0.remove(id).unwrap_or_default();
        for (full_name, (family, addresses, announcement)) in kept {
            self.announced(now, full_name, family, &addresses, announcement);
        }
        for (via, found) in self.brokers.found(id) {
            self.brokered(now, via, found);
        }
    }

    /// A change, unless it is about a board that is ignored and not known.
    pub(super) fn not_ignored(&mut self, change: Change) -> Option<Change> {
        match change {
            Change::Announced {
                family,
                full_name,
                addresses,
                announcement,
            } if self.ignored.has(&announcement.id) => {
                let known = self.roster.with_id(&announcement.id).is_some();
                let change = known.then(|| Change::Announced {
                    family,
                    full_name: full_name.clone(),
                    addresses: addresses.clone(),
                    announcement: announcement.clone(),
                });
                self.ignored
                    .keep(full_name, family, addresses, *announcement);
                change
            }
            Change::Gone { full_name, id } => {
                if let Some(kept) = self.ignored.0.get_mut(&id) {
                    kept.remove(&full_name);
                }
                Some(Change::Gone { full_name, id })
            }
            change => Some(change),
        }
    }
}
