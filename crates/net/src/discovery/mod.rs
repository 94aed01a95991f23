//! Who announces itself: a pure [`registry`], and [`mdns`], the one file that
//! knows mdns-sd. Says nothing about who is alive.

pub mod mdns;
pub mod registry;

/// How boards are looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lookout {
    /// The service type with its domain, for example
    /// `_switchboard._tcp.local.`. Tests have their own.
    pub service: String,
    /// Where.
    pub interfaces: Interfaces,
}

/// The environment variable that names another service type, for programs
/// started by tests: those must never meet a real board.
pub const SERVICE_VARIABLE: &str = "SWITCHBOARD_SERVICE";

impl Lookout {
    /// As the default, for this service type where one is given.
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
    /// What the environment variable `SWITCHBOARD_SERVICE` names, else
    /// [`protocol::mdns::SERVICE`]; on every interface.
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

/// The network interfaces that are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interfaces {
    /// All that have multicast.
    All,
    /// Only this computer's own.
    Loopback,
}
