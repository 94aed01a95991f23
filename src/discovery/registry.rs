//! Decides what is announced from the many partial answers that mDNS gives. Owns no socket, reads no clock, and never
//! calls a board dead: a goodbye ends an announcement, not a link.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    time::{Duration, Instant},
};

use protocol::mdns::{Announcement, TxtError};

use crate::eviction::Eviction;

/// An instance is resolved two or three times as its addresses come in: it is told once they have.
const SETTLE: Duration = Duration::from_millis(50);

/// Instances that are kept. More than any building has; a bound against a network that invents them.
pub(crate) const INSTANCES: usize = 4_096;

/// After mDNS started again with nothing in its cache, an instance is gone that was not resolved within this. A board that is there
/// answers the first query within 120 ms, and one whose answer was lost the queries 1, 3, 7 and 15 s later.
const CONFIRM_WITHIN: Duration = Duration::from_secs(30);

/// What mDNS says of an instance at one time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Resolved {
    /// `Desk lamp._switchboard._tcp.local.`; what mDNS keeps unique.
    pub full_name: String,
    /// Every address it has so far.
    pub addresses: Vec<IpAddr>,
    /// Its port.
    pub port: u16,
    /// The TXT record.
    pub txt: Vec<(String, String)>,
}

/// What changed in what is announced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Change {
    /// New, changed, or said again.
    Announced {
        /// What mDNS calls it.
        full_name: String,
        /// `host:port`.
        address: String,
        /// What it says of itself.
        announcement: Box<Announcement>,
    },
    /// It said goodbye, or nobody answered for it.
    Gone {
        /// What mDNS calls it.
        full_name: String,
        /// Its id.
        id: String,
    },
}

#[derive(Debug)]
struct Instance {
    resolved: Resolved,
    /// The id that was told.
    told: Option<String>,
    /// When it is told next, where it changed.
    due: Option<Instant>,
    /// When it is gone, where it was not resolved since mDNS started again.
    confirm_by: Option<Instant>,
}

/// Everything that is announced.
#[derive(Debug, Default)]
pub(crate) struct Registry {
    instances: BTreeMap<String, Instance>,
    settling: BTreeSet<(Instant, String)>,
    unconfirmed: BTreeSet<(Instant, String)>,
    eviction: Eviction<String>,
}

impl Registry {
    /// mDNS resolved an instance, once more or for the first time. What is gone for it, where there was no room.
    pub(crate) fn resolved(&mut self, now: Instant, resolved: Resolved) -> Option<Change> {
        let full_name = resolved.full_name.clone();
        let known = self.instances.contains_key(&full_name);
        let evicted = match self.eviction.next().filter(|_| !known && self.instances.len() >= INSTANCES).cloned() {
            Some(evicted) => self.removed(&evicted),
            None => None,
        };
        let before = self.instances.remove(&full_name);
        if let Some(confirm_by) = before.as_ref().and_then(|instance| instance.confirm_by) {
            self.unconfirmed.remove(&(confirm_by, full_name.clone()));
        }
        let due = before.as_ref().and_then(|instance| instance.due).unwrap_or(now + SETTLE);
        self.settling.insert((due, full_name.clone()));
        self.eviction.confirm(full_name.clone(), now, best(&resolved.addresses));
        let told = before.and_then(|instance| instance.told);
        self.instances.insert(full_name, Instance { resolved, told, due: Some(due), confirm_by: None });
        evicted
    }

    /// mDNS removed an instance.
    pub(crate) fn removed(&mut self, full_name: &str) -> Option<Change> {
        let instance = self.instances.remove(full_name)?;
        self.eviction.remove(&full_name.to_owned());
        if let Some(due) = instance.due {
            self.settling.remove(&(due, full_name.to_owned()));
        }
        if let Some(confirm_by) = instance.confirm_by {
            self.unconfirmed.remove(&(confirm_by, full_name.to_owned()));
        }
        let id = instance.told?;
        Some(Change::Gone { full_name: full_name.to_owned(), id })
    }

    /// mDNS started again: what is still there is resolved once more.
    pub(crate) fn started_again(&mut self, now: Instant) {
        let confirm_by = now + CONFIRM_WITHIN;
        for (full_name, instance) in &mut self.instances {
            // Where it is already waited for, that goes on: mDNS may start again more often than boards answer.
            if instance.confirm_by.is_none() {
                instance.confirm_by = Some(confirm_by);
                self.unconfirmed.insert((confirm_by, full_name.clone()));
            }
        }
    }

