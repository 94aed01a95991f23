//! Looks up the TXT record of the board at an address by mDNS.

use std::{
    net::{IpAddr, ToSocketAddrs},
    sync::mpsc::channel,
    time::{Duration, Instant},
};

use net::{
    client::Endpoint,
    discovery::{
        Lookout,
        mdns::{Found, Mdns},
    },
};

/// A responder answers within about 100 ms; one that answered less than a
/// second ago only after that second (RFC 6762, section 6).
const WITHIN: Duration = Duration::from_millis(1_500);

/// Finds the TXT record; `None` if no service is announced at this address.
/// Blocks for at most 1.5 s.
pub fn announced(endpoint: &Endpoint, lookout: &Lookout) -> Option<Vec<(String, String)>> {
    let found = (endpoint.host(), endpoint.port()).to_socket_addrs().ok()?;
    let wanted: Vec<IpAddr> = found.map(|address| address.ip()).collect();
    let (tell, told) = channel();
    let mdns = Mdns::start(lookout, move |found| {
        // The receiver may have found the record already.
        let _ = tell.send(found);
    });
    let _mdns = mdns.map_err(|problem| log::warn!("mDNS: {problem}")).ok()?;
    let end = Instant::now() + WITHIN;
    while let Ok(found) = told.recv_timeout(end.saturating_duration_since(Instant::now())) {
        match found {
            Found::Resolved(service)
                if service.port == endpoint.port()
                    && service
                        .addresses
                        .iter()
                        .any(|seen| wanted.contains(&seen.ip)) =>
            {
                return Some(service.txt);
            }
            _ => {}
        }
    }
    None
}
