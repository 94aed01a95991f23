//! Which source addresses connected often in the last seconds, in a table of a
//! fixed size, and the random numbers by which equals are told apart. Reads no
//! clock.

use core::{
    hash::{Hash, Hasher},
    net::IpAddr,
    time::Duration,
};

/// Counters in a row. Addresses that share one share its count, and which do
/// depends on a secret. With two rows, the lower count being taken (a count-min
/// sketch), an ordinary address is mistaken for one of twenty busy ones in 2 %
/// of cases, with one row in 15 %.
const COUNTERS: usize = 128;

const ROWS: usize = 2;

/// After this time a count is half of what it was.
const HALF_LIFE: Duration = Duration::from_secs(1);

/// So many connections in a few seconds are ordinary: a browser, a script that
/// polls.
const ORDINARY: u16 = 8;

/// The counters.
pub(crate) struct SourceRates {
    secret: u64,
    drawn: u64,
    counts: [[u16; COUNTERS]; ROWS],
    total: u32,
    halved: Duration,
}

impl SourceRates {
    pub(crate) fn new(secret: u64) -> Self {
        Self {
            secret,
            drawn: secret,
            counts: [[0; COUNTERS]; ROWS],
            total: 0,
            halved: Duration::ZERO,
        }
    }

    /// A connection from this address was accepted.
    pub(crate) fn connected(&mut self, now: Duration, from: IpAddr) {
        while now.saturating_sub(self.halved) >= HALF_LIFE {
            if self.total == 0 {
                self.halved = now;
                break;
            }
            self.halved += HALF_LIFE;
            self.total /= 2;
            self.counts
                .as_flattened_mut()
                .iter_mut()
                .for_each(|count| *count /= 2);
        }
        self.total = self.total.saturating_add(1);
        for (row, place) in self.counts.iter_mut().zip(places(self.secret, from)) {
            row[place] = row[place].saturating_add(1);
        }
    }

    /// How far above the ordinary its rate is, in powers of two: 0 is ordinary.
    pub(crate) fn heat(&self, from: IpAddr) -> u32 {
        let counts = self
            .counts
            .iter()
            .zip(places(self.secret, from))
            .map(|(row, place)| row[place]);
        let count = counts.min().unwrap_or_default();
        (count / ORDINARY)
            .checked_ilog2()
            .map_or(0, |powers| powers + 1)
    }

    /// Connections in the last seconds, from everywhere.
    pub(crate) fn total(&self) -> u32 {
        self.total
    }

    /// A number below `end`, or 0. Unpredictable without the secret; not for
    /// keys.
    pub(crate) fn random(&mut self, end: usize) -> usize {
        self.drawn = mixed(self.drawn.wrapping_add(0x9e37_79b9_7f4a_7c15));
        usize::try_from(self.drawn >> 33)
            .unwrap_or_default()
            .checked_rem(end)
            .unwrap_or_default()
    }
}

/// The counter of an address in each row.
fn places(secret: u64, from: IpAddr) -> [usize; ROWS] {
    let mut hasher = Mixer(secret);
    // An IPv4 address is the same host if it is written as IPv6 (RFC 4291,
    // section 2.5.5.2).
    from.to_canonical().hash(&mut hasher);
    let bits = hasher.finish();
    [bits, bits >> 32]
        .map(|bits| usize::try_from(bits & 0xffff_ffff).unwrap_or_default() % COUNTERS)
}

/// The finalizer of SplitMix64 (Steele, Lea and Flood, 2014): `core` has no
/// hasher of its own.
fn mixed(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

struct Mixer(u64);

impl Hasher for Mixer {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = mixed(self.0 ^ u64::from(*byte));
        }
    }
}

#[cfg(test)]
mod tests {
    use core::net::Ipv4Addr;

    use super::*;

    #[test]
    fn an_address_that_connects_often_is_told_from_others_until_it_rests() {
        let (mut sources, now) = (SourceRates::new(1), Duration::from_secs(5));
        let hosts: [IpAddr; 2] = [1, 2].map(|number| Ipv4Addr::new(192, 168, 1, number).into());
        for _ in 0..900 {
            sources.connected(now, hosts[0]);
        }
        sources.connected(now, hosts[1]);
        assert_eq!(hosts.map(|host| sources.heat(host)), [7, 0]);
        assert_eq!(
            sources.heat(Ipv4Addr::new(192, 168, 1, 1).to_ipv6_mapped().into()),
            7
        );
        sources.connected(now + Duration::from_secs(8), hosts[1]);
        assert_eq!(hosts.map(|host| sources.heat(host)), [0, 0]);
    }

    #[test]
    fn random_numbers_stay_below_their_end() {
        let mut sources = SourceRates::new(3);
        assert_eq!(sources.random(0), 0);
        let mut seen = [0; 5];
        for _ in 0..1_000 {
            seen[sources.random(5)] += 1;
        }
        assert!(seen.iter().all(|times| *times > 100), "{seen:?}");
    }
}
