//! Announces doubles by mDNS as the real devices do. The only module that uses
//! mdns-sd.

use std::{
    net::SocketAddr,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use mdns_sd::{Error, IfKind, ServiceDaemon, ServiceInfo};

/// How a double is announced.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Announce {
    /// Not at all.
    #[default]
    No,
    /// By the family's service type, and as `_http._tcp`.
    Family,
    /// Only by this service type, with its domain.
    As(String),
}

/// How long a goodbye may take.
const GOODBYE: Duration = Duration::from_secs(2);
/// How many attempts there are while the responder's queue is full.
const ATTEMPTS: usize = 100;
/// The pause between them.
const FULL: Duration = Duration::from_millis(20);

/// The devices per responder. A responder answers for all of its devices in one
/// burst, and the buffer of a socket holds only so much.
const SHARE: usize = 100;

/// The longest datagram on the loopback interface, in bytes: just within 8 KiB
/// with the kernel's overhead. Other interfaces would fragment it.
const LOOPBACK_DATAGRAM: usize = 7_500;

/// The responders of this process. They live as long as it does.
static RESPONDERS: Mutex<Vec<Responder>> = Mutex::new(Vec::new());

struct Responder {
    daemon: ServiceDaemon,
    loopback: bool,
    devices: usize,
}

/// What a device says of itself.
pub(crate) struct Record<'a> {
    /// The family's service type.
    pub(crate) service: &'a str,
    /// The name before the service type.
    pub(crate) instance: &'a str,
    pub(crate) txt: &'a [(&'a str, &'a str)],
    /// The TXT record of `_http._tcp`.
    pub(crate) http_txt: &'a [(&'a str, &'a str)],
}

/// An announcement; dropping it says goodbye (RFC 6762, section 10.1).
pub(crate) struct Announced {
    daemon: ServiceDaemon,
    names: Vec<String>,
}

impl Announced {
    /// Announces a device that listens at `address`.
    pub(crate) fn start(
        how: &Announce,
        record: &Record<'_>,
        address: SocketAddr,
    ) -> Result<Option<Self>, Error> {
        let services = match how {
            Announce::No => return Ok(None),
            Announce::Family => vec![
                (record.service, record.txt),
                ("_http._tcp.local.", record.http_txt),
            ],
            Announce::As(service) => vec![(service.as_str(), record.txt)],
        };
        let daemon = responder(address)?;
        let mut announced = Self {
            daemon,
            names: Vec::new(),
        };
        for (service, txt) in services {
            let host = format!("{}.local.", record.instance);
            let every_interface = address.ip().is_unspecified();
            let ip = if every_interface {
                String::new()
            } else {
                address.ip().to_string()
            };
            let info = ServiceInfo::new(
                service,
                record.instance,
                &host,
                ip.as_str(),
                address.port(),
                txt,
            )?;
            let info = if every_interface {
                info.enable_addr_auto()
            } else {
                info
            };
            announced.register(&info)?;
        }
        Ok(Some(announced))
    }

    fn register(&mut self, info: &ServiceInfo) -> Result<(), Error> {
        let name = info.get_fullname().to_owned();
        for _ in 0..ATTEMPTS {
            match self.daemon.register(info.clone()) {
                Err(Error::Again) => std::thread::sleep(FULL),
                Ok(()) => {
                    self.names.push(name);
                    return Ok(());
                }
                Err(error) => return Err(error),
            }
        }
        Err(Error::Again)
    }
}

impl Drop for Announced {
    fn drop(&mut self) {
        let leaving: Vec<_> = self
            .names
            .iter()
            .filter_map(|name| self.daemon.unregister(name).ok())
            .collect();
        for left in leaving {
            // A responder that has not answered by then never will.
            let _ = left.recv_timeout(GOODBYE);
        }
    }
}

/// A responder with room for another device.
fn responder(address: SocketAddr) -> Result<ServiceDaemon, Error> {
    let loopback = address.ip().is_loopback();
    let mut responders = RESPONDERS.lock().unwrap_or_else(PoisonError::into_inner);
    let has_room =
        |responder: &&mut Responder| responder.loopback == loopback && responder.devices < SHARE;
    if let Some(responder) = responders.iter_mut().find(has_room) {
        responder.devices += 1;
        return Ok(responder.daemon.clone());
    }
    let daemon = ServiceDaemon::new()?;
    if loopback {
        daemon.disable_interface(IfKind::All)?;
        daemon.enable_interface(if address.is_ipv4() {
            IfKind::LoopbackV4
        } else {
            IfKind::LoopbackV6
        })?;
    }
    if !loopback && address.is_ipv4() {
        // Nothing listens at an IPv6 address.
        daemon.disable_interface(IfKind::IPv6)?;
    }
    daemon.set_max_packet_size(
        vec![IfKind::LoopbackV4, IfKind::LoopbackV6],
        LOOPBACK_DATAGRAM,
    )?;
    responders.push(Responder {
        daemon: daemon.clone(),
        loopback,
        devices: 1,
    });
    Ok(daemon)
}
