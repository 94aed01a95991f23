//! A board's clock on this computer: async-io's timers, of which there may be any number.

use std::time::{Duration, Instant};

use async_io::Timer;
use server::Clock;

/// A clock that stood at zero when it was made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DeskClock {
    boot: Instant,
}

impl DeskClock {
    pub(crate) fn start() -> Self {
        Self { boot: Instant::now() }
    }
}

impl Clock for DeskClock {
    fn now(&self) -> Duration {
        self.boot.elapsed()
    }

    async fn sleep_until(&self, at: Duration) {
        match self.boot.checked_add(at) {
            Some(at) => {
                Timer::at(at).await;
            }
            None => std::future::pending().await,
        }
    }
}
