//! Why a board is missing: an [`Examination`] gathers [`Evidence`] on a thread
//! of its own, and [`findings()`] says what it means. Changes nothing on this
//! computer and commands no board.

mod boards;
mod evidence;
mod examination;
mod findings;
mod multicast;
mod port;

use std::net::IpAddr;

pub use evidence::{
    Echo, Evidence, Examined, Holder, Host, Interface, Link, Multicast, Port, Record,
};
pub use examination::{Asked, Check, Examination, Known, Step};
pub use findings::{Advice, Finding, Kind, Verdict, findings};

/// Addresses at which others reach this computer, of IPv4 or of IPv6, without
/// those of a single link; none where the system does not say.
pub fn own_addresses(v4: bool) -> Vec<IpAddr> {
    let reachable = |interface: &Interface| {
        let single_link = matches!(interface.address, IpAddr::V6(v6) if v6.is_unicast_link_local());
        interface.up && !interface.loopback && interface.address.is_ipv4() == v4 && !single_link
    };
    crate::dial::interfaces::list()
        .unwrap_or_default()
        .into_iter()
        .filter(reachable)
        .map(|interface| interface.address)
        .collect()
}
