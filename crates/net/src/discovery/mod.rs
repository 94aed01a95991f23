//! Which boards announce themselves: [`registry`] is pure state, [`mdns`] the
//! only user of mdns-sd. Says nothing about which boards are alive.

pub mod mdns;
pub mod registry;

use std::collections::BTreeMap;

use families::Family;
use registry::INSTANCES;

/// How to look for boards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lookout {
    /// The service type of each family with its domain, for example
    /// `_switchboard._tcp.local.`. Tests use their own.
    services: BTreeMap<Family, String>,
    /// The interfaces.
    pub interfaces: Interfaces,
    /// The most boards that are kept without being connected or the user's own:
    /// a bound against a network that invents them. Default
    /// [`registry::INSTANCES`].
    pub capacity: usize,
}

/// The environment variable that sets other service types, for programs
/// started by tests, which must never find real boards. A list that is
/// separated by commas: `_a._tcp.local.` for our own boards,
/// `shelly=_b._tcp.local.` for those of another family. Families that are not
/// in it are not looked for.
const SERVICE_VARIABLE: &str = "SWITCHBOARD_SERVICE";

impl Lookout {
    /// The default. With a service type, only boards of ours with that one.
    #[must_use]
    pub fn of(service: Option<&str>) -> Self {
        match service {
            Some(service) => Self::only(service, Interfaces::All),
            None => Self::default(),
        }
    }

    /// Only boards of ours, with this service type.
    #[must_use]
    pub fn only(service: &str, interfaces: Interfaces) -> Self {
        Self {
            services: BTreeMap::from([(Family::Switchboard, service.to_owned())]),
            interfaces,
            capacity: INSTANCES,
        }
    }

    /// Also boards of this family, with this service type.
    #[must_use]
    pub fn with(mut self, family: Family, service: &str) -> Self {
        self.services.insert(family, service.to_owned());
        self
    }

    /// Keeps more boards, or fewer. Each may take some 13 kB.
    #[must_use]
    pub fn with_capacity(mut self, capacity: usize) -> Self {
        self.capacity = capacity;
        self
    }

    /// The service type of our own boards.
    pub fn service(&self) -> &str {
        self.services
            .get(&Family::Switchboard)
            .map_or(protocol::mdns::SERVICE, String::as_str)
    }

    /// The service types.
    pub fn services(&self) -> impl Iterator<Item = (Family, &str)> {
        self.services
            .iter()
            .map(|(family, service)| (*family, service.as_str()))
    }

    /// Reads the value of [`SERVICE_VARIABLE`].
    fn named(list: &str) -> BTreeMap<Family, String> {
        let entries = list.split(',').map(str::trim);
        entries
            .filter(|entry| !entry.is_empty())
            .filter_map(|entry| match entry.split_once('=') {
                Some((family, service)) => Some((family.parse().ok()?, service.to_owned())),
                None => Some((Family::Switchboard, entry.to_owned())),
            })
            .collect()
    }
}

impl Default for Lookout {
    /// Every family on all interfaces, or what the environment variable
    /// `SWITCHBOARD_SERVICE` names.
    fn default() -> Self {
        let named = std::env::var(SERVICE_VARIABLE)
            .map(|list| Self::named(&list))
            .unwrap_or_default();
        let services = if named.is_empty() {
            Family::ALL
                .into_iter()
                .filter_map(|family| Some((family, family.service()?.to_owned())))
                .collect()
        } else {
            named
        };
        Self {
            services,
            interfaces: Interfaces::All,
            capacity: INSTANCES,
        }
    }
}

/// Network interfaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interfaces {
    /// All with multicast.
    All,
    /// Only the loopback interface.
    Loopback,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variable_names_the_families_to_look_for() {
        let services = Lookout::named("_a._tcp.local., shelly=_b._tcp.local.,moon=_c._tcp.local.");
        assert_eq!(
            services.into_iter().collect::<Vec<_>>(),
            [
                (Family::Switchboard, "_a._tcp.local.".to_owned()),
                (Family::Shelly, "_b._tcp.local.".to_owned()),
            ]
        );
    }
}
