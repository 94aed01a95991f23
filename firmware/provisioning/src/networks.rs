//! Selects the networks of a scan that are reported to a client.

use alloc::vec::Vec;
use core::cmp::Reverse;

use protocol::improv::{MAX_SSID, Network};

use crate::MAX_NETWORKS;

/// Each name once, the strongest first. Hidden networks are left out, as they
/// cannot be selected.
pub(crate) fn worth_naming(mut found: Vec<Network>) -> Vec<Network> {
    found.retain(|network| (1..=MAX_SSID).contains(&network.ssid.len()));
    found.sort_by_key(|network| Reverse(network.rssi));
    let mut named: Vec<Network> = Vec::new();
    for network in found {
        if named.len() < MAX_NETWORKS && !named.iter().any(|known| known.ssid == network.ssid) {
            named.push(network);
        }
    }
    named
}