    /// What has settled by now. An announcement that cannot be read is none.
    pub(crate) fn settled(&mut self, now: Instant) -> Vec<Change> {
        let mut changes = Vec::new();
        while let Some((confirm_by, full_name)) = self.unconfirmed.first().cloned()
            && confirm_by <= now
        {
            changes.extend(self.removed(&full_name));
        }
        while let Some((due, full_name)) = self.settling.pop_first() {
            if due > now {
                self.settling.insert((due, full_name));
                break;
            }
            let Some(instance) = self.instances.get_mut(&full_name) else { continue };
            instance.due = None;
            let (Some(ip), Ok(announcement)) = (best(&instance.resolved.addresses), read(&instance.resolved.txt))
            else {
                continue;
            };
            let gone = instance.told.replace(announcement.id.clone()).filter(|before| *before != announcement.id);
            changes.extend(gone.map(|id| Change::Gone { full_name: full_name.clone(), id }));
            let address = std::net::SocketAddr::new(ip, instance.resolved.port).to_string();
            changes.push(Change::Announced { full_name, address, announcement: Box::new(announcement) });
        }
        changes
    }

    /// When [`Self::settled`] has something next.
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        let first = |of: &BTreeSet<(Instant, String)>| of.first().map(|(due, _)| *due);
        first(&self.settling).into_iter().chain(first(&self.unconfirmed)).min()
    }
}

fn read(txt: &[(String, String)]) -> Result<Announcement, TxtError> {
    Announcement::from_txt(txt.iter().map(|(key, value)| (key.as_str(), value.as_str())))
}

