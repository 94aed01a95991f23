//! A board's clock on this computer, with any number of tokio timers. They fire
//! up to a millisecond late.

use std::time::{Duration, Instant};

use server::Clock;
use tokio::time;

/// A clock that starts at zero when it is created.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HostClock {
    boot: Instant,
}

impl HostClock {
    pub(crate) fn start() -> Self {
        Self {
            boot: Instant::now(),
        }
    }
}

impl Clock for HostClock {
    fn now(&self) -> Duration {
        self.boot.elapsed()
    }

    async fn sleep_until(&self, at: Duration) {
        match self.boot.checked_add(at) {
            Some(at) => time::sleep_until(at.into()).await,
            None => std::future::pending().await,
        }
    }
}
