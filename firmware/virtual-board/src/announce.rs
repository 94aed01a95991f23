//! Announces boards by mDNS, with one responder for up to [`SHARE`] boards. The
//! only module that uses mdns-sd.

use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use mdns_sd::{Error, IfKind, ServiceDaemon, ServiceInfo};
use protocol::mdns::Announcement;
use tokio::time::{sleep, timeout};

/// The mDNS responders of this process.
pub(crate) struct Announcer {
    daemons: Vec<ServiceDaemon>,
    service: String,
}

/// The boards per responder. A responder answers for all of its boards in one
/// burst of about 400 bytes per board. A Linux socket buffers 208 KiB by
/// default, each datagram rounded up to a power of two, and drops the rest.
/// Each responder delays its answer by a random time, as real boards do (RFC
/// 6762, section 6).
const SHARE: usize = 250;

/// The pause when the responder's command queue is full.
const FULL: Duration = Duration::from_millis(20);

/// The longest datagram on the loopback interface, in bytes: just within 8 KiB
/// with the kernel's overhead. Other interfaces would fragment it.
const LOOPBACK_DATAGRAM: usize = 7_500;

/// How long a goodbye may take.
const GOODBYE: Duration = Duration::from_secs(2);

impl Announcer {
    /// Starts responders for this many boards that listen on `address`; only on
    /// the loopback interface if it is a loopback address.
    pub(crate) fn start(address: IpAddr, service: String, boards: usize) -> Result<Self, Error> {
        let daemons = (0..boards.div_ceil(SHARE))
            .map(|_| responder(address))
            .collect::<Result<_, _>>()?;
        Ok(Self { daemons, service })
    }

    /// Announces a board, or updates its announcement.
    pub(crate) async fn announce(
        &self,
        announcement: &Announcement,
        address: SocketAddr,
    ) -> Result<(), Error> {
        let txt = announcement.to_txt();
        let txt: Vec<_> = txt
            .iter()
            .map(|(key, value)| (*key, value.as_str()))
            .collect();
        let host = format!("{}.local.", announcement.id);
        // The instance is named by the id: two boards may have one name.
        let every_interface = address.ip().is_unspecified();
        let ip = if every_interface {
            String::new()
        } else {
            address.ip().to_string()
        };
        let service = ServiceInfo::new(
            &self.service,
            &announcement.id,
            &host,
            ip.as_str(),
            address.port(),
            &txt[..],
        )?;
        let service = if every_interface {
            service.enable_addr_auto()
        } else {
            service
        };
        loop {
            match self.of(&announcement.id)?.register(service.clone()) {
                Err(Error::Again) => sleep(FULL).await,
                done => return done,
            };
        }
    }

    /// Says goodbye for these boards (RFC 6762, section 10.1) and ends.
    pub(crate) async fn say_goodbye(self, ids: impl Iterator<Item = String>) {
        let mut leaving = Vec::new();
        for id in ids {
            while let Ok(daemon) = self.of(&id) {
                match daemon.unregister(&format!("{id}.{}", self.service)) {
                    Err(Error::Again) => sleep(FULL).await,
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
            for ended in self
                .daemons
                .iter()
                .filter_map(|daemon| daemon.shutdown().ok())
            {
                let _ = ended.recv_async().await;
            }
        };
        // A responder that has not answered by then never will.
        let _ = timeout(GOODBYE, all_left).await;
    }

    /// The responder of a board, which never changes.
    fn of(&self, id: &str) -> Result<&ServiceDaemon, Error> {
        let sum: usize = id.bytes().map(usize::from).sum();
        self.daemons
            .get(sum % self.daemons.len().max(1))
            .ok_or_else(|| Error::Msg("no responder runs".to_owned()))
    }
}

fn responder(address: IpAddr) -> Result<ServiceDaemon, Error> {
    let daemon = ServiceDaemon::new()?;
    if address.is_loopback() {
        daemon.disable_interface(IfKind::All)?;
        daemon.enable_interface(if address.is_ipv4() {
            IfKind::LoopbackV4
        } else {
            IfKind::LoopbackV6
        })?;
    }
    daemon.set_max_packet_size(
        vec![IfKind::LoopbackV4, IfKind::LoopbackV6],
        LOOPBACK_DATAGRAM,
    )?;
    Ok(daemon)
}
