//! Reports what mDNS resolves and why it fails. Decides nothing about boards.
//! The only user of the crate `mdns-sd`.
//!
//! mdns-sd keeps records for as long as their sender says, without a bound.
//! Therefore its records are counted. If there are more than any network of
//! boards has, a new daemon with an empty cache replaces it; boards that are
//! present respond to its first query.

use std::{
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use families::Family;
use mdns_sd::{
    DaemonEvent, Error, IfKind, Receiver, RecvTimeoutError, ResolvedService, ScopedIp,
    ServiceDaemon, ServiceEvent,
};

use super::{
    Interfaces, Lookout,
    registry::{Resolved, Sighting},
};
use address::InterfaceId;

/// RFC 6762, section 10.4: a record that seems outdated is queried once more
/// before it is dropped.
const VERIFY_WITHIN: Duration = Duration::from_secs(2);

/// How long to wait before a lost subscription is renewed, and after mdns-sd's
/// command queue was full.
const RENEW_AFTER: Duration = Duration::from_millis(500);

/// How often the records in mdns-sd's cache are counted, which takes a few
/// microseconds.
const COUNT_EVERY: Duration = Duration::from_secs(10);

/// How many instances a daemon may hold for each one that the registry keeps.
const HELD: usize = 2;

/// How many records a daemon may hold for each instance that the registry
/// keeps. An instance has four, plus one for each additional address.
const RECORDS: usize = 8;

/// The minimum age of a daemon before it is replaced, so that a network with
/// many boards is not queried all the time. Does not apply to a daemon with
/// four times the allowed number.
const SETTLED_AFTER: Duration = Duration::from_secs(20);

/// A report from mDNS.
#[derive(Debug)]
pub enum Found {
    /// The full name of an instance about which nothing else is known yet.
    Heard(String),
    /// An instance and what is known about it so far.
    Resolved(Resolved),
    /// An instance is gone; its full name.
    Removed(String),
    /// The cache was dropped, and everything is queried again.
    StartedAgain,
    /// Why discovery does not work; `None` if it works again.
    Problem(Option<String>),
}

/// Discovery by mDNS, until it is dropped.
pub struct Mdns(Arc<Discovery>);

/// Shared by the threads.
struct Discovery {
    lookout: Lookout,
    tell: Box<dyn Fn(Found) + Send + Sync>,
    /// `None` once discovery has ended.
    current: Mutex<Option<Current>>,
}

struct Current {
    daemon: ServiceDaemon,
    /// The number of this daemon.
    number: u64,
    since: Instant,
}

impl Mdns {
    /// Starts discovery. `tell` is called on separate threads and must not
    /// block: mdns-sd ends a subscription whose reader falls behind.
    ///
    /// # Errors
    /// If it cannot start.
    pub fn start(
        lookout: &Lookout,
        tell: impl Fn(Found) + Send + Sync + 'static,
    ) -> Result<Self, String> {
        let discovery = Discovery {
            lookout: lookout.clone(),
            tell: Box::new(tell),
            current: Mutex::new(None),
        };
        let discovery = Arc::new(discovery);
        begin(&discovery, &mut discovery.current(), 0)?;
        Ok(Self(discovery))
    }

    /// Queries whether an instance is still there: mDNS would assume so for
    /// minutes after a board fails.
    pub fn verify(&self, full_name: String) {
        if let Some(current) = &*self.0.current() {
            // If the command queue is full, this query is lost; the link then
            // notices a dead board.
            let _ = current.daemon.verify(full_name, VERIFY_WITHIN);
        }
    }

    /// Drops the cache and queries everything again, without blocking. Boards
    /// that are known only from the cache are not reported again.
    pub fn start_again(&self) {
        let Some(number) = self.0.current().as_ref().map(|current| current.number) else {
            return;
        };
        let discovery = Arc::clone(&self.0);
        // If no thread can be started, nothing changes.
        let _ = spawn("mdns-again", move || {
            start_again(&discovery, number, Duration::ZERO);
        });
    }
}

impl Drop for Mdns {
    fn drop(&mut self) {
        // The channels close with the daemon, and the threads then end.
        let last = self.0.current().take();
        if let Some(last) = last {
            shut_down(&last.daemon);
        }
    }
}

impl Discovery {
    fn current(&self) -> MutexGuard<'_, Option<Current>> {
        // A panic leaves nothing half done here.
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_current(&self, number: u64) -> bool {
        self.current()
            .as_ref()
            .is_some_and(|current| current.number == number)
    }
}

/// Starts a daemon and its reader threads.
fn begin(
    discovery: &Arc<Discovery>,
    current: &mut Option<Current>,
    number: u64,
) -> Result<(), String> {
    let lookout = &discovery.lookout;
    let daemon = ServiceDaemon::new().map_err(|error| error.to_string())?;
    if lookout.interfaces == Interfaces::Loopback {
        daemon
            .disable_interface(IfKind::All)
            .map_err(|error| error.to_string())?;
        let loopback = vec![IfKind::LoopbackV4, IfKind::LoopbackV6];
        daemon
            .enable_interface(loopback)
            .map_err(|error| error.to_string())?;
    }
    let monitor = daemon.monitor().map_err(|error| error.to_string())?;
    for (family, service) in lookout.services() {
        let events = daemon.browse(service).map_err(|error| error.to_string())?;
        let browser = Browser {
            daemon: daemon.clone(),
            discovery: Arc::clone(discovery),
            number,
            family,
            service: service.to_owned(),
        };
        spawn("mdns-browse", move || browser.run(events)).map_err(|error| error.to_string())?;
    }
    let reader = (daemon.clone(), Arc::clone(discovery));
    spawn("mdns-monitor", move || {
        watch(&reader.0, &reader.1, number, &monitor);
    })
    .map_err(|error| error.to_string())?;
    *current = Some(Current {
        daemon,
        number,
        since: Instant::now(),
    });
    Ok(())
}

/// Replaces a daemon, unless that has already happened or it is younger than
/// `age`.
fn start_again(discovery: &Arc<Discovery>, number: u64, age: Duration) {
    let before = {
        let mut current = discovery.current();
        if current
            .as_ref()
            .is_none_or(|current| current.number != number || current.since.elapsed() < age)
        {
            return;
        }
        let before = current.take();
        if let Err(problem) = begin(discovery, &mut current, number + 1) {
            log::warn!("cannot restart mDNS: {problem}");
            *current = before;
            return;
        }
        before
    };
    log::debug!("restarting mDNS, querying all boards");
    (discovery.tell)(Found::StartedAgain);
    if let Some(before) = before {
        shut_down(&before.daemon);
    }
}

fn shut_down(daemon: &ServiceDaemon) {
    while let Err(Error::Again) = daemon.shutdown() {
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> io::Result<()> {
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(run)
        .map(drop)
}

/// Reads what is announced of one service type.
struct Browser {
    daemon: ServiceDaemon,
    discovery: Arc<Discovery>,
    /// The number of the daemon.
    number: u64,
    family: Family,
    service: String,
}

impl Browser {
    fn run(&self, mut events: Receiver<ServiceEvent>) {
        let tell = &self.discovery.tell;
        // The daemon holds each instance until it is removed, resolved or not.
        let mut held: usize = 0;
        loop {
            while let Ok(event) = events.recv() {
                match event {
                    ServiceEvent::ServiceResolved(service) => {
                        tell(Found::Resolved(resolved(self.family, &service)));
                    }
                    ServiceEvent::ServiceRemoved(_, full_name) => {
                        held = held.saturating_sub(1);
                        tell(Found::Removed(full_name));
                    }
                    ServiceEvent::ServiceFound(_, full_name) => {
                        held += 1;
                        tell(Found::Heard(full_name));
                        self.restart_if_flooded(held);
                    }
                    _ => {}
                }
            }
            held = 0;
            match self.subscribe_again() {
                Some(again) => events = again,
                None => return,
            }
        }
    }

    fn restart_if_flooded(&self, held: usize) {
        let most = HELD * self.discovery.lookout.capacity;
        if held > most {
            let age = match held > 4 * most {
                true => Duration::ZERO,
                false => SETTLED_AFTER,
            };
            start_again(&self.discovery, self.number, age);
        }
    }

    /// The subscription ended: either this reader fell behind, then it
    /// subscribes again, or the daemon ended.
    fn subscribe_again(&self) -> Option<Receiver<ServiceEvent>> {
        loop {
            std::thread::sleep(RENEW_AFTER);
            if !self.discovery.is_current(self.number) {
                return None;
            }
            match self.daemon.browse(&self.service) {
                Ok(events) => return Some(events),
                Err(Error::Again) => {}
                Err(_) => return None,
            }
        }
    }
}

fn resolved(family: Family, service: &ResolvedService) -> Resolved {
    // Values are bytes (RFC 6763, section 6.5): replace what is not UTF-8 in a
    // name, so that the rest stays readable.
    let value =
        |bytes: Option<&[u8]>| String::from_utf8_lossy(bytes.unwrap_or_default()).into_owned();
    let txt = service
        .txt_properties
        .iter()
        .map(|pair| (pair.key().to_owned(), value(pair.val())));
    let addresses = service.addresses.iter().flat_map(sightings).collect();
    Resolved {
        family,
        full_name: service.fullname.clone(),
        addresses,
        port: service.port,
        txt: txt.collect(),
    }
}

/// An address with each interface on which it was received.
fn sightings(found: &ScopedIp) -> Vec<Sighting> {
    let on = |id: &mdns_sd::InterfaceId| InterfaceId {
        index: id.index,
        name: id.name.clone(),
    };
    match found {
        ScopedIp::V4(v4) => v4
            .interface_ids()
            .iter()
            .map(|id| Sighting {
                ip: (*v4.addr()).into(),
                on: on(id),
            })
            .collect(),
        ScopedIp::V6(v6) => vec![Sighting {
            ip: (*v6.addr()).into(),
            on: on(v6.scope_id()),
        }],
        // An address family that this program cannot connect to.
        _ => Vec::new(),
    }
}

/// mdns-sd opens its sockets on its own thread and reports failures there. It
/// does not report how many records it holds, so they are counted periodically.
fn watch(
    daemon: &ServiceDaemon,
    discovery: &Arc<Discovery>,
    number: u64,
    events: &Receiver<DaemonEvent>,
) {
    let mut counted = Instant::now();
    loop {
        match events.recv_timeout(COUNT_EVERY.saturating_sub(counted.elapsed())) {
            Ok(DaemonEvent::Error(error)) => {
                (discovery.tell)(Found::Problem(Some(error.to_string())));
            }
            Ok(DaemonEvent::IpAdd(_)) => (discovery.tell)(Found::Problem(None)),
            Ok(_) | Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        if counted.elapsed() >= COUNT_EVERY {
            counted = Instant::now();
            let most = RECORDS * discovery.lookout.capacity;
            if records(daemon).is_some_and(|records| records > most) {
                start_again(discovery, number, Duration::ZERO);
            }
        }
    }
}

/// How many records a daemon holds; `None` if it does not respond.
fn records(daemon: &ServiceDaemon) -> Option<usize> {
    let metrics = daemon
        .get_metrics()
        .ok()?
        .recv_timeout(Duration::from_secs(1))
        .ok()?;
    let records: i64 = metrics
        .iter()
        .filter(|(name, _)| name.starts_with("cached-"))
        .map(|(_, count)| count)
        .sum();
    usize::try_from(records).ok()
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, channel};

    use mdns_sd::ServiceInfo;

    use super::*;

    fn until<T>(found: &Receiver<Found>, pass: impl Fn(Found) -> Option<T>) -> T {
        let end = Instant::now() + Duration::from_secs(20);
        loop {
            let found = found
                .recv_timeout(end.saturating_duration_since(Instant::now()))
                .expect("it is found");
            if let Some(passed) = pass(found) {
                return passed;
            }
        }
    }

    #[test]
    fn boards_are_found_again_after_the_cache_is_dropped() {
        let service = format!("_swm{}._tcp.local.", std::process::id() & 0xf_ffff);
        let responder = ServiceDaemon::new().expect("a daemon");
        responder.disable_interface(IfKind::All).expect("told");
        responder
            .enable_interface(vec![IfKind::LoopbackV4, IfKind::LoopbackV6])
            .expect("told");
        let there = ServiceInfo::new(
            &service,
            "Lamp",
            "lamp.local.",
            "127.0.0.1",
            4_711,
            &[("id", "lamp-1")][..],
        );
        responder
            .register(there.expect("a service"))
            .expect("registered");

        let (tell, found) = channel();
        let lookout = Lookout::only(&service, Interfaces::Loopback);
        let tell = move |what| {
            // The receiver is gone at the end.
            let _ = tell.send(what);
        };
        let mdns = Mdns::start(&lookout, tell).expect("mDNS");
        let resolved =
            |found| matches!(found, Found::Resolved(lamp) if lamp.port == 4_711).then_some(());
        until(&found, resolved);
        mdns.start_again();
        until(&found, |found| {
            matches!(found, Found::StartedAgain).then_some(())
        });
        until(&found, resolved);
        drop(mdns);
        // The channel closes with the last thread.
        while found.recv_timeout(Duration::from_secs(20)).is_ok() {}
        shut_down(&responder);
    }
}
