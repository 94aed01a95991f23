//! The registry of announcements, which anyone on the network may send.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    time::{Duration, Instant},
};

use address::{Address, InterfaceId};
use families::Family;
use net::discovery::registry::{Change, Registry, Resolved, Sighting};

/// A registry under test.
pub struct Announcements {
    registry: Registry,
    now: Instant,
}

impl Default for Announcements {
    fn default() -> Self {
        Self {
            registry: Registry::default(),
            now: Instant::now(),
        }
    }
}

impl Announcements {
    /// mDNS resolved an instance; the bits of `number` are its addresses and
    /// port.
    pub fn resolved(&mut self, full_name: &str, number: u64, txt: Vec<(String, String)>) {
        let [a, b, c, d, e, f, high, low] = number.to_be_bytes();
        let v4 = IpAddr::from(Ipv4Addr::from([a, b, c, d]));
        let v6 = IpAddr::from(Ipv6Addr::from([
            u16::from_be_bytes([e, f]),
            0,
            0,
            0,
            0,
            0,
            0,
            1,
        ]));
        let on = InterfaceId {
            index: u32::from(a),
            name: format!("eth{b}"),
        };
        let sighting = |ip| Sighting { ip, on: on.clone() };
        let addresses = [v4, v6]
            .into_iter()
            .take(usize::from(low % 3))
            .map(sighting)
            .collect();
        let port = u16::from_be_bytes([high, low]);
        // Which instance was evicted for it does not matter here.
        let _ = self.registry.resolved(
            self.now,
            Resolved {
                family: Family::Switchboard,
                full_name: full_name.to_owned(),
                addresses,
                port,
                txt,
            },
        );
    }

    /// mDNS removed it.
    pub fn removed(&mut self, full_name: &str) {
        self.registry.removed(full_name);
        assert!(
            self.registry.removed(full_name).is_none(),
            "it is removed twice"
        );
    }

    /// Time passes, and settled changes are taken.
    pub fn pass(&mut self, time: Duration) {
        self.now += time;
        for change in self.registry.settled(self.now, &[]) {
            if let Change::Announced {
                addresses,
                announcement,
                ..
            } = change
            {
                assert!(!addresses.is_empty());
                for address in addresses.texts() {
                    assert!(address.parse::<Address>().is_ok(), "{address}");
                }
                assert!(
                    protocol::board_id(&announcement.id).is_ok(),
                    "{}",
                    announcement.id
                );
            }
        }
        assert!(
            self.registry
                .next_deadline()
                .is_none_or(|due| due > self.now),
            "a change that is due was not returned"
        );
    }
}
