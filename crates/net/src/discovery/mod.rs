//! Which boards announce themselves: [`registry`] is pure state, [`mdns`] the
//! only user of mdns-sd. Says nothing about which boards are alive.

pub mod mdns;
pub mod registry;

/// How to look for boards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lookout {
    /// The service type with its domain, for example
    /// `_switchboard._tcp.local.`. Tests use their own.
    pub service: String,
    /// The interfaces.
    pub interfaces: Interfaces,
}

/// The environment variable that sets another service type, for programs
/// started by tests, which must never find real boards.
const SERVICE_VARIABLE: &str = "SWITCHBOARD_SERVICE";

impl Lookout {
    /// The default, with this service type if there is one.
    #[must_use]
    pub fn of(service: Option<&str>) -> Self {
        let lookout = Self::default();
        Self {
            service: service.map_or(lookout.service, str::to_owned),
            ..lookout
        }
    }
}

impl Default for Lookout {
    /// The service type in the environment variable `SWITCHBOARD_SERVICE`, or
    /// otherwise [`protocol::mdns::SERVICE`]; on all interfaces.
    fn default() -> Self {
        let named = std::env::var(SERVICE_VARIABLE)
            .ok()
            .filter(|service| !service.is_empty());
        let service = named.unwrap_or_else(|| protocol::mdns::SERVICE.to_owned());
        Self {
            service,
            interfaces: Interfaces::All,
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
