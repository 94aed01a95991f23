//! How a board's network stack is configured: its address by DHCP, and how many
//! sockets it has.

use embassy_net::{Config, DhcpConfig};
use server::ServerSettings;

use crate::listener::BACKLOG;

/// The connections that the server may have open, including two that are being
/// closed.
pub const fn connections(settings: &ServerSettings) -> usize {
    settings.connections + 2
}

/// All sockets of the stack, for `StackResources`: the server's, the outbound
/// connection's, and those of mDNS, DHCP and DNS.
pub const fn sockets(settings: &ServerSettings) -> usize {
    connections(settings) + BACKLOG + 4
}

/// DHCP with a host name for the router's list (RFC 2132, section 3.14). A name
/// of more than 32 bytes is not sent.
pub fn config(host_name: &str) -> Config {
    let mut dhcp = DhcpConfig::default();
    dhcp.hostname = host_name.try_into().ok();
    Config::dhcpv4(dhcp)
}
