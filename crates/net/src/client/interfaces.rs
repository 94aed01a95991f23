//! The one file that knows if-addrs: lists the addresses of this computer and
//! whether their interfaces have multicast.

use std::{
    fs, io,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use if_addrs::{IfAddr, get_if_addrs};

use address::Interface;

/// `IFF_MULTICAST` of `<linux/if.h>`.
const MULTICAST: u32 = 0x1000;

/// How long a list is used. A thousand boards that are connected to at once
/// need one; a computer that has just joined a network waits for more than this
/// anyway.
const FRESH: Duration = Duration::from_millis(500);

/// Lists them.
///
/// # Errors
/// In the system's words.
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

/// The interfaces as they were within the last half second; none where the
/// system does not list them.
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
            log::warn!("this computer's network interfaces cannot be listed: {error}");
            Arc::default()
        }
    };
    *last = Some((now, Arc::clone(&interfaces)));
    interfaces
}

/// Whether an interface has multicast, where the system says so in a file:
/// Linux.
fn multicast(name: &str) -> Option<bool> {
    // The first of `lan` and `lan:1` is the interface; the other a label of one
    // of its addresses.
    let name = name.split(':').next()?;
    let flags = fs::read_to_string(format!("/sys/class/net/{name}/flags")).ok()?;
    let flags = u32::from_str_radix(flags.trim().strip_prefix("0x")?, 16).ok()?;
    Some(flags & MULTICAST != 0)
}
