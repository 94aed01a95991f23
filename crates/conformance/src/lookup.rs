//! The TXT record of the board at an address, as mDNS has it.

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

/// A board that announces itself answers within some 100 ms; one that was asked
/// less than a second ago after that second (RFC 6762, section 6).
const WITHIN: Duration = Duration::from_millis(1_500);

/// Looks for the record; `None` where nobody announces this address. Blocks,
/// 1.5 s at most.
pub fn announced(place: &Endpoint, lookout: &Lookout) -> Option<Vec<(String, String)>> {
    let found = (place.host(), place.port()).to_socket_addrs().ok()?;
    let wanted: Vec<IpAddr> = found.map(|address| address.ip()).collect();
    let (tell, told) = channel();
    let mdns = Mdns::start(lookout, move |found| {
        // The reader may have found what it looked for.
        let _ = tell.send(found);
    });
    let _mdns = mdns.map_err(|problem| log::warn!("mDNS: {problem}")).ok()?;
    let end = Instant::now() + WITHIN;
    while let Ok(found) = told.recv_timeout(end.saturating_duration_since(Instant::now())) {
        match found {
            Found::Resolved(service)
                if service.port == place.port()
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
