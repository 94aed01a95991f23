//! Announces boards by mDNS: one responder for all boards of the process. The only place that knows mdns-sd.

use std::{net::SocketAddr, time::Duration};

use async_io::Timer;
use mdns_sd::{Error, IfKind, ServiceDaemon, ServiceInfo};
use protocol::mdns::Announcement;

/// The responder.
pub(crate) struct Announcer {
    daemon: ServiceDaemon,
    service: String,
}

/// How long the responder, whose queue of commands is bounded, is left alone when it is full.
const FULL: Duration = Duration::from_millis(20);

/// How long a goodbye may take.
const GOODBYE: Duration = Duration::from_secs(2);

impl Announcer {
    /// Starts a responder for boards that listen on `address`: on the loopback interface alone where they do.
    pub(crate) fn start(address: std::net::IpAddr, service: String) -> Result<Self, Error> {
        let daemon = ServiceDaemon::new()?;
        if address.is_loopback() {
            daemon.disable_interface(IfKind::All)?;
            daemon.enable_interface(if address.is_ipv4() { IfKind::LoopbackV4 } else { IfKind::LoopbackV6 })?;
        }
        Ok(Self { daemon, service })
    }

    /// Announces a board, or what has changed about it.
    pub(crate) async fn announce(&self, announcement: &Announcement, address: SocketAddr) -> Result<(), Error> {
        let txt = announcement.to_txt();
        let txt: Vec<_> = txt.iter().map(|(key, value)| (*key, value.as_str())).collect();
        let host = format!("{}.local.", announcement.id);
        // The instance is named by the id: two boards may have one name.
        let every_interface = address.ip().is_unspecified();
        let ip = if every_interface { String::new() } else { address.ip().to_string() };
        let service = ServiceInfo::new(&self.service, &announcement.id, &host, ip.as_str(), address.port(), &txt[..])?;
        let service = if every_interface { service.enable_addr_auto() } else { service };
        loop {
            match self.daemon.register(service.clone()) {
                Err(Error::Again) => Timer::after(FULL).await,
                done => return done,
            };
        }
    }

    /// Says goodbye for these boards (RFC 6762, section 10.1) and ends.
    pub(crate) async fn say_goodbye(self, ids: impl Iterator<Item = String>) {
        let mut leaving = Vec::new();
        for id in ids {
            loop {
                match self.daemon.unregister(&format!("{id}.{}", self.service)) {
                    Err(Error::Again) => Timer::after(FULL).await,
                    Err(_) => break,
                    Ok(left) => {
                        leaving.push(left);
                        break;
                    }
                };
            }
        }
        let all_left = async {
            for left in leaving {
                // An error means that the responder has ended.
                let _ = left.recv_async().await;
            }
            if let Ok(ended) = self.daemon.shutdown() {
                let _ = ended.recv_async().await;
            }
        };
        let late = async {
            Timer::after(GOODBYE).await;
        };
        embassy_futures::select::select(all_left, late).await;
    }
}
