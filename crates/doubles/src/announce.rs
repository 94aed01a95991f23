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

/// One responder on loopback for all doubles there, and one for the rest. Each
/// is started when it is needed.
static RESPONDERS: Mutex<[Option<ServiceDaemon>; 2]> = Mutex::new([None, None]);

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

fn responder(address: SocketAddr) -> Result<ServiceDaemon, Error> {
    let mut responders = RESPONDERS.lock().unwrap_or_else(PoisonError::into_inner);
    let [everywhere, loopback] = &mut *responders;
    let slot = if address.ip().is_loopback() {
        loopback
    } else {
        everywhere
    };
    if let Some(daemon) = slot {
        return Ok(daemon.clone());
    }
    let daemon = ServiceDaemon::new()?;
    if address.ip().is_loopback() {
        daemon.disable_interface(IfKind::All)?;
        daemon.enable_interface(if address.is_ipv4() {
            IfKind::LoopbackV4
        } else {
            IfKind::LoopbackV6
        })?;
    }
    *slot = Some(daemon.clone());
    Ok(daemon)
}
