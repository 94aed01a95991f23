//! Boards that are not to come back automatically, and those of other shards.
//! The announcements of the former are kept, so that they are found at once
//! when they are wanted again.

use std::collections::{BTreeMap, HashMap};

use address::Candidates;
use families::Family;
use link::state::Now;
use net::discovery::registry::Change;
use protocol::mdns::Announcement;

use super::Engine;
use crate::Shard;

/// How many announcements of one board are kept.
const ANNOUNCEMENTS: usize = 8;

/// The announcements of a board by mDNS name.
type Announcements = BTreeMap<String, (Family, Candidates, Announcement)>;

/// The boards that are ignored.
pub(super) struct Ignored {
    by_id: HashMap<String, Announcements>,
    shard: Shard,
}

impl Ignored {
    /// Ignores the boards of other shards.
    pub(super) fn with_shard(shard: Shard) -> Self {
        Self {
            by_id: HashMap::new(),
            shard,
        }
    }

    /// Whether the board with this id is ignored, unless it was added by its
    /// address.
    pub(super) fn has(&self, id: &str) -> bool {
        self.by_id.contains_key(id)
    }

    /// Whether the board with this id is one of another shard, which is never
    /// connected to.
    pub(super) fn is_foreign(&self, id: &str) -> bool {
        !self.shard.contains(id)
    }

    fn keep(
        &mut self,
        full_name: String,
        family: Family,
        addresses: Candidates,
        announcement: Announcement,
    ) {
        if let Some(kept) = self.by_id.get_mut(&announcement.id)
            && (kept.len() < ANNOUNCEMENTS || kept.contains_key(&full_name))
        {
            kept.insert(full_name, (family, addresses, announcement));
        }
    }
}

impl Engine {
    /// Ignores the board with this id, and forgets it if it was discovered.
    pub(super) fn ignore(&mut self, now: Now, id: &str) {
        self.ignored.by_id.entry(id.to_owned()).or_default();
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
        let kept = self.ignored.by_id.remove(id).unwrap_or_default();
        for (full_name, (family, addresses, announcement)) in kept {
            self.announced(now, full_name, family, &addresses, announcement);
        }
        for (via, found) in self.brokers.found(id) {
            self.brokered(now, via, found);
        }
    }

    /// A change, unless it is about a board of another shard, or about one that
    /// is ignored and not known.
    pub(super) fn not_ignored(&mut self, change: Change) -> Option<Change> {
        match change {
            Change::Announced { announcement, .. } if self.ignored.is_foreign(&announcement.id) => {
                None
            }
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
                if let Some(kept) = self.ignored.by_id.get_mut(&id) {
                    kept.remove(&full_name);
                }
                Some(Change::Gone { full_name, id })
            }
            change => Some(change),
        }
    }
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "a test fails by panicking")]
mod tests {
    use std::{io::ErrorKind, net::TcpListener};

    use keys::Keys;
    use tokio::runtime::Builder;

    use super::*;
    use crate::Transport;
    use fleet::Published;

    /// The first of these boards that the shard contains, or does not contain.
    fn board(shard: Shard, own: bool) -> String {
        (0..)
            .map(|number| format!("sb-{number:06x}"))
            .find(|id| shard.contains(id) == own)
            .expect("a board")
    }

    fn announced(id: &str, at: &TcpListener) -> Change {
        let address = at.local_addr().expect("an address").to_string();
        Change::Announced {
            family: Family::default(),
            full_name: format!("{id}._switchboard._tcp.local."),
            addresses: Candidates::given(address.parse().expect("an address")),
            announcement: Box::new(
                Announcement::from_txt([("id", id), ("proto", "1")]).expect("a record"),
            ),
        }
    }

    #[test]
    fn no_connection_is_made_to_boards_of_other_shards() {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let shard: Shard = "2/5".parse().expect("a shard");
        let [own, foreign] = [true, false].map(|is_own| {
            let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
            (board(shard, is_own), listener)
        });
        runtime.block_on(async {
            let mut engine = Engine::new(
                Published::default(),
                true,
                shard,
                Some(Keys::default()),
                Transport::default(),
                None,
                true,
            );
            let now = engine.now();
            engine.change(now, announced(&foreign.0, &foreign.1));
            engine.change(now, announced(&own.0, &own.1));
            assert!(engine.roster.with_id(&own.0).is_some());
            assert!(engine.roster.with_id(&foreign.0).is_none());
            // The later one is connected to.
            own.1.set_nonblocking(true).expect("a listener");
            let own = tokio::net::TcpListener::from_std(own.1).expect("a listener");
            own.accept().await.expect("a connection");
        });
        foreign.1.set_nonblocking(true).expect("a listener");
        let accepted = foreign.1.accept().map(|(_, from)| from);
        assert_eq!(
            accepted.expect_err("a connection").kind(),
            ErrorKind::WouldBlock
        );
    }

    #[test]
    fn a_board_that_was_added_by_its_address_is_forgotten_if_it_is_of_another_shard() {
        let shard: Shard = "2/5".parse().expect("a shard");
        let mut engine = Engine::new(
            Published::default(),
            false,
            shard,
            Some(Keys::default()),
            Transport::default(),
            None,
            true,
        );
        let now = engine.now();
        for is_own in [true, false] {
            let key = engine.context.published.new_key();
            let address = "127.0.0.1:9".parse().expect("an address");
            engine.insert(now, key, Candidates::given(address), true);
            engine.identified(now, key, &board(shard, is_own), None);
            assert_eq!(engine.roster.get(key).is_some(), is_own);
        }
    }
}
