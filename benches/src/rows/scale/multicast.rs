//! Multicast traffic of this network namespace: here, all of it is mDNS.

use std::{fs, ops::Sub};

use crate::Outcome;

/// What was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Multicast {
    pub(super) packets: u64,
    pub(super) bytes: u64,
}

impl Multicast {
    /// What was sent over IPv4 until now.
    pub(super) fn sent() -> Outcome<Self> {
        Self::parse(&fs::read_to_string("/proc/net/netstat")?)
            .ok_or_else(|| "/proc/net/netstat does not count multicast".into())
    }

    /// Reads a pair of lines: names, and values in the same order.
    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines().filter_map(|line| line.strip_prefix("IpExt: "));
        let (names, values) = (lines.next()?, lines.next()?);
        let value = |wanted: &str| {
            let at = names.split(' ').position(|name| name == wanted)?;
            values.split(' ').nth(at)?.parse().ok()
        };
        Some(Self {
            packets: value("OutMcastPkts")?,
            bytes: value("OutMcastOctets")?,
        })
    }
}

impl Sub for Multicast {
    type Output = Self;

    fn sub(self, before: Self) -> Self {
        Self {
            packets: self.packets.saturating_sub(before.packets),
            bytes: self.bytes.saturating_sub(before.bytes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_counters_are_found_by_their_names() {
        let text = "TcpExt: SyncookiesSent\nTcpExt: 0\n\
                    IpExt: InMcastPkts OutMcastPkts InOctets OutMcastOctets\n\
                    IpExt: 9 17 8 4711\n";
        let sent = Multicast {
            packets: 17,
            bytes: 4_711,
        };
        assert_eq!(Multicast::parse(text), Some(sent));
        assert_eq!(Multicast::parse("TcpExt: a\nTcpExt: 1\n"), None);
    }
}
