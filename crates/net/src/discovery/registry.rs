//! Combines the partial responses of mDNS into announcements. Owns no socket,
//! reads no clock, and never declares a board dead: a goodbye ends an
//! announcement, not a connection.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    time::{Duration, Instant},
};

use families::{Family, TxtError};
use protocol::mdns::Announcement;

use address::{Address, Candidate, Candidates, Interface, InterfaceId};

use crate::eviction::Eviction;

/// An instance is resolved two or three times while its addresses arrive. It is
/// reported once they have settled.
const SETTLE: Duration = Duration::from_millis(50);

/// The most instances to keep, unless the [`Lookout`](super::Lookout) says
/// otherwise: more than any building has. A bound against a network that floods
/// instances.
pub const INSTANCES: usize = 4_096;

/// After mDNS restarted with an empty cache, an instance that is not resolved
/// within this time is gone. A board that is present responds to the first
/// query within 120 ms; if that response is lost, to the queries 1, 3, 7 and 15
/// s later.
const CONFIRM_WITHIN: Duration = Duration::from_secs(30);

/// An address and the interface on which mDNS received it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sighting {
    /// The address.
    pub ip: IpAddr,
    /// The interface.
    pub on: InterfaceId,
}

/// What mDNS knows about an instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    /// The family whose service type it has.
    pub family: Family,
    /// `Desk lamp._switchboard._tcp.local.`, which mDNS keeps unique.
    pub full_name: String,
    /// The addresses so far.
    pub addresses: Vec<Sighting>,
    /// The port.
    pub port: u16,
    /// The TXT record.
    pub txt: Vec<(String, String)>,
}

/// A change in the announcements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// New, changed, or repeated.
    Announced {
        /// The family.
        family: Family,
        /// The name of the instance.
        full_name: String,
        /// The addresses, most likely first; at least one.
        addresses: Candidates,
        /// The content of the TXT record.
        announcement: Box<Announcement>,
    },
    /// It sent a goodbye, or did not respond.
    Gone {
        /// The name of the instance.
        full_name: String,
        /// Its id.
        id: String,
    },
}

#[derive(Debug)]
struct Instance {
    resolved: Resolved,
    /// The id that was reported.
    told: Option<String>,
    /// When it is reported next, if it has changed.
    due: Option<Instant>,
    /// When it is gone, if it has not been resolved since mDNS restarted.
    confirm_by: Option<Instant>,
}

/// All announcements.
#[derive(Debug)]
pub struct Registry {
    /// The most instances to keep.
    capacity: usize,
    instances: BTreeMap<String, Instance>,
    settling: BTreeSet<(Instant, String)>,
    unconfirmed: BTreeSet<(Instant, String)>,
    /// Names of instances that are not reported yet.
    heard: BTreeSet<String>,
    eviction: Eviction<String>,
}

impl Default for Registry {
    fn default() -> Self {
        Self::with_capacity(INSTANCES)
    }
}

impl Registry {
    /// A registry that keeps at most so many instances.
    pub fn with_capacity(capacity: usize) -> Self {
        Self {
            capacity,
            instances: BTreeMap::new(),
            settling: BTreeSet::new(),
            unconfirmed: BTreeSet::new(),
            heard: BTreeSet::new(),
            eviction: Eviction::default(),
        }
    }

    /// mDNS heard the name of an instance.
    pub fn heard(&mut self, full_name: String) {
        if self.heard.len() < self.capacity && !self.instances.contains_key(&full_name) {
            self.heard.insert(full_name);
        }
    }

    /// Whether more is known to come: an instance whose announcement has not
    /// been reported yet.
    pub fn is_resolving(&self) -> bool {
        !self.heard.is_empty()
    }

    /// mDNS resolved an instance. Returns what is gone if there was no room.
    pub fn resolved(&mut self, now: Instant, resolved: Resolved) -> Option<Change> {
        let full_name = resolved.full_name.clone();
        let known = self.instances.contains_key(&full_name);
        let evicted = match self
            .eviction
            .next()
            .filter(|_| !known && self.instances.len() >= self.capacity)
            .cloned()
        {
            Some(evicted) => self.removed(&evicted),
            None => None,
        };
        let before = self.instances.remove(&full_name);
        if let Some(confirm_by) = before.as_ref().and_then(|instance| instance.confirm_by) {
            self.unconfirmed.remove(&(confirm_by, full_name.clone()));
        }
        let due = before
            .as_ref()
            .and_then(|instance| instance.due)
            .unwrap_or(now + SETTLE);
        self.settling.insert((due, full_name.clone()));
        self.eviction.confirm(
            full_name.clone(),
            now,
            resolved.addresses.iter().map(|seen| seen.ip).min(),
        );
        let told = before.and_then(|instance| instance.told);
        self.instances.insert(
            full_name,
            Instance {
                resolved,
                told,
                due: Some(due),
                confirm_by: None,
            },
        );
        evicted
    }

