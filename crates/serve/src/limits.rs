//! What clients may use: connections per address, and messages per second.
//! Reads no clock.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

/// The limits of a server.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Connections that are no clients yet. One more closes one of the address
    /// with the most.
    pub connections: usize,
    /// Connections of one address that are no clients yet. One more is refused.
    pub per_address: usize,
    /// Clients.
    pub clients: usize,
    /// How long the head of a request may take, and the handshake of TLS.
    pub head: Duration,
    /// How long the first message of a client may take.
    pub hello: Duration,
    /// How long a client may read nothing of what it is sent.
    pub write: Duration,
    /// How often a client is asked whether it is there.
    pub ping: Duration,
    /// How long a client may be silent.
    pub silence: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 200,
            per_address: 20,
            clients: 64,
            head: Duration::from_secs(5),
            hello: Duration::from_secs(5),
            write: Duration::from_secs(20),
            ping: Duration::from_secs(15),
            silence: Duration::from_secs(45),
        }
    }
}

/// Counts connections per address.
#[derive(Debug, Clone, Default)]
pub(crate) struct Addresses(Arc<Mutex<HashMap<IpAddr, usize>>>);

/// A connection of an address, until it is dropped.
#[derive(Debug)]
pub(crate) struct Counted {
    of: Addresses,
    address: IpAddr,
}

impl Addresses {
    /// `None` if the address has `most` connections already.
    pub(crate) fn count(&self, address: IpAddr, most: usize) -> Option<Counted> {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(address).or_default();
        if *count >= most {
            return None;
        }
        *count += 1;
        Some(Counted {
            of: self.clone(),
            address,
        })
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut counts = self.of.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.address);
            }
        }
    }
}

/// The messages that a client may send: a token bucket.
#[derive(Debug)]
pub(crate) struct Messages {
    /// When the bucket would be full.
    full: Instant,
}

impl Messages {
    /// Messages per second in the long run.
    const RATE: u32 = 100;

    /// Messages at once.
    const BURST: u32 = 400;

    pub(crate) fn new(now: Instant) -> Self {
        Self { full: now }
    }

    /// Counts a message; `false` if it is one too many.
    pub(crate) fn take(&mut self, now: Instant) -> bool {
        let each = Duration::from_secs(1) / Self::RATE;
        let full = self.full.max(now) + each;
        if full.saturating_duration_since(now) > each * Self::BURST {
            return false;
        }
        self.full = full;
        true
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn an_address_has_only_so_many_connections_and_gets_them_back() {
        let addresses = Addresses::default();
        let count = |last| addresses.count(Ipv4Addr::new(192, 168, 1, last).into(), 2);
        let (first, second) = (count(1), count(1));
        assert!(first.is_some() && second.is_some());
        assert!(count(1).is_none());
        assert!(count(2).is_some());
        drop(first);
        assert!(count(1).is_some());
        drop(second);
        assert!(addresses.0.lock().is_ok_and(|counts| counts.is_empty()));
    }

    #[test]
    fn a_client_may_send_a_burst_and_then_a_steady_rate() {
        let start = Instant::now();
        let mut messages = Messages::new(start);
        let sent = (0..1_000).filter(|_| messages.take(start)).count();
        assert_eq!(sent, 400);
        let later = start + Duration::from_millis(100);
        assert_eq!((0..1_000).filter(|_| messages.take(later)).count(), 10);
        let much_later = start + Duration::from_secs(60);
        assert_eq!(
            (0..1_000).filter(|_| messages.take(much_later)).count(),
            400
        );
    }
}
