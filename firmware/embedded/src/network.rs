//! How the network stack is set up for a board: its address by DHCP, and how
//! many sockets it has.

use embassy_net::{Config, DhcpConfig};
use server::ServerSettings;

use crate::listener::KNOCKING;

/// Connections that the server may have open at once, counting the two that are
/// on their way out.
pub const fn connections(settings: &ServerSettings) -> usize {
    settings.connections + 2
}

/// All sockets of the stack: those of the port, the one by which the board
/// calls, and those of mDNS, DHCP and DNS. To be given to `StackResources`.
pub const fn sockets(settings: &ServerSettings) -> usize {
    connections(settings) + KNOCKING + 4
}

/// An address by DHCP, and a host name for the router's list (RFC 2132, section
/// 3.14). A name of more than 32 bytes is not sent.
pub fn config(host_name: &str) -> Config {
    let mut dhcp = DhcpConfig::default();
    dhcp.hostname = host_name.try_into().ok();
    Config::dhcpv4(dhcp)
}
