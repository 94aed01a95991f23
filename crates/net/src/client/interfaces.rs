//! Lists this computer's addresses and whether their interfaces support
//! multicast. The only user of the crate `if-addrs`.

use std::{
    fs, io,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use if_addrs::{IfAddr, get_if_addrs};

use address::Interface;

/// `IFF_MULTICAST` of `<linux/if.h>`.
const MULTICAST: u32 = 0x1000;

/// How long a list is used. A thousand simultaneous connection attempts share
/// one list; after joining a network, more time than this passes anyway.
const FRESH: Duration = Duration::from_millis(500);

/// Lists the interfaces.
///
/// # Errors
/// If the system refuses.
pub fn list() -> io::Result<Vec<Interface>> {
    let interface = |found: if_addrs::Interface| {
        let prefix = match &found.addr {
            IfAddr::V4(v4) => v4.prefixlen,
            IfAddr::V6(v6) => v6.prefixlen,
        };
        Interface {
            address: found.ip(),
            prefix,
            index: found.index,
            loopback: found.is_loopback(),
            up: found.is_oper_up() || found.is_loopback(),
            multicast: multicast(&found.name),
            name: found.name,
        }
    };
    Ok(get_if_addrs()?.into_iter().map(interface).collect())
}

/// The interfaces as of the last half second; none if the system does not list
/// them.
pub fn current() -> Arc<[Interface]> {
    static LAST: Mutex<Option<(Instant, Arc<[Interface]>)>> = Mutex::new(None);
    let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    let now = Instant::now();
    if let Some((at, interfaces)) = &*last
        && now.saturating_duration_since(*at) < FRESH
    {
        return Arc::clone(interfaces);
    }
    let interfaces: Arc<[Interface]> = match list() {
        Ok(interfaces) => interfaces.into(),
        Err(error) => {
            log::warn!("cannot list this computer's network interfaces: {error}");
            Arc::default()
        }
    };
    *last = Some((now, Arc::clone(&interfaces)));
    interfaces
}

/// Whether an interface supports multicast, on Linux, which reports it in a
/// file.
fn multicast(name: &str) -> Option<bool> {
    // In `lan:1`, the part before the colon is the interface; the rest labels
    // one of its addresses.
    let name = name.split(':').next()?;
    let flags = fs::read_to_string(format!("/sys/class/net/{name}/flags")).ok()?;
    let flags = u32::from_str_radix(flags.trim().strip_prefix("0x")?, 16).ok()?;
    Some(flags & MULTICAST != 0)
}
