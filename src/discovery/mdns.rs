//! The one file that knows mdns-sd: hands on what it resolves and says why it cannot. Decides nothing about boards.

use std::{io, time::Duration};

use super::{
    Interfaces, Lookout,
    registry::{Resolved, Sighting},
};
use crate::address::InterfaceId;
use mdns_sd::{
    DaemonEvent, Error, IfKind, Receiver, RecvTimeoutError, ResolvedService, ScopedIp, ServiceDaemon, ServiceEvent,
};

/// RFC 6762, section 10.4: a record that turned out wrong is asked for once more before it is dropped.
const VERIFY_WITHIN: Duration = Duration::from_secs(2);

/// How long to wait before a lost subscription is renewed, and after mdns-sd's command queue was full.
const RENEW_AFTER: Duration = Duration::from_millis(500);

/// What mDNS tells.
#[derive(Debug)]
pub(crate) enum Found {
    /// An instance and what is known of it so far.
    Resolved(Resolved),
    /// An instance is gone, by its full name.
    Removed(String),
    /// Why nothing can be found; `None` where something can.
    Problem(Option<String>),
}

/// Discovery by mDNS. Ends when it is dropped.
pub(crate) struct Mdns {
    daemon: ServiceDaemon,
}

impl Mdns {
    /// Starts to look for boards. `tell` is called on threads of its own and must not block: mdns-sd ends a subscription
    /// whose reader falls behind.
    ///
    /// # Errors
    /// In mdns-sd's or the system's words, where it cannot start.
    pub(crate) fn start(lookout: &Lookout, tell: impl Fn(Found) + Clone + Send + 'static) -> Result<Self, String> {
        let daemon = ServiceDaemon::new().map_err(|error| error.to_string())?;
        if lookout.interfaces == Interfaces::Loopback {
            daemon.disable_interface(IfKind::All).map_err(|error| error.to_string())?;
            let loopback = vec![IfKind::LoopbackV4, IfKind::LoopbackV6];
            daemon.enable_interface(loopback).map_err(|error| error.to_string())?;
        }
        let events = daemon.browse(&lookout.service).map_err(|error| error.to_string())?;
        let monitor = daemon.monitor().map_err(|error| error.to_string())?;
        let (browser, watcher, service) = (daemon.clone(), tell.clone(), lookout.service.clone());
        spawn("mdns-browse", move || browse(&browser, &service, events, &tell)).map_err(|error| error.to_string())?;
        spawn("mdns-monitor", move || watch(&monitor, &watcher)).map_err(|error| error.to_string())?;
        Ok(Self { daemon })
    }

    /// Asks whether an instance is still there: mDNS itself would believe in a dead board for minutes.
    pub(crate) fn verify(&self, full_name: String) {
        // A full command queue loses one question; the link finds out without it.
        let _ = self.daemon.verify(full_name, VERIFY_WITHIN);
    }
}

impl Drop for Mdns {
    fn drop(&mut self) {
        // The channels close with the daemon, and with them the threads end.
        while let Err(Error::Again) = self.daemon.shutdown() {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> io::Result<()> {
    std::thread::Builder::new().name(name.to_owned()).spawn(run).map(drop)
}

fn browse(daemon: &ServiceDaemon, service: &str, mut events: Receiver<ServiceEvent>, tell: &impl Fn(Found)) {
    loop {
        while let Ok(event) = events.recv() {
            match event {
                ServiceEvent::ServiceResolved(service) => tell(Found::Resolved(resolved(&service))),
                ServiceEvent::ServiceRemoved(_, full_name) => tell(Found::Removed(full_name)),
                _ => {}
            }
        }
        // The subscription is gone: this reader fell behind, or the daemon ended. The former is subscribed anew.
        events = loop {
            std::thread::sleep(RENEW_AFTER);
            match daemon.browse(service) {
                Ok(events) => break events,
                Err(Error::Again) => {}
                Err(_) => return,
            }
        };
    }
}

fn resolved(service: &ResolvedService) -> Resolved {
    let txt = service.txt_properties.iter().map(|pair| (pair.key().to_owned(), pair.val_str().to_owned()));
    let addresses = service.addresses.iter().flat_map(sightings).collect();
    Resolved { full_name: service.fullname.clone(), addresses, port: service.port, txt: txt.collect() }
}

/// An address with each interface on which it was answered.
fn sightings(found: &ScopedIp) -> Vec<Sighting> {
    let on = |id: &mdns_sd::InterfaceId| InterfaceId { index: id.index, name: id.name.clone() };
    match found {
        ScopedIp::V4(v4) => {
            v4.interface_ids().iter().map(|id| Sighting { ip: (*v4.addr()).into(), on: on(id) }).collect()
        }
        ScopedIp::V6(v6) => vec![Sighting { ip: (*v6.addr()).into(), on: on(v6.scope_id()) }],
        // A kind of address that this program cannot connect to.
        _ => Vec::new(),
    }
}

/// mdns-sd opens its sockets on its own thread and reports there what it cannot do.
fn watch(events: &Receiver<DaemonEvent>, tell: &impl Fn(Found)) {
    loop {
        match events.recv_timeout(Duration::from_secs(3600)) {
            Ok(DaemonEvent::Error(error)) => tell(Found::Problem(Some(error.to_string()))),
            Ok(DaemonEvent::IpAdd(_)) => tell(Found::Problem(None)),
            Ok(_) | Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}
