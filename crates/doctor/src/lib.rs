//! Finds out why a board is missing: an [`Examination`] gathers [`Evidence`] on
//! its own thread, and [`findings()`] evaluates it. Changes nothing on this
//! computer and sends no commands to boards.

mod evidence;
mod examination;
mod findings;
mod multicast;
mod port;
mod scan;

use std::net::IpAddr;

pub use evidence::{
    Echo, Evidence, ExaminedBoard, Holder, Interface, LinkOutcome, MdnsPort, MdnsRecord, Multicast,
    TcpProbe,
};
pub use examination::{Check, DoctorProgress, DoctorRequest, Examination, KnownDevice};
pub use findings::{Advice, Finding, FindingKind, Verdict, findings};

/// The IPv4 or IPv6 addresses at which other hosts can reach this computer,
/// without link-local IPv6 addresses; none if the system does not list them.
pub fn own_addresses(v4: bool) -> Vec<IpAddr> {
    let reachable = |interface: &Interface| {
        let single_link = matches!(interface.address, IpAddr::V6(v6) if v6.is_unicast_link_local());
        interface.up && !interface.loopback && interface.address.is_ipv4() == v4 && !single_link
    };
    net::client::interfaces::list()
        .unwrap_or_default()
        .into_iter()
        .filter(reachable)
        .map(|interface| interface.address)
        .collect()
}
