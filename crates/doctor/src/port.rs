//! Tests whether the mDNS port can be shared, as every mDNS program does, and
//! finds out which programs use it. A port that is in use is normal; only a
//! failing shared bind shows that a program excludes others.

use std::{
    fs, io,
    net::{Ipv4Addr, SocketAddrV4, UdpSocket},
};

use socket2::{Domain, Protocol, Socket, Type};

use super::evidence::{Holder, MdnsPort};

/// RFC 6762, section 3.
pub(super) const MDNS: u16 = 5353;

/// Binds the port in shared mode.
pub(super) fn examine() -> MdnsPort {
    // Listed first: otherwise this program's own socket would be among them.
    let holders = holders();
    match shared(MDNS) {
        Ok(_) => MdnsPort::Shared { with: holders },
        Err(error) => MdnsPort::Refused {
            problem: error.to_string(),
            in_use: error.kind() == io::ErrorKind::AddrInUse,
            by: holders,
        },
    }
}

/// A socket on this port of all IPv4 addresses, shared with others.
pub(super) fn shared(port: u16) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_reuse_address(true)?;
    #[cfg(unix)]
    socket.set_reuse_port(true)?;
    socket.bind(&SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, port).into())?;
    Ok(socket.into())
}

/// The programs that use the port, on Linux. Only root sees the names of other
/// users' programs.
fn holders() -> Vec<Holder> {
    let mut sockets = Vec::new();
    for table in ["/proc/self/net/udp", "/proc/self/net/udp6"] {
        sockets.extend(read(&fs::read_to_string(table).unwrap_or_default(), MDNS));
    }
    if sockets.is_empty() {
        return Vec::new();
    }
    let mut holders = Vec::new();
    for (pid, name, inodes) in processes() {
        for (inode, user) in &sockets {
            if inodes.contains(inode) {
                holders.push((
                    *inode,
                    Holder {
                        process: Some((pid, name.clone())),
                        user: *user,
                    },
                ));
            }
        }
    }
    let nameless = sockets
        .iter()
        .filter(|(inode, _)| holders.iter().all(|(cli_name, _)| cli_name != inode));
    let nameless: Vec<_> = nameless
        .map(|(_, user)| Holder {
            process: None,
            user: *user,
        })
        .collect();
    let mut all: Vec<_> = holders
        .into_iter()
        .map(|(_, holder)| holder)
        .chain(nameless)
        .collect();
    all.sort_by_key(|holder| (holder.process.clone(), holder.user));
    all.dedup();
    all
}

/// The sockets on a port in a table of `/proc/net`: inode and user id.
/// `proc(5)`: the local address is hexadecimal.
fn read(table: &str, port: u16) -> Vec<(u64, u32)> {
    let socket = |line: &str| {
        let fields: Vec<_> = line.split_whitespace().collect();
        let (_, at) = fields.get(1)?.rsplit_once(':')?;
        let found = u16::from_str_radix(at, 16).ok()? == port;
        found.then_some((fields.get(9)?.parse().ok()?, fields.get(7)?.parse().ok()?))
    };
    table.lines().skip(1).filter_map(socket).collect()
}

/// Every process whose open files are visible: id, name, and inodes of its
/// sockets.
fn processes() -> impl Iterator<Item = (u32, String, Vec<u64>)> {
    let numbers = fs::read_dir("/proc").into_iter().flatten().flatten();
    numbers.filter_map(|entry| {
        let pid: u32 = entry.file_name().to_str()?.parse().ok()?;
        let files = fs::read_dir(entry.path().join("fd")).ok()?;
        let inode = |file: io::Result<fs::DirEntry>| {
            let target = fs::read_link(file.ok()?.path()).ok()?;
            target
                .to_str()?
                .strip_prefix("socket:[")?
                .strip_suffix(']')?
                .parse()
                .ok()
        };
        let inodes: Vec<u64> = files.filter_map(inode).collect();
        let name = fs::read_to_string(entry.path().join("comm"))
            .unwrap_or_default()
            .trim()
            .to_owned();
        Some((pid, name, inodes))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sockets_are_parsed_with_their_users() {
        let table =
            "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  \
                 timeout inode
  101: 00000000:14E9 00000000:0000 07 00000000:00000000 00:00000000 00000000   108        0 20711
  201: 3500007F:0035 00000000:0000 07 00000000:00000000 00:00000000 00000000   102        0 18514
  301: broken";
        assert_eq!(read(table, MDNS), [(20_711, 108)]);
        assert_eq!(read("", MDNS), []);
    }
}