    /// mDNS removed an instance.
    pub fn removed(&mut self, full_name: &str) -> Option<Change> {
        self.heard.remove(full_name);
        let instance = self.instances.remove(full_name)?;
        self.eviction.remove(&full_name.to_owned());
        if let Some(due) = instance.due {
            self.settling.remove(&(due, full_name.to_owned()));
        }
        if let Some(confirm_by) = instance.confirm_by {
            self.unconfirmed.remove(&(confirm_by, full_name.to_owned()));
        }
        let id = instance.told?;
        Some(Change::Gone {
            full_name: full_name.to_owned(),
            id,
        })
    }

    /// mDNS restarted: instances that are still there are resolved again.
    pub fn started_again(&mut self, now: Instant) {
        self.heard.clear();
        let confirm_by = now + CONFIRM_WITHIN;
        for (full_name, instance) in &mut self.instances {
            // Keep earlier deadlines: mDNS may restart more often than boards
            // respond.
            if instance.confirm_by.is_none() {
                instance.confirm_by = Some(confirm_by);
                self.unconfirmed.insert((confirm_by, full_name.clone()));
            }
        }
    }

    /// The changes that have settled. Announcements that cannot be read are
    /// ignored. `interfaces` are those of this computer.
    pub fn settled(&mut self, now: Instant, interfaces: &[Interface]) -> Vec<Change> {
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
            let Some(instance) = self.instances.get_mut(&full_name) else {
                continue;
            };
            instance.due = None;
            let announcement = match read(&instance.resolved) {
                Ok(announcement) => announcement,
                Err(error) => {
                    log::debug!("mDNS: {full_name} is not a board: {error}");
                    self.heard.remove(&full_name);
                    continue;
                }
            };
            let addresses = candidates(&instance.resolved, interfaces);
            if addresses.is_empty() {
                continue;
            }
            self.heard.remove(&full_name);
            let gone = instance
                .told
                .replace(announcement.id.clone())
                .filter(|before| *before != announcement.id);
            changes.extend(gone.map(|id| Change::Gone {
                full_name: full_name.clone(),
                id,
            }));
            changes.push(Change::Announced {
                family: instance.resolved.family,
                full_name,
                addresses,
                announcement: Box::new(announcement),
            });
        }
        changes
    }

    /// When [`Self::settled`] should be called next.
    pub fn next_deadline(&self) -> Option<Instant> {
        let first = |of: &BTreeSet<(Instant, String)>| of.first().map(|(due, _)| *due);
        first(&self.settling)
            .into_iter()
            .chain(first(&self.unconfirmed))
            .min()
    }
}

fn read(resolved: &Resolved) -> Result<Announcement, TxtError> {
    let txt = resolved.txt.iter();
    let pairs = txt.map(|(key, value)| (key.as_str(), value.as_str()));
    resolved
        .family
        .announcement(instance(&resolved.full_name), pairs)
}

/// The part of a full name before the service type, which has three labels. The
/// instance itself may contain dots (RFC 6763, section 4.1.1).
fn instance(full_name: &str) -> &str {
    let mut parts = full_name.trim_end_matches('.').rsplitn(4, '.');
    parts.nth(3).unwrap_or(full_name)
}

