//! Times since boot as [`Duration`], on embassy-time's clock.

use core::{future::pending, time::Duration};

use embassy_time::{Instant, Timer};

/// The time since boot.
pub fn now() -> Duration {
    Duration::from_micros(Instant::now().as_micros())
}

/// Waits until this time since boot; `None` is never.
pub async fn sleep_until(at: Option<Duration>) {
    match at {
        Some(at) => {
            let micros = u64::try_from(at.as_micros()).unwrap_or(u64::MAX);
            Timer::at(Instant::from_micros(micros)).await;
        }
        None => pending().await,
    }
}
