//! The one file that knows if-addrs: lists the addresses of this computer and whether their interfaces have multicast.

use std::{fs, io};

use if_addrs::{IfAddr, get_if_addrs};

use super::evidence::Interface;

/// `IFF_MULTICAST` of `<linux/if.h>`.
const MULTICAST: u32 = 0x1000;

/// Lists them.
///
/// # Errors
/// In the system's words.
pub(super) fn list() -> io::Result<Vec<Interface>> {
    let interface = |found: if_addrs::Interface| {
        let prefix = match &found.addr {
            IfAddr::V4(v4) => v4.prefixlen,
            IfAddr::V6(v6) => v6.prefixlen,
        };
        Interface {
            address: found.ip(),
            prefix,
            loopback: found.is_loopback(),
            up: found.is_oper_up() || found.is_loopback(),
            multicast: multicast(&found.name),
            name: found.name,
        }
    };
    Ok(get_if_addrs()?.into_iter().map(interface).collect())
}

/// Whether an interface has multicast, where the system says so in a file: Linux.
fn multicast(name: &str) -> Option<bool> {
    // The first of `lan` and `lan:1` is the interface; the other a label of one of its addresses.
    let name = name.split(':').next()?;
    let flags = fs::read_to_string(format!("/sys/class/net/{name}/flags")).ok()?;
    let flags = u32::from_str_radix(flags.trim().strip_prefix("0x")?, 16).ok()?;
    Some(flags & MULTICAST != 0)
}