/// The announced addresses as candidates. Addresses that cannot belong to a
/// host are dropped, because no network of this computer will make them usable.
fn candidates(resolved: &Resolved, interfaces: &[Interface]) -> Candidates {
    let is_host = |ip: IpAddr| !ip.is_unspecified() && !ip.is_multicast();
    let hosts = resolved
        .addresses
        .iter()
        .filter(|sighting| is_host(sighting.ip) && resolved.port != 0);
    let heard = hosts.map(|Sighting { ip, on }| Candidate::Heard {
        address: Address::of(*ip, resolved.port, Some(on)),
        on: on.clone(),
    });
    Candidates::new(heard, interfaces)
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn eth0() -> InterfaceId {
        InterfaceId {
            index: 2,
            name: "eth0".into(),
        }
    }

    /// A computer with one Ethernet interface.
    fn interfaces() -> Vec<Interface> {
        let own = |address: &str, prefix| Interface {
            name: "eth0".into(),
            index: Some(2),
            address: address.parse().expect("an address"),
            prefix,
            loopback: false,
            up: true,
            multicast: None,
        };
        vec![
            own("10.0.0.1", 24),
            own("2001:db8::1", 64),
            own("fe80::f", 64),
        ]
    }

    fn resolved(full_name: &str, id: &str, addresses: &[&str], port: u16) -> Resolved {
        Resolved {
            family: Family::Switchboard,
            full_name: full_name.into(),
            addresses: addresses
                .iter()
                .filter_map(|ip| {
                    Some(Sighting {
                        ip: ip.parse().ok()?,
                        on: eth0(),
                    })
                })
                .collect(),
            port,
            txt: vec![
                ("id".into(), id.into()),
                ("proto".into(), "1".into()),
                ("friendly_name".into(), "Lamp".into()),
            ],
        }
    }

    fn addresses(changes: &[Change]) -> Vec<String> {
        let of = |change: &Change| match change {
            Change::Announced { addresses, .. } => addresses.texts(),
            Change::Gone { .. } => Vec::new(),
        };
        changes.iter().flat_map(of).collect()
    }

    #[test]
    fn an_instance_resolved_three_times_is_reported_once_with_all_addresses() {
        let now = Instant::now();
        let mut registry = Registry::default();
        registry.resolved(now, resolved("a", "lamp-1", &["fe80::1"], 80));
        registry.resolved(
            now + SETTLE / 2,
            resolved("a", "lamp-1", &["fe80::1", "127.0.0.1"], 80),
        );
        registry.resolved(
            now + SETTLE / 2,
            resolved("a", "lamp-1", &["fe80::1", "127.0.0.1", "10.0.0.7"], 80),
        );
        assert_eq!(registry.settled(now + SETTLE / 2, &interfaces()), []);
        assert_eq!(registry.next_deadline(), Some(now + SETTLE));
        assert_eq!(
            addresses(&registry.settled(now + SETTLE, &interfaces())),
            ["10.0.0.7:80", "[fe80::1%eth0]:80", "127.0.0.1:80"]
        );
        assert_eq!(registry.next_deadline(), None);
    }

    #[test]
    fn two_boards_with_the_same_name_stay_separate() {
        let now = Instant::now();
        let mut registry = Registry::default();
        registry.resolved(
            now,
            resolved("Lamp._switchboard._tcp.local.", "lamp-1", &["10.0.0.7"], 80),
        );
        registry.resolved(
            now,
            resolved(
                "Lamp (2)._switchboard._tcp.local.",
                "lamp-2",
                &["10.0.0.8"],
                80,
            ),
        );
        assert_eq!(registry.settled(now + SETTLE, &interfaces()).len(), 2);
    }

    #[test]
    fn a_goodbye_ends_an_announcement() {
        let now = Instant::now();
        let mut registry = Registry::default();
        registry.resolved(now, resolved("a", "lamp-1", &["10.0.0.7"], 80));
        assert_eq!(registry.removed("a"), None);
        registry.resolved(now, resolved("a", "lamp-1", &["10.0.0.7"], 80));
        registry.settled(now + SETTLE, &interfaces());
        assert_eq!(
            registry.removed("a"),
            Some(Change::Gone {
                full_name: "a".into(),
                id: "lamp-1".into()
            })
        );
    }

    #[test]
    fn a_board_with_a_new_id_under_the_same_name_is_another_board() {
        let now = Instant::now();
        let mut registry = Registry::default();
        registry.resolved(now, resolved("a", "lamp-1", &["10.0.0.7"], 80));
        registry.settled(now + SETTLE, &interfaces());
        registry.resolved(now + SETTLE, resolved("a", "lamp-2", &["10.0.0.7"], 80));
        let changes = registry.settled(now + SETTLE * 2, &interfaces());
        assert!(matches!(&changes[0], Change::Gone { id, .. } if id == "lamp-1"));
        assert!(matches!(&changes[1], Change::Announced { announcement, .. }
                if announcement.id == "lamp-2"));
    }

    #[test]
    fn a_registry_keeps_as_many_instances_as_its_capacity() {
        let now = Instant::now();
        let mut registry = Registry::with_capacity(2);
        for number in 1..=3 {
            let (name, id) = (format!("lamp {number}"), format!("lamp-{number}"));
            registry.resolved(now, resolved(&name, &id, &["10.0.0.7"], 80));
        }
        assert_eq!(registry.settled(now + SETTLE, &interfaces()).len(), 2);
    }

    #[test]
    fn a_flooding_source_evicts_only_its_own_instances() {
        let now = Instant::now();
        let mut registry = Registry::default();
        registry.resolved(now, resolved("honest", "lamp-1", &["10.0.0.7"], 80));
        let lie = |number: usize| {
            resolved(
                &format!("lie {number}"),
                &format!("lie-{number}"),
                &["10.0.0.66"],
                9,
            )
        };
        let later = |number: usize| now + Duration::from_micros(number as u64);
        let gone: Vec<_> = (1..=6_000)
            .filter_map(|number| registry.resolved(later(number), lie(number)))
            .collect();
        assert_eq!(gone, [], "an unreported instance is not reported as gone");
        assert_eq!(registry.instances.len(), INSTANCES);
        assert_eq!(
            registry.settled(now + SETTLE * 2, &interfaces()).len(),
            INSTANCES
        );
        // A board that arrives after the flood is reported as well.
        let gone = registry.resolved(
            now + SETTLE * 2,
            resolved("late", "lamp-2", &["10.0.0.8"], 80),
        );
        assert!(
            matches!(gone, Some(Change::Gone { id, .. }) if id == "lie-1906"),
            "the oldest false instance is evicted"
        );
        assert_eq!(
            addresses(&registry.settled(now + SETTLE * 3, &interfaces())),
            ["10.0.0.8:80"]
        );
        assert!(registry.instances.contains_key("honest"));
    }

    #[test]
    fn an_instance_that_is_not_resolved_after_a_restart_is_gone() {
        let now = Instant::now();
        let mut registry = Registry::default();
        registry.resolved(now, resolved("a", "lamp-1", &["10.0.0.7"], 80));
        registry.resolved(now, resolved("b", "lie-1", &["10.0.0.66"], 80));
        registry.settled(now + SETTLE, &interfaces());
        registry.started_again(now + SETTLE);
        registry.resolved(now + SETTLE * 2, resolved("a", "lamp-1", &["10.0.0.7"], 80));
        registry.settled(now + SETTLE * 3, &interfaces());
        registry.started_again(now + CONFIRM_WITHIN / 2);
        registry.resolved(
            now + CONFIRM_WITHIN / 2,
            resolved("a", "lamp-1", &["10.0.0.7"], 80),
        );
        registry.settled(now + CONFIRM_WITHIN / 2 + SETTLE, &interfaces());
        let gone = Change::Gone {
            full_name: "b".into(),
            id: "lie-1".into(),
        };
        assert_eq!(
            registry.next_deadline(),
            Some(now + SETTLE + CONFIRM_WITHIN)
        );
        assert_eq!(
            registry.settled(now + SETTLE + CONFIRM_WITHIN, &interfaces()),
            [gone]
        );
        assert_eq!(registry.next_deadline(), None);
    }

    #[test]
    fn an_announcement_without_an_id_is_ignored() {
        let now = Instant::now();
        let mut registry = Registry::default();
        let mut nameless = resolved("a", "lamp-1", &["10.0.0.7"], 80);
        nameless.txt.remove(0);
        registry.resolved(now, nameless);
        assert_eq!(registry.settled(now + SETTLE, &interfaces()), []);
    }

    #[test]
    fn usable_addresses_come_first() {
        let now = Instant::now();
        let mut registry = Registry::default();
        let all = [
            "192.168.9.9",
            "10.0.0.7",
            "10.0.0.3",
            "fe80::1",
            "2001:db8::7",
        ];
        registry.resolved(now, resolved("a", "lamp-1", &all, 80));
        let settled = addresses(&registry.settled(now + SETTLE, &interfaces()));
        let expected = [
            "10.0.0.3:80",
            "10.0.0.7:80",
            "[2001:db8::7]:80",
            "[fe80::1%eth0]:80",
            "192.168.9.9:80",
        ];
        assert_eq!(settled, expected);
    }

    #[test]
    fn an_announcement_without_a_host_or_a_port_is_ignored() {
        let now = Instant::now();
        let mut registry = Registry::default();
        registry.resolved(
            now,
            resolved(
                "a",
                "lamp-1",
                &["0.0.0.0", "224.0.0.251", "ff02::fb", "::"],
                80,
            ),
        );
        registry.resolved(now, resolved("b", "lamp-2", &["10.0.0.7"], 0));
        assert_eq!(registry.settled(now + SETTLE, &interfaces()), []);
    }

    #[test]
    fn an_announcement_with_an_invalid_id_is_ignored() {
        let now = Instant::now();
        let mut registry = Registry::default();
        for (at, id) in ["SB-7E7291", "sb 7e7291", "sb-7e7291\n", "sb-7e729\u{661}"]
            .into_iter()
            .enumerate()
        {
            registry.resolved(now, resolved(&at.to_string(), id, &["10.0.0.7"], 80));
        }
        assert_eq!(registry.settled(now + SETTLE, &interfaces()), []);
    }
}
