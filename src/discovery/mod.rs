//! Who announces itself: a pure [`registry`], and [`mdns`], the one file that knows mdns-sd. Says nothing about who is alive.

pub(crate) mod mdns;
pub(crate) mod registry;

/// How boards are looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lookout {
    /// The service type with its domain. Tests have their own, so that they meet neither each other nor a real board.
    pub service: String,
    /// Where.
    pub interfaces: Interfaces,
}

impl Default for Lookout {
    /// [`protocol::mdns::SERVICE`] on every interface.
    fn default() -> Self {
        Self { service: protocol::mdns::SERVICE.to_owned(), interfaces: Interfaces::All }
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