/// The address to use: IPv4 before IPv6, link-local last because it needs a scope that a URL cannot have (RFC 6874 was
/// withdrawn). Loopback comes after a real address: it is this computer's own, and only true where the board runs on it.
fn best(addresses: &[IpAddr]) -> Option<IpAddr> {
    let rank = |ip: &IpAddr| match ip {
        IpAddr::V4(v4) if v4.is_link_local() => (4, *ip),
        IpAddr::V4(v4) if v4.is_loopback() => (1, *ip),
        IpAddr::V4(_) => (0, *ip),
        IpAddr::V6(v6) if v6.is_unicast_link_local() => (5, *ip),
        IpAddr::V6(v6) if v6.is_loopback() => (3, *ip),
        IpAddr::V6(_) => (2, *ip),
    };
    addresses.iter().map(rank).min().map(|(_, ip)| ip)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(full_name: &str, id: &str, addresses: &[&str], port: u16) -> Resolved {
        Resolved {
            full_name: full_name.into(),
            addresses: addresses.iter().filter_map(|ip| ip.parse().ok()).collect(),
            port,
            txt: vec![("id".into(), id.into()), ("proto".into(), "1".into()), ("friendly_name".into(), "Lamp".into())],
        }
    }

    fn addresses(changes: &[Change]) -> Vec<&str> {
        changes
            .iter()
            .filter_map(|change| match change {
                Change::Announced { address, .. } => Some(address.as_str()),
                Change::Gone { .. } => None,
            })
            .collect()
    }

    #[test]
    fn an_instance_that_is_resolved_thrice_is_told_once_with_its_best_address() {
        let now = Instant::now();
        let mut registry = Registry::default();
        registry.resolved(now, resolved("a", "lamp-1", &["fe80::1"], 80));
        registry.resolved(now + SETTLE / 2, resolved("a", "lamp-1", &["fe80::1", "127.0.0.1"], 80));
        registry.resolved(now + SETTLE / 2, resolved("a", "lamp-1", &["fe80::1", "127.0.0.1", "10.0.0.7"], 80));
        assert_eq!(registry.settled(now + SETTLE / 2), []);
        assert_eq!(registry.next_deadline(), Some(now + SETTLE));
        assert_eq!(addresses(&registry.settled(now + SETTLE)), ["10.0.0.7:80"]);
        assert_eq!(registry.next_deadline(), None);
    }

    #[test]
    fn two_boards_of_one_name_stay_two() {
        let now = Instant::now();
        let mut registry = Registry::default();
        registry.resolved(now, resolved("Lamp._switchboard._tcp.local.", "lamp-1", &["10.0.0.7"], 80));
        registry.resolved(now, resolved("Lamp (2)._switchboard._tcp.local.", "lamp-2", &["10.0.0.8"], 80));
        assert_eq!(registry.settled(now + SETTLE).len(), 2);
    }

    #[test]
    fn a_goodbye_ends_an_announcement_that_was_told() {
        let now = Instant::now();
        let mut registry = Registry::default();
        registry.resolved(now, resolved("a", "lamp-1", &["10.0.0.7"], 80));
        assert_eq!(registry.removed("a"), None);
        registry.resolved(now, resolved("a", "lamp-1", &["10.0.0.7"], 80));
        registry.settled(now + SETTLE);
        assert_eq!(registry.removed("a"), Some(Change::Gone { full_name: "a".into(), id: "lamp-1".into() }));
    }

    #[test]
    fn a_board_that_is_replaced_under_its_name_is_told_as_another() {
        let now = Instant::now();
        let mut registry = Registry::default();
        registry.resolved(now, resolved("a", "lamp-1", &["10.0.0.7"], 80));
        registry.settled(now + SETTLE);
        registry.resolved(now + SETTLE, resolved("a", "lamp-2", &["10.0.0.7"], 80));
        let changes = registry.settled(now + SETTLE * 2);
        assert!(matches!(&changes[0], Change::Gone { id, .. } if id == "lamp-1"));
        assert!(matches!(&changes[1], Change::Announced { announcement, .. } if announcement.id == "lamp-2"));
    }

    #[test]
    fn a_source_that_floods_displaces_its_own_instances_and_no_other() {
        let now = Instant::now();
        let mut registry = Registry::default();
        registry.resolved(now, resolved("honest", "lamp-1", &["10.0.0.7"], 80));
        let lie = |number: usize| resolved(&format!("lie {number}"), &format!("lie-{number}"), &["10.0.0.66"], 9);
        let later = |number: usize| now + Duration::from_micros(number as u64);
        let gone: Vec<_> = (1..=6_000).filter_map(|number| registry.resolved(later(number), lie(number))).collect();
        assert_eq!(gone, [], "what was never told is not told to be gone");
        assert_eq!(registry.instances.len(), INSTANCES);
        assert_eq!(registry.settled(now + SETTLE * 2).len(), INSTANCES);
        // A board that comes after the flood is told as well.
        let gone = registry.resolved(now + SETTLE * 2, resolved("late", "lamp-2", &["10.0.0.8"], 80));
        assert!(matches!(gone, Some(Change::Gone { id, .. }) if id == "lie-1906"), "the oldest lie makes room");
        assert_eq!(addresses(&registry.settled(now + SETTLE * 3)), ["10.0.0.8:80"]);
        assert!(registry.instances.contains_key("honest"));
    }

    #[test]
    fn what_is_not_resolved_after_mdns_started_again_is_gone() {
        let now = Instant::now();
        let mut registry = Registry::default();
        registry.resolved(now, resolved("a", "lamp-1", &["10.0.0.7"], 80));
        registry.resolved(now, resolved("b", "lie-1", &["10.0.0.66"], 80));
        registry.settled(now + SETTLE);
        registry.started_again(now + SETTLE);
        registry.resolved(now + SETTLE * 2, resolved("a", "lamp-1", &["10.0.0.7"], 80));
        registry.settled(now + SETTLE * 3);
        registry.started_again(now + CONFIRM_WITHIN / 2);
        registry.resolved(now + CONFIRM_WITHIN / 2, resolved("a", "lamp-1", &["10.0.0.7"], 80));
        registry.settled(now + CONFIRM_WITHIN / 2 + SETTLE);
        let gone = Change::Gone { full_name: "b".into(), id: "lie-1".into() };
        assert_eq!(registry.next_deadline(), Some(now + SETTLE + CONFIRM_WITHIN));
        assert_eq!(registry.settled(now + SETTLE + CONFIRM_WITHIN), [gone]);
        assert_eq!(registry.next_deadline(), None);
    }

    #[test]
    fn an_announcement_without_an_id_is_none() {
        let now = Instant::now();
        let mut registry = Registry::default();
        let mut nameless = resolved("a", "lamp-1", &["10.0.0.7"], 80);
        nameless.txt.remove(0);
        registry.resolved(now, nameless);
        assert_eq!(registry.settled(now + SETTLE), []);
    }

    #[test]
    fn ipv6_is_written_as_a_url_wants_it() {
        let now = Instant::now();
        let mut registry = Registry::default();
        registry.resolved(now, resolved("a", "lamp-1", &["fe80::1", "2001:db8::7"], 80));
        assert_eq!(addresses(&registry.settled(now + SETTLE)), ["[2001:db8::7]:80"]);
    }
}
